"""One module a command, ``NAME_command``: its ``main`` takes the groups of options and returns the exit code."""

from __future__ import annotations

import sys

from diagnose.cli import options
from diagnose.cli.errors import UsageError
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


_REPLACING = {
    "env": ("fix_format", "diff"),
    "wheel": ("fix_format", "diff"),
    "workflow": ("generate", "diff", "apply"),
}
"""Command → the options whose result takes the place of the report."""
_REPORT = ("format", "statistics")
_REPORT_FILES = ("output", "write_baseline")  # a script or patch of a wheel or environment has them, too


def _without_report(command: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return *given* as it is, but without a format of reports where a script or patch is printed instead.

    Raises:
        UsageError: the command line asks for both.
    """
    if not any(given.get(field) for field in _REPLACING.get(command, ())):
        return given
    for field in (*_REPORT, *(_REPORT_FILES if command == "workflow" else ())):
        if given.get(field) and given[field] != ("text",):
            hint = "" if command == "workflow" else "; --output writes it to a file"
            name = field.replace("_", "-")
            raise UsageError(f"--{name}: a script or patch takes the place of the report{hint}")
    return {**given, "format": ("text",)}  # whatever the configuration file says


def start(command: str, given: dict[str, Any]) -> int:
    """Run *command* with the values that the command line has *given*, completed from the user's configuration file."""
    given = _without_report(command, given)
    if options.Selection in options.COMMANDS[command].groups:
        from diagnose.cli import configured

        given = configured.completed(options.COMMANDS[command], given)
    return main_of(command)(*options.COMMANDS[command].filled(given))
