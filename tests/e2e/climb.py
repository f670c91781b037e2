"""The way up from nothing to a wheel, with nothing but what `diagnose env` says."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from e2e.cache import say
from e2e.ladder import Builder, Report, Target, Workshop, causes, finding, told
from e2e.roots import Done
from e2e.states import line_of

TOO_MANY = 12
PASSES = "the build passes"


class Rung(NamedTuple):
    """One build that failed, the findings about it, and the result of their fixes."""

    name: str  # of the way up, or of the state
    line: str  # the build's own
    inside: str  # the first cause that `diagnose env` names in the root
    outside: str  # ... and from outside
    log: str  # the cause that `diagnose log` finds
    fix: str  # the title of the first fix
    next: str  # the cause of the next failure, or PASSES
    seconds: float  # of the build


class Climb(NamedTuple):
    """What to build, and what to ask about."""

    target: Target
    name: str
    options: str = ""  # of the build
    libs: tuple[str, ...] = ()  # to ask about, where it is not those that the crate needs anyway

    @property
    def asked(self) -> tuple[str, ...]:
        """The options of ``diagnose env``."""
        return tuple(word for lib in self.libs for word in ("--lib", lib))


def judged(root: Builder, climb: Climb, done: Done) -> tuple[str, Report]:
    """Return the cause of a build's end and the whole report, after requiring that all reports agree.

    That is: `diagnose env` reports the same inside the root and from outside; its first finding is the cause in the
    build's log; it reports nothing if the build passed.
    """
    inside = root.looked_at(climb.target, *climb.asked)
    if done.code == 0:
        assert causes(inside) == [], done.output
        return PASSES, inside
    assert causes(inside), f"nothing is found wrong, but\n{done.output}"
    assert causes(inside)[0] == told(done.output), f"{causes(inside)}\n{done.output}"
    return causes(inside)[0], inside


def climb(workshop: Workshop, root: Builder, way: Climb) -> list[Rung]:
    """Build, ask, do what the first finding's first fix says, and so on until the build passes; return the rungs."""
    rungs: list[Rung] = []
    while len(rungs) < TOO_MANY:
        start = time.monotonic()
        if rungs:
            done = root.build(way.target, way.options)
        else:
            with workshop.bare(way.target, root.upper) as first:
                done = first.build(way.target, way.options)
        seconds = time.monotonic() - start
        cause, report = judged(root, way, done)
        if rungs:
            rungs[-1] = rungs[-1]._replace(next=cause)
        if cause == PASSES:
            return rungs
        fix = finding(report, cause)["fixes"][0]
        assert (cause, fix["title"]) not in [(rung.inside, rung.fix) for rung in rungs], f"{cause}: it did not last"
        say(f"{way.name}: {cause}: {fix['title']}")
        rungs.append(
            Rung(way.name, line_of(done.output, cause, way.target), cause, cause, cause, fix["title"], "", seconds)
        )
        root.apply(fix)
    raise AssertionError(f"no end after {rungs}")


HEAD = ("way", "the build says", "`diagnose env` inside", "and outside", "`diagnose log`", "fix", "next", "s")


def table(rungs: list[Mapping[str, Any]]) -> str:
    """Return rungs as a Markdown table."""
    rows = [[name.replace("|", "\\|") for name in HEAD], ["---"] * len(HEAD)]
    for one in rungs:
        rung = Rung(**one)
        rows.append([rung.name, f"`{rung.line}`", *rung[2:7], f"{rung.seconds:.0f}"])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
