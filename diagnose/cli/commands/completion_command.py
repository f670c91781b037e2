"""``diagnose completion``: prints the script that completes the command line in a shell."""

from __future__ import annotations

from diagnose.cli import completion, console
from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from diagnose.cli.options import CompletionOptions


def main(options: CompletionOptions) -> int:
    """Print the script."""
    console.write(completion.script(options.shell))
    return 0
