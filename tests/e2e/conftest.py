"""Fixtures of the end-to-end tests."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest
from conftest import need

from e2e import archive, cache, climb, ladder, player, roots, walk
from e2e.targets import CROSS

# The longest tests begin first, so that none runs alone at the end.
LONGEST = ("test_ladder", "test_docker", "test_crate", "test_wheel", "test_accidents", "test_dbus", "test_apply")
LOGS = roots.REPOSITORY / "fixtures" / "logs" / "ladder"
TOOLS = ("mmdebstrap", "gpg", "gpgv", "unshare", "mount", "dpkg-deb", "qemu-arm-static", "qemu-aarch64-static")


def together(name: str) -> pytest.MarkDecorator:
    """Mark tests of which one uses what another has made: they run in one process."""
    return pytest.mark.xdist_group(name)


def each(name: str) -> pytest.MarkDecorator:
    """Run a test for every target of the climbs, each together with the others of that name and target."""
    rows = [pytest.param(target, id=target.debian, marks=together(f"{target.debian} {name}")) for target in CROSS]
    return pytest.mark.parametrize("target", rows)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--save-logs", action="store_true", help="write the logs of the failures to fixtures/logs/ladder")


def pytest_configure(config: pytest.Config) -> None:
    """Let what takes long say so while it runs, and whoever ends the tests let them clean up first."""
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        terminal = os.fdopen(os.dup(2), "w")  # pytest hides captured output
    cache.show = functools.partial(print, file=terminal, flush=True)
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and let those begin first that take longest."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what the tests have recorded: the rungs, and the sound that came out at the top."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, [])]
    recorded = [pair for report in reports for pair in getattr(report, "user_properties", ())]
    rungs = [value for name, value in recorded if name == "rung"]
    played = [value for name, value in recorded if name == "played"]
    if rungs:
        terminalreporter.write_sep("=", "the ladder")
        terminalreporter.write_line(climb.table(rungs))
    if played:
        terminalreporter.write_sep("=", "played under qemu")
        terminalreporter.write_line(player.table(played))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    terminalreporter.write_line(f"processor time of all programs that were run: {used.ru_utime + used.ru_stime:.0f} s")


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
def workshop(machine: None) -> Iterator[ladder.Workshop]:
    """A root ready to build in. Everything that is built is thrown away at the end."""
    folder = tempfile.mkdtemp(prefix="diagnose-e2e-")
    try:
        with archive.serving({archive.DEBIAN: archive.debian()}) as proxy:
            yield ladder.Workshop(Path(folder), proxy)
    finally:
        # many times as fast as shutil.rmtree, and in the background
        subprocess.run(["setsid", "--fork", "rm", "-rf", folder], check=True)


Record = Callable[[str, object], None]
Keep = walk.Keep


@pytest.fixture
def record(record_property: Record) -> Record:
    """Record something for the tables at the end."""
    return record_property


@pytest.fixture(scope="session")
def keep(request: pytest.FixtureRequest) -> Keep:
    """Keep a log as a fixture, with its expected cause, if requested."""
    if not request.config.getoption("--save-logs", default=False):
        return lambda name, cause, text: None
    # Paths within a root are the same everywhere; these are local to this machine.
    private = [str(roots.REPOSITORY), str(cache.CACHE), urllib.parse.urlsplit(archive.mirror_of("trixie")).netloc]

    def keep(name: str, cause: str, text: str) -> None:
        text = ladder.scrubbed(text)
        assert not [word for word in private if word in text], text
        LOGS.mkdir(parents=True, exist_ok=True)
        (LOGS / f"{name}.log").write_text(text)
        labels = LOGS / "labels.json"
        with cache.alone():
            known = json.loads(labels.read_text()) if labels.exists() else {}
            rows = {**known, f"{name}.log": {"cause": cause}}
            lines = [f"  {json.dumps(key)}: {json.dumps(row)}" for key, row in sorted(rows.items())]
            labels.write_text("{\n" + ",\n".join(lines) + "\n}\n")

    return keep


class Summit(NamedTuple):
    """Where the climb for a target ended: a layer to lay over a fresh root, the way there, and the wheel."""

    layer: Path
    rungs: list[climb.Rung]
    wheel: Path


Climbed = Callable[[ladder.Target], Summit]
Walked = Callable[[ladder.Target], list[walk.Place]]


@pytest.fixture(scope="session")
def climbed(workshop: ladder.Workshop) -> Climbed:
    """Return a function that climbs to the wheel for a target, once."""

    @functools.cache
    def climbed(target: ladder.Target) -> Summit:
        with workshop.root() as root:
            rungs = climb.climb(workshop, root, climb.Climb(target, f"{target.debian} climb"))
            wheel = root.wheel().relative_to(root.path)
        return Summit(root.upper, rungs, root.upper / wheel)

    return climbed


@pytest.fixture(scope="session")
def walked(workshop: ladder.Workshop, keep: Keep) -> Walked:
    """Return a function that goes through all states of a target, once."""
    return functools.cache(lambda target: walk.walk(workshop, target, keep))
