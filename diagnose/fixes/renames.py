"""Renames that overwrite no file: an atomic swap of two files, and a move to a name that must be free.

Source: rename(2), ``RENAME_EXCHANGE`` and ``RENAME_NOREPLACE``. If the kernel, the file system or a sandbox does not
support them, the callers fall back to POSIX functions.
"""

from __future__ import annotations

import errno
import os
import sys

from diagnose.model._lazy_stdlib import TYPE_CHECKING, cache
from diagnose.readers.system.host import host_machine

if TYPE_CHECKING:
    from collections.abc import Callable

_NOREPLACE, _EXCHANGE, _AT_FDCWD = 1, 2, -100
_UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}  # EPERM: older sandboxes of containers
#: Number of the system call for a libc without a function for it (musl before 1.2.6); source: Linux, syscall tables.
_NUMBERS = {
    "x86_64": 316, "i386": 353, "i486": 353, "i586": 353, "i686": 353, "armv6l": 382, "armv7l": 382, "armv8l": 382,
    "aarch64": 276, "riscv64": 276, "loongarch64": 276, "ppc64le": 357, "ppc64": 357, "s390x": 347,
}  # fmt: skip


def exchange(one: str, other: str) -> bool:
    """Swap two files of one folder atomically; False if this is not supported.

    Raises:
        OSError: it is supported, and failed.
    """
    return _rename(one, other, _EXCHANGE)


def move(source: str, target: str) -> None:
    """Rename *source* to *target*, which must not exist.

    Raises:
        OSError: *target* exists (``FileExistsError``), or it failed.
    """
    if _rename(source, target, _NOREPLACE):
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
        os.rename(source, target)
    else:
        os.unlink(source)


def _rename(source: str, target: str, flags: int) -> bool:
    function = _renameat2()
    if function is None:
        return False
    code = function(os.fsencode(source), os.fsencode(target), flags)
    if code in _UNSUPPORTED:
        return False
    if code:
        raise OSError(code, os.strerror(code), source, None, target)
    return True


@cache
def _renameat2() -> Callable[[bytes, bytes, int], int] | None:
    """Return the system call as a function that returns an error number; None if it is not available."""
    try:
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
    except (ImportError, OSError, TypeError):
        return None
    call = getattr(library, "renameat2", None)
    leading: tuple[int, ...] = ()
    if call is None:
        number = _NUMBERS.get(host_machine()) if sys.platform.startswith("linux") else None
        if number is None or (number == _NUMBERS["x86_64"] and ctypes.sizeof(ctypes.c_void_p) == 4):
            return None
        call, leading = library.syscall, (number,)

    def renameat2(source: bytes, target: bytes, flags: int) -> int:
        code = call(*leading, _AT_FDCWD, source, _AT_FDCWD, target, flags)
        return ctypes.get_errno() if code else 0

    return renameat2
