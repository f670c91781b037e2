"""Says what instructions of AArch64 tell about the processor.

For atomics, a compiler writes a loop of exclusive loads and stores (Armv8.0-A), or one instruction of LSE (Armv8.1-A),
or a call to a helper of libgcc or compiler-rt that has both and selects one (``-moutline-atomics``).
"""

from __future__ import annotations

from itertools import compress, count

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.elf import words
from diagnose.readers.elf.decoding import ASKS, BRANCH, CALL, ENCODED, FREE, INVALID, LEGACY, V2, V3, V4
from diagnose.tables.aarch64_encodings import ENCODINGS, EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPTIONAL = {"CRC32", "AES", "PMULL", "SHA1", "SHA256"}  # in Armv8.0-A
_VERSION_9 = {"SVE", "SME", "LSE128"}
_ATOMIC = {"LSE", "LSE128"}
_NAMES = tuple(EXTENSIONS)


def _told(extension: str, place: int) -> int:
    rank = V2 if extension in _OPTIONAL else V4 if extension in _VERSION_9 else V3
    return rank | (ENCODED if extension in _ATOMIC else 0) | FREE << place


_TOLD = {name: _told(name, place) for place, name in enumerate(_NAMES)} | {"-": 0}
_ROWS = words.Rows((
    *((mask, value, _TOLD[name], mnemonic) for name, mnemonic, mask, value in ENCODINGS),
    (0x3F800000, 0x08000000, LEGACY, "ldxr"),
    # Classes without any instruction, and zeros: data.
    (0x1E000000, 0x02000000, INVALID, ""),
    (0x1E000000, 0x06000000, INVALID, ""),
    (0x9E000000, 0x00000000, INVALID, "udf"),
))  # fmt: skip
_FLOW = words.Rows((
    (0xFF000010, 0x54000000, BRANCH, "b.cond"),
    (0x7E000000, 0x34000000, BRANCH, "cbz"),
    (0x7E000000, 0x36000000, BRANCH, "tbz"),
    (0xFC000000, 0x94000000, CALL, "bl"),
    (0xFC000000, 0x14000000, CALL | BRANCH, "b"),  # what follows is reached by a branch
    (0xFFFFFC1F, 0xD61F0000, BRANCH, "br"),
    (0xFFFFFC1F, 0xD65F0000, BRANCH, "ret"),
    (0xFFFFF000, 0xD5380000, ASKS, "mrs"),  # the registers of identification
))  # fmt: skip
# A helper of libgcc and compiler-rt: adrp x16; ldrb w16, [x16, …]; cbz w16, …; before them BTI at most.
_HELPER = ((0x9F00001F, 0x90000010), (0xFFC003FF, 0x39400210), (0xFF00001F, 0x34000010))
_BOTH = ENCODED | LEGACY
_IS_CALL = bytes(byte & 0xFC == 0x94 for byte in range(256))  # bl
_TELLS = bytes(map(max, _ROWS.marks, _FLOW.marks))


class A64Decoder:
    """See :class:`diagnose.readers.elf.decoding.Decoder`."""

    by_share = True

    def scan(self, body: bytes, _address: int) -> tuple[int, int]:
        """Return what *body* tells, and the number of its instructions."""
        told = _ROWS.told(body)
        return LEGACY if told & _BOTH == _BOTH else told, len(body) >> 2  # with both, it selects

    def callees(self, body: bytes, address: int) -> set[int]:
        """Return the addresses that *body* calls."""
        places = compress(count(address, 4), words.marked(body, _IS_CALL))
        calls = compress(words.of(body), words.marked(body, _IS_CALL))
        return {_target(word, here) for word, here in zip(calls, places, strict=True)}

    def selects(self, body: bytes) -> bool:
        """Whether *body* is one of the helpers for atomics."""
        code = words.of(body[:16])
        return any(
            len(code) >= start + 3 and all(code[start + at] & mask == value for at, (mask, value) in enumerate(_HELPER))
            for start in (0, 1)
        )

    def steps(self, body: bytes, address: int) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield of each instruction that tells something its place, what it tells, its address, target, and word."""
        helper = _ROWS.told(body) & _BOTH == _BOTH
        for place, word in compress(enumerate(words.of(body), 1), words.marked(body, _TELLS)):
            flow, row = _FLOW.find(word), None if helper else _ROWS.find(word)
            told = (flow[2] if flow else 0) | (row[2] if row else 0)
            if told:
                here = address + 4 * place - 4
                yield place, told, here, _target(word, here) if told & CALL else 0, word
        yield len(body) >> 2, 0, 0, 0, 0

    def words(self, instruction: int) -> tuple[str, str]:
        """Return the mnemonic and the extension."""
        row = _ROWS.find(instruction)
        return (row[3], "+".join(self.names(row[2]))) if row else ("", "")

    def names(self, bits: int) -> tuple[str, ...]:
        """Return the names of the extensions in *bits*."""
        return tuple(name for place, name in enumerate(_NAMES) if bits & FREE << place)


def _target(word: int, address: int) -> int:
    distance = word & 0x3FFFFFF
    return address + 4 * (distance - (distance >> 25 << 26))
