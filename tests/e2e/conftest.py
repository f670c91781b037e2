"""Fixtures of the end-to-end tests."""

from __future__ import annotations

import functools
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import need

from e2e import archive, cache, climb, ladder

LOGS = Path(__file__).resolve().parents[2] / "fixtures" / "logs" / "ladder"
TOOLS = ("mmdebstrap", "gpg", "gpgv", "unshare", "mount", "dpkg-deb", "qemu-arm-static", "qemu-aarch64-static")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--save-logs", action="store_true", help="write the logs of the failures to fixtures/logs/ladder")


def pytest_configure(config: pytest.Config) -> None:
    """Let what takes long say so while it runs: what pytest captures, nobody sees."""
    capture = config.pluginmanager.getplugin("capturemanager")

    def print_now(text: str) -> None:
        with capture.global_and_fixture_disabled():
            print(text, file=sys.stderr, flush=True)

    if capture:
        cache.show = print_now


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def machine() -> None:
    """What every end-to-end test needs of the machine."""
    need(hasattr(os, "geteuid") and os.geteuid() == 0, "only root can make roots")
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    need(not missing, f"not installed: {', '.join(missing)} (tests/e2e/setup.sh installs them)")
    cargo = shutil.which("cargo") or shutil.which("cargo", path=str(Path.home() / ".cargo/bin"))
    need(cargo, "not installed: cargo (tests/e2e/setup.sh installs it)")
    need(Path(archive.KEYRING).exists(), "not installed: debian-archive-keyring (tests/e2e/setup.sh installs it)")


@pytest.fixture(scope="session")
def workshop(machine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ladder.Workshop]:
    """A root ready to build in."""
    with archive.serving({archive.DEBIAN: archive.debian()}) as proxy:
        yield ladder.Workshop(tmp_path_factory.mktemp("roots"), proxy)


Keep = Callable[[str, str, str], None]


@pytest.fixture(scope="session")
def keep(request: pytest.FixtureRequest) -> Keep:
    """Keep a log, with the cause that it has to be told, as a fixture, if that was asked for."""

    def keep(name: str, cause: str, text: str) -> None:
        if request.config.getoption("--save-logs", default=False):
            LOGS.mkdir(parents=True, exist_ok=True)
            (LOGS / f"{name}.log").write_text(ladder.scrubbed(text))
            labels = LOGS / "labels.json"
            known = json.loads(labels.read_text()) if labels.exists() else {}
            rows = {**known, f"{name}.log": {"cause": cause}}
            lines = [f"  {json.dumps(key)}: {json.dumps(row)}" for key, row in sorted(rows.items())]
            labels.write_text("{\n" + ",\n".join(lines) + "\n}\n")

    return keep


class Summit(NamedTuple):
    """Where the climb for a target ended: a layer to lay over a fresh root, the way there, and the wheel."""

    layer: Path
    steps: list[climb.Step]
    wheel: Path


Climbed = Callable[[ladder.Target], Summit]


@pytest.fixture(scope="session")
def climbed(workshop: ladder.Workshop) -> Climbed:
    """Return a function that climbs to the wheel for a target, once."""

    @functools.cache
    def climbed(target: ladder.Target) -> Summit:
        with workshop.root() as root:
            steps = climb.climb(root, target)
            wheel = root.wheel().relative_to(root.path)
        return Summit(root.upper, steps, root.upper / wheel)

    return climbed
