"""Understands plainly spelt calls by the table of options, and leaves the rest to the parser."""

from __future__ import annotations

from diagnose.cli import commands, console, options
from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


def parse(command: str, args: list[str]) -> dict[str, Any] | None:
    """Return the values that *args* give to the options of *command*, or None where the parser has to look."""
    known, places = {}, []
    for option in options.COMMANDS[command].options:
        if option.positional:
            places.append(option)
        else:
            known[option.name] = known[option.short] = option
    known.pop("", None)
    values: dict[str, Any] = {}
    words: list[str] = []
    rest = iter(args)
    for word in rest:
        if word == "--" or (places and places[0].rest and not word.startswith("-")):
            words += [] if word == "--" else [word]
            words += rest
        elif word == "-" or not word.startswith("-"):
            words.append(word)
        elif not _option(known, word, rest, values):
            return None
    for place in places:
        if place.many:
            values |= {place.field: tuple(words)} if words else {}
            words = []
        elif words:
            values[place.field] = words.pop(0)
        if (place.required and not values.get(place.field)) or not place.takes(values.get(place.field, "")):
            return None
    return None if words else values


def _option(known: dict[str, options.Option], word: str, rest: Any, values: dict[str, Any]) -> bool:
    """Put the option that *word* begins into *values*; False where the parser has to look."""
    name, equals, value = word.partition("=")
    option = known.get(name)
    if option is None or (option.flag and equals):
        return False
    if option.flag:
        values[option.field] = True
        return True
    value = value if equals else next(rest, "-")
    if value.startswith("-") or not option.takes(value):
        return False
    values[option.field] = (*values.get(option.field, ()), value) if option.many else value
    return True


def _wants_help(command: str, args: list[str]) -> bool:
    own = args[: args.index("--")] if "--" in args else args
    if any(one.rest for one in options.COMMANDS[command].options):  # what follows the first word is not for us
        own = own[:1]
    return "--help" in own or "-h" in own


def start(args: list[str]) -> int:
    """Run the command line *args*, which names a command first."""
    if args[0] in options.COMMANDS and _wants_help(args[0], args[1:]):
        console.write(options.command_help(args[0]))
        return 0
    if args[0] in options.COMMANDS and (given := parse(args[0], args[1:])) is not None:
        return commands.start(args[0], given)
    from diagnose.cli import app

    return app.run(args)
