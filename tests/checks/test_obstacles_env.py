"""What a build writes to and cannot, on a live machine: /dev/null, a lock file, the folder of wheels, little room."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from readers import miniroot

MANIFEST = '[package]\nname = "own"\nversion = "0.1.0"\nedition = "2021"\n'
ASK = """\
import os, sys
sys.path[:0] = sys.argv[2:]
from diagnose_checks.container import null_device_missing
from diagnose_checks.rust import target_folder_not_writable
from diagnose.readers import env
facts = env.read("/", cwd=sys.argv[1], environ=os.environ)
for check in (null_device_missing, target_folder_not_writable):
    print(*(one.message for one in check.env(facts)), sep="\\n")
print(*(one for one in facts.unseen if "MiB" in one), sep="\\n")
"""


@pytest.mark.parametrize(
    ("before", "says"),
    [
        ("true", ""),
        ("mkdir none && mount --bind none /dev", "/dev/null does not exist"),
        ("mkdir none && : > none/null && mount --bind none /dev", "/dev/null is a file, not the device"),
        (
            "mount --bind . . && mount -o remount,ro,bind . && export CARGO_TARGET_DIR=/tmp",
            "cargo cannot write Cargo.lock: {} is read-only",
        ),
        (": > Cargo.lock && mount --bind . . && mount -o remount,ro,bind . && export CARGO_TARGET_DIR=/tmp", ""),
        (
            "printf '[lib]\\ncrate-type = [\"cdylib\"]\\n' >> Cargo.toml && mkdir target && : > target/wheels",
            "maturin cannot write to its folder of wheels: {}/target/wheels is a file",
        ),
        ("mkdir target && : > target/wheels", ""),  # no wheel is built
        ("mount -t tmpfs -o size=20m none target", "whether 20 MiB in {}/target are enough for the build"),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, before: str, says: str) -> None:
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("only root can mount")
    miniroot.write(tmp_path / "Cargo.toml", MANIFEST)
    miniroot.write(tmp_path / "ask.py", ASK)
    here = Path(__file__).parents[2]
    before = f"mkdir -p target && {before}" if "tmpfs" in before else before
    command = f"{before} && {sys.executable} ask.py {tmp_path} {here} {here}/checks"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.PIPE
    )
    if "mount:" in done.stderr:
        pytest.skip("may not mount here")
    assert done.returncode == 0, done.stderr
    assert "\n".join(filter(None, done.stdout.splitlines())) == says.format(tmp_path)
