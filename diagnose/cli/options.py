"""The one table of the command line: its commands, and the options and arguments of each.

A class made by :func:`group` is a group of options: each field is one option, with its type and its default, and what
the parsers and the help need besides. A command is a row of :data:`COMMANDS`: a name, its line on the first page of the
help (:mod:`~diagnose.cli.help_page`), its groups. The fast path (:mod:`~diagnose.cli.plain`), the parser
(:mod:`~diagnose.cli.app`) and the help are made from this table, and a command receives its groups filled in, so that
a new option is one new field.
"""

from __future__ import annotations

from diagnose.cli.help_page import SUMMARIES
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any, TypeVar

    from diagnose.config.baseline import Baseline
    from diagnose.config.settings import Settings

    _Group = TypeVar("_Group")


class Option(NamedTuple):
    """One option, or (``positional``) one argument.

    ``field`` is its name in its group, ``name`` (``--fix-format``) and ``short`` (``-v``) what the user writes.
    ``default`` is False for a flag, a tuple where the option may be repeated (``many``). ``choices`` are the values
    that it takes; empty: any. ``metavar`` stands for the value in the help. ``rest``: this argument, and every word
    after its first, belong together, also those that look like options. ``into_file``: ``=FILE`` may follow a choice.
    """

    help: str
    default: Any = None
    choices: tuple[str, ...] = ()
    metavar: str = ""
    short: str = ""
    positional: bool = False
    required: bool = False
    rest: bool = False
    into_file: bool = False
    field: str = ""

    @property
    def name(self) -> str:
        """The option as the user writes it, ``--fix-format``; the metavar of an argument."""
        return self.metavar if self.positional else "--" + self.field.replace("_", "-")

    @property
    def flag(self) -> bool:
        """Whether it takes no value."""
        return self.default is False

    @property
    def many(self) -> bool:
        """Whether it may be given several times."""
        return isinstance(self.default, tuple)

    def takes(self, value: str) -> bool:
        """Whether *value* is one of its choices."""
        return not self.choices or (value.partition("=")[0] if self.into_file else value) in self.choices


def _option(
    help: str,
    default: Any,
    choices: tuple[str, ...] = (),
    metavar: str = "",
    short: str = "",
    positional: bool = False,
    required: bool = False,
    rest: bool = False,
    into_file: bool = False,
) -> Any:
    """Return an option with all fields, which takes a third of the time that one with defaults does."""
    return Option(help, default, choices, metavar, short, positional, required, rest, into_file, "")


def _flag(help: str, short: str = "") -> Any:
    return _option(help, False, short=short)


def _value(metavar: str, help: str, default: str | None = None, short: str = "") -> Any:
    return _option(help, default, (), metavar, short)


def _values(metavar: str, help: str) -> Any:
    return _option(help, (), (), metavar)


def _choice(choices: tuple[str, ...], help: str, default: str = "") -> Any:
    return _option(help, default, choices)


def _argument(metavar: str, help: str, default: Any = None, required: bool = False, rest: bool = False) -> Any:
    return _option(help, default, (), metavar, "", True, required, rest)


_OPTIONS: dict[type, tuple[Option, ...]] = {}


def group(kind: type[_Group]) -> type[_Group]:
    """Record the fields of *kind*, a NamedTuple whose defaults are options, and leave it with their plain defaults."""
    fields: dict[str, Any] = kind._field_defaults  # type: ignore[attr-defined]
    defaults = {name: option for name, option in fields.items() if isinstance(option, Option)}
    _OPTIONS[kind] = tuple(Option._make((*option[:-1], name)) for name, option in defaults.items())  # field is last
    fields.update({name: option.default for name, option in defaults.items()})
    return kind


@group
class Output(NamedTuple):
    """How a report is printed, and when it is a failure."""

    format: tuple[str, ...] = _option(
        "Format of the report; FORMAT=FILE writes it to a file (repeatable).",
        ("text",),
        ("text", "json", "jsonl", "github", "markdown", "html", "sarif", "junit"),
        "FORMAT",
        into_file=True,
    )
    output: str | None = _value("FILE", "Write the report to this file, whole or not at all.")
    fail_on: str = _choice(
        ("error", "warning", "note", "unknown", "never"),
        "Lowest severity that makes the exit code 1; unknown: an error, or an undecided outcome.",
        "error",
    )
    quiet: bool = _flag("Print the findings only.", "-q")
    verbose: bool = _flag("Also print the passed checks and everything that could not be inspected.", "-v")
    statistics: bool = _flag("Also print how many findings each check has.")
    no_progress: bool = _flag("Show no progress on the terminal.")
    traceback: bool = _flag("Print the Python traceback of an internal error.")


@group
class Selection(NamedTuple):
    """Which checks run, and the settings that the command line does not give.

    ``settings`` is what the configuration file says, ``known`` the baseline; :mod:`diagnose.cli.configured` reads them.
    """

    select: tuple[str, ...] = _values("ID", "Run only these checks: ids or prefixes, separated by commas (repeatable).")
    ignore: tuple[str, ...] = _values("ID", "Skip these checks: ids or prefixes, separated by commas (repeatable).")
    extend_select: tuple[str, ...] = _values("ID", "Run these checks, too, although the configuration skips them.")
    extend_ignore: tuple[str, ...] = _values("ID", "Skip these checks, too, beside those that the configuration skips.")
    pedantic: bool = _flag("Also run the checks that only advise.")
    config: str | None = _value("FILE", "Read the settings in FILE, not in diagnose.toml or pyproject.toml.")
    isolated: bool = _flag("Read no configuration file.")
    today: str | None = _value("DATE", "The day (2027-01-31) on which declared intent may have expired.")
    baseline: str | None = _value("FILE", "Let only findings fail that are not in this baseline.")
    write_baseline: str | None = _value("FILE", "Write a baseline of all findings.")
    settings: Settings | None = None
    known: Baseline | None = None


@group
class WheelOptions(NamedTuple):
    """What ``wheel`` inspects."""

    paths: tuple[str, ...] = _argument(
        "PATH...", "Wheels, ELF files, folders or glob patterns; - reads a wheel from standard input.", ()
    )
    elf: bool = _flag("In folders, inspect the ELF files instead of wheels.")
    installed: tuple[str, ...] = _values("NAME", "An installed distribution of the active environment (repeatable).")
    fix_format: str = _choice(("sh",), "Print the fixes of each wheel as one script instead of the report.")
    diff: bool = _flag("Print the changes that --apply would make as a patch instead of the report.")
    apply: bool = _flag("Apply the fixes to copies in --out-dir, and report on these.")
    out_dir: str | None = _value("DIR", "The folder for fixed copies; no file in it is overwritten.", short="-o")
    unsafe: bool = _flag("Also apply fixes that change what a working wheel does, or where it installs.")
    cache: bool = _flag("Use the results of earlier runs in CI, too.")
    no_cache: bool = _flag("Judge every wheel again.")


@group
class TryOptions(NamedTuple):
    """What ``try`` installs, and where it imports it."""

    paths: tuple[str, ...] = _argument("WHEEL...", "Wheels.", ())
    root: str | None = _value("DIR", "Try them in the root filesystem in this folder instead of on this machine.")
    release: str = _choice(("bullseye", "bookworm", "trixie"), "Try them in a Debian root, which mmdebstrap makes.")
    python: str | None = _value("PATH", "The interpreter to use there.")
    processor: str = _choice(("x86-64", "v2", "v3"), "Emulate an x86_64 processor of this level.")
    find_links: tuple[str, ...] = _values("DIR", "A folder with wheels of dependencies (repeatable).")
    offline: bool = _flag("Take dependencies only from --find-links.")
    run: str | None = _value("FILE", "A Python program to run there after the imports.")
    mirror: str | None = _value("URL", "The Debian mirror of --release.")
    no_sandbox: bool = _flag("Import on this machine without a sandbox: the code can do what you can.")
    clean: bool = _flag("Remove the roots that --release has made.")


@group
class EnvOptions(NamedTuple):
    """What ``env`` inspects."""

    target: tuple[str, ...] = _values("TARGET", "Architecture to build for, by any of its names (repeatable).")
    lib: tuple[str, ...] = _values("MODULE", "A pkg-config module that the build needs (repeatable).")
    policy: str | None = _value("TAG", "Platform tag that the wheel needs, such as manylinux2014.")
    root: str = _value("DIR", "Inspect the root filesystem in this folder instead of this machine.", "/")
    image: str | None = _value(
        "IMAGE", "Inspect a container image: the archive of docker save, an OCI layout, or docker:NAME."
    )
    platform: str | None = _value("NAME", "The platform of --image, such as linux/arm64, where it has several.")


@group
class FixOptions(NamedTuple):
    """What ``env`` does with its fixes."""

    fix_format: str = _choice(
        ("sh", "before-script", "dockerfile", "cargo-config", "cross-toml", "json"),
        "Print all fixes in this form instead of the report.",
    )
    diff: bool = _flag("Print the fixes' changes to files as a patch instead of the report.")
    apply: bool = _flag("Apply the fixes, then report.")
    yes: bool = _flag("Apply without asking.")
    unsafe: bool = _flag("Also write files that have hard links, are outside behind a link, or lose an owner.")


@group
class LogOptions(NamedTuple):
    """What ``log`` reads."""

    path: str = _argument("FILE", "The log of a build; - reads standard input.", "", required=True)


@group
class BuildOrigin(NamedTuple):
    """What a log may not tell about the build."""

    target: str | None = _value("TARGET", "Architecture that was built for, if the log does not name it.")
    distro: str | None = _value("NAME", "Distribution that it was built on, such as ubuntu:22.04.")


@group
class RunOptions(NamedTuple):
    """What ``run`` runs."""

    command: tuple[str, ...] = _argument("COMMAND...", "The command to run, with its arguments.", (), True, rest=True)
    tty: bool = _flag("Run it on a pseudo-terminal, so that it keeps its colours and progress bars.")


@group
class WorkflowOptions(NamedTuple):
    """What ``workflow`` reads."""

    paths: tuple[str, ...] = _argument(
        "[PATH...]", "Repositories or workflow files; without one, the repository of the working directory.", ()
    )
    generate: str = _choice(
        ("maturin", "maturin-tables", "cibuildwheel", "uv", "cross"),
        "Print a workflow for the crate of PATH, the tables of maturin's generator, or Cross.toml.",
    )
    target: tuple[str, ...] = _values("TARGET", "With --generate: architecture to build for (repeatable).")
    diff: bool = _flag("Print the change to the repository's files as a patch instead of the report.")
    apply: bool = _flag("Apply the change; diagnose undo reverts it.")
    yes: bool = _flag("Apply without asking.")


@group
class ExplainOptions(NamedTuple):
    """What ``explain`` explains."""

    name: str | None = _argument("[ID]", "A check; without it, the list of all checks.")


@group
class TargetsOptions(NamedTuple):
    """What ``targets`` prints."""

    name: str | None = _argument("[TARGET]", "Any name of an architecture; without it, the table of all.")


@group
class CompareOptions(NamedTuple):
    """What ``compare`` compares, and when that is a failure."""

    old: str = _argument("OLD", "The wheel of the old release, or the folder of its wheels.", "", required=True)
    new: str = _argument("NEW", "The wheel of the new release, or the folder of its wheels.", "", required=True)
    format: str = _choice(("text", "json"), "Format of the report.", "text")
    output: str | None = _value("FILE", "Write the report to this file, whole or not at all.")
    fail_on: str = _choice(
        ("error", "warning", "note", "loss", "never"),
        "Lowest severity of a new finding that makes the exit code 1; loss: an error, or support taken away.",
        "error",
    )
    verbose: bool = _flag("Also print the wheels in which nothing changed but the size.", "-v")


@group
class IndexOptions(NamedTuple):
    """What ``index`` judges, where, and where its rows go."""

    sources: tuple[str, ...] = _argument(
        "SOURCE...", "Folders, wheels, lists of paths or addresses, or simple indexes (http, https).", ()
    )
    into: str | None = _value("DIR", "The folder for the rows; a run that was interrupted is continued there.")
    rows: str = _choice(("jsonl", "parquet"), "Form of the rows.", "jsonl")
    no_hashes: bool = _flag("Read metadata and code only: of remote wheels, nothing else is fetched.")
    scheduler: str | None = _value("ADDRESS", "Let the workers of this Dask scheduler do it, such as tcp://host:8786.")
    workers: str | None = _value("N", "Processes on this machine; one for each processor by default.")
    weights: str | None = _value("FILE", "Weights of projects, such as downloads: lines project,number, or JSON.")
    format: tuple[str, ...] = _option(
        "Format of the report over all rows; FORMAT=FILE writes it to a file (repeatable).",
        ("text",),
        ("text", "json", "html"),
        "FORMAT",
        into_file=True,
    )
    output: str | None = _value("FILE", "Write the report to this file, whole or not at all.")
    no_progress: bool = _flag("Show no progress on the terminal.")


@group
class CompletionOptions(NamedTuple):
    """Whose completion ``completion`` prints."""

    shell: str = _option(
        "The shell to complete the command line in.", None, ("bash", "zsh", "fish"), "SHELL", "", True, True
    )


class Subcommand(NamedTuple):
    """One command: ``diagnose.cli.commands.NAME_command.main`` is called with its groups, in this order.

    ``without`` names options of a group that the command does not have; they keep their defaults. ``formats`` are the
    formats of a report that it has; empty: all.
    """

    name: str
    help: str
    groups: tuple[type, ...] = ()
    without: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()

    @property
    def options(self) -> list[Option]:
        """The options and arguments of all groups."""
        found = [one for kind in self.groups for one in _OPTIONS[kind] if one.field not in self.without]
        if not self.formats:
            return found
        return [one._replace(choices=self.formats) if one.field == "format" else one for one in found]

    def filled(self, values: dict[str, Any]) -> list[Any]:
        """Return the groups with *values* (field → value); what is not in it has its default."""
        return [
            kind(**{field: values[field] for field in kind._fields if field in values})  # type: ignore[attr-defined]
            for kind in self.groups
        ]


_NO_CHECKS = ("select", "ignore", "extend_select", "extend_ignore", "pedantic", "today", "baseline", "write_baseline")
_PARTS: dict[str, tuple[tuple[type, ...], tuple[str, ...]]] = {
    "run": ((RunOptions, BuildOrigin, Selection, Output), ("fail_on", "no_progress", "pedantic")),
    "wheel": ((WheelOptions, Selection, Output), ("pedantic",)),
    "try": (
        (TryOptions, Selection, Output),
        (*_NO_CHECKS, "quiet", "verbose", "statistics", "no_progress"),
    ),
    "env": ((EnvOptions, FixOptions, Selection, Output), ("pedantic",)),
    "log": ((LogOptions, BuildOrigin, Selection, Output), ("pedantic",)),
    "workflow": ((WorkflowOptions, Selection, Output), ()),
    "compare": ((CompareOptions, Selection), ("pedantic", "baseline", "write_baseline")),
    "index": (
        (IndexOptions, Selection),
        ("pedantic", "config", "isolated", "today", "baseline", "write_baseline", "extend_select", "extend_ignore"),
    ),
    "config": ((Selection,), _NO_CHECKS),
    "undo": ((), ()),
    "explain": ((ExplainOptions,), ()),
    "targets": ((TargetsOptions,), ()),
    "completion": ((CompletionOptions,), ()),
}
_FORMATS = {"try": ("text", "json", "github", "markdown", "junit")}
COMMANDS = {name: Subcommand(name, help, *_PARTS[name], _FORMATS.get(name, ())) for name, help in SUMMARIES.items()}


SETTINGS: dict[str, tuple[type, str]] = {
    "select": (Selection, "select"),
    "ignore": (Selection, "ignore"),
    "extend-select": (Selection, "extend_select"),
    "extend-ignore": (Selection, "extend_ignore"),
    "baseline": (Selection, "baseline"),
    "fail-on": (Output, "fail_on"),
    "format": (Output, "format"),
    "targets": (EnvOptions, "target"),
    "policy": (EnvOptions, "policy"),
    "libs": (EnvOptions, "lib"),
}
"""Key in a configuration file → the group and the field of the option that it sets."""


def option_of(key: str) -> Option:
    """Return the option that the *key* of a configuration file sets."""
    kind, field = SETTINGS[key]
    return next(option for option in _OPTIONS[kind] if option.field == field)


_WIDTH, _COLUMN = 80, 25  # of the help of a command, and of its first column


def command_help(name: str) -> str:
    """Return what ``diagnose NAME --help`` prints."""
    command = COMMANDS[name]
    places = [one for one in command.options if one.positional]
    usage = [f"Usage: diagnose {name} [OPTIONS]", *(f"-- {one.name}" if one.rest else one.name for one in places)]
    lines = [" ".join(usage), "", f"  {command.help}", ""]
    if places:
        lines += ["Arguments:", *(_help_row(one.name, one) for one in places), ""]
    lines.append("Options:")
    for one in command.options:
        if one not in places:
            lines.append(_help_row(f"{one.short + ',' if one.short else '':<3} {one.name}", one))
    return "\n".join([*lines, f"{'  -h, --help':<{_COLUMN}} Print this help and exit."]) + "\n"


def _help_row(names: str, option: Option) -> str:
    text = option.help
    if option.choices:
        text += f" One of: {', '.join(option.choices)}."
    if option.default and not option.positional:
        text += f" Default: {option.default[0] if option.many else option.default}."
    value = "" if option.flag or option.positional else f" {option.metavar or 'CHOICE'}"
    head = f"  {names}{value}"
    lines = [head.ljust(_COLUMN)]
    for word in text.split():
        if len(lines[-1]) + 1 + len(word) > _WIDTH:
            lines.append(" " * _COLUMN)
        lines[-1] += f" {word}"
    return "\n".join(line.rstrip() for line in lines)
