"""Commands that build a wheel inside a container that a script starts: ``docker run IMAGE sh -c '…'``.

Source: Docker's documentation, "docker container run" (its options).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.readers.workflow import commands, dockerfile, scripts
from diagnose.readers.workflow.nodes import Text
from diagnose.readers.workflow.values import bounded_sub, follows, template
from diagnose.readers.workflow.workflow_facts import BuildPlace
from diagnose.tables import ci

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow.jobs import Step
    from diagnose.readers.workflow.repository import Repository
    from diagnose.readers.workflow.shell import Call
    from diagnose.readers.workflow.workflow_facts import Leg

_PROGRAM, _RUN = re.compile(r"\b(?:docker|podman)\b"), re.compile(r"\brun\b")
_ALONE = ("--rm", "-i", "-t", "-it", "-ti", "--interactive", "--tty", "--init", "--privileged", "-d", "--detach", "-q")
"""Options without a value."""
_SHELLS = frozenset({"bash", "sh"})
_VARIABLE = re.compile(r"\$(?:\{(?P<long>\w+)\}|(?P<short>[A-Za-z_]\w*))")
_EVAL = re.compile(r"\beval \"\$(?P<name>\w+)\"")


def named(step: Step) -> bool:
    """Whether *step* runs a container that may build a wheel."""
    run = step.node.text("run")
    return run is not None and "maturin" in run.text and follows(run.text, _PROGRAM, _RUN)


def legs(leg: Leg, step: Step, repository: Repository) -> Iterator[Leg]:
    """Yield a leg for each command that builds a wheel in a container that the script of *step* starts."""
    run = step.node.text("run")
    for call in scripts.walked(run.text) if run is not None else ():
        found = _split(call)
        if found is None or run is None:
            continue
        options, image, inside = found
        repository.spend(len(leg.settings))
        given = {setting.name: setting.value for setting in leg.settings if setting.value is not None}
        shell = inside[0] in _SHELLS and len(inside) > 2 and inside[1].startswith("-") and inside[1].endswith("c")
        script = inside[2] if shell else " ".join(inside)
        script = _evaluated(script, given)
        name = _value(image, step, given)
        facts = ci.image(name) if name else None
        place = BuildPlace("image", name, facts) if name and facts else BuildPlace("unknown", name or "")
        strict = shell and "e" in inside[1]
        line = run.line_of(call.line)
        node = Text(script, line)
        hook = scripts.hook("docker run", place, node, script, step.path, repository, strict=strict)
        built = commands.build_commands(script)
        values = [[_value(word, step, given) for word in words] for words in built]
        made = leg._replace(place=BuildPlace("unknown", ""), hooks=(hook,), inputs={})
        platform = _value(options.get("--platform", ""), step, given)
        own = (
            leg.runner.arch if leg.runner and place.kind == "image" else ""
        )  # of another image, not even the libc is known
        arch = dockerfile.PLATFORMS.get(platform or "", "") if "--platform" in options else own
        yield from commands.plain_legs(made, place, built, values, arch)


def _split(call: Call) -> tuple[dict[str, str], str, tuple[str, ...]] | None:
    """Return (options with their values, image, command) of a call of docker run; None for any other call."""
    words = call.command
    if call.program not in ("docker", "podman") or words[1:2] not in (("run",), ("container",)):
        return None
    number = 3 if words[1] == "container" else 2
    options: dict[str, str] = {}
    while number < len(words) and words[number].startswith("-"):
        name, equals, value = words[number].partition("=")
        if not equals and name not in _ALONE:
            number += 1
            value = words[number] if number < len(words) else ""
        options[name] = value
        number += 1
    rest = words[number:]
    return (options, rest[0], rest[1:]) if len(rest) > 1 else None


def _evaluated(script: str, given: dict[str, str]) -> str:
    """Return *script* with the known texts that it evaluates in their places."""
    return bounded_sub(_EVAL, lambda match: given.get(match["name"], match[0]), script) or script


def _value(word: str, step: Step, given: dict[str, str]) -> str | None:
    """Return *word* with the workflow's expressions and variables put in; None if one is unknown."""
    known = template(word, step.contexts).known
    if known is None:
        return None
    made = bounded_sub(_VARIABLE, lambda match: given.get(match["long"] or match["short"], match[0]), known)
    return None if made is None or "$" in made else made
