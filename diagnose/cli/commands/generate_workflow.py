"""``diagnose workflow --generate``: a workflow for the crate of a folder."""

from __future__ import annotations

import os
import re

from diagnose.cli import console
from diagnose.cli.errors import UsageError
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.model.targets import find
from diagnose.readers import toml
from diagnose.readers import workflow as reader
from diagnose.readers.cargo.files import upwards
from diagnose.remedies import release_workflow
from diagnose.remedies.release_workflow import PlannedCrate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from diagnose.model.targets import Target

_DEFAULT = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu")
_FOLDER = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./-]*")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


def main(path: str, names: tuple[str, ...]) -> int:
    """Print the workflow for the crate in the folder *path* on standard output.

    Raises:
        InputError: there is no crate that maturin can build, or nothing can be built for any target.
        UsageError: a target is unknown.
    """
    root = _root(os.path.realpath(path))
    folder = os.path.relpath(os.path.realpath(path), root)
    if not _FOLDER.fullmatch(folder):
        raise InputError(f"{path}: the folder's name has characters that the workflow would have to quote")
    crate, targets = _crate(root, "" if folder == "." else folder), list(_targets(names or _DEFAULT))
    legs, missing = release_workflow.plan(crate, targets)
    for line in missing:
        console.warn(f"left out: {line}")
    if not legs:
        raise InputError(f"{path}: none of the targets can be built by maturin-action with the libraries of the crate")
    command = " ".join(("diagnose workflow --generate maturin", *(f"--target {name}" for name in names)))
    console.write_exactly(release_workflow.text(crate, legs, command))
    return 1 if missing else 0


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
    needs = tuple(dict.fromkeys(need.module for need in project.needs if not need.optional))
    vendors = project.crate("openssl-src") is not None
    return PlannedCrate(folder, module, bool(project.abi3), needs, vendors)


def _text(table: dict[str, Any], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""
