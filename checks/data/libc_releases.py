"""Which distribution brings which C and C++ library; the version pages of each distribution are the source.

https://distrowatch.com lists them side by side; libstdc++'s versions by compiler are in its manual
(https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html).
"""

from __future__ import annotations

#: Distribution, its glibc, and the highest GLIBCXX version of its libstdc++; oldest first.
GLIBC = (
    ("CentOS 7", (2, 17), (3, 4, 19)),
    ("Amazon Linux 2", (2, 26), (3, 4, 24)),
    ("RHEL 8", (2, 28), (3, 4, 25)),
    ("Debian 11", (2, 31), (3, 4, 28)),
    ("Ubuntu 20.04", (2, 31), (3, 4, 28)),
    ("RHEL 9", (2, 34), (3, 4, 29)),
    ("Ubuntu 22.04", (2, 35), (3, 4, 30)),
    ("Debian 12", (2, 36), (3, 4, 30)),
    ("Ubuntu 24.04", (2, 39), (3, 4, 33)),
    ("RHEL 10", (2, 39), (3, 4, 33)),
    ("Debian 13", (2, 41), (3, 4, 33)),
)

#: Functions that a binary can be seen to use, and the musl release that brought them: musl's WHATSNEW file.
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

#: The first Alpine release with a musl release.
ALPINE = {(1, 2, 0): "3.13", (1, 2, 2): "3.13", (1, 2, 3): "3.16", (1, 2, 5): "3.20"}


def musl_release(function: str) -> tuple[int, int, int] | None:
    """Return the musl release that brought *function*, None if it is older than all that musllinux tags promise.

    Names with ``time64`` in them exist on 32-bit architectures, since their ``time_t`` has 64 bits.
    """
    if function.startswith("__") and "time64" in function:
        return (1, 2, 0)
    return MUSL_FUNCTIONS.get(function)


def older_than(glibc: tuple[int, ...] = (), glibcxx: tuple[int, ...] = ()) -> list[str]:
    """Return the distributions whose glibc or libstdc++ is older than the versions given."""
    return [name for name, libc, libcxx in GLIBC if (glibc and libc < glibc) or (glibcxx and libcxx < glibcxx)]
