"""Calls one function for many inputs in several processes, none of which can take the command down with it.

The workers share one pipe from which each takes the number of its next input, and have one pipe each for their
results. The parent starts no thread and needs few file descriptors; where the system refuses another process it goes on
with those that it has, or without any. What a worker that was killed had taken is done again, alone: together, several
may have needed more memory than there is. Workers end when their parent does, however it ends.
"""

from __future__ import annotations

import gc
import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn, TypeVar

    _Item = TypeVar("_Item")
    _Result = TypeVar("_Result")


class LostWorker(NamedTuple):
    """An input whose worker ended before it had answered. ``reason`` says how: ``killed by SIGBUS``."""

    reason: str


_WORD = 4  # bytes of a number in a pipe
_WORDS_AT_ONCE = 512  # fewer bytes than PIPE_BUF has anywhere on Linux and macOS, so that a write is whole or refused
_NO_MEMORY = 12  # the status of a worker to which the system gave no more; the number is ENOMEM's
_HEARTBEAT = 0.5  # seconds after which a worker looks again whether its parent is still there


def run(
    function: Callable[[_Item], _Result],
    items: Sequence[_Item],
    count: int,
    progress: Callable[[int], None] = lambda done: None,
) -> list[_Result | LostWorker]:
    """Return what *function* returns for each of *items*, or how its worker ended, with up to *count* processes.

    *progress* gets the number of finished inputs. *function* must return picklable values and must not raise.
    """
    found: dict[int, _Result | LostWorker] = {}
    if hasattr(os, "fork"):
        started = _serve(function, items, list(range(len(items))), count, found, lambda: progress(len(found)))
        for number in range(len(items)) if started else ():
            if number not in found:
                ended = _serve(function, items, [number], 1, found, lambda: progress(len(found)))
                if ended and number not in found:
                    found[number] = LostWorker(ended[0])
    return [found[number] if number in found else function(item) for number, item in enumerate(items)]


def _serve(
    function: Callable[[_Item], _Result],
    items: Sequence[_Item],
    numbers: Sequence[int],
    count: int,
    found: dict[int, _Result | LostWorker],
    progress: Callable[[], None],
) -> list[str]:
    """Let up to *count* workers do the *numbers* and put what they return into *found*; say how each of them ended."""
    import pickle
    import select

    sources: dict[int, bytearray] = {}  # where a worker writes → what came of its next answer
    workers: list[int] = []
    try:
        tasks, feed = os.pipe()
    except OSError:
        return []
    os.set_blocking(feed, False)
    for _ in range(min(count, len(numbers))):
        if not _start(function, items, tasks, feed, sources, workers):
            break
    os.close(tasks)
    waiting = b"".join(number.to_bytes(_WORD, "little") for number in numbers)
    poll = select.poll()
    poll.register(feed, select.POLLOUT)
    for source in sources:
        poll.register(source, select.POLLIN)
    try:
        while sources:
            for source, _ in poll.poll():
                if source == feed:
                    waiting = _put(feed, waiting)
                    if not waiting:
                        poll.unregister(feed)
                        os.close(feed)  # the workers end when they have done what is in the pipe
                        feed = -1
                    continue
                part = os.read(source, 1 << 20)
                if not part:
                    poll.unregister(source)
                    os.close(source)
                    del sources[source]
                    continue
                buffer = sources[source]
                buffer += part
                while len(buffer) >= 2 * _WORD:
                    number, size = (int.from_bytes(buffer[at : at + _WORD], "little") for at in (0, _WORD))
                    if len(buffer) < 2 * _WORD + size:
                        break
                    found[number] = pickle.loads(buffer[2 * _WORD : 2 * _WORD + size])
                    del buffer[: 2 * _WORD + size]
                    progress()
    except BaseException:  # interrupted, or no memory left
        for worker in workers:
            os.kill(worker, 9)
        raise
    finally:
        for left in (*sources, *([feed] if feed >= 0 else [])):
            os.close(left)
        ended = [_how(os.waitpid(worker, 0)[1]) for worker in workers]
    return ended


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
    workers: list[int],
) -> bool:
    """Start one more worker; False where the system does not let us."""
    try:
        source, answers = os.pipe()
    except OSError:
        return False
    gc.freeze()  # the garbage collector of a worker would otherwise copy every page that it shares with its parent
    parent = os.getpid()
    try:
        worker = os.fork()
    except OSError:
        os.close(source)
        os.close(answers)
        return False
    if not worker:
        for other in (feed, source, *sources):
            os.close(other)
        _work(function, items, tasks, answers, parent)
    os.close(answers)
    sources[source] = bytearray()
    workers.append(worker)
    return True


def _work(
    function: Callable[[_Item], _Result], items: Sequence[_Item], tasks: int, answers: int, parent: int
) -> NoReturn:
    """Do what there is to do; never returns into the parent's code."""
    import pickle
    import signal

    def look(*_: object) -> None:
        if os.getppid() != parent:
            os._exit(1)

    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, look)
        signal.setitimer(signal.ITIMER_REAL, _HEARTBEAT, _HEARTBEAT)
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
