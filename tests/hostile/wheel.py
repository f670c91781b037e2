"""Attacks the reader and the checks of wheels with mutated input.

    python3 dev.py fuzz wheel SECONDS [SEED]

Every input is one of the fixture wheels, changed in its ELF files, its texts, its names or its archive. It must be
judged, or refused in one line, within bounds of time; and the bytes that are judged must be those that ``zipfile``
unpacks. A failing input is kept in the folder that ``DIAGNOSE_FUZZ_KEEP`` names: look at it before it goes anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import random
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pace

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "readers"))

from packing import BZIP2, DEFLATED, LZMA, STORED, Packing, pack  # noqa: E402

from diagnose.authoring.wheel import LIMIT  # noqa: E402
from diagnose.engine import registry  # noqa: E402
from diagnose.engine.run import Report, run_checks  # noqa: E402
from diagnose.model.finding import InputError  # noqa: E402
from diagnose.readers.wheel import archive, as_dict, reader  # noqa: E402
from diagnose.reports import json, style, text  # noqa: E402

FIXTURES = HERE.parents[1] / "fixtures" / "wheels"
MAX_TEXT = 1 << 20  # characters of a text: larger ones are made with less effort
SLOW = 2.0  # seconds of processor time for one input of some kilobytes: more is a hang
STUCK = 20  # seconds after which it is ended

INTERESTING = (0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 100, 127, 128, 255, 256, 1000, 1024, 4095, 4096, 65535,
               65536, 1 << 20, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 1 << 32, (1 << 63) - 1, 1 << 63,
               (1 << 64) - 1)  # fmt: skip
TAGS = (0, 1, 2, 4, 5, 6, 7, 8, 10, 14, 15, 16, 17, 18, 20, 22, 23, 26, 29, 30, 35, 36, 0x6FFFFEF5, 0x6FFFFFF0,
        0x6FFFFFFB, 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF)  # fmt: skip
SEGMENTS = (0, 1, 2, 3, 4, 6, 7, 0x6474E550, 0x6474E551, 0x6474E552, 0x6474E553)
NASTY = ("\\d", "$ORIGIN", "${ORIGIN}", "..", "/", "//", "\0", "\n", "\r\n", "\x1b[31m", "\u2028", "²", "٣", '"', "'",
         ",", ",,", ":", "%s", "{}", "$(id)", "`id`", " ", "-", "1" * 5000, "a" * 9000, "\ud800")  # fmt: skip


class Sample(NamedTuple):
    """One fixture: its file name and its members."""

    name: str
    files: list[tuple[str, bytes]]


def samples() -> list[Sample]:
    """Return the fixtures that are small."""
    found = []
    for path in sorted(FIXTURES.glob("*.whl")):
        with zipfile.ZipFile(path) as opened:
            if sum(entry.file_size for entry in opened.infolist()) < 200_000:
                try:
                    files = [(entry.filename, opened.read(entry)) for entry in opened.infolist()]
                except zipfile.BadZipFile:
                    continue
                found.append(Sample(path.name, files))
    return found


# --- mutators ------------------------------------------------------------------------------------------------------


def flip(random: random.Random, data: bytes) -> bytes:
    """Change, cut, repeat or insert bytes anywhere."""
    out = bytearray(data)
    for _ in range(random.randrange(1, 6)):
        at = random.randrange(len(out) + 1)
        kind = random.randrange(5)
        if kind == 0 and at < len(out):
            out[at] = random.choice((0, 1, 127, 128, 255, random.randrange(256)))
        elif kind == 1:
            del out[at : at + random.choice((1, 4, 16, 1000))]
        elif kind == 2:
            out[at:at] = out[at : at + random.choice((1, 8, 64, 512))] * random.choice((1, 2, 50))
        elif kind == 3:
            value = random.choice(INTERESTING)
            form = random.choice(("<B", "<H", "<I", "<Q", ">H", ">I", ">Q"))
            packed = struct.pack(form, value & (1 << 8 * struct.calcsize(form)) - 1)
            out[at : at + len(packed)] = packed
        else:
            out[at:at] = random.choice(NASTY).encode("utf-8", "surrogatepass")[:200]
    return bytes(out)


def elf(random: random.Random, data: bytes) -> bytes:
    """Change the numbers in an ELF file that a reader follows: headers, the dynamic section, symbols, versions."""
    if len(data) < 64 or data[:4] != b"\x7fELF" or data[4] not in (1, 2) or data[5] not in (1, 2):
        return flip(random, data)
    order, wide = "<>"[data[5] - 1], data[4] == 2
    out = bytearray(data)
    word = order + ("Q" if wide else "I")
    phoff, shoff = struct.unpack_from(order + ("QQ" if wide else "II"), data, 32 if wide else 28)
    phnum, shnum = (struct.unpack_from(order + "H", data, at)[0] for at in ((56, 60) if wide else (44, 48)))

    def put(at: int, form: str, value: int) -> None:
        if 0 <= at <= len(out) - struct.calcsize(form):
            struct.pack_into(form, out, at, value & (1 << 8 * struct.calcsize(form)) - 1)

    def value() -> int:
        return random.choice((random.choice(INTERESTING), random.randrange(len(out)), len(out)))

    segments = [phoff + index * (56 if wide else 32) for index in range(min(phnum, 40))]
    dynamics = [at for at in segments if data[at : at + 4] == struct.pack(order + "I", 2)]
    for _ in range(random.randrange(1, 8)):
        kind = random.randrange(8)
        if kind == 0 and segments:  # a field of a segment
            put(random.choice(segments) + random.randrange(0, 56 if wide else 32, 4), order + "I", value())
        elif kind == 1 and segments:  # its type
            put(random.choice(segments), order + "I", random.choice(SEGMENTS))
        elif kind == 2 and dynamics:  # a row of the dynamic section
            at = dynamics[0] + (8 if wide else 4)
            offset, size = struct.unpack_from(word, data, at)[0], struct.calcsize(word)
            row = offset + 2 * size * random.randrange(40)
            if random.random() < 0.5:
                put(row, word, random.choice(TAGS))
            put(row + size, word, value())
        elif kind == 3 and shoff:  # a field of a section
            put(
                shoff + random.randrange(max(1, shnum)) * (64 if wide else 40) + 4 * random.randrange(16),
                order + "I",
                value(),
            )
        elif kind == 4:  # the header
            put(random.randrange(16, 64, 2), order + "H", value())
        elif kind == 5:  # more segments, all alike
            put(56 if wide else 44, order + "H", random.choice((0, 1, 64, 1024, 1025, 65535)))
        elif kind == 6:  # any aligned word
            put(random.randrange(len(out)) & ~3, order + "I", value())
        else:
            out = bytearray(flip(random, bytes(out)))
    return bytes(out)


def words(random: random.Random, data: bytes) -> bytes:
    """Change a text: repeat its lines, break them, put nasty things in."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    for _ in range(random.randrange(1, 5)):
        at = random.randrange(len(lines) or 1)
        kind = random.randrange(5)
        if not lines:
            lines = [random.choice(NASTY)]
        elif kind == 0:
            lines[at:at] = [lines[at]] * random.choice((1, 10, 3000))
        elif kind == 1:
            place = random.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:place] + random.choice(NASTY) * random.choice((1, 1, 30)) + lines[at][place:]
        elif kind == 2:
            del lines[at]
        elif kind == 3:
            lines[at] = random.choice(("Tag: ", "Requires-Dist: ", "", "Name: ", ",", "a,sha256=")) + random.choice(
                NASTY
            )
        else:
            random.shuffle(lines)
    out: list[str] = []
    room = MAX_TEXT
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        out.append(line)
    return "\n".join(out).encode("utf-8", "surrogatepass")


def record(files: list[tuple[str, bytes]]) -> bytes:
    """Return a RECORD that fits the files, so that more than their hashes is looked at."""
    rows = []
    for name, data in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        quoted = '"' + name.replace('"', '""') + '"' if '"' in name or "," in name else name
        rows.append(f"{quoted},sha256={digest},{len(data)}\n")
    return "".join(rows).encode("utf-8", "surrogatepass")


def packing(random: random.Random) -> Packing:
    """Return any way to pack one file."""
    return Packing(
        random.choice((DEFLATED, DEFLATED, DEFLATED, STORED, BZIP2, LZMA)),
        tuple(random.randrange(9) for _ in range(random.randrange(3))),
        random.choice((0, 0, 1, 14000)),
        random.choice((None, None, b"", b"PK\7\x08")),
        random.random() < 0.2,
        random.choice(
            (b"", b"", struct.pack("<HH", 0xCAFE, 0), b"\1\0\x10\0" + bytes(16), b"\x75\x70\x09\0\1abcdname")
        ),
    )


def mutate(random: random.Random, sample: Sample) -> bytes:
    """Return a wheel made from *sample*."""
    files = list(sample.files)
    for _ in range(random.choice((1, 1, 2, 4))):
        at = random.randrange(len(files))
        name, data = files[at]
        if data[:4] == b"\x7fELF":
            data = random.choice((elf, elf, elf, flip))(random, data)
        elif random.random() < 0.7:
            data = words(random, data)
        else:
            data = flip(random, data)
        if random.random() < 0.1:
            place = random.randrange(len(name) + 1)
            nasty = random.choice(NASTY).encode("utf-8", "replace").decode()
            name = (name[:place] + nasty + name[place:])[:60000]
        files[at] = name, data
    if random.random() < 0.2:
        name, data = random.choice(files)
        other = name.rpartition("/")[0] + random.choice(("x.so", "/lib.so.1", "/a.pyd", "/../b.so", ""))
        files += [(other, data)] * random.choice((1, 1, 3))
    if random.random() < 0.6:
        kept = [(name, data) for name, data in files if not name.endswith("RECORD")]
        files = [(name, record(kept) if name.endswith(".dist-info/RECORD") else data) for name, data in files]
    plain = random.random() < 0.5
    packed = pack(
        [(name, data, Packing() if plain else packing(random)) for name, data in files],
        random.choice((*[b""] * 9, b"#!/bin/sh\n")),
        random.choice((*[b""] * 20, b"PK\5\6" + bytes(18), b"comment")),
        wide=random.random() < 0.1,
    )
    return flip(random, packed) if random.random() < 0.25 else packed


# --- judging -------------------------------------------------------------------------------------------------------


class Hang(BaseException):
    """One input takes too long."""


def judge(path: str, checks: list[object]) -> str:
    """Judge the wheel at *path* as the command does, in all formats; return what came of it."""
    result = run_checks("wheel", "x", lambda: reader.read(path), as_dict.facts, checks)  # type: ignore[arg-type]
    report = Report((result,))
    json.render(report)
    text.render(report, style.terminal_style(False, True))
    if result.error is not None:
        if "\n" in result.error or not result.error.isprintable():
            raise AssertionError(f"not one printable line: {result.error!r}")
        return "refused"
    for finding in result.findings:
        if not finding.evidence or len(finding.evidence) > LIMIT:
            raise AssertionError(f"{finding.check}: {len(finding.evidence)} pieces of evidence")
    return "judged"


def compare(data: bytes) -> None:
    """Hold the bytes that are judged against those that ``zipfile`` unpacks, member by member."""
    try:
        opened = archive.open_archive(memoryview(data), "x")
        oracle = zipfile.ZipFile(io.BytesIO(data))
        entries = [entry for entry in oracle.infolist() if not entry.orig_filename.endswith("/")]
    except (InputError, zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError, struct.error):
        return
    if len(entries) != len(opened.members):
        raise AssertionError(f"{len(opened.members)} members, zipfile has {len(entries)}")
    for member, entry in zip(opened.members, entries, strict=True):
        try:
            expected = oracle.read(entry)
        except Exception:  # zipfile does not document its exceptions for broken data
            continue
        pieces: list[bytes] = []
        flaw = archive.inflate(opened, member, pieces.append)
        if b"".join(pieces) != expected:
            raise AssertionError(f"{member.name}: {len(b''.join(pieces))} bytes, zipfile has {len(expected)}: {flaw}")


def attempt(path: Path, data: bytes, checks: list[object]) -> str:
    """Return ``judged``, ``refused``, or what went wrong with the wheel *data*."""

    def end(*_: object) -> None:
        raise Hang

    path.write_bytes(data)
    signal.signal(signal.SIGVTALRM, end)
    start = time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, STUCK)
    try:
        outcome = judge(str(path), checks)
        took = time.process_time() - start
        compare(data)
    except (Exception, Hang) as error:
        return "".join(traceback.format_exception(error)[-3:])
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return outcome if took < SLOW or took < SLOW * pace.slowness() else f"slow: {took:.1f} s of processor time"


def main(seconds: float = 60, seed: int = 0, say: Callable[[str], object] = print) -> int:
    """Judge mutated wheels for *seconds*; return 1 if one of them failed, else 0."""
    checks: list[object] = list(registry.load("wheel"))
    known = samples()
    keep = os.environ.get("DIAGNOSE_FUZZ_KEEP")
    outcomes: Counter[str] = Counter()
    end = time.monotonic() + seconds
    number = slowest = 0.0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        while time.monotonic() < end:
            chance = random.Random(f"{seed}.{int(number)}")
            sample = chance.choice(known)
            data = mutate(chance, sample)
            start = time.process_time()
            outcome = attempt(Path(folder) / sample.name, data, checks)
            slowest = max(slowest, time.process_time() - start)
            if outcome not in ("judged", "refused"):
                say(f"seed {seed}, input {int(number)}, {len(data)} bytes of {sample.name}:\n{outcome}")
                if keep:
                    Path(keep, f"{seed}-{int(number)}-{sample.name}").write_bytes(data)
                outcome = "failed"
            outcomes[outcome] += 1
            number += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    say(f"{int(number)} inputs from seed {seed}: {counted}; slowest {slowest:.2f} s, peak {peak} MB")
    return int(outcomes["failed"] > 0)
