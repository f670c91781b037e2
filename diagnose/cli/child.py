"""Runs a command as a shell would: its output passes through as it comes, signals reach it, its status is kept.

What it prints also goes, line by line in the order of arrival, into one pipe, which a thread reads.
Memory is bounded by the pipes. Nothing waits for a process that the command leaves behind with its output open (a
compiler cache's server, say).
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading

from diagnose.cli import console
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, BinaryIO

    Read = Callable[[BinaryIO], Any]

_LINE = 1 << 16  # bytes after which a line that does not end is passed to the reader in pieces
_BLOCK = 1 << 16
_LEFT = 1 << 20  # bytes that a pipe can still hold when the command has ended: no Linux gives it more unasked
_GRACE = 1.0  # seconds that the last output is waited for, where the system cannot tell whether there is more


class ChildExit(NamedTuple):
    """How a command ended. ``status`` is its exit status, negative for the signal that ended it.

    ``asked`` says that it was made to end: by a signal that we passed on, or because its output had no reader any more.
    ``unwritten`` says why its standard output could not be passed through (`` is closed``).
    ``output`` returns what was read of its output, or raises what reading it raised; None if the command did not
    fail by itself, or if there was no memory to read it.
    """

    status: int
    asked: bool = False
    unwritten: str = ""
    output: Callable[[], Any] | None = None


def run(command: tuple[str, ...], tty: bool, read: Read) -> ChildExit:
    """Run *command*, *read* what it prints in a thread, and say how it ended.

    Its outputs are pipes, or with *tty* pseudo-terminals; its input is ours.

    Where there is no memory for the threads, it has our outputs, and nothing is read.

    Raises:
        OSError: it cannot be started (``FileNotFoundError``: there is no such program), or there is no pseudo-terminal.
    """
    signals = _Signals()
    try:
        reader = _OutputReader(read)
        outputs = [_Output(stream, tty, reader) for stream in (1, 2)]
    except RuntimeError:  # no memory for another thread
        process = signals.start(command)
        return ChildExit(process.wait(), signals.asked)
    try:
        process = signals.start(command, *outputs)
    finally:
        for output in outputs:
            os.close(output.theirs)
    status = process.wait()
    for output in outputs:
        output.finish()
    asked = signals.asked or any(output.unread for output in outputs)
    return ChildExit(status, asked, outputs[0].unwritten, reader.end if status and not asked else None)


class _Signals:
    """Passes the signals that ask us to end on to the command: to all its processes, which are a group of their own.

    In the foreground of a terminal they stay in our group instead, so that Ctrl-C, Ctrl-Z and reading from the terminal
    work as without us; the terminal itself then sends its signals to all of them.
    """

    def __init__(self) -> None:
        self.asked = False
        self.grouped = hasattr(os, "setpgrp") and not _in_foreground()
        self._process: subprocess.Popen[bytes] | None = None
        self._terminals: list[int] = []
        self._early: list[int] = []
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._receive)

    def start(self, command: tuple[str, ...], *outputs: _Output) -> subprocess.Popen[bytes]:
        """Start *command* with these outputs, or with ours, and pass signals on to it from now on."""
        own_group: dict[str, Any] = {"process_group": 0} if sys.version_info >= (3, 11) else {"start_new_session": True}
        streams: dict[str, Any] = dict(zip(("stdout", "stderr"), (output.theirs for output in outputs), strict=False))
        self._terminals = [output.ours for output in outputs if output.tty]
        if self._terminals:
            self._resize(0, None)
            signal.signal(signal.SIGWINCH, self._resize)
        self._process = subprocess.Popen(command, **streams, **(own_group if self.grouped else {}))
        for number in self._early:
            self._send(number)
        return self._process

    def _receive(self, number: int, frame: object) -> None:
        self.asked = True
        if self._process is None:
            self._early.append(number)
        else:
            self._send(number)

    def _send(self, number: int) -> None:
        if self._process is None:
            return
        try:
            if self.grouped:
                os.killpg(self._process.pid, number)
                if number != getattr(signal, "SIGWINCH", 0):
                    os.killpg(self._process.pid, signal.SIGCONT)  # what is stopped would not hear of it
            elif number not in (signal.SIGINT, getattr(signal, "SIGQUIT", 0)):
                self._process.send_signal(number)
        except OSError:
            pass  # it has ended

    def _resize(self, number: int, frame: object) -> None:
        import fcntl
        import termios

        for ours in (0, 1, 2):
            try:
                size = fcntl.ioctl(ours, termios.TIOCGWINSZ, bytes(8))
            except OSError:
                continue
            for terminal in self._terminals:
                with contextlib.suppress(OSError):  # closed by now
                    fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
            break
        if number:
            self._send(number)


def _in_foreground() -> bool:
    """Whether we are what the user of a terminal waits for."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


class _Output:
    """One output of the command, which a thread passes on to our own (1 or 2) and to *reader*, until it ends.

    ``theirs`` is the end for the command, ``ours`` the other.
    """

    def __init__(self, stream: int, tty: bool, reader: _OutputReader) -> None:
        self.tty = tty
        self._stream = stream
        self._reader = reader
        self._rest = b""
        self._stopped, self._stop = os.pipe()
        self.ours, self.theirs = _terminal() if tty else os.pipe()
        self.unread = False
        self.unwritten = ""
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait until what the command has printed is passed on."""
        os.close(self._stop)
        self._thread.join(None if hasattr(select, "poll") else _GRACE)

    def _pump(self) -> None:
        wait = None
        if hasattr(select, "poll"):
            wait = select.poll()
            wait.register(self.ours, select.POLLIN)
            wait.register(self._stopped, 0)
            os.set_blocking(self.ours, False)
        left = 0
        try:
            while True:
                if wait is not None and not left and any(ready == self._stopped for ready, _ in wait.poll()):
                    left = _LEFT
                try:
                    part = os.read(self.ours, _BLOCK)
                except BlockingIOError:
                    if left:
                        return
                    continue
                except OSError:  # a pseudo-terminal that every process has closed
                    return
                if not part or (left and (left := left - len(part)) <= 0):
                    return
                if not self._write(part):
                    return
                self._feed(part)
        finally:
            self._reader.take(self._rest)
            os.close(self.ours)

    def _feed(self, part: bytes) -> None:
        whole, end, rest = (self._rest + part).rpartition(b"\n")
        if len(rest) > _LINE:
            whole, end, rest = whole + end + rest, b"", b""
        self._reader.take(whole + end)
        self._rest = rest

    def _write(self, part: bytes) -> bool:
        """Write *part* to our own output; False after its reader has gone, so that the command notices it too."""
        if self._stream == 1 and console.is_closed(1):
            self.unwritten = " is closed"
        rest = memoryview(part)
        while rest and not self.unwritten:
            try:
                rest = rest[os.write(self._stream, rest) :]
            except BlockingIOError:  # noqa: PERF203
                select.select([], [self._stream], [])
            except BrokenPipeError:
                self.unread = True
                return False
            except OSError as error:
                self.unwritten = f": {error.strerror or error}"
        return True


def _terminal() -> tuple[int, int]:
    """Open a pseudo-terminal that passes output unchanged; return our end and the command's."""
    try:
        import termios
    except ImportError:
        raise OSError("this system has no pseudo-terminals (--tty)") from None
    ours, theirs = os.openpty()
    attributes = termios.tcgetattr(theirs)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    return ours, theirs


class _OutputReader:
    """The thread that reads what the command prints, while it does."""

    def __init__(self, read: Read) -> None:
        source, self._sink = os.pipe()
        self._lock = threading.Lock()
        self._found: Any = None
        self._error: Exception | None = None
        self._source = open(source, "rb")  # noqa: SIM115  (closed by the thread)
        self._thread = threading.Thread(target=self._read, args=(read,), daemon=True)
        self._thread.start()

    def _read(self, read: Read) -> None:
        try:
            self._found = read(self._source)
        except Exception as error:
            self._error = error
        finally:
            self._source.close()

    def take(self, lines: bytes) -> None:
        """Pass *lines* to the thread."""
        rest = memoryview(lines)
        with self._lock:
            try:
                while rest and self._sink >= 0:
                    rest = rest[os.write(self._sink, rest) :]
            except BrokenPipeError:
                os.close(self._sink)
                self._sink = -1

    def end(self) -> Any:
        """Return what the thread has read, now that nothing more comes, or raise what that raised."""
        with self._lock:
            if self._sink >= 0:
                os.close(self._sink)
                self._sink = -1
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found
