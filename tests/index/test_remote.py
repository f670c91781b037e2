"""A wheel that is read in parts is judged as the same wheel on the disk, for fewer bytes."""

from __future__ import annotations

import hashlib
import random
import shutil
import zipfile
from pathlib import Path

import pytest
from serving import folder, reply, serving

from diagnose.index import judging, locations
from diagnose.index.judging import RunFlags
from diagnose.index.rows import Row

WHEELS = sorted((Path(__file__).parents[2] / "fixtures" / "wheels").glob("*.whl"))
HEALTHY = next(wheel for wheel in WHEELS if wheel.name.startswith("healthy_x86_64-"))
IGNORED = {"place": "", "fetched": 0}


def _rows(places: list[locations.Location], whole: bool) -> list[Row]:
    return judging.judge(places, RunFlags(whole))


def _stored(path: Path, source: Path, data: int) -> None:
    """Copy a wheel with *data* bytes that do not compress before, between and behind its members."""
    noise = random.Random(1).randbytes(data)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for number, info in enumerate(old.infolist()):
            new.writestr(f"demo/data{number}.bin", noise)
            new.writestr(info, old.read(info))


@pytest.mark.parametrize(("whole", "ranges", "step"), [(False, True, 1), (False, False, 8), (True, True, 8)])
def test_fixtures_have_the_same_row_from_a_server(whole: bool, ranges: bool, step: int, tmp_path: Path) -> None:
    for wheel in WHEELS[::step]:
        shutil.copy(wheel, tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    with serving(folder(tmp_path, ranges)) as address:
        remote = _rows([locations.Location(address + name) for name in names], whole)
    local = _rows([locations.Location(str(tmp_path / name)) for name in names], whole)
    assert [row._replace(**IGNORED) for row in remote] == [row._replace(**IGNORED) for row in local]
    assert all(row.fetched for row in remote if not row.error)


def test_only_what_is_needed_is_fetched(tmp_path: Path) -> None:
    path = tmp_path / HEALTHY.name
    _stored(path, HEALTHY, 400_000)
    with serving(folder(tmp_path)) as address:
        (parts,) = _rows([locations.Location(address + path.name)], whole=False)
        (whole,) = _rows([locations.Location(address + path.name)], whole=True)
    assert whole.fetched == whole.size == path.stat().st_size
    assert parts.fetched < path.stat().st_size / 4
    assert parts.lowest_tag == whole.lowest_tag
    assert parts.outcome == "ok"
    assert "wheel-record-invalid" in parts.not_made
    assert whole.not_made == ()


def test_a_part_that_was_not_read_is_no_passed_check() -> None:
    """RECORD's hashes are wrong, which --no-hashes cannot see, and does not claim to."""
    (source,) = [wheel for wheel in WHEELS if wheel.name.startswith("wheel_record_invalid-1-")]
    (row,) = _rows([locations.Location(str(source))], whole=False)
    assert "wheel-record-invalid" in row.not_made
    assert all(check != "wheel-record-invalid" for check, _, _ in row.findings)


def test_a_file_that_changes_meanwhile_is_not_judged(tmp_path: Path) -> None:
    path = tmp_path / HEALTHY.name
    _stored(path, HEALTHY, 400_000)
    body, asked = path.read_bytes(), []

    def answer(handler) -> None:  # type: ignore[no-untyped-def]
        asked.append(1)
        first, _, last = handler.headers["Range"].removeprefix("bytes=").partition("-")
        start = int(first) if first else len(body) - int(last)
        stop = int(last) + 1 if first else len(body)
        span = f"bytes {start}-{stop - 1}/{len(body)}"
        reply(handler, body[start:stop], 206, Content_Range=span, ETag=f'"{len(asked)}"')

    with serving(answer) as address:
        (row,) = _rows([locations.Location(address + path.name)], whole=False)
    assert row.outcome == "not-judged"
    assert row.error.endswith("changed on the server while it was read")


def test_a_file_with_another_digest_is_not_judged() -> None:
    source = WHEELS[0]
    right = hashlib.sha256(source.read_bytes()).hexdigest()
    with serving(folder(source.parent)) as address:
        places = [locations.Location(address + source.name, sha256=digest) for digest in (right, "0" * 64)]
        good, bad = _rows(places, whole=True)
    assert not good.error
    assert bad.error.endswith("has another SHA-256 than its index says")
