"""pacman knows no package of that name.

``target not found`` means that no enabled repository has it: the name is another distribution's, the package is in the
AUR only, which pacman does not search, or the databases were never fetched.

How to fix: fetch the databases, use Arch's name; build a package of the AUR with makepkg or a helper.

References:
    https://man.archlinux.org/man/pacman.8
    https://wiki.archlinux.org/title/Arch_User_Repository
"""

from __future__ import annotations

from diagnose.authoring.command_words import misplaced
from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import distinct, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.package_names import install_as_called

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = blocks_later_installs
CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    patterns=patterns_for(
        "pacman-unknown",
        ("target not found: ", r"^error: target not found: (?P<package>[\w@.+-]{1,100})$"),
    ),
)
_INSTALL = "pacman -Syu --needed --noconfirm"


def log(log: BuildLog) -> Iterator[Finding]:
    """See pacman miss a requested package."""
    hits = distinct(log.find("pacman-unknown"), "package")
    if not hits:
        return
    packages = [hit.groups["package"] for hit in hits]
    if stray := misplaced(log, hits, packages):
        yield stray
        return
    fixes, others = install_as_called(packages, "arch", _INSTALL)
    if others:
        names = " ".join(others)
        fixes.append(
            Fix(
                f"look for {names} with fresh databases",
                (Command("pacman -Sy", FixStage.UPDATE), Command(f"pacman -Ss {others[0]}", FixStage.PACKAGES)),
                notes="Where nothing is found it may be in the AUR: `git clone https://aur.archlinux.org/NAME.git`, "
                "then `makepkg -si` in it, not as root.",
            )
        )
    yield finding_from_hits(
        log,
        hits,
        f"Arch's repositories have no {', '.join(packages)}",
        "pacman installs none of the requested packages.",
        fixes,
    )
