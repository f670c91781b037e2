"""One module a command, ``NAME_command``: its ``main`` takes the groups of options and returns the exit code."""

from __future__ import annotations

import sys

from diagnose.cli import options
from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def main_of(command: str) -> Callable[..., int]:
    """Return the function that runs *command*, which takes its groups of options."""
    name = f"{__name__}.{command}_command"
    __import__(name)  # importlib's own function costs the import of a package
    function: Callable[..., int] = sys.modules[name].main
    return function


def start(command: str, given: dict[str, Any]) -> int:
    """Run *command* with the values that the command line has *given*, completed from the user's configuration file."""
    if options.Selection in options.COMMANDS[command].groups:
        from diagnose.cli import configured

        given = configured.completed(options.COMMANDS[command], given)
    return main_of(command)(*options.COMMANDS[command].filled(given))
