"""A sandbox for the code of a wheel: no network, no capabilities, a file system that cannot be written, limits.

Namespaces of the kernel by ``unshare`` and ``mount`` of util-linux; :mod:`diagnose.trial.enter` then gives up every
capability. The code can read what the user can read. Source: unshare(1), mount_namespaces(7), user_namespaces(7),
capabilities(7).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError
from diagnose.trial import helpers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

_ENTERED = b"entered\n"
"""What :mod:`diagnose.trial.enter` writes before all events: only what comes after it is the program's doing."""
MEMORY = 4 << 30  # bytes of data that a process may have
OUTPUT = 1 << 20  # bytes of output that are kept
SITE, FILES, HOME = "@site@", "@files@", "@home@"
"""Names in commands and variables, replaced by the folders with the installed wheel, other files, and for writing."""
EVENTS = "DIAGNOSE_EVENTS"
"""The variable with the number of the descriptor that takes events."""

# $1: the root, $2: the new root, $3: the installed wheel, $4: files to be read, $5: the folder for both, $6: another
# writable folder; then the command. A recursive bind is the only one that a user namespace permits; mounts below keep
# their flags. One in a folder that is closed to the user cannot be made read-only, and is not reached from inside
# either. Devices are left out: a read-only mount does not protect them.
_SCRIPT = r"""
set -e
root=$1 new=$2 site=$3 files=$4 base=$5 temporary=$6
shift 6
mount --make-rprivate /
mount --rbind "$root" "$new"
while read -r _ _ _ _ place flags _; do
    case $place in "$new" | "$new"/*) place=$(printf %b "$place") ;; *) continue ;; esac
    [ ! -e "$place" ] || mount -o "remount,bind,$flags,ro,nosuid" "$place"
done < /proc/self/mountinfo
for folder in $base $temporary; do
    mount -t tmpfs -o size=512m,mode=1777,nosuid,nodev tmpfs "$new$folder"
done
mkdir "$new$base/site" "$new$base/files" "$new$base/home"
for pair in "$site:site" "$files:files"; do
    mount --bind "${pair%:*}" "$new$base/${pair##*:}"
    mount -o remount,bind,ro,nosuid,nodev "$new$base/${pair##*:}"
done
mount -t proc -o ro,nosuid,nodev,noexec proc "$new/proc"
mount -t tmpfs -o size=64k,mode=755,nosuid tmpfs "$new/dev"
for name in null zero full random urandom; do
    touch "$new/dev/$name"
    mount --bind "/dev/$name" "$new/dev/$name"
done
mount -o remount,bind,ro,nosuid "$new/dev"
exec "$@"
"""


class SandboxExit(NamedTuple):
    """How a process in the sandbox ended.

    ``status`` is its exit status, negative or above 128 for a signal; None if it took too long. ``output`` is the end
    of its output; ``events`` what it wrote to the descriptor for them.
    """

    status: int | None
    output: str
    events: str


def missing() -> str:
    """Return why there can be no sandbox here; empty if there can."""
    absent = [name for name in ("unshare", "mount") if not shutil.which(name, path=_path())]
    if absent:
        return f"{' and '.join(absent)} not found: install util-linux"
    done = subprocess.run([*_unshare(), "true"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        return f"the kernel permits no namespaces here ({done.stderr.strip() or done.returncode})"
    return ""


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def _unshare() -> list[str]:
    names = ["--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
    return ["unshare", *names, *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]


def run(
    root: str,
    site: str,
    files: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    seconds: float,
    sandboxed: bool = True,
) -> SandboxExit:
    """Run *command* with *root* as its file system, *site* at :data:`SITE` and *files* at :data:`FILES`.

    The descriptor that :data:`EVENTS` names takes events. Without *sandboxed* it runs as it is, on this machine, with
    the paths of *site* and *files* in place of those inside.

    Raises:
        InputError: *root* lacks a folder that the sandbox needs, or the kernel refuses it.
        OSError: a program that makes the sandbox cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="diagnose-") as scratch, tempfile.TemporaryFile() as output:
        new = os.path.join(scratch, "root")
        os.mkdir(new)
        # On this machine /tmp may hold the interpreter; a root may lack /srv, which is made by a script of a package.
        base = "/srv" if root == "/" and os.path.isdir("/srv") else "/tmp"
        folders = {SITE: site, FILES: files, HOME: scratch}
        if sandboxed:
            folders = {SITE: f"{base}/site", FILES: f"{base}/files", HOME: f"{base}/home"}
        words = [_placed(word, folders) for word in command]
        variables = {name: _placed(value, folders) for name, value in environment.items()}
        if sandboxed:
            enter = os.path.join(os.path.dirname(__file__), "enter.py")
            other = "/tmp" if base != "/tmp" and not any(word.startswith("/tmp/") for word in words) else ""
            launch = [sys.executable, "-I", "-S", enter, new, folders[HOME], str(MEMORY), *words]
            words = [
                *helpers.ends_with_us("KILL"),
                *_unshare(),
                "sh",
                "-c",
                _SCRIPT,
                "sandbox",
                os.path.abspath(root),
                new,
                site,
                files,
                base,
                other,
                *launch,
            ]
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as events:
            try:
                process = subprocess.Popen(
                    words,
                    env={"PATH": _path(), **variables, EVENTS: str(writing)},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=(writing,),
                    start_new_session=True,
                    cwd="/",
                )
            finally:
                os.close(writing)
            status = _wait(process, seconds)
            os.set_blocking(reading, False)
            said = events.read(OUTPUT) or b""
        if sandboxed and not said.startswith(_ENTERED):
            raise InputError(f"{root}: there is no sandbox in it: {_why_not(root, base, _kept(output), status)}")
        return SandboxExit(status, _kept(output), said.removeprefix(_ENTERED).decode(errors="replace"))


def _why_not(root: str, base: str, output: str, status: int | None) -> str:
    """Return why the sandbox was not entered, in one line."""
    absent = [name for name in (base, "/proc", "/dev") if not os.path.isdir(root + name)]
    if absent:
        return f"it lacks the folder{'s' * (len(absent) > 1)} {' and '.join(absent)}"
    lines = [line for line in output.strip().splitlines() if "dmesg(1)" not in line]  # the hint of mount's next line
    said = lines[-1].replace(root.rstrip("/"), "") if lines else ""
    return said or ("it took too long" if status is None else f"exit status {status}")


def _placed(text: str, folders: Mapping[str, str]) -> str:
    """Return *text* with the folders that its words stand for."""
    for name, folder in folders.items():
        text = text.replace(name, folder)
    return text


def _wait(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """Wait for *process*, and end it and its children if it takes longer, or if this process is interrupted."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _kept(file: IO[bytes]) -> str:
    """Return what was written to *file*: of long output the end, which has the error."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - OUTPUT))
    return file.read(OUTPUT).decode(errors="replace")
