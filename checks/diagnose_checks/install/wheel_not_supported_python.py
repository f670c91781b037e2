"""The wheel is for another Python than the one that installs it.

``cp312-cp312`` in a wheel's name means: CPython 3.12 and no other. ``abi3`` means: that version or a newer one;
``cp313t`` the free-threaded build, ``pp311`` PyPy. An installer refuses a wheel for another Python by the same words
with which it refuses one for another platform.

How to fix: take, or build, the wheel for this Python; or one wheel for all with an ``abi3-py3X`` feature of PyO3.

References:
    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, Phase, Stage
from diagnose_checks.install._triage import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LATER)


def log(log: BuildLog) -> Iterator[Finding]:
    """See an installer refuse a wheel of another Python."""
    for one in refused(log, "wheel-not-supported-python"):
        name = one.wheel or "the package"
        tags = one.wheel.removesuffix(".whl").split("-")
        wanted = "-".join(tags[-3:-1]) if len(tags) >= 5 else ""
        wheels = f"is for {wanted}" if wanted else "has no wheel for this Python"
        yield finding_from_hits(
            log,
            one.hits,
            f"{name} {wheels}: {one.detail}" if one.detail else f"{name} {wheels}, which this Python may not be",
            "It is not installed.",
            [
                Fix(
                    "build the wheel with the Python that shall import it",
                    (Command("python3 -m pip wheel --no-deps .", Stage.BUILD),),
                    notes="With maturin: maturin build --release -i python3.12, with the version that is wanted.",
                ),
                Fix("see what this Python takes", (Command("python3 -m pip debug --verbose", Stage.TOOLCHAIN),)),
            ],
        )
