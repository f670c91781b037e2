"""Cross.toml: the image of a leg that cross builds, and what its ``pre-build`` calls there.

Sources: cross-rs/cross, ``docs/config_file.md``, ``src/docker/shared.rs`` and ``docker/`` of v0.2.5 and of 2026-08.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.targets import resolve
from diagnose.readers import toml
from diagnose.readers.workflow import scripts
from diagnose.readers.workflow.nodes import Text
from diagnose.readers.workflow.workflow_facts import BuildPlace, Hook, Leg, Spot
from diagnose.tables import ci

if TYPE_CHECKING:
    from typing import Any

    from diagnose.readers.workflow.repository import Repository

_UBUNTU = ci.Image("ubuntu", "", frozenset({"apt", "apt-get"}), False, True, "", "", "", True, "")
"""What all of cross's own images for Linux are: which release depends on cross's, and is not known here."""


def applied(leg: Leg, repository: Repository, folder: str) -> Leg:
    """Return *leg*, which cross builds in *folder* of the repository, with its image, project and hooks."""
    row = resolve(leg.target)
    if row is None or "linux" not in row.triple:
        return leg
    path, keys, table = _table(repository, folder)
    content, text = repository.toml(path)
    own = toml.table(table, "target", row.triple)
    image = own.get("image", toml.table(table, "build").get("image"))
    image = image.get("name") if isinstance(image, dict) else image
    if isinstance(image, str):
        facts = ci.image(image)
        place = BuildPlace("image", image, facts) if facts else BuildPlace("unknown", image)
    elif "dockerfile" in own or "dockerfile" in toml.table(table, "build"):
        place = BuildPlace("unknown", "a Dockerfile of the project")
    else:
        place = BuildPlace("image", f"ghcr.io/cross-rs/{row.triple}", _UBUNTU)
    passed = [word for where in (own, toml.table(table, "build")) for word in _passed(where)]
    inputs = {"passthrough": (" ".join(passed), leg.spot)}
    if isinstance(image, str):
        inputs["image"] = (image, Spot(path, toml.line_of(text, *keys, "image") or toml.line_of(text, "image") or 1))
    project = repository.project(folder, row.triple)
    leg = leg._replace(target=row.triple, place=place, project=project, inputs=inputs)
    for section in (("target", row.triple), ("build",)):
        script = toml.table(table, *section).get("pre-build")
        if script is not None and content:
            return leg._replace(hooks=tuple(_hooks(script, place, path, text, (*keys, *section), repository)))
    return leg


def _passed(table: dict[str, Any]) -> list[str]:
    """Return the variables that the table of a target, or ``build``, passes into the container."""
    found = toml.table(table, "env").get("passthrough")
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _table(repository: Repository, folder: str) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """Return (file, keys of its table, the table) of the configuration that cross reads in *folder*."""
    base = "" if folder.strip("./") == "" else f"{folder.strip('./')}/"
    for top in dict.fromkeys((base, "")):
        content, _ = repository.toml(f"{top}Cross.toml")
        if content:
            return f"{top}Cross.toml", (), content
    for top in dict.fromkeys((base, "")):
        content, _ = repository.toml(f"{top}Cargo.toml")
        for kind in ("workspace", "package"):
            table = toml.table(content, kind, "metadata", "cross")
            if table:
                return f"{top}Cargo.toml", (kind, "metadata", "cross"), table
    return "Cross.toml", (), {}


def _hooks(
    script: Any, place: BuildPlace, path: str, text: str, keys: tuple[str, ...], repository: Repository
) -> list[Hook]:
    line = toml.line_of(text, *keys, "pre-build") or toml.line_of(text, "pre-build") or 1
    spot = Spot(path, line)
    if isinstance(script, list):
        lines = [str(one) for one in script]
        joined = "\n".join(lines)
        strict = len(lines) == 1 and not set(lines[0]) & {"\n", ";"}
        made = scripts.hook("pre-build", place, Text(joined, line), joined, path, repository, strict=strict)
        where = [toml.line_of(text, one) or line for one in lines]
        return [made._replace(calls=tuple((Spot(path, _at(where, call.line, line)), call) for _, call in made.calls))]
    return [Hook("pre-build", place, (), unread=(f"{spot}: pre-build names a file, which was not followed",))]


def _at(where: list[int], number: int, other: int) -> int:
    return where[number] if number < len(where) else other
