"""The target's own Debian, run by an emulator: no hardware, no binfmt_misc, no sound card."""

from __future__ import annotations

import array
import contextlib
import json
import math
import shutil
import wave
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from e2e import roots
from e2e.ladder import Target
from e2e.roots import Done, Root

RATE = 48_000


class Player(Root):
    """A root of a target in which its own Python runs."""

    def __init__(self, path: Path, target: Target) -> None:
        super().__init__(path)
        self.emulator = f"/usr/bin/qemu-{target.qemu}-static"
        shutil.copy(shutil.which(Path(self.emulator).name) or "", self.file(self.emulator))
        if target.qemu == "aarch64":  # pointer authentication of the newest emulated processor is twenty times slower
            self.environment["QEMU_CPU"] = "cortex-a72"
        self.file("/opt").mkdir(exist_ok=True)
        (self.pip,) = (path.name for path in roots.wheels().glob("pip-*.whl"))
        shutil.copy(roots.wheels() / self.pip, self.file("/opt"))
        shutil.copy(Path(__file__).with_name("play.py"), self.file("/opt/play.py"))

    def python(self, *words: str, env: Mapping[str, str] | None = None) -> Done:
        """Run the target's Python."""
        return self.enter(self.emulator, "/usr/bin/python3", *words, env={"PYTHONPATH": "/opt/app", **(env or {})})

    def install(self, wheel: Path) -> Done:
        """Let the target's pip install a wheel; pip itself runs out of its own wheel."""
        shutil.copy(wheel, self.file("/opt"))
        options = ["--no-index", "--no-deps", "--target", "/opt/app", "--upgrade", "--disable-pip-version-check"]
        return self.python(f"/opt/{self.pip}/pip", "install", *options, f"/opt/{wheel.name}")

    def unpack(self, wheel: Path) -> None:
        """Put a wheel where pip would: in no time, and also where no pip of today runs any more."""
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(self.file("/opt/app"))

    def play(self, env: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Play the tone as a block and as a stream; check every sample that arrived; return what was found."""
        done = self.python("/opt/play.py", "/tmp/block.wav", "/tmp/stream.wav", env=env)
        assert done.code == 0, done.output
        found = dict(json.loads(done.output.splitlines()[-1]))
        for name in ("block", "stream"):
            with wave.open(str(self.file(f"/tmp/{name}.wav"))) as file:
                assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
                samples = array.array("h", file.readframes(RATE + 1))
                assert samples == tone(), name
                found[name] = len(samples)
        return found


HEAD = ("wheel", "machine", "libasound", "mapped", "samples that arrived as they were sent, as a block and as a stream")


def table(played: list[Mapping[str, Any]]) -> str:
    """Return what :meth:`Player.play` found, with the wheel's name, as a Markdown table."""
    rows = [list(HEAD), ["---"] * len(HEAD)]
    rows += [
        [one["wheel"], one["machine"], one["alsa"], ", ".join(one["mapped"]), f"{one['block']}, {one['stream']}"]
        for one in played
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def tone() -> array.array[int]:
    """Return one second of a 440 Hz sine, as ``play.py`` makes it."""
    return array.array("h", (round(8192 * math.sin(2 * math.pi * 440 * n / RATE)) for n in range(RATE)))


@contextlib.contextmanager
def player(folder: Path, suite: str, target: Target, *, alsa: bool = True) -> Iterator[Player]:
    """Mount a fresh root of a target."""
    with roots.overlay(folder, roots.player(suite, target.debian, alsa=alsa)) as path:
        yield Player(path, target)
