"""Reads a wheel on a server: its zip directory first, and then only the members that are needed.

The file is laid out in memory as it is on the server, with zeros where nothing was fetched: memory that is not
written to takes no room.
"""

from __future__ import annotations

import hashlib
import mmap
from itertools import pairwise

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers.wheel import archive, reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.index import http
    from diagnose.index.locations import Location

MAX_WHEEL = 4 << 30
"""Bytes of a wheel that is fetched."""
TAIL = 64 << 10
"""Bytes that are fetched first: the directory of most wheels is shorter."""
GAP = 32 << 10
"""Bytes between two members that are fetched along rather than asked for apart."""


def fetch(location: Location, fetcher: http.Fetcher, whole: bool) -> memoryview:
    """Return the bytes of a wheel, or (unless *whole*) those that the reader needs, at their places.

    Raises:
        InputError: it cannot be fetched, is larger than :data:`MAX_WHEEL`, changes meanwhile, has another digest than
            its index says, or its directory cannot be read.
    """
    place = location.place
    if whole:
        body = fetcher.get(place, MAX_WHEEL, {"Accept-Encoding": "identity"}).body
        _verify(body, location)
        return memoryview(body)
    tail = fetcher.part(place, -TAIL, 0, MAX_WHEEL)
    if len(tail.body) == tail.total:
        _verify(tail.body, location)
        return memoryview(tail.body)
    if tail.total > MAX_WHEEL:
        raise InputError(f"{location.label}: refused, has {tail.total} bytes, more than {MAX_WHEEL}")
    room = mmap.mmap(-1, tail.total)
    room[tail.start : tail.total] = tail.body
    view = memoryview(room)
    for start, stop in _missing(view, location.file_name, tail.start):
        part = fetcher.part(place, start, stop, MAX_WHEEL)
        if (part.total, part.version) != (tail.total, tail.version):
            raise InputError(f"{location.label}: changed on the server while it was read")
        room[part.start : part.start + len(part.body)] = part.body
        if len(part.body) == part.total:
            break
    return view


def _missing(view: memoryview, name: str, fetched_from: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of bytes that are still needed: that of the directory, and when it is there, of the members."""
    start, _ = archive.directory_span(view, name)
    if start < fetched_from:
        yield start, fetched_from
    members = archive.open_archive(view, name).members
    needed = reader.wanted(members)
    offsets = sorted({start, *(member.offset for member in members)})
    ends = dict(pairwise(offsets))
    spans: list[list[int]] = []
    for low, high in sorted((one.offset, ends.get(one.offset, start)) for one in members if one.name in needed):
        if spans and low - spans[-1][1] <= GAP:
            spans[-1][1] = max(spans[-1][1], high)
        else:
            spans.append([low, high])
    for low, high in spans:
        high = min(high, start, fetched_from)
        if 0 <= low < high:
            yield low, high


def _verify(body: bytes, location: Location) -> None:
    if location.sha256 and hashlib.sha256(body).hexdigest() != location.sha256:
        raise InputError(f"{location.label}: has another SHA-256 than its index says")
