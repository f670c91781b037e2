"""The tags inside the wheel are not those of its file name.

WHEEL repeats the tags of the file name, one per line. Installers choose by the file name; ``pip check`` and tools that
look at installed packages read WHEEL. They differ when a wheel was renamed by hand, mostly from ``linux_x86_64`` to
``manylinux…`` in order to get past the index, and then nobody has checked that the new tag holds either.

How to fix: where they still agree, change tags with a tool that changes both (``python -m wheel tags``); where they
differ already, unpack the wheel, write the right ones into WHEEL and pack it.

References:
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

from diagnose.authoring.wheel import some
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Severity
from diagnose.readers.wheel.reader import Wheel
from diagnose.remedies.repack import repack

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECK = Check(since="0.1.0")


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See a difference between the two sets."""
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
        "installers go by the file name, pip check by WHEEL; a tag that was only renamed has been checked by nobody",
        (
            repack(
                wheel,
                "write the file name's tags into WHEEL",
                (),
                "Only if the file name is the true one; see what the other checks say about it.",
            ),
        ),
    )
