"""The console script's door: answers what needs no command-line parser, and hands the rest to :mod:`diagnose.cli`."""

from __future__ import annotations


def main() -> None:
    """Run the command line; ends in ``SystemExit``."""
    from diagnose.cli import app

    app()
