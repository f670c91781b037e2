"""Applies the user's settings to the findings of one subject, and names declarations without a finding."""

from __future__ import annotations

import os

from diagnose.config.declared import accepted
from diagnose.model import globs
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import names_one_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from diagnose.config.settings import Settings
    from diagnose.engine.run import Result
    from diagnose.model.check import Check
    from diagnose.model.finding import Finding


def ignored_for(settings: Settings, name: str, path: str = "") -> tuple[str, ...]:
    """Return the ids that ``per-file-ignores`` has for a subject with this *name*, in the file *path*."""
    names = (name, *_in_project(path, settings.path))
    wanted = (ids for pattern, ids in settings.per_file_ignores if any(_fits(own, pattern) for own in names))
    return tuple({one: None for ids in wanted for one in ids})


def _in_project(path: str, settings: str) -> Iterator[str]:
    """Yield the file *path* as it is named from the folder of the *settings*, with slashes; nothing for none."""
    if not path:
        return
    try:
        named = os.path.relpath(path, os.path.dirname(settings) or os.curdir)
    except (ValueError, OSError):  # on another drive, or the working directory is gone
        return
    yield named.replace(os.sep, "/")


class FindingRules:
    """How *settings* change the findings about the subject *name*: severities, declared intent, ignored files.

    *today* (``2027-01-31``) ends what expires before it; without it, nothing expires.
    """

    def __init__(self, settings: Settings, name: str, today: str | None) -> None:
        self._settings, self._name = settings, name
        self._patterns: dict[tuple[str, ...], list[str]] = {}  # names of a check → the patterns that ignore it
        self._allow = [entry for entry in settings.allow if not (today and entry.expires and entry.expires < today)]

    def applied(self, finding: Finding) -> Finding:
        """Return *finding* with the severity that the user gives it, or as a note if it is declared.

        Of several severities, that of the longest id that names its check decides.
        """
        named = (finding.check, *finding.aliases)
        given = [rule for rule in self._settings.severity if names_one_of(named, rule[0])]
        if given:
            finding = finding._replace(severity=max(given, key=lambda rule: len(rule[0]))[1])
        return accepted(finding, self._allow, self._name, _fits)

    def ignores(self, finding: Finding) -> bool:
        """Whether every file that *finding* shows as evidence has a pattern in ``per-file-ignores`` with its check."""
        named = (finding.check, *finding.aliases)
        if named not in self._patterns:
            ignores = self._settings.per_file_ignores
            self._patterns[named] = [one for one, ids in ignores if any(names_one_of(named, id_) for id_ in ids)]
        patterns = self._patterns[named]
        return bool(patterns) and all(
            item.path and any(_fits(item.path, pattern) for pattern in patterns) for item in finding.evidence
        )


def unmatched(settings: Settings, results: Sequence[Result], checks: Iterable[Check], today: str | None) -> list[str]:
    """Return a line for each ``allow`` entry for one of *checks*, which ran, that no finding in *results* matches.

    Nothing is known of them where a subject could not be read.
    """
    if not results or any(result.error is not None for result in results):
        return []
    used = {
        declaration.number
        for result in results
        for finding in (*_everything(result.findings), *result.ignored, *_everything(result.recovered))
        for declaration in finding.declared
    }
    ran = list(checks)
    lines = []
    for entry in settings.allow:
        if entry.number in used or not any(check.matches(entry.id) for check in ran):
            continue
        expired = today and entry.expires and entry.expires < today
        why = f"expired on {entry.expires}" if expired else "matches no finding; remove it, or correct its patterns"
        lines.append(f"{settings.place('allow')}: allow entry {entry.number} ({entry.words()}) {why}")
    return lines


def _everything(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        yield finding
        yield from _everything(finding.consequences)


def _fits(path: str, pattern: str) -> bool:
    """Whether *pattern* describes the whole of *path*, without the number of a line, or its last part."""
    pattern = pattern.replace(os.sep, "/")  # on Windows, people write both
    plain = path.rstrip("0123456789:") if ":" in path else path
    return any(globs.fits(one, pattern) for one in (path, plain, plain.rpartition("/")[2]))
