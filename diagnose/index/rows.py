"""One row of the output: what is known of one wheel, flat and small."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.outcome import Outcome

if TYPE_CHECKING:
    from typing import Any

    from diagnose.engine.run import Result
    from diagnose.index.locations import Location

SCHEMA = 1
"""The number of this form of rows."""


class Row(NamedTuple):
    """What one wheel came to. Text that is not known is empty, numbers are bytes."""

    place: str
    """Its path or address, without credentials: what tells rows apart."""
    file: str
    """Its file name."""
    name: str = ""
    """The project, as the file name has it."""
    version: str = ""
    tags: tuple[str, ...] = ()
    """The compatibility tags of its file name."""
    outcome: str = Outcome.NOT_JUDGED.value
    error: str = ""
    """Why it could not be judged."""
    findings: tuple[tuple[str, str, str], ...] = ()
    """Check, severity and message of each finding, the worst first."""
    not_made: tuple[str, ...] = ()
    """The checks that need bytes which were not read (``--no-hashes``)."""
    unseen: tuple[str, ...] = ()
    """What could not be examined."""
    arch: str = ""
    libc: str = ""
    lowest_tag: str = ""
    """The lowest platform tag that its files meet."""
    generator: str = ""
    """What built it, as its WHEEL file says."""
    uploaded: str = ""
    """The day on which the index received it."""
    size: int = 0
    fetched: int = 0
    """Received for it over the network."""


def row(location: Location, result: Result, not_made: tuple[str, ...], fetched: int) -> Row:
    """Return the row of a wheel that was judged, or of one that could not be read."""
    facts = result.facts
    return Row(
        place=location.label,
        file=location.file_name,
        name=facts.get("name", ""),
        version=facts.get("version", ""),
        tags=tuple(facts.get("tags", ())),
        outcome=result.outcome.value,
        error=result.error or "",
        findings=tuple((one.check, one.severity.value, one.message) for one in result.findings),
        not_made=not_made if result.error is None else (),
        unseen=result.unseen,
        arch=facts.get("arch") or "",
        libc=facts.get("libc") or "",
        lowest_tag=facts.get("lowest_tag") or "",
        generator=facts.get("generator") or "",
        uploaded=location.uploaded,
        size=facts.get("size", 0) or location.size,
        fetched=fetched,
    )


_FINDING = ("check", "severity", "message")
_NUMBERS = ("size", "fetched")


def as_dict(one: Row) -> dict[str, Any]:
    """Return *one* as JSON and Parquet have it: in UTF-8, which names of files need not be."""
    fields = one._asdict()
    fields["findings"] = [dict(zip(_FINDING, map(encodable, finding), strict=True)) for finding in one.findings]
    return {key: _plain(value) for key, value in fields.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(map(encodable, value))
    return encodable(value) if isinstance(value, str) else value


def encodable(text: str) -> str:
    """Return *text* with backslashes and numbers for what UTF-8 has no form for."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def checked(row: object) -> dict[str, Any]:
    """Return *row*, which is read from a file, if :func:`as_dict` can have made it.

    Raises:
        ValueError: it cannot.
    """
    if not isinstance(row, dict) or not row.keys() >= set(Row._fields):
        raise ValueError("a row lacks a field")
    for name in Row._fields:
        value, usual = row[name], Row._field_defaults.get(name, "")
        if isinstance(usual, str):
            fits = isinstance(value, str)
        elif name in _NUMBERS:
            fits = isinstance(value, int)
        elif name == "findings":
            fits = isinstance(value, list) and all(_is_finding(one) for one in value)
        else:
            fits = isinstance(value, list) and all(isinstance(one, str) for one in value)
        if not fits:
            raise ValueError(f"{name} of a row is not of its kind")
    return row


def _is_finding(one: object) -> bool:
    return isinstance(one, dict) and all(isinstance(one.get(name), str) for name in _FINDING)
