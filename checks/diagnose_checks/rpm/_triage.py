"""Decides which repositories of dnf could not be read, so that checks do not overlap."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit

#: The repository of dnf's plugin "local", which keeps what was downloaded: it is empty at first, and dnf goes on.
_OWN = "_dnf_local"


def unread(log: BuildLog) -> list[Hit]:
    """Return the lines about repositories that could not be read, except dnf's own."""
    hits = log.find("rpm-unread")
    named = {hit.groups["repo"] for hit in hits} - {""}
    return [] if named == {_OWN} else [hit for hit in hits if hit.groups["repo"] != _OWN]
