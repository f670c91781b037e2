"""A library on LD_LIBRARY_PATH hides the library that a system program was built with.

The package manager, or another system program, loads a shared library from a folder that the image or an action put on
``LD_LIBRARY_PATH``. That copy lacks a symbol of the system's own copy, so the program fails at start. Images with a
separate compiler toolset, and actions that export the path of a Python, cause this.

How to fix: unset the variable for the system's programs, or use an image in which both copies agree.

References:
    https://man7.org/linux/man-pages/man8/ld.so.8.html
    https://github.com/pypa/manylinux/issues/1421
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

leads_to = is_later
# Programs of the system: package managers by name, others by folder.
_TOOL = r"(?P<tool>(?:/usr)?/(?:libexec|s?bin)/[^\s:]{1,200}|\b(?:yum|dnf|microdnf|zypper|apt|apt-get|dpkg|rpm|apk))"
_OTHER = r"(?P<other>/(?!(?:usr/)?lib(?:32|64|x32)?/)[^\s:]{1,200})"  # of no folder of the system's
_MODULES = r"/usr/lib(?:64)?/python[\d.]+/(?:dist|site)-packages/(?:rpm|dnf|hawkey|libdnf|librepo|gpg|yum|apt_pkg)"
_VERSION = r"version [`'][^']{1,60}' not found \(required by "
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "tool-shadowed",
        ("(required by ", rf"{_TOOL}: {_OTHER}: {_VERSION}"),
        ("(required by ", rf"ImportError: {_OTHER}: {_VERSION}{_MODULES}"),
        (
            "symbol lookup error",
            r"(?P<tool>(?:/usr)?/(?:libexec|s?bin)/\S{1,200}|\b(?:yum|dnf|apt\S{0,20}|rpm|curl|git)): "
            r"symbol lookup error: (?P<lib>\S+): undefined symbol",
        ),
        ("of the Python modules", r"one of the Python modules\s+required to run (?P<tool>yum|dnf)", 2),
        ("undefined symbol", r"/site-packages/(?:rpm|dnf|hawkey|libdnf|librepo|gpg|yum)/\S{0,150}: undefined symbol"),
        (
            "undefined symbol",
            r"(?<![^\s:'\"])(?:/usr)?/lib(?:64)?/(?:[\w-]+/)?lib(?:rpm|dnf|rpmio|repo|solv|curl)[^\s/]{0,60}\.so"
            r"[^\s/]{0,30}: undefined symbol",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a system program fail on a symbol."""
    hits = [hit for hit in log.find("tool-shadowed") if "required to run" not in hit.text or _symbol(log, hit.line)]
    if hits:
        tool = hits[0].groups["tool"] or "the package manager"
        library = f"{hits[0].groups['other']}," if hits[0].groups["other"] else "a library"
        yield finding_from_hits(
            log,
            [*hits, *_symbol(log, hits[0].line)],
            f"{tool} loads {library} not the system's own copy, and fails",
            "Nothing is installed.",
            [
                Fix(
                    "run it without the variable",
                    unset=("LD_LIBRARY_PATH",),
                    notes="For one program: `env -u LD_LIBRARY_PATH yum install …`.",
                ),
                Fix("use a newer image", notes="The pypa images of manylinux_2_28 and later do not have this."),
            ],
        )


def _symbol(log: BuildLog, line: int) -> list[Hit]:
    return log.near(line, "loader-undefined", "tool-shadowed", after=30)[:1]
