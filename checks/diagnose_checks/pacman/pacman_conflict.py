"""Two packages exclude each other, or both have the same file, so pacman installs nothing.

One package replaces another, or a file is there that no package owns: a program of pip or make put it there, or an
image was changed by hand. ``--noconfirm`` answers the question whether to remove the other package with no.

How to fix: remove the other package or the file first.

References:
    https://wiki.archlinux.org/title/Pacman#%22Failed_to_commit_transaction_(conflicting_files)%22_error
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

leads_to = blocks_later_installs
_NAME = r"[\w@.+-]{1,100}"
CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    patterns=(
        *patterns_for(
            "pacman-file-there",
            (
                "exists in filesystem",
                rf"^(?P<package>{_NAME}): (?P<file>/\S{{1,300}}) exists in filesystem"
                rf"(?: \(owned by (?P<owner>{_NAME})\))?$",
            ),
            (
                "exists in both",
                rf"^(?P<file>/\S{{1,300}}) exists in both '(?P<package>{_NAME})' and '(?P<owner>{_NAME})'$",
            ),
        ),
        *patterns_for(
            "pacman-rivals",
            (
                "are in conflict",
                rf"^(?::: )?(?P<package>{_NAME}) and (?P<owner>{_NAME}) are in conflict(?: \([^)]{{1,100}}\))?$",
            ),
            (
                "are in conflict",
                rf"^(?::: )?(?P<package>{_NAME}?)-\d\S{{0,60}} and (?P<owner>{_NAME}?)-\d\S{{0,60}} are in conflict",
            ),
        ),
        *patterns_for(
            "pacman-breaks",
            (
                "breaks dependency '",
                rf"^(?::: )?(?:installing|removing) (?P<package>{_NAME})(?: \([^)]{{1,100}}\))? breaks dependency "
                rf"'(?P<needs>[^']{{1,100}})'"
                rf" required by (?P<owner>{_NAME})$",
            ),
        ),
        *patterns_for(
            "pacman-refused",
            ("transaction (conflicting", r"^error: failed to (?:commit|prepare) transaction \(conflicting"),
            ("transaction (could not satis", r"^error: failed to prepare transaction \(could not satisfy dep"),
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See pacman refuse a transaction because of a file or a rival package."""
    if not log.find("pacman-refused"):
        return
    for hit in log.find("pacman-breaks")[:1]:
        said = hit.groups
        yield finding_from_hits(
            log,
            log.find("pacman-breaks"),
            f"the new {said['package']} does not have {said['needs']}, which {said['owner']} needs: only a part is "
            f"updated",
            "pacman installs none of the requested packages.",
            [
                Fix(
                    "update the whole system with it",
                    (Command("pacman -Syu --noconfirm", FixStage.UPDATE),),
                    notes=f"If {said['owner']} is of the AUR, build it again afterwards, or remove it. IgnorePkg in "
                    "/etc/pacman.conf holds packages back.",
                )
            ],
        )
        return
    if rivals := log.find("pacman-rivals"):
        package, owner = rivals[0].groups["package"], rivals[0].groups["owner"]
        yield finding_from_hits(
            log,
            rivals,
            f"{package} and {owner} cannot be installed together",
            "pacman installs none of the requested packages.",
            [
                Fix(
                    f"remove {owner}, if {package} is to replace it",
                    (Command(f"pacman -Rdd --noconfirm {owner}", FixStage.PACKAGES),),
                    notes="Then the same command again. --noconfirm never removes a package; `yes | pacman -Syu` does.",
                )
            ],
        )
        return
    for hit in log.find("pacman-file-there")[:1]:
        yield finding_from_hits(
            log,
            log.find("pacman-file-there"),
            _message(hit),
            "pacman installs none of the requested packages.",
            [_fix(hit)],
        )


def _message(hit: Hit) -> str:
    said = hit.groups
    if said["owner"]:
        return f"{said['package']} and {said['owner']} both have {said['file']}"
    return f"{said['file']}, which {said['package']} contains, is there already"


def _fix(hit: Hit) -> Fix:
    said = hit.groups
    if said["owner"]:
        return Fix(
            f"remove {said['owner']} first, if nothing else needs it",
            (Command(f"pacman -R --noconfirm {said['owner']}", FixStage.PACKAGES),),
        )
    return Fix(
        "let pacman replace the file, if no other package owns it",
        (Command(f"pacman -S --noconfirm --overwrite '{said['file']}' {said['package']}", FixStage.PACKAGES),),
        notes=f"`pacman -Qo {said['file']}` names the owner. If it is a folder that has become a link (/bin): take a "
        "newer image.",
    )
