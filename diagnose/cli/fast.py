"""The console script: answers ``--help`` at once, and leaves calls to :mod:`diagnose.cli.plain`.

Importing a command-line parser takes several times as long as starting Python, more than inspecting a healthy machine.
So calls that :func:`diagnose.cli.plain.parse` understands fully need none; every other call, and so every mistake, goes
to :mod:`diagnose.cli.app`, which alone prints usage errors.
"""

from __future__ import annotations

import gc
import os
import sys

from diagnose.cli import console
from diagnose.cli.errors import EndedBySignal, OutputError, UsageError


def _dispatch(args: list[str]) -> int:
    if not args or args[0] in ("--help", "-h"):
        from diagnose.cli.help_page import help_page

        if args:
            console.write(help_page())
            return 0
        console.warn(help_page().rstrip("\n"))
        return 2
    if args[0] in ("--version", "-V"):
        from diagnose import __version__

        console.write(f"diagnose {__version__}\n")
        return 0
    from diagnose.cli import own_modules

    own_modules.install()
    from diagnose.cli import plain

    return plain.start(args)


def run(args: list[str]) -> int:
    """Run the command line *args* and return the exit code. Whatever happens is one line on standard error."""
    try:
        return _dispatch(args)
    except (UsageError, OutputError) as error:
        console.warn(f"diagnose: {error}")
    except KeyboardInterrupt as error:
        return 128 + error.args[0] if isinstance(error, EndedBySignal) else 130
    except MemoryError:
        console.warn("diagnose: not enough memory")
    except Exception as error:
        from diagnose.engine import internal
        from diagnose.engine.registry import DeclarationError

        if "--traceback" in args:
            console.warn(internal.trace(error).rstrip("\n"))
        known = isinstance(error, DeclarationError)
        console.warn(f"diagnose: {error}" if known else internal.reason("diagnose", error))
    return 2


def main() -> None:
    """Run the command line of this process, and end it."""
    gc.set_threshold(50_000)  # imports make no cycles: looking for them at every 700 objects is a tenth of the start
    console.prepare()
    os._exit(run(sys.argv[1:]))  # all is written; taking the interpreter apart would be another tenth
