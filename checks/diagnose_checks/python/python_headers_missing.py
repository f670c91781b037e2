"""Python's own headers are not installed.

A C extension includes ``Python.h``. Distributions keep it apart from the interpreter, in ``python3-dev`` or
``python3-devel``; each version of Python has its own. PyO3 does not need it, C and Cython code does.

How to fix: install the development package of the same Python that builds; pypa's images, python.org's and uv's
Pythons have the headers already.

References:
    https://docs.python.org/3/extending/building.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "no-python-h",
        ("Python.h", r"fatal error: '?(?P<header>Python\.h)'?(?:: No such file| file not found)"),
        ("pyconfig.h", r"fatal error: '?(?P<header>\S*pyconfig\.h)'?(?:: No such file| file not found)"),
    )
    + patterns_for("python-include", ("include/python3.", r"include/python(?P<version>3\.\d+)(?P<threads>t?)\b")),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a compiler miss Python.h."""
    hits = log.find("no-python-h")
    if not hits:
        return
    notes = [hit for hit in log.find("python-include") if hit.line <= hits[0].line]
    version = notes[-1].groups["version"] if notes else ""
    names = {
        "debian": (f"python{version}-dev" if version else "python3-dev",),
        "rhel": ("python3-devel",),
        "alpine": ("python3-dev",),
        "arch": ("python",),
        "suse": ("python3-devel",),
    }
    yield finding_from_hits(
        log,
        hits,
        f"the headers of Python{f' {version}' if version else ''} are not installed: {hits[0].groups['header']}",
        "No C extension can be compiled.",
        install_by_family(log, hits[0].line, "install Python's headers", names),
    )
