"""Completes the command line from the user's configuration file. What the command line gives wins.

Every command comes here, so nothing is imported that a machine without such a file does not need.
"""

from __future__ import annotations

import os

from diagnose.cli.errors import UsageError
from diagnose.config import config_file
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError

if TYPE_CHECKING:
    from typing import Any

    from diagnose.cli.options import Subcommand
    from diagnose.config.config_file import SettingsFile
    from diagnose.config.settings import Settings


def completed(command: Subcommand, given: dict[str, Any]) -> dict[str, Any]:
    """Return the values that the command line has *given* to *command*, and those of the configuration file.

    Raises:
        UsageError: the configuration file cannot be read, or has something unknown in it.
    """
    if given.get("today"):
        from diagnose.config.declared import is_date

        if not is_date(given["today"]):
            raise UsageError(f"--today: {given['today']!r} is not a date such as 2027-01-31")
    try:
        found = _settings(given)
    except InputError as error:
        raise UsageError(str(error)) from None
    if found is not None:
        given = {**_values(command, found), **given, "settings": found}
    if given.get("baseline"):
        from diagnose.config import baseline

        if given["baseline"] != given.get("write_baseline"):
            try:
                given["known"] = baseline.read(given["baseline"])
            except InputError as error:
                raise UsageError(f"--baseline: {error}") from None
    return given


def _values(command: Subcommand, found: Settings) -> dict[str, Any]:
    """Return the values of options of *command* that the configuration file gives; a path is relative to that file."""
    from diagnose.cli.options import SETTINGS

    fields = {option.field: option for option in command.options}
    values: dict[str, Any] = {}
    for key, value in found.values:
        kind, field = SETTINGS[key]
        if key in config_file.CHOOSING or kind not in command.groups or field not in fields:
            continue
        given = (value,) if fields[field].many and isinstance(value, str) else value
        if all(map(fields[field].takes, given if isinstance(given, tuple | list) else (given,))):
            values[field] = given  # a format that this command lacks is meant for the others
    if "baseline" in values:
        values["baseline"] = os.path.join(os.path.dirname(found.path), values["baseline"])
    return values


def _settings(given: dict[str, Any]) -> Settings | None:
    named = given.get("config")
    if given.get("isolated"):
        if named:
            raise UsageError("--config and --isolated exclude each other")
        return None
    if named:
        found = _read(config_file.named(named))
        if found is None:
            raise UsageError(f"--config: {named}: has no table tool.diagnose")
        return found
    try:
        folder = os.getcwd()
    except OSError:  # it was removed
        return None
    root = given.get("root") or "/"
    for file in config_file.nearest(folder, "" if root == "/" else root):
        if (found := _read(file)) is not None:
            return found
    return None


def _read(file: SettingsFile) -> Settings | None:
    """Return the settings in *file*; None in a project file that has none."""
    from diagnose.cli.options import SETTINGS, option_of
    from diagnose.config import settings

    known = {}
    for key in SETTINGS:
        option = option_of(key)
        known[key] = settings.SettingKey(option.many and not option.into_file, option.choices)
    return settings.read(file, known)
