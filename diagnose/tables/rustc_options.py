"""The options of rustc and the values that they take, by release: ``rustc_options.txt``."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import NamedTuple, cache

#: The oldest and the newest release whose options were asked; of others nothing is known.
OLDEST, NEWEST = "1.48", "1.97"


class OptionRow(NamedTuple):
    """One option, with or without ``-C``: what it ``takes``, and since when.

    ``since`` and ``gone`` are releases, or two with ``..`` between them; empty for none.
    """

    takes: str
    """``flag``, ``switch``, ``optional``, ``number``, ``text``, ``words`` or ``other``."""
    since: str = ""
    gone: str = ""
    words: tuple[tuple[str, str], ...] = ()
    """(word, release that it came with); ``other`` in place of a release: it is not known where rustc takes it."""


@cache
def table() -> dict[str, OptionRow]:
    """Return the options by name, as ``opt-level`` and ``--check-cfg``."""
    found = {}
    with open(os.path.join(os.path.dirname(__file__), "rustc_options.txt"), encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                name, takes, since, gone, *words = line.split()
                pairs = (word.partition("@") for word in words)
                found[name] = OptionRow(
                    takes, since.strip("-"), gone.strip("-"), tuple((word, since) for word, _, since in pairs)
                )
    return found
