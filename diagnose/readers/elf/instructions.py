"""Samples the instructions of a file for x86, and says which level of the processor they need.

Three kinds of evidence, by how sure they are:

- *first*: an instruction of a function that the loader or the import calls, before any conditional branch: it runs;
- *reached*: one in a function that those call directly, step by step: it runs unless a condition prevents it;
- the share of newer code among all listed functions: a compiler uses AVX's encoding either in all functions of a file
  that use vectors, or only in those that the file selects at run time.

The decoder is iced-x86, an optional dependency (the extra ``processor``). The work is bounded by a number of decoded
instructions, never by a clock, so that the result is the same everywhere; iced-x86 decodes 5 to 7 million a second.

Sources: "Intel 64 and IA-32 Architectures Software Developer's Manual", volume 2 (features of each instruction, as
iced-x86's tables have them); the levels: :mod:`diagnose.tables.processors`.
"""

from __future__ import annotations

import zlib
from collections import deque
from itertools import islice

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers.elf.functions import Function, Functions

if TYPE_CHECKING:
    from collections.abc import Sequence

_BODY = 2048  # bytes of one function in the sample
_IMPORT_BODY = 8192  # bytes of one function on the way of the import
_IMPORT_SHARE = 3  # the part of the budget for the way of the import: one third
_LONGEST = 15  # bytes of one instruction
PARTS = 16
_USES = 4  # pieces of evidence of each kind


class Use(NamedTuple):
    """One instruction beyond the baseline: the entry that leads to it, its address, its name, features and level."""

    entry: str
    """The function by which the code is reached."""
    address: int
    """The virtual address in the file."""
    mnemonic: str
    """The name of the instruction (``vaddps``)."""
    features: str
    """The names of the processor's features that it needs, joined by ``+``."""
    level: int
    """The level of x86-64 that has them: 2 to 4."""


class Instructions(NamedTuple):
    """What was decoded of one file.

    ``functions`` were sampled; ``left`` of those that the file lists were not looked at. ``levels`` counts those that
    were sampled and whose highest level is 2, 3 and 4. ``vectors`` of them use vector registers, ``encoded`` of these
    only in AVX's encoding. ``spread`` is the number of sixteenths of the file that have functions of level 2, and of
    level 3 or 4. ``first`` and ``reached``: see the module. ``decoded`` counts instructions and functions.
    """

    decoded: int = 0
    functions: int = 0
    left: int = 0
    levels: tuple[int, int, int] = (0, 0, 0)
    vectors: int = 0
    encoded: int = 0
    spread: tuple[int, int] = (0, 0)
    first: tuple[Use, ...] = ()
    reached: tuple[Use, ...] = ()


def is_available() -> bool:
    """Whether the decoder is installed."""
    try:
        import iced_x86  # noqa: F401
    except ImportError:
        return False
    return True


def sample(data: memoryview, bits: int, modules: Sequence[tuple[str, int]], budget: int) -> Instructions | None:
    """Return what the instructions of the x86 file *data* of class *bits* need; None if it lists no functions.

    *modules* are the names and addresses of its init functions. At most *budget* instructions are decoded, and those of
    the function that is begun. Needs the decoder (:func:`is_available`).
    """
    functions = Functions(data, bits)
    if not functions.count:
        return None
    reader = _Sampler(functions, bits, budget)
    reader.follow([*modules, *functions.load_time()])
    reader.spread()
    return reader.result()


class _Sampler:
    def __init__(self, functions: Functions, bits: int, budget: int) -> None:
        from diagnose.readers.elf import x86

        self.x86 = x86
        self.functions = functions
        self.bits = bits
        self.budget = budget
        self.decoded = 0
        self.first: list[Use] = []
        self.reached: list[Use] = []
        self.left = functions.count
        self.sampled = self.vectors = self.encoded = 0
        self.levels = [0, 0, 0]
        self.parts: tuple[set[int], set[int]] = (set(), set())

    def follow(self, entries: list[tuple[str, int]]) -> None:
        """Decode the entries, then the functions that they call, in breadth, for a part of the budget."""
        queue = deque((name, address, True) for name, address in entries)
        seen: set[int] = set()
        limit = self.budget // _IMPORT_SHARE
        while queue and self.decoded < limit:
            name, address, is_entry = queue.popleft()
            function = self.functions.containing(address)
            if function is None or function.address in seen:
                continue
            seen.add(function.address)
            calls = self._walk(name, function, is_entry)
            queue.extend((name, target, False) for target in calls)

    def _walk(self, name: str, function: Function, is_entry: bool) -> list[int]:
        """Decode one function; record its first newer instruction of each level, and return what it calls."""
        body = self.functions.body(function, _IMPORT_BODY)
        calls: list[int] = []
        uses: dict[int, tuple[Use, bool]] = {}
        straight = is_entry
        x86 = self.x86
        for bits, instruction in x86.steps(self.bits, body, function.address):
            self.decoded += 1
            if not bits:
                continue
            if bits & x86.INVALID:  # not code
                return []
            if bits & x86.ASKS:  # selects by the processor: everything after it depends on the answer
                break
            level = self._level(bits)
            if level and level not in uses:
                mnemonic, features = x86.words(instruction)
                uses[level] = Use(name, instruction.ip, mnemonic, features, level), straight
            if bits & x86.CALL and (target := x86.target(instruction)):
                calls.append(target)
            straight = straight and not bits & x86.BRANCH
        for use, runs in uses.values():
            (self.first if runs else self.reached).append(use)
        return calls

    def spread(self) -> None:
        """Decode functions that are spread over the whole list; which ones depends on its content."""
        functions, count = self.functions, self.functions.count
        seed = zlib.crc32(functions.starts) % count
        stride = _stride(count)
        known = self.x86.KNOWN
        for index in islice((int(seed + step * stride) % count for step in range(count)), count):
            if self.decoded >= self.budget:
                return
            self.left -= 1
            self.decoded += 1  # a function that is not decoded has its price too
            function = functions.at(index)
            if function is None or function.length <= _LONGEST:  # a stub has no room for anything
                continue
            codes, number = self.x86.codes(self.bits, functions.body(function, _BODY))
            self.decoded += number
            bits = 0
            for code in codes:
                bits |= known[code]
            if not number or bits & self.x86.INVALID:  # data between functions
                continue
            self.sampled += 1
            level = self._level(bits)
            if level:
                self.levels[level - 2] += 1
                self.parts[level > 2].add(index * PARTS // count)
            if bits & (self.x86.ENCODED | self.x86.LEGACY):
                self.vectors += 1
                self.encoded += not bits & self.x86.LEGACY

    def _level(self, bits: int) -> int:
        return next((level for level, bit in self.x86.LEVEL_BITS if bits & bit), 0)

    def result(self) -> Instructions:
        """Return everything."""
        return Instructions(
            self.decoded,
            self.sampled,
            self.left,
            (self.levels[0], self.levels[1], self.levels[2]),
            self.vectors,
            self.encoded,
            (len(self.parts[0]), len(self.parts[1])),
            _best(self.first),
            _best(self.reached),
        )


def _best(uses: list[Use]) -> tuple[Use, ...]:
    return tuple(sorted(uses, key=lambda use: -use.level)[:_USES])


def _stride(count: int) -> int:
    """Return a number without a common factor with *count*, near its golden section: the steps cover it evenly."""
    from math import gcd

    stride = max(int(count * 0.618), 1)
    while gcd(stride, count) != 1:
        stride += 1
    return stride
