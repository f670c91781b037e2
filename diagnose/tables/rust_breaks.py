"""Crates whose older versions a newer Rust does not compile: the table ``rust_breaks.txt``."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import NamedTuple, cache
from diagnose.model.versions import newer


class RustBreak(NamedTuple):
    """One row: versions of *crate* in *series* before *fixed* fail from the Rust *since* on."""

    crate: str
    series: str
    fixed: str
    since: str
    source: str


@cache
def rows() -> tuple[RustBreak, ...]:
    """Return the table."""
    with open(os.path.join(os.path.dirname(__file__), "rust_breaks.txt"), encoding="utf-8") as file:
        return tuple(RustBreak(*line.rstrip("\n").split("\t")) for line in file if not line.startswith("#"))


def broken(crate: str, version: str) -> RustBreak | None:
    """Return the row that *version* of *crate* is in; None without one."""
    found = (row for row in rows() if row.crate == crate and version.startswith(f"{row.series}."))
    return next((row for row in found if newer(row.fixed, version)), None)
