"""Through every state in which a build fails, one after the other, and from each a way out by the printed fix."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from e2e.cache import say
from e2e.climb import Climb, Rung, judged
from e2e.ladder import Builder, Report, Target, Workshop, causes, covered, finding, told_of
from e2e.roots import Done
from e2e.states import State, excerpt, states

Keep = Callable[[str, str, str], None]


class Place(NamedTuple):
    """A state as it was reached: the findings about it, and the layers of its root, the uppermost first.

    ``fixed`` is the layer above them with the applied fix.
    """

    state: State
    rung: Rung
    report: Report
    layers: tuple[Path, ...]
    fixed: Path


def walk(workshop: Workshop, target: Target, keep: Keep) -> list[Place]:
    """Make each state on top of the one before, see the build fail in it as it has to, and see the fix help."""
    places: list[Place] = []
    layers: tuple[Path, ...] = ()
    for state in states(target):
        if state.fixed:
            layers = (places[-1].fixed, *layers)
        with workshop.root(*layers) as root:
            for command in state.prepare:
                root.check(command)
            root.configure(target, dict(state.variables), state.linker)
            places.append(_met(workshop, root, target, state, layers, keep))
            layers = places[-1].layers
    return places


def _met(workshop: Workshop, root: Builder, target: Target, state: State, below: tuple[Path, ...], keep: Keep) -> Place:
    start = time.monotonic()
    with contextlib.ExitStack() as stack:
        # a build that lacks the standard library fails at the first thing that is not compiled yet
        builder = stack.enter_context(workshop.bare(target, root.upper, *below)) if state.first else root
        done = _tried(builder, target, state)
    seconds = time.monotonic() - start
    name = f"{target.debian} {state.name}"
    keep(name.replace(" ", "-"), state.cause, done.output)
    assert done.code != 0, done.output
    assert state.says in done.output, done.output
    report, read = root.looked_at(target), told_of(done.output, target)
    log = read["check"]
    # what only the package manager meets is named after what the build meets
    named = next(cause for cause in causes(report) if not state.command or cause == state.cause)
    assert (named, log) == (state.cause, state.cause), done.output
    fix = finding(report, state.cause)["fixes"][0]
    assert covered(fix, read["fixes"]), read["fixes"]
    with workshop.root(root.upper, *below) as trial:
        trial.apply(fix)
        after = _tried(trial, target, state)
        if state.command:
            assert after.code == 0, after.output
            following = "apt installs it"
        else:
            following, _ = judged(trial, Climb(target, state.name), after)
        fixed = trial.upper
    assert following != state.cause, after.output
    say(f"{name}: {state.cause}; {fix['title']}; then {following}")
    rung = Rung(name, excerpt(done.output, state.says), named, named, log, fix["title"], following, seconds)
    return Place(state, rung, report, (root.upper, *below), fixed)


def _tried(root: Builder, target: Target, state: State) -> Done:
    return root.run(state.command) if state.command else root.build(target)
