"""Where the user's system keeps what programs can make again."""

from __future__ import annotations

import os


def cache() -> str:
    """Return this program's folder in ``XDG_CACHE_HOME``, ``LOCALAPPDATA`` (Windows) or ``~/.cache``.

    Empty without a home folder. Source: the XDG base directory specification 0.8, by which a relative path does not
    count.
    """
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        base = os.environ.get(name, "")
        if os.path.isabs(base):
            return os.path.join(base, "diagnose")
    home = os.path.expanduser("~")
    return os.path.join(home, ".cache", "diagnose") if os.path.isabs(home) else ""
