"""Docker or Podman does not accept the command that is to start a container or to build an image.

They end with status 125 before anything runs: a mount (``-v``) whose paths the engine cannot read, a folder that is not
there, a name or a port that another container has, or an option that this release does not know. The paths of a mount
are those of the machine on which the engine runs: ``docker.exe`` takes Windows's paths, not those of WSL.

How to fix: correct the part that the message names.

References:
    https://docs.docker.com/engine/containers/run/#exit-status
    https://docs.docker.com/engine/storage/bind-mounts/
    https://github.com/moby/moby/blob/master/volume/mounts/parser.go
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from diagnose.readers.buildlog import BuildLog

_BY = r"(?:^|\b(?:docker|podman)(?:\.exe)?: |Error response from daemon: |^Error: )"
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "container-command-refused",
        ("invalid volume specification", _BY + r"invalid volume specification: '?(?P<mount>[^']{1,300})'?"),
        ("invalid spec: ", _BY + r"invalid spec: (?P<mount>\S{1,300}): "),
        ("invalid mode: ", _BY + r"invalid mode: (?P<mount>[^\s.]{1,300})"),
        (
            "invalid characters for a local",
            r"create (?P<mount>\S{1,300}): \S{1,300} includes invalid characters for a local volume name",
        ),
        ("invalid container path", _BY + r"invalid container path \"(?P<mount>[^\"]{1,300})\", must be"),
        ("invalid mount path: ", r"invalid mount path: '(?P<mount>[^']{1,300})' mount path must be absolute"),
        (
            "to be an absolute path",
            r"working directory '(?P<mount>[^']{1,300})' is invalid, it needs to be an absolute path",
        ),
        ("bind source path does not exist", r"bind source path does not exist: (?P<absent>\S{1,300}?)\.?$"),
        ("tatfs ", r"^Error: statfs (?P<absent>\S{1,300}): no such file or directory"),
        ("is not shared from", r"The path (?P<unshared>\S{1,300}) is not shared from (?:the host|OS X)"),
        ("is already in use", r"container name \"/?(?P<name>[^\"]{1,100})\" is already in use"),
        ("port is already allocated", r"(?P<port>port) is already allocated"),
        *(
            (
                words,
                r"^(?:docker: |podman: |Error: )?unknown (?:shorthand )?flag: (?P<flag>\S.{0,100}?)(?<!\s)\s+"
                r"(?:(?:See|Run) '|Usage:\s+)(?P<command>(?:docker|podman) \w[\w ]{0,40}?) (?:--help'|\[)",
                3,
            )
            for words in ("nknown flag: ", "nknown shorthand flag: ")
        ),
        ("is not a docker command", r"^docker: '(?P<verb>(?!buildx|compose)[^']{1,60})' is not a docker command"),
        (
            "nknown command",
            r"^(?:docker: |Error: )?unknown command:? (?:docker |\")(?P<verb>(?!buildx|compose)[\w-]{1,60})"
            r"(?:$|\" for \"podman)",
        ),
        (
            " requires ",
            r"^(?:docker: |ERROR: )?['\"](?P<command>(?:docker|podman) \w[\w ]{0,40})['\"] requires "
            r"(?P<number>(?:exactly|at least) \d)",
        ),
    ),
)

_PATHS = Fix(
    "write absolute paths of the machine on which the engine runs",
    notes='-v "$PWD:/io" of a Linux engine; docker.exe takes C:\\path:/io: in WSL, call the docker of Docker '
    "Desktop's WSL integration instead, or install Docker there. Git Bash changes paths: MSYS_NO_PATHCONV=1. A colon "
    "or a blank in a path needs --mount and quotation marks.",
)
#: Group of the pattern → the message, and the fix.
_REASONS = (
    ("mount", "the engine cannot read the paths of {mount}", _PATHS),
    (
        "absent",
        "{absent}, which is to be mounted, is not on the machine on which the engine runs",
        Fix(
            "make that folder first, or correct its path",
            notes="With /var/run/docker.sock, or DOCKER_HOST, in a container: the path is one of the host, not of that "
            "container.",
        ),
    ),
    (
        "unshared",
        "Docker Desktop does not share {unshared} with containers",
        Fix("share it, or build below your home folder", notes="Settings → Resources → File sharing."),
    ),
    (
        "name",
        "another container has the name {name}",
        Fix("remove that one, or choose another name", notes="`docker rm -f NAME`; --rm removes it at its end."),
    ),
    (
        "port",
        "another program has the port that is to be published",
        Fix("stop that one, or publish another port", notes="`docker ps` lists the ports of containers."),
    ),
    (
        "flag",
        "`{command}` of this release has no option {flag}",
        Fix(
            "correct the option, or update the engine",
            notes="Options of the container stand after the image's name. `--platform` of docker needs 20.10, or "
            "the plugin buildx.",
        ),
    ),
    (
        "verb",
        "the engine has no command {verb}",
        Fix("correct it, or install the plugin that brings it", notes="`docker info` lists its plugins."),
    ),
    (
        "number",
        "`{command}` requires {number} argument: it gets more, or fewer",
        Fix(
            "put the options before it, and quotation marks around what has blanks",
            notes="`docker build .` ends in the folder; a variable without a value leaves no word.",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the engine refuse a command."""
    for hit in log.find("container-command-refused")[:1]:
        message, fix = _told(hit.groups)
        yield finding_from_hits(log, [hit], message, "No container runs.", (fix,))


def _told(said: Mapping[str, str]) -> tuple[str, Fix]:
    """Return the message and the fix for the part that the engine names."""
    _, message, fix = next(row for row in _REASONS if said[row[0]])
    words = {name: text.strip() for name, text in said.items()}
    return message.format(**{"command": "", **words}), fix
