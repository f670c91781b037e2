"""Finds the fields of a ``.pc`` file that pkgconf ignores or misreads without a word.

pkgconf ignores the whole field where a quote is not closed (``pkgconf_fragment_parse`` of ``libpkgconf/fragment.c``),
and takes the rest of a field for the name of a variable that has no closing brace (``pkgconf_tuple_parse`` of
``tuple.c``). It succeeds either way.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.pkgconfig.pcfile import FILE_LIMIT, fields, split
from diagnose.readers.pkgconfig.pkgconfig_facts import Malformed

if TYPE_CHECKING:
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library
    from diagnose.readers.system.root import Root

_ESCAPED = {chr(0xDC00 + byte) for byte in range(0x80, 0x100)}  # bytes that are not UTF-8, as Python keeps them
_FIELDS = {"libs": "Libs", "cflags": "Cflags"}


def malformed(root: Root, library: Library, implementation: str) -> tuple[Malformed, ...]:
    """Return the malformed fields of the file that answers for *library*."""
    text = root.text(library.pc, FILE_LIMIT) if library.pc else None
    if text is None:
        return ()
    found = []
    if any(_ESCAPED & set(word) for word in library.words):
        found.append(Malformed("Libs", "bytes that are not UTF-8", "bytes", True))
    for key, sign, value in fields(text) if implementation == "pkgconf" else ():
        name = _FIELDS.get(key.lower(), "") if sign == ":" else ""
        why = _why(value) if name else ""
        if why:
            lost = name == "Libs" and "-l" in value and not any(word[:2] == "-l" for word in library.libs)
            found.append(Malformed(name, value, why, lost))
    return tuple(found)


def _why(value: str) -> str:
    opened = value.rfind("${")
    if opened >= 0 and "}" not in value[opened:]:
        return "brace"
    return "quote" if split(value) is None else ""
