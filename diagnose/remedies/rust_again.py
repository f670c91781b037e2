"""How a damaged Rust toolchain is replaced."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Command, Fix, FixStage

if TYPE_CHECKING:
    from diagnose.readers.toolchain.toolchain_facts import Rust


def reinstalled(rust: Rust) -> Fix:
    """Return the fix that installs rustup's toolchain *rust* again."""
    return Fix(
        "install the toolchain again",
        (
            Command(f"rustup toolchain uninstall {rust.toolchain}", FixStage.TOOLCHAIN),
            Command(f"rustup toolchain install {rust.toolchain}", FixStage.TOOLCHAIN),
        ),
        notes="Components and targets that were added to it have to be added again.",
    )
