"""The programs that a plan runs, and the one that takes something back: dpkg's list of architectures."""

from __future__ import annotations

import os
import subprocess

from diagnose.fixes.disk import ApplyError, naming
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import Command, Stage

if TYPE_CHECKING:
    from collections.abc import Callable


def new_architecture(command: Command) -> str:
    """Return the architecture that *command* adds and that dpkg does not know yet; empty if it is no such command."""
    match = re.fullmatch(r"dpkg --add-architecture ([a-z0-9][a-z0-9-]*)", command.line)
    if command.stage is not Stage.ARCHITECTURE or not match or match[1] in _architectures():
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
    """Take an architecture back: the one command that a journal can make this program run.

    Raises:
        ApplyError: there is no dpkg.
    """
    if name not in _architectures():
        return
    line = f"dpkg --remove-architecture {name}"
    show(f"run   {line}")
    if _run(line.split(), "/"):  # dpkg has said why
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
        # What it prints is no part of the report, which is alone on standard output.
        return subprocess.run(words, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=2).returncode
