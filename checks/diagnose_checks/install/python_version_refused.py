"""A package, or the project, refuses this version of Python.

``Requires-Python`` in a package's metadata, and a test in its ``setup.py``, name the Pythons that it supports.
Installers leave out releases for other Pythons; if no other release remains, the install stops.

How to fix: use a Python that fits. Or ask for a release of the package that supports this Python.

References:
    https://packaging.python.org/en/latest/specifications/core-metadata/#requires-python
"""

from __future__ import annotations

from operator import ge, gt, le, lt

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for
from diagnose.model.versions import version_key
from diagnose_checks.install._triage import left_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_RANGE = r"[<>=!~]=?\s?[\d.*]+(?:\s?,\s?[<>=!~]=?\s?[\d.*]+){0,6}"
CHECK = Check(
    since="0.1.0",
    phase=Phase.PYTHON,
    log_kinds=("no-versions",),
    patterns=patterns_for(
        "python-refused",
        (
            "requires a different Python",
            r"Package '(?P<package>[^']{1,300})' requires a different Python: (?P<have>\S+) not in "
            r"'(?P<want>[^']{1,100})'",
        ),
        (
            "but the running Python is",
            r"(?<!\S)(?P<package>\S+) requires Python '(?P<want>[^']{1,100})' but the running Python is "
            r"(?P<have>[\d.]+)",
        ),
        # uv's tree, which it wraps
        (
            "ecause the ",
            rf"ecause the (?P<side>current|requested) Python version \((?P<have>[^)]{{1,60}})\) does not satisfy "
            rf"Python(?P<want>{_RANGE}) and (?P<package>\S{{1,100}}) depends on",
            3,
        ),
        (
            "ecause the ",
            rf"ecause the (?P<side>current|requested) Python version \((?P<have>[^)]{{1,60}})\) does not satisfy "
            rf"Python(?P<want>{_RANGE})",
            2,
        ),
        (  # since 0.13
            "requires Python ",
            rf"^(?:cause: )?Because (?P<package>\S{{1,100}}) requires Python (?P<want>{_RANGE}) and (?P<uv>)",
            2,
        ),
        (
            "incompatible with the project",
            r"(?:resolved to|interpreter is) (?:CPython |Python )?(?P<have>\d[\w.]{0,20})\b.{0,100} incompatible with "
            r"the "
            r"project's Python requirement: `(?P<want>[^`]{1,100})`",
        ),
        (
            "by the project (",
            r"Python version \(?(?P<have>[\w.+]{1,30})\)? is not (?:supported|allowed) by the project \((?P<want>[^)"
            r"]{1,100})\)",
        ),
        (
            "project's requires-python",
            r"Python.{0,100} (?P<have>\d[\w.]{1,20})\b.{0,60} project's requires-python:? ?(?P<want>\S{0,60})",
        ),
        (
            "ly versions",
            rf"Cannot install on Python version (?P<have>[\w.+]{{1,30}}); only versions (?P<want>{_RANGE}) are "
            rf"supported",
        ),
        (
            "is not supported. Please use P",
            r"Python (?P<have>[23]\.\d[\w.]{0,12}) is not supported\. Please use Python (?P<least>3\.\d{1,2}) or newer",
        ),
        (
            "equires Python version ",
            r"meson-python: error: The package requires Python version (?P<want>\S{1,60}), running on "
            r"(?P<have>[\d.]{1,12}\w{0,5})",
        ),
        ("Python version >= ", r"^RuntimeError: Python version (?P<want>>= ?[\d.]{1,10}) required"),
        (
            "supported Python version is",
            r"ERROR: Problem encountered: Minimum supported Python version is (?P<least>[\d.]{1,10})",
        ),
    )
    + patterns_for("python-asked", ("`--python-version` value", r"The `--python-version` value"))
    + patterns_for(
        "python-ignored",
        (
            "require a different python",
            r"Ignored the following(?: yanked)? versions that require a different python version: "
            r"(?P<versions>\S.{0,20000})",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See an installer or a setup.py refuse the Python that runs it."""
    for hit in [one for one in log.find("python-refused") if not _meets(one)][:1]:
        package = hit.groups["package"].rpartition("/")[2]
        want, have = hit.groups["want"], hit.groups["have"]
        want = want or (f">={hit.groups['least']}" if hit.groups["least"] else "")
        here = "this Python"
        if have:
            here = f"Python {have}"
        yield finding_from_hits(
            log,
            [hit],
            f"{package or ('the project' if 'project' in hit.text else 'the package')} needs Python {want}, and "
            f"refuses {_others(log, hit) or here}"[:160],
            "It is not installed.",
            _fixes(
                package,
                want,
                have,
                asked=(hit.groups["side"] == "requested" or bool(_others(log, hit))) and not log.find("python-asked"),
            ),
        )
        return
    for hit, ignored in left_out(log)[:1]:
        package = f"{hit.groups['package']}{hit.groups['asked']}"
        wants = sorted({want for _, want in ignored})
        yield finding_from_hits(
            log,
            [*log.find("python-ignored")[:1], hit],
            f"{package} exists, but not for this Python: it needs Python {wants[0]}",
            "It is not installed.",
            _fixes(package, wants[0], ""),
        )


def _others(log: BuildLog, hit: Hit) -> str:
    """Return the Pythons for which uv since 0.13 looks where it looks for some of the project's; else empty."""
    if "uv" not in hit.groups:
        return ""
    splits = log.near(hit.line, "uv-split", before=12)
    return "other Pythons that the project allows" if any("python" in one.groups["split"] for one in splits) else ""


def _meets(hit: Hit) -> bool:
    """Whether the Python is one that is asked for: pip before 21.1 blames it where another requirement excludes."""
    if not re.fullmatch(r"\d[\d.]{0,20}", hit.groups["have"]):
        return False  # a release candidate of 3.13 is not >=3.13
    have = version_key(hit.groups["have"])
    ranges = re.findall(r"(>=|>|<=|<) *([\d.]{1,20})(?=[ ,]|$)", hit.groups["want"])
    if not have or not ranges or len(ranges) != hit.groups["want"].count(",") + 1:
        return False
    meets = {">=": ge, ">": gt, "<=": le, "<": lt}
    return all(meets[how](have, version_key(bound)) for how, bound in ranges)


#: The minor versions of Python that an example can name: those with a uv-managed build and a manylinux image.
_MINORS = (13, 12, 11, 10, 9, 14, 8)


def _example(want: str) -> int:
    """Return the minor version of a Python 3 that *want* allows; 0 where it is not understood, or allows none."""
    for minor in _MINORS:
        version = f"3.{minor}.5"
        if all(_allows(part.strip(), version) for part in want.split(",")):
            return minor
    return 0


def _allows(part: str, version: str) -> bool:
    """Whether *part* of a range, as ``<3.13``, allows *version*; False for a text that is not understood."""
    found = re.fullmatch(r"(>=|<=|==|!=|~=|>|<) ?(\d{1,2}(?:\.\d{1,4}){0,3})(\.\*)?", part)
    if found is None:
        return False
    how, bound, wild = found.groups()
    if wild or how in ("==", "~="):
        release = bound.rpartition(".")[0] if how == "~=" else bound
        return f"{version}.".startswith(f"{release}.") is (how != "!=")
    if how == "!=":
        return version != bound
    compare = {">=": ge, ">": gt, "<=": le, "<": lt}[how]
    return bool(compare(version_key(version), version_key(bound)))


def _fixes(package: str, want: str, have: str, asked: bool = False) -> tuple[Fix, ...]:
    minor = _example(want)
    tag = f"cp3{minor}"
    examples = f" With uv: `uv venv --python 3.{minor}`; in a manylinux image: /opt/python/{tag}-{tag}/bin/python."
    newer = Fix(
        f"use Python {want}",
        notes="In Docker: another tag of the image. In GitHub Actions: python-version of setup-python."
        + (examples if minor else ""),
    )
    package = re.split("[<>=!~]", package)[0]
    older = Fix(
        f"ask for a release{f' of {package}' if package else ''} that supports this Python"[:80],
        notes="Without a version, pip and uv choose the newest one that does.",
    )
    if asked:
        return (
            Fix(
                f'write requires-python = "{want}" in pyproject.toml',
                notes="uv looks for versions that fit every Python of the project"
                + (f": it says {have}." if have else "."),
            ),
            older,
        )
    return newer, older
