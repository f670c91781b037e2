"""Gives batches of wheels to workers, and takes their rows: in the end each wheel has one.

The workers are behind :class:`concurrent.futures.Executor`: processes of this machine, or those of a Dask cluster.
No more than a few batches for each worker are under way, so that neither this process nor a scheduler holds much.

A batch that fails as a whole (its worker was killed, say) is done again, wheel by wheel; a wheel that fails by itself
is a row that says so.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, wait

from diagnose.index import judging
from diagnose.index.rows import Row
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from diagnose.index.executors import Workers
    from diagnose.index.judging import RunFlags
    from diagnose.index.locations import Location

BATCH = 100
"""Wheels of a batch, …"""
BATCH_BYTES = 50 << 20
"""… or bytes, whichever is reached first: enough work for the cost of a task not to matter."""
UNKNOWN_SIZE = 1 << 20
"""Bytes of a wheel of which the index gives no size."""
AHEAD = 3
"""Batches for each worker that are given out: one at work, the others wait there."""


class _Task(NamedTuple):
    """A batch, and whether it failed before; then it is a single wheel, and runs while nothing else does."""

    wheels: tuple[Location, ...]
    again: bool = False


def batches(wheels: Iterable[Location]) -> Iterator[tuple[Location, ...]]:
    """Yield *wheels* in batches."""
    batch: list[Location] = []
    size = 0
    for wheel in wheels:
        batch.append(wheel)
        size += wheel.size or UNKNOWN_SIZE
        if len(batch) == BATCH or size >= BATCH_BYTES:
            yield tuple(batch)
            batch, size = [], 0
    if batch:
        yield tuple(batch)


def judge_all(
    wheels: Iterable[Location],
    workers: Workers,
    flags: RunFlags,
    take: Callable[[list[Row]], None],
    tick: Callable[[], None] = lambda: None,
    judge: Callable[[tuple[Location, ...], RunFlags], list[Row]] = judging.judge,
) -> None:
    """Judge all *wheels*, and give their rows to *take* as they come; *tick* is called between.

    *judge* is the function that workers call; they have to be able to import it.

    Raises:
        InputError: there are no workers any more; what :func:`~diagnose.index.locations.locate` and *take* raise.
    """
    fresh = batches(wheels)
    alone: deque[_Task] = deque()
    running: dict[Future[list[Row]], _Task] = {}
    more = True
    while True:
        width = AHEAD * workers.count()
        while more and not alone and len(running) < width:
            batch = next(fresh, None)
            more = batch is not None
            if batch is not None:
                running[workers.submit(judge, batch, flags)] = _Task(batch)
        if not running and alone:
            task = alone.popleft()
            running[workers.submit(judge, task.wheels, flags)] = task
        if not running:
            return
        done, _ = wait(running, timeout=1, return_when=FIRST_COMPLETED)
        lost = False
        for future in done:
            task = running.pop(future)
            try:
                take(future.result())
            except workers.losses as error:
                lost = True
                if task.again:
                    take([_poisoned(task.wheels[0], error)])
                else:
                    alone += (_Task((wheel,), again=True) for wheel in task.wheels)
        if lost:
            workers.renew()
        tick()


def _poisoned(wheel: Location, error: BaseException) -> Row:
    reason = "the process that read it was killed" if str(error) else "it was given up"
    text = f"{wheel.file_name}: not inspected: {reason} ({type(error).__name__})"
    return Row(wheel.label, wheel.file_name, error=text, uploaded=wheel.uploaded, size=wheel.size)


class Pace:
    """How far a run is, in words: wheels done, a second, and the time that is left."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self.done = 0
        self.expected = 0

    def words(self) -> str:
        """Return the line of progress; the time left only where the number of wheels is known."""
        passed = max(self._clock() - self._began, 1e-9)
        rate = self.done / passed
        line = f"{self.done} wheels, {rate:.0f} a second" if rate >= 10 else f"{self.done} wheels, {rate:.1f} a second"
        if self.expected > self.done and rate:
            left = round((self.expected - self.done) / rate)
            line += f", {left // 3600}:{left // 60 % 60:02}:{left % 60:02} left"
        return line
