"""A Dask cluster of containers on a network of their own, which see this machine's programs and cannot change them.

By hand, ``python -m e2e.cluster WHEELS`` in ``tests``, with a folder or a number of wheels, prints what the runs cost.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

from e2e.roots import REPOSITORY

WHEELS = REPOSITORY / "fixtures" / "wheels"
PORT = 8786
# What a container sees of this machine: the system's programs, Python, the environment, and this repository.
SEEN = {"/usr", "/bin", "/lib", "/lib64", sys.base_prefix, sys.prefix, str(REPOSITORY)}
# Dask's own limits are minutes; these are what an operator sets who wants to know of lost machines sooner.
LIMITS = {
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "15s",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "12s",
}


def copies(folder: Path, count: int) -> None:
    """Write *count* wheels to *folder*: the fixtures in turn, each with a file more that no other one has."""
    given = sorted(WHEELS.glob("*.whl"))
    for number, wheel in enumerate(itertools.islice(itertools.cycle(given), count)):
        copy = folder / f"{number:05}" / wheel.name
        copy.parent.mkdir()
        copy.write_bytes(wheel.read_bytes())
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(copy, "a") as archive:
            archive.writestr("number.txt", str(number))


def _docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout.strip()


class Cluster:
    """A scheduler and *workers* in containers; ``name`` is their network's."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.name = f"diagnose-e2e-cluster-{os.getpid()}"
        self.workers = [f"worker{number}" for number in range(workers)]
        self.hosts = ["scheduler", *self.workers]
        self._folder = folder

    def start(self) -> None:
        """Start the containers; they have no way out of their network."""
        with subprocess.Popen(["tar", "-c", "-T", "/dev/null"], stdout=subprocess.PIPE) as empty:
            subprocess.run(
                ["docker", "import", "-", f"{self.name}:root"],
                stdin=empty.stdout,
                stdout=subprocess.DEVNULL,
                check=True,
            )
        _docker("network", "create", "--internal", self.name)
        listen = ("--host", "scheduler", "--port", str(PORT), "--no-dashboard", "--no-show")
        self.run("scheduler", "-m", "distributed.cli.dask_scheduler", *listen)
        for worker in self.workers:
            join = (f"tcp://scheduler:{PORT}", "--nthreads", "1", "--no-dashboard")
            self.run(worker, "-m", "distributed.cli.dask_worker", *join)

    def run(self, host: str, *words: str) -> None:
        """Start Python with *words* in a container that is called *host* in the network."""
        mounts = [f"--volume={path}:{path}:ro" for path in sorted(SEEN) if os.path.exists(path)]
        settings = [f"--env={name}={value}" for name, value in LIMITS.items()]
        _docker(
            "run", "--init", "--detach", f"--name={self.name}-{host}", f"--hostname={host}",
            f"--network={self.name}", f"--network-alias={host}", *mounts, *settings, "--env=HOME=/tmp", "--tmpfs=/tmp",
            "--env=PYTHONDONTWRITEBYTECODE=1", f"--volume={self._folder}:{self._folder}",
            f"--workdir={self._folder}", f"{self.name}:root", sys.executable, *words,
        )  # fmt: skip

    def wait(self, host: str, seconds: float) -> int:
        """Wait until the program of a container ends, and return its exit code."""
        words = ["docker", "wait", f"{self.name}-{host}"]
        return int(subprocess.run(words, check=True, capture_output=True, timeout=seconds).stdout)

    def runs(self, host: str) -> bool:
        """Return whether the program of a container runs."""
        return _docker("inspect", "--format={{.State.Running}}", f"{self.name}-{host}") == "true"

    def spent(self, host: str) -> float:
        """Return the processor time of a container that runs, in seconds; 0 if it has ended."""
        done = subprocess.run(["docker", "top", f"{self.name}-{host}", "-o", "pid"], capture_output=True, text=True)
        ticks = 0
        for process in done.stdout.split()[1:]:
            with contextlib.suppress(FileNotFoundError):
                ticks += sum(map(int, Path("/proc", process, "stat").read_text().rpartition(")")[2].split()[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def kill(self, host: str) -> None:
        """End a container at once."""
        _docker("kill", f"{self.name}-{host}")

    def cut_off(self, host: str) -> None:
        """Take a container out of the network; its connections end without a word."""
        _docker("network", "disconnect", "--force", self.name, f"{self.name}-{host}")

    def printed(self, host: str) -> str:
        """Return the last lines that a container has printed."""
        done = subprocess.run(["docker", "logs", "--tail=20", f"{self.name}-{host}"], capture_output=True, text=True)
        return done.stdout + done.stderr

    def memory(self) -> dict[str, str]:
        """Return what each container that runs has in memory now."""
        rows = _docker("stats", "--no-stream", "--format={{.Name}} {{.MemUsage}}").splitlines()
        found = dict(row.split(" ", 1) for row in rows if row.startswith(self.name))
        return {name[len(self.name) + 1 :]: usage.partition(" ")[0] for name, usage in found.items()}

    def stop(self) -> None:
        """Remove the containers, the network and the image."""
        names = subprocess.run(
            ["docker", "ps", "--all", "--quiet", f"--filter=network={self.name}", f"--filter=name={self.name}"],
            capture_output=True,
            text=True,
        ).stdout.split()
        hosts = [f"{self.name}-{host}" for host in ("scheduler", "client", *self.workers)]
        for words in (["rm", "--force", *hosts, *names], ["network", "rm", self.name], ["rmi", f"{self.name}:root"]):
            subprocess.run(["docker", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """Start a cluster whose containers see *folder*; it is gone afterwards."""
    made = Cluster(folder, workers)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def main() -> None:
    """Judge WHEELS in one process, then on clusters of one and two workers; print the time that each takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "wheels").mkdir()
        if sys.argv[1].isdecimal():
            copies(folder / "wheels", int(sys.argv[1]))
        else:
            shutil.copytree(sys.argv[1], folder / "wheels", dirs_exist_ok=True)
        words = ("-m", "diagnose", "index", "wheels", "--into", "rows0", "--workers", "1")
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run([sys.executable, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"one process: {wall:.1f} s, {own:.1f} s of processor time", flush=True)
        for workers in (1, 2):
            with cluster(folder, workers) as made:
                while len(made.printed("scheduler").split("Register worker")) <= workers:
                    time.sleep(0.5)
                idle, start = {host: made.spent(host) for host in made.hosts}, time.monotonic()
                made.run("client", *index(f"rows{workers}"))
                client = 0.0
                while made.runs("client"):
                    client = max(client, made.spent("client"))
                    time.sleep(0.2)
                wall = time.monotonic() - start
                spent = {host: made.spent(host) - idle[host] for host in made.hosts} | {"client": client}
                each = ", ".join(f"{host} {seconds:.1f} s" for host, seconds in spent.items())
                print(f"{workers} workers: {wall:.1f} s, {sum(spent.values()):.1f} s of processor time ({each})")
                print(f"  in memory at the end: {made.memory()}", flush=True)


def index(into: str) -> tuple[str, ...]:
    """Return the words for Python that judge the folder's wheels on the cluster."""
    return ("-m", "diagnose", "index", "wheels", "--into", into, "--scheduler", f"tcp://scheduler:{PORT}")


if __name__ == "__main__":
    main()
