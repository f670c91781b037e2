"""Attacks the reader of ELF files: ``python3 dev.py fuzz elf SECONDS [SEED]``.

The inputs are the ELF files of the fixtures, with the numbers changed that a reader follows.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from diagnose.readers.elf import elf_parser

from . import engine, wheel


def kind() -> engine.Kind:
    """Return the kind of input: bytes of one ELF file."""
    files = {data for sample in wheel.samples() for _, data in sample.files if data[:4] == elf_parser.MAGIC}
    known = sorted((data for data in files if len(data) < 12_000), key=len)

    def make(chance: random.Random) -> object:
        data = known[int(chance.random() * len(known))]
        return wheel.elf(chance, data) if chance.random() < 0.9 else engine.flip(chance, data)

    def read(value: object) -> object:
        assert isinstance(value, bytes)
        found = elf_parser.read(value, "x.so")
        if not all(name.isprintable() for name in (*found.needed, found.soname, found.interp, *found.broken)):
            raise AssertionError("a name that is not printable")
        return found.libc, found.is_extension

    return engine.Kind("elf", make, read)


def main(seconds: float = 60, seed: int = 0, say: Callable[[str], object] = print) -> int:
    """Read mutated ELF files for *seconds*; return 1 if one of them failed, else 0."""
    return engine.campaign(kind(), seconds, seed, say)
