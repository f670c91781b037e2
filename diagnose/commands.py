"""What each command does, free of any command-line parser: every function prints and returns the exit code."""

from __future__ import annotations

import os
import sys

from diagnose.engine import registry
from diagnose.engine.run import Report, Result, run_checks
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, cache
from diagnose.model.check import Check
from diagnose.model.finding import InputError, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from diagnose.fixes.plan import Plan

FORMATS = ("text", "json", "github")
FAIL_LEVELS = ("error", "warning", "note", "never")


class UsageError(Exception):
    """The command was called with something that it does not know. ``str()`` says what is known."""


class Output(NamedTuple):
    """The options that every judging command has."""

    format: str = "text"
    fail_on: str = "error"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    quiet: bool = False
    verbose: bool = False


class Mend(NamedTuple):
    """What ``env`` does with its fixes: print them together in a format, as a patch, or carry them out."""

    format: str = ""
    diff: bool = False
    apply: bool = False
    yes: bool = False
    unsafe: bool = False


def env(
    target: str | None = None,
    lib: tuple[str, ...] = (),
    policy: str | None = None,
    root: str = "/",
    output: Output = Output(),  # noqa: B008  (immutable)
    mend: Mend = Mend(),  # noqa: B008
) -> int:
    """Judge the machine, or the root in a folder, as a place to build for *target* against the *lib* modules."""
    from diagnose.readers import env as reader

    if policy:
        _check_policy(policy)
    causes = _causes("env", output)

    def read() -> reader.Environment:
        return reader.read(root=root, target=target, libs=lib, policy=policy)

    name = "this machine" if root == "/" else root

    def judged() -> Result:
        return run_checks("env", name, read, reader.facts, causes)

    if mend.apply:
        if mend.format or mend.diff or root != "/":
            raise UsageError("--apply works on this machine, and alone: see --diff and --fix-format for the rest")
        _apply(judged, mend.yes, mend.unsafe)
    result = judged()
    if (mend.format or mend.diff) and result.error is None:
        return _print_fixes(result, mend, output)
    return _finish(Report((result,)), output)


def _check_policy(name: str) -> None:
    from diagnose import policies

    if not (policies.split(name).policy or policies.split(f"{name}_x86_64").policy):
        rows = [*policies.load("glibc", "x86_64"), *policies.load("musl", "x86_64")]
        close = did_you_mean(name, [known for row in rows for known in (row.name, *row.aliases)])
        raise UsageError(f"--policy: no platform tag is named {name!r}{close or '; one is like manylinux_2_28'}")


def _print_fixes(result: Result, mend: Mend, output: Output) -> int:
    from diagnose.fixes import plan, render
    from diagnose.model import targets as table

    merged = plan.plan(result.findings)
    row = table.resolve(result.facts["target"]["triple"])
    assert row is not None
    sys.stdout.write(render.diff(merged) if mend.diff else render.FORMATS[mend.format](merged, row))
    return Report((result,)).exit_code(None if output.fail_on == "never" else Severity(output.fail_on))


def _apply(judged: Callable[[], Result], yes: bool, unsafe: bool = False) -> None:
    """Carry out the fixes, and those of what comes to light then, until nothing is left that can be done."""
    import shlex

    from diagnose.fixes import apply, plan
    from diagnose.fixes.disk import ApplyError

    def show(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    done = None
    for _ in range(6):
        merged = plan.plan(judged().findings)
        if merged == done or not (merged.files or merged.commands):
            for message, advice, commands in merged.manual:
                show("\n".join((f"left  {message}: {advice}", *(f"      $ {line}" for line in commands))))
            for command in merged.build:
                show(f"left  {command.line}")
            for name, value in () if merged.settings else merged.env:  # they are for a file that could not be edited
                show(f"left  export {name}={shlex.quote(value)}")
            for name in merged.unset:
                show(f"left  unset {name}")
            return
        done = merged
        if os.geteuid() and any(not command.line.startswith("rustup") for command in merged.commands):
            raise UsageError("--apply would install packages: run it as root, or see --fix-format sh")
        if not yes and not _agreed(merged):
            raise UsageError("nothing was applied: --yes says that it shall be")
        try:
            apply.apply(merged.files, merged.commands, "/", os.getcwd(), show, unsafe)
        except ApplyError as error:
            raise UsageError(str(error)) from None


def _agreed(merged: Plan) -> bool:
    """Ask on a terminal whether *merged* shall be carried out; elsewhere the answer is no."""
    from diagnose.fixes import render

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(render.diff(merged) + "".join(f"$ {command.line}\n" for command in merged.commands))
    sys.stderr.write("Apply all this? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def undo() -> int:
    """Put back every file that ``env --apply`` wrote; 1 if one was changed since, and is left."""
    from diagnose.fixes import undo as fixes
    from diagnose.fixes.disk import ApplyError

    try:
        done = fixes.undo(print, os.getcwd())
    except ApplyError as error:
        raise UsageError(str(error)) from None
    count = done.restored
    print(f"{count} file{'' if count == 1 else 's'} put back" if count else "nothing to put back")
    return 1 if done.left else 0


def wheel(paths: Iterable[str], output: Output = Output()) -> int:  # noqa: B008  (immutable)
    """Judge wheels: files, glob patterns and folders; several at once run over all cores."""
    _causes("wheel", output)  # a wrong --select fails before any work
    inputs = list(_expand(paths))
    results = _judge_wheels(inputs, output)
    return _finish(Report(tuple(results)), output)


def log(
    path: str,
    target: str | None = None,
    distro: str | None = None,
    output: Output = Output(),  # noqa: B008  (immutable)
) -> int:
    """Judge the log of a build in a file, or on standard input for ``-``."""
    from diagnose.readers import buildlog as reader

    causes = _causes("log", output)

    def read() -> reader.BuildLog:
        return reader.read(path, [pattern for cause in causes for pattern in cause.patterns], target, distro)

    name = "standard input" if path == "-" else os.path.basename(path)
    return _finish(Report((run_checks("log", name, read, reader.facts, causes),)), output)


def explain(name: str | None = None) -> int:
    """Print the documentation of one check, or the catalogue of all."""
    causes = registry.load()
    if name is None:
        from diagnose.reports import tables

        print(tables.catalogue(causes), end="")
        return 0
    for cause in causes:
        if name in (cause.id, *cause.aliases):
            from diagnose.reports import page, text

            print(page.render(cause, text.terminal_style()), end="")
            return 0
    raise UsageError(f"no check is named {name!r}{did_you_mean(name, _names(causes))}")


def targets(name: str | None = None) -> int:
    """Print what an architecture is called everywhere else, or the table of all."""
    from diagnose.model import targets as table
    from diagnose.reports import tables

    if name is None:
        print(tables.targets(table.TARGETS), end="")
        return 0
    rows = table.find(name)
    if not rows:
        raise UsageError(f"no architecture is named {name!r}{did_you_mean(name, table.suggest(name))}")
    print(tables.target(rows), end="")
    return 0


@cache
def _causes(kind: str, output: Output) -> list[Check]:
    causes = registry.load(kind)
    for selector in (*output.select, *output.ignore):
        if not any(cause.matches(selector) for cause in causes):
            known = registry.load()  # of another kind of subject: selects nothing here, and is no mistake
            if not any(cause.matches(selector) for cause in known):
                raise UsageError(f"no check is named {selector!r}{did_you_mean(selector, _names(known))}")
    return registry.select(causes, output.select, output.ignore)


def _names(causes: Iterable[Check]) -> list[str]:
    return [name for cause in causes for name in (cause.id, *cause.aliases)]


def did_you_mean(name: str, known: list[str]) -> str:
    """Return the end of a message on *name*, which is not *known*: those that look like it, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=3) or known[:0]
    return f"; did you mean {' or '.join(close)}?" if close else ""


class _Input(NamedTuple):
    """One wheel to judge; ``error`` is set when there is nothing to read under that name."""

    path: str
    error: str = ""


def _expand(paths: Iterable[str]) -> Iterator[_Input]:
    from glob import glob, has_magic

    for path in paths:
        if os.path.isdir(path):
            found = sorted(name for name in os.listdir(path) if name.endswith(".whl"))
            yield from (_Input(os.path.join(path, name)) for name in found)
            if not found:
                yield _Input(path, f"{path}: no wheel in this folder")
        elif not os.path.lexists(path) and has_magic(path):
            matches = sorted(glob(path, recursive=True))
            yield from map(_Input, matches)
            if not matches:
                yield _Input(path, f"{path}: no file matches")
        else:
            yield _Input(path)


def _judge_wheel(item: _Input, output: Output) -> Result:
    from diagnose.readers.wheel import reader

    def read() -> reader.Wheel:
        if item.error:
            raise InputError(item.error)
        return reader.read(item.path)

    return run_checks("wheel", os.path.basename(item.path) or item.path, read, reader.facts, _causes("wheel", output))


def _judge_wheels(inputs: list[_Input], output: Output) -> list[Result]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if len(inputs) < 2 or cores < 2:
        return [_judge_wheel(item, output) for item in inputs]
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # A forked worker has everything imported already; where fork does not exist, the platform's own way serves.
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
    with ProcessPoolExecutor(min(cores, len(inputs)), multiprocessing.get_context(method)) as pool:
        futures = [pool.submit(_judge_wheel, item, output) for item in inputs]
        if output.format == "text" and not output.quiet and sys.stderr.isatty():
            _show_progress(futures)
        return [future.result() for future in futures]


def _show_progress(futures: list[Any]) -> None:
    from concurrent.futures import as_completed

    from rich.console import Console
    from rich.progress import track

    for _ in track(as_completed(futures), "judging", len(futures), console=Console(stderr=True), transient=True):
        pass


def _finish(report: Report, output: Output) -> int:
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    if output.format == "json":
        from diagnose.reports import json

        text = json.render(report)
    elif output.format == "github":
        from diagnose.reports import github

        text = github.render(report)
    else:
        from diagnose.reports import text as text_report

        text = text_report.render(report, text_report.terminal_style(output.quiet, output.verbose))
    sys.stdout.write(text)
    sys.stdout.flush()
    return report.exit_code(None if output.fail_on == "never" else Severity(output.fail_on))
