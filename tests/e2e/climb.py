"""The way up from nothing to a wheel, with nothing but what `diagnose env` says."""

from __future__ import annotations

import time
from typing import NamedTuple

from e2e.cache import say
from e2e.ladder import Builder, Target, causes, finding, verdict
from e2e.states import named

TOO_MANY = 12


class Step(NamedTuple):
    """One build that failed: its own line, the cause that was named inside and outside, and the fix that was taken."""

    line: str
    cause: str
    fix: str
    seconds: float


def climb(root: Builder, target: Target) -> list[Step]:
    """Build, ask, do what the first finding's first fix says, and so on until the build passes; return the steps.

    The build's own words name the cause at every step, and `diagnose` names the same one first, inside and outside.
    """
    steps: list[Step] = []
    while len(steps) < TOO_MANY:
        start = time.monotonic()
        done = root.build(target)
        seconds = time.monotonic() - start
        inside, outside = root.inside(target), root.outside(target)
        assert verdict(inside) == verdict(outside)
        if done.code == 0:
            assert causes(inside) == [], done.output
            return steps
        lines = named(done.output, target)
        assert causes(inside), done.output
        cause = causes(inside)[0]
        assert cause in lines, done.output
        fix = finding(inside, cause)["fixes"][0]
        say(f"{target.debian} {cause}: {fix['title']}")
        steps.append(Step(lines[cause], cause, fix["title"], seconds))
        assert cause not in [step.cause for step in steps[:-1]], f"the fix of {cause} did not last"
        root.apply(fix)
    raise AssertionError(f"no end after {steps}")


def table(steps: list[Step]) -> str:
    """Return the steps as a Markdown table."""
    rows = ["| the build says | `diagnose env` names, inside and outside | its fix | s |", "|---|---|---|---|"]
    rows += [f"| `{line}` | {cause} | {fix} | {seconds:.0f} |" for line, cause, fix, seconds in steps]
    return "\n".join(rows)
