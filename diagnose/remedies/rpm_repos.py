"""Repositories of yum and dnf whose servers are gone."""

from __future__ import annotations

from diagnose.model.finding import Command, FixStage
from diagnose.readers.env import Environment
from diagnose.readers.system.packages import RpmRepo

_GONE = ("mirrorlist.centos.org", "mirror.centos.org")
_ENDED = ("6", "7", "8")


def gone(env: Environment) -> list[RpmRepo]:
    """Return the enabled repositories that name servers which ended releases have left."""
    if env.distro.id != "centos" or env.distro.version.partition(".")[0] not in _ENDED:
        return []
    return [
        repo
        for repo in env.rpm_repos
        if repo.enabled and any(_host(address) in _GONE for address in (repo.mirrorlist, *repo.baseurl) if address)
    ]


def vault_commands(env: Environment) -> tuple[Command, ...]:
    """Return the command that points these repositories to the vault; empty if there is nothing to fix."""
    files = " ".join(dict.fromkeys(repo.path for repo in gone(env)))
    return to_the_vault(files) if files else ()


def to_the_vault(files: str) -> tuple[Command, ...]:
    """Return the command that points the repositories of *files* to the vault."""
    edit = (
        "sed -i -e 's;^mirrorlist=;#mirrorlist=;' "
        f"-e 's;^#* *baseurl=http://mirror.centos.org;baseurl=http://vault.centos.org;' {files}"
    )
    return (Command(edit, FixStage.SOURCES),)


def _host(address: str) -> str:
    return address.partition("://")[2].partition("/")[0].lower()
