"""The models of glibc's and musl's loaders against the real ones, on every fixture for x86-64, under qemu for others.

No fixture makes a loader crash; a process that ends with a signal fails the test.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import need

from diagnose.loaders import glibc_loader, musl_loader
from diagnose.readers.elf import elf_parser
from diagnose.readers.elf.elf_parser import Elf
from diagnose.readers.wheel import reader
from diagnose.readers.wheel.linkage import wanted
from diagnose.readers.wheel.platform_tag import arch_of
from diagnose.readers.wheel.reader import Wheel
from e2e import loaders, roots
from e2e.loaders import MACHINES, SUITES, Machine, Suite

FOLDER = Path(__file__).parents[2] / "fixtures" / "wheels"
#: What a root of :mod:`e2e.loaders` has beside the C libraries.
SYSTEM = ("libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1")


def modules(libc: str, machine: Machine) -> list[Path]:
    """Return the fixtures that have one extension module for *machine*, and for *libc*."""
    found = []
    for path in sorted(FOLDER.glob(f"*{machine.wheel}*.whl")):
        wheel = reader.read(str(path))
        if wheel.verdict.libc == libc and not wheel.zip_flaws and len(_starts(wheel, machine)) == 1:
            found.append(path)
    return found


def _starts(wheel: Wheel, machine: Machine) -> list[Elf]:
    named = [elf for elf in wheel.elves if elf.name.startswith("demo.") and arch_of(elf) == machine.wheel]
    return [elf for elf in named if elf.dynamic and not elf.broken and not elf.split_debug]


def _answers(wheel: Wheel, release: tuple[int, ...]) -> dict[tuple[str, str], str]:
    """Return what is found: folders of glibc-hwcaps come first, and every x86-64 machine of today has level 2."""
    links = wheel.links if release < glibc_loader.HWCAPS_SEARCHED else reversed(wheel.links)
    return {(link.path, link.needed): link.target for link in links}


def _order(wheel: Wheel, start: Elf, release: tuple[int, ...] = ()) -> list[Elf]:
    """Return what is loaded, breadth first."""
    elves = {elf.path: elf for elf in wheel.elves}
    answers = _answers(wheel, release)
    queue = [start]
    for elf in queue:
        targets = [answers.get((elf.path, name), "") for name in wanted(elf, wheel.verdict.libc == "musl")]
        queue += [elves[target] for target in targets if target and elves[target] not in queue]
    return queue


def _missing(
    wheel: Wheel, queue: list[Elf], system: tuple[str, ...], release: tuple[int, ...] = ()
) -> Iterator[tuple[Elf, str]]:
    answers = _answers(wheel, release)
    for elf in queue:
        for name in wanted(elf, wheel.verdict.libc == "musl"):
            if not answers.get((elf.path, name)) and name not in system and not name.startswith("ld-linux"):
                yield elf, name.removeprefix("$ORIGIN")


def glibc_says(wheel: Wheel, start: Elf, suite: Suite) -> list[str]:
    """Return the error that glibc's model foretells, several where their order is not modelled; none if it loads."""
    queue = _order(wheel, start, suite.glibc)
    for elf in queue:
        if refusal := glibc_loader.header(elf, suite.glibc):
            return [refusal.says]
    lacking = [f"{name}: cannot open shared object file" for _, name in _missing(wheel, queue, SYSTEM, suite.glibc)]
    if lacking:
        return lacking
    answers = _answers(wheel, suite.glibc)
    elves = {elf.path: elf for elf in wheel.elves}
    versions = []
    for elf in queue:
        for version in elf.verneed:
            target = answers.get((elf.path, version.library))
            release = glibc_loader.release_of(version.version)
            newer = release is not None and release > suite.glibc
            if target:
                versions += [
                    one.says for one in glibc_loader.missing_versions(elf, elves[target], version.library, suite.glibc)
                ]
            elif newer or (glibc_loader.is_marker(version.version) and version.version not in suite.marks):
                versions.append(f"version `{version.version}' not found (required by")
    if versions:
        return versions
    if refusal := next((one for elf in queue if (one := glibc_loader.relr(elf, suite.glibc))), None):
        return [refusal.says]
    stacks = [elf for elf in queue if elf.gnu_stack and elf.gnu_stack & 1]
    if refusal := next((one for elf in stacks if (one := glibc_loader.stack(elf, suite.glibc))), None):
        return [refusal.says]
    if sum(map(glibc_loader.static_tls, queue)) > glibc_loader.TLS_ROOM:
        return [glibc_loader.tls_refusal(elf).says for elf in queue if glibc_loader.static_tls(elf)]
    return []


def musl_says(wheel: Wheel, start: Elf, _: Suite) -> list[str]:
    """Return the error that musl's model foretells; none if it loads."""
    queue = _order(wheel, start)
    own = ("libc.so", *(_alpines(machine) for machine in MACHINES.values()))
    lacking = [f"Error loading shared library {name}: No such file" for _, name in _missing(wheel, queue, own)]
    return lacking or [one.says for elf in queue for one in musl_loader.relocations(elf)]


#: Beginnings of functions that no library here has: those of a fixture's stand-ins, and the interpreter's.
INVENTED = ("demo_", "_dl_demo", "inflate", "_Py", "Py")


#: How many fixtures there are at least.
ENOUGH = {("glibc", "x86_64"): 140, ("musl", "x86_64"): 12, ("glibc", "aarch64"): 15, ("glibc", "armv7l"): 10}
ENOUGH |= {("glibc", "i686"): 8, ("musl", "i686"): 3, ("glibc", "ppc64le"): 10, ("glibc", "s390x"): 6}
PLACES = [(suite, MACHINES["x86_64"]) for suite in SUITES]
PLACES += [(suite, MACHINES[name]) for suite in SUITES[1:3] for name in ("aarch64", "armv7l")]
PLACES += [(SUITES[1], MACHINES[name]) for name in ("i686", "ppc64le", "s390x")]


@pytest.mark.parametrize(("suite", "machine"), PLACES, ids=lambda one: one[0])
@pytest.mark.parametrize("libc", ["glibc", "musl"])
def test_the_loader_prints_the_predicted_error(libc: str, suite: Suite, machine: Machine, tmp_path: Path) -> None:
    need(shutil.which(machine.qemu or "true"), f"no {machine.qemu}")
    foretell = glibc_says if libc == "glibc" else musl_says
    checked, wrong = 0, []
    with roots.overlay(tmp_path, loaders.root(suite.name, machine)) as inside:
        for number, path in enumerate(modules(libc, machine)):
            wheel = reader.read(str(path))
            (start,) = _starts(wheel, machine)
            folder = inside / "wheels" / str(number)
            _install(path, wheel, folder)
            module = folder / start.installed
            if libc == "musl":  # as Alpine's own name, which Debian's musl does not have
                _answer_to_alpines_name(folder, module, machine)
            said = loaders.say(inside, libc, module, machine)
            wanted = foretell(wheel, start, suite)
            checked += 1
            if not wanted and _invented(said):
                continue
            if not (any(one in said for one in wanted) if wanted else said == "loaded"):
                wrong.append((path.name, said, wanted))
    assert not wrong
    assert checked >= ENOUGH.get((libc, machine.wheel), 1)
    print(f"{suite.name}, {machine.wheel}, {libc}: {checked} fixtures", file=sys.stderr)


def _install(path: Path, wheel: Wheel, folder: Path) -> None:
    """Put the wheel's files where an installer puts them, below *folder*."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            target = folder / reader.installed_path(name, f"{wheel.name}-{wheel.version}.data/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(name))


def _answer_to_alpines_name(folder: Path, module: Path, machine: Machine) -> None:
    """Replace libc.musl-ARCH.so.1 by a name that every musl answers itself; both are as long, with a NUL."""
    for file in (module, *folder.rglob("*.libs/*.so*")):
        old = f"{_alpines(machine)}\0".encode()
        file.write_bytes(file.read_bytes().replace(old, b"libc.so\0".ljust(len(old), b"\0")))


def _alpines(machine: Machine) -> str:
    names = {"armv7l": "armv7", "i686": "x86"}
    return f"libc.musl-{names.get(machine.wheel, machine.wheel)}.so.1"


#: Fixtures for x86-64 of which `try` sees that they load, and that they do not, at least.
TRIED = {"glibc": {"ok": 100, "failed": 20}, "musl": {"ok": 5, "failed": 3}}


@pytest.mark.parametrize("libc", TRIED)
def test_try_sees_what_wheel_foretells(libc: str, tmp_path: Path) -> None:
    """The product's own trial, in a root without an interpreter: every fixture that an installer there would take."""
    machine, suite = MACHINES["x86_64"], next(suite for suite in SUITES if suite.name == "trixie")
    paths, foretell = modules(libc, machine), glibc_says if libc == "glibc" else musl_says
    with roots.overlay(tmp_path, loaders.root(suite.name, machine)) as inside:
        for name in ("lib", "lib64"):  # what the package base-files brings, which is not there
            if not (inside / name).exists():
                (inside / name).symlink_to(f"usr/{name}")
        for name in ("dev", "proc", "tmp"):
            (inside / name).mkdir(exist_ok=True)
        command = [sys.executable, "-m", "diagnose", "try", "--offline", "--format", "json", "--root", str(inside)]
        done = subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, check=False)
    rows = json.loads(done.stdout)["tried"]
    assert done.returncode == 1 and len(rows) == len(paths), done.stdout + done.stderr
    wrong, seen = [], {"ok": 0, "failed": 0, "cannot-tell": 0}
    for path, row in zip(paths, rows, strict=True):
        seen[row["outcome"]] += 1
        wheel = reader.read(str(path))
        (start,) = _starts(wheel, machine)
        wanted, said = foretell(wheel, start, suite), [_short(one) for one in row["failed"]]
        if row["outcome"] == "cannot-tell" or (said and not wanted and all(_invented(one) for one in said)):
            continue
        if not (any(one in error for one in wanted for error in said) if wanted else not said):
            wrong.append((path.name, said, wanted))
    assert not wrong, "\n".join(map(str, wrong))
    assert all(seen[outcome] >= count for outcome, count in TRIED[libc].items()), seen


def _short(failure: dict[str, str]) -> str:
    """Return an error with the module's name alone, as the models print it."""
    module = failure["module"]
    return failure["error"].replace(f"/tmp/site/{module}", Path(module).name)


def _invented(error: str) -> bool:
    return any(f": {name}" in error or f" {name}" in error for name in INVENTED)


def _edited(data: bytes, *changes: tuple[int, str, int]) -> bytes:
    edited = bytearray(data)
    for offset, form, value in changes:
        struct.pack_into(form, edited, offset, value)
    return bytes(edited)


def _segments(data: bytes, kind: int) -> list[int]:
    """Return where the program headers of one kind are."""
    start, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    return [row for row in range(start, start + 56 * count, 56) if struct.unpack_from("<I", data, row)[0] == kind]


@pytest.mark.parametrize("suite", SUITES, ids=lambda one: one.name)
def test_the_words_for_single_files(suite: Suite, tmp_path: Path) -> None:
    """Each refusal that a check quotes, by release; all these files are either harmless or refused."""
    zig = [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-gnu.2.17", "-shared", "-x", "c", "-"]
    command = [*zig, "-o", str(tmp_path / "plain.so")]
    subprocess.run(command, input=b"int demo_value(void) { return 1; }", check=True)
    plain = (tmp_path / "plain.so").read_bytes()
    (stack,) = _segments(plain, elf_parser.PT_GNU_STACK)
    machine = MACHINES["x86_64"]
    contents = {
        "plain.so": plain,
        "stack.so": _edited(plain, (stack + 4, "<I", 7)),
        "empty.so": b"",
        "header.so": plain[:63],
        "text.so": b"libdemo.so.1" * 8,
        "machine.so": _edited(plain, (18, "<H", 0)),
        "align.so": _edited(plain, *((row + 48, "<Q", 0x800) for row in _segments(plain, elf_parser.PT_LOAD))),
    }
    elves = {name: elf_parser.read(memoryview(data), name) for name, data in contents.items() if len(data) > 64}
    wanted = {
        "plain.so": None,
        "stack.so": glibc_loader.stack(elves["stack.so"], suite.glibc),
        "empty.so": glibc_loader.not_elf("empty.so", 0),
        "header.so": glibc_loader.not_elf("header.so", 63),
        "text.so": glibc_loader.not_elf("text.so", 96),
        "machine.so": glibc_loader.machine(elves["machine.so"]),
        "align.so": glibc_loader.page(elves["align.so"], suite.glibc, glibc_loader.PAGE),
    }
    assert (wanted["stack.so"] is None) is (suite.glibc < (2, 41))
    with roots.overlay(tmp_path / "overlay", loaders.root(suite.name, machine)) as inside:
        for name, data in contents.items():
            (inside / name).write_bytes(data)
            refusal = wanted[name]
            assert loaders.say(inside, "glibc", inside / name, machine) == (refusal.says if refusal else "loaded")
