"""``diagnose explain``: prints a check's documentation, or the list of all checks."""

from __future__ import annotations

from diagnose.cli import console
from diagnose.cli.errors import UsageError
from diagnose.cli.report import names
from diagnose.engine import internal, registry
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.spelling import did_you_mean

if TYPE_CHECKING:
    from diagnose.cli.options import ExplainOptions


def main(options: ExplainOptions) -> int:
    """Print the documentation of one check, or the list of all."""
    checks = registry.load()
    if options.name is None:
        from diagnose.reports import tables

        console.write(tables.catalogue(checks))
        return 0
    name = options.name.lower()
    for check in (*checks, internal.page()):
        if name in (check.id, *check.aliases):
            from diagnose.reports import page, style

            console.write(page.render(check, style.terminal_style()))
            return 0
    raise UsageError(f"no check is named {options.name!r}{did_you_mean(name, names(checks))}")
