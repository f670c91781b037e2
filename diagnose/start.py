"""The console script's door: answers the common calls at once, and leaves the rest to :mod:`diagnose.cli`.

Importing a command-line parser takes several times as long as starting Python, more than judging a healthy machine. So
``--help`` and plainly spelt ``env`` and ``wheel`` calls are understood here, by table; a call that this table does not
fully understand (also every mistake) is parsed by :mod:`diagnose.cli`, which alone has the say on errors and help. A
test holds the table against the real command line.
"""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False  # typing's own costs its import
if TYPE_CHECKING:
    from typing import Any

TAGLINE = "Say why a cross-built wheel, or its build, fails, and exactly what to do."

COMMANDS = {
    "wheel": "Judge wheels: do they run where their tags say?",
    "env": "Judge this machine, or a root: would the build find and link its libraries for the target?",
    "undo": "Put back the files that `env --apply` wrote.",
    "log": "Name the cause in the log of a failed build, and what mends it.",
    "explain": "Print a check's documentation, or the catalogue of all checks.",
    "targets": "Print what an architecture is called elsewhere.",
}

OUTPUT_OPTIONS = {
    "--format": ("text", "json", "github"),
    "--fail-on": ("error", "warning", "note", "never"),
    "--select": list,
    "--ignore": list,
    "--quiet": bool,
    "-q": bool,
    "--verbose": bool,
    "-v": bool,
}
"""Option → what its value is: a tuple of choices, ``str``, ``list`` (repeatable) or ``bool`` (none)."""

OPTIONS: dict[str, dict[str, Any]] = {
    "env": {
        "--target": str,
        "--lib": list,
        "--policy": str,
        "--root": str,
        "--fix-format": ("sh", "before-script", "dockerfile", "cargo-config", "cross-toml", "json"),
        "--diff": bool,
        "--apply": bool,
        "--yes": bool,
        "--unsafe": bool,
        **OUTPUT_OPTIONS,
    },
    "wheel": dict(OUTPUT_OPTIONS),
}


def help_page() -> str:
    """Return what ``diagnose --help`` prints."""
    lines = ["Usage: diagnose [OPTIONS] COMMAND [ARGS]...", "", f"  {TAGLINE}", "", "Options:"]
    lines += ["  --version   Show the version and exit.", "  -h, --help  Show this message and exit.", "", "Commands:"]
    lines += [f"  {name:<9} {text}" for name, text in COMMANDS.items()]
    lines += ["", "`diagnose COMMAND --help` tells more.", ""]
    lines += ["Exit codes: 0 nothing wrong, 1 findings at or above --fail-on, 2 wrong usage or unreadable input."]
    return "\n".join(lines) + "\n"


def parse(command: str, args: list[str]) -> tuple[dict[str, Any], list[str]] | None:
    """Return (options, positional arguments) of *args*, or None where the real parser has to look."""
    table = OPTIONS[command]
    options: dict[str, Any] = {}
    positional = []
    rest = iter(args)
    for word in rest:
        if not word.startswith("-"):
            positional.append(word)
            continue
        name, equals, value = word.partition("=")
        kind = table.get(name)
        if kind is None or (kind is bool and equals):
            return None
        if kind is bool:
            options[name] = True
            continue
        value = value if equals else next(rest, "-")
        if value.startswith("-") or (isinstance(kind, tuple) and value not in kind):
            return None
        if kind is list:
            options[name] = (*options.get(name, ()), value)
        else:
            options[name] = value
    return options, positional


def _run(command: str, options: dict[str, Any], positional: list[str]) -> int | None:
    """Run *command* and return its exit code, or None where the real parser has to look."""
    from diagnose import commands

    if (command == "env") == bool(positional):
        return None
    output = commands.Output(
        format=options.get("--format", "text"),
        fail_on=options.get("--fail-on", "error"),
        select=options.get("--select", ()),
        ignore=options.get("--ignore", ()),
        quiet="--quiet" in options or "-q" in options,
        verbose="--verbose" in options or "-v" in options,
    )
    try:
        if command == "wheel":
            return commands.wheel(positional, output)
        return commands.env(
            target=options.get("--target"),
            lib=options.get("--lib", ()),
            policy=options.get("--policy"),
            root=options.get("--root", "/"),
            output=output,
            mend=commands.Mend(
                format=options.get("--fix-format", ""),
                diff="--diff" in options,
                apply="--apply" in options,
                yes="--yes" in options,
                unsafe="--unsafe" in options,
            ),
        )
    except commands.UsageError as error:
        sys.stderr.write(f"diagnose: {error}\n")
        return 2


def run(args: list[str]) -> int:
    """Run the command line and return the exit code; what the real parser has a say on ends in ``SystemExit``."""
    code: int | None = None
    try:
        if args in (["--help"], ["-h"], []):
            sys.stdout.write(help_page())
            code = 0
        elif args == ["--version"]:
            from diagnose import __version__

            sys.stdout.write(f"diagnose {__version__}\n")
            code = 0
        elif args[0] in OPTIONS and (parsed := parse(args[0], args[1:])) is not None:
            code = _run(args[0], *parsed)
        if code is None:
            from diagnose import cli

            cli.main(args)
        sys.stdout.flush()
    except BrokenPipeError:  # `diagnose … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except KeyboardInterrupt:
        code = 130
    return code or 0


def main() -> None:
    """Run the command line of this process, and end it."""
    gc.set_threshold(20_000)  # imports make no cycles: looking for them at every 700 objects is a tenth of the start
    code = run(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # all is written and closed; taking the interpreter apart would be another tenth
