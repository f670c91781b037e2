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
from diagnose.model.finding import Finding, Fix, Phase
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
    + patterns_for("no-python-by-meson", ("Python dependency not found", r"ERROR: Python dependency not found"))
    + patterns_for(
        "cross-cc",
        *(
            (f"-{cc} ", rf"(?:^|\s)(?:\S*/)?(?P<cc>[a-z0-9_]+-(?:[a-z0-9_]+-)?linux-[a-z0-9]+-{re.escape(cc)}) ")
            for cc in ("gcc", "g++", "clang")
        ),
        ("-gcc: ", r"^(?:\S*/)?(?P<cc>[a-z0-9_]+-(?:[a-z0-9_]+-)?linux-[a-z0-9]+-gcc): "),
    )
    + patterns_for("python-include", ("include/python3.", r"include/python(?P<version>3\.\d+)(?P<threads>t?)\b")),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a compiler miss Python.h."""
    hits = log.find("no-python-h") or log.find("no-python-by-meson")
    if not hits:
        return
    target = _target(log, hits[0])
    notes = [hit for hit in log.find("python-include") if hit.line <= hits[0].line]
    version = notes[-1].groups["version"] if notes else ""
    names = {
        "debian": (f"python{version}-dev" if version else "python3-dev",),
        "rhel": ("python3-devel",),
        "alpine": ("python3-dev",),
        "arch": ("python",),
        "suse": ("python3-devel",),
    }
    whose = f" for {target.triple}" if target else ""
    yield finding_from_hits(
        log,
        hits,
        f"the headers of Python{f' {version}' if version else ''} are not installed{whose}"
        + (f": {hits[0].groups['header']}" if hits[0].groups["header"] else ", nor their .pc file for Meson"),
        "No C extension can be compiled.",
        advise(log, hits[0].line, _for_target, target, version)
        if target
        else install_by_family(log, hits[0].line, "install Python's headers", names),
    )


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
