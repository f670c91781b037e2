"""The first line of every subject's report: what it comes down to, before any detail."""

from __future__ import annotations

from typing import Any

from diagnose.run import Judgement


def verdict(judgement: Judgement) -> tuple[str, list[str]]:
    """Return the headline of a readable subject, and the lines of fact that belong under it."""
    return _VERDICTS[judgement.kind](judgement)


def platforms(facts: dict[str, Any]) -> list[str]:
    """Return the platform tags of a wheel's file name, in its order."""
    return list(dict.fromkeys(tag.rpartition("-")[2] for tag in facts["tags"]))


def _wheel(judgement: Judgement) -> tuple[str, list[str]]:
    claimed, real = platforms(judgement.facts), judgement.facts["lowest_tag"]
    words = " + ".join(claimed) or "no valid tags"
    if not judgement.facts["elf_files"]:
        return f"{words}, no compiled code", []
    if not real or real in claimed:
        return words, []
    return f"says {words}, is {real}", []


def _env(judgement: Judgement) -> tuple[str, list[str]]:
    return "", []


_VERDICTS = {"wheel": _wheel, "env": _env}
