"""The tags in WHEEL differ from those in the file name.

WHEEL repeats the tags of the file name, one on each line. Installers choose by the file name; ``pip check`` and tools
that read installed packages use WHEEL. They differ when a wheel was renamed by hand, usually from ``linux_x86_64`` to
``manylinux…`` to be accepted by the index. In that case no tool has verified the new tag.

How to fix: to change tags, use a tool that changes both (``python3 -m wheel tags``). If they differ already, unpack the
wheel, write the right tags into WHEEL and pack it.

References:
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

from diagnose.authoring.wheel import some
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Severity
from diagnose.remedies.repack import repack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0")


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See tags that are in only one of the two places."""
    name, inside = {str(tag) for tag in wheel.tags}, {str(tag) for tag in wheel.wheel_tags}
    if name == inside:
        return
    path = f"{wheel.dist_info}/WHEEL"
    evidence = []
    if inside - name:
        evidence.append(Evidence(f"only here: {some(sorted(inside - name))}", path))
    if name - inside:
        evidence.append(Evidence(f"only here: {some(sorted(name - inside))}", where="the file name"))
    if not inside:
        evidence.append(Evidence("has no Tag line", path))
    yield Finding(
        "has other tags in its WHEEL file than in its file name",
        Severity.WARNING,
        tuple(evidence),
        "installers read the file name, pip check reads WHEEL; no tool verified a tag that was only renamed",
        (
            repack(
                wheel,
                "write the file name's tags into WHEEL",
                (),
                "Only if the file name is correct: the other checks examine its tags.",
            ),
        ),
    )
