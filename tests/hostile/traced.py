"""The campaign of :mod:`hostile.kills`, with the faults injected by strace(1) at the kernel's own calls."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from diagnose.fixes.disk import ApplyError

from . import kills

SYSTEM_CALLS = (
    "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "openat", "link", "linkat", "unlink", "unlinkat", "rename",
    "renameat", "renameat2", "mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "fchown", "fchownat",
    "setxattr", "fsetxattr", "fremovexattr", "utimensat", "flock",
)  # fmt: skip


def _traced(world: kills.World, job: int, *options: str) -> subprocess.CompletedProcess[str]:
    here = Path(__file__).resolve()
    environment = {**os.environ, "PYTHONPATH": f"{here.parents[2]}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = ["strace", "-qq", "-o", str(world.root / "trace"), "-e", f"trace={','.join(SYSTEM_CALLS)}", *options]
    child = [sys.executable, "-m", "tests.hostile.traced", str(job), str(world.root)]
    return subprocess.run([*command, *child], env=environment, capture_output=True, text=True)


def _system_calls(job: int, folder: str) -> list[tuple[str, int]]:
    """Return the calls of *job* that touch the tree or a state folder, each as (name, the how manieth of that name)."""
    world = kills.World.new(folder)
    kills.JOBS[job].prepare(world)
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


def campaign(folder: str, every: int = 1, say: Callable[[str], None] = kills.ignore) -> kills.Tally:
    """Do the jobs that need nothing taken from the system, each fault injected by strace at each system call."""
    tally = kills.Tally(Counter(), [])
    for number, job in enumerate(kills.JOBS):
        if job.plain:
            continue
        points = _system_calls(number, folder)[::every]
        tally.counts["points"] += len(points)
        faults = ["signal=KILL", *(f"error={errno.errorcode[code]}" for code in kills.ERRORS)]
        for (name, index), fault in itertools.product(points, faults):
            world = kills.World.new(folder)
            before = world.snapshot()
            job.prepare(world)
            done = _traced(world, number, "-e", f"inject={name}:{fault}:when={index}")
            where = f"{job.name}, {fault} at {name} {index}"
            tally.counts["runs"] += 1
            if done.returncode not in (0, 2, -9, 137):
                tally.wrong("tracebacks", where, done.stderr[-2000:])
            if gone := kills.lost(world):
                tally.wrong("losses", where, str(gone))
            kills.finish(world, before, where, tally)
            shutil.rmtree(world.root)
        say(f"{job.name}, by strace: {len(points)} points; {kills.figures(tally)}")
    return tally


def main(number: str, root: str) -> int:
    """Do one job in a tree that is prepared: what strace watches."""
    world = kills.World(Path(root))
    world.enter(1)
    try:
        kills.JOBS[int(number)].run(world)
    except ApplyError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
