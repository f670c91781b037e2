"""The release has left its mirrors: its yum or dnf repositories do not answer any more.

CentOS 7 left mirrorlist.centos.org and mirror.centos.org for vault.centos.org in July 2024, as CentOS 6 and 8 had
before. Official pypa images point to the vault since then; an older image, or a pinned one, does not.

How to fix: a newer image of the same name; else the vault's address in the ``.repo`` files.

References:
    https://blog.centos.org/2023/04/end-dates-are-coming-for-centos-stream-8-and-centos-linux-7/
    https://github.com/pypa/manylinux
"""

from __future__ import annotations

from diagnose.authoring.causality import blocks_later_installs
from diagnose.authoring.env import if_installing
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase
from diagnose.model.pattern import patterns_for
from diagnose.readers.env import Environment
from diagnose.remedies.fix import fix
from diagnose.remedies.rpm_repos import gone, to_the_vault, vault_commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    patterns=patterns_for(
        "centos-gone",
        (
            "mirrorlist.centos.org",
            r"(?:Could not (?:resolve host|retrieve mirrorlist)|Cannot).*mirrorlist\.centos\.org",
        ),
        ("mirrorlist.centos.org", r"mirrorlist\.centos\.org.*(?:[Uu]nknown error|could not resolve|Could not resolve)"),
        ("prepare internal mirrorlist", r"Cannot prepare internal mirrorlist(?!: (?:Curl error|Status code))"),
        ("mirror.centos.org", r"https?://mirror\.centos\.org/\S+: \[Errno 14\].*40[34]"),
        ("mirror.centos.org", r"(?:Status code: 40[34]|Curl error \(6\).*) for https?://mirror\.centos\.org/"),
    ),
)


def env(env: Environment) -> Iterator[Finding]:
    """See which repositories point to servers that are gone."""
    repos = gone(env)
    if not repos:
        return
    yield Finding(
        message=f"the repositories of CentOS {env.distro.version} have left the servers that are named here",
        severity=if_installing(env),
        evidence=tuple(
            Evidence(f"{repo.id}: {repo.mirrorlist or ' '.join(repo.baseurl)}", f"{repo.path}:{repo.line}")
            for repo in repos
        ),
        consequence='yum fails: "Could not resolve host: mirrorlist.centos.org"; nothing can be installed.',
        fixes=(
            fix(
                env,
                "take the packages from the vault, which gets no updates",
                commands=vault_commands(env),
                notes="A newer image is the better answer: the pypa images of today point to the vault.",
            ),
        ),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See yum or dnf look for CentOS's list of mirrors, which is gone."""
    hits = log.find("centos-gone")
    if hits:
        yield finding_from_hits(
            log,
            hits,
            "CentOS's mirror list is gone: its releases have moved to the vault",
            "Nothing can be installed.",
            (
                Fix(
                    "use a current tag of the image",
                    notes="The pypa images point to the vault since July 2024.",
                ),
                Fix(
                    "point the repositories there",
                    to_the_vault("/etc/yum.repos.d/CentOS-*.repo"),
                    notes="AArch64 and ppc64le of CentOS 7 are below vault.centos.org/altarch.",
                ),
            ),
        )


leads_to = blocks_later_installs
