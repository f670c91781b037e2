"""The campaign of :mod:`hostile.kills`, with the faults injected by strace(1) at the kernel's own calls."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from . import kills

SYSTEM_CALLS = (
    "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "openat", "link", "linkat", "unlink", "unlinkat", "rename",
    "renameat", "renameat2", "mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "fchown", "fchownat",
    "setxattr", "fsetxattr", "fremovexattr", "utimensat", "flock",
)  # fmt: skip


def _traced(world: kills.World, job: kills.Job, *options: str) -> tuple[int, str]:
    """Do *job* in a process of its own below strace; return its exit code and the error, as :func:`kills._forked`.

    The process is forked and waits until strace is attached: the start of Python would take nearly all of the time,
    and its calls would be counted.
    """
    waiting, attached = os.pipe()

    def run() -> None:
        os.close(attached)
        os.read(waiting, 1)
        job.run(world)

    def attach(child: int) -> None:
        command = ["strace", "-qq", "-o", str(world.root / "trace"), "-e", f"trace={','.join(SYSTEM_CALLS)}", *options]
        watching.append(subprocess.Popen([*command, "-p", str(child)], stderr=subprocess.PIPE, text=True))
        status, end = Path("/proc", str(child), "status"), time.monotonic() + 60
        while "TracerPid:\t0" in status.read_text():
            if watching[0].poll() is not None or time.monotonic() > end:
                assert watching[0].stderr is not None
                os.kill(child, signal.SIGKILL)
                raise RuntimeError(f"strace cannot attach: {watching[0].stderr.read()}")
            time.sleep(0.001)
        os.write(attached, b"x")

    watching: list[subprocess.Popen[str]] = []
    try:
        found = kills._forked(run, attach)
        for watcher in watching:
            watcher.wait()
            assert watcher.stderr is not None
            watcher.stderr.close()
        return found
    finally:
        os.close(waiting)
        os.close(attached)


def _system_calls(job: kills.Job, folder: str) -> list[tuple[str, int]]:
    """Return the calls of *job* that touch the tree or a state folder, each as (name, the how manieth of that name)."""
    world = kills.World.new(folder)
    job.prepare(world)
    _traced(world, job, "-y")
    counts: Counter[str] = Counter()
    found = []
    for line in (world.root / "trace").read_text(errors="replace").splitlines():
        name = line.partition("(")[0]
        counts[name] += 1
        # Before the state folder is looked at, this program reads the tree to make a plan.
        if str(world.root) in line and (found or "/home" in line):
            found.append((name, counts[name]))
    shutil.rmtree(world.root)
    return found


def campaign(folder: str, every: int = 1, first: int = 0, say: Callable[[str], None] = kills.ignore) -> kills.Tally:
    """Do the jobs that need nothing taken from the system, each fault injected by strace at each system call."""
    tally = kills.Tally(Counter(), [])
    for job in kills.JOBS:
        if job.plain:
            continue
        points = _system_calls(job, folder)[first::every]
        tally.counts["points"] += len(points)
        errors = [f"error={errno.errorcode[code]}" for code in kills.ERRORS]
        faults = [("signal=KILL", ""), *itertools.product(errors, ("", "+"))]  # +: from there on
        for (name, index), (fault, lasting) in itertools.product(points, faults):
            world = kills.World.new(folder)
            before = world.snapshot()
            job.prepare(world)
            code, said = _traced(world, job, "-e", f"inject={name}:{fault}:when={index}{lasting}")
            where = f"{job.name}, {fault}{lasting} at {name} {index}"
            tally.counts["runs"] += 1
            tally.counts["met"] += code != 0
            if code not in (0, 2, -9):
                tally.wrong("tracebacks", where, said)
            if gone := kills.lost(world):
                tally.wrong("losses", where, str(gone))
            kills.finish(world, before, where, tally)
            shutil.rmtree(world.root)
        say(f"{job.name}, by strace: {len(points)} points; {kills.figures(tally)}")
    return tally
