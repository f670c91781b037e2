"""The release has left its mirrors: its yum or dnf repositories do not answer any more.

CentOS 7 left mirrorlist.centos.org and mirror.centos.org for vault.centos.org in July 2024, as CentOS 6 and 8 had
before. Official pypa images point to the vault since then; an older image, or a pinned one, does not.

Mend it: a newer image of the same name; else the vault's address in the ``.repo`` files.

References:
    https://blog.centos.org/2023/04/end-dates-are-coming-for-centos-stream-8-and-centos-linux-7/
    https://github.com/pypa/manylinux
"""

from __future__ import annotations

from collections.abc import Iterator

from checks._advice import fix
from diagnose.finding import Command, Evidence, Finding, Severity, Stage
from diagnose.readers.env import Environment

_GONE = ("mirrorlist.centos.org", "mirror.centos.org")
_ENDED = ("6", "7", "8")


def env(env: Environment) -> Iterator[Finding]:
    """See which repositories point to servers that are gone."""
    if env.distro.id != "centos" or env.distro.version.partition(".")[0] not in _ENDED:
        return
    gone = [
        repo
        for repo in env.rpm_repos
        if repo.enabled and any(_host(address) in _GONE for address in (repo.mirrorlist, *repo.baseurl) if address)
    ]
    if not gone:
        return
    files = " ".join(dict.fromkeys(repo.path for repo in gone))
    edit = (
        "sed -i -e 's;^mirrorlist=;#mirrorlist=;' "
        f"-e 's;^#*baseurl=http://mirror.centos.org;baseurl=http://vault.centos.org;' {files}"
    )
    yield Finding(
        message=f"the repositories of CentOS {env.distro.version} have left the servers that are named here",
        severity=Severity.ERROR if any(library.outcome != "found" for library in env.libraries) else Severity.WARNING,
        evidence=tuple(
            Evidence(f"{repo.id}: {repo.mirrorlist or ' '.join(repo.baseurl)}", f"{repo.path}:{repo.line}")
            for repo in gone
        ),
        consequence='yum fails: "Could not resolve host: mirrorlist.centos.org"; nothing can be installed.',
        fixes=(
            fix(
                env,
                "take the packages from the vault, which gets no updates",
                commands=(Command(edit, Stage.SOURCES),),
                notes="A newer image is the better answer: the pypa images of today point to the vault.",
            ),
        ),
    )


def _host(address: str) -> str:
    return address.partition("://")[2].partition("/")[0].lower()
