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

#: The first Alpine release with a musl release.
ALPINE = {(1, 2, 0): "3.13", (1, 2, 2): "3.13", (1, 2, 3): "3.16", (1, 2, 4): "3.18", (1, 2, 5): "3.20"}


def older_than(glibc: tuple[int, ...] = (), glibcxx: tuple[int, ...] = ()) -> list[str]:
    """Return the distributions whose glibc or libstdc++ is older than the versions given."""
    return [name for name, libc, libcxx in GLIBC if (glibc and libc < glibc) or (glibcxx and libcxx < glibcxx)]
