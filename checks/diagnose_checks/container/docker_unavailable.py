"""The build needs Docker or Podman, and cannot use it.

cibuildwheel, cross and ``maturin-action`` build in containers. They need the program ``docker`` or ``podman`` on
PATH, a running daemon for Docker, and a user that may talk to it: one of the group ``docker``, or root.

How to fix: start the daemon, join the group, or use Podman, which needs neither.

References:
    https://docs.docker.com/engine/install/linux-postinstall/
    https://cibuildwheel.pypa.io/en/stable/options/#container-engine
    https://github.com/cross-rs/cross/wiki/Configuration
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "docker-unavailable",
        ("o the Docker daemon", r"Cannot connect to the Docker daemon at \S+ Is the docker daemon running\?"),
        ("o the Docker daemon", r"(?P<denied>permission denied while trying to connect to the Docker daemon)"),
        ("o the docker API", r"(?:(?P<denied>permission denied)|failed to connect).{0,60} to the docker API at"),
        ("no container engine found", r"(?P<absent>no container engine found)"),
        ("docker", r"(?:^|: )(?P<absent>docker): (?:command )?not found$"),
        ("o such file or directory: ", r"\[Errno 2\] No such file or directory: '(?P<absent>docker)'"),
    ),
)
_JOIN = (
    Fix(
        "join the group docker",
        (Command('sudo usermod -aG docker "$USER"', FixStage.TOOLCHAIN),),
        notes="Then log in again, or: newgrp docker. Members of the group are as powerful as root.",
    ),
)
_INSTALL = (
    Fix(
        "install podman or docker",
        notes="cibuildwheel: CIBW_CONTAINER_ENGINE=podman; cross: CROSS_CONTAINER_ENGINE=podman. In a container, "
        "build without "
        "another one, or mount /var/run/docker.sock.",
    ),
)
_START = (
    Fix(
        "start the daemon",
        (Command("sudo systemctl start docker", FixStage.TOOLCHAIN),),
        notes="On macOS and Windows: start Docker Desktop. In a container: mount /var/run/docker.sock. DOCKER_HOST and "
        "`docker context ls` say where the program looks.",
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a tool without a container engine."""
    hits = log.find("docker-unavailable")
    if hits:
        denied = any(hit.groups["denied"] for hit in hits)
        absent = any(hit.groups["absent"] for hit in hits)
        yield finding_from_hits(
            log,
            hits,
            "this user may not use Docker"
            if denied
            else "neither docker nor podman is on PATH"
            if absent
            else "the Docker daemon does not run, or is not reached",
            "No container is started.",
            (*(_JOIN if denied else _INSTALL if absent else _START),),
        )
