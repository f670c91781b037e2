"""Finds the causes: the built-in ones and those of plugins, all through the entry-point group ``diagnose.checks``.

An entry point names a package. Every module below it whose name does not start with an underscore, and which lies in
an area folder (``package/area/cause_id.py``), is one cause: its id is its file name with dashes, its docstring is its
documentation, and each of its functions named after a kind of subject (``wheel``, ``env``, ``log``) is a detector that
takes the subject's facts and yields findings. It may name a ``PHASE`` and ``ALIASES``; its ``PHRASES`` are the wordings
that it knows in logs, its ``leads_to`` tells which other findings follow from its own.
"""

from __future__ import annotations

import os
import sys

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import Finding, Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType
    from typing import Any

    Detector = Callable[[Any], Iterable[Finding]]


GROUP = "diagnose.checks"
KINDS = ("wheel", "env", "log")


class Check(NamedTuple):
    """One thing that goes wrong in the world, with the detectors that see it from several sides.

    ``aliases`` are other names under which the cause is known to ``explain``, ``--select`` and ``--ignore``. ``phase``
    is when a build meets it. ``patterns`` are the wordings of logs that it knows
    (:class:`diagnose.readers.buildlog.Pattern`), ``leads_to`` says which other findings it brings about
    (:mod:`diagnose.engine.causality`).
    """

    id: str
    area: str
    doc: str
    aliases: tuple[str, ...]
    detectors: dict[str, Detector]
    phase: Phase = Phase.LATER
    patterns: tuple[Any, ...] = ()
    leads_to: Callable[[Finding, Finding, Any], bool] | None = None

    @property
    def title(self) -> str:
        """The first line of the documentation."""
        return self.doc.partition("\n")[0].rstrip(".")

    def matches(self, selector: str) -> bool:
        """Whether *selector*, an id, an alias, or a prefix of one that ends at a dash, names this cause."""
        return any(name == selector or name.startswith(selector.rstrip("-") + "-") for name in (self.id, *self.aliases))


def packages() -> list[str]:
    """Return the packages that the entry-point group names, sorted.

    Reads ``entry_points.txt`` of every installed distribution itself: ``importlib.metadata`` takes several times as
    long to import as the whole command takes to start. The format is fixed by the packaging user guide.
    """
    found: set[str] = set()
    for folder in dict.fromkeys(sys.path):
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                found.update(_group_values(os.path.join(folder, name, "entry_points.txt")))
    return sorted(found)


def _group_values(path: str) -> Iterator[str]:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError):
        return
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line.strip("[] ")
        elif section == GROUP and "=" in line:
            yield line.partition("=")[2].partition(":")[0].strip()


def modules(package: str) -> dict[str, str]:
    """Return module name → source file of every cause below *package*, as ``package.area.cause_id``."""
    found = {}
    for root in _imported(package).__path__:
        for area in os.listdir(root):
            folder = os.path.join(root, area)
            if area.startswith(("_", ".")) or area == "data" or not os.path.isdir(folder):
                continue
            for name in os.listdir(folder):
                if name.endswith(".py") and name[0] != "_":
                    found[f"{package}.{area}.{name[:-3]}"] = os.path.join(folder, name)
    return found


def load(kind: str | None = None) -> list[Check]:
    """Import and return all causes, or those that can see *kind*, sorted by id.

    Raises:
        ValueError: two modules carry the same id.
    """
    causes: dict[str, Check] = {}
    for package in packages() or ["checks"]:
        for name, path in modules(package).items():
            if kind is not None and not _detects(path, kind):
                continue
            module = _imported(name)
            _, area, stem = name.rsplit(".", 2)
            cause = Check(
                id=stem.replace("_", "-"),
                area=area,
                doc=module.__doc__ or "",
                aliases=tuple(getattr(module, "ALIASES", ())),
                detectors={k: getattr(module, k) for k in KINDS if callable(getattr(module, k, None))},
                phase=getattr(module, "PHASE", Phase.LATER),
                patterns=tuple(getattr(module, "patterns", ())),
                leads_to=getattr(module, "leads_to", None),
            )
            if cause.id in causes:
                raise ValueError(f"two checks are named {cause.id}")
            causes[cause.id] = cause
    return [causes[key] for key in sorted(causes)]


def _imported(name: str) -> ModuleType:
    __import__(name)  # importlib's own function costs the import of a package
    return sys.modules[name]


def _detects(path: str, kind: str) -> bool:
    # Importing every cause only to see which functions it has would cost more than judging does.
    with open(path, "rb") as file:
        return f"\ndef {kind}(".encode() in file.read()


def select(causes: Iterable[Check], wanted: Iterable[str], unwanted: Iterable[str]) -> list[Check]:
    """Return the causes that *wanted* names (all when empty) and *unwanted* does not."""
    wanted, unwanted = list(wanted), list(unwanted)
    return [
        cause
        for cause in causes
        if (not wanted or any(map(cause.matches, wanted))) and not any(map(cause.matches, unwanted))
    ]
