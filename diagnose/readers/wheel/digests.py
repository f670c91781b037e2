"""Digests of members: OpenSSL's where there is much to digest, else Python's own SHA-256.

Loading OpenSSL takes 2 ms, a twentieth of the time for a small wheel. It then digests up to nine times as fast.
"""

from __future__ import annotations

import sys

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from hashlib import _Hash

WORTH_IMPORTING = 1 << 18
"""Bytes for which OpenSSL saves what loading it takes."""
_OWN = "_sha2" if sys.version_info >= (3, 12) else "_sha256"  # where CPython has it


def maker(algorithm: str, size: int) -> Callable[[], _Hash]:
    """Return what begins a digest by *algorithm*, where about *size* bytes are to be digested."""
    if algorithm == "sha256" and size < WORTH_IMPORTING and "hashlib" not in sys.modules:
        try:
            own: Callable[[], _Hash] = __import__(_OWN).sha256
        except ImportError:  # another implementation, or built without it
            pass
        else:
            return own
    import hashlib

    return getattr(hashlib, algorithm)  # type: ignore[no-any-return]
