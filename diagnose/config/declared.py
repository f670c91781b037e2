"""Declared intent: the ``allow`` entries of a configuration file, and which findings they accept."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.check import names_one_of
from diagnose.model.finding import Declaration, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from diagnose.model.finding import Finding

PATTERNS = ("library", "symbol", "file")
"""The keys of an entry that hold patterns; it has one of them at least."""


WORK_LIMIT = 1_000_000
"""Entries times names, above which nothing of a finding is accepted."""


class AllowEntry(NamedTuple):
    """One ``[[allow]]`` table: which findings are intended, and why."""

    number: int
    """Its place among the entries, from 1."""
    id: str
    """A check, or a prefix of several."""
    reason: str
    """Why it is intended."""
    library: str = ""
    """Pattern of the libraries that a finding names; empty: any."""
    symbol: str = ""
    """Pattern of the symbols that a finding names; empty: any."""
    file: str = ""
    """Pattern of files inside the subject, or of its own name; empty: any."""
    expires: str = ""
    """The last day on which it applies, as ``2027-01-31``; empty: it always does."""

    def words(self) -> str:
        """Return the entry in short, for a message about it."""
        patterns = [f"{key} {getattr(self, key)}" for key in PATTERNS if getattr(self, key)]
        return ", ".join([self.id, *patterns])


def is_date(text: str) -> bool:
    """Whether *text* is a day such as ``2027-01-31``; such texts sort as their days do."""
    from datetime import date

    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def accepted(finding: Finding, entries: Sequence[AllowEntry], name: str, fits: Callable[[str, str], bool]) -> Finding:
    """Return *finding*, about the subject *name*, with what *entries* declare; if all of it, a note without fixes.

    Several entries may accept one finding together: one for each library that it names. *fits* says whether a name
    fits a pattern.
    """
    own = [entry for entry in entries if names_one_of((finding.check, *finding.aliases), entry.id)]
    if not own or not finding.declarable or len(own) * (len(finding.libraries) + len(finding.symbols)) > WORK_LIMIT:
        return finding
    declared: list[Declaration] = []
    open_items: set[str] = set()
    for dimension in PATTERNS:
        chosen = [entry for entry in own if _dimension(entry) == dimension]
        items = _items(finding, chosen[0]) if chosen else ()
        left = set(items)
        for entry in chosen:
            names = tuple(item for item in items if _covers(entry, item, finding, name, fits))
            left.difference_update(names)
            if names:
                declared.append(Declaration(entry.number, entry.reason, entry.expires, names))
        if items and not left:
            return finding._replace(severity=Severity.NOTE, fixes=(), declared=tuple(declared))
        open_items = left or open_items
    rest = tuple(sorted(open_items))
    return finding._replace(declared=tuple(declared), undeclared=rest) if declared else finding


def _dimension(entry: AllowEntry) -> str:
    """Return the key whose pattern has to describe all names of a finding, perhaps with other entries' patterns."""
    return next(key for key in PATTERNS if getattr(entry, key))


def _items(finding: Finding, entry: AllowEntry) -> tuple[str, ...]:
    names = {"library": finding.libraries, "symbol": finding.symbols, "file": _files(finding)}[_dimension(entry)]
    return tuple(dict.fromkeys(names))


def _files(finding: Finding) -> tuple[str, ...]:
    """Return the files of the evidence; for evidence without one, such as the count of the rest, its place in words."""
    return tuple(item.path or item.where for item in finding.evidence)


def _releases(library: str) -> Iterator[str]:
    """Yield *library*, and its shorter names: tools bundle ``libx.so.2`` under its file's name, ``libx.so.2.0.0``."""
    yield library
    stem, so, version = library.partition(".so.")
    parts = version.split(".")
    if so and all(part.isdecimal() for part in parts):
        yield from (f"{stem}.so.{'.'.join(parts[:length])}" for length in range(len(parts) - 1, 0, -1))


def _covers(entry: AllowEntry, item: str, finding: Finding, name: str, fits: Callable[[str, str], bool]) -> bool:
    """Whether the entry accepts *item* of its own dimension, and its other patterns fit the whole finding."""
    key = _dimension(entry)
    if key == "file":
        return fits(item, entry.file) or fits(name, entry.file)
    if not any(fits(one, getattr(entry, key)) for one in (_releases(item) if key == "library" else (item,))):
        return False
    named = finding.symbols
    if key == "library" and entry.symbol and not (named and all(fits(symbol, entry.symbol) for symbol in named)):
        return False
    return not entry.file or fits(name, entry.file) or all(fits(path, entry.file) for path in _files(finding))
