"""Images as buildah, skopeo, podman and Docker really write them: each is read as the root that it was made from."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import need
from readers import miniroot

from e2e import docker
from e2e.ladder import diagnose

# chroot: nothing is run in these images, and vfs works on every file system, also inside a container
ENVIRON = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}


class Made(NamedTuple):
    """An image in the store of buildah and podman, and the root that it has to be equal to."""

    folder: Path
    root: Path

    def tool(self, *words: str | Path) -> str:
        """Run one of the tools on this store alone."""
        environ = {**os.environ, **ENVIRON, "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf")}
        done = subprocess.run(
            [*map(str, words)], cwd=self.folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def judged(place: str, path: str | Path, folder: Path) -> dict[str, Any]:
    """Return the report on a root or an image, without what names the place."""
    report: dict[str, Any] = json.loads(diagnose("env", place, str(path), "--lib", "alsa", cwd=folder))["subjects"][0]
    assert report["error"] is None, report["error"]
    for name in ("root", "image"):
        report["facts"].pop(name, None)
    return {key: value for key, value in report.items() if key not in ("name", "unseen", "headline")}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Make an image of two layers, of which the second removes, replaces and adds files."""
    for tool in ("buildah", "skopeo", "podman"):
        need(shutil.which(tool), f"not installed: {tool}")
    need(os.geteuid() == 0, "not root")
    folder = tmp_path_factory.mktemp("images")
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "vfs"\nrunroot = "{folder}/run"\ngraphroot = "{folder}/store"\n'
    )
    (folder / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    image = Made(folder, folder / "root")
    miniroot.make(folder / "first")
    policy = ("--signature-policy", "policy.json")
    try:
        base = image.tool("buildah", "from", "scratch")
        image.tool("buildah", "copy", "--quiet", base, "first", "/")
        image.tool("buildah", "config", "--env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", base)
        image.tool("buildah", "commit", "--quiet", *policy, base, "first")
        second = image.tool("buildah", "from", "--pull-never", *policy, "first")
        mounted = Path(image.tool("buildah", "mount", second))
        next(mounted.rglob("alsa.pc")).unlink()
        shutil.rmtree(mounted / "etc/apt", ignore_errors=True)
        (mounted / "etc/new").symlink_to("os-release")
        shutil.copytree(mounted, image.root, symlinks=True)
        image.tool("buildah", "commit", "--quiet", *policy, second, "second")
        yield image
    finally:
        image.tool("buildah", "rm", "--all")
        image.tool("buildah", "rmi", "--all", "--force")


@pytest.mark.parametrize(
    ("command", "place"),
    [
        ("buildah push --quiet second oci:a:latest", "a"),
        ("buildah push --quiet --compression-format zstd second oci:b", "b"),
        ("buildah push --quiet second oci-archive:c.tar:name:1", "c.tar"),
        ("buildah push --quiet second docker-archive:d.tar:name:1", "d.tar"),
        ("skopeo copy --quiet containers-storage:localhost/second oci:e:one", "e:one"),
        ("skopeo copy --quiet --dest-compress-format zstd containers-storage:localhost/second oci:f", "f"),
        ("skopeo copy --quiet containers-storage:localhost/second docker-archive:g.tar:name:1", "g.tar"),
        ("podman save --quiet --output h.tar localhost/second", "h.tar"),
        ("podman save --quiet --format oci-archive --output i.tar localhost/second", "i.tar"),
        ("podman save --quiet --format oci-dir --output j localhost/second", "j"),
        ("podman save --quiet --multi-image-archive --output k.tar localhost/first localhost/second", "k.tar:second"),
    ],
)
def test_what_a_tool_writes_is_read_as_the_root(command: str, place: str, made: Made) -> None:
    program, verb, *words = command.split()
    (made.folder / place.partition(":")[0]).unlink(missing_ok=True)
    policy = ["--signature-policy", "policy.json"] if program == "buildah" else []
    before = ["--policy", "policy.json"] if program == "skopeo" else []
    made.tool(program, *before, verb, *policy, *words)
    assert judged("--image", place, made.folder) == judged("--root", made.root, made.folder)


def test_a_folder_that_is_no_layout_says_what_it_is(made: Made) -> None:
    made.tool("skopeo", "--policy", "policy.json", "copy", "--quiet", "containers-storage:localhost/second", "dir:l")
    (report,) = json.loads(
        subprocess.run(
            [sys.executable, "-m", "diagnose", "env", "--image", "l", "--format", "json"],
            cwd=made.folder,
            capture_output=True,
            text=True,
        ).stdout
    )["subjects"]
    assert report["error"] == (
        "l: a folder of one image without its names, as `skopeo copy … dir:` makes it: not read; copy it to oci:PATH"
    )


def test_an_image_with_layers_that_docker_saves(made: Made) -> None:
    reason = docker.reason_against()
    need(not reason, reason)
    made.tool("podman", "save", "--quiet", "--output", "m.tar", "localhost/second")
    name = f"diagnose-e2e-tools-{os.getpid()}"
    made.tool("docker", "load", "--quiet", "--input", "m.tar")
    made.tool("docker", "tag", "localhost/second:latest", name)
    try:
        made.tool("docker", "save", "--output", "n.tar", name)
        expected = judged("--root", made.root, made.folder)
        assert judged("--image", "n.tar", made.folder) == judged("--image", f"docker:{name}", made.folder) == expected
    finally:
        made.tool("docker", "rmi", "--force", name, "localhost/second:latest")
