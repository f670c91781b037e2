"""Finds any of hundreds of literal texts in a block of bytes, many times faster than searching for each.

Every text is known by six of its bytes in a row (by four, if it is shorter): its gram. First every byte and the one
after it are made one byte, a hash of the pair. The grams are dealt into eight buckets, one bit each; for the
pairs at some places of a gram there is a table that maps a hash to the buckets that can have it there. Translating the
hashes through the tables, and combining the results, shifted, as one huge integer each, leaves a bit only where all
pairs fit: a dozen passes over memory in all, whatever the number of texts. What is left is looked at closely. (The idea
is that of the Teddy algorithm in Intel's Hyperscan, with long integers for vector registers.)
"""

from __future__ import annotations

import re
from collections import Counter

from diagnose.light import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

GRAM = 4  # bytes that a text has at least
_LONG = 6
_STEP = 1 << 14  # bytes looked at in one go: a processor's cache holds all that is made of them
_PLACES = (0, 1, 2, 4)  # where the pairs of a gram that are looked at begin; a short gram has none at the last
_FIRST = bytes(byte * 167 & 255 for byte in range(256))
_SECOND = bytes((byte * 59 ^ byte >> 2) & 255 for byte in range(256))
# What stands in thousands of lines of a build that goes well: a text is not known by a part of one of these.
_ORDINARY = (
    b" Compiling Checking Downloaded Downloading Running Fresh Building Installing installed Collecting Requirement "
    b"already satisfied Using cached Unpacking Preparing to unpack Selecting previously unselected package packages "
    b"Setting up Get:1 Processing triggers for target/release/deps/ debug --crate-name --edition=2021 -C metadata="
    b" --emit=dep-info,link,metadata --extern -L dependency=/home/user/.cargo/registry/src/index include/ "
    b"--cap-lints unused variable warning: generated note: cargo:rerun-if-changed=src/ cargo:rustc-link-search= "
    b"error_chain thiserror https://github.com/ http://deb. x86_64-linux-gnu /usr/lib/ /usr/bin/ checking "
    b"whether ... yes no -- Looking - found -O3 -fPIC -Wall -std=gnu extracting creating build/ copying adding "
    b"src/main.rs the of and that is in with code file library libraries command cargo:rerun-if-env-changed=PKG_CONFIG "
    b"aarch64-unknown-linux-gnu armv7-unknown-linux-gnueabihf --error-format=json --crate-type lib -C opt-level=3 "
    b"skipping incompatible when searching for Reading package lists... 0% Done Building dependency tree... 50% "
    b"Reading database ... (%) libc6-dev:armhf (2.36-9) ... [1234 kB] #12 0.412 2024-05-01T12:03:04.1234567Z 1.2 MB "
)
_NEXT_MARK = re.compile(rb"\0*(?:([^\0])|\Z)")


def _hashed(block: bytes) -> bytes:
    """Return, for every byte of *block*, the hash of it and the next one."""
    first = int.from_bytes(block.translate(_FIRST), "little")
    second = int.from_bytes(block.translate(_SECOND), "little")
    return (first ^ second >> 8).to_bytes(len(block), "little")


class Usual(NamedTuple):
    """What is met in the output of builds that go well: the ``shares`` of the hashes, and the ``grams``."""

    shares: list[float]
    grams: set[bytes]


def usual(sample: bytes = b"") -> Usual:
    """Return what is usual, and in a log of which *sample* is a part."""
    shares = []
    for output in (_ORDINARY, sample):
        counts = Counter(_hashed(output))
        shares.append([(counts[value] + 0.5) / (len(output) + 128) for value in range(256)])
    grams = {
        output[at : at + size]
        for output in (_ORDINARY, sample)
        for size in (GRAM, _LONG)
        for at in range(len(output) - size + 1)
    }
    return Usual(list(map(max, *shares)) if sample else shares[0], grams)


class Sieve:
    """A search for *texts* (each at least four bytes long) by grams that are not in *floods*.

    Of a text, a gram is searched for that is not *common*, as far as there is one.

    ``grams`` says which texts each gram stands for, and where in the text it is. A text all of whose grams are floods
    is not searched for. ``strays`` counts how often a gram was found outside its texts.
    """

    def __init__(self, texts: Iterable[bytes], common: Usual, floods: Collection[bytes] = ()) -> None:
        self.grams: dict[bytes, list[tuple[int, bytes]]] = {}
        for text in sorted(set(texts), key=lambda text: (len(text), text)):
            size = _LONG if len(text) >= _LONG else GRAM
            own = [text[at : at + size] for at in range(len(text) - size + 1)]
            usable = [gram for gram in own if gram not in floods]
            if usable:
                shared = [gram for gram in usable if gram in self.grams]
                gram = min(shared or usable, key=lambda gram: _commonness(gram, common))
                self.grams.setdefault(gram, []).append((own.index(gram), text))
        self.strays: Counter[bytes] = Counter()
        self._tables = _tables(self.grams, common)

    def finds(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield (position, text) for every text in *block*."""
        grams = self.grams
        for at in self._candidates(block):
            for size in (_LONG, GRAM):
                gram = block[at : at + size]
                if gram in grams:
                    stray = True
                    for offset, text in grams[gram]:
                        if at >= offset and block.startswith(text, at - offset):
                            stray = False
                            yield at - offset, text
                    self.strays[gram] += stray

    def _candidates(self, block: bytes) -> Iterator[int]:
        """Yield the places of *block* where a gram can begin."""
        for begin in range(0, len(block), _STEP):
            part = block[begin : begin + _STEP + _LONG]
            part += bytes(_STEP + _LONG - len(part))  # so that a short gram at the end has all its pairs
            pairs = _hashed(part)
            marks = int.from_bytes(pairs.translate(self._tables[0]), "little")
            for place, table in zip(_PLACES[1:], self._tables[1:], strict=True):
                marks &= int.from_bytes(pairs.translate(table), "little") >> (8 * place)
            if marks:
                for mark in _NEXT_MARK.finditer(marks.to_bytes(len(pairs), "little"), 0, _STEP):
                    if mark[1]:
                        yield begin + mark.end() - 1


def _commonness(gram: bytes, common: Usual) -> tuple[bool, float]:
    return gram in common.grams, _chance([common.shares[value] for value in _values(gram)])


def _values(gram: bytes) -> list[int]:
    hashes = _hashed(gram)
    return [hashes[place] for place in _PLACES if place + 1 < len(gram)]


def _chance(parts: Iterable[float]) -> float:
    product = 1.0
    for part in parts:
        product *= min(part, 1.0)
    return product


def _tables(grams: Iterable[bytes], common: Usual) -> tuple[bytes, ...]:
    """Deal *grams* into eight buckets so that few other bytes fit, and return a translation table for each place."""
    tables = [bytearray(256) for _ in _PLACES]
    likely = [[0.0] * len(_PLACES) for _ in range(8)]  # of each bucket, how probable it is that a pair fits
    for gram in sorted(grams, key=lambda gram: (len(gram), -_commonness(gram, common)[1], gram)):
        values = _values(gram)
        best, grown_best, cost_best = 0, likely[0], 2.0
        # Short grams, of which the last place is anything, stay among themselves.
        for number in range(2) if len(gram) < _LONG else range(2, 8):
            grown = [
                known if table[value] >> number & 1 else known + common.shares[value]
                for known, table, value in zip(likely[number], tables, values, strict=False)
            ]
            grown += [1.0] * (len(_PLACES) - len(grown))
            cost = _chance(grown) - _chance(likely[number])
            if cost < cost_best:
                best, grown_best, cost_best = number, grown, cost
        likely[best] = grown_best
        for table, value in zip(tables, values, strict=False):
            table[value] |= 1 << best
        for table in tables[len(values) :]:
            table[:] = bytes(byte | 1 << best for byte in table)
    return tuple(map(bytes, tables))
