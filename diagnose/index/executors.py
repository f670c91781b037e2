"""The workers: processes of this machine, or of a Dask cluster, both behind ``concurrent.futures.Executor``."""

from __future__ import annotations

import multiprocessing
import signal
import time
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor

from diagnose import __version__
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers.system import lifeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future
    from typing import Any


class Workers:
    """Where functions run. ``losses`` are the errors of a call whose worker ended before it had answered."""

    losses: tuple[type[BaseException], ...] = ()

    def __init__(self) -> None:
        self._executor: Executor | None = None

    def count(self) -> int:
        """Return how many calls can run at once.

        Raises:
            InputError: there are no workers any more.
        """
        raise NotImplementedError

    def renew(self) -> None:
        """Make up for workers that were lost."""

    def _made(self) -> Executor:
        raise NotImplementedError

    def submit(self, function: Callable[..., Any], *arguments: object) -> Future[Any]:
        """Call *function* on a worker."""
        if self._executor is None:
            self._executor = self._made()
        return self._executor.submit(function, *arguments)

    def abandon(self) -> None:
        """End the workers that are ours at once, whatever they are doing."""
        self.close()

    def close(self) -> None:
        """End the workers that are ours, when they have done what they are doing."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None


class LocalWorkers(Workers):
    """Processes of this machine. When one is killed, all that had something to do lose it, and are started again."""

    losses = (BrokenProcessPool,)

    def __init__(self, processes: int) -> None:
        super().__init__()
        self._processes = processes

    def count(self) -> int:
        """Return the number of processes."""
        return self._processes

    def renew(self) -> None:
        """Start them again."""
        self.close()

    def abandon(self) -> None:
        """Kill them: those that are stopped, too."""
        for process in multiprocessing.active_children():
            process.kill()
        self.close()

    def _made(self) -> Executor:
        return ProcessPoolExecutor(self._processes, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Let this process end when the one that started it does; it alone hears of Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        lifeline.end_with(parent.sentinel)


PATIENCE = 60
"""Seconds that a scheduler may be without workers."""


class DaskWorkers(Workers):
    """The workers of the Dask scheduler at *address*, such as ``tcp://scheduler:8786``.

    Raises:
        InputError: distributed is not installed, the scheduler does not answer, has no workers, or they have another
            release of this program.
    """

    def __init__(self, address: str) -> None:
        super().__init__()
        try:
            distributed: Any = __import__("distributed")
        except ImportError:
            raise InputError("--scheduler needs distributed: install crosslink-diagnose[dask]") from None
        self.losses = (distributed.KilledWorker, distributed.client.FutureCancelledError)
        self._address = address
        self._seen = time.monotonic()
        try:
            self._client: Any = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TimeoutError, AssertionError) as error:  # the last for settings of Dask's
            raise InputError(self._silent(error)) from None
        try:
            self._compare_releases()
        except InputError:
            self._client.close()  # it would look for the scheduler for ever
            raise

    def _compare_releases(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
            releases = self._client.run(release)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(self._silent(error)) from None
        except ModuleNotFoundError:
            raise InputError(f"{self._address}: its workers have no crosslink-diagnose {__version__}") from None
        if others := ", ".join(sorted({found for found in releases.values() if found != __version__})):
            raise InputError(f"{self._address}: its workers have crosslink-diagnose {others}, not {__version__}")

    def _silent(self, error: Exception) -> str:
        return f"{self._address}: no scheduler with workers: {str(error) or type(error).__name__}"

    def count(self) -> int:
        """Return the number of threads of all workers; at least 1 while workers may come back."""
        try:
            threads: dict[str, int] = self._client.nthreads()
        except (OSError, TimeoutError, AttributeError):  # the last where the connection ends in between
            raise InputError(f"{self._address}: the scheduler does not answer any more") from None
        if threads:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > PATIENCE:
            raise InputError(f"{self._address}: has had no workers for {PATIENCE} seconds")
        return max(1, sum(threads.values()))

    def _made(self) -> Executor:
        executor: Executor = self._client.get_executor(pure=False)
        return executor

    def close(self) -> None:
        """Leave the scheduler, which forgets what it was still to do."""
        if self._executor is not None:
            self._executor.shutdown(wait=False)
        self._client.close()


def release() -> str:
    """Return the release of this program, where it is called."""
    return __version__
