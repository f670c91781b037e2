"""The first line of every subject's report: what it comes down to, before any detail."""

from __future__ import annotations

from typing import Any

from diagnose.run import Judgement


def verdict(judgement: Judgement) -> tuple[str, list[str]]:
    """Return the headline of a readable subject, and the lines of fact that belong under it."""
    return _VERDICTS[judgement.kind](judgement)


def _wheel(judgement: Judgement) -> tuple[str, list[str]]:
    facts = judgement.facts
    claimed, real = claimed_tag(facts), facts["lowest_tag"]
    if not real:
        return "no compiled code", []
    if real in facts["tags"]["platforms"] or claimed == real:
        headline = f"{claimed} holds"
    elif judgement.findings:
        headline = f"says {claimed}, is {real}"
    else:
        headline = f"{claimed} holds (it could say {real})"
    return headline, []


def claimed_tag(facts: dict[str, Any]) -> str:
    """Return the platform tags of the file name as they stand in it."""
    return ".".join(facts["tags"]["platforms"]) or "no platform tag"


def _env(judgement: Judgement) -> tuple[str, list[str]]:
    return "", []


_VERDICTS = {"wheel": _wheel, "env": _env}
