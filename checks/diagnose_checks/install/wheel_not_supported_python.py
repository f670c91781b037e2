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
from diagnose.authoring.python_ranges import without
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.versions import version_key
from diagnose_checks.install._triage import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose_checks.install._triage import Refused

CHECK = Check(since="0.1.0", phase=Phase.LATER, log_kinds=("wheel-refused", "uv-refused", "uv-platform", "uv-python"))


def log(log: BuildLog) -> Iterator[Finding]:
    """See an installer refuse a wheel of another Python."""
    for one in refused(log, "wheel-not-supported-python"):
        name = one.wheel or "the package"
        if re.search(r"-(?:py)?(?:emscripten|pyodide)_\w+\.whl$", one.wheel):
            continue  # pyodide-version-unfit
        if splits := _splits(log, one):
            yield _of_split(log, one, splits[-1])
            continue
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
            _of_index(one.wheel, one.detail)
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


_SPLIT_ABOVE = 12  # lines of uv's tree between its first one and the tag


def _splits(log: BuildLog, one: Refused) -> list[Hit]:
    """Return the Pythons for which uv looks, where these are some of those that the project allows."""
    if one.hits[0].kind != "uv-python":
        return []
    splits = log.near(one.hits[0].line, "uv-split", before=_SPLIT_ABOVE)
    return [hit for hit in splits if "python" in hit.groups["split"]]


def _of_split(log: BuildLog, one: Refused, split: Hit) -> Finding:
    """Return that uv looks for a wheel for each Python that the project allows, and one of them has none."""
    package = re.split(r"==|[<>~ ]", one.wheel)[0] or "a package"
    active = log.near(split.line, "uv-active", after=_CHAIN)[:1]
    here = active[0].groups["here"] if active else ""
    pythons = " ".join(split.groups["split"].replace("python_full_version", "Python").replace("'", "").split())
    wanted = without(split.groups["split"], here)
    fits = f"; Python {here} is not the reason" if here else ""
    return finding_from_hits(
        log,
        [split, *one.hits, *active],
        f"the project allows Pythons for which {one.wheel or package} has no wheel: {pythons}{fits}",
        "Nothing is installed: uv looks for versions for every Python of the project, not only for the active one.",
        [
            Fix(
                f'write requires-python = "{wanted}" in pyproject.toml'
                if wanted
                else "leave these Pythons out of requires-python in pyproject.toml",
                notes="" if here else f"Beside the bound that is there, as in >=3.9,{wanted or '<3.13'}.",
            ),
            Fix(
                f"ask for {package} only on the other Pythons, or take a release with wheels for all",
                notes=f'As in dependencies = ["{package}; python_version {_marker(wanted)}"].',
            ),
        ],
    )


def _marker(wanted: str) -> str:
    """Return the last bound of *wanted* in the form of a marker."""
    match = re.search(r"(<|>=)([\d.]+)$", wanted)
    return f"{match[1]} '{match[2]}'" if match else "< '3.13'"


_CHAIN = 40  # lines of one explanation


def _of_index(wheel: str, detail: str) -> list[Fix]:
    """Return the fixes for a package of an index that has wheels for other Pythons, which *detail* may name."""
    package = re.split(r"==|[<>~ ]", wheel)[0] or "PACKAGE"
    known = [f"3.{minor}" for minor in re.findall(r"\bcp3(\d{1,2})\b", detail.partition(" are for ")[2])]
    python = max(known, key=version_key, default="")
    return [
        Fix(
            f"use a Python that {package} has wheels for",
            (Command(f"uv venv --clear --python {python or '3.12'}", FixStage.TOOLCHAIN),),
            notes=f"In a project: uv python pin {python}, and a requires-python that allows it."
            if python
            else "Replace 3.12: uv's hint, or the index's list of files, names them. In a project: uv python pin.",
        ),
        Fix(
            "ask for another release, which may have a wheel for this Python",
            (Command(f"python3 -m pip download --no-deps --only-binary :all: {package}", FixStage.BUILD),),
            notes="If it finds one, loosen the requirement to it. It may be another package that asks for the old one.",
        ),
    ]
