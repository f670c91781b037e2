"""Adds up the rows of an index: which checks fire on how many wheels, and which platforms the wheels need."""

from __future__ import annotations

import csv
import json
import math
import re
from collections import Counter

from diagnose.authoring.wheel import project_key
from diagnose.index.store import naming
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_ARCHITECTURE = re.compile(r"(?<=[a-z0-9])_(?![0-9]+(_|$)).*")
MAX_WEIGHTS = 256 << 20
"""Bytes of a file of weights."""


class Share(NamedTuple):
    """How many wheels, and the weight of their projects."""

    wheels: int = 0
    weight: float = 0.0


class Summary(NamedTuple):
    """The sums. ``total`` is all wheels; ``weighted`` says that weights were given.

    ``checks`` is (check, severity) → share; ``floors`` (month or "", lowest tag without the architecture) → wheels;
    ``arches`` and ``builders`` name → outcome → wheels; ``errors`` are the first rows that could not be judged.
    """

    total: Share
    weighted: bool
    outcomes: Mapping[str, Share]
    checks: Mapping[tuple[str, str], Share]
    floors: Mapping[tuple[str, str], int]
    arches: Mapping[str, Mapping[str, int]]
    builders: Mapping[str, Mapping[str, int]]
    errors: tuple[str, ...]
    size: int
    fetched: int


def add_up(rows: Iterable[dict[str, Any]], weights: Mapping[str, float] | None = None) -> Summary:
    """Return the sums over *rows*; *weights* are by project, of which each wheel of it counts with the whole."""
    total: list[float] = [0, 0.0]
    outcomes: dict[str, list[float]] = {}
    checks: dict[tuple[str, str], list[float]] = {}
    floors: Counter[tuple[str, str]] = Counter()
    arches: dict[str, Counter[str]] = {}
    builders: dict[str, Counter[str]] = {}
    errors: list[str] = []
    size = fetched = 0
    for row in rows:
        weight = (weights or {}).get(project_key(row["name"]), 0.0)
        outcome = row["outcome"]
        found = {(finding["check"], finding["severity"]) for finding in row["findings"]}
        sums = [total, outcomes.setdefault(outcome, [0, 0.0]), *(checks.setdefault(one, [0, 0.0]) for one in found)]
        for counts in sums:
            counts[0] += 1
            counts[1] += weight
        if row["lowest_tag"]:
            # The tag's own architecture, which differs from the files' where those are for another machine.
            floors[row["uploaded"][:7], _ARCHITECTURE.sub("", row["lowest_tag"])] += 1
            arches.setdefault(row["arch"], Counter())[outcome] += 1
        builder = row["generator"].split(" ")[0].split("(")[0].lower()[:40]
        builders.setdefault(builder or "unknown", Counter())[outcome] += 1
        if row["error"] and len(errors) < 10:
            errors.append(row["error"])
        size += row["size"]
        fetched += row["fetched"]

    def share(counts: list[float]) -> Share:
        return Share(int(counts[0]), counts[1])

    def most(groups: Mapping[Any, list[float]]) -> dict[Any, Share]:
        return {name: share(groups[name]) for name in sorted(groups, key=lambda one: (-groups[one][0], one))}

    def largest(groups: dict[str, Counter[str]]) -> dict[str, Mapping[str, int]]:
        return {name: groups[name] for name in sorted(groups, key=lambda one: (-groups[one].total(), one))}

    return Summary(
        share(total), weights is not None, most(outcomes), most(checks), dict(sorted(floors.items())), largest(arches),
        largest(builders), tuple(errors), size, fetched,
    )  # fmt: skip


def read_weights(path: str) -> dict[str, float]:
    """Read the weights of projects: a JSON object, or lines ``project,number`` with or without a header.

    Raises:
        InputError: it cannot be read, or is neither.
    """
    with naming(path), open(path, encoding="utf-8-sig") as file:
        text = file.read(MAX_WEIGHTS + 1)
    if len(text) > MAX_WEIGHTS:
        raise InputError(f"{path}: refused, larger than {MAX_WEIGHTS} bytes")
    found: dict[str, float] = {}
    try:
        if text.lstrip()[:1] == "{":
            pairs: Iterable[Any] = json.loads(text).items()
        else:
            pairs = (line[:2] for line in csv.reader(text.splitlines()) if line)
        for number, (name, weight) in enumerate(pairs):
            if number or _is_number(weight):  # no header
                found[project_key(str(name))] = _weight(weight)
    except (ValueError, OverflowError, TypeError, csv.Error, RecursionError):
        raise InputError(f"{path}: not a list of projects and their weights") from None
    return found


def _weight(text: Any) -> float:
    weight = float(text)
    if not 0 <= weight < math.inf:
        raise ValueError(text)
    return weight


def _is_number(text: object) -> bool:
    try:
        float(str(text))
    except (ValueError, OverflowError):
        return False
    return True
