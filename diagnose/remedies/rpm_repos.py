"""Repositories of yum and dnf whose servers are gone."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import Command, FileEdit, FixStage

if TYPE_CHECKING:
    from diagnose.readers.env import Environment
    from diagnose.readers.system.packages import RpmRepo

_GONE = ("mirrorlist.centos.org", "mirror.centos.org")
_ENDED = ("6", "7", "8")
_OLD = r"(?i)(https?://)mirror\.centos\.org(?=[/\s]|$)"


def gone(env: Environment) -> list[RpmRepo]:
    """Return the enabled repositories that name servers which ended releases have left."""
    if env.distro.id != "centos" or env.distro.version.partition(".")[0] not in _ENDED:
        return []
    return [
        repo
        for repo in env.rpm_repos
        if repo.enabled and any(_host(address) in _GONE for address in (repo.mirrorlist, *repo.baseurl) if address)
    ]


def vault_edits(env: Environment) -> tuple[FileEdit, ...]:
    """Return the edits that point these repositories to the vault.

    A repository without an address in its file, commented out or not, is left as it is: which one it had is unknown.
    """
    files = dict.fromkeys((repo.path, repo.text) for repo in gone(env))
    edits = (FileEdit(path, text, _with_vault(text)) for path, text in files)
    return tuple(edit for edit in edits if edit.after != edit.before)


def _with_vault(text: str) -> str:
    """Return the *text* of a ``.repo`` file with the vault in every section that names a server which is gone."""
    sections: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.startswith("["):
            sections.append([])
        sections[-1].append(f"{line}\n")
    return "".join(line for section in sections for line in _section_with_vault(section))[:-1]


def _section_with_vault(lines: list[str]) -> list[str]:
    """Return the *lines* of one section; unchanged if no address would be left."""
    options = [(line, *_option(line)) for line in lines]
    left = {at for at, (line, on, name) in enumerate(options) if on and name == "mirrorlist" and _left(line)}
    # An address that is commented out is the one that the mirror list replaced; beside another one, it is not used.
    other = any(on and name == "baseurl" and not re.search(_OLD, line) for line, on, name in options)
    after, last = [], ""
    for at, (line, on, name) in enumerate(options):
        last = name if on and name else last
        if at in left:
            after.append(f"#{line}")
        elif re.search(_OLD, line) and (last == "baseurl" if on else name == "baseurl" and left and not other):
            after.append(re.sub(_OLD, r"\1vault.centos.org", line if on else line.lstrip("#; \t")))
        else:
            after.append(line)
    return after if any(_option(line) == (True, "baseurl") for line in after) else lines


def _left(line: str) -> bool:
    return _host(line.partition("=")[2].strip()) in _GONE


def _option(line: str) -> tuple[bool, str]:
    """Return whether *line* is in effect, and the option that it sets; none if it continues the line before."""
    name = "" if line[0] in " \t" else line.lstrip("#; \t").partition("=")[0].strip().lower()
    return line.lstrip()[:1] not in ("#", ";"), name


def to_the_vault(files: str) -> tuple[Command, ...]:
    """Return the command that points the repositories of *files* to the vault."""
    edit = (
        "sed -i -e 's;^mirrorlist=;#mirrorlist=;' "
        f"-e 's;^#* *baseurl=http://mirror.centos.org;baseurl=http://vault.centos.org;' {files}"
    )
    return (Command(edit, FixStage.SOURCES),)


def _host(address: str) -> str:
    return address.partition("://")[2].partition("/")[0].lower()
