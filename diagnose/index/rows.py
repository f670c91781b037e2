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


def as_dict(one: Row) -> dict[str, Any]:
    """Return *one* as JSON and Parquet have it."""
    fields = one._asdict()
    names = ("check", "severity", "message")
    fields["findings"] = [dict(zip(names, finding, strict=True)) for finding in one.findings]
    return {key: list(value) if isinstance(value, tuple) else value for key, value in fields.items()}
