"""The fast path and the parser, both made from one table, understand the same; a mistake is answered in one line."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import pytest

from diagnose.cli import app, commands, errors, options, plain
from diagnose.cli.help_page import help_page


@pytest.mark.parametrize("command", options.COMMANDS.values(), ids=options.COMMANDS)
def test_table_fits_the_functions(command: options.Subcommand) -> None:
    parameters = inspect.signature(commands.main_of(command.name)).parameters.values()
    assert [one.annotation for one in parameters] == [kind.__name__ for kind in command.groups]
    fields = [one.field for one in command.options]
    assert len(set(fields)) == len(fields)
    assert all(one.help.endswith(".") for one in command.options)


def parsed(monkeypatch: pytest.MonkeyPatch, args: list[str]) -> list[Any]:
    """Return the groups of options that the parser makes of *args*."""
    seen: list[Any] = []
    monkeypatch.chdir("/")  # where no configuration file is

    def record(command: str) -> Any:
        return lambda *groups: bool(seen.extend(groups))

    monkeypatch.setattr(commands, "main_of", record)
    app.run(args)
    return seen


@pytest.mark.parametrize(
    "line",
    [
        "env",
        "env --lib alsa --lib=dbus-1 -q",
        "env --format text --format=json=a=b --output x --statistics --no-progress",
        "env --target armhf --fix-format sh --unsafe --diff --apply --yes --policy manylinux2014 --root /x",
        "wheel a.whl -- -b.whl",
        "wheel - --select a,b --ignore c --format json --fail-on never --traceback",
        "log -",
        "log x.log --distro debian:13 --target armhf -v",
        "run true",
        "run --tty -q -- make -j2 --target all",
        "run make -q -- x",
        "explain",
        "explain pc-missing",
        "targets armhf",
        "undo",
    ],
)
def test_fast_path_and_parser_agree(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command, *args = line.split()
    given = plain.parse(command, args)
    assert given is not None
    assert options.COMMANDS[command].filled(given) == parsed(monkeypatch, [command, *args])


def test_what_the_parser_alone_understands(monkeypatch: pytest.MonkeyPatch) -> None:
    assert plain.parse("env", ["-qv"]) is None
    output = parsed(monkeypatch, ["env", "-qv"])[-1]
    assert (output.quiet, output.verbose) == (True, True)


def test_run_leaves_the_options_of_its_command_alone() -> None:
    given = plain.parse("run", ["-q", "--", "cargo", "--help", "--format", "x"])
    assert given is not None
    assert given["command"] == ("cargo", "--help", "--format", "x")
    assert run("run", "printf", "%s", "--help").stdout == "--help"


def test_help_is_made_from_the_table() -> None:
    page = run("--help")
    assert (page.returncode, page.stdout) == (0, help_page())
    assert all(f"  {name} " in page.stdout for name in options.COMMANDS)
    for name, command in options.COMMANDS.items():
        for spelling in ("--help", "-h"):
            page = run(name, spelling)
            assert (page.returncode, page.stdout) == (0, options.command_help(name))
        assert all(one.name in page.stdout and one.short in page.stdout for one in command.options)
        assert max(map(len, page.stdout.splitlines())) <= 80


def test_no_arguments_is_wrong_usage_answered_by_the_help() -> None:
    result = run()
    assert (result.returncode, result.stdout, result.stderr) == (2, "", help_page())


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(option: str) -> None:
    assert run(option).stdout.startswith("diagnose ")


@pytest.mark.parametrize(
    "args",
    [
        ["--format", "yaml"],
        ["--format"],
        ["--quiet=1"],
        ["--bogus"],
        ["stray"],
        ["--", "stray"],
    ],
)
def test_mistakes_are_left_to_the_parser(args: list[str]) -> None:
    assert plain.parse("env", args) is None
    with pytest.raises(errors.UsageError):
        app.run(["env", *args])


def run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "diagnose", *args], capture_output=True, text=True, timeout=60)


def test_both_ways_give_the_same() -> None:
    fast, real = run("wheel", "no-such.whl", "-q", "-v"), run("wheel", "no-such.whl", "-qv")
    assert (fast.returncode, fast.stdout, fast.stderr) == (real.returncode, real.stdout, real.stderr)
    assert fast.returncode == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("nonsense", f"unknown command: nonsense; the commands are {', '.join(options.COMMANDS)}"),
        ("evn", "unknown command: evn; did you mean env?"),
        ("--bogus", "unknown option: --bogus; see diagnose --help"),
        (
            "env --format yaml",
            "--format: 'yaml' is not one of 'text', 'json', 'jsonl', 'github', 'markdown', 'html', 'sarif', 'junit'",
        ),
        ("wheel --fail-on bad x.whl", "--fail-on: 'bad' is not one of 'error', 'warning', 'note', 'unknown', 'never'"),
        ("env --format", "--format needs a value: text, json, jsonl, github, markdown, html, sarif, junit"),
        ("env --quiet=1", "--quiet takes no value"),
        ("wheel --fial-on error x.whl", "wheel has no option --fial-on; did you mean --fail-on?"),
        ("explain --x", "explain has no option --x; it has --help"),
        ("wheel", "wheel needs PATH...: wheels, ELF files, folders or glob patterns; or --installed NAME"),
        ("log", "log needs FILE: the log of a build; - reads standard input"),
        ("env stray", "env does not take 'stray'; see diagnose env --help"),
        ("explain pc-misssing", "no check is named 'pc-misssing'; did you mean pc-missing"),
        ("run", "run needs COMMAND...: the command to run, with its arguments"),
        ("run --fail-on error true", "run has no option --fail-on"),
        ("targets amd86", "no architecture is named 'amd86'; did you mean"),
        ("env --select no-such-check", "--select: no check is named 'no-such-check'"),
        (
            "env --policy manylinux_2014",
            "--policy: no platform tag is named 'manylinux_2014'; did you mean manylinux2014",
        ),
        ("env --policy foo", "--policy: no platform tag is named 'foo'; an example is manylinux_2_28"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(args: str, message: str) -> None:
    result = run(*args.split())
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"diagnose: {message}")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("env --root /etc/os-release", "/etc/os-release: not a folder"),
        ("env --root /no/such", "/no/such: no such file or directory"),
        ("env --target armv9", "armv9: no architecture has this name"),
        ("env --target x86_64-pc-windows-msvc", "x86_64-pc-windows-msvc: only Linux targets are covered"),
        ("env --target aarch64-apple-darwin", "aarch64-apple-darwin: only Linux targets are covered"),
        ("env --target=a\x0ab", "'a\\nb': no architecture has this name"),
        ("env --target=", "--target: the name of the target is empty"),
        ("env --lib foo;rm", "'foo;rm': not the name of a pkg-config module"),
        ("log /usr", "/usr: Is a directory"),
        ("log /no/such", "/no/such: No such file or directory"),
    ],
)
def test_unusable_input_is_one_line_and_exit_2(args: str, message: str) -> None:
    result = run(*args.split(" "))
    assert (result.returncode, result.stderr) == (2, "")
    assert message in result.stdout
    assert result.stdout.count("\n") == 1


@pytest.mark.parametrize("args", [["--help"], ["env", "--help"], ["targets", "armhf"]])
def test_the_fast_path_imports_no_parser(args: list[str]) -> None:
    code = f"import sys, diagnose.cli.fast as s; s.run({args})\n"
    code += "sys.exit(bool({'typer', 'rich', 'inspect', 'dataclasses', 're'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-S", "-c", code], capture_output=True).returncode == 0
