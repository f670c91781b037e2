"""The wheel is larger than the package index accepts by default.

A new project may upload files of up to 100 MiB, and 10 GiB in total. Projects can ask for more, up to 1 GiB a file,
before the upload; whether this project did cannot be seen in the wheel. Other indexes have other limits.

How to fix: strip debug information, which is often most of a native wheel; remove files that the wheel does not need at
run time; or ask for a higher limit.

References:
    https://docs.pypi.org/project-management/storage-limits
    https://github.com/pypi/warehouse/blob/main/warehouse/constants.py
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(
    since="0.1.0",
    patterns=patterns_for(
        "upload-too-large",
        (
            "413 ",
            r"\b(?:HTTPError|status code|Client Error)?:? ?413 (?:Request Entity|Content|Payload) Too Large "
            r"(?:from|for url)",
        ),
        ("413 Client Error: ", r"413 Client Error: (?:Request Entity|Content|Payload) Too Large for url"),
        (
            "File too large. Limit for",
            r"File too large\. Limit for project '(?P<project>[^']{1,100})' is (?P<limit>\d+ ?\w+)",
        ),
    ),
)

#: Bytes, by the index's source of 2026-08: a project's limit unless it asked for more, and the most that it can get.
DEFAULT_LIMIT, HIGHEST_LIMIT = 100 << 20, 1 << 30


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See wheels beyond the default limit and beyond the highest one."""
    if wheel.size <= DEFAULT_LIMIT:
        return
    never = wheel.size > HIGHEST_LIMIT
    limit = "1 GiB, the highest limit of a project" if never else "100 MiB, the limit of a project that has not asked"
    yield Finding(
        f"has {wheel.size >> 20} MiB",
        Severity.WARNING if never else Severity.NOTE,
        (Evidence(f"{wheel.size} bytes, more than {limit}", where="the archive"),),
        "the package index refuses the upload" + ("" if never else " without a raised limit") + ": File too large",
        (
            Fix(
                "remove the largest files that are unnecessary at run time",
                (Command(f"unzip -v {quote(wheel.path)} | sort -n -k3 | tail", FixStage.BUILD),),
            ),
        ),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See an index refuse a file for its size."""
    hits = log.find("upload-too-large")
    if not hits:
        return
    limit = next((hit.groups["limit"] for hit in hits if hit.groups["limit"]), "")
    yield finding_from_hits(
        log,
        hits,
        f"the index refuses the file: it is too large{f' (limit {limit})' if limit else ''}",
        "It is not published.",
        (
            Fix(
                "look what is large in it, and leave that out",
                (Command("unzip -v WHEEL | sort -n -k3 | tail", FixStage.BUILD),),
                notes='Debug information first: strip = true below [tool.maturin], strip = "symbols" in a profile of '
                "Cargo.toml, auditwheel repair --strip.",
            ),
            Fix(
                "ask for a higher limit, or set it on a server of your own",
                notes="The public index: https://docs.pypi.org/project-management/storage-limits. Others: "
                "client_max_body_size of nginx before devpi, pypiserver, Nexus or GitLab.",
            ),
        ),
    )
