"""``diagnose workflow``: checks what a repository's CI workflows build, and where, before they run."""

from __future__ import annotations

import os
from functools import partial

from diagnose.cli import console
from diagnose.cli.commands import generate_workflow
from diagnose.cli.destinations import planned
from diagnose.cli.errors import UsageError
from diagnose.cli.report import chosen, finish, inspect
from diagnose.engine.run import Result
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.model.outcome import Outcome
from diagnose.readers import workflow as reader
from diagnose.readers.cargo.files import upwards
from diagnose.readers.workflow import nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.cli.options import Output, Selection, WorkflowOptions


def main(options: WorkflowOptions, selection: Selection, output: Output) -> int:
    """Report on the workflow files of repositories, or on single ones."""
    if not nodes.available():
        raise UsageError("workflow needs PyYAML: install crosslink-diagnose[workflow], or PyYAML beside it")
    if options.generate:
        if len(options.paths) > 1:
            raise UsageError("--generate takes one folder")
        return generate_workflow.main(options.paths[0] if options.paths else ".", options)
    if options.target:
        raise UsageError("--target needs --generate")
    if options.diff or options.apply:
        return _patch(options)
    chosen("workflow", selection)  # a wrong --select fails before any work
    planned(output, options.paths)
    return finish(_worth_a_report(options.paths or (".",), output, selection), output, selection)


def _worth_a_report(paths: Iterable[str], output: Output, selection: Selection) -> Iterator[Result]:
    """Yield the results of all workflows of *paths* except those of no interest, which are counted.

    Raises:
        UsageError: there are only such.
    """
    shown = silent = 0
    for path in paths:
        for result, asked in examined(path, selection):
            if asked or result.error or result.findings or result.facts.get("legs"):
                shown += 1
                yield result
            else:
                silent += 1
    if silent and shown and not output.quiet:
        which = "workflow that builds" if silent == 1 else "workflows that build"
        console.warn(f"skipped {silent} {which} no wheel for Linux")
    if silent and not shown:
        raise UsageError(f"no workflow here builds a wheel for Linux with a tool that is known ({silent} were read)")


def _patch(options: WorkflowOptions) -> int:
    """Print or apply what the workflows of one repository lack; 1 if something is left to do by hand."""
    from diagnose.cli import apply_edits
    from diagnose.model.finding import FileEdit
    from diagnose.remedies import workflow_patch

    if len(options.paths) > 1:
        raise UsageError("--diff and --apply take one repository, or one workflow")
    folder, names = _find(options.paths[0] if options.paths else ".")
    repository = reader.Repository(folder)
    edits: list[FileEdit] = []
    left: list[str] = []
    for name in names or repository.workflows():
        found = workflow_patch.patched(reader.read(name, repository), repository)
        before = repository.text(name) or ""
        left += found.left
        if found.text != before:
            edits.append(FileEdit(name, before, found.text))
    for line in left:
        console.warn(f"left  {line}")
    apply_edits.finish(edits, folder, options)
    return 1 if left else 0


def examined(path: str, selection: Selection) -> Iterator[tuple[Result, bool]]:
    """Yield the result of each workflow file of *path*, and whether the user named that file."""
    try:
        folder, names = _find(path)
        repository = reader.Repository(folder)
        called = set() if names else reader.only_called(repository)
        for name in names or (one for one in repository.workflows() if one not in called):
            read = partial(reader.read, name, repository)
            yield inspect("workflow", name, read, reader.facts, selection), bool(names)
        if not names and not repository.workflows():
            raise InputError(f"{path}: no workflow in its {reader.FOLDER}, and no .gitlab-ci.yml")
    except InputError as error:
        yield Result("workflow", path, error=str(error), outcome=Outcome.NOT_JUDGED), True


def _has_workflows(folder: str) -> bool:
    return os.path.isdir(os.path.join(folder, reader.FOLDER)) or any(
        os.path.isfile(os.path.join(folder, name)) for name in reader.GITLAB
    )


def _find(path: str) -> tuple[str, list[str]]:
    """Return the folder of the repository that *path* is in, and the workflow file that it names, if it names one."""
    if os.path.isdir(path):
        folder = os.path.realpath(path)
        for above in upwards(folder) if path == "." else [folder]:
            if _has_workflows(above):
                return above, []
        return folder, []
    if not os.path.isfile(path):
        raise InputError(f"{path}: {'not a regular file' if os.path.lexists(path) else 'no such file or folder'}")
    real = os.path.abspath(path)
    for above in upwards(os.path.dirname(real)):
        if os.path.isdir(os.path.join(above, ".github")):
            return above, [os.path.relpath(real, above).replace(os.sep, "/")]  # as it is named where it is built
    return os.path.dirname(real), [os.path.basename(real)]
