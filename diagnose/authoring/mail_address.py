"""Judges ``Author-Email`` and ``Maintainer-Email`` as the package index does.

The index looks at a field only if Python's ``email.utils.parseaddr`` finds exactly one address in it, and then asks
email-validator for its form, not whether anybody receives mail there. Here only fields of the plain forms are judged,
``address`` and ``Name <address>`` in ASCII: comments, routes, groups and international domains count as valid.

Sources: ``warehouse/forklift/metadata.py`` of 2026-08; email-validator 2.4 (``syntax.py``, ``rfc_constants.py``).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import re

_QUOTED = r'^"[^"\\]*"\s*(?=<)'
_SPECIAL = frozenset(',;:()[]"\\')
_LOCAL = r"[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+(?:\.[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+)*"
_RESERVED = ("arpa", "invalid", "local", "localhost", "onion", "test")
_LONGEST, _LONGEST_LABEL = 254, 63


def refusal(field: str) -> str:
    """Return why the index refuses the value of a mail field; empty if it does not, or if that is not known here."""
    if _is_ordinary(field):
        return ""
    text = re.sub(_QUOTED, "name", field.strip())
    if not (text.isascii() and _SPECIAL.isdisjoint(text)) or "=?" in text or max(map(text.count, "<@")) > 1:
        return ""
    name, bracket, rest = text.partition("<")
    if bracket:
        address, closed, after = rest.partition(">")
        if not closed or after.strip() or not address.strip() or not {"@", ">"}.isdisjoint(name):
            return ""
    elif "@" in text or not text:
        address = text
    else:
        address = text.split()[0] if re.fullmatch(r"[\w-]+(?: +[\w-]+)*", text) else ""
    address = address.strip()
    if not address or address[0] == "@" or address[-1] == "@" or re.search(r"[\s<>]", address):
        return ""
    return _flaw(address)


def _is_ordinary(field: str) -> bool:
    """Whether the last word is a plain, short and valid address: most are, and need no pattern to be compiled."""
    local, _, domain = field.rpartition(" ")[2].strip("<>").partition("@")
    parts, labels = local.replace("+", ".").replace("_", ".").replace("-", ".").split("."), domain.split(".")
    plain = field.isascii() and len(local) + len(domain) < _LONGEST_LABEL
    plain = plain and len(labels) > 1 and labels[-1].isalpha() and labels[-1].lower() not in _RESERVED
    return plain and all(map(str.isalnum, (*parts, *labels)))


def _flaw(address: str) -> str:
    local, at, domain = address.partition("@")
    if not at:
        return "has no @-sign"
    if not re.fullmatch(_LOCAL, local):
        return "has a wrong part before the @-sign"
    labels = domain.split(".")
    if any(label.lower().startswith("xn--") for label in labels):
        return ""
    plain = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    if not all(len(label) <= _LONGEST_LABEL and re.fullmatch(plain, label) for label in labels):
        return "has a wrong part after the @-sign"
    if len(labels) == 1:
        return "has no period after the @-sign"
    if not labels[-1][-1].isalpha():
        return "has no top-level domain"
    if labels[-1].lower() in _RESERVED:
        return f"ends in .{labels[-1]}, which is reserved"
    return "is too long" if len(address) > _LONGEST else ""
