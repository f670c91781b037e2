"""Whatever a wheel's files say, the checks judge it or leave it, but never fall over."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wheels import EXPECTED, FOLDER, build, findings

from diagnose.model.finding import InputError

_NAMES = sorted(name for name in EXPECTED if name.startswith(("healthy_", "wheel_rpath", "wheel_bundled")))


def _members(name: str) -> list[object]:
    with zipfile.ZipFile(FOLDER / name) as archive:
        return [build.Member(entry.filename, archive.read(entry)) for entry in archive.infolist()]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(_NAMES),
    changes=st.lists(st.tuples(st.integers(0, 1 << 14), st.integers(0, 255)), max_size=24),
    cut=st.one_of(st.none(), st.integers(4, 1 << 12)),
)
def test_changed_and_cut_files_are_judged(name: str, changes: list[tuple[int, int]], cut: int | None) -> None:
    members = _members(name)
    for number, member in enumerate(members):
        if member.data[:4] == b"\x7fELF":
            data = bytearray(member.data[:cut])
            for place, value in changes:
                if place < len(data) - 4:
                    data[place + 4] = value
            members[number] = member._replace(data=bytes(data))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(build.zip_bytes(members))
        try:
            found = findings(path)
        except InputError:
            return
    assert all(finding.evidence for finding in found)
    assert all(len(finding.evidence) <= 10 for finding in found)
