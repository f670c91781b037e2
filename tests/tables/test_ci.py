"""Releases that tags name."""

from __future__ import annotations

import pytest

from diagnose.tables import ci


@pytest.mark.parametrize(
    ("tag", "release"),
    [
        ("v2.21.3", (2, 21, 3)),
        ("v3", (3, 9999, 9999)),
        ("3.1", (3, 1, 9999)),
        ("main", ()),
        ("v", ()),
        ("v1.2.3.4", ()),
        ("v0²", ()),  # str.isdigit, but no number
        ("v٣", ()),
        ("v" + "1" * 5000, ()),  # more digits than int() takes
    ],
)
def test_releases(tag: str, release: tuple[int, ...]) -> None:
    assert ci.release_of(tag) == release
