"""``diagnose config``: prints each setting, and where it comes from."""

from __future__ import annotations

from diagnose.cli import console, options
from diagnose.config.settings import Settings
from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from diagnose.cli.options import Selection


def main(selection: Selection) -> int:
    """Print the settings of the configuration file, and the defaults of those that it does not set."""
    found = selection.settings or Settings()
    rows = []
    for key in options.SETTINGS:
        value = found.value(key)
        origin = "default" if value is None else found.place(key)
        rows.append((key, _words(options.option_of(key).default if value is None else value), origin))
    rows += [
        (f"per-file-ignores.{_quoted(pattern)}", ", ".join(ids), found.place("per-file-ignores"))
        for pattern, ids in found.per_file_ignores
    ]
    rows += [(f"severity.{name}", severity.value, found.place("severity")) for name, severity in found.severity]
    rows += [(f"allow.{one.number}", one.words(), found.place("allow")) for one in found.allow]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    head = f"configuration file: {found.path}" if found.path else "no configuration file"
    lines = [f"{key:<{widths[0]}}  {value:<{widths[1]}}  {origin}" for key, value, origin in rows]
    console.write("\n".join([head, "", *lines, ""]))
    return 0


def _words(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) and value else str(value or "-") if value != () else "-"


def _quoted(pattern: str) -> str:
    return f'"{pattern}"'
