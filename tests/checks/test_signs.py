"""A check has nothing to say of a subject without its signs: only then may its module stay unread."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from logs import CAUSES, FOLDER, labels, patterns
from roots import cases, look

from diagnose.engine import registry
from diagnose.model.check import Check
from diagnose.readers import buildlog, env

FOLDERS = sorted({name.rpartition("/")[0] for name in labels()})


def signs(check: Check) -> tuple[str, ...]:
    return (*dict.fromkeys(pattern.kind for pattern in check.patterns), *check.log_kinds)


def without(log: buildlog.BuildLog, kinds: Iterable[str]) -> buildlog.BuildLog:
    """Return *log* as if no line of these kinds were in it."""
    hits = (hit for hit in log.hits if not log._replace(hits=buildlog.Hits((hit,))).shows(kinds))
    return buildlog._drawn(log._replace(hits=buildlog.Hits(hits)))


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_check_finds_nothing_in_a_log_without_its_messages(folder: str) -> None:
    for name in (name for name in labels() if name.rpartition("/")[0] == folder):
        log = buildlog.read(str(FOLDER / name), patterns).concluded(())
        for check in CAUSES:
            kinds = signs(check)
            if kinds and list(check.detectors["log"](log)):
                assert log.shows(kinds), (name, check.id)
                assert not list(check.detectors["log"](without(log, kinds))), (name, check.id)


def test_every_kind_that_a_check_waits_for_exists() -> None:
    from diagnose.readers.buildlog.patterns import SHARED

    known = {pattern.kind for pattern in (*SHARED, *patterns)}
    for check in CAUSES:
        assert known.issuperset(check.log_kinds), check.id


def test_a_check_finds_nothing_in_an_environment_without_its_facts(tmp_path) -> None:
    checks = registry.load("env")
    for case in cases.CASES.values():
        (folder := tmp_path / case.name).mkdir()
        facts = look(case, cases.furnish(case, str(folder)))
        for check in checks:
            if check.env_facts and list(check.detectors["env"](facts)):
                assert facts.shows(check.env_facts), (case.name, check.id)


@pytest.mark.parametrize(
    ("fact", "there"),
    [
        ("target", True),
        ("target.triple", True),
        ("apt.sources", False),  # there is no apt
        ("libraries", True),
        ("libraries.files", False),
        ("libraries.!files", True),
        ("libraries.!found", True),
        ("libraries.crate", True),  # of the second one
        ("libraries.!module", False),
        ("toolchain.rust.damaged", False),
        ("toolchain.rust.!damaged", True),
        ("host_libraries.!found", False),  # without records, no record is unlike that
    ],
)
def test_a_fact_is_there_where_it_is_not_empty(fact: str, there: bool) -> None:
    from diagnose.model.targets import TARGETS
    from diagnose.readers.cargo.variables import Variables
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library, PkgConfig
    from diagnose.readers.system.distro import Container, Distro
    from diagnose.readers.toolchain.toolchain_facts import Program, Rust, Toolchain

    cc, row = Program("cc"), TARGETS[0]
    chain = Toolchain(cc, cc, cc, cc, Rust(cc, cc), cc)
    decided = PkgConfig(row.triple, row.triple, cc)
    libraries = (Library("zlib", "found"), Library("alsa", "not-found", crate="alsa-sys 0.3"))
    facts = env.Environment(
        "/", False, row, row, Distro(), Container(), Variables({}, {}), decided, chain, libraries=libraries
    )
    assert facts.shows((fact,)) is there
    assert facts.shows(("toolchain.rust.damaged", fact)) is there
    assert not facts.shows(())
