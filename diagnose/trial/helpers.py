"""Programs of this machine that prepare a trial. None of them outlives this process, however that ends."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, cache

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

_PATIENCE = 10  # seconds that a program has to clean up after SIGTERM
_GROUP = """trap 'trap - TERM; kill -TERM 0' TERM; "$@" & wait $!"""
"""Runs a command, and passes the signal on to all processes of the group: its children may outlive a program."""


class HelperExit(NamedTuple):
    """How a program ended: ``status`` is None if it took too long; ``errors`` is what it wrote to standard error."""

    status: int | None
    errors: str


def run(command: Sequence[str], seconds: float, output: IO[bytes] | None = None, folder: str = "") -> HelperExit:
    """Run *command* for at most *seconds*, in *folder*; its standard output goes to *output*.

    If this process is interrupted, the program and its children end first, and can clean up.

    Raises:
        OSError: it cannot be started.
    """
    process = subprocess.Popen(
        [*ends_with_us("TERM"), "sh", "-c", _GROUP, "sh", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if output is None else output,
        stderr=subprocess.PIPE,
        cwd=folder or None,
        start_new_session=True,
    )
    try:
        _, errors = process.communicate(timeout=seconds)
        return HelperExit(process.returncode, errors.decode(errors="replace"))
    except subprocess.TimeoutExpired:
        return HelperExit(None, "")
    finally:
        if process.poll() is None:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End *process* and its children."""
    os.killpg(process.pid, signal.SIGTERM)
    os.killpg(process.pid, signal.SIGCONT)  # what is stopped would not hear of it
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=_PATIENCE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@cache
def ends_with_us(name: str) -> tuple[str, ...]:
    """Return the start of a command that gets the signal *name* when this process ends, even if that is killed.

    It is empty where util-linux's setpriv is missing; BusyBox's has no such option. Source: setpriv(1), prctl(2).
    """
    words = (shutil.which("setpriv") or "", "--pdeathsig", name)
    if not words[0]:
        return ()
    return words if subprocess.run([*words, "true"], capture_output=True).returncode == 0 else ()
