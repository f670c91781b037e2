"""The programs that a plan runs, and the one that reverts a change of dpkg's list of architectures."""

from __future__ import annotations

import os
import subprocess

from diagnose.fixes.disk import ApplyError, naming
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import Command, FixStage

if TYPE_CHECKING:
    from collections.abc import Callable


def new_architecture(command: Command) -> str:
    """Return the architecture that *command* adds to dpkg; empty for other commands and known architectures."""
    match = re.fullmatch(r"dpkg --add-architecture ([a-z0-9][a-z0-9-]*)", command.line)
    if command.stage is not FixStage.ARCHITECTURE or not match or match[1] in _architectures():
        return ""
    return match[1]


def _architectures() -> list[str]:
    found = []
    for option in ("--print-architecture", "--print-foreign-architectures"):
        with naming("dpkg"):
            done = subprocess.run(["dpkg", option], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        found += done.stdout.split()
    return found


def remove_architecture(name: str, show: Callable[[str], None]) -> None:
    """Remove an architecture: the only command that an entry of the journal can run.

    Raises:
        ApplyError: dpkg is not installed.
    """
    if name not in _architectures():
        return
    line = f"dpkg --remove-architecture {name}"
    show(f"run   {line}")
    if _run(line.split(), "/"):  # dpkg has printed the reason
        show(f"keep    architecture {name}: packages of it are installed; once they are gone: {line}")


def run(line: str, cwd: str) -> None:
    """Run one line of shell in *cwd*.

    Raises:
        ApplyError: it failed.
    """
    if code := _run(["/bin/sh", "-c", line], cwd):
        raise ApplyError(f"`{line}` failed with " + (f"exit code {code}" if code > 0 else f"signal {-code}"))


def _run(words: list[str], cwd: str) -> int:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with naming(words[0]):
        # Its output is not a part of the report, which alone goes to standard output.
        return subprocess.run(words, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=2).returncode
