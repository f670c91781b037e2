"""The libraries that a project's repair leaves outside its wheels: ``--exclude`` of cibuildwheel's repair command.

A pattern that matches no library excludes nothing: ``libcublas.so`` does not match ``libcublas.so.12``, which is then
bundled, and the wheel is hundreds of megabytes larger.

Sources: cibuildwheel's option ``repair-wheel-command`` (also below ``linux`` and ``overrides``); auditwheel compares
each ``--exclude`` with the needed names by ``fnmatch``.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.tables.repaired_names import is_hashed, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from diagnose.engine.run import Result

LIMIT = 1000
"""Patterns that are read."""


def patterns(project: dict[str, Any]) -> tuple[str, ...]:
    """Return the patterns that the parsed ``pyproject.toml`` gives to auditwheel, each once."""
    tool = project.get("tool")
    section = tool.get("cibuildwheel") if isinstance(tool, dict) else None
    found: dict[str, None] = {}
    for command in _commands(section):
        found.update(dict.fromkeys(_excluded(command)))
    return tuple(found)[:LIMIT]


def _commands(section: object) -> Iterator[str]:
    """Yield the repair commands for Linux of cibuildwheel's *section*."""
    if not isinstance(section, dict):
        return
    overrides = section.get("overrides")
    for table in (section, section.get("linux"), *(overrides if isinstance(overrides, list) else ())):
        command = table.get("repair-wheel-command") if isinstance(table, dict) else None
        for line in command if isinstance(command, list) else [command]:
            if isinstance(line, str) and "auditwheel" in line and "--exclude" in line:
                yield line


def _excluded(command: str) -> Iterator[str]:
    import shlex

    try:
        words = shlex.split(command[:100_000])
    except ValueError:  # an open quote: the shell refuses it, too
        return
    for number, word in enumerate(words):
        if word.startswith("--exclude="):
            yield word.partition("=")[2]
        elif word == "--exclude" and number + 1 < len(words):
            yield words[number + 1]


def unmatched(excluded: Sequence[str], results: Sequence[Result], path: str) -> list[str]:
    """Return a line for each pattern of *excluded*, from the file *path*, that no library needed in *results* matches.

    Variables of the shell are not known here; such a pattern is left.
    """
    needed = {
        name
        for result in results
        for elf in result.facts.get("elf_files", ())
        if result.kind == "wheel"
        for name in elf["needed"]
    }
    if not needed or any(result.error is not None for result in results):
        return []
    from fnmatch import fnmatchcase

    bundled = sorted(plain(name) for name in needed if is_hashed(name))
    lines = []
    for pattern in excluded:
        if not pattern or "$" in pattern or "{" in pattern or any(fnmatchcase(name, pattern) for name in needed):
            continue
        stem = pattern.partition(".so")[0].rstrip("*")
        copies = [name for name in bundled if stem and name.partition(".so")[0] == stem]
        why = f"; {', '.join(dict.fromkeys(copies))} is bundled" if copies else ""
        lines.append(f"{path}: auditwheel's --exclude {pattern} matches no library that these wheels need{why}")
    return lines
