"""Attacks the reader of archives: ``python3 dev.py fuzz archive SECONDS [SEED]``.

The inputs are small archives packed in every way, with bytes changed. All members are inflated; what is inflated must
be what ``zipfile`` unpacks (every tenth input). ``dev.py fuzz wheel`` also runs the checks, on fewer inputs.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from diagnose.readers.wheel import archive, metadata, record

from . import engine, wheel

NAMES = ("a.py", "a/b.so", "a-1.dist-info/RECORD", "a-1.dist-info/WHEEL", "a/", "é.py", "../x", "/y", "a\\b.py", "a.py")
TEXTS = (
    b"", b"x" * 700, b"Wheel-Version: 1.0\nTag: cp312-cp312-linux_x86_64\n", b"a.py,sha256=AA,0\na/b.so,,\n",
    b'"a,b",sha256=AA,1\n"', b"[console_scripts]\na = b:c\n", b"\x7fELF\2\1\1" + bytes(120), b"Name: a\n b\n\n\nText\n",
)  # fmt: skip


def kind() -> engine.Kind:
    """Return the kind of input: bytes of one archive."""
    made = random.Random(0)
    known = [
        wheel.pack(
            [(made.choice(NAMES), made.choice(TEXTS), wheel.packing(made)) for _ in range(made.randrange(1, 5))],
            made.choice((b"", b"", b"", b"#!/bin/sh\n")),
            made.choice((b"", b"", b"comment")),
            wide=made.random() < 0.2,
        )
        for _ in range(400)
    ]
    known = [data for data in known if len(data) < 6000]

    def make(chance: random.Random) -> object:
        return engine.flip(chance, known[int(chance.random() * len(known))])

    def read(value: object) -> None:
        assert isinstance(value, bytes)
        opened = archive.open_archive(memoryview(value), "x.whl")
        for member in opened.members:
            out = bytearray()
            archive.inflate(opened, member, out.extend)
            if len(out) > member.size:
                raise AssertionError(f"{len(out)} bytes of a member of {member.size}")
            if member.name.endswith(("WHEEL", "RECORD")):
                text = out.decode("utf-8", "backslashreplace")
                metadata.fields(text)
                metadata.entry_points(text)
                rows = record.parse(text, len(opened.members))
                record.verify(member.name, rows, {})
        if value[-1] % 10 == 0:
            wheel.compare(value)

    return engine.Kind("archive", make, read)


def main(seconds: float = 60, seed: int = 0, say: Callable[[str], object] = print) -> int:
    """Read mutated archives for *seconds*; return 1 if one of them failed, else 0."""
    return engine.campaign(kind(), seconds, seed, say)
