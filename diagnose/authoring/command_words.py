"""Words of a command that a package manager took for names of packages: a command stands within another."""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Finding, Fix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.readers.buildlog import BuildLog, Hit

#: Subcommands of package managers and operators of the shell, after which no package is called.
_WORDS = frozenset((
    "install", "reinstall", "groupinstall", "localinstall", "add", "update", "upgrade", "dist-upgrade", "remove",
    "autoremove", "purge", "makecache", "apt-get", "&&", "||", "&", ";", "|", "\\", "RUN",
))  # fmt: skip


def misplaced(log: BuildLog, hits: Sequence[Hit], names: Sequence[str]) -> Finding | None:
    """Return the finding that some of *names*, which a manager did not find in *hits*, are words of a command.

    None if all of them can be names of packages.
    """
    words = [name for name in dict.fromkeys(names) if name in _WORDS]
    if not words:
        return None
    shown = ", ".join(f"`{word}`" for word in words)
    what = "a package: it is a word of a command" if len(words) == 1 else "packages: they are words of a command"
    return finding_from_hits(
        log,
        hits,
        f"the package manager takes {shown} for {what}",
        "It stops, although packages with the other names may be there.",
        (
            Fix(
                "take the second command out of the first one",
                notes="Most often a command is there twice (`yum -y install … yum -y install …`), or && or ; between "
                "two commands is missing: `apt-get update && apt-get install -y NAME`. In a Dockerfile a line ends "
                "with `&& \\` where the next one is a command of its own, and with `\\` alone where it goes on. A list "
                "of packages in a variable or a file has names only.",
            ),
        ),
    )
