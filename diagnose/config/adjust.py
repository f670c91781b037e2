"""Applies the user's settings to the findings of one subject."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import names_one_of

if TYPE_CHECKING:
    from diagnose.config.settings import Settings
    from diagnose.model.finding import Finding


def ignored_for(settings: Settings, name: str) -> tuple[str, ...]:
    """Return the ids that ``per-file-ignores`` has for a subject with this *name*."""
    return tuple(one for pattern, ids in settings.per_file_ignores if _fits(name, pattern) for one in ids)


class FindingRules:
    """How *settings* change findings: their severities, and which of them are ignored because of their files."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def applied(self, finding: Finding) -> Finding:
        """Return *finding* with the severity that the user gives it; the longest id that names its check decides."""
        named = (finding.check, *finding.aliases)
        given = [rule for rule in self._settings.severity if names_one_of(named, rule[0])]
        return finding._replace(severity=max(given, key=lambda rule: len(rule[0]))[1]) if given else finding

    def ignores(self, finding: Finding) -> bool:
        """Whether every file that *finding* shows as evidence has a pattern in ``per-file-ignores`` with its check."""
        named = (finding.check, *finding.aliases)
        patterns = [
            pattern for pattern, ids in self._settings.per_file_ignores if any(names_one_of(named, one) for one in ids)
        ]
        return bool(patterns) and all(
            item.path and any(_fits(item.path, pattern) for pattern in patterns) for item in finding.evidence
        )


def _fits(path: str, pattern: str) -> bool:
    """Whether *pattern* describes the whole of *path*, without the number of a line, or its last part."""
    from fnmatch import fnmatchcase  # only with such a setting

    plain = path.rstrip("0123456789:") if ":" in path else path
    return any(fnmatchcase(one, pattern) for one in (path, plain, plain.rpartition("/")[2]))
