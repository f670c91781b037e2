"""The course of a build: its events in order, the processes that they belong to, and the outcome.

Processes write a log: the package manager, then a build that runs other tools, then tests. Events (:mod:`.marks`)
show that a process works, fails or is done. They determine the error that stopped the build: an error did not stop it
if its process, or the script that ran the process, visibly continued after it.

Several streams in one log (steps of BuildKit, jobs of GitHub Actions) have one course each.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.readers.buildlog.excuses import excused, is_within
from diagnose.readers.buildlog.marks import (
    AROUND,
    CONFIGURING,
    RESUMING,
    SEQUENTIAL,
    STAGES,
    SUMMING,
    WITHIN,
    BuildStage,
    Sign,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from diagnose.readers.buildlog.hits import Hit


class Event(NamedTuple):
    """A line in which *tool* shows its progress by *sign*.

    ``stream`` and ``crate`` are its origin; ``warning`` is True for a build script's warning; ``text`` is the message.
    """

    line: int
    """The number of the line, from 1."""
    tool: str
    sign: Sign
    text: str = ""
    stream: str = ""
    crate: str = ""
    warning: bool = False

    @property
    def failure(self) -> bool:
        """Whether it reports a failure or an error."""
        return self.sign in (Sign.FAILED, Sign.ERROR)


class Process(NamedTuple):
    """The work of one tool from its first event to its last; ``sign`` is how it ended, as far as its events show."""

    tool: str
    first: int
    last: int
    sign: Sign
    stream: str = ""


class Ending(NamedTuple):
    """How a course ended: ``failed`` is the line of the failure that no later event cancels, ``done`` of the success.

    0 means no such line. Without either the outcome is unknown.
    """

    failed: int = 0
    done: int = 0


# Hits of other tables that are also events.
_UNITS = {
    "crate-failed": ("cargo", Sign.FAILED),
    "crate-done": ("cargo", Sign.FAILED),
    "link-failed": ("cargo", Sign.ERROR),
    "ld-undefined": ("ld", Sign.ERROR),
    "ld-wrong-file": ("ld", Sign.ERROR),
    "ld-no-lib": ("ld", Sign.ERROR),
    "ld-no-file": ("ld", Sign.ERROR),
    "apt-unmet": ("apt", Sign.ERROR),
}
# A report that only repeats, sums up, or introduces: the failure itself is in another line.
_ECHOES = (
    "could not compile", "build failed", "maturin failed", "custom build command", "aborting due to", "Sub-process",
    "Failed to build", "subprocess-exited-with-error", "metadata-generation-failed", "Could not build wheels",
    "waiting for other jobs", "exit code", "exit status", "did not run successfully", "Cargo build finished",
    "Process completed", "failed-wheel-build", "RUST_BACKTRACE", "non-zero", "linking with", "ld returned",
    "failed to solve", "Failed to generate package", "Getting requirements", "previous error", "Traceback (most recent",
    "linker command failed", "process didn't exit", "failed with code", "*** ", "compilation terminated",
    "onfiguring incomplete", "build stopped", "command did not execute successfully", "CalledProcessError",
    "The build backend returned an error", "Call to `", "compiled modules for", "evaluation failed", "commands failed",
    "InvocationError", ": FAIL", "ELIFECYCLE", "held broken", "unmet dependencies", "_build_wheel", "subprocess.",
    "Interrupted: ", "Errors were", "pip-failed-to-build", "test failed, to rerun", "Failed to run command",
    "test result: FAILED", "Job failed", "nox > ", "Some index files failed", "impossible situation",
    "following information", "Command ['", "See above for output",
)  # fmt: skip
#: The others, which are not fixed texts. All of them as one expression took 1 ms to compile.
_ECHO = re.compile(
    r"[Ff]ailed building wheel|(?<!pkg-config )exited with|^FAILED: |warnings? emitted|^\(signal: "
    r"|\d+ targets? failed|npm (?:ERR!|error) |^FAILED \(|^FAIL\b|\b(?:failed|errors?)\b.{0,120} in [\d.]+s"
    r"|^(?:=> )*ERROR \[|^configure: exit |^(?:See|Run|Try) .{1,120} --?h"
)
#: Messages of which it is remembered: about as many as a log has hits.
_EVENTS = 8192


@lru_cache(_EVENTS)
def _is_echo(text: str) -> bool:
    return any(echo in text for echo in _ECHOES) or _ECHO.search(text) is not None


class Course:
    """The events and processes of one log in the order of its lines.

    ``failed_crates`` are those whose build scripts failed.
    """

    def __init__(self, events: Sequence[Event] = (), failed_crates: Iterable[str] = ()) -> None:
        self.events = tuple(events)
        self.processes = tuple(_processes(events))
        self.failed_crates = frozenset(failed_crates)
        self._streams: dict[str, list[Event]] = {}
        self._flows: dict[str, _EventFlow] = {}
        self._ended: Ending | None = None  # these are asked for often
        self._errors: tuple[Event, ...] | None = None
        self._standing: tuple[Event, ...] | None = None
        self._excuses: dict[str, list[tuple[int, int]]] | None = None
        for event in events:
            if not event.warning:
                self._streams.setdefault(event.stream, []).append(event)

    def __eq__(self, other: object) -> bool:
        """Whether both have the same events and the same failed crates."""
        return isinstance(other, Course) and (self.events, self.failed_crates) == (other.events, other.failed_crates)

    def __hash__(self) -> int:
        """Return a hash of the events."""
        return hash(self.events)

    @property
    def ending(self) -> Ending:
        """The outcome: a failure of any stream counts; a success must be of the process that worked last."""
        if self._ended is None:
            self._ended = self._end()
        return self._ended

    def _end(self) -> Ending:
        endings = [_ending(events) for events in self._streams.values()]
        failed = max((ending.failed for ending in endings), default=0)
        done = max((ending.done for ending in endings), default=0)
        if failed or not done:
            return Ending(failed)
        # Steps of BuildKit write between each other; what began in one is done there.
        closed = all(map(_closed, self._streams.values())) and _exported(self.events)
        return Ending(done=done if closed else 0)

    @property
    def errors(self) -> tuple[Event, ...]:
        """The errors with a message of their own, without reports that only repeat, sum up or introduce."""
        if self._errors is None:
            found = [event for event in self.events if event.failure and not event.warning]
            real = [event for event in found if not _is_echo(event.text)]
            self._errors = tuple(real or found)
        return self._errors

    @property
    def standing(self) -> tuple[Event, ...]:
        """Those of :attr:`errors` that the build did not continue after; else such reports; else all errors."""
        if self._standing is None:
            self._standing = self._stood()
        return self._standing

    def _stood(self) -> tuple[Event, ...]:
        given_up = self._given_up()
        every = [event for event in self.events if event.failure and not event.warning]
        for some in (self.errors, every):
            counting = [event for event in some if event.line <= given_up.get(event.stream, event.line)]
            if found := tuple(event for event in counting if not self.went_on(event.line, event.stream)):
                return found
        return self.errors

    def _is_excused(self, line: int, stream: str) -> bool:
        """Whether the error in *line* is one of an attempt that was repeated, or of a probe."""
        if self._excuses is None:
            self._excuses = {stream: excused(events) for stream, events in self._streams.items()}
        return is_within(self._excuses.get(stream, []), line)

    def _given_up(self) -> dict[str, int]:
        """Return the line in each stream in which its runner gave up; later lines are clean-up."""
        lines: dict[str, int] = {}
        for event in self.events:
            if event.tool == "ci" and event.sign is Sign.FAILED and "rocess completed with exit code" in event.text:
                lines.setdefault(event.stream, event.line)
        return lines

    def went_on(self, line: int, stream: str = "", crate: str = "", warning: bool = False, probe: bool = False) -> bool:
        """Whether the build visibly continued after the error in *line*.

        *stream* and *crate* are the line's origin. Cargo prints a *warning* for a build script; a *probe* looks for
        something optional.
        """
        if crate and crate not in self.failed_crates:
            return True
        if self._is_excused(line, stream):
            return True
        if stream not in self._flows:
            self._flows[stream] = _EventFlow(self._streams.get(stream, []))
        flow = self._flows[stream]
        at = bisect_right(flow.lines, line)
        if flow.ignored(at, line) or flow.tool_went_on[at] or flow.script_went_on(at, line):
            return True
        return (warning or probe) and flow.unit_went_on(at, warning)


_IGNORED = 6  # lines from an error to the word that it is ignored


class _EventFlow:
    """One stream of events, with conclusions for each position from all events after it: linear in their number."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self.lines = [event.line for event in events]
        self.tool_went_on = _tool_went_on(events)
        self._running = _running(events)
        self._stages: list[BuildStage | None] = [None]  # of the last process that had begun before each position
        self._begun: list[Event | None] = [None]  # the first of a process from each position on
        for event in events:
            self._stages.append(STAGES.get(event.tool, self._stages[-1]))
        for event in reversed(events):
            self._begun.append(event if event.tool in STAGES else self._begun[-1])
        self._begun.reverse()
        self._steps = _steps(events)
        self._later: dict[tuple[BuildStage, frozenset[str]], tuple[list[int], list[bool]]] = {}
        self._errors: list[Event | None] | None = None  # the next message of its own, if only repetitions are before it

    def ignored(self, at: int, line: int) -> bool:
        """Whether make, or the script, says a few lines below *line* that it goes on without that command."""
        for event in self._events[at : at + _IGNORED]:
            if event.line > line + _IGNORED or event.sign is Sign.FAILED:
                return False
            if event.tool == "fallback" or (event.tool == "make" and event.text.endswith("(ignored)")):
                return True
        return False

    def script_went_on(self, at: int, line: int) -> bool:
        """Whether a later command of the script started from *at* on, after the error in *line*."""
        stage, within = self._stages[at], self._running[at]
        if stage is None:  # no process had begun: the error belongs to the script's preparation
            if not at or self.lines[at - 1] != line or not self._events[at - 1].failure:
                return False
            begun = self._begun[at]
            return begun is not None and begun.tool == "cargo" and begun.sign is Sign.BEGUN
        if (stage, within) not in self._later:
            self._later[stage, within] = _script_went_on(self._steps, stage, within)
        positions, went_on = self._later[stage, within]
        return went_on[bisect_left(positions, at)]

    def unit_went_on(self, at: int, warning: bool) -> bool:
        """Whether the same build script, after a failed probe or a warning, ended with an error of another kind."""
        if self._errors is None:
            self._errors = [None]
            for event in reversed(self._events):
                if not event.failure or (event.tool == "cargo" and event.sign is Sign.FAILED):
                    self._errors.append(None)
                else:
                    self._errors.append(self._errors[-1] if _is_echo(event.text) else event)
            self._errors.reverse()
        error = self._errors[at]
        if error is None:
            return False
        if error.tool == "shell":  # it runs another program: the crate builds its own copy
            return warning or not re.search(r"pkg-?conf", error.text)
        return warning or error.tool in ("cc", "as", "make", "ninja")


def _tool_went_on(events: Sequence[Event]) -> list[bool]:
    """Return for each position whether the tool that worked before it, if it stops at errors, continued after it."""
    before: list[str] = [""]
    for event in events:
        before.append(event.tool if event.tool in SEQUENTIAL else before[-1])
    following: Event | None = None
    went_on = [False]
    for at in range(len(events) - 1, -1, -1):
        event = events[at]
        if event.tool not in SEQUENTIAL:
            if event.tool in STAGES and event.sign is Sign.BEGUN:
                following = None
        elif event.sign not in (Sign.BEGUN, Sign.ERROR):
            # It did the rest after a failure, and reports that at the end.
            resumed = event.tool in RESUMING and following is not None and following.tool == event.tool
            if not (resumed and following is not None and following.sign is Sign.FAILED):
                following = event
        # The first words of configuring tools are not marks: the lines above belong to the tool as well.
        theirs = following is not None and (following.tool in CONFIGURING or before[at] == following.tool)
        went_on.append(theirs and following is not None and following.sign is not Sign.FAILED)
    return went_on[::-1]


class _Step(NamedTuple):
    """An event that can show whether a script went on. ``repeats``: it is the success of a preparation after another.

    Without a ``stage`` it shows that the script did not: its runner gave up.
    """

    at: int
    tool: str
    stage: BuildStage | None
    repeats: bool | None


def _steps(events: Sequence[Event]) -> list[_Step]:
    """Return the events that can show whether a script went on, in their order."""
    steps: list[_Step] = []
    failing: set[str] = set()
    for at in range(len(events) - 1, -1, -1):
        event = events[at]
        failure, stage = event.failure, STAGES.get(event.tool)
        if failure:
            failing.add(event.tool)
        if event.tool == "ci" and event.sign is Sign.FAILED:
            steps.append(_Step(at, "ci", None, None))
        elif stage is not None and not (failure and event.tool not in _ALONE):
            prepares = stage is BuildStage.PREPARE and event.sign is not Sign.BEGUN
            steps.append(_Step(at, event.tool, stage, event.tool not in failing if prepares else None))
    return steps[::-1]


def _script_went_on(steps: Iterable[_Step], stage: BuildStage, within: frozenset[str]) -> tuple[list[int], list[bool]]:
    """Return the positions of the events that show whether a later command of the script than *stage* started then.

    None of the tools *within* counts. The second list says whether it did; it has one more, for no such event.
    """
    positions: list[int] = []
    went_on: list[bool] = []
    value, preparing = stage.value, stage is BuildStage.PREPARE
    for at, tool, later, repeats in steps:
        if later is None:
            found = False
        elif tool in within:
            continue
        elif later.value > value:
            found = True
        elif preparing and repeats is not None:
            found = repeats
        else:
            continue
        positions.append(at)
        went_on.append(found)
    return positions, [*went_on, False]


#: Tools whose events, even failures, show that they were started later, not that they ran the failed process.
_ALONE = frozenset({"cargo", "cargo-test", "pytest", "unittest"})


def _running(events: Iterable[Event]) -> list[frozenset[str]]:
    """Return the tests that had begun before each event, and after the last: messages then may come from them."""
    running = [frozenset[str]()]
    for event in events:
        tests = running[-1]
        if STAGES.get(event.tool) is BuildStage.TEST:
            tests = tests - {event.tool} if event.sign is Sign.DONE else tests | {event.tool}
        running.append(tests)
    return running


def _closed(events: Sequence[Event]) -> bool:
    """Whether no process began after the last success, which is not a step of another that goes on."""
    last = max((event for event in events if event.sign is Sign.DONE), key=lambda event: event.line, default=None)
    if last is None:
        return all(event.sign is not Sign.BEGUN for event in events)
    inner = last.tool in CONFIGURING
    around = AROUND if inner else AROUND[AROUND.index(last.tool) + 1 :] if last.tool in AROUND else ()
    signs = {event.tool: event.sign for event in events if event.tool in around and event.line < last.line}
    if any(sign is not Sign.DONE for sign in signs.values()):
        return False
    return all(event.line <= last.line for event in events if event.sign is Sign.BEGUN)


def _exported(events: Sequence[Event]) -> bool:
    """Whether BuildKit, if it wrote the end of the log, came to the last of its steps: the result is exported."""
    steps = [event for event in events if event.tool == "buildkit"]
    if not steps or any(event.tool == "docker" and event.sign is Sign.STEP for event in events):
        return True
    last = max((event for event in events if event.sign is Sign.DONE), key=lambda event: event.line)
    exports = {event.stream for event in events if event.tool == "docker" and event.sign is Sign.DONE}
    return not last.stream.startswith("#") or last.stream in exports


def _ending(events: Sequence[Event]) -> Ending:
    """Return how one stream ended."""
    done = worked = 0
    failed_tools: set[str] = set()
    excuses = excused(events)
    events = [event for event in events if not is_within(excuses, event.line)]
    for event in events:
        if event.sign is Sign.FAILED:
            failed_tools.add(event.tool)
        elif event.sign is Sign.BEGUN:  # a new run
            failed_tools -= {plugin for plugin, tool in WITHIN.items() if tool == event.tool}
        elif event.sign is Sign.DONE and not (
            (event.tool in SUMMING and event.tool in failed_tools)
            or any(plugin in failed_tools and tool == event.tool for plugin, tool in WITHIN.items())
        ):
            done = event.line
        if not event.failure:
            worked = event.line
    failures = (
        event.line
        for event in events
        if event.failure and event.line > (done if event.sign is Sign.FAILED else max(done, worked))
    )
    failed = max(failures, default=0)
    return Ending(failed) if failed else Ending(done=done)


def course(hits: Iterable[Hit]) -> Course:
    """Return the course of *hits*, which are in the order of their lines."""
    events = tuple(_events(hits))
    crates = frozenset(event.text for event in events if event.tool == "crate")
    events = tuple(_generated([event for event in events if event.tool != "crate"]))
    return Course(events, crates)


def _generated(events: Sequence[Event]) -> Iterator[Event]:
    """Yield *events* without CMake's word that it has generated everything, where an error is before or after it."""
    failed = False
    for at, event in enumerate(events):
        following = events[at + 1] if at + 1 < len(events) else None
        if event.tool == "cmake" and event.sign is Sign.DONE and event.text.startswith("-- Generating done"):
            after = following is not None and following.tool == "cmake" and following.sign is Sign.FAILED
            if failed or after:
                continue
        elif event.tool == "cmake" and event.sign is not Sign.STEP:
            failed = event.sign is Sign.FAILED
        elif event.text.startswith("-- Configuring done"):
            failed = False
        yield event


def _events(hits: Iterable[Hit]) -> Iterator[Event]:
    for hit in hits:
        origin = hit.origin
        if hit.kind == "crate-failed":
            yield Event(hit.line, "crate", Sign.FAILED, hit.groups["crate"], origin.stream)
        if hit.kind in _UNITS:
            tool, sign = _UNITS[hit.kind]
        elif (mark := parse(hit.kind)) is not None:
            sign, tool = mark
        else:
            continue
        yield Event(hit.line, tool, sign, _message(hit.groups, hit.text), origin.stream, origin.crate, origin.warning)


def _message(groups: Mapping[str, str], text: str) -> str:
    """Return the line, with the reason if that is in the next line."""
    reason = groups["text"]
    return text if not reason or reason in text else f"{text} {reason}"


def _processes(events: Iterable[Event]) -> Iterator[Process]:
    """Yield the processes: a tool's events are one until it is done, or begins again after another has worked."""
    running: dict[tuple[str, str], Process] = {}
    for event in events:
        if event.tool not in STAGES:
            continue
        key = event.stream, event.tool
        known = running.get(key)
        if known is not None and (known.sign is not Sign.DONE or event.sign is not Sign.BEGUN):
            running[key] = known._replace(last=event.line, sign=_worse(known.sign, event.sign))
            continue
        if known is not None:
            yield known
        running[key] = Process(event.tool, event.line, event.line, event.sign, event.stream)
    yield from running.values()


def _worse(before: Sign, now: Sign) -> Sign:
    return before if before is Sign.FAILED and now in (Sign.BEGUN, Sign.STEP, Sign.ERROR) else now
