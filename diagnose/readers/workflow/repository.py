"""The files of a repository that workflows refer to: read inside it only, each once, and bounded."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.model.targets import resolve
from diagnose.readers import toml
from diagnose.readers.cargo.config import Config
from diagnose.readers.cargo.project import project
from diagnose.readers.system.fence import Fence
from diagnose.readers.system.root import Root
from diagnose.readers.workflow import certain, nodes

if TYPE_CHECKING:
    from typing import Any

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.project_facts import Project

FOLDER = ".github/workflows"
GITLAB = (".gitlab-ci.yml", ".gitlab-ci.yaml")
MAX_PARTS = 100_000
"""Rows, steps, commands and variables of all legs of one file: aliases, matrices and calls multiply them."""
_NO_HOME = "/nonexistent/cargo"  # what a machine has downloaded must not change a verdict


class Repository:
    """A folder of files. ``path`` is its place on this machine; ``unread`` are Cargo projects in it that are broken."""

    def __init__(self, path: str) -> None:
        self.root = Root(path)
        self.path = self.root.path
        self.unread: list[str] = []
        self._documents: dict[str, Any] = {}
        self._tables: dict[str, tuple[dict[str, Any], str]] = {}
        self._projects: dict[tuple[str, str], Project | None] = {}
        self._whole: dict[tuple[str, str], Project] = {}
        self._reading, self._left = path, MAX_PARTS

    def begin(self, path: str) -> None:
        """Count the parts of another workflow file, the one at *path*."""
        self._reading, self._left = path, MAX_PARTS

    def spend(self, parts: int) -> None:
        """Count *parts* that are about to be read, each as often as it is read.

        Raises:
            InputError: they are more than any workflow has.
        """
        self._left -= parts
        if self._left < 0:
            raise InputError(f"{self._reading}: its jobs, steps and scripts amount to more than {MAX_PARTS} parts")

    def workflows(self) -> list[str]:
        """Return the paths of the workflow files, sorted; GitLab's file is the first."""
        own = [name for name in GITLAB if self.root.is_file(f"/{name}")]
        names = sorted(self.root.names(f"/{FOLDER}"))
        return own + [f"{FOLDER}/{name}" for name in names if name.endswith((".yml", ".yaml"))]

    def text(self, path: str) -> str | None:
        """Return the text of the file at *path*; None if the repository has no such file.

        Raises:
            InputError: it is not text, or too large.
        """
        inside = os.path.normpath("/" + path)
        try:
            return self.root.text(inside) if self.root.is_file(inside) else None
        except InputError as error:  # it names the file as one of the root's
            raise InputError(str(error).removeprefix("/")) from None

    def document(self, path: str) -> Any:
        """Return the YAML file at *path* as nodes; None if it is missing.

        Raises:
            InputError: it cannot be parsed.
        """
        if path not in self._documents:
            text = self.text(path)
            self._documents[path] = None if text is None else nodes.parse(text, path)
        return self._documents[path]

    def toml(self, path: str) -> tuple[dict[str, Any], str]:
        """Return the TOML file at *path* and its text; empty if it is missing or broken."""
        if path not in self._tables:
            text = self.text(path)
            try:
                self._tables[path] = (toml.parse(text), text) if text else ({}, "")
            except ValueError:
                self._tables[path] = {}, ""
        return self._tables[path]

    def project(self, folder: str, triple: str) -> Project | None:
        """Return the Cargo project in *folder*, built for *triple*; None if it is missing or broken."""
        target = resolve(triple)
        folder = os.path.normpath(folder or ".")
        if target is None or folder.startswith(("..", "/")):
            return None
        key = (folder, target.triple)
        if key not in self._projects:
            self._projects[key] = self._read_project(folder, target)
        return self._projects[key]

    def whole_project(self, folder: str, triple: str) -> Project | None:
        """Return the same with all needs of Cargo.lock, those that depend on the features of a build too."""
        self.project(folder, triple)
        target = resolve(triple)
        return self._whole.get((os.path.normpath(folder or "."), target.triple)) if target else None

    def _read_project(self, folder: str, target: Target) -> Project | None:
        """Read the project in *folder*, after its files have been found inside the repository."""
        if not all(self._upwards(folder, name) for name in ("Cargo.toml", "Cargo.lock")):
            return None  # cargo would look above the repository
        fence = Fence(self.path)
        try:
            whole = project(fence, os.path.join(self.path, folder), Config(()), _NO_HOME, target)
            self._whole[folder, target.triple] = whole
            return certain.only(whole, fence, target)
        except (InputError, OSError) as error:
            self.unread.append(f"{folder}: its Cargo project was not read: {error}")
            return None

    def _upwards(self, folder: str, name: str) -> bool:
        """Whether a file *name* is in *folder* or above it, inside the repository, also behind links."""
        parts = [part for part in folder.split("/") if part != "."]
        for length in range(len(parts), -1, -1):
            path = "/".join(("", *parts[:length], name))
            if self.root.is_file(path):
                return os.path.realpath(self.path + path).startswith(os.path.realpath(self.path) + os.sep)
        return False
