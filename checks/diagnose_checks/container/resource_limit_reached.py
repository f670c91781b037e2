"""A limit on open files, on processes and threads, or on watched files is reached.

The kernel counts what a process, a user or a container uses, and refuses more (EMFILE, EAGAIN, ENOSPC of inotify):
macOS allows 256 open files by default, containers have a limit of processes (``--pids-limit``), and a large machine
lets OpenBLAS start a thread for each of its processors.

How to fix: raise the limit for the shell or the container, or use fewer jobs and threads.

References:
    https://man7.org/linux/man-pages/man2/setrlimit.2.html (RLIMIT_NOFILE, RLIMIT_NPROC)
    https://docs.docker.com/reference/cli/docker/container/run/ (``--ulimit``, ``--pids-limit``)
    https://man7.org/linux/man-pages/man7/inotify.7.html
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

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "limit-reached",
        ("oo many open files", r"(?<!reverting to polling: )[Tt]oo many open files(?P<files>)"),
        ("inotify", r"(?:inotify watch limit reached|inotify.{0,60}[Nn]o space left on device)(?P<watches>)"),
        ("file watchers reached", r"ENOSPC: .{0,60}number of file watchers reached(?P<watches>)"),
        ("start new thread", r"RuntimeError: can't start new thread(?P<tasks>)"),
        ("fork: ", r"fork: (?:retry: )?Resource temporarily unavailable(?P<tasks>)"),
        ("Cannot fork", r": Cannot fork(?P<tasks>)$"),
        (
            "Resource temporarily",
            r"(?:pthread_create|spawn thread|spawn|fork).{0,200}Resource temporarily unavailable(?P<tasks>)",
        ),
        ("os error 11", r"Resource temporarily unavailable \(os error 11\)(?P<tasks>)"),
        (
            "too many memory regions",
            r"OpenBLAS : Program is Terminated\. Because you tried to allocate too many memory regions(?P<blas>)",
        ),
    ),
)
_FEWER = Fix(
    "start fewer threads and jobs",
    env=(("OPENBLAS_NUM_THREADS", "4"), ("OMP_NUM_THREADS", "4"), ("CARGO_BUILD_JOBS", "4"), ("MAKEFLAGS", "-j4")),
)
#: The resource that is used up → the message, and the fixes.
_TOLD = {
    "watches": (
        "no more files can be watched: the limit of inotify is reached, while the disk has room",
        (
            Fix(
                "allow more watches",
                (Command("sysctl -w fs.inotify.max_user_watches=524288", FixStage.BUILD),),
                notes="As root, on the machine and not in the container. fs.inotify.max_user_instances may be "
                "the limit, too.",
            ),
        ),
    ),
    "files": (
        "a program may not open more files: the limit of the process, or of the system, is reached",
        (
            Fix(
                "allow more open files",
                (Command("ulimit -n 8192", FixStage.BUILD),),
                notes="In the shell that starts the build; `ulimit -Hn` shows the most that is allowed. In a "
                "container: "
                "docker run --ulimit nofile=8192:8192. macOS: 256 is the default.",
            ),
        ),
    ),
    "tasks": (
        "no more processes or threads can be started: a limit is reached",
        (
            _FEWER,
            Fix(
                "allow more of them",
                (Command("ulimit -u", FixStage.TOOLCHAIN),),
                notes="A container: docker run --pids-limit -1; a service: TasksMax of systemd. `cat "
                "/sys/fs/cgroup/pids.max` shows the container's limit. Too little memory for their stacks has "
                "the same effect.",
            ),
        ),
    ),
    "blas": (
        "OpenBLAS was compiled for fewer threads than this program uses",
        (_FEWER,),
    ),
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See the kernel refuse one more file, thread or process."""
    hits = log.find("limit-reached")
    if log.find("cygwin-fork"):
        return  # cygwin-fork-failed
    for kind, (message, fixes) in _TOLD.items():
        if found := [hit for hit in hits if kind in hit.groups]:
            yield finding_from_hits(log, found, message, "The step stops, or fails in other ways later.", fixes)
            return
