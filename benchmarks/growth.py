"""Measures how the time of ``diagnose`` grows when its input does: it should double.

    python benchmarks/growth.py [WHAT...]

For each thing that an input can have more of, an input is made with n, 2n and 4n of it. Start-up takes the same for all
three, so the growth is the ratio of the differences: 4n - 2n to 2n - n, which is 2 where time is linear. The processor
time of all processes is measured, five times in turn, and the least counts. A growth above 2.2 is marked.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import logs
from run import ENV, PLAIN, ROOT

sys.path.insert(0, str(ROOT / "tests" / "readers"))
from builder import build

TIMES = 5
LIMIT = 2.2
HEALTHY = next((ROOT / "fixtures" / "wheels").glob("healthy_abi3-2-*.whl"))


def _module(folder: Path, functions: int) -> bytes:
    """Return an extension module that exports this many functions, and calls each of them through its symbol."""
    source, module = folder / "module.c", folder / "module.so"
    names = [f"a_function_{number}" for number in range(functions)]
    lines = [f"int {name}(void) {{ return {number}; }}" for number, name in enumerate(names)]
    lines.append(f"int (*all[])(void) = {{{', '.join(names)}}}; void *PyInit_demo(void) {{ return all; }}")
    source.write_text("\n".join(lines))
    subprocess.run(["cc", "-shared", "-fPIC", "-nostdlib", "-o", module, source], check=True)
    return module.read_bytes()


def _bytes(folder: Path, number: int) -> list[str]:
    content = _module(folder, 1) + random.Random(number).randbytes(number << 18) * 4  # packs like code does
    return [build(folder, {"demo.cpython-312-x86_64-linux-gnu.so": content})]


def _members(folder: Path, number: int) -> list[str]:
    files = {f"demo/part{at}.py": b"x = %d\n" % at for at in range(number)}
    return [build(folder, {"demo.cpython-312-x86_64-linux-gnu.so": _module(folder, 1), **files})]


def _symbols(folder: Path, number: int) -> list[str]:
    return [build(folder, {"demo.cpython-312-x86_64-linux-gnu.so": _module(folder, number)})]


def _libraries(folder: Path, number: int) -> list[str]:
    module = _module(folder, 1)
    return [build(folder, {f"demo/part{at}.cpython-312-x86_64-linux-gnu.so": module for at in range(number)})]


def _wheels(folder: Path, number: int) -> list[str]:
    for at in range(number):
        shutil.copy(HEALTHY, folder / HEALTHY.name.replace("-2-", f"-2.{at}-", 1))
    return [str(folder)]


def _lines(folder: Path, number: int) -> list[str]:
    path = folder / "build.log"
    logs.write(path, "all in turn", number << 20)
    return [str(path)]


INPUTS: dict[str, tuple[str, int, Callable[[Path, int], list[str]]]] = {
    "MB of a member": ("wheel", 50, _bytes),
    "members": ("wheel", 10_000, _members),
    "symbols": ("wheel", 40_000, _symbols),
    "libraries": ("wheel", 500, _libraries),
    "wheels": ("wheel", 300, _wheels),
    "MB of a log": ("log", 100, _lines),
}
"""What grows → the command, n, and what makes an input of that size and returns the command's arguments."""


def spend(command: str, arguments: list[str]) -> float:
    """Return the processor seconds of one run."""
    words = [sys.executable, *PLAIN, command, "--fail-on", "never", "--quiet", *arguments]
    process = subprocess.Popen(words, env={**ENV, "CI": "true"}, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} {arguments}: ended with {status}")
    return usage.ru_utime + usage.ru_stime


def measure(command: str, number: int, make: Callable[[Path, int], list[str]]) -> list[float]:
    """Return the least seconds for n, 2n and 4n."""
    with tempfile.TemporaryDirectory() as scratch:
        inputs = []
        for factor in (1, 2, 4):
            folder = Path(scratch, str(factor))
            folder.mkdir()
            inputs.append(make(folder, factor * number))
        runs = [[spend(command, arguments) for arguments in inputs] for _ in range(TIMES)]
    return [min(column) for column in zip(*runs, strict=True)]


def main() -> None:
    """Measure and print one row for each thing that grows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"one of: {', '.join(INPUTS)}")
    asked = parser.parse_args()
    print(f"{'what grows':<18}{'n':>7}{'n':>10}{'2n':>10}{'4n':>10}{'growth':>9}")
    for what in asked.what or INPUTS:
        command, number, make = INPUTS[what]
        one, two, four = measure(command, number, make)
        growth = (four - two) / (two - one)
        row = f"{what:<18}{number:>7}{one * 1e3:>7.0f} ms{two * 1e3:>7.0f} ms{four * 1e3:>7.0f} ms{growth:>9.2f}"
        print(row + (f"  above {LIMIT}" if growth > LIMIT else ""), flush=True)


if __name__ == "__main__":
    main()
