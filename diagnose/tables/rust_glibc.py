"""The oldest glibc that Rust's standard library supports, by target: ``rust_glibc.txt``."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import cache


@cache
def floors() -> dict[str, str]:
    """Return {triple: version} of the targets with glibc."""
    with open(os.path.join(os.path.dirname(__file__), "rust_glibc.txt"), encoding="utf-8") as file:
        return dict(line.split() for line in file if not line.startswith("#"))
