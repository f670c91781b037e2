"""pacman refuses packages because the keys of their packagers are not, or not any longer, in its keyring.

Each package is signed, and the keys come in a package themselves: ``archlinux-keyring``, ``msys2-keyring`` and those of
derived distributions. An image or an installation that is older than a packager's key, or than its last extension, does
not trust it. pacman calls the file corrupted.

How to fix: update the keyring before everything else, or use a newer image.

References:
    https://wiki.archlinux.org/title/Pacman/Package_signing
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
        "pacman-key",
        (
            "signature from ",
            r"error: (?P<package>\S{1,100}): signature from \".{1,200}\" is (?:\w{1,20} trust|invalid)",
        ),
        ("PGP signature)", r"File \S{1,300} is corrupted \(invalid or corrupted package \(PGP signature\)\)"),
        ("required key missing from", r"required key missing from keyring"),
        ("could not be looked up", r"error: key \".{1,100}\" could not be (?:looked up|imported)"),
        ("keyring is not writable", r"error: keyring is not writable"),
    )
    + patterns_for("msys2", ("/msys64/", "/msys64/"), ("mingw-w64-", r"mingw-w64-\w+-"), ("msys2", "msys2")),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See signatures refused for want of a trusted key."""
    hits = log.find("pacman-key")
    if not hits:
        return
    keyring = "msys2-keyring" if log.find("msys2") else "archlinux-keyring"
    name = next((hit.groups["package"] for hit in hits if hit.groups["package"]), "")
    yield finding_from_hits(
        log,
        hits,
        f"pacman does not trust the key that signed {name or 'a package'}: its keyring is too old",
        "Nothing is installed.",
        (
            Fix(
                f"update {keyring} first",
                (
                    Command(f"pacman -Sy --noconfirm {keyring}", FixStage.SOURCES),
                    Command("pacman -Su --noconfirm", FixStage.UPDATE),
                ),
                notes="In a Dockerfile, in the same RUN as the installation. A derived distribution has a keyring of "
                "its own, such as manjaro-keyring.",
            ),
            Fix(
                "if the keyring was never set up: create it",
                (
                    Command("pacman-key --init", FixStage.SOURCES),
                    Command("pacman-key --populate", FixStage.SOURCES),
                ),
                notes="A newer image (docker build --pull) has it too. The clock has to be right.",
            ),
        ),
    )
