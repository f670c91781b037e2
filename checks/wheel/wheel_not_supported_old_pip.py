"""This pip is too old to know the wheel's kind of tag.

``manylinux_2_17`` and its kin are understood from pip 20.3 on, ``manylinux2014`` from 19.3, ``musllinux`` from 21.2. An
older pip calls such a wheel "not a supported wheel on this platform", or builds the source distribution instead.

Mend it: update pip; or give the wheel the older name as well (``manylinux2014_x86_64.manylinux_2_17_x86_64``).

References:
    https://github.com/pypa/manylinux#manylinux
    https://pip.pypa.io/en/stable/news/
"""

from __future__ import annotations

from checks._log import found
from checks.wheel._install import WORDINGS, known_since, refused
from diagnose.finding import Command, Finding, Fix, Phase, Severity, Stage
from diagnose.light import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

PHRASES = WORDINGS

PHASE = Phase.LATER


def log(log: BuildLog) -> Iterator[Finding]:
    """See pip refuse a wheel with a tag of the newer form."""
    for one in refused(log, "wheel-not-supported-old-pip"):
        platform = one.platforms[0]
        first = ".".join(map(str, known_since(platform)))
        why = one.detail or f"pip knows tags like {platform} from {first} on, and it may be older"
        yield found(
            log,
            one.hits,
            f"pip refuses {one.wheel}: {why}",
            "The wheel is not installed.",
            [
                Fix("update pip", (Command("python3 -m pip install --upgrade pip", Stage.TOOLCHAIN),)),
                Fix("see what it accepts", (Command("python3 -m pip debug --verbose", Stage.TOOLCHAIN),)),
            ],
            Severity.ERROR if one.detail else Severity.WARNING,
        )
