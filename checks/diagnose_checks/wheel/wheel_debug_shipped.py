"""The wheel contains debug information.

DWARF sections (``.debug_info`` …) and split-debug files (``*.debug``) are useless to users who only install the
package, and are often the largest part of it. Every download, container image and cache stores them.

How to fix: strip the files before packing: ``strip = true`` in Cargo's release profile, ``-Wl,-s`` or ``strip
--strip-unneeded`` for C and C++. Keep the symbols elsewhere if you need them for crash reports.

References:
    https://doc.rust-lang.org/cargo/reference/profiles.html#strip
"""

from __future__ import annotations

from diagnose.authoring.extension_names import is_module_name
from diagnose.authoring.wheel import bounded, has_linux_code, is_sample
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity
from diagnose.model.targets import TARGETS
from diagnose.readers.elf.elf_parser import ET_REL, Elf
from diagnose.remedies.repack import inside, repack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", applies=has_linux_code)


#: Bytes of debug information in one wheel from which on it is reported.
ENOUGH = 2 << 20


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See split-debug files, and DWARF of more than :data:`ENOUGH` bytes over all files."""
    # A module whose code is missing is an error of its own, and not to be removed: wheel-file-not-loadable.
    split = [elf for elf in wheel.elves if _is_apart(elf) and not is_sample(elf) and not is_module_name(elf.name)]
    dwarf = sorted(
        (elf for elf in wheel.elves if elf.debug_size and not (_is_apart(elf) or elf.split_debug or is_sample(elf))),
        key=lambda elf: -elf.debug_size,
    )
    if sum(elf.debug_size for elf in dwarf) < ENOUGH:
        dwarf = []
    if not split and not dwarf:
        return
    saved = sum(elf.size for elf in split) + sum(elf.debug_size + elf.symtab_size for elf in dwarf)
    whole = sum(elf.size for elf in wheel.elves)
    evidence = [Evidence(f"a split-debug file of {_mb(elf.size)}", elf.path) for elf in split]
    evidence += [
        Evidence(f"{_mb(elf.debug_size)} of DWARF and {_mb(elf.symtab_size)} of symbols for linking", elf.path)
        for elf in dwarf
    ]
    lines = [f"{_strip(wheel)} --strip-unneeded {inside(wheel, [elf.path for elf in dwarf])}"] if dwarf else []
    lines += [f"rm -f {inside(wheel, [elf.path for elf in split])}"] if split else []
    notes = "Or llvm-strip, which handles every architecture: version 17 or later, older ones damage patched files."
    title = f"strip {_mb(saved)} from the wheel" if dwarf else "remove the files with debug information"
    fixes = [repack(wheel, title, lines, notes if dwarf else "")]
    # cargo strips the files that it links, not files that were copied in.
    if dwarf and wheel.generator.startswith("maturin") and all(elf.is_extension or elf.is_executable for elf in dwarf):
        notes = "Or set strip = true in [profile.release] of Cargo.toml. A build without --release is not stripped."
        fixes.insert(
            0,
            Fix(
                "have cargo strip the binaries",
                (Command("maturin build --release", FixStage.BUILD),),
                env=(("CARGO_PROFILE_RELEASE_STRIP", "true"),),
                notes=notes,
            ),
        )
    yield Finding(
        f"contains {_mb(saved)} {'that strip would remove' if dwarf else 'of debug information in separate files'} "
        f"({saved * 100 // whole} % of its ELF files, unpacked)",
        Severity.NOTE,
        bounded(evidence),
        "every download and every image is larger by that",
        tuple(fixes),
    )


def _is_apart(elf: Elf) -> bool:
    """Whether the file holds only debug information, from ``objcopy --only-keep-debug`` or ``dwp``."""
    return (elf.split_debug and elf.type != ET_REL) or elf.name.endswith(".dwp")


def _strip(wheel: Wheel) -> str:
    """Return Debian's name of the strip for the wheel's architecture."""
    arch = wheel.verdict.arch
    gnu = next((row.gnu for row in TARGETS if row.wheel == arch and row.libc == "glibc" and row.gnu), "")
    return f"{gnu}-strip" if gnu and arch not in ("x86_64", "i686") else "strip"


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"
