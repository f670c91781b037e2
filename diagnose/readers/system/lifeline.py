"""Ends a worker when the process that it works for has ended, however that ended, and whatever the worker is doing.

The worker has one end of a pipe, the other process the other, so that the kernel closes that end for it. Linux then
kills the worker itself: also while it is stopped, when no handler of a signal would run.

Source: fcntl(2), ``F_SETSIG``.
"""

from __future__ import annotations

import os
import signal

from diagnose.model._lazy_stdlib import contextlib

_HEARTBEAT = 0.5  # seconds after which a worker looks by itself, for systems that do not kill it


def end_with(lifeline: int) -> None:
    """End this process when the other end of the pipe *lifeline*, to which nothing is written, is closed everywhere."""
    if not hasattr(signal, "setitimer"):  # Windows
        return
    import select

    poll = select.poll()
    poll.register(lifeline, 0)  # asks for no event: a closed end is always one

    def look(*_: object) -> None:
        if poll.poll(0):
            os._exit(1)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _HEARTBEAT, _HEARTBEAT)
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    look()  # it may have ended before
