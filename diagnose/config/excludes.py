"""The libraries that a project's settings leave outside its wheels.

These are ``--exclude`` of the ``auditwheel repair`` that cibuildwheel calls, and names of shared libraries in maturin's
``exclude``. A pattern that matches no library excludes nothing: ``libcublas.so`` does not match ``libcublas.so.12``,
which is then bundled, and the wheel is hundreds of megabytes larger (``wheel-exclude-unmatched``).

Sources: cibuildwheel's option ``repair-wheel-command`` (also below ``linux`` and ``overrides``); auditwheel compares
each ``--exclude`` with the needed names by ``fnmatch``; maturin 1.16's ``exclude`` names files that it packs, and the
libraries that it copies are others: it has no option for them.
"""

from __future__ import annotations

from diagnose.model import globs
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.exclude_pattern import ExcludePattern
from diagnose.readers import toml
from diagnose.tables.repaired_names import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from diagnose.engine.run import Result

LIMIT = 1000
"""Patterns that are read."""


def patterns(project: dict[str, Any], path: str, text: str) -> tuple[ExcludePattern, ...]:
    """Return the patterns in *project*, the parsed *text* of the ``pyproject.toml`` at *path*, each once."""
    tool = project.get("tool")
    tables = tool if isinstance(tool, dict) else {}
    found: dict[tuple[str, str], ExcludePattern] = {}
    for name, keys, pattern in (*_of_cibuildwheel(tables.get("cibuildwheel")), *_of_maturin(tables.get("maturin"))):
        line = toml.line_of(text, "tool", *keys)
        place = f"{path}:{line}" if line else path
        found.setdefault((name, pattern), ExcludePattern(name, pattern, place))
        if len(found) == LIMIT:
            break
    return tuple(found.values())


def _of_cibuildwheel(section: object) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield tool, keys and pattern of each ``--exclude`` in cibuildwheel's repair commands for Linux."""
    if not isinstance(section, dict):
        return
    overrides = section.get("overrides")
    tables: list[tuple[tuple[str, ...], object]] = [(("cibuildwheel",), section)]
    tables.append((("cibuildwheel", "linux"), section.get("linux")))
    tables += [(("cibuildwheel", "overrides"), one) for one in (overrides if isinstance(overrides, list) else ())]
    for keys, table in tables:
        command = table.get("repair-wheel-command") if isinstance(table, dict) else None
        for line in command if isinstance(command, list) else [command]:
            if isinstance(line, str) and "auditwheel" in line and "--exclude" in line:
                for pattern in _excluded(line):
                    yield "auditwheel", (*keys, "repair-wheel-command"), pattern


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


def _of_maturin(section: object) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield tool, keys and pattern of each entry of maturin's ``exclude`` that names a shared library."""
    entries = section.get("exclude") if isinstance(section, dict) else None
    for entry in entries if isinstance(entries, list) else [entries]:
        path = entry.get("path") if isinstance(entry, dict) else entry
        if isinstance(path, str) and ".so" in path and path.rpartition("/")[2].startswith("lib"):
            yield "maturin", ("maturin", "exclude"), path


def unmatched(excluded: Sequence[ExcludePattern], results: Sequence[Result]) -> list[str]:
    """Return a line for each pattern of *excluded* for auditwheel that has nothing to do with any wheel of *results*.

    Where a library has a similar name, ``wheel-exclude-unmatched`` speaks.
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
    names = {plain(name) for name in needed}
    stems = {name.partition(".so")[0] for name in names}
    return [
        f"{one.place}: auditwheel's --exclude {one.pattern} matches no library that these wheels need"
        for one in excluded
        if one.tool == "auditwheel" and one.known() and one.stem() not in stems
        if not any(globs.fits(name, one.pattern) for name in names)
    ]
