"""The wheel's archive can be read in more than one way, so the index refuses it.

A zip archive describes each member twice: in a header before it, and in the central directory at the end. pip reads the
directory. uv reads the headers while it downloads. Scanners read either. If the two disagree, if bytes belong to no
member, or if two members have the same name, the tools see different files: the checked file is not the installed one.
The package index refuses all such archives since 2025, uv most of them, pip hardly any.

Causes are tools that change a finished archive (``zip -u``, signing and self-extracting tools, concatenation),
interrupted or resumed downloads, and writers that stream. The latter write the sizes of a member after its data (a data
descriptor), which the index refuses as well.

How to fix: repack the wheel with a wheel tool, which writes every member once and both descriptions alike. If the
origin of the difference is unknown, rebuild the wheel instead.

References:
    https://blog.pypi.org/posts/2025-08-07-wheel-archive-confusion-attacks/
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Severity
from diagnose.remedies.repack import SCRATCH, repack
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="bytes")


#: Kind of flaw → its description, and whether uv 0.13 refuses to download it (tried; pip 26 accepts all).
_KINDS = {
    "before": ("bytes before the archive", True),
    "behind": ("bytes after the archive", True),
    "directory": ("an end record that does not match its directory", True),
    "between": ("bytes that belong to no member", True),
    "header": ("headers that contradict the directory", True),
    "duplicate": ("names of two members", True),
    "tail": ("bytes after compressed data", True),
    "stored-descriptor": ("sizes that come after stored data", True),
    "unicode-name": ("members with two names", True),
    "padding": ("zeros after the archive", False),
    "descriptor": ("sizes that come after the data", False),
    "comment": ("comments on members", False),
}


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See each part of the archive that different readers interpret differently."""
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
                "repack it, which writes every member once",
                (),
                "Only if the origin of the difference is known; otherwise rebuild the wheel.",
                unpack=f"python -m zipfile -e {quote(wheel.path)} {quote(f'{SCRATCH}/{wheel.name}-{wheel.version}')}",
            ),
        ),
    )


def _consequence(kinds: list[str], refused: bool) -> str:
    if not refused:
        return "installers accept it, the package index refuses the upload"
    if kinds == ["unicode-name"]:
        return "uv installs the file under one name, pip under the other"
    if kinds == ["tail"]:
        return "pip installs it, uv refuses it while it downloads: an unexpected header"
    return (
        "the package index refuses the upload, and uv the download; pip installs the files of the directory at its end"
    )
