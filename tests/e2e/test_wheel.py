"""The wheel at the top of the ladder, and wheels with which the tools are content although they are wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from e2e import roots
from e2e.cache import say
from e2e.conftest import Climbed, Record, each, together
from e2e.ladder import Report, Workshop, causes, diagnose, finding
from e2e.player import player
from e2e.roots import PROJECT
from e2e.targets import ARMV7, Target


def diagnosed(wheel: Path) -> Report:
    """Return what `diagnose wheel` says."""
    (subject,) = json.loads(diagnose("wheel", str(wheel)))["subjects"]
    return dict(subject)


def audited(wheel: Path) -> str:
    """Return the tag that auditwheel finds for a wheel, with nothing of this machine in view."""
    command = [sys.executable, "-m", "auditwheel", "show", str(wheel)]
    text = " ".join(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    found = re.search(r'consistent with the following platform tag: "(\w+)"', text)
    assert found, text
    return found[1]


def tried_in(root: Path, wheel: Path) -> dict[str, Any]:
    """Return what `diagnose try` sees in a root."""
    options = ["--offline", "--format", "json", "--root", str(root)]
    command = [sys.executable, "-m", "diagnose", "try", *options, str(wheel)]
    (one,) = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["tried"]
    return dict(one)


@each("climb")
def test_wheel_is_what_it_says_and_plays(climbed: Climbed, record: Record, tmp_path: Path, target: Target) -> None:
    wheel = climbed(target).wheel
    report = diagnosed(wheel)
    assert causes(report) == []
    assert report["facts"]["lowest_tag"] == audited(wheel) == f"manylinux_2_38_{target.tag}"
    with player(tmp_path / "root", "trixie", target) as machine:
        say(f"{target.debian}: installing and playing under qemu …")
        tried = tried_in(machine.path, wheel)
        assert (tried["outcome"], tried["imported"][0]) == ("ok", "alsastream"), tried
        assert tried["python"]["machine"] == target.tag
        assert machine.install(wheel).code == 0
        found = machine.play()
    record("played", {**found, "wheel": wheel.name})
    assert found["machine"] == target.tag
    assert found["alsa"].startswith("1.2.14")
    (mapped,) = found["mapped"]
    assert re.fullmatch(r"/opt/app/alsastream.libs/libasound-[0-9a-f]{8}\.so\.2\S*", mapped)


@together("armhf climb")
def test_bundled_alsa_without_its_configuration(climbed: Climbed, tmp_path: Path) -> None:
    wheel = climbed(ARMV7).wheel
    hazard = finding(diagnosed(wheel), "wheel-bundled-hazard")
    assert hazard["severity"] == "warning"
    assert "plugins" in hazard["consequence"]
    entry = '{id = "wheel-bundled-hazard", library = "libasound.so.2", reason = "works without plugins"}'
    (tmp_path / "diagnose.toml").write_text(f"allow = [{entry}]\n")
    (declared,) = json.loads(diagnose("wheel", str(wheel), cwd=tmp_path))["subjects"]
    assert finding(declared, "wheel-bundled-hazard")["severity"] == "note"
    with player(tmp_path / "root", "trixie", ARMV7, alsa=False) as machine:
        machine.unpack(wheel)
        failed = machine.python("-c", "import alsastream; alsastream.play(b'', pcm='null')")
    assert failed.code == 1
    assert "Cannot access file /usr/share/alsa/alsa.conf" in failed.output
    assert "AlsaError" in failed.output


@together("armhf climb")
def test_second_build_in_a_row(climbed: Climbed, workshop: Workshop, tmp_path: Path) -> None:
    with workshop.root(climbed(ARMV7).layer) as root:
        again = root.build(ARMV7)
        assert again.code != 0
        assert re.search(r"required library libasound-[0-9a-f]{8}\.so\.2 could not be located", again.output)
        root.check(f"rm -r {PROJECT}/target/wheels")
        content = root.build(ARMV7, "--compatibility linux")
        assert content.code == 0, content.output
        report = diagnosed(root.wheel())
        assert causes(report)[0] == "wheel-bundled-lib-missing"
        with player(tmp_path / "root", "trixie", ARMV7) as machine:
            machine.unpack(root.wheel())
            failed = machine.python("-c", "import alsastream")
        assert re.search(r"ImportError: libasound-[0-9a-f]{8}\.so\.2: cannot open shared object file", failed.output)
        fix = finding(report, "wheel-bundled-lib-missing")["fixes"][0]
        root.check(f"rm -r {PROJECT}/target/wheels")
        root.apply(fix)
        assert causes(diagnosed(root.wheel())) == []


@together("armhf climb")
def test_tag_that_no_tool_checked(climbed: Climbed, workshop: Workshop, tmp_path: Path) -> None:
    with workshop.root(climbed(ARMV7).layer) as root:
        root.forget(ARMV7)
        done = root.build(ARMV7, "--auditwheel skip --compatibility manylinux2014")
        assert done.code == 0, done.output
        report = diagnosed(root.wheel())
        assert "manylinux2014" in root.wheel().name
        assert causes(report) == ["wheel-glibc-too-new"]
        assert "libasound.so.2" in finding(report, "wheel-external-lib")["message"]
        with player(tmp_path / "root", "bullseye", ARMV7) as machine:
            machine.unpack(root.wheel())
            failed = machine.python("-c", "import alsastream")
        assert re.search(r"ImportError: .*version `GLIBC_2\.\d+' not found", failed.output), failed.output


@together("armhf climb")
def test_bundled_library_newer_than_the_tag(climbed: Climbed, workshop: Workshop, tmp_path: Path) -> None:
    """Maturin of trixie counts the extension's symbols alone, not those of the library that it bundles."""
    with workshop.root(climbed(ARMV7).layer) as root:
        root.forget(ARMV7)
        root.check(f"pip install --quiet {roots.OLD_MATURIN}")
        done = root.build(ARMV7, "--features pyo3/extension-module")
        assert done.code == 0, done.output
        wheel = root.wheel()
        report = diagnosed(wheel)
        assert causes(report) == ["wheel-glibc-too-new"]
        assert report["facts"]["lowest_tag"] == audited(wheel) == "manylinux_2_38_armv7l" != wheel.stem.split("-")[-1]
        with player(tmp_path / "root", "bookworm", ARMV7) as machine:
            machine.unpack(wheel)
            failed = machine.python("-c", "import alsastream")
        assert re.search(r"version `GLIBC_2.38' not found \(required by .*/libasound-\w+\.so\.2", failed.output)
