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
from checks.rpm._repos import gone, mending
from diagnose.finding import Evidence, Finding, Severity
from diagnose.readers.env import Environment


def env(env: Environment) -> Iterator[Finding]:
    """See which repositories point to servers that are gone."""
    repos = gone(env)
    if not repos:
        return
    yield Finding(
        message=f"the repositories of CentOS {env.distro.version} have left the servers that are named here",
        severity=Severity.ERROR if any(library.outcome != "found" for library in env.libraries) else Severity.WARNING,
        evidence=tuple(
            Evidence(f"{repo.id}: {repo.mirrorlist or ' '.join(repo.baseurl)}", f"{repo.path}:{repo.line}")
            for repo in repos
        ),
        consequence='yum fails: "Could not resolve host: mirrorlist.centos.org"; nothing can be installed.',
        fixes=(
            fix(
                env,
                "take the packages from the vault, which gets no updates",
                commands=mending(env),
                notes="A newer image is the better answer: the pypa images of today point to the vault.",
            ),
        ),
    )
