"""``diagnose compare``: what changed from one release's wheels to the next."""

from __future__ import annotations

from diagnose.cli import console
from diagnose.cli.commands import wheel_command
from diagnose.cli.destinations import Destination, planned, publish
from diagnose.cli.options import Output
from diagnose.cli.report import chosen
from diagnose.comparison import wheel_changes
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.reports import changes

if TYPE_CHECKING:
    from diagnose.cli.options import CompareOptions, Selection


def main(options: CompareOptions, selection: Selection) -> int:
    """Report on two wheels, or on the wheels of two folders."""
    chosen("wheel", selection)  # a wrong --select fails before any work
    where = Output(format=(options.format,), output=options.output)
    given = [wheel_command.listed(path) for path in (options.old, options.new)]
    planned(where, [item.path for items in given for item in items])
    old, new = (wheel_command.judged(items, selection, where) for items in given)
    found = wheel_changes.compare(old, new)

    def render(place: Destination) -> str:
        return changes.as_json(found) if place.format == "json" else changes.as_text(found, options.verbose)

    publish(planned(where), render, console.write)
    return found.exit_code(options.fail_on)
