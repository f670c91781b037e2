"""dnf or yum refuses a package or a repository because of its signing key.

Packages and repositories are signed. The key is imported when the first package needs it, and dnf asks before that;
without ``-y`` a container answers no. Or the key has changed since the image was made, its address is gone, or the
database of keys is damaged.

How to fix: use a newer image, or update the package that brings the keys (``almalinux-release``, ``centos-gpg-keys``,
``epel-release``) first. Import a third-party repository's present key with ``rpm --import``.

References:
    https://dnf.readthedocs.io/en/latest/conf_ref.html (gpgkey, gpgcheck, repo_gpgcheck)
    https://almalinux.org/blog/2023-12-20-almalinux-8-key-update/
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
    patterns=(
        *patterns_for(
            "rpm-key",
            ("GPG check FAILED", r"^Error: GPG check FAILED"),
            ("GPG signature verification error", r"GPG signature verification error: (?P<why>.{1,100})"),
            (
                "PGP check for package",
                r"^PGP check for package \"(?P<of>[^\"]{1,200})\" .{0,300} has failed: ",
            ),  # dnf 5
            (
                "ignature verification failed",
                r"^Signature verification failed for file '[^']{1,200}' from repository '(?P<zypper>[^']{1,100})'",
            ),
            (
                "Public key for ",
                r"^Public key for \S{1,200} is not installed(?:\. |\s+)Failing package is: ",
                2,
            ),  # yum
            ("GPG key retrieval failed", r"GPG key retrieval failed: (?P<gone>.{1,200})"),
        ),
        *patterns_for("rpm-key-asked", ("Is this ok [y/N]: ", r"^Is this ok \[y/N\]: (?![yY])")),
        *patterns_for("rpm-key-of", ("Public key for ", r"Public key for (?P<package>\S+) is not installed")),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See dnf or yum refuse a key."""
    hits, packages = log.find("rpm-key"), log.find("rpm-key-of")
    if not hits:
        return
    fixes = [
        Fix(
            "update what brings the keys first, or use a newer image",
            (Command("dnf upgrade -y '*-release' '*-gpg-keys'", FixStage.PACKAGES),),
            notes="Distributions have replaced their keys, AlmaLinux in 2024. The package with the new key is signed "
            "with the old one.",
        ),
        Fix("import the repository's present key", notes="`rpm --import KEY_URL`; the repository's page names it."),
    ]
    if zypper := next((hit.groups["zypper"] for hit in hits if hit.groups["zypper"]), ""):
        fixes = [
            Fix(
                "let zypper take the repository's present key",
                (Command("zypper --gpg-auto-import-keys refresh", FixStage.SOURCES),),
                notes="If you trust it: the repository's page shows the key's fingerprint.",
            )
        ]
        message = f"zypper does not know the key that the repository {zypper} is signed with"
        yield finding_from_hits(log, hits, message, "The repository is not read.", fixes)
        return
    if log.find("rpm-key-asked"):
        fixes.insert(0, Fix("let dnf accept the key: pass -y", notes="A container has no one to answer its question."))
    yield finding_from_hits(
        log,
        [*packages[:2], *hits],
        f"the signing key of {packages[0].groups['package']} is not accepted"
        if packages
        else "a repository's signing key is not accepted",
        "Nothing is installed.",
        fixes,
    )
