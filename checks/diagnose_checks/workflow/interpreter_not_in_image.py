"""A script calls an interpreter that the images of pypa no longer have.

The images have the Pythons that are maintained, and some that are not: since 2025 none before 3.9. A path such as
``/opt/python/cp38-cp38/bin/python`` does not exist in them any more. maturin takes a bare version (``-i 3.8``) from
a list of its own instead, so that only paths are judged. Images with an older date in their name are not judged,
and neither are those that have ended.

How to fix: name a Python that is there, or let maturin find them all (``--find-interpreter``).

References:
    https://github.com/pypa/manylinux#image-content
    https://www.maturin.rs/bindings.html
"""

from __future__ import annotations

from diagnose.authoring.workflow import Seen, finding, grouped, has_alternative, image_calls, stops
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow import Leg, Workflow

CHECK = Check(since="0.1.0", phase=Phase.PYTHON)

_PATH = r"/opt/python/[cp]p3[5678]-"  # compiled when it is used: modules of checks load no re


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See the path of such an interpreter called, or given to maturin as its only one."""
    seen = []
    for leg in workflow.legs:
        if not _is_current(leg):
            continue
        for hook, spot, call in image_calls(leg):
            name = call.command[0] if call.command else ""
            if re.match(_PATH, name) and not call.guarded and not has_alternative(call):
                seen.append(Seen((name, stops(hook, call)), spot, f"{hook.name} calls {name}", leg))
        named = _interpreters(leg)
        if named and all(re.match(_PATH, one) for one in named):
            spot = leg.inputs.get("args", ("", leg.spot))[1]
            seen.append(Seen((named[0], True), spot, f"maturin is to build for {' '.join(named)}", leg))
    for group in grouped(seen):
        name, fatal = group[0].key
        yield finding(
            f"{name} is not in this image",
            Severity.ERROR if fatal else Severity.WARNING,
            group,
            f"{name}: No such file or directory; maturin: Couldn't find any python interpreters.",
            [Fix("name a Python that the image has", notes="`ls /opt/python` lists them; 3.9 is the oldest.")],
        )


def _is_current(leg: Leg) -> bool:
    """Whether the leg's image is a maintained one of pypa, of no date in particular."""
    place = leg.place
    base, _, tag = place.name.partition("@")[0].partition(":")
    own = base.startswith("quay.io/pypa/") and tag in ("", "latest") and "@" not in place.name
    return place.kind == "image" and own and place.facts is not None and not place.facts.end


def _interpreters(leg: Leg) -> list[str]:
    """Return the interpreters in the arguments of maturin."""
    words = [*leg.words]
    if not words or words[0] == "cibuildwheel" or "--find-interpreter" in words:
        return []
    found: list[str] = []
    taking = False
    for word in words:
        if word.startswith("-"):
            name, equals, value = word.partition("=")
            taking = name in ("-i", "--interpreter")
            found += [value] if taking and equals else []
        elif taking:
            found.append(word)
    return found
