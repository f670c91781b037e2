"""What ends a command early."""

from __future__ import annotations


class UsageError(Exception):
    """The command was called with something that it does not know. ``str()`` is one line that says what is known."""


class OutputError(Exception):
    """The report could not be written. ``str()`` is one line that says why."""


class EndedBySignal(KeyboardInterrupt):
    """A signal asks this process to end. ``args`` has its number."""
