"""Dockerfiles: the stages that build a wheel, in which image, and what their RUN lines call.

Source: Docker's documentation, "Dockerfile reference" and "docker buildx build".
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.finding import InputError
from diagnose.readers.workflow import commands, scripts
from diagnose.readers.workflow.nodes import Text
from diagnose.readers.workflow.values import bounded_sub, follows, template
from diagnose.readers.workflow.workflow_facts import BuildPlace, Leg, Spot, Workflow
from diagnose.tables import ci

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow.jobs import Step
    from diagnose.readers.workflow.repository import Repository

_ACTION = "docker/build-push-action"
PLATFORMS = {
    "linux/amd64": "x86_64", "linux/arm64": "aarch64", "linux/riscv64": "riscv64", "linux/386": "i686",
    "linux/arm/v7": "armv7l", "linux/ppc64le": "ppc64le", "linux/s390x": "s390x",
}  # fmt: skip
_VALUED = frozenset({"-f", "--file", "-t", "--tag", "--build-arg", "--platform", "--target", "--cache-from", "-o"})
_VARIABLE = re.compile(r"\$(?:\{(?P<long>\w+)(?::-(?P<other>[^}]*))?\}|(?P<short>\w+))")
_PROGRAM, _BUILD = re.compile(r"\b(?:docker|podman)\b"), re.compile(r"\bbuild\b")
_OPTIONS = re.compile(r"^(?:--\S+\s+)+")
_MAX_LINES = 5000


class DockerStage(NamedTuple):
    """One stage: the image it begins with, empty if unknown, and (text, line from 1) of its RUN lines."""

    name: str
    image: str
    spot: int
    runs: tuple[tuple[str, int], ...]


def is_one(path: str) -> bool:
    """Whether a file is a Dockerfile by its name."""
    name = path.rpartition("/")[2].lower()
    return name == "containerfile" or name.startswith("dockerfile") or name.endswith(".dockerfile")


def stages(text: str) -> list[DockerStage]:
    """Return the stages of a Dockerfile; a stage on top of another has that one's image and RUN lines, too."""
    found: list[DockerStage] = []
    by_name: dict[str, DockerStage] = {}
    defaults: dict[str, str] = {}
    for word, rest, line in _instructions(text):
        if word == "ARG" and not found:
            for one in rest.split():
                name, equals, value = one.partition("=")
                if equals:
                    defaults[name] = value.strip("\"'")
        elif word == "FROM":
            names = [one for one in rest.split() if not one.startswith("--")]
            named = _substituted(names[0], defaults) if names else ""
            name = names[2].lower() if len(names) > 2 and names[1].lower() == "as" else ""
            if found:
                by_name[found[-1].name] = found[-1]
            below = by_name.get(named.lower()) if named else None
            found.append(DockerStage(name, below.image if below else named, line, below.runs if below else ()))
        elif word == "RUN" and found and not rest.lstrip().startswith("["):
            found[-1] = found[-1]._replace(runs=(*found[-1].runs, (rest, line)))
    return found


def _substituted(text: str, values: dict[str, str]) -> str:
    """Return *text* with the ARGs before the first FROM put in; empty if one has no default."""
    unknown = False

    def value(match: re.Match[str]) -> str:
        nonlocal unknown
        known = values.get(match["long"] or match["short"], match["other"])
        unknown = unknown or known is None
        return known or ""

    made = bounded_sub(_VARIABLE, value, text)
    return "" if unknown or made is None else made


def _instructions(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield (instruction, its arguments with continued lines joined, its line from 1)."""
    lines = text.splitlines()[:_MAX_LINES]
    number = 0
    while number < len(lines):
        start = number
        parts: list[str] = []
        while number < len(lines):
            line = lines[number]
            number += 1
            if line.lstrip().startswith("#") or (not line.strip() and parts):
                continue
            parts.append(line.rstrip().removesuffix("\\"))
            if not line.rstrip().endswith("\\"):
                break
        word, _, rest = " ".join(parts).strip().partition(" ")
        opened = re.match(r"(?:--\S+\s+)*<<-?[\"']?(\w+)", rest.strip()) if word.upper() == "RUN" else None
        if opened:
            body = []
            while number < len(lines) and lines[number].strip() != opened[1]:
                body.append(lines[number])
                number += 1
            number += 1
            yield "RUN", "\n".join(body), start + 2
        elif word:
            yield word.upper(), _OPTIONS.sub("", rest.strip()) if word.upper() == "RUN" else rest, start + 1


def named(step: Step) -> bool:
    """Whether *step* builds an image from a Dockerfile."""
    run = step.node.text("run")
    if run is not None:
        return any(follows(line, _PROGRAM, _BUILD) for line in run.text.split("\n"))
    return step.uses.startswith("./") or step.action == _ACTION


def _files(step: Step, repository: Repository) -> Iterator[tuple[str | None, str, str]]:
    """Yield (path of a Dockerfile, None if unknown; the stage that is built, or nothing; the platform, or nothing)."""
    if step.action == _ACTION:
        values = [step.input(name) for name in ("context", "file", "target", "platforms")]
        context, file, target, platform = [("" if one is None else one[0]) for one in values]
        path = None if None in (context, file) else file or f"{context or '.'}/Dockerfile"
        yield path, target or "", platform or ""
    elif step.uses.startswith("./"):
        for name in ("action.yml", "action.yaml"):
            document = repository.document(f"{step.uses[2:].rstrip('/')}/{name}")
            image = document.text("runs", "image") if document is not None else None
            if image is not None and not image.text.startswith("docker:"):
                yield f"{step.uses[2:].rstrip('/')}/{image.text}", "", ""
    run = step.node.text("run")
    for call in scripts.walked(run.text) if run is not None else ():
        words = call.command
        if call.program not in ("docker", "podman") or "build" not in words[1:3]:
            continue
        known = [template(word, step.contexts).known for word in words[words.index("build") + 1 :]]
        if None in known:
            yield None, "", ""
            continue
        yield _from_words([word or "" for word in known])


def _from_words(words: list[str]) -> tuple[str | None, str, str]:
    given: dict[str, str] = {}
    context, number = ".", 0
    while number < len(words):
        word = words[number]
        name, equals, value = word.partition("=")
        if word in _VALUED and number + 1 < len(words):
            given[word] = words[number + 1]
            number += 1
        elif word.startswith("-"):
            given[name] = value if equals else ""
        else:
            context = word
        number += 1
    file = given.get("-f") or given.get("--file") or f"{context}/Dockerfile"
    return (None if "$" in file or file == "-" else file), given.get("--target", ""), given.get("--platform", "")


def legs(leg: Leg, step: Step, repository: Repository, unread: list[str]) -> Iterator[Leg]:
    """Yield the legs of the Dockerfiles that *step* builds."""
    if not named(step):
        return
    for path, stage, platform in _files(step, repository):
        path = None if path is None or path.startswith("/") else os.path.normpath(path)
        text = None if path is None or path.startswith("..") else repository.text(path)
        if text is None or path is None:
            unread.append(f"{step.spot}: its Dockerfile was not read")
            continue
        arch = PLATFORMS.get(platform, "") if platform else leg.runner.arch if leg.runner else ""
        yield from _built(leg, path, text, stage, arch, repository)


def _built(leg: Leg, path: str, text: str, wanted: str, arch: str, repository: Repository) -> Iterator[Leg]:
    repository.spend(text.count("\n"))
    for stage in stages(text):
        if wanted and stage.name != wanted.lower():
            continue
        facts = ci.image(stage.image) if stage.image else None
        place = BuildPlace("image", stage.image, facts) if facts else BuildPlace("unknown", stage.image)
        hooks = []
        for run, line in stage.runs:
            strict = not set(run) & {"\n", ";"}
            hooks.append(scripts.hook("RUN", place, Text(run, line), run, path, repository, strict=strict))
            found = commands.build_commands(run)
            if found:
                made = leg._replace(place=BuildPlace("unknown", ""), spot=Spot(path, line), inputs={})
                made = made._replace(hooks=tuple(hooks))
                repository.spend(made.parts * len(found))
                named_words: list[list[str | None]] = [list(words) for words in found]
                yield from commands.plain_legs(made, place, found, named_words, arch or arch_of(stage.image))


def arch_of(image: str) -> str:
    """Return the processor that the name of an image of pypa ends with; empty for any other."""
    name = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return next((arch for arch in PLATFORMS.values() if name.endswith(f"_{arch}")), "") if "linux" in name else ""


def read(path: str, repository: Repository) -> Workflow:
    """Return what the Dockerfile at *path* builds, on a machine whose processor is unknown.

    Raises:
        InputError: it cannot be read.
    """
    text = repository.text(path)
    if text is None:
        raise InputError(f"{path}: no such file")
    leg = Leg("docker build", "", "docker", "", Spot(path, 1), None, "", Spot(path, 1), "", BuildPlace("unknown", ""))
    made = tuple(_built(leg, path, text, "", "", repository))
    return Workflow(path, made, unknown=sum(one.place.kind == "unknown" for one in made))
