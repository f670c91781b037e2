"""``diagnose env --image``: what it accepts, what it prints, and with which exit code."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import need
from readers import image_making as making
from readers import miniroot

from diagnose.model.finding import InputError
from diagnose.readers.image import engine_image as engine_image_reader
from diagnose.readers.image import regions
from diagnose.readers.image.regions import Spool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the root has links")


def run(*args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "diagnose", "env", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=cwd)


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return making.of_folder(miniroot.make(tmp_path_factory.mktemp("root") / "r"))


def test_a_report(layer: bytes, tmp_path: Path) -> None:
    settings = {"Env": ["PATH=/usr/bin", "PKG_CONFIG_ALLOW_CROSS=1"], "Labels": {"vendor": "me"}}
    making.docker_save(tmp_path / "saved.tar", [layer], settings)
    done = run("--image", "saved.tar", "--lib", "alsa", "--format", "json", cwd=tmp_path)
    (subject,) = json.loads(done.stdout)["subjects"]
    assert done.returncode == 1 and done.stderr == "" and subject["facts"]["root"] == "saved.tar"
    assert subject["facts"]["image"]["variables"] == {"PATH": "/usr/bin", "PKG_CONFIG_ALLOW_CROSS": "1"}
    assert subject["facts"]["image"]["labels"] == {"vendor": "me"}
    assert subject["facts"]["image"]["platform"] == "linux/amd64" and subject["facts"]["live"] is False
    assert subject["facts"]["libraries"][0]["outcome"] == "found"
    assert "variables that are set when a container starts: only the image's own were read" in subject["unseen"]


def test_the_variables_of_the_image_count(layer: bytes, tmp_path: Path) -> None:
    for number, variables in enumerate(([], ["PKG_CONFIG_LIBDIR=/nowhere"])):
        making.docker_save(tmp_path / "saved.tar", [layer], {"Env": variables})
        done = run("--image", "saved.tar", "--lib", "alsa", "--format", "json", cwd=tmp_path)
        outcome = json.loads(done.stdout)["subjects"][0]["facts"]["libraries"][0]["outcome"]
        assert (outcome == "found") is (number == 0)


def test_platforms_are_a_question_of_usage(layer: bytes, tmp_path: Path) -> None:
    layout = making.Layout(tmp_path / "layout").add([layer])
    layout.add([layer], os="linux", architecture="arm64")
    for args, said in (
        (("--image", "layout"), "for several platforms; choose one by --platform: linux/amd64, linux/arm64"),
        (("--image", "layout", "--platform", "linux/s390x"), "holds no image for linux/s390x"),
        (("--platform", "linux/amd64"), "--platform needs --image"),
        (("--image", "layout", "--root", "/x"), "--image cannot be combined with --root"),
        (("--image", "layout", "--apply"), "--apply cannot be combined with --image"),
    ):
        done = run(*args, cwd=tmp_path)
        assert done.returncode == 2 and said in done.stderr and len(done.stderr.splitlines()) == 1, done
        assert done.stdout == ""
    assert run("--image", "layout", "--platform", "linux/amd64", cwd=tmp_path).returncode == 1  # no start files


def test_what_cannot_be_read_is_one_line(layer: bytes, tmp_path: Path) -> None:
    whole = gzip.compress(making.docker_save(tmp_path / "saved.tar", [layer]).read_bytes())
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text").write_text("hello " * 1000)
    for name, said in (
        ("cut.tar.gz", "cut.tar.gz: cut off"),
        ("text", "text: not a tar archive"),
        ("missing", "missing: no such file or directory"),
        (".", "not an image: it has no index.json and no manifest.json"),
    ):
        done = run("--image", name, cwd=tmp_path)
        assert done.returncode == 2 and said in done.stdout and done.stderr == "", done
        assert len(done.stdout.splitlines()) == 1


def subject(*args: str | Path, cwd: Path) -> dict[str, Any]:
    """Return the report in JSON, without what names the place."""
    (found,) = json.loads(run(*args, "--lib", "alsa", "--format", "json", cwd=cwd).stdout)["subjects"]
    for name in ("root", "image"):
        found["facts"].pop(name, None)
    for name in ("name", "unseen", "headline"):  # of a folder, the variables are not known
        del found[name]
    return dict(found)


def docker(*args: str, **options: Any) -> str:
    return subprocess.run(["docker", *args], check=True, capture_output=True, **options).stdout.decode().strip()


@pytest.fixture
def engine_image(layer: bytes) -> Iterator[str]:
    need(shutil.which("docker"), "there is no docker")
    need(subprocess.run(["docker", "info"], capture_output=True).returncode == 0, "no engine of docker runs")
    name = f"diagnose-test:{os.getpid()}"
    docker("import", "--change", "ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin", "-", name, input=layer)
    yield name
    docker("rmi", "--force", name)


def test_the_local_engine(engine_image: str, tmp_path: Path) -> None:
    def containers() -> str:
        return docker("ps", "--all", "--quiet")

    before = containers()
    found = subject("--image", f"docker:{engine_image}", cwd=tmp_path)
    assert containers() == before
    docker("save", engine_image, "--output", str(tmp_path / "saved.tar"))
    assert subject("--image", "saved.tar", cwd=tmp_path) == found
    container = docker("create", engine_image, "/bin/true")
    try:
        docker("export", container, "--output", str(tmp_path / "exported.tar"))
    finally:
        docker("rm", container)
    (tmp_path / "root").mkdir()
    subprocess.run(["tar", "-xf", "exported.tar", "-C", "root", "--exclude=dev/*"], check=True, cwd=tmp_path)
    (tmp_path / "root/.dockerenv").unlink()  # the engine makes it for a container, and it is in no image
    assert subject("--root", "root", cwd=tmp_path) == found
    for name, said in (("no-such:1", "image save failed: Error response"), ("-h", "not the name of an image")):
        done = run("--image", f"docker:{name}", cwd=tmp_path)
        assert done.returncode == 2 and said in done.stdout and len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo one >&2; echo two >&2; exit 3", "docker image save failed: one"),
        ("exit 3", "docker image save failed: exit status 3"),
        ("head -c 100000 /dev/zero | tr '\\0' x", "not a tar archive"),
        ("exit 0", "not an image"),
        ("kill -9 $$", "docker image save failed: exit status -9"),
    ],
)
def test_an_engine_that_fails(script: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    miniroot.write(tmp_path / "bin/docker", f"#!/bin/sh\n{script}\n", 0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    done = run("--image", "docker:x", cwd=tmp_path)
    assert done.returncode == 2 and said in done.stdout and done.stderr == "", done
    assert len(done.stdout.splitlines()) == 1


def test_an_engine_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    miniroot.write(tmp_path / "bin/docker", "#!/bin/sh\nexec sleep 600\n", 0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setattr(engine_image_reader, "TIME_LIMIT", 0.5)
    with contextlib.closing(Spool()) as spool, pytest.raises(InputError, match="exit status -9"):
        engine_image_reader.save("x", spool)
    miniroot.write(tmp_path / "bin/docker", "#!/bin/sh\nexec cat /dev/zero\n", 0o755)
    monkeypatch.setattr(engine_image_reader, "TIME_LIMIT", 600)
    monkeypatch.setattr(regions, "SPOOL_LIMIT", 10 << 20)
    with contextlib.closing(Spool()) as spool, pytest.raises(InputError, match="unpacks to more than"):
        engine_image_reader.save("x", spool)


def test_nothing_is_left_behind(layer: bytes, tmp_path: Path) -> None:
    making.Layout(tmp_path / "layout").add([layer])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    places = [Path("/tmp"), Path("/var/tmp")]
    kept = {name for place in places for name in place.glob("diagnose-*")}
    run("--image", "layout", cwd=tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert {name for place in places for name in place.glob("diagnose-*")} <= kept
