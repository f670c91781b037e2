"""The commands: each parses its arguments, calls one function and sets the exit code.

:mod:`diagnose.start` answers the common calls without importing this module; what it does not understand, and every
usage error and help page, comes here.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any, Literal

import typer

from diagnose import commands, start
from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(
    name="diagnose",
    help=start.TAGLINE,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Format = Annotated[Literal["text", "json", "github"], typer.Option("--format", help="How to print the report.")]
FailOn = Annotated[
    Literal["error", "warning", "note", "never"], typer.Option("--fail-on", help="Exit with 1 from this severity on.")
]
Select = Annotated[
    list[str] | None, typer.Option("--select", metavar="ID", help="Only these checks (id or prefix, repeatable).")
]
Ignore = Annotated[
    list[str] | None, typer.Option("--ignore", metavar="ID", help="Not these checks (id or prefix, repeatable).")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print findings only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also print what passed and what could not be seen.")]


def _exit(command: Callable[..., int], *args: Any) -> None:
    try:
        raise typer.Exit(command(*args))
    except commands.UsageError as error:
        typer.echo(f"diagnose: {error}", err=True)
        raise typer.Exit(2) from None


def _output(*values: Any) -> commands.Output:
    form, fail_on, select, ignore, quiet, verbose = values
    return commands.Output(form, fail_on, tuple(select or ()), tuple(ignore or ()), quiet, verbose)


@app.command(help=start.COMMANDS["env"])
def env(
    target: Annotated[
        str | None, typer.Option("--target", metavar="NAME", help="What to build for, by any of its names.")
    ] = None,
    lib: Annotated[
        list[str] | None, typer.Option("--lib", metavar="MODULE", help="A pkg-config module needed (repeatable).")
    ] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="TAG", help="The platform tag wanted, like manylinux2014.")
    ] = None,
    root: Annotated[str, typer.Option("--root", metavar="DIR", help="Inspect the root in this folder instead.")] = "/",
    fix_format: Annotated[
        Literal["sh", "before-script", "dockerfile", "cargo-config", "cross-toml", "json"] | None,
        typer.Option("--fix-format", help="Print all fixes together, ready to paste, instead of the report."),
    ] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Print the fixes' edits of files as a patch instead.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Do what the fixes say, then report.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Apply without asking.")] = False,
    unsafe: Annotated[
        bool,
        typer.Option(
            "--unsafe", help="Also write files that have hard links, lie outside behind a link, or lose an owner."
        ),
    ] = False,
    form: Format = "text",
    fail_on: FailOn = "error",
    select: Select = None,
    ignore: Ignore = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    output = _output(form, fail_on, select, ignore, quiet, verbose)
    mend = commands.Mend(fix_format or "", diff, apply, yes, unsafe)
    _exit(commands.env, target, tuple(lib or ()), policy, root, output, mend)


@app.command(help=start.COMMANDS["wheel"])
def wheel(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Wheels, glob patterns or folders.")],
    form: Format = "text",
    fail_on: FailOn = "error",
    select: Select = None,
    ignore: Ignore = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    _exit(commands.wheel, paths, _output(form, fail_on, select, ignore, quiet, verbose))


@app.command(help=start.COMMANDS["undo"])
def undo() -> None:
    _exit(commands.undo)


@app.command(help=start.COMMANDS["log"])
def log(
    path: Annotated[str, typer.Argument(metavar="FILE", help="The log of a build; - is standard input.")],
    target: Annotated[
        str | None, typer.Option("--target", metavar="NAME", help="What was built for, where the log does not tell.")
    ] = None,
    distro: Annotated[
        str | None,
        typer.Option("--distro", metavar="NAME", help="Where it was built, as ubuntu:22.04."),
    ] = None,
    form: Format = "text",
    fail_on: FailOn = "error",
    select: Select = None,
    ignore: Ignore = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    _exit(commands.log, path, target, distro, _output(form, fail_on, select, ignore, quiet, verbose))


@app.command(help=start.COMMANDS["explain"])
def explain(
    name: Annotated[str | None, typer.Argument(metavar="[ID]", help="A check; without it, the catalogue.")] = None,
) -> None:
    _exit(commands.explain, name)


@app.command(help=start.COMMANDS["targets"])
def targets(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Any name of an architecture; without it, the table.")
    ] = None,
) -> None:
    _exit(commands.targets, name)


_Wrong: Any = typer.BadParameter.__mro__[1]  # UsageError, which typer took from click and does not export itself


def _one_line(error: Any) -> str:
    """Say what is wrong with the command line, by the name of the option or argument, and what would be right."""
    kind, message = type(error).__name__, error.message.removeprefix("Value error, ").rstrip(".")
    command = error.ctx.command_path.partition(" ")[2] if error.ctx else ""
    param: Any = getattr(error, "param", None)
    option = getattr(error, "option_name", "") or (param.opts[0] if param else "")
    if kind == "NoSuchOption":
        names = ["--help", *(name for one in error.ctx.command.params for name in one.opts if name.startswith("--"))]
        known = commands.did_you_mean(option, names) or f"; it has {', '.join(sorted(names))}"
        return (
            f"{command} has no option {option}{known}" if command else f"no command, and no option, is named {option}"
        )
    if kind == "BadOptionUsage":
        return f"{option} {'needs a value' if 'requires' in message else 'takes no value'}{_choices(option)}"
    if kind == "MissingParameter":
        return f"{command} needs {param.metavar}: {param.help[:1].lower()}{param.help[1:]}".rstrip(".")
    if kind == "BadParameter":
        return f"{option}: {message}"
    if message.startswith("No such command"):
        name = message.split("'")[1]
        close = commands.did_you_mean(name, list(start.COMMANDS))
        return f"no command is named {name!r}{close or '; there are ' + ', '.join(start.COMMANDS)}"
    if "unexpected extra" in message:
        return f"{command} does not take {message.rpartition('(')[2].rstrip(')')!r}; see diagnose {command} --help"
    return f"{command}: {message[:1].lower()}{message[1:]}".removeprefix(": ")


def _choices(option: str) -> str:
    kinds = (table[option] for table in start.OPTIONS.values() if option in table)
    return next((f": {', '.join(kind)}" for kind in kinds if isinstance(kind, tuple)), "")


def main(args: list[str]) -> None:
    """Parse *args* and run; ends in ``SystemExit``."""
    try:
        sys.exit(typer.main.get_command(app).main(args, prog_name="diagnose", standalone_mode=False))
    except _Wrong as error:
        typer.echo(f"diagnose: {_one_line(error)}", err=True)
        sys.exit(2)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
