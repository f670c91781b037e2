"""The system does not let the loader map a library's code into memory.

The file is found and is a library, and the kernel refuses to map it as a program: its folder is on a file system that
is mounted ``noexec`` (often ``/tmp``, where PyInstaller, JNI and pip put libraries, or a shared folder), a policy as
SELinux's or fapolicyd's forbids it, or the process may have no more memory or mappings (``ulimit -v``, the limits of
a shared web host).

How to fix: put the file, or temporary files, into a folder from which programs may run (``TMPDIR``); raise the limit.

References:
    https://man7.org/linux/man-pages/man2/mmap.2.html (EPERM, EACCES, ENOMEM)
    https://sourceware.org/git/?p=glibc.git;a=blob;f=elf/dl-load.c
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_FILE = r"(?<![^\s:'\"])(?P<file>[^\s:'\"]{1,400}): "
_WHY = r"(?:: (?P<why>[A-Z][\w ]{1,60}))?"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "map-refused",
        ("failed to map segment from", rf"{_FILE}failed to map segment from shared object{_WHY}"),
        (
            "memory protection",
            rf"{_FILE}(?P<protect>cannot (?:apply additional memory protection after relocation|change memory "
            rf"protections))"
            rf"{_WHY}",
        ),
        ("cannot map zero-fill pages", rf"{_FILE}(?P<filled>cannot map zero-fill pages){_WHY}"),
        (
            "RELRO protection failed",
            rf"Error relocating (?P<file>[^\s:]{{1,400}}): (?P<protect>RELRO protection failed){_WHY}",
        ),
    ),
)
_MEMORY = Fix(
    "let the process have more memory, or more mappings",
    (
        Command("ulimit -v unlimited", FixStage.BUILD),
        Command("cat /proc/sys/vm/max_map_count", FixStage.TOOLCHAIN),
    ),
    notes="A service: LimitAS and MemoryMax of systemd; a container: its memory; a shared host: the limits of the "
    "account. On a 32-bit system the address space itself is full.",
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See glibc's or musl's loader fail to map a file that it has found."""
    for hit in log.find("map-refused")[:1]:
        path, why = hit.groups["file"], hit.groups["why"]
        name = path.rpartition("/")[2]
        memory = "memory" in why or bool(hit.groups["filled"])
        if memory:
            message = f"the process gets no memory, or no more mappings, for {name}"
        else:
            message = f"the system does not let {name} be loaded as a program's code"
        yield finding_from_hits(
            log,
            [hit],
            message,
            "It cannot be loaded.",
            [_MEMORY] if memory else [*_where(path), *([] if why else [_MEMORY])],
        )


def _where(path: str) -> list[Fix]:
    folder = path.rpartition("/")[0]
    temporary = folder.startswith(("/tmp", "/var/tmp", "/dev/shm"))
    look = f"`findmnt -no OPTIONS -T {folder or 'FILE'}` shows noexec if that is the reason."
    return [
        Fix(
            "put temporary files where programs may run",
            (Command('mkdir -p "$HOME/tmp" && export TMPDIR="$HOME/tmp"', FixStage.BUILD),),
            notes=f"{look} The folder has to exist; PyInstaller unpacks into it, pip builds in it.",
        )
        if temporary
        else Fix(
            "install it into a folder from which programs may run",
            notes=f"{look} As root: mount -o remount,exec FOLDER; for docker run --tmpfs: FOLDER:exec.",
        ),
        Fix(
            "if it is not noexec: look for a policy that forbids it",
            notes="SELinux: `ausearch -m avc -ts recent`, then restorecon -Rv FOLDER; fapolicyd: fapolicyd-cli --file "
            "add FOLDER; systemd: MemoryDenyWriteExecute and NoExecPaths of the service.",
        ),
    ]
