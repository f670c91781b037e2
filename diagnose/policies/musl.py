"""Determines the musl that a file needs: symbols of musl have no versions, but new releases add functions.

Source: musl's WHATSNEW file.
"""

from __future__ import annotations

#: Functions whose use is visible in a binary, and the musl release that introduced them.
MUSL_FUNCTIONS = {
    "_Fork": (1, 2, 2),
    "gettid": (1, 2, 2),
    "reallocarray": (1, 2, 2),
    "tcgetwinsize": (1, 2, 2),
    "tcsetwinsize": (1, 2, 2),
    "pthread_getname_np": (1, 2, 3),
    "qsort_r": (1, 2, 3),
    "preadv2": (1, 2, 5),
    "pwritev2": (1, 2, 5),
    "statx": (1, 2, 5),
}


SELF = frozenset({"libc.so", "libpthread.so", "librt.so", "libm.so", "libdl.so", "libutil.so", "libxnet.so"})
"""Names that musl's loader resolves to itself, whatever its file is called: ``load_library`` in ``ldso/dynlink.c``."""


def release(function: str) -> tuple[int, int, int] | None:
    """Return the musl release that introduced *function*; None if it is older than those of all musllinux tags.

    Names with ``time64`` exist on 32-bit architectures since their ``time_t`` has 64 bits.
    """
    if function.startswith("__") and "time64" in function:
        return (1, 2, 0)
    return MUSL_FUNCTIONS.get(function)
