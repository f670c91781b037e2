"""Every state in which the cross build fails: the build's own words, and the cause that `diagnose env` names."""

from __future__ import annotations

import pytest

from e2e.cache import say
from e2e.conftest import Keep
from e2e.ladder import AARCH64, ARMV7, Target, Workshop
from e2e.states import STATES


def filled(text: str, target: Target) -> str:
    """Return *text* with the fields of *target* in it."""
    return text.format(env=target.env, **target._asdict())


@pytest.mark.parametrize("target", [ARMV7, AARCH64], ids=lambda target: target.debian)
def test_states(workshop: Workshop, keep: Keep, target: Target) -> None:
    with workshop.root() as root:
        for state in (state for state in STATES if state.only in ("", target.debian)):
            for command in state.prepare:
                root.check(filled(command, target))
            variables = {filled(name, target): filled(value, target) for name, value in state.variables}
            root.configure(target, variables, filled(state.linker, target))
            done = root.run(filled(state.command, target)) if state.command else root.build(target)
            say(f"{target.debian} {state.name}: exit code {done.code}")
            keep(f"{target.debian}-{state.name}", state.cause, done.output)
            assert done.code != 0, done.output
            assert filled(state.says, target) in done.output, done.output[-3000:]
