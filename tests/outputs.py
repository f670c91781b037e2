"""The output of every command for every fixture, produced in this process: for the snapshots and the site's examples.

An output is made only when it is asked for. Outputs are grouped by the check that they show first, so that a change
to one check's wording changes one golden file.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from diagnose.cli import fast, options
from diagnose.engine import registry
from diagnose.engine.run import Report, run_checks
from diagnose.readers import env
from diagnose.reports import text

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
HEALTHY = "no-finding"


class Output(NamedTuple):
    """One call of the command: ``words`` are what a user types, ``make`` returns what is printed."""

    words: str
    make: Callable[[], str]


def _module(folder: Path, name: str) -> Any:
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))


def printed(*args: str, folder: Path | None = None) -> str:
    """Return the standard output of ``diagnose ARGS`` as a pipe gets it; a last line names an exit code but 0."""
    before = os.getcwd()
    out = io.StringIO()
    os.chdir(folder or before)
    try:
        with mock.patch.dict(os.environ, {"COLUMNS": "100"}), contextlib.redirect_stdout(out):
            try:
                code: object = fast.run(list(args))
            except SystemExit as end:
                code = end.code
    finally:
        os.chdir(before)
    return out.getvalue() + (f"[exit code {code}]\n" if code else "")


def _command(*args: str, folder: Path | None = None) -> Output:
    return Output(f"diagnose {' '.join(args)}", lambda: printed(*args, folder=folder))


@functools.cache
def wheels() -> dict[str, list[Output]]:
    """Return check → the reports on its fixture wheels."""
    expected: dict[str, dict[str, str]] = _module(FIXTURES / "wheels", "cases").expected()
    groups: dict[str, list[Output]] = {}
    for name, found in sorted(expected.items()):
        case = name.partition("-")[0].replace("_", "-")
        own = [check for check in found if case.startswith(check)]
        group = max(own, key=len) if own else min(found, default=HEALTHY)
        groups.setdefault(group, []).append(_command("wheel", name, folder=FIXTURES / "wheels"))
    return groups


@functools.cache
def logs() -> dict[str, list[Output]]:
    """Return check → the reports on the labelled logs of which it is the cause."""
    groups: dict[str, list[Output]] = {}
    for file in sorted((FIXTURES / "logs").rglob("labels.json")):
        for name, label in sorted(json.loads(file.read_text()).items()):
            place = str((file.parent / name).relative_to(FIXTURES / "logs"))
            groups.setdefault(label["cause"] or HEALTHY, []).append(_command("log", place, folder=FIXTURES / "logs"))
    return groups


@functools.cache
def workflows() -> dict[str, list[Output]]:
    """Return check → the reports on its repositories: the folder is named as the check, then a word."""
    checks = sorted(registry.load("workflow"), key=lambda check: len(check.id), reverse=True)
    groups: dict[str, list[Output]] = {}
    for folder in sorted((FIXTURES / "workflows").iterdir()):
        check = next((one for one in checks if folder.name.startswith(one.id)), None)
        words = ["workflow", *(["--pedantic"] if check and check.pedantic else []), folder.name]
        groups.setdefault(check.id if check else HEALTHY, []).append(_command(*words, folder=FIXTURES / "workflows"))
    return groups


@functools.cache
def environments() -> dict[str, list[Output]]:
    """Return check → the reports on the container roots in which it is found first."""
    cases = _module(FIXTURES, "containers.cases")
    groups: dict[str, list[Output]] = {}
    for case in cases.CASES.values():
        group = case.finds[0] if case.finds else HEALTHY
        words = ["diagnose env --root", case.name, "--target", case.target]
        words += [f"--lib {lib!r}" for lib in case.libs] + ([f"--policy {case.policy}"] if case.policy else [])
        groups.setdefault(group, []).append(Output(" ".join(words), functools.partial(_environment, cases, case)))
    return groups


def _environment(cases: Any, case: Any) -> str:
    with tempfile.TemporaryDirectory() as folder:
        root = cases.furnish(case, folder)
        project = os.path.join(folder, "project")

        def read() -> env.Environment:
            return env.read(root, case.target, case.libs, case.policy, project, cases.environ(case))

        result = run_checks("env", case.name, read, env.facts, registry.load("env"))
        return text.render(Report((result,)), text.Style()).replace(root, "/ROOT").replace(folder, "/FOLDER")


@functools.cache
def pages() -> dict[str, list[Output]]:
    """Return area → the pages of ``diagnose explain`` for its checks; and the catalogue."""
    groups = {"catalogue": [_command("explain")]}
    for check in registry.load():
        groups.setdefault(check.area, []).append(_command("explain", check.id))
    return groups


@functools.cache
def help_pages() -> dict[str, list[Output]]:
    """Return the help of every command, in one group."""
    return {"help": [_command("--help"), *(_command(name, "--help") for name in sorted(options.COMMANDS))]}


KINDS = {
    "wheel": wheels,
    "env": environments,
    "log": logs,
    "workflow": workflows,
    "explain": pages,
    "help": help_pages,
}


def snapshots() -> Iterator[tuple[str, str]]:
    """Yield (kind, group) of every golden file."""
    for kind, groups in KINDS.items():
        for group in groups():
            yield kind, group


def golden(kind: str, group: str) -> str:
    """Return the text of the golden file ``KIND/GROUP.txt`` as the commands print it now."""
    return "\n".join(f"$ {output.words}\n{output.make()}" for output in KINDS[kind]()[group])
