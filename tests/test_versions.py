"""Versions compare by their numbers, whatever the text is."""

from __future__ import annotations

import pytest

from diagnose.model.versions import name_key, newer, number, version_key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("2.34", (2, 34)),
        ("1.95.0+dfsg1-2", (1, 95, 0)),
        ("0+dfsg1.2", (0,)),
        ("1.80.0-nightly.3", (1, 80, 0)),
        ("12-win32", (12,)),
        ("3.0.2k", (3, 0, 2)),
        ("2.PRIVATE", (2,)),
        ("v1.2", ()),
        ("²", ()),
        ("", ()),
        ("9" * 5000, (int("9" * 18),)),
    ],
)
def test_dotted(text: str, key: tuple[int, ...]) -> None:
    assert version_key(text) == key


def test_names() -> None:
    assert name_key("manylinux_2_28_x86_64") == (2, 28, 86, 64)
    assert name_key("GLIBCXX_3.4.29") == (3, 4, 29) > name_key("GLIBCXX_3.4.9")
    assert name_key("x" * 100) == ()
    assert number("0" * 5000 + "7") == 0


def test_newer_knows_both() -> None:
    assert newer("1.10", "1.9") and not newer("1.9", "1.10") and not newer("1.9", "1.9")
    assert not newer("", "1") and not newer("1", "")
