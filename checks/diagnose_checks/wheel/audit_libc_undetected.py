"""auditwheel cannot determine for which libc the module was built.

auditwheel 6.4 and later distinguish glibc from musl by the libraries that the files of the wheel need. A module for the
stable ABI that calls no function of libc needs no such library, and its name does not contain the libc either.

How to fix: name the tag of the system that the module was built on: ``--plat manylinux_2_17_x86_64`` or ``--plat
musllinux_1_2_x86_64``.

References:
    https://github.com/pypa/auditwheel/blob/main/src/auditwheel/wheel_abi.py
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
    phase=Phase.AUDIT,
    patterns=patterns_for(
        "libc-undetected",
        ("detect libc for", r"couldn't detect libc for (?:python extension )?(?P<file>\S+)"),
        ("detect wheel libc", r"couldn't detect (?:wheel )?libc\b"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See auditwheel fail to detect the libc."""
    for hit in log.find("libc-undetected")[:1]:
        name = hit.groups["file"] or "the module"
        arch = next((row.wheel for row in (log.target_at(hit.line), log.host) if row is not None), "x86_64")
        yield finding_from_hits(
            log,
            [hit],
            f"auditwheel cannot determine the libc of {name}, which calls no libc function",
            "auditwheel writes no wheel.",
            (
                Fix(
                    "name the tag (built on glibc)",
                    (Command(f"auditwheel repair --plat manylinux_2_17_{arch} WHEEL", FixStage.BUILD),),
                    notes="On Alpine use musllinux_1_2. Both tags are correct for a wheel that needs no libc.",
                ),
            ),
        )
