"""``diagnose undo``: restores the files that ``env --apply`` changed."""

from __future__ import annotations

import os

from diagnose.cli import console
from diagnose.cli.errors import UsageError


def main() -> int:
    """Restore every file that ``env --apply`` changed; 1 if a file was changed since, and is left."""
    from diagnose.fixes import undo
    from diagnose.fixes.disk import ApplyError

    try:
        here = os.getcwd()
    except OSError:  # removed: only originals without a journal would be looked for there
        here = "/"
    try:
        done = undo.undo(lambda line: console.write(line + "\n"), here)
    except ApplyError as error:
        raise UsageError(str(error)) from None
    count = done.restored
    console.write(f"{count} file{'' if count == 1 else 's'} restored\n" if count else "nothing to restore\n")
    return 1 if done.left else 0
