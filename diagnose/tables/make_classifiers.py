"""Makes ``classifiers.txt``, the classifiers of the package index, from the package trove-classifiers (test extra).

Run after an update of trove-classifiers::

    python -m diagnose.tables.make_classifiers
"""

from __future__ import annotations

import os
from importlib.metadata import version

TABLE = os.path.join(os.path.dirname(__file__), "classifiers.txt")


def text() -> str:
    """Return the table: a comment with the source, then one classifier per line; deprecated: ``OLD => NEW; NEW``."""
    from trove_classifiers import classifiers, deprecated_classifiers

    rows = [*classifiers, *(f"{old} => {'; '.join(new)}" for old, new in deprecated_classifiers.items())]
    head = f"# trove-classifiers {version('trove-classifiers')}, https://github.com/pypa/trove-classifiers\n"
    return head + "".join(f"{row.rstrip()}\n" for row in sorted(rows))


if __name__ == "__main__":
    with open(TABLE, "w", encoding="utf-8", newline="\n") as file:
        file.write(text())
