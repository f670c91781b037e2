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
    from diagnose.readers.wheel.reader import Wheel

# Other files of an upload folder: publishing tools are called with dist/*.
_SIDE_FILES = {
    (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip"): "a source distribution",
    (".asc", ".sig", ".attestation", ".sigstore", ".sigstore.json", ".provenance", ".crt", ".pem"): "a signature",
    (".sha256", ".sha512", ".md5", "SHA256SUMS", "SHA512SUMS", "sum.txt", "sums.txt"): "a list of checksums",
}


class WheelInput(NamedTuple):
    """One wheel to inspect. ``error`` is set when there is nothing to read under that name.

    ``layout`` is that of the reader's ``Wheel``: of ``installed`` ones, ``path`` is the ``.dist-info`` folder; of
    ``code``, the folder of the ELF ``files``, or the only one.

    ``threads`` may read it at once.

    ``origin`` says where its file name comes from, if the user did not give it.
    """

    path: str
    error: str = ""
    origin: str = ""
    layout: str = "archive"
    files: tuple[str, ...] = ()
    threads: int = 1


def main(options: WheelOptions, selection: Selection, output: Output) -> int:
    """Report on wheels: files, glob patterns, folders, standard input."""
    chosen("wheel", selection)  # a wrong --select fails before any work
    _check_usage(options)
    given = [*_expand(options.paths, options.elf), *map(_installed, options.installed)]
    planned(output, [item.path for item in given])
    sorted_out = [(item, "" if item.error else _side_file(item.path)) for item in given]
    wanted = [item for item, kind in sorted_out if not kind]
    for item, kind in sorted_out:
        if kind and wanted and not output.quiet:
            console.warn(f"skipped {item.path}: {kind}, not a wheel")
    wanted = wanted or [WheelInput(item.path, f"{item.path}: {_side_file(item.path)}, not a wheel") for item in given]
    if (options.fix_format or options.apply or options.diff) and any(item.layout != "archive" for item in wanted):
        raise UsageError("fixes need wheels: what is installed, or in no wheel, cannot be repacked")
    if any(item.path == "-" for item in wanted):
        if options.fix_format or options.apply or options.diff:
            raise UsageError("fixes need wheels in files: standard input cannot be repacked")
        return _with_stdin(wanted, selection, output)
    inspected = _inspect_all(wanted, selection, output, _remembered_from(options))
    if not (options.apply or options.diff or options.fix_format):
        return finish(inspected, output, selection)
    results = list(inspected)
    if options.apply or options.diff:
        return _fix_copies(wanted, results, options, selection, output)
    from diagnose.fixes import wheel_script

    return print_fixes(wheel_script.render(results), results, output, selection)


def listed(path: str) -> list[WheelInput]:
    """Return the wheels in *path*: a file, a folder, or a glob pattern."""
    items = [item for item in _expand([path], False) if item.error or not _side_file(item.path)]
    return items or [WheelInput(path, f"{path}: no wheel")]


def judged(items: list[WheelInput], selection: Selection, output: Output) -> list[Result]:
    """Return the results for *items*, in their order."""
    return list(_inspect_all(items, selection, output))


def _check_usage(options: WheelOptions) -> None:
    if not options.paths and not options.installed:
        raise UsageError("wheel needs PATH...: wheels, ELF files, folders or glob patterns; or --installed NAME")
    if options.elf and not any(map(os.path.isdir, options.paths)):
        raise UsageError("--elf needs a folder; an ELF file itself needs no option")
    if (options.fix_format and (options.apply or options.diff)) or (options.apply and options.diff):
        raise UsageError("--apply, --diff and --fix-format exclude each other")
    if options.apply and options.out_dir is None:
        raise UsageError("--apply needs --out-dir DIR: the wheels themselves are not changed")
    if options.out_dir is not None and not options.apply:
        raise UsageError("--out-dir needs --apply")
    if options.unsafe and not (options.apply or options.diff):
        raise UsageError("--unsafe needs --apply or --diff")
    if options.cache and options.no_cache:
        raise UsageError("--cache and --no-cache exclude each other")


_WORTH_REMEMBERING = 1 << 20
"""Bytes of all wheels of a run below which judging them takes no longer than looking them up."""


def _remembered_from(options: WheelOptions) -> int | None:
    """Return from how many bytes of all wheels on the run uses results of earlier ones; None: never.

    In CI that has to be asked for: no earlier run should matter there.
    """
    if options.no_cache or (os.environ.get("CI", "") not in ("", "false") and not options.cache):
        return None
    return 0 if options.cache else _WORTH_REMEMBERING


def _fix_copies(
    items: list[WheelInput], results: list[Result], options: WheelOptions, selection: Selection, output: Output
) -> int:
    """Fix a copy of each wheel, say on standard error what was done, and report on the copies."""
    import tempfile

    from diagnose.cli import ending
    from diagnose.fixes import wheel_copy
    from diagnose.fixes.disk import ApplyError, naming

    ending.clean_up()

    def judge(path: str) -> Result:
        return _inspect(WheelInput(path), selection)

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
        failed = [new if new.error is not None else old for old, new in zip(results, after, strict=True)]
        return print_fixes("".join(patches), failed, output, selection)
    return finish(after, output, selection)


def _side_file(path: str) -> str:
    """Return the kind of a file that is usually beside wheels; empty for any other."""
    name = os.path.basename(path)
    return next((what for ends, what in _SIDE_FILES.items() if name.endswith(ends)), "")


def _expand(paths: Iterable[str], elf: bool) -> Iterator[WheelInput]:
    for path in paths:
        if path != "-" and os.path.isdir(path):
            yield from _code_below(path) if elf else _in_folder(path)
        elif path != "-" and not os.path.lexists(path) and any(map(path.count, "*?[")):
            from glob import glob

            matches = sorted(glob(path, recursive=True))
            yield from map(_file, matches)
            if not matches:
                yield WheelInput(path, f"{path}: no file matches")
        else:
            yield _file(path)


def _file(path: str) -> WheelInput:
    if path == "-" or path.endswith(".whl") or not os.path.isfile(path):
        return WheelInput(path)
    from diagnose.readers.wheel import unpacked

    if unpacked.is_elf(path):
        return WheelInput(path, layout="code", files=(path,))
    if path.endswith(".conda"):
        return WheelInput(path, layout="conda")
    if path.endswith(".tar.bz2") and path.count("-") > 1:
        return WheelInput(path, f"{path}: {_OLD_CONDA}")
    return WheelInput(path)


_OLD_CONDA = "a conda package of the old form, not a wheel; unpack it, and inspect its ELF files with --elf FOLDER"


def _in_folder(path: str) -> Iterator[WheelInput]:
    """Yield the wheels in a folder, or the distributions that are installed in it."""
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        yield WheelInput(path, f"{path}: {error.strerror or error}")
        return
    found = [name for name in names if name.endswith((".whl", ".conda"))]
    yield from (_file(os.path.join(path, name)) for name in found)
    if not found:
        places = [os.path.join(path, name) for name in names if name.endswith(".dist-info")]
        yield from (WheelInput(place, layout="installed") for place in places)
        if not places:
            yield WheelInput(
                path, f"{path}: no wheel in this folder, and no installed distribution; --elf for ELF files"
            )


def _code_below(folder: str) -> Iterator[WheelInput]:
    """Yield the ELF files below *folder*: those of one processor together, because they may need each other."""
    from diagnose.readers.wheel import unpacked

    try:
        for files in unpacked.by_architecture(unpacked.elf_files(folder)):
            yield WheelInput(folder, layout="code", files=tuple(files))
    except InputError as error:
        yield WheelInput(folder, str(error))


def _installed(name: str) -> WheelInput:
    """Return the distribution *name* of the active environment: VIRTUAL_ENV, CONDA_PREFIX, or that of this program."""
    from diagnose.authoring.wheel import project_key
    from diagnose.readers.wheel import unpacked

    prefix = os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX") or sys.prefix
    sites = unpacked.site_folders(prefix)
    for place in (place for site in sites for place in unpacked.distributions(site)):
        own = os.path.basename(place).removesuffix(".dist-info").rpartition("-")[0]
        if project_key(own) == project_key(name):
            return WheelInput(place, layout="installed")
    where = " and ".join(sites) or f"{prefix}, which has no site-packages"
    return WheelInput(name, f"{name}: not installed in {where}", layout="installed")


def _with_stdin(items: list[WheelInput], selection: Selection, output: Output) -> int:
    """Inspect *items*, of which ``-`` is read from standard input into a temporary file first."""
    import tempfile

    from diagnose.cli import stdin_wheel

    try:
        folder = tempfile.TemporaryDirectory(prefix="diagnose-", ignore_cleanup_errors=True)
    except OSError as error:
        raise InputError(f"standard input: no folder for temporary files: {error.strerror or error}") from None
    with folder:
        read: list[WheelInput] = []
        for item in items:
            if item.path == "-":
                try:
                    item = WheelInput(stdin_wheel.save(folder.name), origin=stdin_wheel.ORIGIN)
                except InputError as error:
                    item = WheelInput("standard input", str(error))
            read.append(item)
        return finish(_inspect_all(read, selection, output), output, selection)


_AHEAD = 256
"""Wheels that may be done before an earlier one is, where rows are written as they come."""


def _inspect_all(
    items: list[WheelInput], selection: Selection, output: Output, remembered_from: int | None = None
) -> Iterator[Result]:
    """Yield the result of each of *items*, in order; *remembered_from* this size on, those of earlier runs."""
    # Before the workers start: they share what is imported.
    from diagnose.readers.wheel import archive, digests, reader, room  # noqa: F401

    def judge(item: WheelInput) -> Result:
        if cache is None or item.error or item.layout != "archive":
            return _inspect(item, selection)
        return cache.result(item.path, _name(item), lambda: _inspect(item, selection))

    sizes = [_size(item.path) for item in items]
    cache = None
    if remembered_from is not None and sum(sizes) >= remembered_from:
        from diagnose.cli import result_cache

        cache = result_cache.opened(selection)
    rows = any(value.partition("=")[0] == "jsonl" for value in output.format)
    shown = len(items) > 1 and sys.stderr.isatty() and not (output.quiet or output.no_progress)
    shown = shown and not ("jsonl" in output.format and sys.stdout.isatty())  # each row would break the line

    def show(done: int) -> None:
        if shown:
            console.progress(f"{done} of {len(items)} wheels" if done < len(items) else "")

    room.is_fast(sum(sizes))  # imports, as the next line does
    digests.maker("sha256", sum(sizes))
    cores = workers.cores()
    items = [item._replace(threads=_threads(size, sum(sizes), cores)) for item, size in zip(items, sizes, strict=True)]
    if len(items) == 1 and sizes[0] < archive.MAPPED_FROM:
        yield judge(items[0])
        return
    order = sorted(range(len(items)), key=lambda number: -sizes[number])  # a large one that came last would run alone
    with contextlib.closing(
        workers.run(judge, items, cores, show, _AHEAD if rows else 0, () if rows else order)
    ) as answers:
        for item, answer in zip(items, answers, strict=True):
            yield _lost(item, answer.reason) if isinstance(answer, workers.LostWorker) else answer


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _threads(size: int, total: int, cores: int) -> int:
    """Return how many cores a wheel of *size* bytes may use: one, or its share of the *total* that there is to do."""
    return max(1, -(-cores * size // total)) if total else 1


def _read_unpacked(item: WheelInput) -> Wheel:
    from diagnose.readers.wheel import unpacked

    if item.layout == "conda":
        from diagnose.readers.wheel import conda

        return conda.read(item.path)
    if item.layout == "installed":
        return unpacked.read_installed(item.path)
    return unpacked.read_files(_name(item), item.files, item.path if os.path.isdir(item.path) else "")


def _inspect(item: WheelInput, selection: Selection) -> Result:
    from diagnose.readers.wheel import reader

    def read() -> reader.Wheel:
        if item.error:
            raise InputError(item.error)
        found = reader.read(item.path, threads=item.threads) if item.layout == "archive" else _read_unpacked(item)
        return found._replace(excludes=selection.settings.excludes) if selection.settings is not None else found

    result = inspect("wheel", _name(item), read, reader.facts, selection, item.path)
    if item.layout != "archive":  # fixes repack a wheel
        result = result._replace(findings=tuple(finding._replace(fixes=()) for finding in result.findings))
    return result._replace(unseen=(*result.unseen, item.origin)) if item.origin else result


def _name(item: WheelInput) -> str:
    name = os.path.basename(item.path.rstrip("/" + os.sep)) or item.path
    return name.removesuffix(".dist-info") if item.layout == "installed" else name


_MEANING = {
    "killed by SIGBUS": "; the file was cut off, or its disk failed, while it was read",
    "killed by SIGKILL": "; this is how a system that has run out of memory ends a process",
}


def _lost(item: WheelInput, reason: str) -> Result:
    error = f"{_name(item)}: not inspected: the process that read it {'was ' * reason.startswith('killed')}{reason}"
    return Result("wheel", _name(item), error=error + _MEANING.get(reason, ""), outcome=Outcome.NOT_JUDGED)
