"""Tests which Python and ABI tags no interpreter accepts, against what packaging accepts for each."""

from __future__ import annotations

import itertools
import re

import pytest
from packaging import tags

from diagnose.policies.python_tags import impossible

PLATFORMS = ["manylinux_2_17_x86_64", "win_amd64"]
MINORS = range(2, 16)


def accepted() -> set[tuple[str, str, str]]:
    """Return the tags that packaging has for each CPython, free-threaded ones included, and for PyPy."""
    found: set[tags.Tag] = set()
    for minor in MINORS:
        own = f"cp3{minor}"
        flags = ("m", "dm", "mu", "") if minor < 8 else ("", "d", *(("t", "td") if minor >= 13 else ()))
        for flag in flags:
            found.update(tags.cpython_tags((3, minor), [own + flag], PLATFORMS))
        found.update(tags.compatible_tags((3, minor), own, PLATFORMS))
    found.update(tags.cpython_tags((2, 7), ["cp27m", "cp27mu"], PLATFORMS))
    found.update(tags.compatible_tags((2, 7), "cp27", PLATFORMS))
    for abi in ("pypy311_pp73", "pypy_41"):
        found.update(tags.generic_tags("pp311", [abi], PLATFORMS))
    found.update(tags.compatible_tags((3, 11), "pp311", PLATFORMS))
    return {(tag.interpreter, tag.abi, tag.platform) for tag in found}


def test_no_tag_that_an_interpreter_accepts_is_impossible() -> None:
    known = accepted()
    assert len(known) > 250
    assert not [tag for tag in known if impossible(*tag)]


def test_a_tag_of_known_parts_that_none_accepts_is_impossible() -> None:
    known = accepted()
    pythons = sorted({tag[0] for tag in known if tag[0] != "pp311"} | {"cp3", "cp2"})
    abis = sorted({tag[1] for tag in known})
    every = itertools.product(pythons, abis, [*PLATFORMS, "any"])
    missed = {tag for tag in every if tag not in known and not impossible(*tag)}
    # builds of old releases without pymalloc or with wide Unicode, debug builds, and ABI flags in another order
    assert {re.sub("[dmut]*$", "", tag[1]) for tag in missed} <= {f"cp3{minor}" for minor in MINORS} | {"cp27", "abi3"}
    assert {(python, abi) for python, abi, _ in missed if abi.startswith("abi3")} == set()


@pytest.mark.parametrize(
    "tag",
    [
        ("cp3", "abi3", "win32"),
        ("cp3", "none", "any"),
        ("py3", "abi3", "win32"),
        ("py3", "cp39", "win32"),
        ("cp39", "abi3", "any"),
        ("cp39", "cp310", "win32"),
        ("cp39", "cp39m", "win32"),
        ("cp312", "cp312t", "win32"),
        ("cp27", "abi3", "win32"),
        ("pp311", "abi3", "win32"),
    ],
)
def test_the_reason_is_given(tag: tuple[str, str, str]) -> None:
    assert impossible(*tag)
    assert tag not in accepted()
