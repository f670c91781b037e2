"""A pattern by which a project leaves libraries outside its wheels."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import NamedTuple


class ExcludePattern(NamedTuple):
    """One pattern of the project's settings."""

    tool: str
    """Whose setting it is: ``auditwheel`` (``--exclude`` of a repair command) or ``maturin`` (``exclude``)."""
    pattern: str
    """As it is written there."""
    place: str
    """The file, and its line where that is known: ``pyproject.toml:12``."""

    def known(self) -> bool:
        """Whether the pattern is known: not where variables of the shell or of cibuildwheel are in it."""
        return bool(self.pattern) and "$" not in self.pattern and "{" not in self.pattern

    def stem(self) -> str:
        """Return the name before ``.so``, without a folder: ``libasound`` of ``libasound.so*``."""
        return self.pattern.rpartition("/")[2].partition(".so")[0].rstrip("*")
