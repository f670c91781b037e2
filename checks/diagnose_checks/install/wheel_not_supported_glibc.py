"""This system's glibc is older than the wheel's tag requires.

``manylinux_2_39`` means glibc 2.39 or later. An installer on an older system skips such a wheel, or refuses it if it is
named. Wheels that were built on a desktop or a current runner, outside a manylinux image, get such tags.

How to fix: build the wheel for an older policy, or install it on a newer system.

References:
    https://peps.python.org/pep-0600/
    https://github.com/mayeut/pep600_compliance
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose_checks.install._triage import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LATER, log_kinds=("wheel-refused", "uv-refused", "uv-platform", "uv-python"))


def log(log: BuildLog) -> Iterator[Finding]:
    """See an installer refuse a wheel for a newer glibc."""
    for one in refused(log, "wheel-not-supported-glibc"):
        name = one.wheel or "the package's wheels"
        yield finding_from_hits(
            log,
            one.hits,
            f"{name} needs a newer glibc ({one.detail})"
            if one.detail
            else f"{name} is refused; the likeliest reason is that it needs a newer glibc",
            "The wheel is not installed.",
            [
                Fix(
                    "build it for an older glibc",
                    (Command("maturin build --release --zig --compatibility manylinux2014", FixStage.BUILD),),
                    notes="Or build in a manylinux image.",
                ),
                Fix("install on a newer system", notes="`ldd --version` prints the glibc of this one."),
            ],
        )
