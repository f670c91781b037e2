"""A cross build, from nothing to a wheel, and every state in which it fails on other ways."""

from __future__ import annotations

import pytest

from e2e.cache import say, show
from e2e.climb import table
from e2e.conftest import Climbed, Keep
from e2e.ladder import AARCH64, ARMV7, CONFIG, Builder, Target, Workshop, causes, finding, verdict
from e2e.roots import PROJECT
from e2e.states import State, named, states

both = pytest.mark.parametrize("target", [ARMV7, AARCH64], ids=lambda target: target.debian)


@both
def test_climb(climbed: Climbed, target: Target) -> None:
    steps = climbed(target).steps
    show(table(steps))
    compiler = {"armhf": "cross-c-compiler-missing", "arm64": "cross-linker-missing"}[target.debian]
    assert [step.cause for step in steps] == [
        "rust-std-target-missing",
        "pkgconfig-cross-guard",
        "pc-missing",
        compiler,
        "patchelf-missing-or-old",
    ]


@both
def test_exported_variables_do_as_well(climbed: Climbed, workshop: Workshop, target: Target) -> None:
    with workshop.root(climbed(target).layer) as root:
        root.forget(target)
        root.file(CONFIG).unlink()
        fix = finding(root.inside(target), "pkgconfig-cross-guard")["fixes"][0]
        assert causes(root.inside(target, env=fix["env"])) == []
        done = root.build(target, env=fix["env"])
        assert done.code == 0, done.output


@both
def test_states(workshop: Workshop, keep: Keep, target: Target) -> None:
    with workshop.root() as root:
        root.check(f"rm -r {PROJECT}/target")  # so that the logs are those of a first build
        for state in states(target):
            for command in state.prepare:
                root.check(command)
            root.configure(target, dict(state.variables), state.linker)
            done = root.run(state.command) if state.command else root.build(target)
            say(f"{target.debian} {state.name}: exit code {done.code}")
            keep(f"{target.debian}-{state.name}", state.cause, done.output)
            assert done.code != 0, done.output
            assert state.says in done.output, done.output[-3000:]
            inside, outside = root.inside(target), root.outside(target)
            assert verdict(inside) == verdict(outside)
            assert state.cause in causes(inside)[: None if state.command else 1]
            with workshop.root(root.upper) as trial:
                _fix_helps(trial, target, state, finding(inside, state.cause)["fixes"][0])


def _fix_helps(root: Builder, target: Target, state: State, fix: dict[str, object]) -> None:
    """Do what the fix of a state says, and require that the build gets further, or that the command passes."""
    root.apply(fix)
    if state.command:
        root.check(state.command)
        return
    done = root.build(target)
    inside = root.inside(target)
    assert state.cause not in causes(inside)
    assert verdict(inside) == verdict(root.outside(target))
    if done.code == 0:
        assert causes(inside) == []
    else:
        assert causes(inside)[0] in named(done.output, target), done.output[-3000:]
