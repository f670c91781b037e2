"""The files of a repository that workflows refer to: read inside it only, each once, and bounded."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.model.targets import resolve
from diagnose.readers import toml
from diagnose.readers.cargo.config import Config
from diagnose.readers.cargo.project import project
from diagnose.readers.system.root import Root
from diagnose.readers.workflow import nodes

if TYPE_CHECKING:
    from typing import Any

    from diagnose.readers.cargo.project import Project

FOLDER = ".github/workflows"
_NO_HOME = "/nonexistent/cargo"  # what a machine has downloaded must not change a verdict


class Repository:
    """A folder of files. ``path`` is its place on this machine."""

    def __init__(self, path: str) -> None:
        self.root = Root(path)
        self.path = self.root.path
        self._documents: dict[str, Any] = {}
        self._projects: dict[tuple[str, str], Project | None] = {}

    def workflows(self) -> list[str]:
        """Return the paths of the workflow files, sorted."""
        names = sorted(self.root.names(f"/{FOLDER}"))
        return [f"{FOLDER}/{name}" for name in names if name.endswith((".yml", ".yaml"))]

    def text(self, path: str) -> str | None:
        """Return the text of the file at *path*; None if the repository has no such file."""
        inside = os.path.normpath("/" + path)
        return self.root.text(inside) if self.root.is_file(inside) else None

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
        text = self.text(path)
        try:
            return (toml.parse(text), text) if text else ({}, "")
        except ValueError:
            return {}, ""

    def project(self, folder: str, triple: str) -> Project | None:
        """Return the Cargo project in *folder*, built for *triple*; None if it is missing or broken."""
        target = resolve(triple)
        folder = os.path.normpath(folder or ".")
        if target is None or folder.startswith(("..", "/")):
            return None
        key = (folder, target.triple)
        if key not in self._projects:
            here = os.path.join(self.path, folder)
            try:
                found = project(Root("/"), here, Config(()), _NO_HOME, target)
            except (InputError, OSError):
                found = None
            inside = found is not None and found.path.startswith(self.path + os.sep)
            self._projects[key] = found if inside else None
        return self._projects[key]
