"""Adds the manual page to the wheel; run by hatchling (``[tool.hatch.build.targets.wheel.hooks.custom]``)."""

from __future__ import annotations

import os
import runpy
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManPageHook(BuildHookInterface):  # type: ignore[misc]
    """Makes ``share/man/man1/diagnose.1``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the page before the wheel is built."""
        make = runpy.run_path(os.path.join(self.root, "scripts", "man_page.py"))["page"]
        self.folder = tempfile.TemporaryDirectory()
        page = os.path.join(self.folder.name, "diagnose.1")
        with open(page, "w", encoding="utf-8", newline="\n") as file:
            file.write(make())
        build_data["shared_data"][page] = "share/man/man1/diagnose.1"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove it when the wheel has it."""
        self.folder.cleanup()
