"""The commands: each parses its arguments, calls one function and sets the exit code."""

from __future__ import annotations

import typer

app = typer.Typer(name="diagnose", no_args_is_help=True, add_completion=False)


@app.callback()
def _main() -> None:
    """Say why a cross-built wheel, or its build, fails, and exactly what to do."""
