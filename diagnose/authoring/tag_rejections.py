"""Reads the messages with which the package index rejects a platform tag."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit

_PLATFORM = r"unsupported\s*platform\s*tag\s*['\"`](?P<tag>[^'\"`]+)['\"`]"
WORDINGS = (
    # twine prints through rich, which breaks lines at the terminal's width, even inside a file name
    *patterns_for(
        "tag-rejected",
        ("unsupported platform tag", _PLATFORM),
        ("unsupported plat", _PLATFORM, 3),
        ("has an unsupported", rf"has an {_PLATFORM}", 3),
        ("Binary wheel", rf"Binary wheel.{{1,300}}?{_PLATFORM}", 5),
    ),
    *patterns_for(
        "linux-tag-note", ("No compatible platform tag", "No compatible platform tag found, using the linux tag")
    ),
)


def rejected(log: BuildLog) -> list[tuple[Hit, str]]:
    """Return the rejections, each tag once, with the tag as written in the wheel's name."""
    found: dict[str, Hit] = {}
    for hit in log.find("tag-rejected"):
        found.setdefault(re.sub(r"\s+", "", hit.groups["tag"]), hit)
    return [(hit, tag) for tag, hit in found.items()]
