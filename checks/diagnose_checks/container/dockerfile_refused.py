"""Docker does not accept a line of the Dockerfile.

The old builder knows neither here-documents (``RUN <<EOF``) nor ``RUN --mount`` and ``COPY --chmod``: these are
BuildKit's. So are the variables ``BUILDPLATFORM`` and ``TARGETPLATFORM``, without which ``FROM --platform`` has no
value. An "unknown instruction" that is a command of the shell is the rest of a command whose line before it does not
end in a backslash.

How to fix: build with BuildKit, or correct the line that the message names.

References:
    https://docs.docker.com/reference/dockerfile/
    https://docs.docker.com/build/buildkit/#getting-started
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "dockerfile-refused",
        (
            "ockerfile parse error",
            r"[Dd]ockerfile parse error (?:on )?line (?P<line>\d+): [Uu]nknown instruction: (?P<instruction>\S{1,60})",
        ),
        ("ockerfile parse error", r"[Dd]ockerfile parse error (?:on )?line (?P<line>\d+): (?P<why>.{1,200})"),
        ("nknown instruction: ", r"^(?:Error: )?[Uu]nknown instruction: (?P<instruction>[\"']?[\w./$({<-]{1,60})"),
        ("requires BuildKit", r"(?P<buildkit>the --\w+ option requires BuildKit)"),
        ("nknown flag: ", r"^(?:Error: )?[Uu]nknown flag: (?P<buildkit>mount|link|chmod|network|security)"),
        ("ependency detected on stage", r"(?P<why>circular dependency detected on stage: \S{1,100})"),
        ("could not be found", r"failed to solve: target stage \"(?P<stage>[^\"]{1,100})\" could not be found"),
        (
            "ailed to parse stage name",
            r"failed to parse stage name \"(?P<name>[^\"]{0,200})\": invalid reference format",
        ),
        (
            "ailed to parse platform",
            r"failed to parse platform (?P<unset>): \"\" is an invalid component of \"\"",
        ),
        ("empty platform value", r"empty platform value from expression (?P<unset>\$\{?\w{1,60}\}?)"),
        (
            "ailed to process ",
            r"failed to process (?P<why>\"[^\"]{0,200}\": (?:unsupported modifier|missing ':'|invalid modifier|"
            r"bad substitution|unexpected end of|syntax error).{0,200})",
        ),
        ("more than one source file", r"When using (?P<slash>COPY|ADD) with more than one source file"),
    )
    + patterns_for(
        "dockerfile-platform", ("--platform=", r"\bFROM --platform=[\"']?\$\{?(?P<variable>[A-Za-z_]\w{0,60})")
    ),
)
#: What BuildKit alone gives a value.
_PLATFORMS = frozenset({"BUILDPLATFORM", "TARGETPLATFORM"})
_SHELL = frozenset({"set", "cd", "export", "echo", "apt-get", "yum", "dnf", "apk", "pip", "pip3", "python", "python3",
                    "cargo", "rustup", "curl", "wget", "make", "cmake", "git", "mkdir", "rm", "cp", "mv", "if", "fi",
                    "for", "done", "eof", "&&", "chmod", "chown", "import", "cat", "tar"})  # fmt: skip
_BUILDKIT = Fix(
    "build with BuildKit",
    env=(("DOCKER_BUILDKIT", "1"),),
    notes="Docker 23 and later use it by themselves, `docker buildx build` always. First line of the Dockerfile: "
    "# syntax=docker/dockerfile:1",
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Docker stop at a line of the Dockerfile."""
    for hit in log.find("dockerfile-refused")[:1]:
        said = hit.groups
        where = f" in line {said['line']}" if said["line"] else ""
        instruction = said["instruction"].strip("\"'")
        fixes: tuple[Fix, ...] = (_BUILDKIT,)
        if said["buildkit"]:
            message = "the Dockerfile uses what only BuildKit knows"
        elif said["unset"] or "arse platform" in hit.text:
            message, fixes = _without_platform(log, hit)
        elif said["slash"]:
            message = f"{said['slash']} has several sources, and its destination does not end in a slash"
            fixes = (Fix("end the destination with a slash", notes="`COPY a b ./`. BuildKit needs none."), _BUILDKIT)
        elif said["stage"]:
            message = f"the Dockerfile has no stage {said['stage']}, which --target names"
            fixes = (
                Fix("name a stage that it has", notes="FROM IMAGE AS NAME makes one. target in a compose file, too."),
            )
        elif said["name"]:
            message = f"FROM in the Dockerfile names '{said['name']}', which cannot be an image"
            fixes = (
                Fix(
                    "write a name in lower case, and give its variables a value",
                    notes="A variable in FROM needs an ARG before the first FROM: ARG VERSION=3.12; --build-arg "
                    "replaces it.",
                ),
            )
        elif instruction.lower() in _SHELL:
            message = f"Docker takes the shell's {instruction}{where} of the Dockerfile for an instruction"
            fixes = (
                Fix("end the line before it with a backslash", notes="Blank lines and comments in between count, too."),
                _BUILDKIT._replace(title="if it is in a here-document (RUN <<EOF): build with BuildKit"),
            )
        elif instruction:
            message = f"Docker knows no instruction {instruction}{where} of the Dockerfile"
            fixes = (Fix("correct the line that the message names"), _BUILDKIT)
        else:
            message = f"Docker does not accept the Dockerfile{where}: {said['why']}"
            fixes = (Fix("correct the line that the message names"),)
        yield finding_from_hits(log, [hit], message, "Nothing is built.", fixes)


def _without_platform(log: BuildLog, hit: Hit) -> tuple[str, tuple[Fix, ...]]:
    """Return message and fixes for a ``FROM --platform`` whose variable is empty."""
    above = log.near(hit.line, "dockerfile-platform", before=8)[-1:]
    variable = hit.groups["unset"].strip("${}") or (above[0].groups["variable"] if above else "")
    named = f"${variable}" if variable else "its variable"
    message = f"FROM in the Dockerfile has no value for --platform: {named} is empty"
    own = Fix("give the variable a value", notes=f"ARG {variable or 'NAME'}=linux/amd64 before the first FROM.")
    if variable and variable not in _PLATFORMS:
        return message, (own,)
    return message, (_BUILDKIT,) if variable else (_BUILDKIT, own)
