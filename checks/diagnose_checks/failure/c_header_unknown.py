"""The compiler does not find a header, and no package is known to have it.

Debian's list of files does not name it either. It belongs to the project itself, and the copy of its source is not
complete (a submodule, a generated file, a file that was not committed), to another version of a library than the one
that is installed, or to a library that distributions do not package.

How to fix: complete the source where the name is in quotation marks; search for the package of a name in angle
brackets.

References:
    https://gcc.gnu.org/onlinedocs/cpp/Include-Syntax.html
    https://git-scm.com/docs/git-submodule
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, other_system
from diagnose.authoring.own_headers import is_generated
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.install import APT_FILE
from diagnose.remedies.submodules import fetch_submodules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_HEADER = r"(?P<header>[\w.][\w./+-]{0,200})"
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    fallback=True,
    patterns=patterns_for(
        "header-unknown",
        (
            "No such file or directory",
            rf"^(?P<file>\S{{1,300}}?):\d+(?::\d+)?: (?:fatal )?error: {_HEADER}: No such file or directory"
            r"(?:(?:[\s|\d]{0,40})# ?include (?P<open>[\"<]))?",
            3,
        ),
        (
            "file not found",
            rf"^(?P<file>\S{{1,300}}?):\d+(?::\d+)?: (?:fatal )?error: '{_HEADER}' file not found"
            r"(?:(?:[\s|\d]{0,40})# ?include (?P<open>[\"<]))?",
            3,
        ),
        (
            "error C1083",
            rf"(?<!\S)(?P<file>\S{{1,300}}?)\(\d+\): fatal error C1083: .{{3,100}}?"
            rf"[\"'«„「] ?{_HEADER} ?[\"'»“”」]",
        ),
    ),
)
#: Headers of the C and C++ standards, the compiler and the C library: a toolchain without them is not complete.
_STANDARD = (
    r"(?:std\w+|assert|ctype|errno|fenv|float|inttypes|limits|locale|math|setjmp|signal|string|time|wchar|unistd"
    r"|features"
    r"|pthread|dlfcn|fcntl)\.h$|(?:sys|bits|gnu|asm|linux|c\+\+)/|[a-z_]+$"
)
_SEARCH = {
    "apt": f"{APT_FILE} /{{}}",
    "dnf": "dnf provides '*/{}'",
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See a compiler stop at a header."""
    for hit in [hit for hit in log.find("header-unknown") if not re.match(_STANDARD, hit.groups["header"])][:1]:
        if is_generated(hit.groups["header"], hit.text):
            yield _of_this_build(log, hit)
            return
        header, quoted = hit.groups["header"], hit.groups["open"] == '"'
        complete = fetch_submodules(
            "if it is the project's own: complete the source",
            "An archive of a repository holds no submodules. A generated header needs the step that makes it "
            "first (config.h: ./configure); a file that its authors did not commit has to come from them.",
        )
        manager = log.distro_at(hit.line).manager or ("brew" if other_system(log) == "macOS" else "")
        search = _searching(manager, header)
        yield finding_from_hits(
            log,
            [hit],
            f"the compiler does not find {header}, and no known package has it",
            f"{hit.groups['file'].rpartition('/')[2]} cannot be compiled.",
            (complete, *search) if quoted or not re.search("<", hit.groups["open"]) else (*search, complete),
        )


def _of_this_build(log: BuildLog, hit: Hit) -> Finding:
    """Return that a header is missed which the build of the same library generates."""
    header = hit.groups["header"]
    return finding_from_hits(
        log,
        [hit],
        f"{header} is a header that this library's own build generates, and it is not there",
        f"{hit.groups['file'].rpartition('/')[2]} cannot be compiled. No package adds it to this source.",
        (
            Fix(
                "let the library's own build system make it first",
                notes="./configure or `cmake -S . -B build` from the library's top folder (configure_file in "
                f"CMakeLists.txt, or config.status); `grep -rn {header.rpartition('/')[2]} .` shows what writes it.",
            ),
            Fix(
                "if it is made: name its folder to the compiler",
                notes="It is often written to the build folder, not beside the source: -I BUILD, or "
                "target_include_directories(NAME PRIVATE ${CMAKE_CURRENT_BINARY_DIR}).",
            ),
            Fix(
                "take the whole release, or a later one",
                notes="Some archives and commits lack a file that others have.",
            ),
        ),
    )


def _searching(manager: str, header: str) -> tuple[Fix, ...]:
    if manager == "brew":
        name = header.rpartition("/")[2].partition(".")[0]
        notes = f"`brew search {name}` lists them; CPATH and LIBRARY_PATH name the folders of a formula."
        return (Fix("if it is a library's: search for its formula", notes=notes),)
    commands = [f"`{command.format(header)}`" for name, command in _SEARCH.items() if manager in ("", name)]
    if not commands:
        return ()
    return (Fix("if it is a library's: search for its package", notes=f"{' or '.join(commands)} asks for it."),)
