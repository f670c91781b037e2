"""The configuration file: where it is looked for, what it may say, and that the command line wins."""

from __future__ import annotations

import json
import ntpath
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pace
import pytest

from diagnose.cli.commands import workflow_command
from diagnose.config import adjust, config_file
from diagnose.config.settings import Settings
from diagnose.engine import registry

WHEELS = Path(__file__).parents[2] / "fixtures" / "wheels"
RPATH = str(next(WHEELS.glob("wheel_rpath-1-*.whl")))
HAZARD = str(next(WHEELS.glob("wheel_bundled_hazard-1-*.whl")))
GLIBC = str(next(WHEELS.glob("wheel_glibc_too_new-1-*.whl")))


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "diagnose", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=folder)


def write(folder: Path, text: str, name: str = "diagnose.toml") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def found(folder: Path, *args: str) -> list[str]:
    """Return the checks of the findings of the first subject."""
    done = run(folder, *args, "--format", "json")
    return [finding["check"] for finding in json.loads(done.stdout)["subjects"][0]["findings"]]


def test_the_nearest_file_counts_and_a_project_without_the_table_does_not(tmp_path: Path) -> None:
    write(tmp_path, '[tool.diagnose]\nignore = ["wheel-rpath"]\n', "pyproject.toml")
    inner = tmp_path / "a" / "b"
    write(inner, '[project]\nname = "diagnose"\n', "pyproject.toml")
    assert found(inner, "wheel", RPATH) == []
    write(inner, "", "diagnose.toml")
    assert found(inner, "wheel", RPATH) == ["wheel-rpath"]
    assert found(tmp_path, "wheel", RPATH) == []
    write(tmp_path, "", "diagnose.toml")  # beside pyproject.toml, it counts
    assert found(tmp_path, "wheel", RPATH) == ["wheel-rpath"]


def test_isolated_and_config(tmp_path: Path) -> None:
    write(tmp_path, 'ignore = ["wheel-rpath"]\n')
    write(tmp_path / "other", 'ignore = "wheel-glibc-too-new"\n', "gate.toml")
    assert found(tmp_path, "wheel", RPATH) == []
    assert found(tmp_path, "wheel", "--isolated", RPATH) == ["wheel-rpath"]
    assert found(tmp_path, "wheel", "--config", "other/gate.toml", RPATH) == ["wheel-rpath"]
    both = run(tmp_path, "wheel", "--isolated", "--config", "x", RPATH)
    assert (both.returncode, both.stderr) == (2, "diagnose: --config and --isolated exclude each other\n")


def test_what_is_judged_is_not_a_source_of_settings(tmp_path: Path) -> None:
    judged = tmp_path / "dist"
    write(judged, "not TOML at all")
    os.symlink(RPATH, judged / os.path.basename(RPATH))
    assert found(tmp_path, "wheel", "dist") == ["wheel-rpath"]
    write(tmp_path / "root" / "home", "not TOML at all")
    for root in ("..", str(tmp_path / "root")):
        assert "TOML" not in run(tmp_path / "root" / "home", "env", "--root", root).stderr
    assert "not valid TOML" in run(tmp_path / "root" / "home", "env").stderr


def test_the_command_line_wins(tmp_path: Path) -> None:
    write(tmp_path, 'fail-on = "never"\nformat = "json"\nignore = ["wheel-rpath"]\nselect = ["wheel", "pc-missing"]\n')
    assert run(tmp_path, "wheel", GLIBC).returncode == 0
    assert run(tmp_path, "wheel", GLIBC).stdout.startswith("{")
    assert run(tmp_path, "wheel", "--fail-on", "error", GLIBC).returncode == 1
    assert run(tmp_path, "wheel", "--fail-on=error", "-qv", GLIBC).returncode == 1  # by the parser
    assert not run(tmp_path, "wheel", "--format", "text", GLIBC).stdout.startswith("{")
    for words in (["--select", "wheel-rpath"], ["--ignore", "wheel-purelib"], ["--extend-select", "Wheel-RPATH"]):
        assert found(tmp_path, "wheel", *words, RPATH) == ["wheel-rpath"], words
    assert found(tmp_path, "wheel", "--extend-select", "wheel-rpath", "--extend-ignore", "wheel-rpath", RPATH) == []


def test_ids_of_other_commands_do_not_matter_unless_nothing_is_left(tmp_path: Path) -> None:
    write(tmp_path, 'ignore = ["pc-missing", "apt"]\n')
    assert found(tmp_path, "wheel", RPATH) == ["wheel-rpath"]
    write(tmp_path, '\nselect = ["pc-missing"]\n')
    done = run(tmp_path, "wheel", RPATH)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "diagnose: diagnose.toml:2: select names no check of `wheel`\n"
    write(tmp_path, f"ignore = {json.dumps([check.id for check in registry.load('wheel')])}")
    done = run(tmp_path, "wheel", RPATH)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "diagnose: diagnose.toml: its select and ignore leave no check to run\n"
    done = run(tmp_path, "wheel", RPATH, "--extend-ignore", "wheel-rpath")
    assert "with the command line, its select and ignore leave no check to run" in done.stderr


def test_severity(tmp_path: Path) -> None:
    write(tmp_path, '[severity]\nwheel = "warning"\nwheel-glibc = "note"\nwheel-rpath = "error"\n')
    assert run(tmp_path, "wheel", RPATH).returncode == 1
    done = run(tmp_path, "wheel", GLIBC, "--fail-on", "warning")
    assert done.returncode == 0
    assert "note[wheel-glibc-too-new]" in done.stdout


def test_per_file_ignores_by_the_name_of_the_wheel(tmp_path: Path) -> None:
    write(tmp_path, '[per-file-ignores]\n"wheel_rpath-*" = ["wheel-rpath"]\n')
    done = run(tmp_path, "wheel", RPATH, GLIBC, "--format", "json")
    rpath, glibc = json.loads(done.stdout)["subjects"]
    assert rpath["findings"] == []
    assert rpath["left_out"] == ["wheel-rpath"]
    assert rpath["headline"].endswith("no problems found by the selected checks (1 other left out)")
    assert glibc["left_out"] == []
    assert [finding["check"] for finding in glibc["findings"]] == ["wheel-glibc-too-new"]


def test_per_file_ignores_by_the_path_in_the_project(tmp_path: Path) -> None:
    wheel = shutil.copy(RPATH, tmp_path)
    other = tmp_path / "sub" / "dist"
    other.mkdir(parents=True)
    shutil.copy(RPATH, other)
    write(tmp_path, '[per-file-ignores]\n"sub/*/*.whl" = ["wheel-rpath"]\n')
    inner = other / os.path.basename(RPATH)
    assert found(tmp_path, "wheel", wheel) == ["wheel-rpath"]
    for folder, words in ((tmp_path, "sub/dist"), (other, inner.name), (tmp_path / "sub", str(inner))):
        assert found(folder, "wheel", words) == [], folder  # from the folder of the file, wherever the command runs


def test_names_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(per_file_ignores=((r"dist\*.whl", ("a",)), ("logs/*.log", ("b",))))
    monkeypatch.setattr(adjust.os, "sep", "\\")
    monkeypatch.setattr(adjust.os.path, "relpath", ntpath.relpath)
    assert adjust.ignored_for(settings, "x.whl", r"C:\work\dist\x.whl") == ()
    monkeypatch.setattr(adjust.os.path, "relpath", lambda path, start: ntpath.relpath(path, r"C:\work"))
    assert adjust.ignored_for(settings, "x.whl", r"C:\work\dist\x.whl") == ("a",)
    assert adjust.ignored_for(settings, "x.log", r"C:\work\logs\x.log") == ("b",)
    assert adjust.ignored_for(settings, "x.whl", r"D:\dist\x.whl") == ()  # no path leads to another drive


def test_a_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    write(tmp_path, '\ufeffignore = ["wheel-rpath"]\n')
    assert found(tmp_path, "wheel", RPATH) == []


def test_ids_with_commas_between(tmp_path: Path) -> None:
    write(tmp_path, 'ignore = "wheel-rpath, Wheel-Glibc-Too-New"\n')
    assert found(tmp_path, "wheel", RPATH) == found(tmp_path, "wheel", GLIBC) == []


def test_a_wheel_with_every_check_ignored_is_not_judged(tmp_path: Path) -> None:
    write(
        tmp_path,
        '[per-file-ignores]\n"*.whl" = "wheel"\n"wheel_*" = ["'
        + '","'.join(check.id for check in registry.load("wheel"))
        + '"]\n',
    )
    done = run(tmp_path, "wheel", GLIBC, "--format", "json")
    assert json.loads(done.stdout)["subjects"][0]["outcome"] == "not-judged"


def test_per_file_ignores_by_the_name_of_a_member(tmp_path: Path) -> None:
    done = run(tmp_path, "wheel", RPATH, "--format", "json")
    member = json.loads(done.stdout)["subjects"][0]["findings"][0]["evidence"][0]["path"]
    write(tmp_path, f'[per-file-ignores]\n"{member.rpartition("/")[2]}" = ["wheel-rpath"]\n"other.so" = ["wheel"]\n')
    done = run(tmp_path, "wheel", RPATH)
    assert done.returncode == 0
    assert "no other problems found (1 ignored in these files)" in done.stdout
    assert "ignored in these files (per-file-ignores): wheel-rpath" in done.stdout
    subject = json.loads(run(tmp_path, "wheel", RPATH, "--format", "json").stdout)["subjects"][0]
    assert [finding["check"] for finding in subject["ignored"]] == ["wheel-rpath"]
    assert "wheel-rpath" not in subject["passed"]
    write(tmp_path, '[per-file-ignores]\n"other.so" = ["wheel-rpath"]\n')
    assert found(tmp_path, "wheel", RPATH) == ["wheel-rpath"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('\nfial-on = "note"\n', ":2: unknown key 'fial-on'; did you mean fail-on?"),
        ('fail_on = "note"\n', ":1: unknown key 'fail_on'; did you mean fail-on?"),
        ("zzzz = 1\n", ":1: unknown key 'zzzz'"),
        ('fail-on = "wraning"\n', ":1: fail-on: 'wraning' is unknown; did you mean warning?"),
        ('fail-on = "x"\n', ":1: fail-on: 'x' is unknown; it takes error, warning, note, unknown, never"),
        ('fail-on = ["error"]\n', ":1: fail-on: not a single text"),
        ("fail-on = true\n", ":1: fail-on: not a text or a list of texts"),
        ('format = "yaml"\n', ":1: format: 'yaml' is unknown"),
        ('ignore = ["wheel-rpaht"]\n', ":1: ignore: no check is named 'wheel-rpaht'; did you mean wheel-rpath"),
        ("ignore = [1]\n", ":1: ignore: not a text or a list of texts"),
        ('ignore = [""]\n', ":1: ignore: '' is empty or has control characters"),
        ('ignore = ["-"]\n', ":1: ignore: no check is named '-'"),
        ('[severity]\nwheel-rpath = "fatal"\n', ":2: severity.wheel-rpath: not one of error, warning, note"),
        ('[severity]\nwheel-rpth = "note"\n', ":2: severity.wheel-rpth: no check is named 'wheel-rpth'; did you mean"),
        (
            '[severity]\nwheel-rpath = "off"\n',
            ":2: severity.wheel-rpath: not one of error, warning, note; `ignore` leaves",
        ),
        (
            "[severity]\nwheel-rpath = false\n",
            ":2: severity.wheel-rpath: not one of error, warning, note; `ignore` leaves",
        ),
        ('ignore = "wheel-rpath,wheel-x"\n', ":1: ignore: no check is named 'wheel-x'"),
        ('severity = "note"\n', ":1: severity: not a table"),
        ('[per-file-ignores]\n"*.whl" = ["nope-x"]\n', ":2: per-file-ignores.*.whl: no check is named 'nope-x'"),
        ('targets = ["arm64", "amd65"]\n', ":1: targets: amd65: no architecture has this name"),
        ('policy = "manylinux2041"\n', ":1: policy: no platform tag is named 'manylinux2041'"),
        ('libs = ["alsa >= 1"]\n', ":1: libs: 'alsa >= 1' is not the name of a pkg-config module"),
        ("a = [1,\n", ": not valid TOML: "),
        ("a" + ".a" * 200 + " = 1\n", ": not valid TOML: a key has more than 128 parts"),
        ("a = " + "[" * 5000 + "\n", ": not valid TOML: "),
        ("ignore = [" + '"wheel-rpath",' * 1001 + "]\n", ":1: ignore: more than 1000 values"),
        ('ignore = ["' + "x" * 1001 + '"]\n', ":1: ignore: a value has more than 1000 characters"),
        (
            '[per-file-ignores]\n"' + "?*" * 20 + '" = ["wheel"]\n',
            f":2: per-file-ignores: '{'?*' * 20}' has too many signs: with ? or [, a pattern may",
        ),
        (
            '[[allow]]\nid = "wheel"\nreason = "r"\nfile = "' + "[a]" * 40 + '"\n',
            ":4: allow.file: '[a][a][a][a][a][a][a][a][a][a][a][a][a][a][a][a][a][a][a][a…' has too many signs",
        ),
    ],
)
def test_whatever_is_wrong_is_one_line_that_names_the_file(tmp_path: Path, text: str, reason: str) -> None:
    write(tmp_path, text)
    for words in (["wheel", RPATH], ["config"]):
        done = run(tmp_path, *words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.startswith(f"diagnose: diagnose.toml{reason}")


def test_the_cost_of_patterns_is_bounded(tmp_path: Path) -> None:
    stars = "".join(f'"{"*a" * 400}{number}" = ["wheel-rpath"]\n' for number in range(1000))
    ids = ",".join(["wheel"] * 160)
    many = "".join(f'"{number}*" = ["{ids}"]\n' for number in range(1000))
    choices = "".join(f'"{"[a]*" * 8}{"?a" * 8}{number}" = ["wheel-rpath"]\n' for number in range(1000))
    entries = "".join(f'[[allow]]\nid="wheel"\nreason="r"\nlibrary="{"*a" * 400}{n}"\n' for n in range(1000))
    for text in (*(f"[per-file-ignores]\n{rows}" for rows in (stars, many, choices)), entries):
        write(tmp_path, text)
        before = os.times()
        assert run(tmp_path, "wheel", HAZARD, RPATH, GLIBC).returncode == 1
        after = os.times()
        taken = after.children_user + after.children_system - before.children_user - before.children_system
        assert taken < 2 * pace.slowness()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'ignore = "\xe9"')
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "large.toml").write_bytes(b"#" * (config_file.SIZE_LIMIT + 1))
    os.mkfifo(tmp_path / "pipe.toml")
    for name, reason in (
        ("latin.toml", "latin.toml: not UTF-8"),
        ("large.toml", "large.toml: larger than 1 MiB"),
        ("pipe.toml", "pipe.toml: not a regular file"),
        (".", ".: not a regular file"),
        ("none.toml", "none.toml: no such file"),
        ("pyproject.toml", "--config: pyproject.toml: has no table tool.diagnose"),
    ):
        done = run(tmp_path, "wheel", "--config", name, RPATH)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"diagnose: {reason}\n")


def test_a_pipe_or_folder_with_the_name_is_not_read(tmp_path: Path) -> None:
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "diagnose.toml")
    (tmp_path / "pyproject.toml").mkdir()
    assert found(tmp_path, "wheel", RPATH) == ["wheel-rpath"]


def test_a_project_file_that_never_names_the_tool_is_not_parsed(tmp_path: Path) -> None:
    write(tmp_path, "this is not TOML", "pyproject.toml")
    code = (
        "import sys; before = set(sys.modules)\n"  # what measures coverage reads TOML, too
        "from diagnose.cli import fast; fast.run(sys.argv[1:])\n"
        "print('LOADED', *({'tomllib', 'tomli', 'diagnose.config.settings'} & (set(sys.modules) - before)))"
    )
    words = [sys.executable, "-c", code, "wheel", RPATH]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1].split() == ["LOADED"], done.stderr


def test_few_places_are_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest: (opened.append(path), real(path, *rest))[1])
    assert list(config_file.nearest("/" + "/".join("abcdefghijklmnopqrstuvwxyz"))) == []
    assert len(opened) <= 20


def test_config_shows_each_setting_and_its_origin(tmp_path: Path) -> None:
    write(
        tmp_path,
        '[tool.diagnose]\nfail-on = "warning"\ntargets = ["armhf", "arm64"]\nlibs = ["alsa"]\n'
        '[tool.diagnose.severity]\nwheel-rpath = "note"\n'
        '[tool.diagnose.per-file-ignores]\n"*.whl" = ["wheel-textrel"]\n',
        "pyproject.toml",
    )
    with (tmp_path / "pyproject.toml").open("a") as file:
        file.write('[[tool.diagnose.allow]]\nid = "wheel-rpath"\nreason = "x"\nfile = "a.so"\n')
    (tmp_path / "below").mkdir()
    shown = run(tmp_path / "below", "config").stdout
    rows = {line.split()[0]: line.split()[1:] for line in shown.splitlines()[2:]}
    assert shown.splitlines()[0] == "configuration file: ../pyproject.toml"
    assert rows["fail-on"] == ["warning", "../pyproject.toml:2"]
    assert rows["targets"] == ["armhf,", "arm64", "../pyproject.toml:3"]
    assert rows["select"] == ["-", "default"]
    assert rows["allow.1"][:3] == ["wheel-rpath,", "file", "a.so"]
    assert rows["format"] == ["text", "default"]
    assert rows["severity.wheel-rpath"] == ["note", "../pyproject.toml:5"]
    assert rows['per-file-ignores."*.whl"'][0] == "wheel-textrel"
    assert run(tmp_path, "config", "--isolated").stdout.startswith("no configuration file\n")


@pytest.mark.skipif(sys.platform != "linux", reason="env needs Linux")
def test_env_takes_targets_libs_and_policy_from_it(tmp_path: Path) -> None:
    write(tmp_path, 'targets = ["armhf", "arm64"]\nlibs = ["no-such-module"]\npolicy = "manylinux2014"\n')
    subjects = json.loads(run(tmp_path, "env", "--format", "json").stdout)["subjects"]
    triples = [subject["facts"]["target"]["triple"] for subject in subjects]
    assert triples == ["armv7-unknown-linux-gnueabihf", "aarch64-unknown-linux-gnu"]
    assert all("no-such-module" in subject["details"][1] for subject in subjects)
    one = json.loads(run(tmp_path, "env", "--format", "json", "--target", "i686").stdout)["subjects"]
    assert [subject["facts"]["target"]["triple"] for subject in one] == ["i686-unknown-linux-gnu"]
    done = run(tmp_path, "env", "--fix-format", "sh")
    assert done.stderr.startswith("diagnose: --apply, --diff and --fix-format need one --target")


def test_a_workflow_has_slashes_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".github" / "workflows" / "ci.yml"
    file.parent.mkdir(parents=True)
    file.write_text("on: push\n")
    monkeypatch.setattr(os, "sep", "\\")
    monkeypatch.setattr(os.path, "relpath", lambda path, start: r".github\workflows\ci.yml")
    assert workflow_command._find(str(file)) == (str(tmp_path), [".github/workflows/ci.yml"])
