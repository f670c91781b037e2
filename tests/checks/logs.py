"""The labelled logs, and how they are judged."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import NamedTuple

from diagnose.engine import registry
from diagnose.engine.run import Result, run_checks
from diagnose.readers import buildlog
from diagnose.readers.system.machine import Machine

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "logs"
CAUSES = registry.load("log")
patterns = [pattern for cause in CAUSES for pattern in cause.patterns]
STAND_INS = registry.stand_ins("log")
wordings = [wording for cause in STAND_INS for wording in cause.patterns]


class Label(NamedTuple):
    """What a log comes down to.

    ``cause`` is the id of its one primary cause, empty if it has no known one; ``consequences`` are found
    under it, ``others`` beside it. ``near`` are causes that the log looks like and is not. ``recovered`` are found, and
    the build went on after them. ``outcome`` is that of a log without a known cause, which fails otherwise.
    """

    cause: str
    consequences: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()
    outcome: str = ""

    @property
    def ending(self) -> str:
        """What the log comes to."""
        return self.outcome or ("failed-unknown-cause" if self.cause == "unknown-failure" else "failed")

    @property
    def told(self) -> tuple[str, ...]:
        """Every cause that the log is a case of."""
        return tuple(filter(None, (self.cause, *self.consequences, *self.others)))


@functools.cache
def labels() -> dict[str, Label]:
    """Return the label of every log, by its path below the folder; each folder of logs has its ``labels.json``."""
    found = {}
    for file in sorted(FOLDER.rglob("labels.json")):
        for name, row in json.loads(file.read_text()).items():
            fields = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
            found[str((file.parent / name).relative_to(FOLDER))] = Label(**fields)
    return found


def composed(name: str) -> bool:
    """Whether a log was put together from the tools' own wordings, because it cannot be made to happen here."""
    return name.startswith("composed/")


def judged(path: Path, target: str | None = None, distro: str | None = None, machine: Machine | None = None) -> Result:
    """Judge the log *path* as the command does."""

    def read() -> buildlog.BuildLog:
        return buildlog.read(str(path), wordings, target, distro, machine=machine)

    return run_checks("log", path.name, read, buildlog.facts, STAND_INS)
