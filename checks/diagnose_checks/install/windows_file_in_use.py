"""Windows does not let a file be replaced that a running program uses.

A program's file, and each DLL or extension module that a process has loaded, cannot be deleted or overwritten on
Windows until that process ends. A Python, notebook or editor that runs in the environment holds its modules. Where no
program runs, the folder may belong to the administrator, or a virus scanner reads the file at that moment.

How to fix: end the programs that use the environment, and repeat the command.

References:
    https://learn.microsoft.com/en-us/windows/win32/debug/system-error-codes--0-499-
    https://pip.pypa.io/en/stable/user_guide/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_FILE = r"'(?P<file>[^'\n]{1,300}\.(?:pyd|dll|exe))'"
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "windows-file-in-use",
        ("[WinError 5]", rf"\[WinError 5\] [^'\n]{{0,80}}{_FILE}"),
        ("[WinError 32]", r"\[WinError 32\] [^'\n]{0,160}(?:'(?P<file>[^'\n]{1,300})')?"),
        (".exe.deleteme'", r"\[WinError 2\] [^'\n]{0,80}'(?P<script>[^'\n]{1,300}\.exe)' -> "),
        (
            "used by another process",
            r"(?:OSError|PermissionError): .{0,120}because it is being used by another process",
        ),
        ("(os error 5)", r"failed to (?:remove|copy|rename) file .{0,300}\.(?:pyd|dll|exe).{0,80}\(os error 5\)"),
        ("(os error 32)", r"(?<!Broken pipe )\(os error 32\)"),  # Linux has the number for a pipe
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See pip or uv refused a file that is in use."""
    hits = log.find("windows-file-in-use")
    if hits:
        groups = hits[0].groups
        file = (groups["file"] or groups["script"]).replace("\\", "/").rpartition("/")[2]
        rights = Fix(
            "if none runs: install into an environment of your own",
            (
                Command("python -m venv .venv", FixStage.TOOLCHAIN),
                Command(".venv\\Scripts\\python -m pip install PACKAGE", FixStage.BUILD),
            ),
            notes="Folders such as C:/Program Files and C:/Python39 need an administrator.",
        )
        end = Fix(
            "end the programs that use the environment, and repeat the command",
            (Command(f"tasklist /m {file}" if file.endswith((".pyd", ".dll")) else "tasklist", FixStage.TOOLCHAIN),),
            notes="Notebooks, servers and editors hold the modules of their Python. pip updates itself as `python -m "
            "pip install --upgrade pip`.",
        )
        yield finding_from_hits(
            log,
            hits,
            f"Windows does not let {file or 'a file'} be replaced: a program uses it, or it is not yours",
            "The package is not installed.",
            (rights, end) if groups["script"] else (end, rights),
        )
