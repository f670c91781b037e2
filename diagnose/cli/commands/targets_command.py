"""``diagnose targets``: prints the names that an architecture has elsewhere."""

from __future__ import annotations

from diagnose.cli import console
from diagnose.cli.errors import UsageError
from diagnose.model import targets as table
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.spelling import did_you_mean

if TYPE_CHECKING:
    from diagnose.cli.options import TargetsOptions


def main(options: TargetsOptions) -> int:
    """Print all names of one architecture, or the table of all."""
    from diagnose.reports import tables

    if options.name is None:
        console.write(tables.targets(table.TARGETS))
        return 0
    rows = table.find(options.name)
    if not rows:
        close = did_you_mean(options.name, table.suggest(options.name))
        raise UsageError(f"no architecture is named {options.name!r}{close or '; see diagnose targets'}")
    console.write(tables.target(rows))
    return 0
