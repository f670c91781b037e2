"""Real wheels that the tests download: pinned, small, of all architectures and both C libraries, good and bad ones."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

NAMES = Path(__file__).with_suffix(".txt").read_text().split()


def folder() -> Path:
    """Return where downloaded wheels are kept between runs."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "diagnose-tests", "wheels")


def fetch() -> dict[str, Path]:
    """Return the wheels that are there, by file name, after downloading what is missing."""
    target = folder()
    target.mkdir(parents=True, exist_ok=True)
    groups: dict[tuple[str, str, str], list[str]] = {}
    for name in NAMES:
        if not (target / name).exists():
            project, version, python, abi, platforms = name.removesuffix(".whl").split("-")
            python = "3.12" if abi in ("abi3", "none") else f"{python[2]}.{python[3:]}"
            groups.setdefault((python, abi, platforms.split(".")[0]), []).append(f"{project}=={version}")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda group: _download(target, *group), groups.items()))
    return {name: target / name for name in NAMES if (target / name).exists()}


def _download(target: Path, tag: tuple[str, str, str], requirements: list[str]) -> None:
    python, abi, platform = tag
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    where = ["--no-deps", "--only-binary=:all:", "--dest", str(target), "--implementation", "cp"]
    kind = ["--python-version", python, "--abi", abi, "--platform", platform]
    subprocess.run([*pip, *where, *kind, *requirements], capture_output=True, timeout=300, check=False)
