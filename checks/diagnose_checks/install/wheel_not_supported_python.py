"""The wheel is for another Python than the one that installs it.

``cp312-cp312`` in a wheel's name means CPython 3.12 only. ``abi3`` means that version or a newer one, ``cp313t`` the
free-threaded build, and ``pp311`` PyPy. Installers print the same message for another Python as for another platform.

How to fix: use or build the wheel for this Python. Or build one wheel for all versions with an ``abi3-py3X`` feature of
PyO3.

References:
    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose_checks.install._triage import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LATER, log_kinds=("wheel-refused", "uv-refused", "uv-platform", "uv-python"))


def log(log: BuildLog) -> Iterator[Finding]:
    """See an installer refuse a wheel of another Python."""
    for one in refused(log, "wheel-not-supported-python"):
        name = one.wheel or "the package"
        if re.search(r"-(?:py)?(?:emscripten|pyodide)_\w+\.whl$", one.wheel):
            continue  # pyodide-version-unfit
        tags = one.wheel.removesuffix(".whl").split("-")
        wanted = "-".join(tags[-3:-1]) if len(tags) >= 5 else ""
        wheels = f"is for {wanted}" if wanted else "has no wheel for this Python"
        yield finding_from_hits(
            log,
            one.hits,
            f"{name} {wheels}: {one.detail}"
            if one.detail
            else f"{name} {wheels}, which this Python may not be{_or_system(one.platforms)}",
            "The package is not installed.",
            _of_index(one.wheel)
            if not one.wheel.endswith(".whl") and "uv" in one.detail + one.hits[0].kind
            else [
                Fix(
                    "build the wheel with the Python that imports it",
                    (Command("python3 -m pip wheel --no-deps .", FixStage.BUILD),),
                    notes="With maturin, name the version: maturin build --release -i python3.12.",
                ),
                Fix(
                    "list the tags that this Python accepts",
                    (Command("python3 -m pip debug --verbose", FixStage.TOOLCHAIN),),
                ),
            ],
        )


def _or_system(platforms: tuple[str, ...]) -> str:
    """Return the other part of the tag that may not fit, where it is of another kind of system than Linux."""
    name = platforms[0] if platforms else ""
    return f", and for {name}, which this system may not be" if name.startswith(("win", "macosx_")) else ""


def _of_index(wheel: str) -> list[Fix]:
    """Return the fixes for a package of an index that has wheels for other Pythons."""
    package = re.split(r"==|[<>~ ]", wheel)[0] or "PACKAGE"
    return [
        Fix(
            f"use a Python that {package} has wheels for",
            (Command("uv venv --clear --python 3.12", FixStage.TOOLCHAIN),),
            notes="Replace 3.12: uv's hint, or the index's list of files, names them. In a project: uv python pin.",
        ),
        Fix(
            "ask for another release, which may have a wheel for this Python",
            (Command(f"python3 -m pip download --no-deps --only-binary :all: {package}", FixStage.BUILD),),
            notes="If it finds one, loosen the requirement to it. It may be another package that asks for the old one.",
        ),
    ]
