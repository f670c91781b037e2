"""``diagnose env --apply --yes`` where the real apt fails half-way: nothing of the user's is lost, and it can go on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from e2e import archive
from e2e.ladder import ARMV7, CONFIG, Builder, Workshop, causes
from e2e.roots import PROJECT, Done

APPLY = f"diagnose env --target {ARMV7.triple} --apply --yes"
LOCK = "/var/lib/dpkg/lock-frontend"
POSTINST = "/var/lib/dpkg/info/broken.postinst"


@contextmanager
def cut_download(root: Builder, tmp_path: Path) -> Iterator[str]:
    """The connection ends in the middle of a package."""
    whole = root.environment["http_proxy"]
    with archive.serving({archive.DEBIAN: archive.debian()}, cut="libasound2-dev_") as proxy:
        root.environment["http_proxy"] = proxy
        yield "E: Unable to fetch some archives"
    root.environment["http_proxy"] = whole


@contextmanager
def half_configured(root: Builder, tmp_path: Path) -> Iterator[str]:
    """A package that was unpacked cannot be configured, so that apt fails at it each time."""
    control = tmp_path / "broken" / "DEBIAN"
    control.mkdir(parents=True)
    fields = {"Package": "broken", "Version": "1", "Architecture": "all", "Maintainer": "A <a@example.org>"}
    control.joinpath("control").write_text("".join(f"{k}: {v}\n" for k, v in fields.items()) + "Description: broken\n")
    script = control / "postinst"
    script.write_text("#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    subprocess.run(["dpkg-deb", "--build", str(control.parent), str(root.file("/tmp/broken.deb"))], check=True)
    assert root.run("dpkg --install /tmp/broken.deb").code == 1
    yield "E: Sub-process /usr/bin/dpkg returned an error code (1)"
    root.file(POSTINST).write_text("#!/bin/sh\n")


@contextmanager
def held_lock(root: Builder, tmp_path: Path) -> Iterator[str]:
    """Another process installs something."""
    lock = str(root.file(LOCK))
    hold = f"import fcntl; f = open({lock!r}, 'w'); fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); input()"
    with subprocess.Popen(["python3", "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        holder.stdout.readline()
        yield "E: Unable to acquire the dpkg frontend lock"
        holder.stdin.close()


def files(root: Builder) -> dict[str, bytes]:
    """Return what the user's files hold: apt's sources, and all of the project but what builds write."""
    found: dict[str, bytes] = {}
    for folder in ("/etc/apt", PROJECT):
        for path in root.file(folder).rglob("*"):
            if path.is_file() and "target" not in path.relative_to(root.path).parts:
                found[str(path.relative_to(root.path))] = path.read_bytes()
    return found


@pytest.mark.parametrize("fault", [cut_download, half_configured, held_lock])
def test_apt_fails_half_way(
    fault: Callable[[Builder, Path], AbstractContextManager[str]], workshop: Workshop, tmp_path: Path
) -> None:
    with workshop.root() as root:
        before = files(root)
        with fault(root, tmp_path) as words:
            failed = root.run(APPLY, cwd=PROJECT)
            assert failed.code == 2, failed.output
            assert words in failed.output  # apt's own
            assert one_line(failed), failed.output
            assert files(root) == before
        done = root.run(APPLY, cwd=PROJECT)
        assert done.code == 0, done.output
        assert causes(root.inside(ARMV7)) == []
        root.check("diagnose undo", cwd=PROJECT)
        assert not root.file(CONFIG).exists()


def one_line(failed: Done) -> bool:
    """Whether exactly one line of ours names the command that failed."""
    ours = [line for line in failed.output.splitlines() if line.startswith("diagnose: ")]
    return len(ours) == 1 and "apt-get install" in ours[0] and "Traceback" not in failed.output
