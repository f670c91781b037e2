"""The parser: made from the table of options with typer. Understands every way to spell a call, and every mistake.

:mod:`diagnose.cli.plain` answers plainly spelt calls, and prints the help, without importing this module.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from diagnose.cli import commands, help_page, options
from diagnose.cli.errors import UsageError
from diagnose.model.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable


def _hint(option: options.Option) -> tuple[Any, Any]:
    """Return the annotation and the default by which typer knows *option*; a missing one stays None."""
    listed = option.choices and not option.into_file
    plain: Any = bool if option.flag else Literal[option.choices] if listed else str
    plain = list[plain] if option.many else plain
    if option.positional:
        default = inspect.Parameter.empty if option.required else option.default
        details: Any = typer.Argument(metavar=option.metavar, help=option.help)
    else:
        default = None
        names = [option.name, *filter(None, [option.short])]
        details = typer.Option(*names, metavar=option.metavar or None, help=option.help)
    return Annotated[plain if option.required else plain | None, details], default


def _register(app: typer.Typer, command: options.Subcommand) -> None:
    def call(**values: Any) -> Callable[[], int]:
        given = {field: tuple(value) if isinstance(value, list) else value for field, value in values.items()}
        given = {field: value for field, value in given.items() if value not in (None, ())}
        for option in command.options:
            wrong = (
                [value for value in given.get(option.field, ()) if not option.takes(value)] if option.into_file else []
            )
            if wrong:
                raise UsageError(f"{option.name}: {wrong[0]!r} is not one of {', '.join(map(repr, option.choices))}")
        return lambda: commands.start(command.name, given)

    parameters, hints = [], {}
    for option in command.options:
        hints[option.field], default = _hint(option)
        kind = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter(option.field, kind, default=default, annotation=hints[option.field]))
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = hints
    whole = any(option.rest for option in command.options)
    app.command(command.name, help=command.help, context_settings={"allow_interspersed_args": not whole})(call)


def build() -> typer.Typer:
    """Return the parser of all commands."""
    app = typer.Typer(
        name="diagnose",
        help=help_page.TAGLINE,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": []},
    )
    for command in options.COMMANDS.values():
        _register(app, command)
    return app


_Wrong: Any = typer.BadParameter.__mro__[1]  # UsageError, which typer took from click and does not export itself


def _one_line(error: Any) -> str:
    """Return the message on a wrong command line: the option or argument, the fault, and the correct form."""
    kind, message = type(error).__name__, error.message.removeprefix("Value error, ").rstrip(".")
    command = error.ctx.command_path.partition(" ")[2] if error.ctx else ""
    param: Any = getattr(error, "param", None)
    option = getattr(error, "option_name", "") or (param.opts[0] if param else "")
    if kind == "NoSuchOption":
        if not command:
            return f"unknown option: {option}; see diagnose --help"
        names = ["--help", *(one.name for one in options.COMMANDS[command].options if not one.positional)]
        known = did_you_mean(option, names) or f"; it has {', '.join(sorted(names))}"
        return f"{command} has no option {option}{known}"
    if kind == "BadOptionUsage":
        return f"{option} {'needs a value' if 'requires' in message else 'takes no value'}{_choices(option)}"
    if kind == "MissingParameter":
        return f"{command} needs {param.metavar}: {param.help[:1].lower()}{param.help[1:]}".rstrip(".")
    if kind == "BadParameter":
        return f"{option}: {message}"
    if message.startswith("No such command"):
        name = message.split("'")[1]
        close = did_you_mean(name, list(options.COMMANDS))
        return f"unknown command: {name}{close or '; the commands are ' + ', '.join(options.COMMANDS)}"
    if "unexpected extra" in message:
        return f"{command} does not take {message.rpartition('(')[2].rstrip(')')!r}; see diagnose {command} --help"
    return f"{command}: {message[:1].lower()}{message[1:]}".removeprefix(": ")


def _choices(name: str) -> str:
    named = (one for command in options.COMMANDS.values() for one in command.options if one.name == name)
    return next((f": {', '.join(one.choices)}" for one in named if one.choices), "")


def run(args: list[str]) -> int:
    """Parse *args*, run the command and return the exit code.

    Raises:
        UsageError: *args* are not a valid command line of this program.
    """
    try:
        command: Callable[[], int] = typer.main.get_command(build()).main(args, "diagnose", standalone_mode=False)
    except _Wrong as error:
        raise UsageError(_one_line(error)) from None
    return command()
