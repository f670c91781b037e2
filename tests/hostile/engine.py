"""Feeds mutated input to one reader inside this process, thousands of times a second, and records what came of it.

A *slice* is the inputs of one seed; an input is identified by its seed and number, so that any of them can be made
again. An input fails if its reader raises anything but the documented refusal, refuses in more than one line, or needs
more processor time than ``SLOW``; the slice fails if the process has needed more memory than ``MOST``.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import struct
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pace

from diagnose.model.finding import InputError
from diagnose.readers.system.root import Root

SLOW = 1.0  # seconds of processor time for one input of some kilobytes
STUCK = 10  # seconds of processor time after which it is ended
MOST = 400  # MB of memory at any time, of which Python and the checks' tables are about 50

NUMBERS = (0, 1, 2, 3, 4, 7, 8, 16, 31, 32, 64, 127, 128, 255, 256, 1024, 4096, 65535, 65536, 1 << 20, 0x7FFFFFFF,
           0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)  # fmt: skip
FORMS = tuple((form, struct.calcsize(form)) for form in ("<B", "<H", "<I", "<Q", ">H", ">I", ">Q"))
NASTY = ("\\", "..", "/", "//", "\0", "\n", "\r", "\r\n", "\x1b[31m", "\u2028", "\x85", "\x0b", "²", "٣", '"', "'", ",",
         ":", "%", "{", "}", "[", "]", "[[", "${a}", "$(id)", "`id`", " ", "\t", "-", "=", "#", ";", "@", "|", "~", "^",
         "1" * 400, "a" * 900, "." * 300, "[" * 300, "\ufeff", "é", "1e999", "-1", "0x", "*", "?", "!", "&", "<",
         ">")  # fmt: skip


class Hang(BaseException):
    """One input takes too long."""


class Kind(NamedTuple):
    """A kind of input: how one is made from random numbers, and how it is read."""

    name: str
    make: Callable[[random.Random], object]
    read: Callable[[object], object]


def flip(chance: random.Random, data: bytes) -> bytes:
    """Return *data* with some of its bytes changed, removed, repeated or replaced by numbers at the limits."""
    out = bytearray(data)
    for _ in range(chance.randrange(1, 6)):
        at = int(chance.random() * (len(out) + 1))
        action = int(chance.random() * 5)
        if action == 0 and at < len(out):
            out[at] = int(chance.random() * 256)
        elif action == 1:
            del out[at : at + chance.choice((1, 4, 16, 300))]
        elif action == 2:
            out[at:at] = out[at : at + chance.choice((1, 8, 64))] * chance.choice((1, 2, 20))
        elif action == 3:
            form, size = chance.choice(FORMS)
            out[at : at + size] = struct.pack(form, chance.choice(NUMBERS) & (1 << 8 * size) - 1)
        else:
            out[at:at] = chance.choice(NASTY).encode()
    return bytes(out)


def words(chance: random.Random, text: str, known: tuple[str, ...] = ()) -> str:
    """Return *text* with lines repeated, removed, exchanged, broken, or changed by *known* words and nasty ones."""
    lines = text.split("\n")
    for _ in range(chance.randrange(1, 6)):
        at = int(chance.random() * len(lines))
        action = int(chance.random() * 7)
        line = lines[at]
        if action == 0:
            lines[at:at] = [line] * chance.choice((1, 3, 30))
        elif action == 1 and len(lines) > 1:
            del lines[at]
        elif action == 2:
            other = int(chance.random() * len(lines))
            lines[at], lines[other] = lines[other], line
        elif action == 3 and known:
            lines.insert(
                at, chance.choice(known) + chance.choice((" ", "", "=", ": ")) + chance.choice((*known, *NASTY))
            )
        elif action == 4 and known and line:
            parts = line.split(" ")
            parts[int(chance.random() * len(parts))] = chance.choice(known)
            lines[at] = " ".join(parts)
        else:
            place = int(chance.random() * (len(line) + 1))
            cut = chance.choice((0, 0, 1, 5))
            lines[at] = line[:place] + chance.choice(NASTY) * chance.choice((1, 1, 1, 8)) + line[place + cut :]
    return "\n".join(lines)


class Memory(Root):
    """A root whose files are in memory, ``{path: bytes}``: a disk would take most of the time.

    It has no links. How links are followed is the subject of ``tests/readers/test_root.py``.
    """

    def __init__(self, files: dict[str, bytes], programs: tuple[str, ...] = ()) -> None:
        self.path, self.live, self.unseen = "/nowhere", False, []
        self.files = files
        self.programs = programs
        self.folders: dict[str, set[str]] = {}
        for path in files:
            while path:
                path, _, name = path.rpartition("/")
                self.folders.setdefault(path or "/", set()).add(name)

    @staticmethod
    def _plain(path: str) -> str:
        return "/" + "/".join(part for part in path.split("/") if part not in ("", "."))

    def resolve(self, path: str, *, follow: bool = True) -> str | None:
        path = self._plain(path)
        return path if path in self.files or path in self.folders else None

    def whole(self, path: str) -> memoryview:
        return memoryview(self.files.get(self._plain(path), b""))

    def link_target(self, path: str) -> str:
        return ""

    def link_folder(self, path: str) -> str:
        return path.rpartition("/")[0]

    def is_file(self, path: str) -> bool:
        return self._plain(path) in self.files

    def is_dir(self, path: str) -> bool:
        return self._plain(path) in self.folders

    def is_executable(self, path: str) -> bool:
        return path in self.programs and path in self.files

    def exists(self, path: str) -> bool:
        return self.resolve(path) is not None

    def names(self, path: str) -> list[str]:
        return sorted(self.folders.get(self._plain(path), ()))

    def read(self, path: str, limit: int = 4 << 20) -> bytes | None:
        data = self.files.get(self._plain(path))
        if data is not None and len(data) > limit:
            raise InputError(f"{path}: larger than {limit} bytes")
        return data

    def head(self, path: str, length: int) -> bytes:
        return self.files.get(self._plain(path), b"")[:length]

    def find(self, path: str, needle: bytes, length: int) -> bytes:
        data = self.files.get(self._plain(path), b"")
        start = data.rfind(needle)
        return data[start : start + length] if start >= 0 else b""


def attempt(kind: Kind, value: object) -> str:
    """Return ``read``, ``refused``, or what went wrong with the input *value*."""
    start = time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, STUCK)
    try:
        kind.read(value)
        outcome = "read"
    except InputError as error:
        outcome = "refused" if "\n" not in str(error) else f"refused in several lines: {error}"
    except (Exception, Hang) as error:
        outcome = "".join(traceback.format_exception(error)[-4:])
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    took = time.process_time() - start
    return (
        outcome if took < SLOW or took < SLOW * pace.slowness() else f"slow: {took:.1f} s of processor time; {outcome}"
    )


def _stuck(*_: object) -> None:
    raise Hang


def campaign(kind: Kind, seconds: float, seed: int, say: Callable[[str], object]) -> int:
    """Read the inputs of the slice *seed* for *seconds*, from the one that ``DIAGNOSE_FUZZ_FIRST`` numbers.

    Return 1 if one of them failed, none was read, or too much memory was needed, else 0.
    """
    keep, number = os.environ.get("DIAGNOSE_FUZZ_KEEP"), int(os.environ.get("DIAGNOSE_FUZZ_FIRST", "0"))
    first, outcomes, shown = number, Counter[str](), set[str]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    end, slowest = time.monotonic() + seconds, 0.0
    signal.signal(signal.SIGVTALRM, _stuck)
    chance = random.Random()
    while time.monotonic() < end:
        chance.seed((seed << 40) + number)
        value = kind.make(chance)
        start = time.process_time()
        outcome = attempt(kind, value)
        slowest = max(slowest, time.process_time() - start)
        if outcome not in ("read", "refused"):
            if outcome not in shown and len(shown) < 20:  # the same fault once
                shown.add(outcome)
                say(f"{kind.name}, seed {seed}, input {number}:\n{outcome}")
                if keep:
                    Path(keep, f"{kind.name}-{seed}-{number}").write_text(repr(value))
            outcome = "failed"
        outcomes[outcome] += 1
        number += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    say(
        f"{kind.name}: {number - first} inputs from seed {seed}, up to {number}: {counted}; "
        f"slowest {slowest:.2f} s, peak {peak} MB ({before} MB at the start)"
    )
    if not outcomes["read"]:
        say("none of them was read: the attack does not reach the reader")
    return int(outcomes["failed"] > 0 or not outcomes["read"] or peak > max(MOST, before + MOST // 2))
