"""``diagnose run``: runs a build command, passes its output on, and explains its failure on standard error."""

from __future__ import annotations

import os
import sys

from diagnose.cli import child, console
from diagnose.cli.destinations import Destination, planned, publish
from diagnose.cli.report import chosen, inspect, log_patterns, render, report_on, summarize, traces
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.outcome import Outcome

if TYPE_CHECKING:
    from typing import BinaryIO

    from diagnose.cli.options import BuildOrigin, Output, RunOptions, Selection
    from diagnose.readers.buildlog import BuildLog

#: Programs that build on the machine that starts them. Others, such as docker, cross or make, may build elsewhere.
_LOCAL = frozenset({"cargo", "maturin", "pip", "pip3", "uv"})
_SHOWN = 120  # characters of the command line that are printed


def main(options: RunOptions, origin: BuildOrigin, selection: Selection, output: Output) -> int:
    """Run the command and return its exit status; 128+N where signal N ended it, 127 or 126 where it cannot start."""
    chosen("log", selection)  # a wrong --select fails before any work
    planned(output)
    try:
        ended = child.run(options.command, options.tty, lambda stream: _read(options, origin, selection, stream))
    except FileNotFoundError:
        import shutil

        found = options.command[0] and shutil.which(
            options.command[0]
        )  # then its first line names an interpreter that does not exist
        console.warn(f"diagnose: {options.command[0]}: {'its interpreter' if found else 'command'} not found")
        return 126 if found else 127
    except OSError as error:
        console.warn(f"diagnose: {options.command[0]}: {error.strerror or error}")
        return 126
    if ended.unwritten:
        console.warn(f"diagnose: standard output{ended.unwritten}")
    if ended.status and not ended.asked:
        _explain(options.command, ended, output, selection)
    status = 128 - ended.status if ended.status < 0 else ended.status
    return status or (2 if ended.unwritten else 0)


def _read(options: RunOptions, origin: BuildOrigin, selection: Selection, stream: BinaryIO) -> BuildLog:
    """Read the output of the command from *stream*, as it comes."""
    from diagnose.readers.buildlog import read
    from diagnose.readers.system.machine import this_machine

    name = os.path.basename(options.command[0])
    machine = this_machine() if name in _LOCAL else None
    return read(f"output of {name}", log_patterns(selection), origin.target, origin.distro, stream, machine)


def _explain(command: tuple[str, ...], ended: child.ChildExit, output: Output, selection: Selection) -> None:
    """Print on standard error how the command ended and what its output says about the cause."""
    import shlex
    import signal
    from contextlib import redirect_stdout

    from diagnose.readers.buildlog import facts
    from diagnose.reports.style import clean

    how = f"failed with exit status {ended.status}"
    if ended.status < 0:
        names = {number.value: number.name for number in signal.Signals}
        how = f"was ended by signal {names.get(-ended.status, -ended.status)}"
    places = planned(output)
    if _for_people(places) and not output.quiet:
        line = shlex.join(command)
        console.warn(f"\ndiagnose: `{clean(line[:_SHOWN])}{'…' * (len(line) > _SHOWN)}` {how}")
    if ended.output is None:
        console.warn("diagnose: not enough memory to explain it")
        return
    # Not in the thread that reads: what a plugin's check may take is limited in this one only.
    result = inspect("log", os.path.basename(command[0]), ended.output, facts, selection)
    if not result.findings and result.error is None:  # whatever its output says, it has failed
        result = result._replace(outcome=Outcome.UNKNOWN_CAUSE)
        if _for_people(places):
            if not output.quiet:
                console.warn("diagnose: its output shows no known cause")
            places = [place for place in places if place.path]
    report = report_on([result], output, selection)
    if output.traceback:
        traces(report.results)
    with redirect_stdout(sys.stderr):  # whether it is a terminal, and how wide, is asked of it
        publish(places, lambda place: render(report, place, output), lambda text: console.warn(text.rstrip("\n")))
    summarize(report, places)


def _for_people(places: list[Destination]) -> bool:
    return Destination("text") in places
