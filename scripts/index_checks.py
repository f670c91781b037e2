"""Writes the index of the built-in checks, ``check_index.py`` and ``log_anchors.py``; ``--check`` only compares it.

It repeats what their modules declare, so that a command imports only those that can have something to say.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnose.engine import registry
from diagnose.model.check import Check
from diagnose.model.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKS = Path(__file__).resolve().parents[1] / "checks"
HEAD = """\
\"\"\"{title} Written by ``python3 dev.py fmt``; ``diagnose/engine/registry.py`` reads it.\"\"\"

{imports}CHECKS = {{
"""
COPIED = ("since", "phase", "needs", "aliases", "fallback", "admits", "pedantic", "of_linux")
"""The fields of a check that are copied, where they differ from their defaults."""


def texts() -> dict[Path, str]:
    """Return the files of the index, as the modules that exist declare it."""
    rows, anchors = [], []
    for name in sorted(registry.modules(registry.BUILT_IN)):
        key = "/".join(name.split(".")[1:])
        check = registry.declared(import_module(name))
        rows.append((key, dict(_row(check))))
        if check.patterns:
            anchors.append((key, tuple(dict.fromkeys(one.anchor.encode() for one in _own(check)))))
    phase = "from diagnose.model.finding import Phase\n\n"
    return {
        _path(registry.INDEX): _module("What the checks declare, without documentation.", phase, rows),
        _path(registry.ANCHORS): _module("The anchors of the checks' patterns of logs.", "", anchors),
    }


def _path(module: str) -> Path:
    return CHECKS / f"{module.replace('.', '/')}.py"


def _module(title: str, imports: str, rows: list[tuple[str, Any]]) -> str:
    lines = "".join(f"    {_literal(key)}: {_literal(value)},\n" for key, value in rows)
    return f"{HEAD.format(title=title, imports=imports)}{lines}}}\n"


def _own(check: Check) -> Iterator[Pattern]:
    return (one for one in check.patterns if isinstance(one, Pattern))


def _row(check: Check) -> Iterator[tuple[str, Any]]:
    yield "kinds", tuple(check.detectors)
    defaults = Check("")
    yield "declared", {name: value for name in COPIED if (value := getattr(check, name)) != getattr(defaults, name)}
    kinds = (*(one.kind for one in _own(check)), *check.log_kinds)
    signs = {"env": check.env_facts, "log": tuple(dict.fromkeys(kinds))}
    if signs := {kind: names for kind, names in signs.items() if names and kind in check.detectors}:
        yield "signs", signs
    if functions := tuple(name for name in ("applies", "leads_to") if getattr(check, name)):
        yield "functions", functions


def _literal(value: object) -> str:
    """Return *value* as source."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_literal(key)}: {_literal(item)}' for key, item in value.items())}}}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))}{',' * (len(value) == 1)})"
    if isinstance(value, bytes):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value) if not hasattr(value, "name") else f"{type(value).__name__}.{value.name}"


def main(*args: str) -> int:
    """Write the index, or compare it."""
    stale = {
        path: text for path, text in texts().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        if "--check" in args:
            print(f"{path.name} does not say what the checks declare; run: python3 dev.py fmt", file=sys.stderr)
        else:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote {path.name}")
    return int("--check" in args and bool(stale))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
