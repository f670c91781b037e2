"""The wheel carries debug information.

DWARF sections (``.debug_info`` …) and split-debug files (``*.debug``) serve nobody who only installs the package, and
often are the largest part of it. Every download, container image and cache pays for them.

How to fix: strip the files before they are packed: ``strip = true`` in Cargo's release profile, ``-Wl,-s`` or ``strip
--strip-unneeded`` for C and C++. Keep the symbols elsewhere if crash reports need them.

References:
    https://doc.rust-lang.org/cargo/reference/profiles.html#strip
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, has_linux_code, is_sample
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, Severity, Stage
from diagnose.model.targets import TARGETS
from diagnose.readers.elf.parser import ET_REL, Elf
from diagnose.readers.wheel.reader import Wheel
from diagnose.remedies.repack import inside, repack

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECK = Check(since="0.1.0", applies=has_linux_code)


#: Bytes of debug information in one wheel that are worth a word.
ENOUGH = 2 << 20


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See split-debug files, and DWARF of more than :data:`ENOUGH` bytes over all files."""
    split = [elf for elf in wheel.elves if _is_apart(elf) and not is_sample(elf)]
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
    fixes = [
        repack(wheel, f"take {_mb(saved)} out of the wheel", lines, "llvm-strip knows every architecture as well.")
    ]
    # cargo strips what it links, which is not what was copied in.
    if dwarf and wheel.generator.startswith("maturin") and all(elf.is_extension or elf.is_executable for elf in dwarf):
        notes = "Or strip = true below [profile.release] in Cargo.toml. A build without --release keeps it all."
        fixes.insert(
            0,
            Fix(
                "have cargo strip what it builds",
                (Command("maturin build --release", Stage.BUILD),),
                env=(("CARGO_PROFILE_RELEASE_STRIP", "true"),),
                notes=notes,
            ),
        )
    yield Finding(
        f"carries {_mb(saved)} that strip would take out ({saved * 100 // whole} % of its ELF files, unpacked)",
        Severity.NOTE,
        bounded(evidence),
        "every download and every image is that much larger",
        tuple(fixes),
    )


def _is_apart(elf: Elf) -> bool:
    """Whether the file is nothing but debug information: of ``objcopy --only-keep-debug``, or of ``dwp``."""
    return (elf.split_debug and elf.type != ET_REL) or elf.name.endswith(".dwp")


def _strip(wheel: Wheel) -> str:
    """Return the strip that knows the wheel's architecture, as Debian calls it."""
    arch = wheel.verdict.arch
    gnu = next((row.gnu for row in TARGETS if row.wheel == arch and row.libc == "glibc" and row.gnu), "")
    return f"{gnu}-strip" if gnu and arch not in ("x86_64", "i686") else "strip"


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"
