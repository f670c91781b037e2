"""Meson does not recognise the linker, because a setting gives it a program where it expects a linker's kind.

Meson asks the compiler for its linker. An entry ``c_ld``, ``cpp_ld`` or ``ld`` of a cross or native file, or a variable
such as ``CC_LD`` or ``LD``, is passed on as ``-fuse-ld=…`` since Meson 0.53. GCC accepts only the names ``bfd``,
``gold``, ``lld`` and ``mold`` there, and no program such as ``arm-none-eabi-ld``.

How to fix: remove the entry, or name the kind of the linker.

References:
    https://mesonbuild.com/Machine-files.html
    https://mesonbuild.com/howtox.html (``Set linker``)
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
    phase=Phase.SEARCH,
    patterns=patterns_for(
        "meson-no-linker", ("to determine dynamic linker", r"ERROR: Unable to determine dynamic linker\b")
    )
    + patterns_for(
        "gnu-link",
        ("Found GNU link.exe", r"ERROR: Found GNU link\.exe instead of MSVC link\.exe in (?P<file>\S.{0,200}?)\.?$"),
    )
    + patterns_for("meson-cross", ("Build type: cross build", r"^Build type: cross build"))
    + patterns_for(
        "fuse-ld",
        ("-fuse-ld=", r"error: (?:unrecognized command[- ]line option|invalid linker name in argument) '-fuse-ld="),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Meson stop at the linker of a cross build, or of a compiler that refuses its option."""
    for hit in log.find("gnu-link")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            "the first link.exe on PATH is GNU's, which makes links of files: Visual C++'s is not found before it",
            "Meson stops, and nothing is compiled.",
            (
                Fix(
                    "build in the environment of Visual C++",
                    notes="A developer command prompt, or vcvarsall.bat x64 before; in a workflow the action "
                    "ilammy/msvc-dev-cmd. It puts the folder of Visual C++'s link.exe first.",
                ),
                Fix("take Git's usr\\bin off PATH, or behind it", notes=f"It is {hit.groups['file']}."),
            ),
        )
        return
    hits = log.find("meson-no-linker")
    refused = log.find("fuse-ld")
    if not hits or not (refused or log.find("meson-cross")):
        return
    yield finding_from_hits(
        log,
        [*refused[:1], *hits[:1]],
        "Meson cannot tell which linker the compiler uses",
        "Meson stops, and nothing is compiled.",
        (
            Fix(
                "remove ld, c_ld and cpp_ld from the cross file, or name bfd, gold, lld or mold there",
                notes="The variables LD, CC_LD and CXX_LD count as well: unset them. The compiler knows its own "
                "linker. meson-logs/meson-log.txt shows the command that failed.",
            ),
            Fix("if there is no such entry: run the compiler alone", notes="COMPILER -Wl,--version has to print one."),
        ),
    )
