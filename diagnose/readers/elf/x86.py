"""Decodes x86 instructions with iced-x86, and says what each one tells about the processor.

Imported only where iced-x86 is installed (:func:`diagnose.readers.elf.decoding.is_available`). It decodes 5 to 7
million instructions a second. Features of each instruction as its tables have them, from "Intel 64 and IA-32
Architectures Software Developer's Manual", volume 2; the levels: :mod:`diagnose.tables.processors`.
"""

from __future__ import annotations

import iced_x86
from iced_x86 import Code, CpuidFeature, EncodingKind, FlowControl, Mnemonic, OpKind

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.elf.decoding import ASKS, BRANCH, CALL, ENCODED, INVALID, LEGACY, V2, V3, V4
from diagnose.tables.processors import X86_LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = {getattr(CpuidFeature, name): name for name in vars(CpuidFeature) if name[:1].isupper() or name[:1].isdigit()}
_LEVELS = {getattr(CpuidFeature, name): bit for level, bit in ((4, V4), (3, V3), (2, V2)) for name in X86_LEVELS[level]}
#: AVX's encoding with newer vectors than a level names: no level of x86-64 promises them.
_BEYOND = ("AVX512", "AVX_", "AMX", "VAES", "VPCLMULQDQ", "GFNI")
_ASKING = {Mnemonic.CPUID, Mnemonic.XGETBV}
#: Runs as BSF on processors without BMI1, with the same result where compilers use it.
_HARMLESS = {Mnemonic.TZCNT}
#: Of SSE, but without vector registers, or not written by compilers for plain code.
_NOT_VECTOR = {
    Mnemonic.PAUSE, Mnemonic.LFENCE, Mnemonic.MFENCE, Mnemonic.SFENCE, Mnemonic.MOVNTI, Mnemonic.LDMXCSR,
    Mnemonic.STMXCSR, Mnemonic.PREFETCHNTA, Mnemonic.PREFETCHT0, Mnemonic.PREFETCHT1, Mnemonic.PREFETCHT2,
}  # fmt: skip
_SSE = {CpuidFeature.SSE, CpuidFeature.SSE2}
_VECTOR = {"AVX", "AVX2", "FMA", "F16C"}


class _Known(dict[int, int]):
    """The bits of each instruction code, computed when it is first met."""

    def __missing__(self, code: int) -> int:
        bits = self[code] = _classify(code)
        return bits


def _classify(code: int) -> int:
    if code == Code.INVALID:
        return INVALID
    instruction = iced_x86.Instruction()
    instruction.code = code  # type: ignore[assignment]
    mnemonic, features = instruction.mnemonic, instruction.cpuid_features()
    bits = ASKS if mnemonic in _ASKING else 0
    flow = instruction.flow_control
    if flow == FlowControl.CONDITIONAL_BRANCH:
        bits |= BRANCH
    elif flow in (FlowControl.CALL, FlowControl.UNCONDITIONAL_BRANCH):
        bits |= CALL
    if mnemonic in _HARMLESS:
        return bits
    for feature in features:
        bits |= _LEVELS.get(feature, V4 if _NAMES.get(feature, "").startswith(_BEYOND) else 0)
    if instruction.encoding in (EncodingKind.VEX, EncodingKind.EVEX):
        # BMI's instructions have AVX's encoding too, and use no vectors.
        if bits & V4 or any(_NAMES.get(feature) in _VECTOR for feature in features):
            bits |= ENCODED
    elif mnemonic not in _NOT_VECTOR and not _SSE.isdisjoint(features):
        bits |= LEGACY
    return bits


_KNOWN = _Known()


class X86Decoder:
    """See :class:`diagnose.readers.elf.decoding.Decoder`; *bits* is the processor's mode."""

    by_share = True

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def scan(self, body: bytes, _address: int) -> tuple[int, int]:
        """Return what *body* tells, and the number of its instructions."""
        every = [instruction.code for instruction in iced_x86.Decoder(self.bits, body)]
        # The body may end in the middle of an instruction.
        if every and every[-1] == Code.INVALID:
            del every[-1]
        told = 0
        for code in set(every):
            told |= _KNOWN[code]
        return told, len(every)

    def callees(self, _body: bytes, _address: int) -> set[int]:
        """Return nothing: a function alone tells enough."""
        return set()

    def selects(self, _body: bytes) -> bool:
        """Whether *body* selects: never asked, because a function alone tells enough."""
        return False

    def steps(self, body: bytes, address: int) -> Iterator[tuple[int, int, int, int, iced_x86.Instruction]]:
        """Yield of each instruction its number, what it tells, its address, its target, and itself."""
        for number, instruction in enumerate(iced_x86.Decoder(self.bits, body, ip=address), 1):
            told = _KNOWN[instruction.code]
            yield number, told, instruction.ip, _target(instruction) if told & CALL else 0, instruction

    def words(self, instruction: iced_x86.Instruction) -> tuple[str, str]:
        """Return the name of *instruction* and those of its features."""
        features = sorted(_NAMES.get(feature, "?") for feature in instruction.cpuid_features())
        return str(instruction).split(" ", 1)[0], "+".join(features)

    def names(self, _bits: int) -> tuple[str, ...]:
        """Return nothing: the levels say everything."""
        return ()


def _target(instruction: iced_x86.Instruction) -> int:
    """Return the address that *instruction* calls or jumps to; 0 if a register or memory has it."""
    if instruction.op0_kind in (OpKind.NEAR_BRANCH64, OpKind.NEAR_BRANCH32):
        return instruction.near_branch_target
    return 0
