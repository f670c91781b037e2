"""Expands a job's matrix. Source: GitHub's documentation, "Running variations of jobs in a workflow"."""

from __future__ import annotations

from itertools import product

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.workflow.nodes import Items, Table, Text
from diagnose.readers.workflow.values import UNKNOWN, evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAX_LEGS = 256
"""What GitHub itself takes from one matrix."""
_MAX_DEPTH = 8
_MAX_AXES = 64
_MANY = 1000


def plain(node: Any, contexts: Mapping[str, Any] | None = None, depth: int = 0, budget: list[int] | None = None) -> Any:
    """Return *node* as Python values: plain words as YAML 1.2 types them, expressions evaluated or unknown."""
    budget = [_MANY] if budget is None else budget
    budget[0] -= 1
    if depth > _MAX_DEPTH or budget[0] < 0:
        return UNKNOWN
    if isinstance(node, Text):
        if "${{" in node.text:
            inner = node.text.strip()
            whole = inner.startswith("${{") and inner.endswith("}}") and inner.count("${{") == 1
            found = evaluate(inner[3:-2], contexts or {}) if whole else [UNKNOWN]
            return found[0] if len(found) == 1 else UNKNOWN
        if node.plain and node.text.lower() in ("true", "false"):
            return node.text.lower() == "true"
        return None if node.plain and node.text in ("", "~", "null") else node.text
    if isinstance(node, Items):
        return [plain(one, contexts, depth + 1, budget) for one in node.items]
    if isinstance(node, Table):
        return {key: plain(one, contexts, depth + 1, budget) for key, one in node.entries.items()}
    return None


def expand(node: Any, contexts: Mapping[str, Any]) -> tuple[list[dict[str, Any]], bool]:
    """Return the combinations of the matrix *node*, and whether they are all of them.

    Where a part of the matrix is made at run time, its keys are unknown: ``"*"`` in a combination says that any key
    that it does not name may have a value.
    """
    if node is None:
        return [{}], True
    if not isinstance(node, Table) or len(node.entries) > _MAX_AXES:
        return [{"*": UNKNOWN}], False
    axes: dict[str, list[Any]] = {}
    complete = True
    for key, value in node.entries.items():
        if key in ("include", "exclude"):
            continue
        values = plain(value, contexts)
        if isinstance(values, list) and values:
            axes[key] = values
        else:
            axes[key] = [UNKNOWN]
            complete = False
    found: list[dict[str, Any]] = []
    for values in product(*axes.values()):
        found.append(dict(zip(axes, values, strict=True)))
        if len(found) > MAX_LEGS:
            return found[:MAX_LEGS], False
    if not axes:
        found = []
    excluded, included = (plain(node.get(name), contexts) for name in ("exclude", "include"))
    for row in excluded if isinstance(excluded, list) else ():
        if isinstance(row, dict):
            found = [one for one in found if not _matches(one, row)]
    if isinstance(included, list):
        found = _include(found, axes, included)
    complete = complete and not any(
        node.get(name) is not None and not isinstance(rows, list)
        for name, rows in (("exclude", excluded), ("include", included))
    )
    if node.get("include") is not None and not isinstance(included, list):
        found = [{**one, "*": UNKNOWN} for one in found] or [{"*": UNKNOWN}]
    return found[:MAX_LEGS], complete and len(found) <= MAX_LEGS


def _matches(one: dict[str, Any], row: dict[str, Any]) -> bool:
    return all(key in one and one[key] == value for key, value in row.items())


def _include(found: list[dict[str, Any]], axes: Mapping[str, Any], rows: list[Any]) -> list[dict[str, Any]]:
    """Add each row to the combinations that it contradicts in no axis, or as one of its own."""
    made: list[dict[str, Any]] = []
    for row in rows:
        if not isinstance(row, dict):
            made.append({"*": UNKNOWN})
            continue
        fitting = [one for one in found if all(one[key] == row[key] for key in axes if key in row)]
        for one in fitting:
            one.update({key: value for key, value in row.items() if key not in axes})
        if not fitting:
            made.append(dict(row))
    return found + made
