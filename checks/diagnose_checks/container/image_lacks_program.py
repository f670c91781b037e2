"""The container image does not have the program that it should start.

``docker run``, ``docker exec`` and CI services start a program by its name: that of the command line, of the
service's file, or ``CMD`` and ``ENTRYPOINT`` of the image. Small images have no bash, many no Python; and the words
behind the image's name replace its command.

How to fix: start a program that is in the image, or install it there.

References:
    https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "image-lacks",
        (
            "executable file not found in $PATH",
            r"(?:OCI runtime|runc|crun|container process|container_linux|starting container).{0,300}"
            r"exec: \\?\"(?P<program>(?!(?:apt-get|apt|apk|dnf|yum|pkg-config)\\?\")[^\"\\]{1,200})\\?\": "
            r"executable file not found in \$PATH",
        ),
        (
            "no such file or directory",
            r"(?:OCI runtime|runc|crun|container process|container_linux|starting container).{0,300}"
            r"exec: \\?\"(?P<program>[^\"\\]{1,200})\\?\": stat [^:]{1,200}: no such file or directory",
        ),
        ("crun: executable file", r"crun: executable file `(?P<program>[^`]{1,200})` not found"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a container engine not find the program in the image."""
    for hit in log.find("image-lacks")[:1]:
        program = hit.groups["program"]
        shell = program.rpartition("/")[2] in ("bash", "zsh")
        option = program.startswith("-") or " " in program
        start = Fix("start sh instead of bash" if shell else "name a program that is in the image", notes=_NAMES)
        install = Fix(f"install {program.rpartition('/')[2]} in the image, or take one that has it")
        yield finding_from_hits(
            log,
            [hit],
            f"the image has no program {program!r}" + (": these are options or several words" if option else ""),
            "The container does not start.",
            [start._replace(title="separate the words, and write options before the image's name")]
            if option
            else [start, install],
        )


_NAMES = (
    'Each word is one of a list: ["python3", "-m", "app"]; one string is taken for a file of that name. docker run '
    "OPTIONS IMAGE COMMAND: what follows the image replaces its command."
)
