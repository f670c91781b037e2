"""Finds any of hundreds of literal texts in a block of bytes, several times faster than searching for each.

Every text is known by four of its bytes in a row. The texts are dealt into eight buckets, one bit each; for the first,
second, third and fourth byte there is a table that maps a byte to the buckets that can have it there. Translating the
whole block through the tables, and combining the four results, shifted, as one huge integer each, leaves a bit only
where all four bytes fit: three or four passes over memory in all, whatever the number of texts. What is left is looked
at closely. (The idea is that of the Teddy algorithm in Intel's Hyperscan, with long integers for vector registers.)
"""

from __future__ import annotations

import re
from collections import Counter

from diagnose.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

GRAM = 4
# The bytes of ordinary build output, the most frequent first; all others are rarer.
_FREQUENT = b" eratsinoldcumg-p/._bhv012fy\n:=3kw456789"
_RANK = {byte: 1 / (rank + 3) for rank, byte in enumerate(_FREQUENT)}
_RARE = 0.004
# Words that stand in thousands of lines of a build that goes well: a text is not known by a part of one of these.
_ORDINARY = (
    b" Compiling Checking Downloaded Downloading Running Fresh Building Installing installed Collecting Requirement "
    b"already satisfied Using cached Unpacking Preparing to unpack Selecting previously unselected package packages "
    b"Setting up Get:1 Processing triggers for target/release/deps/ debug --crate-name --edition=2021 -C metadata="
    b" --emit=dep-info,link,metadata --extern -L dependency=/home/user/.cargo/registry/src/index include/ "
    b"--cap-lints unused variable warning: generated note: cargo:rerun-if-changed=src/ cargo:rustc-link-search= "
    b"error_chain thiserror https://github.com/ http://deb. x86_64-linux-gnu /usr/lib/ /usr/bin/ checking "
    b"whether ... yes no -- Looking - found -O3 -fPIC -Wall -std=gnu extracting creating build/ copying adding "
    b"src/main.rs the of and that is in with code file library libraries command "
)
_ORDINARY_GRAMS = {_ORDINARY[at : at + GRAM] for at in range(len(_ORDINARY) - GRAM + 1)}
_NEXT_MARK = re.compile(rb"\0*(?:([^\0])|\Z)")


def _likelihood(values: Iterable[int]) -> float:
    return sum(_RANK.get(value, _RARE) for value in values) / 4


class Sieve:
    """A search for *texts* (each at least four bytes long) by grams that are not in *floods*.

    ``grams`` says which texts each gram stands for, and where in the text it is. A text all of whose grams are floods
    is not searched for. ``strays`` counts how often a gram was found outside its texts.
    """

    def __init__(self, texts: Iterable[bytes], floods: Collection[bytes] = ()) -> None:
        self.grams: dict[bytes, list[tuple[int, bytes]]] = {}
        for text in sorted(set(texts), key=lambda text: (len(text), text)):
            own = [text[at : at + GRAM] for at in range(len(text) - GRAM + 1)]
            usable = [gram for gram in own if gram not in floods]
            if usable:
                shared = [gram for gram in usable if gram in self.grams]
                gram = min(shared or usable, key=_commonness)
                self.grams.setdefault(gram, []).append((own.index(gram), text))
        self.strays: Counter[bytes] = Counter()
        self._tables = _tables(self.grams)

    def finds(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield (position, text) for every text in *block*."""
        if len(block) < GRAM:
            return
        marks = int.from_bytes(block.translate(self._tables[0]), "little")
        for number in range(1, GRAM):
            marks &= int.from_bytes(block.translate(self._tables[number]), "little") >> (8 * number)
        for mark in _NEXT_MARK.finditer(marks.to_bytes(len(block), "little")):
            if not mark[1]:
                break
            at = mark.end() - 1
            gram = block[at : at + GRAM]
            if gram in self.grams:
                stray = True
                for offset, text in self.grams[gram]:
                    if block.startswith(text, at - offset if at > offset else 0):
                        stray = False
                        yield at - offset, text
                self.strays[gram] += stray


def _commonness(gram: bytes) -> tuple[bool, float]:
    return gram in _ORDINARY_GRAMS, _product([{byte} for byte in gram])


def _product(sets: Iterable[Iterable[int]]) -> float:
    result = 1.0
    for values in sets:
        result *= _likelihood(values)
    return result


def _tables(grams: Iterable[bytes]) -> tuple[bytes, ...]:
    """Deal *grams* into eight buckets so that few other bytes fit, and return the four translation tables."""
    buckets: list[list[set[int]]] = [[set() for _ in range(GRAM)] for _ in range(8)]
    for gram in sorted(grams, key=lambda gram: (-_product([{byte} for byte in gram]), gram)):
        grown = [[known | {byte} for known, byte in zip(bucket, gram, strict=True)] for bucket in buckets]
        best = min(range(8), key=lambda number: _product(grown[number]) - _product(buckets[number]))
        buckets[best] = grown[best]
    tables = [bytearray(256) for _ in range(GRAM)]
    for number, bucket in enumerate(buckets):
        for table, values in zip(tables, bucket, strict=True):
            for value in values:
                table[value] |= 1 << number
    return tuple(map(bytes, tables))
