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
    "args",
    [["nonsense"], ["env", "--format", "yaml"], ["wheel"], ["targets", "amd86"], ["explain", "pc-misssing"],
     ["env", "--select", "no-such-check"], ["env", "stray"]],
)  # fmt: skip
def test_wrong_usage_is_one_message_and_exit_2(args: list[str]) -> None:
    result = run(*args)
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.strip()


def test_the_fast_door_imports_no_parser() -> None:
    code = "import sys, diagnose.start as s; s.run(['--help'])\n"
    code += "sys.exit(bool({'typer', 'rich', 'inspect', 'dataclasses', 're'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-S", "-c", code], capture_output=True).returncode == 0
