"""Makes ``rustc_processors.txt``, the values of ``-C target-cpu`` with which rustc compiles, by trying what it lists.

No standard library is needed. Run with the oldest and the newest rustc whose options are known::

    python -m diagnose.tables.make_rustc_processors rustc-1.85 rustc-1.95
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile

TABLE = os.path.join(os.path.dirname(__file__), "rustc_processors.txt")
TARGETS = ("x86_64-unknown-linux-gnu", "riscv64gc-unknown-linux-gnu", "loongarch64-unknown-linux-gnu")
ALWAYS = "generic"  # is not listed for every target
_SIZED = (
    '#[lang = "sized"] pub trait Sized {}',
    '#[lang = "pointee_sized"] pub trait PointeeSized {} '
    '#[lang = "meta_sized"] pub trait MetaSized: PointeeSized {} '
    '#[lang = "sized"] pub trait Sized: MetaSized {}',
)


def accepted(rustc: str, target: str, folder: str) -> set[str]:
    """Return the names with which *rustc* compiles a file without any library."""
    listed = subprocess.run([rustc, "--print", "target-cpus", "--target", target], capture_output=True, text=True)
    found = {ALWAYS, *re.findall(r"^    ([A-Za-z0-9._+-]+)", listed.stdout, re.M)} - {"native"}
    return {name for name in found if _compiles(rustc, target, name, folder)}


def _compiles(rustc: str, target: str, name: str, folder: str) -> bool:
    source = os.path.join(folder, "empty.rs")
    options = [f"-Ctarget-cpu={name}", "--target", target, "--crate-type=lib", "--emit=obj", "-o", f"{source}.o"]
    environment = {**os.environ, "RUSTC_BOOTSTRAP": "1"}
    for sized in _SIZED:  # older and newer releases
        code = '#[no_mangle] pub extern "C" fn one() {}'
        with open(source, "w") as file:
            file.write(f"#![feature(no_core, lang_items)] #![no_core] {sized}\n{code}\n")
        if subprocess.run([rustc, *options, source], env=environment, capture_output=True).returncode == 0:
            return True
    return False


def text(compilers: list[str]) -> str:
    """Return the rows of the table: release, architecture, and the names that no older release accepts."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for target in TARGETS:
            seen: set[str] = set()
            for rustc in compilers:
                said = subprocess.run([rustc, "--version"], capture_output=True, text=True, check=True).stdout
                release = ".".join(said.split()[1].split(".")[:2])
                more = accepted(rustc, target, folder) - seen
                seen |= more
                if more:
                    rows.append(f"{release} {target.partition('-')[0].replace('gc', '')} {' '.join(sorted(more))}\n")
    return "".join(rows)


if __name__ == "__main__":
    with open(TABLE, encoding="utf-8") as file:
        head = "".join(line for line in file if line.startswith("#"))
    with open(TABLE, "w", encoding="utf-8") as file:
        file.write(head + text(sys.argv[1:]))
