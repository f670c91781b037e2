"""Runs of ``--apply`` and ``undo`` that are killed, or fail, at every point at which they touch the disk.

    python -m tests.hostile.kills              every fault at every call, then once more by strace(1), where it is
    python -m tests.hostile.kills --no-strace  only the calls; --only-strace: only the kernel's, --every 10 of them
    python -m tests.hostile.kills --short      what the tests run: seconds

A *point* is one call that creates, writes, renames, links, unlinks, syncs or changes what belongs to a file. For each,
a process of its own does a *job* in a tree of its own and meets a *fault* there. Then every original must be in the
tree, or in a backup with a name, and ``undo`` must restore the identical tree: content, mode, owner, attributes, time
stamps, inode, and no file more. A loss is an original that is nowhere; an orphan is an unexpected file.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import itertools
import os
import posix
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from diagnose.fixes import apply, file_edits, renames
from diagnose.fixes.disk import ApplyError
from diagnose.fixes.undo import undo
from diagnose.model.finding import Command, FileEdit, FixStage

KILLED = 99
ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES)
KEPT = re.compile(r".+\.diagnose-[0-9a-f]{16}-[0-9a-f]{16}\.bak")


# -- the tree, and its changes -------------------------------------------------------------------------------------

FILES = {
    "etc/sources.list": b"deb one\n# caf\xe9 \xff\n",
    "etc/sources.list.d/a.sources": b"Types: deb\n",
    "project/.cargo/config.toml": b"[env]\r\nA = '1'\n",
}
ABSENT = ("etc/more/deep/new.sources", "project/new/config.toml")
LOOKALIKES = ("etc/sources.list.diagnose.bak", f"etc/sources.list.diagnose-{'0' * 16}-{'0' * 16}.bak")


class World(NamedTuple):
    """A tree, and where its homes are."""

    root: Path

    @classmethod
    def new(cls, folder: str) -> World:
        world = cls(Path(tempfile.mkdtemp(dir=folder)))
        for number, (name, content) in enumerate([*FILES.items(), *((name, b"theirs\n") for name in LOOKALIKES)]):
            path = world.root / "tree" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o640)
            with contextlib.suppress(OSError):
                os.setxattr(path, "user.origin", b"theirs")
            os.utime(path, ns=(number, 1_500_000_000_123_456_789 + number))
        world.enter(1)
        return world

    @property
    def tree(self) -> Path:
        return self.root / "tree"

    def enter(self, home: int) -> None:
        os.environ["XDG_STATE_HOME"] = str(self.root / f"home{home}")

    def snapshot(self, exact: bool = True) -> dict[str, tuple[object, ...]]:
        """Return what is in the tree, by name; *exact* also with the properties that only the identical file has."""
        found: dict[str, tuple[object, ...]] = {}
        for folder, _, names in os.walk(self.tree):
            found[os.path.relpath(folder, self.tree)] = ("folder",)
            for name in names:
                path = os.path.join(folder, name)
                here = os.lstat(path)
                attributes = tuple((one, os.getxattr(path, one)) for one in os.listxattr(path))
                same = (here.st_mode, here.st_uid, here.st_gid, here.st_mtime_ns, here.st_nlink, attributes)
                content = Path(path).read_bytes()
                found[os.path.relpath(path, self.tree)] = (content, *same, here.st_ino) if exact else (content,)
        return found

    def contents(self) -> dict[str, bytes]:
        return {name: row[0] for name, row in self.snapshot(exact=False).items() if isinstance(row[0], bytes)}

    def edits(self) -> list[FileEdit]:
        """Return a plan for the tree as it is."""
        found = []
        for name in (*FILES, *ABSENT):
            path = self.tree / name
            before = path.read_bytes().decode("utf-8", "surrogateescape") if path.exists() else None
            shown = f"/{name}" if name.startswith("etc") else name.removeprefix("project/")
            found.append(FileEdit(shown, before, f"{before or ''}new {name}\n"))
        return found

    def apply(self, *lines: str) -> None:
        commands = [Command(line, FixStage.UPDATE) for line in lines]
        apply.apply(self.edits(), commands, str(self.tree), str(self.tree / "project"), ignore)

    def undo(self) -> None:
        undo(ignore, str(self.tree / "project"))


def ignore(_: object) -> None:
    pass


class Job(NamedTuple):
    """What is done, after which preparation; ``plain`` without exchange, ``bare`` also without links."""

    name: str
    prepare: Callable[[World], None]
    run: Callable[[World], None]
    plain: bool = False
    bare: bool = False


def _nothing(world: World) -> None:
    pass


def _applied(world: World) -> None:
    world.apply()


def _applied_twice(world: World) -> None:
    world.apply()
    world.apply()


def _killed(world: World) -> None:
    """Leave what a run leaves that is killed just after its third exchange or move."""
    _forked(lambda: _faulty(world.apply, Fault("kill"), _third_rename))


def _third_rename(calls: list[str]) -> bool:
    return calls.count("renameat2") == 4


JOBS = (
    Job("apply", _nothing, World.apply),
    Job("apply once more", _applied, World.apply),
    Job("apply after a kill", _killed, World.apply),
    Job("apply, a command fails", _nothing, lambda world: world.apply("false")),
    Job("undo", _applied, World.undo),
    Job("undo two", _applied_twice, World.undo),
    Job("undo after a kill", _killed, World.undo),
    Job("apply without exchange", _nothing, World.apply, plain=True),
    Job("undo without exchange", _applied, World.undo, plain=True),
    Job("apply without links", _nothing, World.apply, plain=True, bare=True),
    Job("undo without links", _applied, World.undo, plain=True, bare=True),
)


# -- faults --------------------------------------------------------------------------------------------------------


class Fault(NamedTuple):
    """What happens at a point, by its ``name``: ``kill``, or ``torn``, half of a write and then a kill.

    Of an error, ``number``, at the point only or, if ``lasting``, from there on; ``act`` is what somebody else does.
    """

    name: str
    number: int = 0
    lasting: bool = False
    act: Callable[[World], None] | None = None


CALLS = (
    "write", "fsync", "ftruncate", "link", "unlink", "replace", "rename", "mkdir", "rmdir", "fchmod", "fchown", "utime",
    "setxattr", "removexattr",
)  # fmt: skip


def _faulty(
    run: Callable[[], None], fault: Fault, here: Callable[[list[str]], bool], world: World | None = None
) -> int:
    """Do *run* in this process, with *fault* where *here*, which is given the calls up to and with this one, says so.

    Return how many calls there were.
    """
    calls: list[str] = []
    originals = {name: getattr(os, name) for name in (*CALLS, "open")}
    rename = renames._renameat2()
    failing = False

    def meet(name: str, call: Callable[..., Any], args: tuple[Any, ...]) -> int:
        nonlocal failing
        calls.append(name)
        struck = here(calls)
        if struck and fault.act and world:
            restore()
            fault.act(world)
            patch()
        elif struck and fault.name == "torn" and name == "write":
            call(args[0], args[1][: len(args[1]) // 2])
            os._exit(KILLED)
        elif struck and fault.name in ("kill", "torn"):
            os._exit(KILLED)
        failing = failing or (struck and bool(fault.number))
        return fault.number if failing and (struck or fault.lasting) else 0

    def wrapped(name: str) -> Callable[..., Any]:
        call = originals[name]

        def wrapper(*args: Any, **options: Any) -> Any:
            if name == "open" and not args[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                return call(*args, **options)
            if code := meet(name, call, args):
                raise OSError(code, os.strerror(code), args[0] if isinstance(args[0], str) else None)
            return call(*args, **options)

        return wrapper

    def renameat2(*args: Any) -> int:
        assert rename is not None
        return meet("renameat2", rename, args) or rename(*args)

    def patch() -> None:
        for name in originals:
            setattr(os, name, wrapped(name))
        if rename is not None:
            renames._renameat2 = lambda: renameat2  # type: ignore[assignment]

    def restore() -> None:
        for name, call in originals.items():
            setattr(os, name, call)
        renames._renameat2 = lambda: rename  # type: ignore[assignment]

    patch()
    try:
        run()
    finally:
        restore()
    return len(calls)


def _forked(run: Callable[[], object], watch: Callable[[int], object] = ignore) -> tuple[int, str]:
    """Do *run* in a process of its own, whose number *watch* gets; return its exit code (2: foreseen) and the error."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        code, said = 0, ""
        try:
            run()
        except ApplyError as error:
            code, said = 2, str(error)
        except BaseException:
            import traceback

            code, said = 1, traceback.format_exc()
        with contextlib.suppress(OSError):  # a fault of all writes, too
            os.write(writing, said.encode("utf-8", "surrogateescape"))
        posix._exit(code)  # os._exit would write a file of coverage for each of some thousand processes
    os.close(writing)
    watch(child)
    with open(reading, encoding="utf-8", errors="surrogateescape") as file:
        said = file.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), said


@contextlib.contextmanager
def _as(job: Job) -> Iterator[None]:
    """Take from the system what *job* does without."""
    link, renameat2 = os.link, renames._renameat2

    def no_link(*args: Any, **options: Any) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    if job.plain:
        renames._renameat2 = lambda: None  # type: ignore[assignment]
    if job.bare:
        os.link = no_link  # type: ignore[assignment]
    try:
        yield
    finally:
        os.link, renames._renameat2 = link, renameat2  # type: ignore[assignment]


# -- what somebody else does ---------------------------------------------------------------------------------------

EDITED = "etc/sources.list"
MINE = b"mine, and no one else's\n"


def _edit_in_place(world: World) -> None:
    path = world.tree / EDITED
    with path.open("r+b" if path.exists() else "wb") as file:
        file.truncate()
        file.write(MINE)


def _edit_by_rename(world: World) -> None:
    path = world.tree / EDITED
    path.with_name("editor").write_bytes(MINE)
    os.replace(path.with_name("editor"), path)


def _delete(world: World) -> None:
    (world.tree / EDITED).unlink()


def _second_run(home: int) -> Callable[[World], None]:
    def act(world: World) -> None:
        def run() -> None:
            file_edits.PATIENCE = 0.02
            world.enter(home)
            world.apply()

        code, said = _forked(run)
        if code == 1:
            raise RuntimeError(said)

    return act


# -- the verdict ---------------------------------------------------------------------------------------------------


class Tally(NamedTuple):
    """The figures, and a line for everything that went wrong."""

    counts: Counter[str]
    faults: list[str]

    def wrong(self, kind: str, where: str, detail: str) -> None:
        self.counts[kind] += 1
        self.faults.append(f"{kind}: {where}: {detail}")


KINDS = ("losses", "orphans", "unequal", "tracebacks", "unnamed")


def lost(world: World, skip: tuple[str, ...] = ()) -> list[str]:
    """Return the originals that are neither where they were nor in a backup beside it."""
    now = world.contents()
    gone = []
    for name, content in [*FILES.items(), *((name, b"theirs\n") for name in LOOKALIKES)]:
        backups = [one for other, one in now.items() if other.startswith(f"{name}.diagnose-") and KEPT.fullmatch(other)]
        if name not in skip and content not in (now.get(name), *backups):
            gone.append(name)
    return gone


def finish(world: World, before: dict[str, Any], where: str, tally: Tally, homes: tuple[int, ...] = (1,)) -> None:
    """Undo, in every home until nothing more changes, and compare with the tree as it was *before*."""
    for home in homes:
        world.enter(home)
        code, said = _forked(world.undo)
        if code:
            tally.wrong("tracebacks" if code == 1 else "unequal", where, f"undo: {said}")
    exact = any(len(row) > 1 for row in before.values())
    _compare(before, world.snapshot(exact), where, tally)
    for home in homes:
        folder = world.root / f"home{home}" / "diagnose"
        if folder.exists() and (left := os.listdir(folder)):
            tally.wrong("orphans", where, f"{left} in the state folder")


def _compare(before: dict[str, Any], after: dict[str, Any], where: str, tally: Tally, skip: str = "") -> None:
    if more := sorted(after.keys() - before.keys()):
        tally.wrong("orphans", where, ", ".join(more))
    other = [name for name, row in before.items() if name != skip and after.get(name) != row]
    if other:
        tally.wrong("unequal", where, "; ".join(f"{name}: {before[name]} {after.get(name)}" for name in other))


def _strike(job: Job, fault: Fault, point: int, folder: str, tally: Tally) -> tuple[World, dict[str, Any], str, int]:
    """Do *job* with *fault* at *point* and judge the tree as the run left it."""
    world = World.new(folder)
    # A copy is not the same file: there, only the content is compared after an undo.
    before = world.snapshot(exact=not job.bare)
    with _as(job):
        job.prepare(world)
        prepared = world.snapshot(exact=not job.bare)
        code, said = _forked(lambda: _faulty(lambda: job.run(world), fault, lambda calls: len(calls) == point, world))
    where = f"{job.name}, {fault.name}{' lasting' if fault.lasting else ''} at {point}"
    tally.counts["runs"] += 1
    if code not in (0, 2, KILLED):
        tally.wrong("tracebacks", where, said)
    if not fault.act and (gone := lost(world)):
        tally.wrong("losses", where, str(gone))
    if code == 2 and fault.number:
        named = (str(world.root), "/bin/sh: ", "`false` failed", *(edit.path for edit in world.edits()))
        if not any(name in said for name in named):
            tally.wrong("unnamed", where, said)
        if "\n" in said:
            tally.wrong("unnamed", where, said)
        if "as they were" in said and not fault.act and job.prepare is not _killed:
            _compare(prepared, world.snapshot(exact=not job.bare), f"{where}: {said}", tally)
    return world, before, where, code


def _points(job: Job, folder: str) -> list[str]:
    """Return the calls that *job* makes."""
    world = World.new(folder)
    seen: list[str] = []

    def never(calls: list[str]) -> bool:
        seen[:] = calls
        return False

    with _as(job), contextlib.suppress(ApplyError):
        job.prepare(world)
        _faulty(lambda: job.run(world), Fault("none"), never)
    shutil.rmtree(world.root)
    return seen


def _struck(job: Job, points: list[int], calls: list[str], folder: str, tally: Tally) -> None:
    """Kills, errors that strike once, and errors that stay; then an undo in good weather."""
    faults = [Fault("kill"), Fault("torn")]
    faults += [Fault(errno.errorcode[code], code, lasting) for code in ERRORS for lasting in (False, True)]
    for point, fault in itertools.product(points, faults):
        if fault.name == "torn" and (point > len(calls) or calls[point - 1] != "write"):
            continue
        world, before, where, _ = _strike(job, fault, point, folder, tally)
        finish(world, before, where, tally)
        shutil.rmtree(world.root)


def _edited_after(job: Job, points: list[int], folder: str, tally: Tally) -> None:
    """A kill, then an edit by the user, which `undo` refuses to lose; the edit reverted, `undo` gives back all."""
    for point, edit in itertools.product(points, (_edit_in_place, _edit_by_rename, _delete)):
        world, before, where, _ = _strike(job, Fault("kill"), point, folder, tally)
        where += f", then {edit.__name__}"
        was = (world.tree / EDITED).read_bytes()
        edit(world)
        code, said = _forked(world.undo)
        if code:
            tally.wrong("tracebacks", where, said)
        skip = (EDITED,) if was == FILES[EDITED] else ()  # the original itself was edited
        now = (world.tree / EDITED).read_bytes() if (world.tree / EDITED).exists() else None
        if (gone := lost(world, skip)) or now != (None if edit is _delete else MINE):
            tally.wrong("losses", where, f"{gone} {now!r}")
        (world.tree / EDITED).write_bytes(was)
        plain = {name: row[:1] for name, row in before.items()}
        finish(world, plain, where, tally)
        shutil.rmtree(world.root)


def _other_home(job: Job, points: list[int], folder: str, tally: Tally) -> None:
    """A kill, then `undo`, `--apply` and `undo` from another home, which knows nothing; then `undo` from the first."""
    for point in points:
        world, before, where, _ = _strike(job, Fault("kill"), point, folder, tally)
        where += ", then another home"
        left = world.snapshot()
        world.enter(2)
        for run in (world.undo, world.apply, world.undo):
            code, said = _forked(run)
            if code:
                tally.wrong("tracebacks", where, said)
            if gone := lost(world):
                tally.wrong("losses", where, str(gone))
        _compare(left, world.snapshot(), where, tally)
        finish(world, before, where, tally, (2, 1))
        shutil.rmtree(world.root)


def _meanwhile(job: Job, points: list[int], folder: str, tally: Tally) -> None:
    """A second run, or an edit by the user, at the same point."""
    for point, home in itertools.product(points, (1, 2)):
        world, before, where, _ = _strike(
            job, Fault(f"second run from home {home}", act=_second_run(home)), point, folder, tally
        )
        if gone := lost(world):
            tally.wrong("losses", where, str(gone))
        for one in (2, 1, 2):
            world.enter(one)
            _forked(world.undo)
        finish(world, before, where, tally, (1, 2))
        shutil.rmtree(world.root)
    if job.bare:  # without links and such renames, as on FAT, nothing can be put where nothing is in one step
        return
    for point, edit in itertools.product(points, (_edit_in_place, _edit_by_rename)):
        world, before, where, _ = _strike(job, Fault(edit.__name__, act=edit), point, folder, tally)
        for again in range(2):
            now = world.contents()
            places = [name for name in now if name == EDITED or name.startswith(f"{EDITED}.diagnose-")]
            places = [name for name in places if name not in LOOKALIKES]
            if MINE not in [now[name] for name in places] or (gone := lost(world, (EDITED,))):
                tally.wrong("losses", where, f"{places} {again}")
            world.undo()
        after = {
            name: row for name, row in world.snapshot(not job.bare).items() if name not in places or name == EDITED
        }
        _compare(before, after, where, tally, EDITED)
        shutil.rmtree(world.root)


def campaign(folder: str, short: bool, say: Callable[[str], None] = ignore) -> Tally:
    """Do every job with every fault at every point; *short*: at every point one, and every kill."""
    file_edits.PATIENCE = 0.02
    tally = Tally(Counter(), [])
    for job in JOBS:
        calls = _points(job, folder)
        points = list(range(1, len(calls) + 1))
        tally.counts["points"] += len(points)
        if short:
            _short(job, points, calls, folder, tally)
        else:
            _struck(job, points, calls, folder, tally)
            if not job.plain:
                _edited_after(job, points, folder, tally)
                _other_home(job, points, folder, tally)
            _meanwhile(job, points, folder, tally)
        say(f"{job.name}: {len(points)} points; {figures(tally)}")
    return tally


def _short(job: Job, points: list[int], calls: list[str], folder: str, tally: Tally) -> None:
    """Kill the plain `apply` and `undo` at every point, the other jobs at some; of the rest, some of each kind."""
    for point in points if job.name in ("apply", "undo") else points[::5]:
        code = ERRORS[point % len(ERRORS)]
        error = Fault(errno.errorcode[code], code, lasting=point % 2 == 0)
        for fault in (Fault("kill"), error) if point % 3 == 0 else (Fault("kill"),):
            world, before, where, _ = _strike(job, fault, point, folder, tally)
            finish(world, before, where, tally)
            shutil.rmtree(world.root)
    if job.name == "apply":
        _edited_after(job, points[::9], folder, tally)
        _other_home(job, points[::9], folder, tally)
        _meanwhile(job, points[::9], folder, tally)


def figures(tally: Tally) -> str:
    return ", ".join(f"{tally.counts[name]} {name}" for name in ("points", "runs", *KINDS))


def memory() -> str | None:
    """Return a folder in memory, where syncs cost nothing, if there is one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def say(line: str) -> None:
    """Print *line* at once."""
    print(line, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="what the tests run")
    parser.add_argument("--no-strace", action="store_true", help="only the calls, not the kernel's")
    parser.add_argument("--only-strace", action="store_true", help="only the kernel's calls")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="strike at every Nth of the kernel's calls")
    parser.add_argument("--first", type=int, default=0, metavar="K", help="of these from the Kth: a slice, K below N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        tallies = [] if options.only_strace else [campaign(folder, options.short, say)]
        if not options.no_strace and not options.short and shutil.which("strace"):
            from . import traced

            tallies.append(traced.campaign(folder, options.every, options.first, say))
    for tally in tallies:
        print(*tally.faults[:50], sep="\n")
        print(figures(tally))
    return int(any(tally.faults for tally in tallies))


if __name__ == "__main__":
    sys.exit(main())
