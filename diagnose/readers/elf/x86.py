"""Decodes x86 instructions with iced-x86, and says what each one tells about the processor.

Imported only where iced-x86 is installed (:func:`diagnose.readers.elf.instructions.is_available`).
"""

from __future__ import annotations

import iced_x86
from iced_x86 import Code, CpuidFeature, EncodingKind, FlowControl, Mnemonic, OpKind

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.tables.processors import X86_LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator

# What one instruction tells, as bits.
V2, V3, V4, ENCODED, LEGACY, ASKS, BRANCH, CALL, INVALID = (1 << bit for bit in range(9))
LEVEL_BITS = ((4, V4), (3, V3), (2, V2))

_NAMES = {getattr(CpuidFeature, name): name for name in vars(CpuidFeature) if name[:1].isupper() or name[:1].isdigit()}
_LEVELS = {getattr(CpuidFeature, name): bit for level, bit in LEVEL_BITS for name in X86_LEVELS[level]}
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


KNOWN = _Known()


def codes(bits: int, body: bytes) -> tuple[set[int], int]:
    """Return the instruction codes in *body*, and the number of instructions; *bits* is the processor's mode."""
    every = [instruction.code for instruction in iced_x86.Decoder(bits, body)]
    # The body may end in the middle of an instruction.
    if every and every[-1] == Code.INVALID:
        del every[-1]
    return set(every), len(every)


def steps(bits: int, body: bytes, address: int) -> Iterator[tuple[int, iced_x86.Instruction]]:
    """Yield the instructions of *body*, which is at *address*, with what each one tells."""
    for instruction in iced_x86.Decoder(bits, body, ip=address):
        yield KNOWN[instruction.code], instruction


def target(instruction: iced_x86.Instruction) -> int:
    """Return the address that *instruction* calls or jumps to; 0 if a register or memory has it."""
    if instruction.op0_kind in (OpKind.NEAR_BRANCH64, OpKind.NEAR_BRANCH32):
        return instruction.near_branch_target
    return 0


def words(instruction: iced_x86.Instruction) -> tuple[str, str]:
    """Return the name of *instruction* and those of its features."""
    features = sorted(_NAMES.get(feature, "?") for feature in instruction.cpuid_features())
    return str(instruction).split(" ", 1)[0], "+".join(features)
