"""Reads the text files of a wheel's ``.dist-info``: header fields, entry points, SBOMs.

Sources: "Core metadata", "Entry points" and "Binary distribution format" of the PyPA specifications; header blocks end
where Python's ``email.feedparser`` ends them, entry points are split as ``configparser`` splits them; PEP 770 (SBOMs).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.readers.system.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

MAX_HEADERS = 1 << 20  # characters of WHEEL or METADATA that are looked at; a description comes after the headers
MAX_DESCRIPTION = 1 << 20  # characters of the description that are kept
MAX_HEADER = 1 << 14  # characters of one of them
MAX_ENTRY_POINTS = 1 << 20  # bytes of entry_points.txt
MAX_SBOM = 8 << 20  # bytes of one SBOM
MAX_SBOMS = 16  # SBOMs of one wheel that are parsed
MAX_SBOM_VALUES = 1 << 20  # values of all of them; those of a program of 2000 crates are some 50 000


class EntryPointLine(NamedTuple):
    """One line of ``entry_points.txt`` that defines an entry point, or that cannot be read.

    ``flaw`` is empty for a well-formed line, else ``section`` (no section header comes before it), ``header`` (begins
    like a section header and is not one), ``option`` (no ``name = value``), ``comment`` (begins with ``;``),
    ``duplicate`` (the name or section is there twice) or ``continued`` (the value goes on in
    indented lines; ``value`` is all of it).
    """

    number: int
    """In the file, from 1."""
    section: str
    name: str
    """The entry point's name; the whole line where that has none (``option``, ``header``, ``comment``)."""
    value: str
    flaw: str = ""


class Sbom(NamedTuple):
    """One file below ``.dist-info/sboms``. ``flaw`` says why it is not a JSON document; empty if it is one.

    ``subject`` is the package URL of the component that it describes, ``components`` the (name, version, package URL)
    of all that it lists; both are read from CycloneDX only (``format``: ``CycloneDX``, else empty).
    """

    path: str
    """The member."""
    flaw: str = ""
    subject: str = ""
    components: tuple[tuple[str, str, str], ...] = ()
    format: str = ""


class Metadata(NamedTuple):
    """The text files of ``.dist-info``.

    ``wheel`` and ``core`` are the header fields of WHEEL and METADATA, as (lower-case name, value) in their order.
    ``entry_points`` are the lines of ``entry_points.txt``; it is empty if there is no such file. ``description`` is the
    text after METADATA's fields, as far as :data:`MAX_DESCRIPTION` goes.
    """

    wheel: tuple[tuple[str, str], ...] = ()
    core: tuple[tuple[str, str], ...] = ()
    entry_points: tuple[EntryPointLine, ...] = ()
    sboms: tuple[Sbom, ...] = ()
    """In the archive's order."""
    description: str = ""


def values(fields: tuple[tuple[str, str], ...], name: str) -> list[str]:
    """Return the values of the field *name* (lower case)."""
    return [value for key, value in fields if key == name]


_EMPTY_LINE = re.compile(r"(?:\r\n|(?<!\r)\n|\r(?!\n)){2}")
_HEADER = re.compile(r"[!-9;-~]*:")


def fields(text: str) -> tuple[tuple[str, str], ...]:
    """Return the header fields of an RFC 822 text; the body is left out.

    Headers end at the first empty line, or at a line that is not a header. Lines of a folded value are joined by
    spaces.
    """
    found: list[tuple[str, str]] = []
    for line in text[:MAX_HEADERS].splitlines():
        if line[:1] in (" ", "\t"):
            if found and len(found[-1][1]) < MAX_HEADER:
                name, value = found[-1]
                found[-1] = (name, f"{value} {printable(line[:MAX_HEADER].strip())}".lstrip())
            continue
        if not _HEADER.match(line):
            break
        name, _, value = line[:MAX_HEADER].partition(":")
        found.append((printable(name.lower()), printable(value.strip())))
    return tuple(found)


def description(text: str) -> str:
    """Return the body of an RFC 822 text: all after the first empty line."""
    break_ = _EMPTY_LINE.search(text, 0, MAX_HEADERS)
    return text[break_.end() : break_.end() + MAX_DESCRIPTION] if break_ else ""


def entry_points(text: str) -> tuple[EntryPointLine, ...]:
    """Return the lines of ``entry_points.txt`` that define something, and those that cannot be read."""
    found: list[EntryPointLine] = []
    seen: set[tuple[str, str]] = set()
    section: str | None = None
    last = -1
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        shown = printable(line[:MAX_HEADER])
        if line.startswith(";"):
            found.append(EntryPointLine(number, section or "", shown, "", "comment"))
            continue
        if raw[0].isspace() and last >= 0:
            if len(found[last].value) < MAX_HEADER:
                joined = f"{found[last].value} {shown}".lstrip()
                found[last] = found[last]._replace(value=joined, flaw=found[last].flaw or "continued")
            continue
        last = -1
        name, equals, value = (part.strip() for part in shown.partition("="))
        if line.startswith("["):
            inner, bracket, _ = shown[1:].partition("]")
            if not inner or not bracket:
                found.append(EntryPointLine(number, section or "", shown, "", "header"))
            elif (inner, "") in seen:
                found.append(EntryPointLine(number, inner, shown, "", "duplicate"))
            section = inner if bracket else section
            seen.add((inner, ""))
        elif section is None:
            found.append(EntryPointLine(number, "", name, value, "section"))
        elif not equals or not name:
            found.append(EntryPointLine(number, section, shown, "", "option"))
        else:
            flaw = "duplicate" if (section, name) in seen else ""
            seen.add((section, name))
            last = len(found)
            found.append(EntryPointLine(number, section, name, value, flaw))
    return tuple(found)


def sboms(found: Iterable[tuple[str, bytes]]) -> tuple[Sbom, ...]:
    """Read the SBOMs *found*, each a member and its bytes, as far as :data:`MAX_SBOM_VALUES` goes."""
    left = MAX_SBOM_VALUES
    read: list[Sbom] = []
    for path, raw in found:
        left -= sum(map(raw.count, (b"[", b"{", b",")))
        if left < 0:
            break
        read.append(sbom(path, raw))
    return tuple(read)


def sbom(path: str, raw: bytes) -> Sbom:
    """Read the SBOM *raw*, whose member is *path*."""
    import json

    try:
        document = json.loads(raw.decode("utf-8"), parse_int=str, parse_float=str, parse_constant=str)
    except UnicodeDecodeError as error:
        return Sbom(path, f"is not UTF-8: byte {error.start}")
    except json.JSONDecodeError as error:
        return Sbom(path, f"is not JSON: {printable(error.msg)}, line {error.lineno} column {error.colno}")
    except RecursionError:
        return Sbom(path, "is not an SBOM: nested too deeply")
    if not isinstance(document, dict):
        return Sbom(path, "is not an SBOM: its JSON is not an object")
    if document.get("bomFormat") == "CycloneDX":
        about = document.get("metadata")
        subject = about.get("component") if isinstance(about, dict) else None
        parts = document.get("components")
        components = tuple(map(_component, parts)) if isinstance(parts, list) else ()
        return Sbom(path, "", _text(subject, "purl"), components, "CycloneDX")
    return Sbom(path)


def _component(part: Any) -> tuple[str, str, str]:
    return _text(part, "name"), _text(part, "version"), _text(part, "purl")


def _text(part: Any, key: str) -> str:
    value = part.get(key) if isinstance(part, dict) else None
    return printable(value[:MAX_HEADER]) if isinstance(value, str) else ""
