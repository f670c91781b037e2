"""The first line of a script names an interpreter that is not there.

The kernel reads ``#!/path/to/interpreter`` and starts that program. If it does not exist, the shell reports the
script as not found, although it is there. Git on Windows writes lines that end with CR LF, and the CR becomes part of
the name; scripts of a virtual environment (``pip``) name its Python by an absolute path, which changes if the folder
is copied or moved; a slim image has no bash.

How to fix: give the script Unix line ends; make the environment again at its place; install the interpreter.

References:
    https://man7.org/linux/man-pages/man2/execve.2.html (ENOENT)
    https://git-scm.com/docs/gitattributes (``eol``)
    https://docs.python.org/3/library/venv.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_CR = r"(?:\^M|\\r|\\015|\r)"
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    log_kinds=("platform-note",),
    patterns=patterns_for(
        "script-unstartable",
        (
            "bad interpreter: ",
            rf"(?P<script>(?<![^\s:])[^\s:]{{1,300}}): (?P<interpreter>[^\s:]{{1,300}}?)(?P<cr>{_CR})?: bad "
            rf"interpreter: "
            r"(?P<why>[Nn]o such file|Text file busy|[Pp]ermission denied)",
        ),
        (
            "bad interpreter: ",
            rf"zsh: (?P<script>\S{{1,300}}): bad interpreter: (?P<interpreter>[^\s:]{{1,300}}?)(?P<cr>{_CR})?: "
            rf"(?P<why>no such)",
        ),
        (
            "No such file or directory",
            rf"env: [`'‘\"]?(?P<interpreter>[\w./+-]{{1,60}})(?P<cr>{_CR})['’\"]?: No such file",
        ),
        (
            "No such file or directory",
            r"env: [`'‘\"]?(?P<interpreter>bash|node|ruby|perl|php|zsh)['’\"]?: No such file",
        ),
        (
            "no such file or directory",
            r"(?:^|ERROR: |error: )exec (?P<script>/[^\s:]{1,300}): no such file or directory$",
        ),
        ("exec user process", r"exec user process caused:? \"?no such file or directory"),
        (
            "required file not found",
            r"(?P<script>(?<![^\s:])[^\s:]{1,300}): cannot execute: required file not found",
        ),
    ),
)
_NOTED = 4  # lines from the engine's warning to the failure
_UNIX = Fix(
    "give the script Unix line ends",
    (Command("sed -i 's/\\r$//' SCRIPT", FixStage.BUILD),),
    notes="So that git keeps them: a line `*.sh text eol=lf` in .gitattributes, then git add --renormalize .",
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a shell, env or a container engine not find a script's interpreter."""
    for hit in log.find("script-unstartable"):
        if "required file" in hit.text and log.distro_at(hit.line).libc == "musl":
            continue  # glibc-binary-on-musl
        if hit.groups["why"].lower() in ("text file busy", "permission denied"):
            continue  # program-not-executable
        notes = log.near(hit.line, "platform-note", before=_NOTED)
        if foreign := [note for note in notes if "detected host" in note.text]:
            yield _of_other_machine(log, foreign[-1], hit)
            return
        yield finding_from_hits(log, [hit], _message(hit), "The script is not run.", _fixes(hit))
        return


def _of_other_machine(log: BuildLog, note: Hit, hit: Hit) -> Finding:
    """Return that a container engine starts a program for another processor, whose emulator is not there."""
    want = note.groups["want"]
    return finding_from_hits(
        log,
        [note, hit],
        f"the image is for {want}, and this machine is another one: its program or the emulator for it is not found",
        "The container does not start.",
        [
            Fix("take the image for this machine", notes="Without --platform, and an image that has it."),
            Fix(
                "or let the kernel start an emulator for it",
                (
                    Command(
                        f"docker run --privileged --rm tonistiigi/binfmt --install {want.split('/')[1]}",
                        FixStage.TOOLCHAIN,
                    ),
                ),
            ),
        ],
    )


def _message(hit: Hit) -> str:
    script = hit.groups["script"].rpartition("/")[2] or "a script"
    interpreter = hit.groups["interpreter"]
    if hit.groups["cr"]:
        return f"{script} has the line ends of Windows, which its interpreter's name ({interpreter}) then includes"
    if interpreter:
        return f"the first line of {script} names {interpreter}, which is not there"
    return f"{script} is there, and the interpreter or loader that it names is not; or it does not exist"


def _fixes(hit: Hit) -> list[Fix]:
    if hit.groups["cr"]:
        script = hit.groups["script"]
        named = Command(f"sed -i 's/\\r$//' {script}", FixStage.BUILD)
        return [_UNIX._replace(commands=(named,)) if script else _UNIX]
    if re.search(r"/python[\d.]*$", hit.groups["interpreter"]):
        return [
            Fix(
                "make the environment again, at the place where it is used",
                (Command("python3 -m venv --clear .venv", FixStage.BUILD),),
                notes="Its scripts have the absolute path of its Python: it cannot be copied from another "
                "folder, stage or "
                "machine. Until then: PYTHON -m pip instead of pip. A path of more than 127 characters does not "
                "fit, too.",
            )
        ]
    if hit.groups["interpreter"]:
        return [
            Fix(
                f"install {hit.groups['interpreter'].rpartition('/')[2]}, or name one that is there",
                notes="#!/bin/sh is on every system; Alpine and slim images have no bash.",
            )
        ]
    return [
        Fix(
            "see what it asks for",
            notes="`head -1 SCRIPT | cat -A` shows the first line: ^M$ at its end are Windows's line ends, a "
            "name is the "
            "interpreter. `file PROGRAM` shows a program's loader: ld-linux… is glibc's, ld-musl… Alpine's.",
        ),
        _UNIX,
        Fix("install the interpreter", notes="Alpine and slim images have no bash: #!/bin/sh, or install it."),
    ]
