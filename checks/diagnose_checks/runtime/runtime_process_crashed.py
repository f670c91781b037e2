"""Python itself crashed: code that is not Python's ended the process.

Python code cannot crash the interpreter; an extension module or a library that it calls can. Usual reasons are two
copies of a library in one process, an extension compiled for another release of a library (numpy's, Qt's, a C++
library's), a thread without the interpreter's lock, or a stack that is too small.

How to fix: find out which extension it is; the lines that ``faulthandler`` prints name the Python code that called it.

References:
    https://docs.python.org/3/library/faulthandler.html
    https://docs.python.org/3/howto/gdb_helpers.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for
from diagnose_checks.runtime._triage import installed_package

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from diagnose.readers.buildlog import BuildLog, Hit

#: glibc's words when it finds the heap damaged (malloc.c).
_HEAP = (
    r"(?:double free or corruption|free\(\): \w|malloc\(\): \w|munmap_chunk\(\): \w|corrupted (?:size|double-linked)"
    r"|malloc_consolidate\(\): \w|realloc\(\): \w)[^:]{0,60}"
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=(
        *patterns_for(
            "python-crashed",
            (
                "Fatal Python error: ",
                r"(?:^|[.FEsxX\]] ?|\.py (?:[.FEsxX]{0,300})|::\S{1,300} )Fatal Python error: "
                r"(?P<signal>Segmentation fault|Aborted|Bus error|Floating point exception|Illegal instruction)",
            ),
            (
                "with the GIL held",
                r"Fatal Python error: (?P<api>\w{1,60}): (?P<signal>the function must be called with the GIL held)",
            ),
            ("no current thread", r"Fatal Python error: (?P<api>\w{1,60}): (?P<signal>no current thread)"),
            (
                "Windows fatal exception",
                r"Windows fatal exception: (?P<signal>access violation|stack overflow|code 0x\w+)",
            ),
        ),
        *patterns_for(
            "python-stack", ("most recent call first", r"^(?:Current thread|Stack) .{0,60}\(most recent call first\)")
        ),
        *patterns_for(
            "python-stack-frame",
            ("File ", r"^File \"(?P<file>[^\"]{1,400})\", line (?P<number>\d{1,7}) in (?P<function>\S{1,200})"),
        ),
        *patterns_for(
            "heap-damaged",
            ("*** Error in ", rf"^\*\*\* Error in [`'](?P<program>[^']{{1,300}})': (?P<said>{_HEAP})"),
            ("free(): ", rf"(?:^|\.py [.FEsxX]{{0,300}}|::\S{{1,300}} )(?P<said>{_HEAP})$"),
            ("double free or corruption", rf"(?:^|\.py [.FEsxX]{{0,300}}|::\S{{1,300}} )(?P<said>{_HEAP})$"),
            ("corrupted ", rf"(?:^|\.py [.FEsxX]{{0,300}}|::\S{{1,300}} )(?P<said>{_HEAP})$"),
            ("malloc(): ", rf"(?:^|\.py [.FEsxX]{{0,300}}|::\S{{1,300}} )(?P<said>{_HEAP})$"),
            ("munmap_chunk(): ", rf"(?:^|\.py [.FEsxX]{{0,300}}|::\S{{1,300}} )(?P<said>{_HEAP})$"),
            ("detected ***", r"^\*\*\* (?P<said>(?:stack smashing|buffer overflow) detected) \*\*\*"),
        ),
        *patterns_for("heap-frame", (")[0x", r"^(?P<file>/[^\s(]{1,300}\.so[\w.]{0,40})\([^)\s]{0,400}\)\[0x")),
        *patterns_for(
            "worker-crashed",
            ("crashed while running", r"worker 'gw\d{1,4}' crashed while running '(?P<test>[^']{1,300})'"),
        ),
    ),
)
_BELOW = 4  # lines from the message to the stack's first
_LIBC = re.compile(r"/(?:libc|ld|libpthread)[.-][\w.-]+$")
_IMPORTING = re.compile(r"^(?:create_module|exec_module)$")
_MACHINERY = re.compile(r"<frozen importlib|[\\/]importlib[\\/]")
_HARNESS = re.compile(r"[\\/](?:_pytest|pluggy|unittest)[\\/]")


def log(log: BuildLog) -> Iterator[Finding]:
    """See faulthandler print where Python crashed, or pytest-xdist lose a worker."""
    if log.find("python-home"):  # python-home-wrong
        return
    crashes = log.find("python-crashed")
    # Windows reports exceptions that a library then handles, and the program goes on.
    crashes = [hit for hit in crashes if hit.text.startswith("Fatal") or not log.course.ending.done]
    if log.find("no-interpreter"):  # pyo3-interpreter-not-found
        crashes = [hit for hit in crashes if not re.search("encodings|init_fs_encoding", hit.text)]
    for hit in crashes[-1:]:
        stack = next(iter(log.near(hit.line, "python-stack", after=400)), None)
        frames = _frames(log, stack.line) if stack is not None else []
        yield finding_from_hits(
            log,
            [hit, *frames[:1]],
            f"native code called {hit.groups['api']} of Python without its lock, the GIL{_place(frames)}"
            if hit.groups["api"]
            else f"Python crashed ({hit.groups['signal']}){_place(frames)}",
            "The process ends at once: later tests do not run, and nothing is cleaned up.",
            _fixes(_package(frames)),
        )
        return
    if damaged := log.find("heap-damaged"):
        frames = [frame for frame in log.find("heap-frame") if not _LIBC.search(frame.groups["file"])]
        file = frames[0].groups["file"] if frames else ""
        where = f"; {file.rpartition('/')[2]} was at work" if file else ""
        program = damaged[0].groups["program"].rpartition("/")[2] or "the program"
        yield finding_from_hits(
            log,
            [*damaged[:2], *frames[:1]],
            f"{program} has damaged its memory ({damaged[0].groups['said'].strip(' (')})" + where,
            "glibc ends the process. The fault was earlier: whoever frees memory last only finds it.",
            _fixes(installed_package(file)),
        )
        return
    stacks = [hit for hit in log.find("python-stack") if hit.text.startswith("Current thread")]
    if stacks and not crashes and not log.course.ending.done:
        frames = _frames(log, stacks[-1].line)
        yield finding_from_hits(
            log,
            [stacks[-1], *frames[:1]],
            f"Python crashed{_place(frames)}",
            "The lines above, which the log lacks, name the signal.",
            _fixes(_package(frames)),
        )
        return
    if lost := log.find("worker-crashed"):
        yield finding_from_hits(
            log,
            lost,
            f"a worker of pytest-xdist ended while it ran {lost[0].groups['test']}: it crashed, or was killed",
            "Its other tests ran in another worker; the log does not show why it ended.",
            [
                Fix(
                    "run that test alone, in one process",
                    notes=f"python3 -X faulthandler -m pytest -p no:xdist -x '{lost[0].groups['test']}' shows the "
                    "crash. If it passes alone: look at memory (dmesg), and use fewer workers (-n 2).",
                )
            ],
        )


def _frames(log: BuildLog, line: int) -> list[Hit]:
    """Return the frames of the stack that is printed below *line*, the innermost first."""
    frames: list[Hit] = []
    for frame in log.near(line, "python-stack-frame", after=400):
        if frame.line != line + len(frames) + 1:
            break
        frames.append(frame)
    return frames


def _place(frames: Sequence[Hit]) -> str:
    """Return where it crashed, as the frames show."""
    callers = [frame for frame in frames if not _MACHINERY.search(frame.groups["file"])]
    if not callers or _HARNESS.search(callers[0].groups["file"]):
        return "" if not callers else " in code that the test's harness called"
    said = callers[0].groups
    loading = any(_IMPORTING.match(frame.groups["function"]) for frame in frames[: frames.index(callers[0])])
    package = installed_package(said["file"])
    where = f"{said['file'].rpartition('/')[2]}, line {said['number']}"
    if loading:
        return f" while {package or where} loaded an extension module{f' ({where})' if package else ''}"
    return f" in native code called from {said['function']} of {package or 'the project'} ({where})"


def _package(frames: Sequence[Hit]) -> str:
    callers = [frame for frame in frames if not _MACHINERY.search(frame.groups["file"])]
    return installed_package(callers[0].groups["file"]) if callers else ""


def _fixes(package: str) -> list[Fix]:
    again = f"python3 -m pip install --force-reinstall --no-cache-dir {package}" if package else ""
    return [
        Fix(
            "see the C functions too",
            notes="gdb --batch -ex run -ex bt --args python3 -m pytest … prints them; the first file of an extension "
            "in the list is where to look. The last lines of faulthandler (Extension modules: …) list what is loaded.",
        ),
        Fix(
            f"install {package or 'the extension'} again, for the versions that are here",
            notes=f"{again + '. ' if again else ''}Compiled parts fit the numpy, Qt, torch or C++ library that they "
            "were built with. Do not mix packages of conda and pip that bring the same library.",
        ),
    ]
