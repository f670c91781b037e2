"""Runs a program of the live machine with bounded time and output, and empty input."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Seconds after which a program is killed, and bytes of each of its outputs that are kept.
TIME_LIMIT = 10.0
OUTPUT_LIMIT = 1 << 20


class Finished(NamedTuple):
    """How a program ended. ``status`` is its exit code, negative for the signal that ended it."""

    status: int
    out: bytes
    err: bytes


def run(argv: list[str], environ: Mapping[str, str]) -> Finished:
    """Run *argv* in ``/`` with exactly *environ*; killed at the limits.

    The working directory is ``/``: relative paths in variables are never meant for a build script's directory.

    Raises:
        OSError: the program cannot be started (``FileNotFoundError``: it does not exist).
    """
    import select
    import signal
    import subprocess
    import time

    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environ),
        cwd="/",
        start_new_session=True,
    )
    assert process.stdout is not None and process.stderr is not None
    kept: dict[int, bytearray] = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    outputs = list(kept)
    waiting = list(kept)
    deadline = time.monotonic() + TIME_LIMIT
    with process:
        try:
            while waiting and (left := deadline - time.monotonic()) > 0:
                for ready in select.select(waiting, (), (), left)[0]:
                    part = os.read(ready, 1 << 16)
                    kept[ready] += part
                    if not part:
                        waiting.remove(ready)
                if any(len(buffer) > OUTPUT_LIMIT for buffer in kept.values()):
                    break
            if not waiting:
                process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    return Finished(process.returncode, *(bytes(kept[output][:OUTPUT_LIMIT]) for output in outputs))
