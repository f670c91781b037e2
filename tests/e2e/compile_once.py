#!/usr/bin/python3
"""Runs in a root, in front of rustc: what rustc made of the same source with the same options before is copied.

Only libraries from the registry, for another target, are compiled once; the crate itself always meets the real rustc.
The configured linker, of which a library knows nothing, makes no difference here; to cargo it makes one.
"""

import hashlib
import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

CRATES = "/opt/crates/"
KEPT = Path("/opt/compiled")


def option(name: str) -> str:
    """Return what is given as ``name VALUE`` on the command line, or as ``-C name=VALUE``."""
    for word, after in itertools.pairwise(command):
        if word == name:
            return after
        if word == "-C" and after.startswith(f"{name}="):
            return after.partition("=")[2]
    return ""


def state() -> str:
    """Return a hash of all that decides what comes out."""
    told = " ".join(command).replace(f"-C linker={option('linker')}", "").split()
    told += [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith("CARGO_PKG_")]
    told += sorted(os.listdir(LIBRARIES) if LIBRARIES.is_dir() else [])  # where core is not, rustc has to say so
    digest = hashlib.sha256("\0".join(told).encode())
    externs = [Path(after.partition("=")[2]) for word, after in itertools.pairwise(command) if word == "--extern"]
    generated = sorted(Path(os.environ.get("OUT_DIR", os.devnull)).glob("**/*"))
    for file in (*externs, *generated):
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()


def made() -> list[Path]:
    """Return the files that this call of rustc makes."""
    return list(Path(option("--out-dir")).glob(f"*{option('extra-filename')}*"))


command = sys.argv[1:]
LIBRARIES = Path("/usr/lib/rustlib", option("--target"), "lib")
if option("--crate-type") != "lib" or not option("--target") or not any(word.startswith(CRATES) for word in command):
    os.execvp(command[0], command)
kept = KEPT / state()
if not kept.exists():
    done = subprocess.run(command, stderr=subprocess.PIPE, close_fds=False)  # the jobserver is behind some
    sys.stderr.buffer.write(done.stderr)
    if done.returncode == 0:
        kept.mkdir(parents=True)
        (kept / "stderr").write_bytes(done.stderr)
        for file in made():
            shutil.copy2(file, kept)
    sys.exit(done.returncode)
for file in kept.iterdir():
    if file.name == "stderr":
        sys.stderr.buffer.write(file.read_bytes())
    else:
        shutil.copyfile(file, Path(option("--out-dir")) / file.name)
