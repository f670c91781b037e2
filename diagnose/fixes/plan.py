"""Merges the fixes of many findings into one plan: each step once, in the required order."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import Command, FileEdit, Finding, Fix, FixStage
from diagnose.remedies import cargo_config

if TYPE_CHECKING:
    from collections.abc import Iterable


class Plan(NamedTuple):
    """The best fixes of several findings, merged.

    ``sources`` are edits of the system's files, which come first. ``settings`` are edits of the project, which come
    last; their paths are relative. ``unset`` are variables to remove from the shell of the build. ``build`` are
    commands for the project itself. ``manual`` are findings that cannot be fixed automatically, each as (message,
    advice, commands).
    """

    sources: tuple[FileEdit, ...] = ()
    commands: tuple[Command, ...] = ()
    build: tuple[Command, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    settings: tuple[FileEdit, ...] = ()
    manual: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    unset: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[FileEdit, ...]:
        """All edits, in order."""
        return (*self.sources, *self.settings)


def by_rote(fix: Fix) -> bool:
    """Whether *fix* may be applied without confirmation and has steps to apply."""
    return fix.safe and bool(fix.commands or fix.files or fix.env or fix.unset)


def plan(findings: Iterable[Finding]) -> Plan:
    """Merge the first fix of every finding; one that needs confirmation is left to the user."""
    commands: list[Command] = []
    env: dict[str, str] = {}
    unset: dict[str, None] = {}
    edits: dict[str, FileEdit] = {}
    gone: set[str] = set()  # variables that a fix removes from cargo's configuration
    manual = []
    for finding in findings:
        if not finding.fixes:
            continue
        fix = finding.fixes[0]
        if not by_rote(fix):
            lines = tuple(command.line for command in fix.commands)
            manual.append((finding.message, f"{fix.title}. {fix.notes}".strip(), lines))
            continue
        commands += fix.commands
        unset.update(dict.fromkeys(fix.unset))
        for name, value in fix.env:
            env.setdefault(name, value)
        for edit in fix.files:
            # Edits of one file are made from the same facts: the longer one includes the shorter one.
            if edit.path not in edits or len(edits[edit.path].after) < len(edit.after):
                edits[edit.path] = edit
            if _is_cargos(edit):
                gone |= cargo_config.removed(edit.before or "", edit.after)
    settings = [_complete(edit, env, gone) for edit in edits.values() if not os.path.isabs(edit.path)]
    return Plan(
        sources=tuple(edit for edit in edits.values() if os.path.isabs(edit.path)),
        commands=merged(one for one in commands if one.stage is not FixStage.BUILD),
        build=merged(one for one in commands if one.stage is FixStage.BUILD),
        env=tuple(env.items()),
        unset=tuple(unset),
        settings=tuple(settings),
        manual=tuple(manual),
    )


def _is_cargos(edit: FileEdit) -> bool:
    return os.path.basename(os.path.dirname(edit.path)) == ".cargo"


def _complete(edit: FileEdit, env: dict[str, str], gone: set[str]) -> FileEdit:
    """Merge the settings that findings want in cargo's configuration, and remove those that fixes unset."""
    if not _is_cargos(edit):
        return edit
    without = sorted(gone - env.keys())
    return edit._replace(after=cargo_config.edited(edit.before or "", env.items(), without))


def merged(commands: Iterable[Command]) -> tuple[Command, ...]:
    """Return *commands* by stage, each once, with the calls of one package manager merged."""
    found: dict[tuple[FixStage, str], dict[str, None]] = {}
    for command in sorted(commands, key=lambda command: command.stage.value):
        head, packages = _taken_apart(command)
        found.setdefault((command.stage, head), {}).update(dict.fromkeys(packages))
    return tuple(Command(" ".join((head, *packages)), stage) for (stage, head), packages in found.items())


_VERBS = ("install", "add", "reinstall")


def _taken_apart(command: Command) -> tuple[str, list[str]]:
    """Split a package manager's command line into its start and its packages; other lines have no packages."""
    words = command.line.split()
    if command.stage is not FixStage.PACKAGES or not set(command.line).isdisjoint(";&|<>$`"):
        return command.line, []
    count = 1
    while count < len(words) and (words[count].startswith("-") or words[count] in _VERBS):
        count += 1
    return (" ".join(words[:count]), words[count:]) if 1 < count < len(words) else (command.line, [])
