"""Samples the instructions of a file, and says which processor they need.

Three kinds of evidence, by how sure they are:

- *first*: an instruction of a function that the loader or the import calls, before any conditional branch: it runs;
- *reached*: one in a function that those call directly, step by step: it runs unless a condition prevents it;
- the share of newer code among all listed functions: a compiler whose target is newer writes the newer form in every
  function that has something to write in it (AVX's encoding of vectors, LSE's atomics), not only in those that the
  file selects at run time.

Instructions of x86 are decoded by iced-x86, an optional dependency (the extra ``processor``); those of other processors
are words of one size, which masks distinguish. The work is bounded by a number of decoded instructions, never by a
clock, so that the result is the same everywhere. It ends early where nothing newer was seen in a sample that is large
enough to exclude code that is newer throughout: nearly all files, of which then a part of the budget is enough.
"""

from __future__ import annotations

import zlib
from collections import deque

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.targets import EM_386, EM_ARM, EM_X86_64
from diagnose.readers.elf.decoding import ASKS, BRANCH, ENCODED, INVALID, LEGACY, level
from diagnose.readers.elf.functions import PF_X, Function, Functions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from diagnose.readers.elf.decoding import Decoder

_BODY = 2048  # bytes of one function in the sample
_IMPORT_BODY = 8192  # bytes of one function on the way of the import
_IMPORT_SHARE = 3  # the part of the budget for the way of the import: one third
# Without a newer function among so many: one of 20, the least that is judged, would be missed by chance once in 700
# files, and the share by which vectors and atomics are judged, never. Where nothing has two forms, twice as many.
_PLAIN, _PLAIN_FORMED, _PLAIN_UNFORMED = 128, 16, 256
_JUDGED = 100  # functions without which a share of plain code is not judged
_LONGEST = 15  # bytes of one instruction
#: Machine → how many times longer its instructions take: those of T32 are of two lengths, and decoded one by one.
_COST = {EM_ARM: 4}
_HEAD = 16  # bytes that show whether a function selects
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
    """The level that has them: 2 to 4 (:data:`diagnose.tables.processors.LEVELS`)."""


class Instructions(NamedTuple):
    """What was decoded of one file.

    ``functions`` were sampled; ``left`` of those that the file lists were not looked at. ``levels`` counts those that
    were sampled and whose highest level is 2, 3 and 4. ``formed`` of them have something that has a newer and an older
    form (x86: vectors; AArch64: atomics), ``encoded`` of these only the newer. ``spread`` is the number of sixteenths
    of the file that have functions of level 2, and of level 3 or 4. ``extensions`` of the processor, where levels do
    not say everything, with the number of sampled functions that use each. ``first`` and ``reached``: see the module.
    ``decoded`` counts instructions and functions.
    """

    decoded: int = 0
    functions: int = 0
    left: int = 0
    levels: tuple[int, int, int] = (0, 0, 0)
    formed: int = 0
    encoded: int = 0
    spread: tuple[int, int] = (0, 0)
    first: tuple[Use, ...] = ()
    reached: tuple[Use, ...] = ()
    extensions: tuple[tuple[str, int], ...] = ()


def sample(data: memoryview, bits: int, modules: Sequence[tuple[str, int]], budget: int) -> Instructions | None:
    """Return what the instructions of the file *data* of class *bits* need; None if it lists no functions.

    *modules* are the names and addresses of its init functions. At most *budget* instructions are decoded, and those of
    the function that is begun. Needs the decoder of the file's machine (:func:`~.decoding.is_available`).
    """
    functions = _functions(data, bits, modules)
    entries = [*modules, *functions.load_time()]
    if not functions.count and not (entries and functions.machine == EM_ARM):
        return None
    reader = _Sampler(functions, _decoder(functions.machine, bits), budget // _COST.get(functions.machine, 1))
    follows = reader.budget // _IMPORT_SHARE
    reader.spread(reader.budget - follows)
    reader.follow(entries, follows)
    reader.spread(reader.budget)
    return reader.result()


def _decoder(machine: int, bits: int) -> Decoder:
    if machine in (EM_X86_64, EM_386):
        from diagnose.readers.elf import x86

        return x86.X86Decoder(bits)
    if machine == EM_ARM:
        from diagnose.readers.elf import arm

        return arm.A32Decoder()
    from diagnose.readers.elf import aarch64

    return aarch64.A64Decoder()


def _functions(data: memoryview, bits: int, modules: Sequence[tuple[str, int]]) -> Functions:
    if int.from_bytes(data[18:20], "little") != EM_ARM:
        return Functions(data, bits)
    from diagnose.readers.elf.arm_functions import ArmFunctions

    return ArmFunctions(data, modules)


class _Sampler:
    def __init__(self, functions: Functions, decoder: Decoder, budget: int) -> None:
        self.decoder = decoder
        self.functions = functions
        self.budget = budget
        self.decoded = 0
        self.first: list[Use] = []
        self.reached: list[Use] = []
        self.left = functions.count + functions.unlisted
        self.sampled = self.formed = self.encoded = 0
        self.levels = [0, 0, 0]
        self.extensions: dict[str, int] = {}
        self.parts: tuple[set[int], set[int]] = (set(), set())
        self.order = _spread(functions)
        self.others: list[tuple[bytes, int]] = []  # the bodies and addresses of functions that have neither form

    def follow(self, entries: list[tuple[str, int]], limit: int) -> None:
        """Decode the entries, then the functions that they call, in breadth, for *limit* instructions.

        Where most of the sample is older, calls reach newer code only if it is selected at run time: not followed.
        """
        queue = deque((name, address, True) for name, address in entries)
        seen: set[int] = set()
        limit += self.decoded
        follows = not self.decoder.by_share or (self.encoded and 2 * self.encoded >= self.formed)
        while queue and self.decoded < limit:
            name, address, is_entry = queue.popleft()
            function = self.functions.containing(address)
            if function is None or function.address in seen:
                continue
            seen.add(function.address)
            calls = self._walk(name, function, is_entry)
            if follows:
                queue.extend((name, target, False) for target in calls)

    def _walk(self, name: str, function: Function, is_entry: bool) -> list[int]:
        """Decode one function; record its first newer instruction of each level, and return what it calls."""
        body = self.functions.body(function, _IMPORT_BODY)
        calls: list[int] = []
        uses: dict[int, tuple[Use, bool]] = {}
        straight = is_entry
        before = self.decoded
        for number, told, address, target, instruction in self.decoder.steps(body, function.address):
            self.decoded = before + number
            if not told:
                continue
            if told & INVALID:  # not code
                return []
            if told & ASKS:  # selects by the processor: everything after it depends on the answer
                break
            rank = level(told)
            if rank and rank not in uses:
                mnemonic, features = self.decoder.words(instruction)
                uses[rank] = Use(name, address, mnemonic, features, rank), straight
            if target:
                calls.append(target)
            straight = straight and not told & BRANCH
        for use, runs in uses.values():
            (self.first if runs else self.reached).append(use)
        return calls

    def spread(self, limit: int) -> None:
        """Decode functions that are spread over the whole list, until *limit* instructions are decoded in all."""
        functions = self.functions
        while self.decoded < limit and not self._is_plain() and (index := next(self.order, None)) is not None:
            self.left -= 1
            self.decoded += 1  # a function that is not decoded has its price too
            function = functions.at(index)
            if function is None or function.length <= _LONGEST:  # a stub has no room for anything
                continue
            body = functions.body(function, _BODY)
            told, number = self.decoder.scan(body, function.address)
            self.decoded += number
            if not number or told & INVALID:  # data between functions
                continue
            self.sampled += 1
            if rank := level(told) if told else 0:
                self.levels[rank - 2] += 1
                self.parts[rank > 2].add(index * PARTS // functions.count)
                for name in self.decoder.names(told):
                    self.extensions[name] = self.extensions.get(name, 0) + 1
            if told & (ENCODED | LEGACY):
                self.formed += 1
                self.encoded += not told & LEGACY
            else:
                self.others.append((body, function.address))
        if self.encoded:
            self._selecting()

    def _is_plain(self) -> bool:
        """Whether the rest of the sample cannot change that the file is for the baseline."""
        if not self.decoder.by_share or self.encoded or any(self.levels):
            return False
        if self.formed < _PLAIN_FORMED:
            return self.sampled >= _PLAIN_UNFORMED
        return self.sampled >= _PLAIN or self.sampled * self.budget < _JUDGED * self.decoded

    def _selecting(self) -> None:
        """Count also those of the others that call a function that selects: they leave both forms to it."""
        known: dict[int, bool] = {}
        others, self.others = self.others, []
        for body, address in others:
            calls = self.decoder.callees(body, address)
            for target in calls:
                if target not in known:
                    offset = self.functions.offset(target, PF_X)
                    head = bytes(self.functions.data[offset : offset + _HEAD]) if offset is not None else b""
                    known[target] = self.decoder.selects(head)
            self.formed += any(known[target] for target in calls)

    def result(self) -> Instructions:
        """Return everything."""
        return Instructions(
            self.decoded,
            self.sampled,
            self.left,
            (self.levels[0], self.levels[1], self.levels[2]),
            self.formed,
            self.encoded,
            (len(self.parts[0]), len(self.parts[1])),
            _best(self.first),
            _best(self.reached),
            tuple(sorted(self.extensions.items())),
        )


def _best(uses: list[Use]) -> tuple[Use, ...]:
    return tuple(sorted(uses, key=lambda use: -use.level)[:_USES])


def _spread(functions: Functions) -> Iterator[int]:
    """Yield every place of the list once, in an order that covers it evenly and depends on its content."""
    count = functions.count
    if not count:
        return
    seed, stride = zlib.crc32(functions.starts) % count, _stride(count)
    for step in range(count):
        yield (seed + step * stride) % count


def _stride(count: int) -> int:
    """Return a number without a common factor with *count*, near its golden section: the steps cover it evenly."""
    from math import gcd

    stride = max(int(count * 0.618), 1)
    while gcd(stride, count) != 1:
        stride += 1
    return stride
