"""Measures how fast ``diagnose log`` reads, and in how much memory, over logs of every shape.

    python benchmarks/logs.py [--size MB] [--repeat N] [--base PROGRAM] [SHAPE...]

Each shape is written to a temporary folder, SIZE MB of it (500 without the option), the same in every run, with one
failure in its last line; then it is read from the file, and the first shape once more through a pipe. MB/s is by the
processor time of the command, start-up included, because a busy machine slows the clock and not the processor; the peak
is of the whole process. The fastest of N runs counts, in turn with those of another ``diagnose``, PROGRAM, with which
it is compared. A run that does not name the failure is shown as such: speed without an answer is worthless.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from run import APART, ENV, ROOT, SCRIPT

FAILURE = "E: Unable to locate package libasound2-dev:armhf\n"
CAUSE = "apt-foreign-arch-not-enabled"
CHUNK = 1 << 20

_CRATES = (
    "serde",
    "libc",
    "alsa-sys",
    "proc-macro2",
    "unicode-ident",
    "syn",
    "quote",
    "pkg-config",
    "cfg-if",
    "memchr",
)


def _cargo(number: int) -> str:
    crate, hashed = _CRATES[number % len(_CRATES)], f"{number:016x}"
    if number % 9 == 0:
        return (
            f"     Running `/usr/bin/rustc --crate-name {crate.replace('-', '_')} --edition=2021 "
            f"/home/user/.cargo/registry/src/index.example-1949cf8c6b5b557f/{crate}-1.0.{number % 300}/src/lib.rs "
            f"--error-format=json --crate-type lib --emit=dep-info,metadata,link -C opt-level=3 -C metadata={hashed} "
            "--out-dir target/armv7-unknown-linux-gnueabihf/release/deps --target armv7-unknown-linux-gnueabihf "
            "-C linker=arm-linux-gnueabihf-gcc -L dependency=target/release/deps --cap-lints allow`\n"
        )
    if number % 7 == 0:
        return f"warning: unused variable: `value`\n  --> src/error.rs:{number % 900}:9\n   |\n   = note: default\n"
    return f"   Compiling {crate} v1.0.{number % 300}\n"


def _apt(number: int) -> str:
    name = f"lib{_CRATES[number % len(_CRATES)]}{number % 50}-dev"
    if number % 3 == 0:
        return f"Get:{number} http://deb.example/debian trixie/main armhf {name} armhf 1.2.{number % 90}-1 [42 kB]\n"
    if number % 3 == 1:
        return (
            f"Selecting previously unselected package {name}:armhf.\nPreparing to unpack .../{name}_1.2_armhf.deb ...\n"
        )
    return f"Unpacking {name}:armhf (1.2.{number % 90}-1) ...\nSetting up {name}:armhf (1.2.{number % 90}-1) ...\n"


def _colours(number: int) -> str:
    return (
        "".join(f"\x1b[1m\x1b[{30 + (number + i) % 8}m{'Checking' if i % 2 else 'value'}\x1b[0m " for i in range(8))
        + "\n"
    )


def _actions(number: int) -> str:
    return f"2024-05-01T12:{number // 60 % 60:02}:{number % 60:02}.1234567Z {_cargo(number)}"


def _progress(number: int) -> str:
    return (
        "".join(f"\rReading package lists... {done}%" for done in range(0, 100, 4))
        + "\rReading package lists... Done\n"
    )


def _errors(number: int) -> str:
    return f"/usr/bin/ld: skipping incompatible /usr/lib/lib{number % 5000}.so when searching for -l{number % 5000}\n"


def _rerun(number: int) -> str:
    return f"  cargo:rerun-if-env-changed=PKG_CONFIG_PATH_armv7_unknown_linux_gnueabihf{number % 3 * '_X'}\n"


def _lines(line: Callable[[int], str]) -> Iterator[bytes]:
    number = 0
    while True:
        texts, size = [], 0
        while size < CHUNK:
            texts.append(line(number))
            size += len(texts[-1])
            number += 1
        yield "".join(texts).encode()


def _in_turn() -> Iterator[bytes]:
    parts = [_lines(line) for line in (_cargo, _apt, _actions, _progress, _errors, _rerun)]
    for part in itertools.cycle(parts):
        yield from itertools.islice(part, 2)


def _repeated(chunk: bytes) -> Iterator[bytes]:
    while True:
        yield chunk


def _random(seed: int, alphabet: bytes | None) -> Iterator[bytes]:
    source = random.Random(seed)
    chunks = [source.randbytes(CHUNK) for _ in range(8)]
    if alphabet is not None:
        table = bytes(alphabet[byte % len(alphabet)] for byte in range(256))
        chunks = [chunk.translate(table) for chunk in chunks]
    while True:
        yield from chunks


def _anchors() -> list[str]:
    """Return the texts that the log checks search for: lines of nothing else are the slowest to read."""
    sys.path[:0] = [str(ROOT), str(ROOT / "checks")]
    from diagnose.engine import registry
    from diagnose.readers.buildlog.patterns import SHARED

    rows = [*SHARED, *(row for check in registry.load("log") for row in check.patterns)]
    return list(dict.fromkeys(row.anchor for row in rows))


def _messages() -> list[str]:
    """Return the lines of the fixtures, each once, in any order."""
    logs = sorted((ROOT / "fixtures" / "logs").rglob("*.log"))
    lines = dict.fromkeys(line for log in logs for line in log.read_text(errors="replace").splitlines() if line)
    return random.Random(3).sample(list(lines), len(lines))


def _numbered(texts: Callable[[], list[str]], form: str = "{} {}\n") -> Callable[[], Iterator[bytes]]:
    def lines() -> Iterator[bytes]:
        known = texts()
        return _lines(lambda number: form.format(known[number % len(known)], number))

    return lines


_PRINTABLE = bytes(range(32, 127)) + b"\n"
# The last of them, from "anchors" on, are made to be slow: of 5 MB (--size 5) each should be read at 5 MB/s.
SHAPES: dict[str, Callable[[], Iterator[bytes]]] = {
    "cargo": lambda: _lines(_cargo),
    "apt": lambda: _lines(_apt),
    "actions": lambda: _lines(_actions),
    "colours": lambda: _lines(_colours),
    "lost colours": lambda: (chunk.replace(b"\x1b", b"") for chunk in _lines(_colours)),
    "crlf": lambda: (chunk.replace(b"\n", b"\r\n") for chunk in _lines(_cargo)),
    "progress": lambda: _lines(_progress),
    "long lines": lambda: _repeated(b" ".join(b'"/target/release/deps/lib%d.rlib"' % n for n in range(30_000)) + b"\n"),
    "one line": lambda: _repeated(b"-L dependency=target/release/deps --extern serde " * (CHUNK // 49)),
    "one word": lambda: _repeated(b"x" * CHUNK),
    "errors": lambda: _lines(_errors),
    "build script": lambda: _lines(_rerun),
    "all in turn": _in_turn,
    "random text": lambda: _random(1, _PRINTABLE),
    "random bytes": lambda: _random(2, bytes(range(1, 256))),
    "some NULs": lambda: (chunk.replace(b" v1", b" \0v1") for chunk in _lines(_cargo)),
    "not UTF-8": lambda: (chunk.replace(b"e", b"\xe9", CHUNK // 40) for chunk in _lines(_cargo)),
    "anchors": _numbered(_anchors),
    "anchors in line": _numbered(_anchors, "{} {} "),
    "anchors dated": _numbered(_anchors, "2024-05-01T12:00:00.1234567Z {} {}\n"),
    "anchors redrawn": _numbered(_anchors, "{} {}\r"),
    "messages": _numbered(_messages),
}


class Cost(NamedTuple):
    """Processor seconds, peak memory in MB, and whether the failure was named."""

    seconds: float
    peak: float
    named: bool


def write(path: Path, shape: str, size: int) -> None:
    """Write *size* bytes of *shape*, and the failure."""
    with path.open("wb") as file:
        left = size
        for chunk in SHAPES[shape]():
            file.write(chunk[:left])
            left -= len(chunk)
            if left <= 0:
                break
        file.write(b"\n" + FAILURE.encode())


def spend(path: Path, piped: bool, program: str = "") -> Cost:
    """Let ``diagnose log``, or that of *program*, read *path*, through a pipe if *piped*."""
    source = subprocess.Popen(["cat", path], stdout=subprocess.PIPE) if piped else None
    process = subprocess.Popen(
        [
            *([program] if program else [sys.executable, *SCRIPT]),
            "log",
            "--format",
            "json",
            "-" if piped else str(path),
        ],
        env=APART if program else ENV,
        stdin=source.stdout if source else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    if source is not None and source.stdout is not None:
        source.stdout.close()
    output = process.stdout.read()
    _, _, usage = os.wait4(process.pid, 0)
    if source is not None:
        source.wait()
    return Cost(
        usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, f'"{CAUSE}"'.encode() in output.split(b'"passed"')[0]
    )


def main() -> None:
    """Measure and print one row per shape."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=500, metavar="MB")
    parser.add_argument("--repeat", type=int, default=1, metavar="N")
    parser.add_argument("--base", default="", metavar="PROGRAM", help="the diagnose to compare with")
    parser.add_argument("shapes", nargs="*", default=list(SHAPES), metavar="SHAPE")
    asked = parser.parse_args()
    print(f"{'shape':16}{'MB/s':>8}{'peak MB':>9}" + (f"{'base':>8}{'× base':>8}" if asked.base else ""))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "build.log"
        for number, shape in enumerate(asked.shapes):
            write(path, shape, asked.size << 20)
            for piped in (False, True) if number == 0 else (False,):
                runs, before = [], []
                for _ in range(asked.repeat):
                    runs.append(spend(path, piped))
                    if asked.base:
                        before.append(spend(path, piped, asked.base))
                label = f"{shape}, piped" if piped else shape
                cost = min(runs)
                other = (
                    f"{asked.size / min(before).seconds:8.0f}{min(before).seconds / cost.seconds:8.2f}"
                    if before
                    else ""
                )
                print(
                    f"{label:16}{asked.size / cost.seconds:8.0f}{cost.peak:9.0f}{other}"
                    f"{'' if cost.named else '  the failure is not named'}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
