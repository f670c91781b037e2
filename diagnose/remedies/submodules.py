"""Fetches git's submodules, where a part of the sources is not there."""

from __future__ import annotations

from diagnose.model.finding import Command, Fix, FixStage

UPDATE = "git submodule update --init --recursive"


def fetch_submodules(title: str, notes: str) -> Fix:
    """Return the fix; *notes* say what else may be missing."""
    return Fix(title, (Command(UPDATE, FixStage.BUILD),), notes=notes)
