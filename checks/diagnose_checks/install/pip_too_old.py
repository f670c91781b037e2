"""pip is too old to read pyproject.toml, and runs setup.py without what the package's build needs.

Since version 10 pip installs ``[build-system] requires`` of ``pyproject.toml`` before it builds, and since 19 it runs
other back ends than setuptools. An older pip runs ``setup.py`` with the modules that are installed. So setup.py does
not find ``setuptools_rust``, ``Cython`` or ``numpy``; a project without a ``setup.py`` cannot be built at all. The
systems of that time bring such a pip: 9 with Ubuntu 18.04 and CentOS 7, 18 with Debian 10.

How to fix: update pip. It then finds newer wheels, too, so that most packages need no build.

References:
    https://pip.pypa.io/en/stable/news/#v10-0-0
    https://peps.python.org/pep-0518/
    https://cryptography.io/en/latest/faq/#installing-cryptography-fails-with-error-can-not-find-rust-compiler
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.model.versions import name_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "pip-age",
        ("pip version ", r"^(?:WARNING: )?You are using pip version (?P<version>\d[\d.]{0,20}\d|\d+)[,;] however"),
        ("pip ", r"^pip (?P<version>\d[\d.]{0,20}\d|\d+) from \S"),
        # Before version 10 the folder has this name, later it is pip-install-.
        ("pip-build-", r"^Command \".{1,2000}\" failed with error code \d+ in \S{0,200}[/\\]pip-build-\w{6,8}[/\\]"),
    )
    + patterns_for(
        "no-setup-script",
        (
            "setup.py'",
            r"(?:\[Errno 2\] )?No such file or directory: "
            r"'[^']{0,200}[/\\]pip-(?:build|install|req-build)-\w{6,8}[/\\][^']{0,200}setup\.py'",
        ),
    ),
    log_kinds=("no-backend",),
)
_FRAMES = 8  # lines from a frame of setup.py to the error in it


def log(log: BuildLog) -> Iterator[Finding]:
    """See setup.py not find a module, or pip no setup.py, where the log shows that pip is old."""
    ages = log.find("pip-age")
    if not ages:
        return
    version = next((hit.groups["version"] for hit in ages if hit.groups["version"]), "")
    old = name_key(version) if version else (9,)
    # known helpers of builds: the package may not ask for another module
    missed = [hit for hit in log.find("no-backend") if log.near(hit.line, "hook-frame", before=_FRAMES)]
    scripts = log.find("no-setup-script")
    if (hits := missed[-1:]) and old < (10,):
        module = hits[0].groups["module"]
        yield _of(log, ages, hits, version, f"it does not install {module}, which the package's build needs")
    elif (hits := scripts[:1]) and old < (19,):
        yield _of(log, ages, hits, version, "it knows no other builds than those by a setup.py")


def _of(log: BuildLog, ages: list[Hit], hits: list[Hit], version: str, why: str) -> Finding:
    """Return the finding that this pip is too old, and *why*."""
    return finding_from_hits(
        log,
        [*hits, *ages[:1]],
        f"pip {version or 'before version 10'} is too old: {why}",
        "The package is not built.",
        (
            Fix(
                "update pip",
                (Command("python3 -m pip install --upgrade pip setuptools wheel", FixStage.TOOLCHAIN),),
                notes="With the Python of the failing command, best in an environment of its own: python3 -m venv. A "
                "pip before 9 takes releases that its Python cannot run: name 'pip<21' for Python 2.7 and 3.5, "
                "'pip<22' for 3.6.",
            ),
        ),
    )


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is the module that this pip does not install."""
    return other.check == "build-backend-missing" and log.position(other.evidence[-1]) == log.position(
        finding.evidence[0]
    )
