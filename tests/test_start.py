"""The fast door understands exactly what the real command line understands."""

from __future__ import annotations

import subprocess
import sys
import typing

import pytest

from diagnose import cli, start


def real_options(command: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for hint in typing.get_type_hints(getattr(cli, command), include_extras=True).values():
        option = next((extra for extra in getattr(hint, "__metadata__", ()) if hasattr(extra, "param_decls")), None)
        if option is None:
            continue
        # In an annotation typer takes the first name as `default` until it builds the command.
        names = [name for name in (option.default, *(option.param_decls or ())) if str(name).startswith("-")]
        kinds = {bool: bool, str: str, str | None: str, list[str] | None: list}
        kind = typing.get_args(hint)[0]
        choices = next((one for one in typing.get_args(kind) if typing.get_origin(one) is typing.Literal), kind)
        found.update(dict.fromkeys(names, kinds.get(kind) or typing.get_args(choices)))
    return found


@pytest.mark.parametrize("command", start.OPTIONS)
def test_table_equals_the_real_command_line(command: str) -> None:
    assert start.OPTIONS[command] == real_options(command)


def test_help_names_every_command() -> None:
    assert set(start.COMMANDS) == {command.callback.__name__ for command in cli.app.registered_commands}
    assert all(f"  {name} " in start.help_page() for name in start.COMMANDS)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], ({}, [])),
        (["--lib", "alsa", "--lib=dbus-1", "-q"], ({"--lib": ("alsa", "dbus-1"), "-q": True}, [])),
        (["--format", "json", "x"], ({"--format": "json"}, ["x"])),
        (["--root="], ({"--root": ""}, [])),
        (["--format", "yaml"], None),
        (["--format"], None),
        (["--lib", "--quiet"], None),
        (["--quiet=1"], None),
        (["--help"], None),
        (["--bogus"], None),
        (["-qv"], None),
    ],
)
def test_parse(args: list[str], expected: object) -> None:
    assert start.parse("env", args) == expected


def run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "diagnose", *args], capture_output=True, text=True, timeout=60)


def test_both_doors_give_the_same() -> None:
    fast, real = run("wheel", "no-such.whl", "-q", "-v"), run("wheel", "no-such.whl", "-qv")
    assert (fast.returncode, fast.stdout, fast.stderr) == (real.returncode, real.stdout, real.stderr)
    assert fast.returncode == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("nonsense", "no command is named 'nonsense'; there are wheel, env, undo, log, explain, targets"),
        ("evn", "no command is named 'evn'; did you mean env?"),
        ("--bogus", "no command, and no option, is named --bogus"),
        ("env --format yaml", "--format: 'yaml' is not one of 'text', 'json', 'github'"),
        ("wheel --fail-on bad x.whl", "--fail-on: 'bad' is not one of 'error', 'warning', 'note', 'never'"),
        ("env --format", "--format needs a value: text, json, github"),
        ("env --quiet=1", "--quiet takes no value"),
        ("wheel --fial-on error x.whl", "wheel has no option --fial-on; did you mean --fail-on?"),
        ("explain --x", "explain has no option --x; it has --help"),
        ("wheel", "wheel needs PATH...: wheels, glob patterns or folders"),
        ("log", "log needs FILE: the log of a build; - is standard input"),
        ("env stray", "env does not take 'stray'; see diagnose env --help"),
        ("explain pc-misssing", "no check is named 'pc-misssing'; did you mean pc-missing"),
        ("targets amd86", "no architecture is named 'amd86'; did you mean"),
        ("env --select no-such-check", "no check is named 'no-such-check'"),
        (
            "env --policy manylinux_2014",
            "--policy: no platform tag is named 'manylinux_2014'; did you mean manylinux2014",
        ),
        ("env --policy foo", "--policy: no platform tag is named 'foo'; one is like manylinux_2_28"),
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


def test_the_fast_door_imports_no_parser() -> None:
    code = "import sys, diagnose.start as s; s.run(['--help'])\n"
    code += "sys.exit(bool({'typer', 'rich', 'inspect', 'dataclasses', 're'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-S", "-c", code], capture_output=True).returncode == 0
