"""The reference crate on a free-threaded Python, by the recipe of its README.

No release of Debian has such a Python for a root, and making one takes minutes. This runs on the machine itself where
there is one: the program that ``DIAGNOSE_FREE_THREADED`` names, or ``python3.15t`` or ``python3.14t``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from e2e.cache import say
from e2e.ladder import causes
from e2e.roots import CRATE
from e2e.test_crate import RECIPES
from e2e.test_wheel import audited, diagnosed

FOUND = filter(None, map(shutil.which, ("python3.15t", "python3.14t")))
PYTHON = os.environ.get("DIAGNOSE_FREE_THREADED") or next(FOUND, "")


# Not `need`: a missing Python of that kind is not a fault of the machine.
@pytest.mark.skipif(not PYTHON, reason="there is no free-threaded Python; DIAGNOSE_FREE_THREADED can name one")
def test_free_threaded(tmp_path: Path) -> None:
    folder = tmp_path / "alsastream"
    shutil.copytree(CRATE, folder, ignore=shutil.ignore_patterns(".*", "target", "*.so"))
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHON_GIL", "CARGO_TARGET_DIR")}
    say(f"crate/README.md: free-threaded {PYTHON}")
    done = subprocess.run(
        ["sh", "-euc", RECIPES["free-threaded"]],
        cwd=folder,
        env={**environment, "PYTHON": PYTHON},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"^=+ \d+ passed in", done.stdout, re.M), done.stdout

    (wheel,) = (folder / "target" / "wheels").glob("*.whl")
    python, abi, platform = wheel.stem.split("-")[2:]
    assert abi == f"{python}t"
    report = diagnosed(wheel)
    assert report["facts"]["lowest_tag"] == audited(wheel) == platform
    assert "error" not in [finding["severity"] for finding in report["findings"]], causes(report)
