"""The answers of real releases of pkgconf, and the resolver's predictions."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import need
from readers import pc_worlds

from diagnose.readers.pkgconfig import rules, solver
from diagnose.readers.system.root import Root


@pytest.fixture(scope="module", params=pc_worlds.RELEASES)
def programs(request: pytest.FixtureRequest) -> dict[str, Path]:
    try:
        found = pc_worlds.program(request.param)
    except (OSError, subprocess.SubprocessError):
        found = None
    need(found, f"pkgconf {request.param} cannot be fetched")
    assert found is not None
    return {request.param.partition(".post")[0]: found}


def test_random_folders_and_questions(programs: dict[str, Path], tmp_path: Path) -> None:
    assert [found for seed in range(60) if (found := pc_worlds.disagreement(seed, programs, tmp_path))] == []


#: The fields of a file, and the answer of pkgconf 3.
PKGCONF3 = {
    "expanded late": ("a=${b}\nb=/x\nLibs: -L${a}", "-L/x"),
    "a dollar sign": ("Libs: -L/$$x -l$y", "-L/$x -l$y"),
    "a variable without an end": ("Libs: -L/${x", "-L/$\\{x"),
    "a name without a letter": ("Libs: -L/${}x", "-L/$\\{\\}x"),
    "its own former value": ("a=/x\na=${a}/y\nLibs: -L${a}", "-L/x/y"),
    "a circle of variables": ("a=${b}\nb=${a}\nLibs: -lx -L${a} -ly", "-lx"),
    "several words in a variable": ("a=-lx -ly\nLibs: ${a} -lz", "-lx -ly -lz"),
    "a continued line": ("Libs: -lx \\\n  -ly # -lz", "-lx -ly"),
    "shared fields": ("Libs: -la\nLibs.shared: -lb\nCflags.shared: -DS\nLibs.private: -lc", "-DS -la -lb"),
    "two words": ("Libs: -L /x -l y", "-L/x -ly"),
    "a missing internal requirement": ("Requires.internal: nowhere\nLibs: -lx", "-lx"),
    "an unclosed quote": ('Libs: -lx "-ly', ""),
}


@pytest.mark.parametrize("release", [release for release in pc_worlds.RELEASES if release.startswith("3")])
@pytest.mark.parametrize("name", PKGCONF3)
def test_rules_of_pkgconf_3(name: str, release: str, tmp_path: Path) -> None:
    fields, expected = PKGCONF3[name]
    (tmp_path / "one.pc").write_text(f"Name: o\nDescription: o\nVersion: 1\n{fields}\n")
    own = rules.rules("pkgconf", release.partition(".post")[0])
    answer = solver.Resolver(Root("/"), [str(tmp_path)], None, own).ask(["one"])
    assert " ".join((*answer.cflags, *answer.libs)) == expected
    try:
        program = pc_worlds.program(release)
    except (OSError, subprocess.SubprocessError):
        return
    environ = {"PATH": "/usr/bin", "PKG_CONFIG_LIBDIR": str(tmp_path)}
    done = subprocess.run([program, "--libs", "--cflags", "one"], env=environ, capture_output=True, text=True)
    assert done.stdout.strip() == expected


def test_a_variable_of_the_environment_overrides_one_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a-b.pc").write_text("libdir=/x\nName: o\nDescription: o\nVersion: 1\nLibs: -L${libdir}\n")
    environ = {"PKG_CONFIG_A_B_LIBDIR": "/y"}
    found = []
    for release in ("2.5.1", "3.0.7"):
        own = rules.rules("pkgconf", release, environ.get)
        found.append(solver.Resolver(Root("/"), [str(tmp_path)], None, own).ask(["a-b"]).libs)
    assert found == [("-L/x",), ("-L/y",)]
