"""A cross build, from nothing to a wheel, and every state in which it fails on other ways."""

from __future__ import annotations

from e2e.climb import PASSES
from e2e.conftest import Climbed, Record, Walked, each
from e2e.ladder import CONFIG, Target, Workshop, causes, finding


@each("states")
def test_states(walked: Walked, record: Record, target: Target) -> None:
    for place in walked(target):
        record("rung", place.rung._asdict())
        assert place.rung.next != place.state.cause


@each("climb")
def test_climb(climbed: Climbed, record: Record, target: Target) -> None:
    rungs = climbed(target).rungs
    for rung in rungs:
        record("rung", rung._asdict())
    compiler = {"armhf": "cross-c-compiler-missing", "arm64": "cross-linker-missing"}[target.debian]
    assert [rung.inside for rung in rungs] == [
        "rust-std-target-missing",
        "pkgconfig-cross-guard",
        "pc-missing",
        compiler,
        "patchelf-missing-or-old",
    ]
    assert rungs[-1].next == PASSES


@each("climb")
def test_exported_variables_do_as_well(climbed: Climbed, workshop: Workshop, target: Target) -> None:
    with workshop.root(climbed(target).layer) as root:
        root.forget(target)
        root.file(CONFIG).unlink()
        fix = finding(root.inside(target), "pkgconfig-cross-guard")["fixes"][0]
        assert causes(root.inside(target, env=fix["env"])) == []
        done = root.build(target, env=fix["env"])
        assert done.code == 0, done.output
