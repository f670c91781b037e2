"""Roots as containers, where a Docker engine runs."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from e2e.ladder import Builder
from e2e.roots import PROJECT, Done

LABEL = "diagnose-e2e"
# Unused remains of builds: more than half of a root.
WITHOUT = [f"--exclude=./{path.lstrip('/')}" for path in (f"{PROJECT}/target", "/opt/compiled")]


def reason_against() -> str:
    """Return why no container can be run here; empty if one can."""
    if not shutil.which("docker"):
        return "not installed: docker"
    done = subprocess.run(["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True)
    return f"no Docker engine answers: {done.stderr.strip()}" if done.returncode else ""


class Container(Builder):
    """A container made from a root, in which commands run by the engine."""

    def __init__(self, root: Builder, name: str) -> None:
        super().__init__(root.path, {key: value for key, value in root.environment.items() if key != "http_proxy"})
        self.name = name

    def enter(self, *words: str, env: Mapping[str, str] | None = None, timeout: float = 600) -> Done:
        """Run a program in the container."""
        variables = [f"--env={key}={value}" for key, value in {**self.environment, **(env or {})}.items()]
        done = subprocess.run(
            ["docker", "exec", *variables, self.name, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
        )
        return Done(done.returncode, done.stdout.decode(errors="replace"))

    def saved(self, folder: Path) -> Path:
        """Save an image of the container as it is now, and return its archive in *folder*, beside the project."""
        folder.mkdir()
        for name in ("Cargo.toml", "Cargo.lock", ".cargo", "src"):
            subprocess.run(["docker", "cp", f"{self.name}:{PROJECT}/{name}", str(folder)], check=True)
        image = f"{self.name}:now"
        subprocess.run(["docker", "commit", self.name, image], check=True, stdout=subprocess.DEVNULL)
        try:
            subprocess.run(["docker", "save", "--output", str(folder / "image.tar"), image], check=True)
        finally:
            subprocess.run(["docker", "rmi", "--force", image], check=True, stdout=subprocess.DEVNULL)
        return folder / "image.tar"

    def add(self, layer: Path) -> None:
        """Copy a layer into the container: its deletions and its files."""
        deleted = sorted(_deleted(layer))
        remove = ["docker", "exec", "--interactive", self.name, "xargs", "--null", "rm", "-rf", "--"]
        subprocess.run(remove, input="".join(f"/{name}\0" for name in deleted), text=True, check=True)
        without = "".join(f"./{name}\n" for name in deleted if not (layer / name).is_dir())
        exclude = ["--anchored", "--no-wildcards", "--exclude-from=/dev/fd/0", *WITHOUT]
        with subprocess.Popen(
            ["tar", "-C", str(layer), *exclude, "-c", "."], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as tar:
            assert tar.stdin
            tar.stdin.write(without.encode())
            tar.stdin.close()
            subprocess.run(["docker", "cp", "-", f"{self.name}:/"], stdin=tar.stdout, check=True)
        assert tar.returncode == 0


def _deleted(layer: Path) -> Iterator[str]:
    """Find what a layer of an overlay takes away from those below it, or replaces as a whole."""
    for folder, folders, files in os.walk(layer):
        for name in files:
            status = os.lstat(os.path.join(folder, name))
            if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
                yield os.path.relpath(os.path.join(folder, name), layer)
        for name in folders:
            path = os.path.join(folder, name)
            if not os.path.islink(path) and "trusted.overlay.opaque" in os.listxattr(path):
                yield os.path.relpath(path, layer)


@contextlib.contextmanager
def container(root: Builder) -> Iterator[Container]:
    """Make an image of a root and start a container of it; both are gone afterwards."""
    sweep()
    name = f"{LABEL}-{os.getpid()}"
    try:
        make = ["docker", "import", f"--change=LABEL {LABEL}={os.getpid()}", "-", f"{name}:root"]
        with subprocess.Popen(["tar", "-C", str(root.path), *WITHOUT, "-c", "."], stdout=subprocess.PIPE) as tar:
            subprocess.run(make, stdin=tar.stdout, stdout=subprocess.DEVNULL, check=True)
        run = ["docker", "run", "--detach", "--init", "--network=none", f"--name={name}"]
        subprocess.run([*run, f"{name}:root", "sleep", "infinity"], stdout=subprocess.DEVNULL, check=True)
        yield Container(root, name)
    finally:
        _remove(name, f"{name}:root")


def sweep() -> None:
    """Remove what tests that were killed have left behind: images label their makers' process, which is no more."""
    listing = ["docker", "images", f"--filter=label={LABEL}", "--format={{.Repository}}"]
    for name in subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split():
        if not Path("/proc", name.rpartition("-")[2]).exists():
            _remove(name, f"{name}:root")


def _remove(name: str, image: str) -> None:
    for command in (["rm", "--force", name], ["rmi", "--force", image]):
        subprocess.run(["docker", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
