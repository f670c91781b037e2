"""Finds any of hundreds of literal texts in a block of bytes, many times faster than searching for each.

Every text is known by six of its bytes in a row (by all, if it is shorter): its gram. First every byte, with the two
after it, is made one byte, a hash. The grams are dealt into eight buckets, one bit each; for each of the first four
bytes of a gram, its places, there is a table that maps a hash to the buckets that can have it there. Translating the
hashes through the tables, and combining the results, each a place further on, as one huge integer each, leaves a bit
only where all hashes fit: a dozen passes over memory in all, whatever the number of texts. What is left is looked at
closely. (The idea is that of the Teddy algorithm in Intel's Hyperscan, with long integers for vector registers.)

How little is left depends on which grams are chosen, and which of them share a bucket. That is decided by a sample of
what is usual: with a huge integer for every hash again, one bit for each position in the sample where it stands, it
takes a few operations to count how much of the sample would be left.
"""

from __future__ import annotations

from math import inf

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

GRAM = 4  # bytes that a text has at least
_LONG = 6
_PLACES = 4
_BUCKETS = 8
_SHORT = 3  # buckets for the grams of four bytes: anything fits their last place, so they stay among themselves
_STEP = 1 << 13  # bytes looked at in one go: in so few, sometimes nothing is left before the last place
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
_PLANES = [bytes(b"01"[value >> bit & 1] for value in range(256)) for bit in range(7, -1, -1)]
_ANY = range(256)


def _hashes(block: bytes) -> bytes:
    """Return for every byte of *block* a hash: of it, the upper five bits of the next, the lower three of the third."""
    number = int.from_bytes(block, "little")
    return (number ^ number >> 11).to_bytes(len(block), "little")


class Sieve:
    """A search for *texts*, each at least four bytes long, that is fast where the bytes are like those of *sample*.

    ``vain`` counts how often a place was looked at closely at which no text was.
    """

    def __init__(self, texts: Iterable[bytes], sample: bytes = b"") -> None:
        self.vain = 0
        self._texts: dict[bytes, list[tuple[int, bytes]]] = {}  # by the first bytes of the gram, and where that begins
        usual = _Usual(_ORDINARY + sample)
        grams = {}
        for text in sorted(set(texts)):
            *common, offset = min(usual.grams(text))
            gram = text[offset : offset + _LONG]
            grams[gram] = common
            self._texts.setdefault(gram[:GRAM], []).append((offset, text))
        # The hardest first: the shortest, and those that are common.
        order = sorted(grams, key=lambda gram: (-len(gram), grams[gram], gram), reverse=True)
        self._tables = _tables(order, usual)

    def finds(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield (position, text) for every text in *block*."""
        for at in self._candidates(block):
            vain = True
            for offset, text in self._texts.get(block[at : at + GRAM], ()):
                if at >= offset and block.startswith(text, at - offset):
                    vain = False
                    yield at - offset, text
            self.vain += vain

    def _candidates(self, block: bytes) -> Iterator[int]:
        """Yield the positions in *block* where a gram can begin."""
        first, *others = self._tables
        for begin in range(0, len(block), _STEP):
            hashes = _hashes(block[begin : begin + _STEP + _LONG - 1])
            marks = int.from_bytes(hashes[:_STEP].translate(first), "little")
            for place, table in enumerate(others, 1):
                marks &= int.from_bytes(hashes[place : place + _STEP].translate(table), "little")
                if not marks:
                    break
            while marks:
                at = (marks.bit_length() - 1) // 8
                yield begin + at
                marks &= (1 << 8 * at) - 1


class _Usual:
    """What is usual: at which positions of *sample* each hash stands, as the bits of an integer."""

    def __init__(self, sample: bytes) -> None:
        hashes = _hashes(sample)[::-1]
        sets = [(1 << len(hashes)) - 1]
        for plane in _PLANES:
            ones = int(hashes.translate(plane), 2)
            sets = [part for positions in sets for part in (positions & ~ones, positions & ones)]
        self.shares = [(positions.bit_count() + 0.5) / (len(hashes) + 128) for positions in sets]
        self._at = [[positions >> place for positions in sets] for place in range(_PLACES)]

    def grams(self, text: bytes) -> Iterator[tuple[int, float, int]]:
        """Yield for each gram of *text* how often it is met in the sample, how probable it is, and where it begins."""
        hashes, shares = _hashes(text), self.shares
        known = min(len(text) - 2, _PLACES)
        for offset in range(max(len(text) - _LONG, 0) + 1):
            positions, chance = -1, 1.0
            for at, value in zip(self._at, hashes[offset : offset + known], strict=False):
                positions &= at[value]
                chance *= shares[value]
            yield positions.bit_count() if positions else 0, chance, offset

    def fits(self, values: Iterable[Sequence[int]]) -> list[int]:
        """Return for each place the positions of the sample that have one of its *values* there."""
        fits = []
        for at, fitting in zip(self._at, values, strict=True):
            positions = 0
            for value in fitting if fitting is not _ANY else ():
                positions |= at[value]
            fits.append(positions if fitting is not _ANY else -1)
        return fits


class _Bucket(NamedTuple):
    """What fits a bucket: the positions of the sample that do, at each place and at all; and how probable that is."""

    fits: list[int]
    all_fit: int
    shares: list[float]
    chance: float


def _values(gram: bytes) -> list[Sequence[int]]:
    """Return the hashes that can be at each place of *gram*: where its bytes end, several, and after that any."""
    *full, last, _ = _hashes(gram)
    values: list[Sequence[int]] = [(value,) for value in full]
    values.append([last ^ third << 5 for third in range(8)])
    return (values + [_ANY] * _PLACES)[:_PLACES]


def _tables(grams: Iterable[bytes], usual: _Usual) -> list[bytes]:
    """Deal *grams* into buckets so that little of what is usual fits one, and return the table of each place."""
    tables = [bytearray(256) for _ in range(_PLACES)]
    buckets = [_Bucket([0] * _PLACES, 0, [0.0] * _PLACES, 0.0) for _ in range(_BUCKETS)]
    for gram in grams:
        values = _values(gram)
        fits = usual.fits(values)
        # The values of a place are nearly always all in a table or none, so the first speaks for them.
        parts = [(fitting[0], sum([usual.shares[value] for value in fitting])) for fitting in values]
        best, cost, grown = 0, (inf, 0.0), buckets[0]
        for number, bucket in enumerate(buckets[:_SHORT] if len(gram) == GRAM else buckets):
            both = [known | new for known, new in zip(bucket.fits, fits, strict=True)]
            all_fit = both[0] & both[1] & both[2] & both[3]
            more = all_fit ^ bucket.all_fit
            met = more.bit_count() if more else 0
            if met > cost[0]:
                continue
            shares = [
                share if table[value] >> number & 1 else share + part
                for share, table, (value, part) in zip(bucket.shares, tables, parts, strict=True)
            ]
            chance = shares[0] * shares[1] * shares[2] * shares[3]
            if (met, chance - bucket.chance) < cost:
                best, cost = number, (met, chance - bucket.chance)
                grown = _Bucket(both, all_fit, shares, chance)
        buckets[best] = grown
        for table, fitting in zip(tables, values, strict=True):
            for value in fitting:
                table[value] |= 1 << best
    return [bytes(table) for table in tables]
