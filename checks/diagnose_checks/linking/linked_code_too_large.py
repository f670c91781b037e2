"""A program or library is too large for the distances that its instructions can reach.

A call on AArch64 reaches 128 MB. The linker puts steps between for farther ones, but not everywhere: debug builds of
large C++ libraries exceed it. On x86-64, code and static variables have to be within 2 GB (the small code model);
large static arrays exceed that.

How to fix: make the output smaller, or compile for larger distances.

References:
    https://gcc.gnu.org/onlinedocs/gcc/AArch64-Options.html (``-moutline-atomics``)
    https://gcc.gnu.org/onlinedocs/gcc/x86-Options.html (``-mcmodel``)
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    patterns=patterns_for(
        "too-far",
        (
            "relocation truncated to fit",
            r"relocation truncated to fit: (?P<arm>R_AARCH64_(?:CALL|JUMP)26) against symbol [`'][^']{1,200}'"
            r" defined in \.text",
        ),
        (
            "relocation truncated to fit",
            r"relocation truncated to fit: R_X86_64_(?:PC32|32S?) against (?:symbol [`'][^']{1,200}' defined in )?"
            r"[`']?(?:\.l?bss|COMMON)\b",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker report calls or variables that are too far away."""
    hits = log.find("too-far")
    if not hits:
        return
    smaller = Fix(
        "make it smaller",
        env=(("CFLAGS", "-O2"), ("CXXFLAGS", "-O2"), ("LDFLAGS", "-Wl,--gc-sections")),
        notes="A release build (CMAKE_BUILD_TYPE=Release), -ffunction-sections, parts in libraries of their own.",
    )
    if hits[0].groups["arm"]:
        fixes = [
            smaller,
            Fix(
                "link with lld or mold, which put steps between in more places",
                env=(("LDFLAGS", "-fuse-ld=lld"),),
                notes="If only __aarch64_… functions are too far: compile with -mno-outline-atomics.",
            ),
        ]
        message = "the output is too large: a call on AArch64 reaches 128 MB, and this one is farther"
    else:
        fixes = [
            Fix(
                "compile for more than 2 GB of static data",
                env=(("CFLAGS", "-mcmodel=medium"), ("CXXFLAGS", "-mcmodel=medium"), ("FFLAGS", "-mcmodel=medium")),
                notes="Everything that is linked has to be compiled so. Better: allocate large arrays at run time.",
            ),
            smaller,
        ]
        message = "the static variables are too large: x86-64's small code model reaches 2 GB"
    yield finding_from_hits(log, hits, message, "Linking fails: relocation truncated to fit.", fixes)
