"""``diagnose wheel``: checks whether wheels run on the platforms their tags claim."""

from __future__ import annotations

import os
import sys

from diagnose.cli import console, workers
from diagnose.cli.destinations import planned
from diagnose.cli.errors import UsageError
from diagnose.cli.report import chosen, finish, inspect, print_fixes
from diagnose.engine.run import Result
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, contextlib
from diagnose.model.finding import InputError
from diagnose.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.cli.options import Output, Selection, WheelOptions

# Other files of an upload folder: publishing tools are called with dist/*.
_SIDE_FILES = {
    (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip"): "a source distribution",
    (".asc", ".sig", ".attestation", ".sigstore", ".sigstore.json", ".provenance", ".crt", ".pem"): "a signature",
    (".sha256", ".sha512", ".md5", "SHA256SUMS", "SHA512SUMS", "sum.txt", "sums.txt"): "a list of checksums",
}


class _Input(NamedTuple):
    """One wheel to inspect. ``error`` is set when there is nothing to read under that name.

    ``origin`` says where its file name comes from, if the user did not give it.
    """

    path: str
    error: str = ""
    origin: str = ""


def main(options: WheelOptions, selection: Selection, output: Output) -> int:
    """Report on wheels: files, glob patterns, folders, standard input."""
    chosen("wheel", selection)  # a wrong --select fails before any work
    _check_usage(options)
    given = list(_expand(options.paths))
    planned(output, [item.path for item in given])
    sorted_out = [(item, "" if item.error else _side_file(item.path)) for item in given]
    wanted = [item for item, kind in sorted_out if not kind]
    for item, kind in sorted_out:
        if kind and wanted and not output.quiet:
            console.warn(f"skipped {item.path}: {kind}, not a wheel")
    wanted = wanted or [_Input(item.path, f"{item.path}: {_side_file(item.path)}, not a wheel") for item in given]
    if any(item.path == "-" for item in wanted):
        if options.fix_format or options.apply or options.diff:
            raise UsageError("fixes need wheels in files: standard input cannot be repacked")
        return _with_stdin(wanted, selection, output)
    inspected = _inspect_all(wanted, selection, output)
    if not (options.apply or options.diff or options.fix_format):
        return finish(inspected, output, selection)
    results = list(inspected)
    if options.apply or options.diff:
        return _fix_copies(wanted, results, options, selection, output)
    from diagnose.fixes import wheel_script

    return print_fixes(wheel_script.render(results), results, output, selection)


def _check_usage(options: WheelOptions) -> None:
    if (options.fix_format and (options.apply or options.diff)) or (options.apply and options.diff):
        raise UsageError("--apply, --diff and --fix-format exclude each other")
    if options.apply and options.out_dir is None:
        raise UsageError("--apply needs --out-dir DIR: the wheels themselves are not changed")
    if options.out_dir is not None and not options.apply:
        raise UsageError("--out-dir needs --apply")
    if options.unsafe and not (options.apply or options.diff):
        raise UsageError("--unsafe needs --apply or --diff")


def _fix_copies(
    items: list[_Input], results: list[Result], options: WheelOptions, selection: Selection, output: Output
) -> int:
    """Fix a copy of each wheel, say on standard error what was done, and report on the copies."""
    import tempfile

    from diagnose.fixes import wheel_copy
    from diagnose.fixes.disk import ApplyError, naming

    def judge(path: str) -> Result:
        return _inspect(_Input(path), selection)

    with tempfile.TemporaryDirectory(prefix="diagnose-", ignore_cleanup_errors=True) as scratch:
        folder, after, patches = options.out_dir or scratch, [], []
        try:
            with naming(folder):
                os.makedirs(folder, exist_ok=True)
        except ApplyError as error:
            raise UsageError(f"--out-dir: {error}") from None
        for item, result in zip(items, results, strict=True):
            done = wheel_copy.FixedWheel(result)
            try:
                if result.error is None:
                    done = wheel_copy.fix(item.path, result, judge, folder, options.unsafe, options.apply)
            except ApplyError as error:
                reason = f"{item.path}: not fixed: {error}"
                after.append(result._replace(error=reason, outcome=Outcome.NOT_JUDGED))
                continue
            if done.written:
                console.warn(f"wrote {done.written}")
            elif result.error is None and options.apply:
                console.warn(f"{item.path}: nothing was fixed" if result.findings else f"{item.path}: nothing to fix")
            for check, title in done.fixed:
                console.warn(f"  fixed {check}: {title}")
            for check, why in done.left:
                console.warn(f"  left  {check}: {why}")
            after.append(done.result)
            patches.append(done.diff)
    if options.diff:
        return print_fixes("".join(patches), results, output, selection)
    return finish(after, output, selection)


def _side_file(path: str) -> str:
    """Return the kind of a file that is usually beside wheels; empty for any other."""
    name = os.path.basename(path)
    return next((what for ends, what in _SIDE_FILES.items() if name.endswith(ends)), "")


def _expand(paths: Iterable[str]) -> Iterator[_Input]:
    for path in paths:
        if path != "-" and os.path.isdir(path):
            try:
                found = sorted(name for name in os.listdir(path) if name.endswith(".whl"))
            except OSError as error:
                yield _Input(path, f"{path}: {error.strerror or error}")
                continue
            yield from (_Input(os.path.join(path, name)) for name in found)
            if not found:
                yield _Input(path, f"{path}: no wheel in this folder")
        elif path != "-" and not os.path.lexists(path) and any(map(path.count, "*?[")):
            from glob import glob

            matches = sorted(glob(path, recursive=True))
            yield from map(_Input, matches)
            if not matches:
                yield _Input(path, f"{path}: no file matches")
        else:
            yield _Input(path)


def _with_stdin(items: list[_Input], selection: Selection, output: Output) -> int:
    """Inspect *items*, of which ``-`` is read from standard input into a temporary file first."""
    import tempfile

    from diagnose.cli import stdin_wheel

    try:
        folder = tempfile.TemporaryDirectory(prefix="diagnose-", ignore_cleanup_errors=True)
    except OSError as error:
        raise InputError(f"standard input: no folder for temporary files: {error.strerror or error}") from None
    with folder:
        read: list[_Input] = []
        for item in items:
            if item.path == "-":
                try:
                    item = _Input(stdin_wheel.save(folder.name), origin=stdin_wheel.ORIGIN)
                except InputError as error:
                    item = _Input("standard input", str(error))
            read.append(item)
        return finish(_inspect_all(read, selection, output), output, selection)


_AHEAD = 256
"""Wheels that may be done before an earlier one is, where rows are written as they come."""


def _inspect_all(items: list[_Input], selection: Selection, output: Output) -> Iterator[Result]:
    """Yield the result of each of *items*, in order."""
    from diagnose.readers.wheel import reader as wheel  # noqa: F401  (before the workers start: they share what is imported)

    rows = any(value.partition("=")[0] == "jsonl" for value in output.format)
    shown = len(items) > 1 and sys.stderr.isatty() and not (output.quiet or output.no_progress)
    shown = shown and not ("jsonl" in output.format and sys.stdout.isatty())  # each row would break the line

    def show(done: int) -> None:
        if shown:
            console.progress(f"{done} of {len(items)} wheels" if done < len(items) else "")

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if len(items) == 1 and not _is_mapped(items[0].path):
        yield _inspect(items[0], selection)
        return
    with contextlib.closing(
        workers.run(lambda item: _inspect(item, selection), items, cores, show, _AHEAD if rows else 0)
    ) as answers:
        for item, answer in zip(items, answers, strict=True):
            yield _lost(item, answer.reason) if isinstance(answer, workers.LostWorker) else answer


def _is_mapped(path: str) -> bool:
    """Whether the reader maps the wheel into memory; a file that is cut off then kills the process that reads it."""
    from diagnose.readers.wheel.reader import MAPPED_FROM

    try:
        return os.stat(path).st_size >= MAPPED_FROM
    except OSError:
        return False


def _inspect(item: _Input, selection: Selection) -> Result:
    from diagnose.readers.wheel import reader

    def read() -> reader.Wheel:
        if item.error:
            raise InputError(item.error)
        found = reader.read(item.path)
        return found._replace(excludes=selection.settings.excludes) if selection.settings is not None else found

    result = inspect("wheel", _name(item), read, reader.facts, selection)
    return result._replace(unseen=(*result.unseen, item.origin)) if item.origin else result


def _name(item: _Input) -> str:
    return os.path.basename(item.path) or item.path


_MEANING = {
    "killed by SIGBUS": "; the file was cut off, or its disk failed, while it was read",
    "killed by SIGKILL": "; this is how a system that has run out of memory ends a process",
}


def _lost(item: _Input, reason: str) -> Result:
    error = f"{_name(item)}: not inspected: the process that read it {'was ' * reason.startswith('killed')}{reason}"
    return Result("wheel", _name(item), error=error + _MEANING.get(reason, ""), outcome=Outcome.NOT_JUDGED)
