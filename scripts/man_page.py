"""The manual page, diagnose(1), made from the table of options: ``python3 scripts/man_page.py`` prints it.

``scripts/build_hook.py`` puts it into the wheel, so that ``man diagnose`` finds it after the installation.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE))

from diagnose import __version__  # noqa: E402
from diagnose.cli import help_page, options  # noqa: E402

DESCRIPTION = (
    "diagnose names the cause why a cross-built Python wheel, or its build, fails, shows what it read to know it, and "
    "prints the fix. It runs on every system that has Python, and inspects wheels, root filesystems, container images, "
    "build logs and workflows for Linux of every architecture."
)
EXECUTES = (
    "Nothing that is inspected is executed. Only diagnose run and diagnose try execute what they are given: a build "
    "command, and the code of a wheel."
)
FILES = (
    (
        "diagnose.toml, pyproject.toml",
        "Settings, in the table [tool.diagnose] of pyproject.toml; in the working directory or above it. "
        "diagnose config prints each one, and where it comes from.",
    ),
)
ENVIRONMENT = (
    ("NO_COLOR", "No colors in text on a terminal."),
    ("FORCE_COLOR", "Colors also in text that does not go to a terminal."),
    ("GITHUB_STEP_SUMMARY", "With --format github, the report is appended to this file as Markdown."),
)
SEE_ALSO = ("auditwheel(1)", "ld.so(8)", "pkg-config(1)", "readelf(1)")


def escaped(text: str) -> str:
    """Return *text* so that roff prints it literally, with real minus signs."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return text.replace("^", "\\(ha").replace("~", "\\(ti")


def paragraph(text: str) -> str:
    """Return *text* as lines of roff, none of which is a request."""
    lines = textwrap.wrap(escaped(text), 78, break_long_words=False, break_on_hyphens=False)
    return "\n".join(f"\\&{line}" if line.startswith(".") else line for line in lines)


def tagged(tag: str, text: str) -> list[str]:
    """Return a paragraph with a *tag* that is roff already."""
    return [".TP", tag, paragraph(text)]


def bold(text: str) -> str:
    """Return *text* in bold type."""
    return f"\\fB{escaped(text)}\\fR"


def option_rows(option: options.Option) -> list[str]:
    """Return the paragraph about one option or argument."""
    if option.positional:
        return tagged(f"\\fI{escaped(option.name)}\\fR", described(option))
    value = "" if option.flag else f" \\fI{escaped(option.metavar or 'CHOICE')}\\fR"
    names = [option.short, option.name] if option.short else [option.name]
    return tagged(", ".join(f"{bold(name)}{value}" for name in names), described(option))


def described(option: options.Option) -> str:
    """Return the help of *option*, its choices and its default."""
    text = option.help
    if option.choices:
        text += f" One of: {', '.join(option.choices)}."
    if option.default and not option.positional:
        text += f" Default: {option.default[0] if option.many else option.default}."
    return text


def synopsis(command: options.Subcommand) -> str:
    """Return one line of roff: how *command* is called."""
    places = [f"{'-- ' if one.rest else ''}{one.name}" for one in command.options if one.positional]
    some = ["[\\fIOPTIONS\\fR]"] if len(command.options) > len(places) else []
    return " ".join([bold("diagnose"), bold(command.name), *some, *(f"\\fI{escaped(one)}\\fR" for one in places)])


def page() -> str:
    """Return the manual page in roff, for man(7)."""
    commands = options.COMMANDS.values()
    lines = [f'.TH DIAGNOSE 1 "" "diagnose {__version__}" "User Commands"', ".SH NAME"]
    lines += [
        paragraph(f"diagnose - {help_page.TAGLINE[0].lower()}{help_page.TAGLINE[1:].rstrip('.')}"),
        ".SH SYNOPSIS",
    ]
    for command in commands:
        lines += [synopsis(command), ".br"]
    lines += [f"{bold('diagnose')} {bold('--version')}", ".SH DESCRIPTION", paragraph(DESCRIPTION), ".PP"]
    lines += [paragraph(EXECUTES), ".SH COMMANDS"]
    for command in commands:
        lines += [f".SS diagnose {escaped(command.name)}", paragraph(command.help)]
        for option in command.options:
            lines += option_rows(option)
    lines.append(".SH OPTIONS")
    lines += tagged(f"{bold('-h')}, {bold('--help')}", "Print the help, or the help of a command, and exit.")
    lines += tagged(f"{bold('-V')}, {bold('--version')}", "Print the version and exit.")
    lines.append(".SH EXIT STATUS")
    for code, meaning in help_page.EXIT_CODES:
        lines += tagged(bold(str(code)), f"{meaning[0].upper()}{meaning[1:]}.")
    lines += [".PP", paragraph("diagnose run exits with the status of the command that it ran.")]
    for title, rows in (("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES)):
        lines.append(f".SH {title}")
        for name, text in rows:
            lines += tagged(bold(name), text)
    lines += [
        ".SH SEE ALSO",
        ",\n".join(f".BR {escaped(one[:-3])} {one[-3:]}" for one in SEE_ALSO).replace(",\n", " ,\n"),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
