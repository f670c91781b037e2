"""The words in which the decoders of all processors say what instructions tell, and which of them there are."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.targets import EM_386, EM_X86_64

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Protocol

    class Decoder(Protocol):
        """Decodes the instructions of one processor."""

        by_share: bool
        """Whether a file is judged by the share of newer code; else few functions with it are enough."""

        def scan(self, body: bytes, address: int) -> tuple[int, int]:
            """Return what the code at *address* tells, and its number of instructions."""
            ...

        def callees(self, body: bytes, address: int) -> set[int]:
            """Return the functions that it calls and :meth:`selects` has to be asked about."""
            ...

        def selects(self, body: bytes) -> bool:
            """Whether the function of *body* has both forms, and selects one at run time."""
            ...

        def steps(self, body: bytes, address: int) -> Iterator[tuple[int, int, int, int, Any]]:
            """Yield the instructions that tell something, at least, and the last.

            Of each: the number of those up to it, what it tells, its address, the address it calls or jumps to or 0,
            and itself.
            """
            ...

        def words(self, instruction: Any) -> tuple[str, str]:
            """Return the name of an instruction and those of the features that it needs, joined by ``+``."""
            ...

        def names(self, bits: int) -> tuple[str, ...]:
            """Return the names of the extensions in *bits*; none if levels say everything."""
            ...


#: What one instruction tells, as bits; of a function, the bits of its instructions. V2 to V4 are its level, see
#: :data:`diagnose.tables.processors.LEVELS`. ENCODED: the newer form of something that has an older form for older
#: processors; LEGACY: that older form. ASKS: reads which processor it is. BRANCH: what follows may not run. CALL: may
#: have a target. INVALID: not code. The bits from FREE on belong to the decoder.
V2, V3, V4, ENCODED, LEGACY, ASKS, BRANCH, CALL, INVALID, FREE = (1 << bit for bit in range(10))
_LEVEL_BITS = ((4, V4), (3, V3), (2, V2))


def level(bits: int) -> int:
    """Return the highest level in *bits*; 0 for the baseline."""
    return next((number for number, bit in _LEVEL_BITS if bits & bit), 0)


def is_available(machine: int) -> bool:
    """Whether the decoder for *machine* is installed: only that for x86 may be missing."""
    if machine not in (EM_X86_64, EM_386):
        return True
    try:
        import iced_x86  # noqa: F401
    except ImportError:
        return False
    return True
