"""The Python that is called has no pip.

Distributions keep pip in a package of its own, and so do the manylinux images for their system's Python: the pip of
these images is in ``/opt/python/cp312-cp312/bin``. An environment that uv makes has none either, also the one in which
it builds a package; a ``setup.py`` that calls pip fails there.

A program ``/usr/bin/pip3`` that another pip left there does not work either: it calls what the pip that Python now
imports does not have (``main`` moved in pip 10, and became a module in 19.3).

How to fix: install pip for this Python, or call a Python that has it. maturin-action needs pip for ``sccache: true``
in a container.

References:
    https://packaging.python.org/en/latest/guides/installing-using-linux-tools/
    https://github.com/PyO3/maturin-action/issues/336
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=(
        *patterns_for("no-pip", ("No module named pip", r"^(?P<python>\S{0,200}python[\w.]*): No module named pip$")),
        *patterns_for("nox-no-pip", ("nox > Program pip not found", r"^nox > Program pip not found")),
        *patterns_for("no-pip-module", ("No module named 'pip'", r"^ModuleNotFoundError: No module named 'pip'$")),
        *patterns_for(
            "pip-script",
            (
                "/pip",
                r"File \"(?P<script>[^\"]{0,200}/(?P<name>pip[\d.]{0,5}))\", line \d+, in <module>\s+\S.{0,200}\s+"
                r"(?:TypeError: 'module' object is not callable|ImportError: cannot import name '?main\b)",
                6,
            ),
        ),
        *patterns_for(
            "pip-script-end",
            ("object is not callable", r"^TypeError: 'module' object is not callable$"),
            ("cannot import name ", r"^ImportError: cannot import name '?main\b"),
        ),
        *patterns_for("sccache-note", ("sccache", r"\bsccache\b")),
    ),
)
_PACKAGES = {
    "debian": ("python3-pip", "python3-venv"),
    "rhel": ("python3-pip",),
    "alpine": ("py3-pip",),
    "arch": ("python-pip",),
    "suse": ("python3-pip",),
}


#: Lines of a traceback in which the failed import stands that made a script call pip.
_TRACEBACK = 12
#: Environments that uv, pip and build make for one build.
_ISOLATED = re.compile(r"/builds-v\d+/|/pip-build-env-|/build-env-")
#: Environments of projects: what the system's package manager installs is not in them.
_ENVIRONMENT = re.compile(
    r"(?:^|/)(?:\.?v?env[\w.-]{0,40}|\.(?:tox|nox)/[\w.-]{1,60}|virtualenvs?/[\w.-]{1,100})/bin/python[\d.]*$"
)
_MADE = (
    Fix(
        "if uv made it: install with uv",
        (Command("uv pip install PACKAGE", FixStage.TOOLCHAIN),),
        notes="Replace PACKAGE with its name. `uv venv` puts no pip into an environment; with --seed it does.",
    ),
    Fix(
        "put pip into it",
        (Command("PYTHON -m ensurepip --upgrade", FixStage.TOOLCHAIN),),
        notes="Replace PYTHON with that program. Debian's Python has ensurepip with python3-venv.",
    ),
)
_BESIDE = (
    Fix(
        "name pip as a requirement of the build",
        notes='requires = ["setuptools", "pip"] in [build-system]. For a package of another project: '
        '[tool.uv.extra-build-dependencies] with PACKAGE = ["pip"].',
    ),
    Fix(
        "build without isolation, in an environment that has pip and all that the build requires",
        (
            Command("uv pip install pip setuptools wheel", FixStage.TOOLCHAIN),
            Command("uv pip install --no-build-isolation PACKAGE", FixStage.BUILD),
        ),
        notes="Replace PACKAGE with its name.",
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Python not find pip, or a program of another pip call it."""
    for hit in log.find("pip-script")[:1]:
        python = "python3" if hit.groups["name"] != "pip2" else "python2"
        yield finding_from_hits(
            log,
            [hit, *log.near(hit.line, "pip-script-end", before=0, after=6)[:1]],
            f"{hit.groups['script']} belongs to another pip than the one that Python now imports",
            "Nothing is installed. An upgrade of pip put a second one beside the distribution's.",
            (
                Fix(
                    "call pip through Python",
                    (Command(f"{python} -m pip install PACKAGE", FixStage.TOOLCHAIN),),
                    notes=f"Replace PACKAGE with what {hit.groups['name']} was to install.",
                ),
                Fix(
                    "do not upgrade the distribution's pip",
                    notes="In an environment (python3 -m venv) pip may be upgraded. After an upgrade: `hash -r`, or a "
                    "new shell, finds the new program in /usr/local/bin.",
                ),
            ),
        )
        return
    for hit in log.find("nox-no-pip")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            "the environment that nox has made has no pip: uv made it, or --no-install left it empty",
            "The session stops.",
            (
                Fix(
                    "install with session.install, which takes uv where uv made the environment",
                    notes='In noxfile.py: session.install("PACKAGE") instead of session.run("pip", "install", …).',
                ),
                Fix(
                    "if the session has to call pip: let virtualenv make its environment",
                    (Command("nox --default-venv-backend virtualenv", FixStage.BUILD),),
                    notes='Or nox.options.default_venv_backend = "virtualenv"; @nox.session(venv_params=["--seed"]) '
                    "keeps uv.",
                ),
            ),
        )
        return
    for hit in log.find("no-pip-module")[:1]:
        if log.near(hit.line, "no-backend", before=0, after=_TRACEBACK * 2):
            continue  # the import of pip was a first try; what failed in its place ended the build
        if log.near(hit.line, "uv-build-note", before=_TRACEBACK * 2, after=_TRACEBACK):
            yield _of_build(log, hit)
    for hit in log.find("no-pip")[:1]:
        python = hit.groups["python"]
        if log.near(hit.line, "no-backend", before=4, after=_TRACEBACK):
            continue  # a setup.py tried to install the module that it lacks: build-backend-missing
        if _ISOLATED.search(python):
            yield _of_build(log, hit)
            continue
        if _ENVIRONMENT.search(python):
            message = f"the environment of {python} has no pip"
            yield finding_from_hits(log, [hit], message, "Nothing is installed.", _MADE)
            continue
        notes = "In a manylinux image: put a Python that has pip first on PATH, /opt/python/cp312-cp312/bin."
        fixes = list(install_by_family(log, hit.line, "install pip", _PACKAGES))
        fixes.append(Fix("call a Python that has pip", notes=notes))
        if log.near(hit.line, "sccache-note", before=20, after=5):
            fixes.insert(0, Fix("leave sccache out in this container", notes="maturin-action: sccache: false."))
        yield finding_from_hits(log, [hit], f"{python} has no pip", "Nothing is installed.", fixes)


def _of_build(log: BuildLog, hit: Hit) -> Finding:
    return finding_from_hits(
        log,
        [hit],
        "a build step calls pip, which the isolated environment of the build does not have",
        "The package is not built.",
        _BESIDE,
    )
