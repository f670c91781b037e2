"""The wheel has a platform tag that no installer ever asks for.

Tags that were written by hand, or by a tool that put them together: ``manylinux1`` on a processor that it does not
exist for, a processor under Docker's or Debian's name (``arm64``, ``armhf``). The file installs nowhere.

How to fix: the right tag; ``auditwheel repair`` and maturin find it themselves.

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
    """See an installer refuse a wheel with an impossible tag."""
    for one in refused(log, "wheel-not-supported-bad-tag"):
        yield finding_from_hits(
            log,
            one.hits,
            f"{one.wheel} has a tag that nothing asks for: {one.detail}",
            "The wheel installs nowhere.",
            [Fix("have the tag set by the tool that knows it", (Command("auditwheel repair WHEEL", Stage.BUILD),))],
        )
