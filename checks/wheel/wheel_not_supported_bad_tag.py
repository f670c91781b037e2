"""The wheel has a platform tag that no installer ever asks for.

Tags that were written by hand, or by a tool that put them together: ``manylinux1`` on a processor that it does not
exist for, a processor under Docker's or Debian's name (``arm64``, ``armhf``). The file installs nowhere.

Mend it: the right tag; ``auditwheel repair`` and maturin find it themselves.

References:
    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
"""

from __future__ import annotations

from checks._log import found
from checks.wheel._install import refused
from diagnose.finding import Command, Finding, Fix, Phase, Stage
from diagnose.light import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

PHASE = Phase.LATER


def log(log: BuildLog) -> Iterator[Finding]:
    """See an installer refuse a wheel with an impossible tag."""
    for one in refused(log, "wheel-not-supported-bad-tag"):
        yield found(
            log,
            one.hits,
            f"{one.wheel} has a tag that nothing asks for: {one.detail}",
            "The wheel installs nowhere.",
            [Fix("have the tag set by the tool that knows it", (Command("auditwheel repair WHEEL", Stage.BUILD),))],
        )
