"""pacman cannot read one of its databases.

The files below ``/var/lib/pacman/sync`` are copies of the mirrors' lists, and those below ``local`` say what is
installed. A download that broke off, a page of text in the place of a list, a disk that was full, or a pacman of
another age leave files that pacman does not read.

How to fix: remove the copies, and fetch them again. A damaged local database is completed by installing the package
again.

References:
    https://wiki.archlinux.org/title/Pacman#Troubleshooting
    https://man.archlinux.org/man/pacman.8
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

    from diagnose.readers.buildlog import BuildLog

leads_to = blocks_later_installs
CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    patterns=patterns_for(
        "pacman-database",
        ("/sync/", r"^error: could not open file \S{1,200}/sync/(?P<list>[\w.@+-]{1,60})\.db\S{0,10}: "),
        (
            "invalid or corrupted database",
            r"^error: database '(?P<list>[^']{1,60})' is not valid \(invalid or corrupted database",
        ),
        (
            "invalid or corrupted database",
            r"^error: failed to \w{4,20}(?: all databases| transaction) \(invalid or corrupted database",
        ),
        (
            "/local/",
            r"^error: could not open file \S{1,200}/local/(?P<local>[\w.@+:-]{1,150})/(?:desc|files): No such file",
        ),
        ("database is incorrect version", r"^database is incorrect version(?P<version>)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See pacman not read a database."""
    hits = log.find("pacman-database")
    if not hits:
        return
    local = next((hit.groups["local"] for hit in hits if hit.groups["local"]), "")
    name = next((hit.groups["list"] for hit in hits if hit.groups["list"]), "")
    if any("incorrect version" in hit.text for hit in hits):
        message = "pacman's local database has the format of an older release"
        fix = Fix("convert it", (Command("pacman-db-upgrade", FixStage.UPDATE),))
    elif local:
        package = local.rsplit("-", 2)[0]
        message = f"pacman's local database lacks the files of {package}"
        fix = Fix(
            "install the package again over its own files",
            (Command(f"pacman -S --noconfirm --overwrite '*' {package}", FixStage.PACKAGES),),
            notes="Remove its empty folder below /var/lib/pacman/local first, if pacman still stops.",
        )
    else:
        message = (
            f"pacman's copy of the list {name} is damaged"
            if name
            else "pacman's copies of the mirrors' lists are damaged"
        )
        fix = Fix(
            "remove the copies, and fetch them again",
            (Command("rm -rf /var/lib/pacman/sync", FixStage.UPDATE), Command("pacman -Sy", FixStage.UPDATE)),
            notes="If it happens again: another mirror in /etc/pacman.d/mirrorlist, or a proxy or login page that "
            "answers in the "
            "mirror's place. MSYS2 signs its lists: an old keyring gives the same words (pacman-key --init, "
            "--populate).",
        )
    yield finding_from_hits(log, hits, message, "pacman installs nothing.", (fix,))
