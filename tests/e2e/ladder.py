"""The states that a cross build goes through on its way from nothing to a wheel, and how to look at each of them."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from e2e import roots
from e2e.cache import say
from e2e.roots import FORGET, PROJECT, REPOSITORY, Done, Root
from e2e.targets import AARCH64, ARMV7, X86_64, Target

__all__ = ["AARCH64", "ARMV7", "CONFIG", "INSTALL", "X86_64", "Builder", "Target", "Workshop"]

CONFIG = f"{PROJECT}/.cargo/config.toml"
INSTALL = "apt-get install -q -y --no-install-recommends"
Report = Mapping[str, Any]


class Builder(Root):
    """A trixie root with the reference crate in it, and ``diagnose`` installed."""

    def build(self, target: Target, options: str = "", env: Mapping[str, str] | None = None) -> Done:
        """Run the real build."""
        return self.run(f"maturin build --release --target {target.triple} {options}".rstrip(), cwd=PROJECT, env=env)

    def configure(self, target: Target, environment: Mapping[str, str], linker: str = "") -> None:
        """Write ``.cargo/config.toml`` with these variables and this linker, and nothing else.

        Cargo 1.85 does not run a build script again because a variable changed in this file (rust-lang/cargo#10358),
        so what it found under the old ones is forgotten.
        """
        text = "[env]\n" + "".join(f'{name} = "{value}"\n' for name, value in environment.items())
        if linker:
            text += f'\n[target.{target.triple}]\nlinker = "{linker}"\n'
        self.file(CONFIG).parent.mkdir(exist_ok=True)
        self.file(CONFIG).write_text(text)
        self.check(f"cargo clean --quiet --release --target {target.triple} --package alsa-sys", cwd=PROJECT)

    def forget(self, target: Target) -> None:
        """Forget the wheel and the library in it, which maturin's repair has changed where cargo keeps it."""
        self.check(FORGET.format(target.triple), cwd=PROJECT)

    @property
    def upper(self) -> Path:
        """Where all that was changed in this root lies, as a layer for other roots."""
        return self.path.with_name("upper")

    def wheel(self) -> Path:
        """Return where the one wheel that was built lies."""
        (path,) = self.file(f"{PROJECT}/target/wheels").glob("*.whl")
        return path

    def inside(self, target: Target, *options: str, env: Mapping[str, str] | None = None) -> Report:
        """Return what ``diagnose env`` says in the root."""
        words = ["diagnose", "env", "--target", target.triple, "--format", "json", "--fail-on", "never", *options]
        done = self.run(" ".join(words), cwd=PROJECT, env=env)
        assert done.code == 0, done.output
        return subject(done.output)

    def outside(self, target: Target, *options: str) -> Report:
        """Return what ``diagnose env --root`` says of the root from outside."""
        words = ["env", "--target", target.triple, "--root", str(self.path), *options]
        # the project, too, is seen from outside: its files are there under this machine's names
        return subject(diagnose(*words, cwd=self.file(PROJECT)).replace(str(self.path), ""))

    def looked_at(self, target: Target, *options: str) -> Report:
        """Return what ``diagnose env`` says inside, having required that it says the same from outside."""
        inside, outside = self.inside(target, *options), self.outside(target, *options)
        assert verdict(inside) == verdict(outside)
        return inside

    def apply(self, fix: Mapping[str, Any]) -> None:
        """Do exactly what a fix says, in its lasting form: no variable is exported."""
        for edit in fix["files"]:
            file = self.file(os.path.join(PROJECT, edit["path"]))
            assert (file.read_text() if file.exists() else None) == edit["before"], edit
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(edit["after"])
        for command in fix["commands"]:
            self.check(command, cwd=PROJECT)


def diagnose(*words: str, cwd: Path | None = None, given: str | None = None) -> str:
    """Run this repository's ``diagnose`` on this machine; return its report as JSON."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # it is run a hundred times
    done = subprocess.run(
        [sys.executable, "-m", "diagnose", *words, "--format", "json", "--fail-on", "never"],
        cwd=cwd,
        env=environment,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def told(log: str) -> str:
    """Return the one cause that ``diagnose log`` finds in a log; empty if it finds none, or cannot say which."""
    found = causes(subject(diagnose("log", "-", given=log)))
    return found[0] if found else ""


def told_of(log: str, target: Target) -> Report:
    """Return the first finding of ``diagnose log``, with the target and the distribution trixie given."""
    words = ("--target", target.triple, "--distro", "debian:trixie")
    first: Report = subject(diagnose("log", "-", *words, given=log))["findings"][0]
    return first


def covered(fix: Mapping[str, Any], others: list[Mapping[str, Any]]) -> bool:
    """Whether one of *others*, which know less of the root, installs and sets all that *fix* does."""
    return any(_packages(fix) <= _packages(one) and fix["env"].items() <= one["env"].items() for one in others)


def _packages(fix: Mapping[str, Any]) -> set[str]:
    installing = [command for command in fix["commands"] if command.startswith("apt-get install ")]
    return {word for command in installing for word in command.split()[2:] if not word.startswith("-")}


def subject(text: str) -> Report:
    (subject,) = json.loads(text)["subjects"]
    assert subject["error"] is None, subject["error"]
    return dict(subject)


def causes(report: Report, severity: str = "error") -> list[str]:
    """Return the ids of a report's findings of one severity, worst first."""
    return [finding["check"] for finding in report["findings"] if finding["severity"] == severity]


def verdict(report: Report) -> list[tuple[Any, ...]]:
    """Return what a report says, without the evidence: inside it may be a program's own words."""
    return [tuple(found[key] for key in ("check", "severity", "message", "fixes")) for found in report["findings"]]


def finding(report: Report, cause: str) -> Mapping[str, Any]:
    """Return the first finding of a cause."""
    return next(found for found in report["findings"] if found["check"] == cause)


class Workshop:
    """What all climbs of a test session share: the archive's proxy, and a root ready to build in, as layers."""

    def __init__(self, folder: Path, proxy: str) -> None:
        self.folder = folder
        self.proxy = proxy
        self.count = itertools.count()
        self.layers = [roots.compiled(), roots.bare()]
        with self.root() as builder:
            self._furnish(builder)
        self.layers = [builder.upper, *self.layers]

    def _furnish(self, builder: Builder) -> None:
        say("creating the build root …")
        roots.furnish(builder)
        source = builder.file("/opt/diagnose")
        for name in ("diagnose", "checks", "scripts"):
            shutil.copytree(REPOSITORY / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(REPOSITORY / name, source)
        builder.check("pip install --quiet /opt/diagnose && rm -r /opt/diagnose")

    @contextlib.contextmanager
    def root(self, *layers: Path) -> Iterator[Builder]:
        """Mount a fresh root; *layers*, the uppermost first, lie over the usual ones."""
        with roots.overlay(self.folder / str(next(self.count)), *layers, *self.layers) as path:
            yield Builder(path, {"http_proxy": self.proxy})

    @contextlib.contextmanager
    def bare(self, target: Target, *layers: Path) -> Iterator[Builder]:
        """Mount a root in which nothing was ever compiled for a target."""
        with self.root(*layers) as root:
            shutil.rmtree(root.file(f"{PROJECT}/target/{target.triple}"))
            yield root


def scrubbed(text: str) -> str:
    """Return a log without what differs from run to run for no reason, and without this machine's addresses."""
    text = re.sub(r"\[IP: 127\.\d+\.\d+\.\d+ \d+\]", "[IP: 192.0.2.1 80]", text)
    text = re.sub(r"/tmp/apt-dpkg-install-\w{6}\b", "/tmp/apt-dpkg-install-XXXXXX", text)
    return re.sub(r"/tmp/rustc\w{6}\b", "/tmp/rustcXXXXXX", text)
