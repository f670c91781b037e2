"""Calls one function for many inputs in several processes, none of which can take the command down with it.

The workers share one pipe from which each takes the number of its next input, and have one pipe each for their
results. The parent starts no thread and needs few file descriptors; where the system refuses another process it goes on
with those that it has, or without any. What a worker that was killed had taken is done again, alone: together, several
may have needed more memory than there is. Where all were killed, new ones go on with the rest. Workers end when their
parent does, however it ends, and even if they are stopped.
"""

from __future__ import annotations

import gc
import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, contextlib

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from typing import Any, NoReturn, TypeVar

    _Item = TypeVar("_Item")
    _Result = TypeVar("_Result")


def cores() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LostWorker(NamedTuple):
    """An input whose worker ended before it had answered. ``reason`` says how: ``killed by SIGBUS``."""

    reason: str


_WORD = 4  # bytes of a number in a pipe
_WORDS_AT_ONCE = 512  # fewer bytes than PIPE_BUF has anywhere on Linux and macOS, so that a write is whole or refused
_NO_MEMORY = 12  # the status of a worker to which the system gave no more; the number is ENOMEM's


class _Flow:
    """The inputs as they are given to the workers, and the answers.

    ``numbers`` are those of the inputs, in the order in which they are given out; at most ``ahead`` of them before the
    answer to the first that is still awaited. ``found`` are the answers that are not taken yet, ``done`` counts all.
    ``ended`` says how each worker did, ``killed`` how many of the last ones did not do all.
    """

    def __init__(self, numbers: Sequence[int], ahead: int) -> None:
        self.numbers, self.ahead = numbers, ahead
        self.taken = 0
        self.given = 0
        self.done = 0
        self.found: dict[int, Any] = {}
        self.ended: list[str] = []
        self.killed = 0

    def renew(self, numbers: Sequence[int]) -> None:
        """Give out *numbers*, to other workers."""
        self.numbers, self.given = numbers, 0

    def words(self) -> bytes:
        """Return the numbers that may be given out now, as the pipe carries them."""
        numbers = self.numbers[self.given : self.taken + self.ahead]
        self.given += len(numbers)
        return b"".join(number.to_bytes(_WORD, "little") for number in numbers)


def run(
    function: Callable[[_Item], _Result],
    items: Sequence[_Item],
    count: int,
    progress: Callable[[int], None] = lambda done: None,
    ahead: int = 0,
    order: Sequence[int] = (),
) -> Generator[_Result | LostWorker, None, None]:
    """Yield what *function* returns for each of *items*, in order, or how its worker ended; up to *count* work at once.

    *order* are the numbers of all items in the order in which they are begun; empty: their own.
    *progress* gets the number of finished inputs. No more than *ahead* inputs are begun before the answer to an earlier
    one is yielded, so that few answers wait; 0: any number. *function* must return picklable values and must not raise.
    """
    flow = _Flow(order or range(len(items)), ahead or len(items))
    first = 0
    while hasattr(os, "fork") and flow.numbers:
        with contextlib.closing(_serve(function, items, flow, count, progress)) as serving:
            for _ in serving:
                while first in flow.found:
                    yield flow.found.pop(first)
                    first = flow.taken = first + 1
        # Where all workers were killed, others do what those had not begun: each begins with the first that is left.
        left = [number for number in flow.numbers if number >= first and number not in flow.found]
        flow.renew(left[flow.killed :] if flow.killed else [])
    for number in range(first, len(items)):
        if number not in flow.found and flow.ended:  # what a worker that was killed had taken
            again = _Flow([number], 1)
            for _ in _serve(function, items, again, 1, lambda done: progress(flow.done + 1)):
                pass
            flow.done += 1
            if again.ended:
                flow.found[number] = again.found.get(number, LostWorker(again.ended[0]))
        yield flow.found.pop(number) if number in flow.found else function(items[number])


def _serve(
    function: Callable[[_Item], _Result],
    items: Sequence[_Item],
    flow: _Flow,
    count: int,
    progress: Callable[[int], None],
) -> Generator[None, None, None]:
    """Let up to *count* workers do what *flow* gives out; yield whenever there are new answers."""
    import pickle
    import select

    from diagnose.readers.system import lifeline  # noqa: F401  (the workers share what is imported before they start)

    sources: dict[int, bytearray] = {}  # where a worker writes → what came of its next answer
    workers: dict[int, int] = {}  # process → our end of its lifeline
    try:
        tasks, feed = os.pipe()
    except OSError:
        return
    os.set_blocking(feed, False)
    for _ in range(min(count, len(flow.numbers))):
        if not _start(function, items, tasks, feed, sources, workers):
            break
    os.close(tasks)
    waiting = b""
    poll = select.poll()
    for source in sources:
        poll.register(source, select.POLLIN)
    try:
        while sources:
            waiting += flow.words()
            if feed >= 0 and waiting:
                poll.register(feed, select.POLLOUT)
            for source, _ in poll.poll():
                if source == feed:
                    waiting = _put(feed, waiting)
                    if not waiting:
                        poll.unregister(feed)
                    continue
                part = os.read(source, 1 << 20)
                if not part:
                    poll.unregister(source)
                    os.close(source)
                    del sources[source]
                    flow.ahead = len(flow.numbers)  # what it had taken may be the first, which is then done at the end
                    continue
                buffer = sources[source]
                buffer += part
                while len(buffer) >= 2 * _WORD:
                    number, size = (int.from_bytes(buffer[at : at + _WORD], "little") for at in (0, _WORD))
                    if len(buffer) < 2 * _WORD + size:
                        break
                    flow.found[number] = pickle.loads(buffer[2 * _WORD : 2 * _WORD + size])
                    flow.done += 1
                    del buffer[: 2 * _WORD + size]
                    progress(flow.done)
            if feed >= 0 and not waiting and flow.given == len(flow.numbers):
                os.close(feed)  # the workers end when they have done what is in the pipe
                feed = -1
            yield
    except BaseException:  # interrupted, no memory left, or closed early
        for worker in workers:
            os.kill(worker, 9)
        raise
    finally:
        for left in (*sources, *([feed] if feed >= 0 else [])):
            os.close(left)
        statuses = [os.waitpid(worker, 0)[1] for worker in workers]
        for line in workers.values():
            os.close(line)
        flow.killed = sum(map(bool, statuses))
        flow.ended += map(_how, statuses)


def _put(feed: int, waiting: bytes) -> bytes:
    """Write as much of *waiting* as the pipe takes; return the rest, nothing when there is no reader any more."""
    try:
        while waiting:
            os.write(feed, waiting[: _WORD * _WORDS_AT_ONCE])
            waiting = waiting[_WORD * _WORDS_AT_ONCE :]
    except BlockingIOError:
        return waiting
    except BrokenPipeError:
        return b""
    return waiting


def _how(status: int) -> str:
    """Return in words how a process with this wait status ended."""
    import signal

    code = os.waitstatus_to_exitcode(status)
    if code == _NO_MEMORY:
        return "did not have enough memory"
    if code >= 0:
        return f"ended with status {code}"
    return f"killed by {signal.Signals(-code).name}" if -code in set(signal.Signals) else f"killed by signal {-code}"


def _start(
    function: Callable[[_Item], _Result],
    items: Sequence[_Item],
    tasks: int,
    feed: int,
    sources: dict[int, bytearray],
    workers: dict[int, int],
) -> bool:
    """Start one more worker; False where the system does not let us."""
    pipes: list[int] = []
    try:
        for _ in range(2):
            pipes += os.pipe()
        gc.freeze()  # the garbage collector of a worker would otherwise copy every page that it shares with its parent
        worker = os.fork()
    except OSError:
        for end in pipes:
            os.close(end)
        return False
    source, answers, line, held = pipes
    if not worker:
        for other in (feed, source, held, *sources, *workers.values()):
            os.close(other)
        _work(function, items, tasks, answers, line)
    os.close(answers)
    os.close(line)
    sources[source] = bytearray()
    workers[worker] = held
    return True


def _work(
    function: Callable[[_Item], _Result], items: Sequence[_Item], tasks: int, answers: int, line: int
) -> NoReturn:
    """Do what there is to do; never returns into the parent's code."""
    import pickle
    import signal

    from diagnose.readers.system import lifeline

    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        lifeline.end_with(line)
        while word := os.read(tasks, _WORD):
            answer = pickle.dumps(function(items[int.from_bytes(word, "little")]), pickle.HIGHEST_PROTOCOL)
            rest = memoryview(word + len(answer).to_bytes(_WORD, "little") + answer)
            while rest:
                rest = rest[os.write(answers, rest) :]
        status = 0
    except BrokenPipeError:
        pass  # the parent has gone
    except MemoryError:
        status = _NO_MEMORY
    finally:
        os._exit(status)
