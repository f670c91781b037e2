"""The labelled logs, and how they are judged."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import NamedTuple

from diagnose import registry
from diagnose.readers import buildlog
from diagnose.run import Judgement, judge

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "logs"
CAUSES = registry.load("log")
PHRASES = [phrase for cause in CAUSES for phrase in cause.phrases]


class Label(NamedTuple):
    """What a log comes down to.

    ``cause`` is the id of its one primary cause, empty where it has none that is known; ``consequences`` are found
    under it, ``others`` beside it. ``near`` is a cause that the log looks like and is not. ``composed`` says that it
    was put together from the tools' own wordings, because it cannot be made to happen here.
    """

    cause: str
    consequences: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    near: str = ""
    composed: bool = False


@functools.cache
def labels() -> dict[str, Label]:
    """Return the label of every log, by its path below the folder."""
    rows = json.loads((FOLDER / "labels.json").read_text())
    found = {
        name: Label(**{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}) for name, row in rows.items()
    }
    ladder = json.loads((FOLDER / "ladder" / "labels.json").read_text())
    return found | {f"ladder/{name}.log": Label(cause) for name, cause in ladder.items()}


def judged(path: Path, target: str | None = None, distro: str | None = None) -> Judgement:
    """Judge the log *path* as the command does."""
    return judge("log", path.name, lambda: buildlog.read(str(path), PHRASES, target, distro), buildlog.facts, CAUSES)
