"""A package that is installed for editing builds itself again when it is imported, and that fails.

meson-python and scikit-build-core install a finder with ``pip install -e`` that compiles what has changed at the next
import. It needs what the first build had: Ninja, the compiler, Cython, numpy's headers, and the build folder. With
isolation they were in an environment that pip has removed since, so the first import already fails.

How to fix: install the package again without isolation, with its build requirements in the same environment.

References:
    https://mesonbuild.com/meson-python/how-to-guides/editable-installs.html
    https://scikit-build-core.readthedocs.io/en/latest/configuration/index.html#editable-installs
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

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    fallback=True,
    patterns=(
        *patterns_for(
            "editable-failed",
            (
                "meson-python editable wheel",
                r"ImportError: re-building the (?P<package>\S{1,100}) meson-python editable wheel package failed",
            ),
            (
                "editable package failed",
                r"ImportError: rebuilding the \"(?P<package>[^\"]{1,100})\" editable package failed",
            ),
            (
                "_editable_loader.py",
                r"(?<!\w)_(?P<package>\w{1,100}?)_editable_loader\.py\"?(?:, line |:)\d+(?:,|:) in _rebuild"
                r"\s.{0,900}?CalledProcessError: Command",
                8,
            ),
            (
                "/pip-build-env-",
                r"No such file or directory: "
                r"'(?P<gone>[^']{0,200}/pip-build-env-[^']{1,200}/(?P<tool>ninja|meson|cmake))'",
            ),
        ),
        *patterns_for(
            "editable-frame",
            ("_editable_loader.py", r"(?<!\w)_(?P<package>\w{1,100}?)_editable_loader\.py\b"),
            (
                "CalledProcessError: Command",
                r"CalledProcessError: Command '\['\S{0,300}(?P<ninja>ninja)'[^]]{0,200}\]' returned non-zero",
            ),
            ("_editable.py", r"/_(?P<package>\w{1,100}?)_editable\.py\b"),
        ),
        *patterns_for(
            "editable-absent",
            (
                "No such file or directory: '",
                r"^(?:E +)?FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<gone>[^']{1,300})'",
            ),
        ),
    ),
)
_FRAMES = 12  # lines of the traceback


def log(log: BuildLog) -> Iterator[Finding]:
    """See the finder of an editable installation fail to build."""
    hits = log.find("editable-failed")
    frames = log.find("editable-frame")
    absent = [hit for hit in log.find("editable-absent") if log.near(hit.line, "editable-frame", before=_FRAMES)]
    told = [
        hit
        for hit in frames
        if hit.groups["ninja"] and log.near(hit.line, "editable-frame", before=0, after=_FRAMES)[1:]
    ]
    if not hits and not absent and not told:
        return
    last = (hits or absent or told)[-1]
    gone = next((hit.groups["gone"] for hit in absent), "")
    package = last.groups["package"] or next(
        (hit.groups["package"] for hit in frames if hit.groups["package"]), "the package"
    )
    why = f": {gone}, which its build used, is gone" if gone else ""
    yield finding_from_hits(
        log,
        sorted({hit.line: hit for hit in (*absent[:1], last)}.values(), key=lambda hit: hit.line),
        f"{package}, installed for editing, cannot build itself again{why}",
        "It cannot be imported.",
        (_CORRECT, _AGAIN) if _compiles(log) else (_AGAIN, _SHOW),
    )


def _compiles(log: BuildLog) -> bool:
    """Whether the log shows an error of the compiler or of Ninja: then a source is wrong, not the environment."""
    return any(event.failure and event.tool in ("cc", "ninja", "ld") for event in log.course.events)


_AGAIN = Fix(
    "install it again without isolation, with its build requirements beside it",
    (
        Command("python3 -m pip install meson-python ninja", FixStage.TOOLCHAIN),
        Command("python3 -m pip install --no-build-isolation --editable .", FixStage.BUILD),
    ),
    notes="And the others of [build-system] requires, such as cython and numpy.",
)
_SHOW = Fix(
    "if a source file has an error: let the build show it",
    env=(("MESONPY_EDITABLE_VERBOSE", "1"),),
    notes="Then import the package again. Or run ninja in its folder build/cp3NN.",
)
_CORRECT = Fix("correct the source at the place that the compiler names", notes="The next import builds it again.")
