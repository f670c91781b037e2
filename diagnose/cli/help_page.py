"""The commands, and what ``diagnose --help`` prints. Nothing is imported: it answers as fast as Python starts."""

from __future__ import annotations

TAGLINE = "Find out why a cross-built Python wheel, or its build, fails, and how to fix it."

SUMMARIES = {
    "run": "Run a build command, and explain its failure.",
    "wheel": "Check whether wheels run on the platforms their tags claim.",
    "try": "Install wheels in a sandbox and import them: this runs their code.",
    "env": "Check whether this machine, a root or an image can build for a target.",
    "log": "Find the cause in the log of a failed build, and how to fix it.",
    "workflow": "Check what a repository's CI workflows build, and where, before they run.",
    "index": "Judge very many wheels: folders, lists, package indexes; on a cluster, too.",
    "compare": "Show what changed from one release's wheels to the next.",
    "config": "Print each setting, and where it comes from.",
    "undo": "Restore the files that `env --apply` and `workflow --apply` changed.",
    "explain": "Print a check's documentation, or the list of all checks.",
    "targets": "Print the names that an architecture has elsewhere.",
    "completion": "Print a script that completes the command line in a shell.",
}
"""Command → its line of help, in the order of the page."""

EXIT_CODES = (
    (0, "nothing at or above --fail-on, also where something was not examined, or is not for Linux"),
    (1, "findings at or above --fail-on"),
    (2, "wrong usage, an input that cannot be read, a report that cannot be written, or an internal error"),
    (130, "interrupted (Ctrl-C)"),
)
"""Exit code → meaning. ``run`` has the exit status of the command that it runs instead."""


def help_page() -> str:
    """Return what ``diagnose --help`` prints."""
    lines = ["Usage: diagnose [OPTIONS] COMMAND [ARGS]...", "", f"  {TAGLINE}", "", "Options:"]
    lines += ["  -V, --version  Print the version and exit.", "  -h, --help     Print this help and exit.", ""]
    lines += ["Commands:", *(f"  {name:<10} {summary}" for name, summary in SUMMARIES.items())]
    lines += ["", "Run `diagnose COMMAND --help` for the options of a command.", "", "Exit codes:"]
    lines += [f"  {code:<4} {meaning}" for code, meaning in EXIT_CODES]
    lines += ["  `diagnose run` exits with the status of the command that it ran."]
    return "\n".join(lines) + "\n"
