"""Settings of pip that keep it from asking an index.

Source: pip's documentation, configuration (its files, and variables named ``PIP_…``), and the option ``--no-index``.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.cargo.variables import Setting

if TYPE_CHECKING:
    from diagnose.readers.cargo.variables import Variables
    from diagnose.readers.system.root import Root

_OFF = ("", "0", "false", "no", "off", "n", "f")


def no_index(place: Root, variables: Variables) -> Setting | None:
    """Return what makes pip ask no index; None if nothing does."""
    own = variables.own("PIP_NO_INDEX")
    if own is not None:
        return own if own.value.lower() not in _OFF else None
    home, named, active = (variables.own(name) for name in ("HOME", "PIP_CONFIG_FILE", "VIRTUAL_ENV"))
    paths = ["/etc/pip.conf"]
    if home is not None:
        paths += [f"{home.value}/.pip/pip.conf", f"{home.value}/.config/pip/pip.conf"]
    paths += [f"{active.value}/pip.conf"] if active is not None else []
    paths += [named.value] if named is not None else []
    for path in reversed(paths):
        for number, line in enumerate((place.text(path) or "").splitlines() if place.is_file(path) else (), 1):
            key, equals, value = line.partition("=")
            if equals and key.strip().replace("_", "-") == "no-index" and value.strip().lower() not in _OFF:
                return Setting("no-index", value.strip(), f"{path}:{number}")
    return None
