"""What a loader says about a file that it does not take."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import NamedTuple


class LoadRefusal(NamedTuple):
    """A loader does not take the file, or does not survive it.

    ``says`` is the loader's message as ``dlerror`` returns it, the file named without its
    folder; empty where there is no message because the process ends with a signal. ``detail`` is what in the file makes
    it so.
    """

    says: str
    detail: str

    @property
    def crashes(self) -> bool:
        """Whether the process ends without a word."""
        return not self.says
