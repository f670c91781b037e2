"""The build containers that make wheels for a policy. https://github.com/pypa/manylinux lists them."""

from __future__ import annotations

_MAINLINE = frozenset({"x86_64", "i686", "aarch64", "ppc64le", "s390x"})

#: Name as cibuildwheel knows it, the glibc inside, and the architectures there are images for; oldest first.
MANYLINUX = (
    ("manylinux2014", (2, 17), _MAINLINE),
    ("manylinux_2_28", (2, 28), _MAINLINE),
    ("manylinux_2_31", (2, 31), frozenset({"armv7l"})),
    ("manylinux_2_34", (2, 34), _MAINLINE),
    ("manylinux_2_35", (2, 35), frozenset({"armv7l"})),
    ("manylinux_2_39", (2, 39), frozenset({"riscv64"})),
)


def manylinux_image(glibc: tuple[int, ...], arch: str) -> str:
    """Return the newest image whose wheels need no more than *glibc*; empty if no such image exists."""
    fitting = [name for name, version, arches in MANYLINUX if version <= glibc and arch in arches]
    return fitting[-1] if fitting else ""
