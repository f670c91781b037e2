"""A build for Windows on another system names a file of Windows with capital letters: the file's name has none.

On Windows the case of letters makes no difference: ``#include <Windows.h>`` and ``-lWs2_32`` find ``windows.h`` and
``ws2_32.lib``. On Linux it does. mingw-w64 names all its headers and import libraries with small letters. The same is
true for a file that a project includes with other letters than it has.

How to fix: write the names with small letters. Windows finds them as well.

References:
    https://www.mingw-w64.org/
    https://github.com/mingw-w64/mingw-w64/tree/master/mingw-w64-crt/lib-common
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.mingw import file_of_header, file_of_library, is_mingw
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    log_kinds=("ld-no-lib",),
    patterns=patterns_for("for-windows", ("-mingw32", "-mingw32"), ("windows-gnu", r"-windows-gnu"))
    + patterns_for(
        "windows-header",
        ("No such file or directory", r"error: (?P<header>[A-Za-z]\w{1,40}\.[hH]): No such file or directory"),
        ("file not found", r"error: '(?P<header>[A-Za-z]\w{1,40}\.[hH])' file not found"),
    ),
)
_ZIG = "using strategy"  # zig's words; on Windows itself the case makes no difference
_ABOVE = 400  # lines in which a build for Windows names its compiler


def log(log: BuildLog) -> Iterator[Finding]:
    """See a header or a library of Windows missed under a name with capital letters."""
    names: dict[str, tuple[str, list[Hit]]] = {}
    for hit in log.find("windows-header"):
        right = file_of_header(hit.groups["header"])
        if right and log.near(hit.line, "for-windows", before=_ABOVE, after=_ABOVE):
            names.setdefault(hit.groups["header"], (right, []))[1].append(hit)
    for link in log.links:
        for hit in link.of("ld-no-lib"):
            name = hit.groups["lib"]
            windows = is_mingw(f"{link.ld} {link.program} {hit.text}") or _ZIG in hit.text
            right = file_of_library(name) if windows else ""
            if right:
                names.setdefault(name, (right, []))[1].append(hit)
    if not names:
        return
    wrong, (right, _) = next(iter(names.items()))
    pairs = ", ".join(f"{name} as {small}" for name, (small, _) in list(names.items())[:6])
    yield finding_from_hits(
        log,
        [hit for _, hits in names.values() for hit in hits],
        f"{wrong} is called {right} in MinGW: the case of letters counts here",
        "The build for Windows stops on systems whose file names have a case.",
        (
            Fix(
                f"write {pairs}",
                notes="In the #include, or where -l comes from (CMake's target_link_libraries, #pragma comment, "
                "LIBS). A change of that kind is welcome in every project.",
            ),
        ),
    )
