"""Releases and requirements of Cargo.toml, and requirements of Python."""

from __future__ import annotations

import pytest

from diagnose.readers import requirements
from diagnose.readers.cargo import requirement


@pytest.mark.parametrize(
    ("version", "wanted", "answer"),
    [
        ("1.2.3", "1", True),
        ("1.2.3", "1.3", False),
        ("0.2.3", "0.2", True),
        ("0.3.0", "0.2.9", False),
        ("0.0.4", "0.0.3", False),
        ("0.0.4", "0.0", True),
        ("0.5.0", "0", True),
        ("1.2.3", "~1.2", True),
        ("1.3.0", "~1.2.3", False),
        ("1.9.0", "~1", True),
        ("1.2.3", "=1.2", True),
        ("1.2.3", "=1.2.4", False),
        ("1.2.3", ">=1, <2", True),
        ("2.0.0", ">=1, <2", False),
        ("1.2.3", "1.*", True),
        ("2.0.0", "1.*", False),
        ("2.0.0", "*", True),
        ("1.2.3", ">1.2", False),
        ("1.3.0", ">1.2", True),
        ("1.2.3", "<=1.2", True),
        ("1.2.3+x", "1.2.3", True),
        ("1.2.3-rc.1", "1", None),
        ("1.2.3", "1.0.0-alpha", None),
        ("1.2", "1", None),
    ],
)
def test_what_fits(version: str, wanted: str, answer: bool | None) -> None:
    assert requirement.fits(version, wanted) is answer


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("maturin>=1.9,<2", True),
        ("maturin", True),
        ("maturin[patchelf] >= 1.0 ; python_version > '3.6'", True),
        ("maturin @ https://mirror.example/m.whl", True),
        ("maturin>=1.0,,<2", False),
        ("maturin 1.0", False),
        ("numpy=>1", False),
        ("a; python_versoin > '3'", False),
        ("", False),
    ],
)
def test_what_is_a_requirement(text: str, valid: bool) -> None:
    assert requirements.is_valid(text) is valid
