"""The wheel's archive can be read in more than one way, so the index refuses it.

A zip archive says everything twice: in a header before each member, and in the central directory at its end. pip goes
by the directory; uv reads from the front while it downloads; scanners do either. Where the two disagree, where bytes
belong to no member, or where one name stands for two members, they see different files, and what was checked is not
what is installed. The package index refuses all such archives since 2025, uv most of them, pip hardly any.

It comes from tools that change a finished archive (``zip -u``, signing and self-extracting tools, concatenation), from
interrupted or resumed downloads, and from writers that stream: these put a member's sizes after its data (a data
descriptor), which the index refuses as well.

How to fix: pack the wheel with a wheel tool, which writes every member once and both descriptions alike. If you do not
know where the difference comes from, build the wheel instead.

References:
    https://blog.pypi.org/posts/2025-08-07-wheel-archive-confusion-attacks/
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Severity
from diagnose.readers.wheel.reader import Wheel
from diagnose.remedies.repack import SCRATCH, quote, repack

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECK = Check(since="0.1.0")


#: Kind of flaw → what it is, and whether uv 0.13 refuses it when it downloads the wheel (tried; pip 26 takes all).
_KINDS = {
    "before": ("bytes before the archive", True),
    "behind": ("bytes behind the archive", True),
    "directory": ("an end record that does not fit its directory", True),
    "between": ("bytes that belong to no member", True),
    "header": ("headers that contradict the directory", True),
    "duplicate": ("names that stand for two members", True),
    "tail": ("bytes behind compressed data", True),
    "stored-descriptor": ("sizes that come after stored data", True),
    "unicode-name": ("members with two names", True),
    "padding": ("zeros behind the archive", False),
    "descriptor": ("sizes that come after the data", False),
    "comment": ("comments on members", False),
}


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See all that one reader of the archive takes in another way than the next."""
    flaws = [flaw for flaw in wheel.zip_flaws if flaw.kind in _KINDS]
    if not flaws:
        return
    order = list(_KINDS)
    flaws.sort(key=lambda flaw: (order.index(flaw.kind), flaw.path, flaw.detail))
    kinds = list(dict.fromkeys(flaw.kind for flaw in flaws))
    refused = any(_KINDS[kind][1] for kind in kinds)
    yield Finding(
        f"can be read in more than one way: {some([_KINDS[kind][0] for kind in kinds])}",
        Severity.ERROR if refused else Severity.WARNING,
        bounded(
            (
                Evidence(flaw.detail, flaw.path) if flaw.path else Evidence(flaw.detail, where="the archive")
                for flaw in flaws
            ),
            "places",
        ),
        _consequence(kinds, refused),
        (
            repack(
                wheel,
                "pack it again, which writes every member once",
                (),
                "Only if you know where the difference comes from; otherwise build the wheel again.",
                unpack=f"python -m zipfile -e {quote(wheel.path)} {quote(f'{SCRATCH}/{wheel.name}-{wheel.version}')}",
            ),
        ),
    )


def _consequence(kinds: list[str], refused: bool) -> str:
    if not refused:
        return "installers take it, the package index refuses the upload"
    if kinds == ["unicode-name"]:
        return "uv installs the file under one name, pip under the other"
    if kinds == ["tail"]:
        return "pip installs it, uv refuses it while it downloads: an unexpected header"
    return "the package index refuses the upload, and uv the download; pip installs what the directory at its end says"
