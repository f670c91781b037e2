"""This pip is too old to know the wheel's kind of tag.

pip knows ``manylinux_2_17`` and similar tags, and those of macOS 11 and later, from 20.3 on, ``manylinux2014`` from
19.3, ``musllinux`` from 21.2. 20.0 and 20.0.1 leave out tags like ``py3-none-PLATFORM``. An older pip reports "not a
supported wheel on this platform", or builds the source distribution instead.

How to fix: update pip. Or add the older name to the wheel's tags (``manylinux2014_x86_64.manylinux_2_17_x86_64``).

References:
    https://github.com/pypa/manylinux#manylinux
    https://pip.pypa.io/en/stable/news/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose_checks.install._triage import WORDINGS, known_since, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LATER, patterns=WORDINGS)


def log(log: BuildLog) -> Iterator[Finding]:
    """See pip refuse a wheel with a tag of the newer form."""
    for one in refused(log, "wheel-not-supported-old-pip"):
        platform = one.platforms[0]
        first = ".".join(map(str, known_since(platform)))
        why = one.detail or f"pip knows tags like {platform} from {first} on, and it may be older"
        yield finding_from_hits(
            log,
            one.hits,
            f"pip refuses {one.wheel}: {why}",
            "The wheel is not installed.",
            [
                Fix("update pip", (Command("python3 -m pip install --upgrade pip", FixStage.TOOLCHAIN),)),
                Fix(
                    "list the tags that this pip accepts",
                    (Command("python3 -m pip debug --verbose", FixStage.TOOLCHAIN),),
                ),
            ],
        )
