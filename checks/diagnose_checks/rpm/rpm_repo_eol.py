"""The release has left its mirrors: its yum or dnf repositories no longer answer.

CentOS 7 moved from mirrorlist.centos.org and mirror.centos.org to vault.centos.org in July 2024, as CentOS 6 and 8 had
before. Official pypa images use the vault since then; older or pinned images do not.

How to fix: use a newer image of the same name, or put the vault's address into the ``.repo`` files.

References:
    https://blog.centos.org/2023/04/end-dates-are-coming-for-centos-stream-8-and-centos-linux-7/
    https://github.com/pypa/manylinux
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.environment import if_installing
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.fix import fix
from diagnose.remedies.rpm_repos import gone, to_the_vault, vault_edits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    patterns=patterns_for(
        "centos-gone",
        (
            "mirrorlist.centos.org",
            r"(?:Could not (?:resolve host|retrieve mirrorlist)|Cannot).{0,400}mirrorlist\.centos\.org",
        ),
        (
            "mirrorlist.centos.org",
            r"mirrorlist\.centos\.org.{0,400}(?:[Uu]nknown error|could not resolve|Could not resolve)",
        ),
        # yum of CentOS 6 and 7
        ("All mirror URLs are not using", r"YumRepo Error: All mirror URLs are not using ftp, http"),
        ("valid baseurl for repo", r"Cannot find a valid baseurl for repo: (?:base|extras|updates)\b"),
        ("prepare internal mirrorlist", r"Cannot prepare internal mirrorlist(?!: (?:Curl error|Status code))"),
        ("mirror.centos.org", r"https?://mirror\.centos\.org/\S{1,300}: \[Errno 14\].{0,200}40[34]"),
        ("mirror.centos.org", r"(?:Status code: 40[34]|Curl error \(6\).{0,300}) for https?://mirror\.centos\.org/"),
    ),
    env_facts=("rpm_repos",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See repositories whose servers no longer exist."""
    repos = gone(env)
    if not repos:
        return
    edits = vault_edits(env)
    by_hand = "" if edits else "Their addresses, baseurl=, have to be written by hand: the files do not name them. "
    yield Finding(
        message=f"the repositories of CentOS {env.distro.version} are no longer on the configured servers",
        severity=if_installing(env),
        evidence=tuple(
            Evidence(f"{repo.id}: {repo.mirrorlist or ' '.join(repo.baseurl)}", f"{repo.path}:{repo.line}")
            for repo in repos
        ),
        consequence='yum fails: "Could not resolve host: mirrorlist.centos.org"; nothing can be installed.',
        fixes=(
            fix(
                env,
                "use the vault, which receives no updates",
                files=edits,
                notes=f"{by_hand}A newer image is better: current pypa images use the vault.",
            ),
        ),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See yum or dnf request CentOS's mirror list, which no longer exists."""
    hits = log.find("centos-gone")
    if hits:
        yield finding_from_hits(
            log,
            hits,
            "CentOS's mirror list no longer exists: its releases have moved to the vault",
            "Nothing can be installed.",
            (
                Fix(
                    "use a current tag of the image",
                    notes="pypa images use the vault since July 2024.",
                ),
                Fix(
                    "point the repositories to the vault",
                    to_the_vault("/etc/yum.repos.d/CentOS-*.repo"),
                    notes="AArch64 and ppc64le of CentOS 7 are below vault.centos.org/altarch.",
                ),
            ),
        )


leads_to = blocks_later_installs
