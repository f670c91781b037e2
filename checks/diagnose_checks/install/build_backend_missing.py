"""A module that builds the package is not installed.

``pyproject.toml`` names the build backend and its requirements. pip, uv and ``build`` install them into an isolated
environment. With ``--no-build-isolation`` they use the installed modules instead. A ``setup.py`` that imports a module
outside ``[build-system] requires`` fails in the same way.

How to fix: install the modules in ``[build-system] requires``, or remove ``--no-build-isolation``. If the package
itself does not name the module, install it first and build without isolation.

References:
    https://packaging.python.org/en/latest/specifications/pyproject-toml/#pyproject-build-system-table
    https://pip.pypa.io/en/stable/cli/pip_install/#cmdoption-no-build-isolation
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_BACKEND = (
    r"(?:mesonpy|setuptools_rust|setuptools_scm|setuptools|wheel|maturin|flit_core|hatchling|poetry|pdm|scikit_build_core"
    r"|skbuild|Cython|pybind11|numpy|cffi|nanobind|versioneer|hatch_vcs|cmake|ninja)\b"
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "no-backend",
        ("annot import '", rf"(?:BackendUnavailable: )?Cannot import '(?P<module>{_BACKEND})"),
        (
            "No module named",
            rf"ModuleNotFoundError: No module named '(?P<module>{_BACKEND})(?:\.build_meta|\.build|\.api)?'",
        ),
        ("No module named", rf"No module named (?P<module>{_BACKEND})$"),
    )
    + patterns_for(
        "build-hook-note",
        ("get_requires_for_build", "get_requires_for_build"),
        ("prepare_metadata", "prepare_metadata"),
        ("build_wheel", "build_wheel"),
        ("setup.py", r"\bsetup\.py\b"),
        ("Getting requirements to build", "Getting requirements to build"),
        ("BackendUnavailable", "BackendUnavailable"),
    )
    + patterns_for("no-isolation-note", ("--no-build-isolation", r"--no-build-isolation|--no-isolation")),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a front end not find the build backend, or a setup.py not find its helper."""
    missed = [
        hit
        for hit in log.find("no-backend")
        if "Cannot import" in hit.text or log.near(hit.line, "build-hook-note", before=40, after=15)
    ]
    for hit in missed[:1]:
        module = hit.groups["module"]
        requirement = _NAMES.get(module, module.replace("_", "-"))
        isolated = not log.find("no-isolation-note")
        install = Fix(
            f"install {requirement} where the build runs",
            (Command(f"python3 -m pip install {requirement}", FixStage.TOOLCHAIN),),
            notes="[build-system] requires in pyproject.toml lists all required modules.",
        )
        name_it = Fix(
            "add it to pyproject.toml",
            notes=f'requires = ["{requirement}"] in [build-system]. For a package of another project, install it '
            "first, and build with --no-build-isolation.",
        )
        yield finding_from_hits(
            log,
            [*log.find("no-isolation-note")[:1], hit],
            f"the build needs the module {module}, which is not installed in its environment",
            "The package is not built.",
            (name_it, install) if isolated else (install,),
        )


_NAMES = {"mesonpy": "meson-python", "skbuild": "scikit-build", "Cython": "cython", "pybind11": "pybind11"}
