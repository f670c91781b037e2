"""``diagnose workflow --generate``: a workflow, or the configuration of a tool, for the crate of a folder."""

from __future__ import annotations

import os
import re

from diagnose.cli import apply_edits, console
from diagnose.cli.errors import UsageError
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import FileEdit, InputError
from diagnose.model.targets import find
from diagnose.readers import toml
from diagnose.readers import workflow as reader
from diagnose.readers.cargo.files import upwards
from diagnose.remedies import cross_config, maturin_tables, release_plan, release_workflow
from diagnose.remedies.release_plan import PlannedCrate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from diagnose.cli.options import WorkflowOptions
    from diagnose.model.targets import Target

_DEFAULT = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu")
_FOLDER = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./-]*")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._,<>=!~\[\]()*+-]*")
_OURS = "# Written by `diagnose workflow --generate "
_WAYS = {
    "maturin": release_plan.by_maturin_action,
    "maturin-tables": release_plan.by_maturin_action,
    "cross": cross_config.leg,
}
_WRITERS = {
    "maturin": release_workflow.maturin,
    "cibuildwheel": release_workflow.cibuildwheel,
    "uv": release_workflow.uv,
}


def main(path: str, options: WorkflowOptions) -> int:
    """Print the workflow for the crate in the folder *path* on standard output, or the change, or apply it.

    Raises:
        InputError: there is no crate that maturin can build, or nothing can be built for any target.
        UsageError: a target is unknown, or a file that was written by hand is in the way.
    """
    root = _root(os.path.realpath(path))
    folder = os.path.relpath(os.path.realpath(path), root)
    if not _FOLDER.fullmatch(folder):
        raise InputError(f"{path}: the folder's name has characters that the workflow would have to quote")
    crate, targets = _crate(root, "" if folder == "." else folder), list(_targets(options.target or _DEFAULT))
    legs, missing = release_plan.plan(crate, targets, _WAYS.get(options.generate, release_plan.in_its_own_system))
    for line in missing:
        console.warn(f"left out: {line}")
    if not legs:
        raise InputError(f"{path}: none of the targets can be built like this with the libraries of the crate")
    names = (f"--target {name}" for name in options.target)
    command = " ".join((f"diagnose workflow --generate {options.generate}", *names))
    if options.generate == "maturin-tables":
        text, edit = maturin_tables.tables(legs), _tables
    elif options.generate == "cross":
        text, edit = cross_config.text(legs, command), _cross
    else:
        text, edit = _WRITERS[options.generate](crate, legs, command), _workflow
    if options.diff or options.apply:
        apply_edits.finish([edit(text, reader.Repository(root), crate.folder)], root, options)
    else:
        console.write_exactly(text)
    return 1 if missing else 0


def _workflow(text: str, repository: reader.Repository, folder: str) -> FileEdit:
    """Return the edit that writes the workflow *text*; only a file that this command has written is replaced."""
    path = f"{reader.FOLDER}/release.yml"
    before = repository.text(path)
    if before is not None and not before.startswith(_OURS):
        raise UsageError(f"{path} was not written by diagnose: print the workflow, or patch yours by workflow --apply")
    return FileEdit(path, before, text)


def _cross(text: str, repository: reader.Repository, folder: str) -> FileEdit:
    """Return the edit that writes Cross.toml; only a file that this command has written is replaced."""
    path = f"{folder}/Cross.toml" if folder else "Cross.toml"
    before = repository.text(path)
    if before is not None and not before.startswith(_OURS):
        raise UsageError(f"{path} was not written by diagnose: print the tables, and compare")
    return FileEdit(path, before, text)


def _tables(text: str, repository: reader.Repository, folder: str) -> FileEdit:
    """Return the edit that adds the tables *text* to the pyproject.toml in *folder*."""
    path = f"{folder}/pyproject.toml" if folder else "pyproject.toml"
    content, before = repository.toml(path)
    if toml.table(content, "tool", "maturin").get("generate-ci") is not None:
        raise UsageError(f"{path} has [tool.maturin.generate-ci] already: print the tables, and compare")
    return FileEdit(path, before, f"{before.rstrip()}\n\n{text}")


def _root(path: str) -> str:
    """Return the folder of the repository that *path* is in; *path* itself without one."""
    if not os.path.isdir(path):
        raise InputError(f"{path}: not a folder")
    return next((above for above in upwards(path) if os.path.exists(os.path.join(above, ".git"))), path)


def _targets(names: Iterable[str]) -> Iterable[Target]:
    for name in names:
        found = [row for row in find(name) if "linux" in row.triple]
        exact = [row for row in found if row.triple == name] or [row for row in found if row.libc == "glibc"] or found
        if not exact:
            raise UsageError(f"no Linux target is named {name}; diagnose targets lists them")
        yield exact[0]


def _crate(root: str, folder: str) -> PlannedCrate:
    repository = reader.Repository(root)
    path = f"{folder}/pyproject.toml" if folder else "pyproject.toml"
    content, _ = repository.toml(path)
    project = repository.whole_project(folder, _DEFAULT[0])
    if project is None or not project.path:
        reason = next(iter(repository.unread), "no Cargo.toml with its Cargo.lock: maturin builds --locked")
        raise InputError(f"{folder or '.'}: {reason}")
    manifest, _ = repository.toml(os.path.relpath(project.path, repository.path))
    name = _text(toml.table(content, "project"), "name") or _text(toml.table(manifest, "package"), "name")
    module = _text(toml.table(content, "tool", "maturin"), "module-name").partition(".")[0] or name.replace("-", "_")
    if not content or not _NAME.fullmatch(name) or not _MODULE.fullmatch(module):
        raise InputError(f"{path}: names no project that maturin can build")
    listed = toml.table(content, "project").get("dependencies")
    texts = listed if isinstance(listed, list) else []
    dependencies = [one.partition(";")[0].strip() for one in texts if isinstance(one, str)]
    if not all(_REQUIREMENT.fullmatch(one) for one in dependencies):
        raise InputError(f"{path}: a dependency of the project has characters that the workflow would have to quote")
    needs = tuple(dict.fromkeys(need.module for need in project.needs if not need.optional))
    vendors = project.crate("openssl-src") is not None
    return PlannedCrate(folder, name, module, bool(project.abi3), needs, vendors, tuple(dependencies))


def _text(table: dict[str, Any], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""
