"""Which release has which C and C++ library, from the table of releases."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, cache
from diagnose.tables.distributions import releases

if TYPE_CHECKING:
    from diagnose.tables.distributions import Release


@cache
def named_releases() -> tuple[Release, ...]:
    """Return the releases that messages name, with the oldest glibc first."""
    return tuple(sorted((one for one in releases() if one.label), key=lambda one: one.glibc))


def older_than(glibc: tuple[int, ...] = (), glibcxx: tuple[int, ...] = ()) -> list[str]:
    """Return the releases whose glibc or libstdc++ is older than the versions given, the oldest first."""
    return [
        one.label
        for one in named_releases()
        if (glibc and one.glibc < glibc) or (glibcxx and one.glibcxx and one.glibcxx < glibcxx)
    ]


def alpine_with_musl(version: tuple[int, ...]) -> str:
    """Return the first Alpine release whose musl is at least *version*; empty if unknown."""
    return next((one.version for one in releases() if one.musl and one.musl >= version), "")
