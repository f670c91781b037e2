"""Finds the fields of a ``.pc`` file that pkgconf ignores or misreads without a word.

pkgconf ignores the whole field where a quote is not closed (``pkgconf_fragment_parse`` of ``libpkgconf/fragment.c``),
and takes the rest of a field for the name of a variable that has no closing brace (``pkgconf_tuple_parse`` of
``tuple.c``). It succeeds either way.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.pkgconfig.pkgconfig_facts import Malformed

if TYPE_CHECKING:
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library
    from diagnose.readers.system.root import Root

_ESCAPED = {chr(0xDC00 + byte) for byte in range(0x80, 0x100)}  # bytes that are not UTF-8, as Python keeps them
_LIMIT = 1 << 20  # bytes, far above any such file
_FIELDS = {"libs": "Libs", "cflags": "Cflags"}


def malformed(root: Root, library: Library, implementation: str) -> tuple[Malformed, ...]:
    """Return the malformed fields of the file that answers for *library*."""
    text = root.text(library.pc, _LIMIT) if library.pc else None
    found = []
    if any(_ESCAPED & set(word) for word in library.words):
        found.append(Malformed("Libs", "bytes that are not UTF-8", "bytes", True))
    if text is None or implementation != "pkgconf" or not any(map(_may_be_odd, text.splitlines())):
        return tuple(found)
    from diagnose.readers.pkgconfig.pcfile import fields  # almost every file is in order

    for key, sign, value in fields(text):
        name = _FIELDS.get(key.lower(), "") if sign == ":" else ""
        why = _why(value) if name else ""
        if why:
            lost = name == "Libs" and "-l" in value and not any(word[:2] == "-l" for word in library.libs)
            found.append(Malformed(name, value, why, lost))
    return tuple(found)


def _may_be_odd(line: str) -> bool:
    """Whether a quote or a brace may be open in *line*; what people read may have an apostrophe."""
    odd = "'" in line or '"' in line or line.count("${") > line.count("}")
    return odd and not line.lstrip().lower().startswith(("#", "name", "description", "url"))


def _why(value: str) -> str:
    from diagnose.readers.pkgconfig.pcfile import split

    opened = value.rfind("${")
    if opened >= 0 and "}" not in value[opened:]:
        return "brace"
    return "quote" if split(value) is None else ""
