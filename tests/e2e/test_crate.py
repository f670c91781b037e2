"""The reference crate's README: each of its commands, literally, in a fresh root."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from e2e import roots
from e2e.cache import made, say
from e2e.ladder import AARCH64, ARMV7, X86_64, Builder, Target, Workshop, causes
from e2e.player import player
from e2e.roots import PROJECT
from e2e.test_wheel import audited, diagnosed

BUILD = f"{PROJECT}/build"


def recipe(name: str) -> str:
    """Return a block of commands of the crate's README."""
    text = (roots.CRATE / "README.md").read_text()
    found = re.search(rf"<!-- run: {name} -->\n```sh\n(.*?)```", text, re.S)
    assert found, name
    return found[1]


def follow(root: Builder, name: str, **variables: str) -> str:
    """Do what a block says, as somebody would who pastes it into a shell."""
    say(f"crate/README.md: {name} {' '.join(variables.values())} …")
    return root.check(f"set -e\n{recipe(name)}", cwd=PROJECT, env=variables)


def test_native(workshop: Workshop) -> None:
    with workshop.root() as root:
        output = follow(root, "native")
    assert re.search(r"\d+ passed", output), output[-2000:]


def test_cross(workshop: Workshop) -> None:
    with workshop.root() as root:
        follow(root, "cross")
        assert root.wheel().name.endswith("manylinux_2_38_armv7l.whl")
        assert causes(diagnosed(root.wheel())) == []


@pytest.mark.parametrize("target", [ARMV7, AARCH64, X86_64], ids=lambda target: target.debian)
def test_old_tag(workshop: Workshop, tmp_path: Path, target: Target) -> None:
    with workshop.root() as root:
        root.check(f"dpkg --add-architecture {target.debian}")
        root.check("sed -i 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources")
        root.check(
            f"apt-get update -q && apt-get install -q -y --no-install-recommends libstd-rust-dev:{target.debian}"
        )
        follow(root, "manylinux2014-source")
        built = made(f"alsa-{target.debian}", (recipe("manylinux2014"), target), lambda folder: None)
        if any(built.iterdir()):
            shutil.copytree(built, root.file(BUILD), symlinks=True)
        follow(root, "manylinux2014", TARGET=target.triple, GNU=target.gnu)
        if not any(built.iterdir()):
            shutil.copytree(root.file(BUILD), built, symlinks=True, dirs_exist_ok=True)
        wheel = root.wheel()
        report = diagnosed(wheel)
        assert causes(report) == []
        assert f"manylinux2014_{target.tag}" in wheel.name
        assert report["facts"]["lowest_tag"] == audited(wheel) == f"manylinux_2_17_{target.tag}"
        for suite in ("bullseye", "bookworm"):
            with player(tmp_path / suite, suite, target) as machine:
                done = machine.install(wheel)
                assert done.code == 0, done.output
                machine.play()
                say(f"{target.debian}: plays on {suite}")
