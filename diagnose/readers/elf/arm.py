"""Says what instructions of 32-bit Arm tell about the processor, in both instruction sets.

An odd address means T32 (Thumb), as in symbols and pointers. Code ends at the first of the constants that it loads:
compilers put them behind it. On the way of the import it also ends at a return or jump that no branch leads over,
because tables of functions leave out many.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.elf import words
from diagnose.readers.elf.decoding import BRANCH, CALL, ENCODED, FREE, INVALID, LEGACY, V3
from diagnose.tables.arm_encodings import A32, EXTENSIONS, T32

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = tuple(EXTENSIONS)
_TOLD = {name: V3 | FREE << place for place, name in enumerate(_NAMES)}
_TOLD["LDA/STL"] |= ENCODED
_ATOMIC = 0xFFFFFFF0  # dmb, with which Armv7-A writes what Armv8-A has lda and stl for
# Rows of A32 whose condition is free are for every condition but the last, which selects other instructions.
_A32 = words.Rows((
    *((mask, value, _TOLD[name], mnemonic) for name, mnemonic, mask, value in A32),
    (_ATOMIC, 0xF57FF050, LEGACY, "dmb"),
    (0xFFFFFFFF, 0x00000000, INVALID, ""),
))  # fmt: skip
_T32 = words.Rows((
    *((mask, value, _TOLD[name], mnemonic) for name, mnemonic, mask, value in T32),
    (_ATOMIC, 0xF3BF8F50, LEGACY, "dmb"),
))  # fmt: skip
_A32_FLOW = words.Rows((
    (0xFF000000, 0xEB000000, CALL, "bl"),
    (0xFE000000, 0xFA000000, CALL, "blx"),
    (0xFF000000, 0xEA000000, CALL | BRANCH, "b"),
    (0xFFFFFFD0, 0xE12FFF10, BRANCH, "bx"),
    (0xFFFF8000, 0xE8BD8000, BRANCH, "pop"),
    (0xFE10F000, 0xE410F000, BRANCH, "ldr"),
    (0xFFEFF000, 0xE1A0F000, BRANCH, "mov"),
))  # fmt: skip
_T32_FLOW = words.Rows((
    (0xF800D000, 0xF000D000, CALL, "bl"),
    (0xF800D001, 0xF000C000, CALL, "blx"),
    (0xF800D000, 0xF0009000, CALL | BRANCH, "b"),
    (0xF800D000, 0xF0008000, BRANCH, "bcc"),
    (0xFFFFF000, 0xF3AF8000, 0, "hint"),
    (0xFFFF8000, 0xE8BD8000, BRANCH, "pop"),
    (0xFE50F000, 0xF850F000, BRANCH, "ldr"),
    (0xFFFFFFE0, 0xE8D0F000, BRANCH, "tbb"),
))  # fmt: skip


class A32Decoder:
    """See :class:`diagnose.readers.elf.decoding.Decoder`."""

    by_share = False

    def scan(self, body: bytes, address: int) -> tuple[int, int]:
        """Return what *body* tells, and the number of its instructions."""
        every = 0
        number = 0
        for told, *_ in self._decode(body, address, flow=False):
            every |= told
            number += 1
        return every, number

    def callees(self, _body: bytes, _address: int) -> set[int]:
        """Return nothing: a function alone tells enough."""
        return set()

    def selects(self, _body: bytes) -> bool:
        """Whether *body* selects: never asked."""
        return False

    def steps(self, body: bytes, address: int) -> Iterator[tuple[int, int, int, int, tuple[str, str]]]:
        """Yield of each instruction its number, what it tells, its address, its target, and its words."""
        return ((number, *step) for number, step in enumerate(self._decode(body, address, flow=True), 1))

    def words(self, instruction: tuple[str, str]) -> tuple[str, str]:
        """Return the mnemonic and the extension."""
        return instruction

    def names(self, bits: int) -> tuple[str, ...]:
        """Return the names of the extensions in *bits*."""
        return tuple(name for place, name in enumerate(_NAMES) if bits & FREE << place)

    def _decode(self, body: bytes, address: int, *, flow: bool) -> Iterator[tuple[int, int, int, tuple[str, str]]]:
        return self._thumb(body, address & ~1, flow) if address & 1 else self._arm(body, address, flow)

    def _arm(self, body: bytes, address: int, flow: bool) -> Iterator[tuple[int, int, int, tuple[str, str]]]:
        code = words.of(body)
        end, furthest = len(code), 0
        for place, word in enumerate(code):
            if place >= end:
                return
            if word & 0x0F7F0000 == 0x051F0000 or word & 0x0F3F0E00 == 0x0D1F0A00:  # ldr, vldr: a constant
                offset = word & 0xFFF if word & 0x04000000 and not word & 0x08000000 else (word & 0xFF) << 2
                if word & 0x00800000:
                    end = min(end, place + 2 + (offset >> 2))
            row = _A32.find(word)
            if row and not row[0] >> 28 and word >> 28 == 15:
                row = None
            told = row[2] if row else 0
            target = 0
            if flow:
                turn = _A32_FLOW.find(word)
                told |= turn[2] if turn else BRANCH if word >> 28 < 14 else 0
                leads = address + 4 * place + 8 + _signed(word & 0xFFFFFF, 24) * 4
                if turn and turn[2] & CALL:
                    target = leads + (word >> 23 & 2) + 1 if word >> 28 == 15 else leads  # blx: to T32
                if word & 0x0F000000 == 0x0A000000 and word >> 28 < 15:
                    furthest = max(furthest, leads)
                if turn and told & BRANCH and furthest <= address + 4 * place:
                    end = 0
            yield told, address + 4 * place, target, (row[3], "+".join(self.names(told))) if row else ("", "")

    def _thumb(self, body: bytes, address: int, flow: bool) -> Iterator[tuple[int, int, int, tuple[str, str]]]:
        code = words.halves(body)
        place, end, furthest = 0, len(code), 0
        conditional = 0  # instructions left that the last IT governs
        while place < end:
            here = address + 2 * place
            word = code[place]
            told = target = 0
            row = None
            certain = not conditional
            conditional = max(conditional - 1, 0)
            if word < 0xE800:
                place += 1
                if word & 0xF800 == 0x4800:  # ldr of a constant
                    end = min(end, (((here + 4) & ~3) + 4 * (word & 0xFF) - address) >> 1)
                elif flow and _turns(word):
                    told = BRANCH
                    furthest = max(furthest, _short_target(word, here))
                    if word & 0xFF00 == 0xBF00:  # IT
                        conditional = 4 - ((word & -word).bit_length() - 1)
                    elif certain and _never_goes_on(word) and furthest <= here:
                        end = 0
            elif place + 1 >= end:
                return
            else:
                word = word << 16 | code[place + 1]
                place += 2
                if word & 0xFFFF0000 == 0xF8DF0000 or word & 0xFFBF0E00 == 0xED9F0A00:
                    offset = word & 0xFFF if word >> 24 == 0xF8 else (word & 0xFF) << 2
                    end = min(end, (((here + 4) & ~3) + offset - address) >> 1)
                if row := _T32.find(word):
                    told = row[2]
                if flow and (turn := _T32_FLOW.find(word)):
                    told |= turn[2]
                    target = _long_target(word, here) if turn[2] & CALL else 0
                    if turn[3] == "bcc":
                        furthest = max(furthest, _long_condition(word, here))
                    elif turn[3] == "b":
                        furthest = max(furthest, target)
                    if certain and turn[3] in ("b", "pop", "ldr") and furthest <= here:
                        end = 0
            yield told, here, target, (row[3], "+".join(self.names(told))) if row else ("", "")


def _turns(half: int) -> bool:
    """Whether what follows a halfword of T32 may not run: a branch, return, IT, or jump through a register."""
    return (
        0xD000 <= half < 0xDF00
        or half & 0xF800 == 0xE000
        or half & 0xF500 == 0xB100
        or half & 0xFF00 == 0xBD00
        or half & 0xFF80 == 0x4700
        or half & 0xFF87 == 0x4687
        or (half & 0xFF00 == 0xBF00 and half & 15 != 0)
    )


def _never_goes_on(half: int) -> bool:
    """Whether a short instruction is an unconditional branch or a return (not blx, which shares their encoding)."""
    return half & 0xF800 == 0xE000 or half & 0xFF00 == 0xBD00 or half & 0xFF80 == 0x4700


def _short_target(half: int, here: int) -> int:
    """Return where a short branch leads to; 0 for everything else."""
    if 0xD000 <= half < 0xDE00:
        return here + 4 + _signed(half & 0xFF, 8) * 2
    if half & 0xF800 == 0xE000:
        return here + 4 + _signed(half & 0x7FF, 11) * 2
    if half & 0xF500 == 0xB100:  # cbz, cbnz
        return here + 4 + ((half >> 3 & 0x40) | (half >> 2 & 0x3E))
    return 0


def _long_condition(word: int, here: int) -> int:
    value = (word >> 26 & 1) << 20 | (word >> 11 & 1) << 19 | (word >> 13 & 1) << 18
    return here + 4 + _signed(value | (word >> 16 & 0x3F) << 12 | (word & 0x7FF) << 1, 21)


def _long_target(word: int, here: int) -> int:
    """Return where bl, blx and b.w of T32 lead to: to T32, too, but for blx."""
    sign = word >> 26 & 1
    first, second = ((word >> bit & 1) ^ sign ^ 1 for bit in (13, 11))
    value = sign << 24 | first << 23 | second << 22 | (word >> 16 & 0x3FF) << 12 | (word & 0x7FF) << 1
    distance = _signed(value, 25)
    if word & 0xD000 == 0xC000:
        return ((here + 4) & ~3) + (distance & ~3)
    return here + 4 + distance | 1


def _signed(value: int, bits: int) -> int:
    return value - (value >> (bits - 1) << bits)
