"""Python's own headers are not installed.

A C extension includes ``Python.h``. Distributions keep it apart from the interpreter, in ``python3-dev`` or
``python3-devel``; each version of Python has its own. PyO3 does not need it, C and Cython code does.

How to fix: install the development package of the same Python that builds; pypa's images, python.org's and uv's
Pythons have the headers already.

References:
    https://docs.python.org/3/extending/building.html
"""

from __future__ import annotations

from diagnose.authoring.log import advise, finding_from_hits, host, install_by_family
from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.install import install, system, unavailable_reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "no-python-h",
        ("Python.h", r"(?:^|[\s:])(?:fatal )?error: '?(?P<header>Python\.h)'?(?:: No such file| file not found)"),
        ("error C1083", r"error C1083: Cannot open include file: '(?P<header>Python\.h)'"),
        ("pyconfig.h", r"fatal error: '?(?P<header>(?:\S*/)?pyconfig\.h)'?(?:: No such file| file not found)"),
    )
    + patterns_for(
        "no-python-by-configure",
        (
            "ython headers",
            r"configure: error: (?:.{0,80}\b)?[Pp]ython headers (?:(?:were|are) )?(?:not found|missing|not available)",
        ),
        ("ython headers", r"configure: error: (?:[Cc]ould not|[Cc]annot|[Uu]nable to) find (?:the )?[Pp]ython headers"),
    )
    + patterns_for("python-asked", ("ython version...", r"^checking for \S{0,80} version\.\.\. (?P<version>[23]\.\d+)"))
    + patterns_for("no-python-by-meson", ("Python dependency not found", r"ERROR: Python dependency not found"))
    + patterns_for(
        "cross-cc",
        *(
            (f"-{cc} ", rf"(?:^|\s)(?:\S*/)?(?P<cc>[a-z0-9_]+-(?:[a-z0-9_]+-)?linux-[a-z0-9]+-{re.escape(cc)}) ")
            for cc in ("gcc", "g++", "clang")
        ),
        ("-gcc: ", r"^(?:\S*/)?(?P<cc>[a-z0-9_]+-(?:[a-z0-9_]+-)?linux-[a-z0-9]+-gcc): "),
    )
    + patterns_for("pypy-include", ("/pypy", r"-I(?P<folder>\S{0,200}/pypy[\d.]{0,6})(?:/\S{0,60})?(?:\s|$)"))
    + patterns_for("python-lib", ("/site-packages/", r"/lib(?:64)?/python(?P<version>3\.\d{1,2})/site-packages/"))
    + patterns_for("python-include", ("include/python3.", r"include/python(?P<version>3\.\d+)(?P<threads>t?)\b")),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a compiler miss Python.h."""
    hits = log.find("no-python-h") or log.find("no-python-by-meson")
    if not hits:
        yield from _by_configure(log)
        return
    pypy = log.near(hits[0].line, "pypy-include", before=_ASKED)
    if pypy and hits[0].groups["header"] == "Python.h":
        yield _of_pypy(log, [*pypy[-1:], *hits], pypy[-1].groups["folder"])
        return
    target = _target(log, hits[0])
    notes = [hit for hit in log.find("python-include") if hit.line <= hits[0].line]
    version = notes[-1].groups["version"] if notes else ""
    # without the compiler's command: the environment whose packages the log names
    shown = {} if version or target else {hit.groups["version"]: hit for hit in log.find("python-lib")}
    if len(shown) == 1:
        version, lib = next(iter(shown.items()))
        hits = [lib, *hits]
    else:
        shown = {}
    whose = f" for {target.triple}" if target else ""
    yield finding_from_hits(
        log,
        hits,
        f"the headers of Python{f' {version}' if version else ''} are not installed{whose}"
        + (f": {hits[-1].groups['header']}" if hits[-1].groups["header"] else ", nor their .pc file for Meson"),
        "No C extension can be compiled.",
        advise(log, hits[0].line, _for_target, target, version)
        if target
        else install_by_family(
            log,
            hits[-1].line,
            "install Python's headers",
            _packages(version),
            f"They have to be of Python {version}, which the log shows: python3-devel and python3-dev are the system's "
            f"own Python's. Fedora and Enterprise Linux may have python{version}-devel. Or build with the Python whose "
            "headers are installed."
            if shown
            else "",
        ),
    )


def _of_pypy(log: BuildLog, hits: list[Hit], folder: str) -> Finding:
    """Return that the headers of PyPy are not in *folder*, where this PyPy has them."""
    names = {"debian": ("pypy3-dev",), "rhel": ("pypy3-devel",), "alpine": ("pypy3-dev",), "arch": ("pypy3",)}
    return finding_from_hits(
        log,
        hits,
        f"the headers of PyPy are not installed: Python.h is not in {folder}",
        "No C extension can be compiled for PyPy.",
        (
            *install_by_family(log, hits[-1].line, "install PyPy's headers", names),
            Fix(
                "use a PyPy that has its headers, or CPython",
                notes="PyPy's own downloads, uv's and pypa's images have them. Some packages build without their C "
                "code for "
                "PyPy: a variable of theirs says so.",
            ),
        ),
    )


def _packages(version: str) -> dict[str, tuple[str, ...]]:
    return {
        "debian": (f"python{version}-dev" if version else "python3-dev",),
        "rhel": ("python3-devel",),
        "alpine": ("python3-dev",),
        "arch": ("python",),
        "suse": ("python3-devel",),
    }


def _by_configure(log: BuildLog) -> Iterator[Finding]:
    """Yield that a configure script misses the headers of the Python that it found."""
    for hit in log.find("no-python-by-configure")[:1]:
        asked = log.near(hit.line, "python-asked", before=_ASKED)[-1:]
        version = asked[0].groups["version"] if asked else ""
        if version.startswith("2"):
            fixes = [
                Fix(
                    "let configure take Python 3, and install its headers",
                    (Command("./configure PYTHON=python3", FixStage.BUILD),),
                    notes="python3-dev, or python3-devel. Those of Python 2, where a release still has it: "
                    f"python{version}-dev, python2-devel.",
                )
            ]
        else:
            fixes = list(install_by_family(log, hit.line, "install Python's headers", _packages(version)))
        fixes.append(
            Fix(
                "in a cross build: name the folder of the target's headers, or leave the bindings out",
                notes="configure asks the Python of this machine for the folder. CPPFLAGS="
                "-ISYSROOT/usr/include/python3.X, or the variable that ./configure --help lists; --without-python.",
            )
        )
        yield finding_from_hits(
            log,
            [*asked, hit],
            f"configure does not find the headers of Python{f' {version}' if version else ''}",
            "Nothing is configured.",
            fixes,
        )


_ASKED = 30  # lines from the question for Python's version to the one for its headers


def _target(log: BuildLog, hit: Hit) -> Target | None:
    """Return the target whose headers a cross compiler misses; None in a native build."""
    folder = re.match(r"([a-z0-9_]+-linux-[a-z0-9]+)/python3", hit.groups["header"])
    compilers = log.near(hit.line, "cross-cc", before=6, after=6)
    from diagnose.readers.buildlog.linking import named  # only who reads logs needs its patterns

    target = targets.resolve(folder[1]) if folder else named(compilers[-1].groups["cc"]) if compilers else None
    if target is None and log.cross_at(hit.line):
        target = log.target_at(hit.line)
    return None if target is None or target.wheel == host(log).wheel else target


def _for_target(env: Environment, target: Target, version: str) -> list[Fix]:
    here = system(env)
    other = Fix(
        "compile against the target's Python",
        notes="Put its include folder before /usr/include/python3, as crossenv does; or build in pypa's image for "
        f"{target.wheel}, natively or under emulation.",
    )
    if here.family != "debian" or unavailable_reason(here, target):
        return [other]
    package = f"libpython{version or '3'}-dev:{target.debian}"
    commands = install(here, [package], target.debian)
    return [Fix(f"install the target's Python headers: {package}", commands, safe=True), other]
