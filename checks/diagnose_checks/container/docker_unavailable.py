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

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "docker-unavailable",
        ("o the Docker daemon", r"Cannot connect to the Docker daemon at \S+ Is the docker daemon running\?"),
        ("o the Docker daemon", r"(?P<denied>permission denied while trying to connect to the Docker daemon)"),
        ("o the docker API", r"(?:(?P<denied>permission denied)|failed to connect).{0,60} to the docker API at"),
        ("no container engine found", r"(?P<absent>no container engine found)"),
        ("rror during connect: ", r"^(?:ERROR: |docker: )?error during connect: (?!.{0,300}context canceled)"),
        (
            "to Podman",
            r"^(?:Error: )?(?:unable|Cannot) connect to Podman(?P<podman>)|unable to connect to Podman socket",
        ),
        ("to Docker daemon at", r"^(?:ERROR: )?Couldn't connect to Docker daemon at "),  # docker-compose 1
        (
            "while fetching server API",
            r"DockerException: Error while fetching server API version: (?:.{0,200}(?P<denied>PermissionError))?",
        ),
        ("ocker not found. ", r"^(?:cibuildwheel: )?(?P<absent>[Dd]ocker) not found\. (?:Docker|An OCI) "),
        ("is too old.", r"^(?:cibuildwheel: )?Build failed because (?P<old>docker|podman) is too old\b"),
        (
            "is too new. Max",
            r"client version (?P<client>\d[\d.]{1,8}) is too new\. Maximum supported API version is "
            r"(?P<api>[\d.]{1,8}\d)",
        ),
        ("is too old. Min", r"client version [\d.]{1,8} is (?P<aged>too old)\. Minimum supported API version is "),
        ("buildx component is", r"BuildKit is enabled but the (?P<buildx>buildx) component is missing or broken"),
        ("is not a docker command", r"'(?P<buildx>buildx|compose)' is not a docker command"),
        ("nknown command: docker ", r"^docker: unknown command: docker (?P<buildx>buildx|compose)$"),
        # docker takes the plugin's options for its own
        *(
            (
                words,
                r"^unknown (?:shorthand )?flag: \S.{0,100}?(?<!\s)\s+"
                r"(?:See '|Usage:\s+)(?P<buildx>docker) (?:--help|\[O)",
                3,
            )
            for words in ("nknown flag: ", "nknown shorthand flag: ")
        ),
        (
            "for the docker driver",
            r"[Mm]ulti(?:-platform build|ple platforms feature) is (?:not supported|currently not supported) for "
            r"(?:the )?docker (?P<driver>driver)",
        ),
        (
            "docker-credential-",
            r'error getting credentials - err: exec: "(?P<helper>docker-credential-[\w.-]{1,40})": executable file not',
        ),
        ("device is not a TTY", r"^(?:docker: )?the input device is not a (?P<tty>TTY)"),
        (
            "with capabilities: [[gpu]]",
            r"could not select device driver \"[^\"]{0,40}\" with capabilities: \[\[(?P<gpu>gpu)\]\]",
        ),
        (
            "HTTP response to HTTPS",
            r"Get \"https://(?P<plain>[^\"/]{1,200})/[^\"]{0,200}\": http: server gave HTTP response to HTTPS client",
        ),
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

#: Group of the pattern → the message and its fixes, where the daemon itself is not the cause.
_OTHERS: dict[str, tuple[str, tuple[Fix, ...]]] = {
    "podman": (
        "Podman's machine or service does not run, or is not reached",
        (
            Fix(
                "start it",
                notes="macOS, Windows: podman machine init, podman machine start. Linux: systemctl --user start "
                "podman.socket, and CONTAINER_HOST names another one.",
            ),
        ),
    ),
    "old": (
        "the container engine is older than cibuildwheel needs",
        (Fix("update it", notes="Or an older cibuildwheel. A hosted runner of a newer system has a newer one."),),
    ),
    "aged": (
        "the docker program is older than the daemon accepts",
        (
            Fix(
                "update the docker program",
                notes="In CI: a newer image docker:cli, or a newer release of the tool that brings it.",
            ),
        ),
    ),
    "buildx": (
        "a part of Docker is not installed: the plugin buildx or compose",
        (
            Fix(
                "install Docker's plugin",
                (Command("apt-get install -y docker-buildx-plugin docker-compose-plugin", FixStage.PACKAGES),),
                notes="From Docker's repository; Debian and Ubuntu call theirs docker-buildx and docker-compose-v2.",
            ),
        ),
    ),
    "driver": (
        "this builder of Docker builds for one platform at a time",
        (
            Fix(
                "make a builder that can, and use it",
                (Command("docker buildx create --use --driver docker-container", FixStage.TOOLCHAIN),),
                notes="GitHub Actions: docker/setup-buildx-action. Or switch the containerd image store on.",
            ),
        ),
    ),
    "helper": (
        "Docker's configuration names a program for credentials that is not installed",
        (
            Fix(
                "remove credsStore and credHelpers from ~/.docker/config.json",
                notes="Docker Desktop wrote them, as in WSL.",
            ),
        ),
    ),
    "tty": (
        "docker run is to use a terminal, which it does not have",
        (Fix("leave -t out of docker run", notes="`docker run -i` in a script and in CI; docker compose exec -T."),),
    ),
    "gpu": (
        "Docker cannot give the container a GPU: NVIDIA's container toolkit is not installed, or not set up",
        (
            Fix(
                "install nvidia-container-toolkit, and let Docker know it",
                (
                    Command("nvidia-ctk runtime configure --runtime=docker", FixStage.TOOLCHAIN),
                    Command("systemctl restart docker", FixStage.TOOLCHAIN),
                ),
                notes="Without a GPU in this machine: leave --gpus out.",
            ),
        ),
    ),
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See a tool without a container engine."""
    hits = log.find("docker-unavailable")
    for hit in hits[:1]:
        if told := _of_another(log, hit):
            yield told
            return
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


def _of_another(log: BuildLog, hit: Hit) -> Finding | None:
    """Return the finding where a daemon runs, and something else keeps the build from it."""
    said = hit.groups
    if said["client"]:
        fix = Fix(
            "speak the version that the daemon knows",
            env=(("DOCKER_API_VERSION", said["api"]),),
            notes="Or update the daemon.",
        )
        return finding_from_hits(
            log, [hit], "the docker program is newer than the daemon", "No container is started.", (fix,)
        )
    if said["plain"]:
        fix = Fix(
            "allow that registry without encryption",
            notes=f'/etc/docker/daemon.json: {{"insecure-registries": ["{said["plain"]}"]}}, then restart the daemon. '
            f"Podman: "
            "--tls-verify=false. Better: give the registry a certificate.",
        )
        return finding_from_hits(
            log,
            [hit],
            f"the registry {said['plain']} speaks http, and https is asked for",
            "No image is pulled.",
            (fix,),
        )
    for group, (message, fixes) in _OTHERS.items():
        if said[group] or (group == "podman" and "Podman" in hit.text):
            return finding_from_hits(log, [hit], message, "No container is started.", fixes)
    return None
