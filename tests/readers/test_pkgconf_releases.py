"""The answers of real releases of pkgconf, and the resolver's predictions."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import need
from readers import pc_worlds

from diagnose.model.finding import InputError
from diagnose.readers.pkgconfig import rules, solver
from diagnose.readers.system.root import Root

#: Settings on which resolver and programs once differed: circles through ``Provides`` and through uninstalled files,
#: providers whose choice depends on the order of a folder, requirements that do not end.
ONCE_WRONG = (10055, 10074, 10252, 10603, 10816, 10854, 10867, 11019, 11336, 11954, 12926, 15173, 31227)


@pytest.fixture(scope="module", params=(*pc_worlds.RELEASES, "installed"))
def programs(request: pytest.FixtureRequest) -> dict[str, Path]:
    if request.param == "installed":
        installed = pc_worlds.installed()
        need(installed, "pkgconf is not installed")
        return installed
    try:
        found = pc_worlds.program(request.param)
    except (OSError, subprocess.SubprocessError):
        found = None
    need(found, f"pkgconf {request.param} cannot be fetched")
    assert found is not None
    return {request.param.partition(".post")[0]: found}


def test_random_folders_and_questions(programs: dict[str, Path], tmp_path: Path) -> None:
    seeds = (*range(50), *range(pc_worlds.ODD, pc_worlds.ODD + 20), *ONCE_WRONG)
    assert [found for seed in seeds if (found := pc_worlds.disagreement(seed, programs, tmp_path))] == []


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


def ask(release: str, folder: Path, module: str, *, static: bool = False) -> solver.Answer:
    return solver.Resolver(Root("/"), [str(folder)], None, rules.rules("pkgconf", release)).ask([module], static)


def module(folder: Path, name: str, fields: str) -> None:
    (folder / f"{name}.pc").write_text(f"Name: {name}\nDescription: d\nVersion: 1\nLibs: -l{name}\n{fields}\n")


def test_an_uninstalled_file_that_requires_its_module_ends_by_name_from_pkgconf_2_on(tmp_path: Path) -> None:
    module(tmp_path, "aa-uninstalled", "Requires: aa")
    assert "without end" in ask("1.8.1", tmp_path, "aa").erratic
    assert ask("2.3.0", tmp_path, "aa").libs == ("-laa-uninstalled",)


def test_a_circle_through_provides_ends_by_name_from_pkgconf_3_on(tmp_path: Path) -> None:
    module(tmp_path, "aa", "Provides: virt = 1\nRequires: virt")
    for release in ("1.8.1", "2.1.1", "2.2.0", "2.5.1"):
        assert "without end" in ask(release, tmp_path, "aa").erratic
    assert ask("3.0.7", tmp_path, "aa").libs == ("-laa",)


def test_words_within_each_other_have_a_limit(tmp_path: Path) -> None:
    def chain(length: int) -> str:
        links = (f"v{number}=$${{v{number + 1}}}\n" for number in range(length))
        return "".join(links) + f"v{length}=-lend\nLibs: ${{v0}}"

    module(tmp_path, "aa", chain(50))
    assert ask("3.0.1", tmp_path, "aa").libs == ("-laa", "-lend")
    module(tmp_path, "aa", chain(150))  # a real pkgconf still follows it
    with pytest.raises(InputError, match="expands without end"):
        ask("3.0.1", tmp_path, "aa")


def test_a_missing_module_is_certain_however_the_circle_ends(tmp_path: Path) -> None:
    module(tmp_path, "aa", "Provides: virt = 1\nRequires: nowhere virt")
    answer = ask("2.2.0", tmp_path, "aa")
    assert answer.erratic == ""
    assert [problem.dependency.module for problem in answer.problems] == ["nowhere"]


def test_two_providers_are_a_choice_of_the_file_system(tmp_path: Path) -> None:
    module(tmp_path, "aa", "Requires: virt")
    module(tmp_path, "bb", "Provides: virt = 1")
    assert ask("2.5.1", tmp_path, "aa").libs == ("-laa", "-lbb")
    module(tmp_path, "cc", "Provides: virt = 1")
    assert "who provides virt depends on the order of files" in ask("2.5.1", tmp_path, "aa").erratic


def test_a_variable_whose_effect_is_not_computed_leaves_the_answer_open(tmp_path: Path) -> None:
    module(tmp_path, "aa", "")
    own = rules.rules("pkgconf", "1.8.1", {"PKG_CONFIG_MSVC_SYNTAX": "1"}.get)
    assert "MSVC_SYNTAX" in solver.Resolver(Root("/"), [str(tmp_path)], None, own).ask(["aa"]).erratic
