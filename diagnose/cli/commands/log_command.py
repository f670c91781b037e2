"""``diagnose log``: finds the cause in the log of a failed build."""

from __future__ import annotations

import os
import sys

from diagnose.cli.destinations import planned
from diagnose.cli.report import finish, inspect, log_patterns
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError

if TYPE_CHECKING:
    from diagnose.cli.options import BuildOrigin, LogOptions, Output, Selection


def main(options: LogOptions, origin: BuildOrigin, selection: Selection, output: Output) -> int:
    """Report on the log in a file, or on standard input for ``-``."""
    from diagnose.readers import buildlog as reader

    patterns = log_patterns(selection)
    planned(output, [options.path])

    def read() -> reader.BuildLog:
        if options.path == "-" and sys.stdin is None:
            raise InputError("standard input is closed")
        return reader.read(options.path, patterns, origin.target, origin.distro)

    name = "standard input" if options.path == "-" else os.path.basename(options.path)
    return finish([inspect("log", name, read, reader.facts, selection, options.path)], output, selection)
