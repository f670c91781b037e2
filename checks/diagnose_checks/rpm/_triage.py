"""Decides which repositories of dnf could not be read, and reads the names of rpm, for several checks."""

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


def name_of(package: str) -> str:
    """Return the name of a package that rpm calls ``name-[epoch:]version-release.architecture``."""
    parts = package.rsplit("-", 2)
    return parts[0] if len(parts) == 3 and parts[1][:1].isdigit() else package


def manager(log: BuildLog, line: int) -> str:
    """Return the package manager of *line*: dnf, which newer systems call yum as well, if nothing shows it."""
    known = log.distro_at(line).manager
    return known if known in ("yum", "dnf") else "dnf"
