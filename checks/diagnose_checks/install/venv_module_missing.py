"""Python lacks the modules that make virtual environments.

Debian and Ubuntu have ``ensurepip`` in a package of its own, ``python3.NN-venv``: without it ``python3 -m venv``, and
all that makes an environment with it (``build``, cibuildwheel, pre-commit), stops. A copied or embedded Python may
lack ``venv`` itself.

How to fix: install the package with them, or make environments with virtualenv or uv, which need neither.

References:
    https://docs.python.org/3/library/venv.html
    https://docs.python.org/3/library/ensurepip.html
    https://packages.debian.org/python3-venv
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "no-venv",
        ("ensurepip is not", r"^The virtual environment was not created successfully because ensurepip is not"),
        ("python3", r"^(?:apt|apt-get) install (?P<package>python3[\d.]*-venv)$"),
        (
            "ensurepip",
            r"^(?:Error: )?Command '\['[^']{1,300}', '-(?:Im|I|m)', (?:'-m', )?'ensurepip', .{0,200}returned non-zero "
            r"exit status",
        ),
        ("No module named ", r"^\S{0,200}python[\w.]*: No module named (?:venv|ensurepip)$"),
        ("No module named '", r"^ModuleNotFoundError: No module named '(?:ensurepip|venv)'"),
        ("ailed to create venv", r"^ERROR Failed to create venv\. Maybe try installing virtualenv"),
        ("rror: venv-import-error", r"^error: venv-import-error"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Python make no virtual environment."""
    hits = log.find("no-venv")
    if not hits:
        return
    named = next((hit.groups["package"] for hit in hits if hit.groups["package"]), "")
    names = {"debian": (named or "python3-venv",), "alpine": ("python3", "py3-pip"), "rhel": ("python3", "python3-pip")}
    install = install_by_family(log, hits[0].line, "install what makes them", names)
    yield finding_from_hits(
        log,
        hits,
        "this Python cannot make virtual environments: ensurepip or venv is not installed",
        "The environment is made without pip, or not at all.",
        (
            *install,
            Fix(
                "make environments with virtualenv",
                (Command("python3 -m pip install virtualenv", FixStage.TOOLCHAIN),),
                notes="virtualenv NAME, or uv venv: neither needs ensurepip. `python3 -m build` uses virtualenv where "
                "it is "
                "installed, and uv with --installer uv.",
            ),
        ),
    )
