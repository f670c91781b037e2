"""The baseline: findings that a project knows already, in a file, so that only new ones fail.

A finding is known by the names that it is about, not by its wording: numbers of lines, hashes in names of bundled
libraries, and the version of the wheel do not count. It stays known while it is about no more than it was, and is not
worse.
"""

from __future__ import annotations

import os

from diagnose import policies
from diagnose.engine import internal
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.finding import InputError, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from diagnose.engine.run import Result
    from diagnose.model.finding import Evidence, Finding

VERSION = 1
"""Of the file's format."""
SIZE_LIMIT = 64 << 20
"""Bytes of the file."""


class KnownFinding(NamedTuple):
    """One finding of a baseline."""

    subject: str
    """The kind and the name of the subject, without its version."""
    check: str
    """The id of the check."""
    severity: str
    """How bad it was."""
    items: frozenset[str]
    """Hashes of the names that it is about."""
    message: str = ""
    """Its message, for people who read the file."""


class Baseline(NamedTuple):
    """The findings that are known."""

    path: str
    findings: tuple[KnownFinding, ...]

    def marked(self, results: Iterable[Result]) -> Iterator[Result]:
        """Yield *results* with those findings marked as known that the baseline has."""
        known: dict[tuple[str, str], list[KnownFinding]] = {}
        for one in self.findings:
            known.setdefault((one.subject, one.check), []).append(one)
        for result in results:
            yield result._replace(
                findings=tuple(
                    finding._replace(known=_is_known(known_finding(result, finding), known))
                    for finding in result.findings
                )
            )

    def gone(self, results: Sequence[Result]) -> int:
        """Return how many of its findings about the subjects of *results* no longer occur, of checks that passed."""
        now = {(subject_key(result), finding.check) for result in results for finding in result.findings}
        passed = {(subject_key(result), check) for result in results for check in result.passed}
        return len({(one.subject, one.check) for one in self.findings} & (passed - now))


def _is_known(finding: KnownFinding, known: dict[tuple[str, str], list[KnownFinding]]) -> bool:
    rank = Severity(finding.severity).rank
    return finding.check != internal.ID and any(
        finding.items <= one.items and rank >= Severity(one.severity).rank
        for one in known.get((finding.subject, finding.check), ())
    )


def of(path: str, results: Iterable[Result]) -> Baseline:
    """Return the baseline of all findings in *results*, for the file *path*."""
    found = {known_finding(result, finding) for result in results for finding in result.findings}
    return Baseline(path, tuple(sorted(found, key=lambda one: (*one[:3], sorted(one.items), one.message))))


def known_finding(result: Result, finding: Finding) -> KnownFinding:
    """Return *finding* of *result* in the form by which it is recognized."""
    from hashlib import sha256

    names = [*finding.libraries, *finding.symbols] or [_item(result.kind, one) for one in finding.evidence]
    items = frozenset(sha256(_stable(name).encode("utf-8", "replace")).hexdigest()[:16] for name in names)
    return KnownFinding(subject_key(result), finding.check, finding.severity.value, items, finding.message)


def subject_key(result: Result) -> str:
    """Return the kind of the subject and its name: of a wheel without version and policy, of a log without numbers."""
    name = result.name
    layout = result.facts.get("layout")
    if layout in ("installed", "conda"):  # named with the version, too
        name = f"{_project(str(result.facts['name']))} {layout} {result.facts['arch'] or ''}".rstrip()
    elif result.kind == "wheel" and name.count("-") >= 4:
        project, *_, python, abi, platforms = name.removesuffix(".whl").split("-")
        tag = policies.split(platforms.partition(".")[0])
        platform = f"{tag.family} {tag.arch}".strip()
        name = f"{_project(project)} {python} {abi} {platform}"
    elif result.kind == "env":
        name = str(result.facts.get("target", {}).get("triple", ""))
    elif result.kind == "log":
        name = re.sub(r"\d+", "#", name)
    return f"{result.kind} {name}"


def _project(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _item(kind: str, evidence: Evidence) -> str:
    place = re.sub(r"(?::\d+)+$", "", evidence.path or evidence.where)
    text = f"{place}\n{evidence.detail}"
    return re.sub(r"\d+", "#", text) if kind == "log" else text


def _stable(text: str) -> str:
    """Return *text* without hashes of repair tools, numbers of lines, counts, and the version of a metadata folder."""
    text = re.sub(r"[-.][0-9a-f]{8}(?=[-.])", "", text)
    text = re.sub(r"-[^/\s-]+(?=\.(?:dist-info|data)\b)", "", text)
    return re.sub(r"\b(line|offset|at|and) (?:0x[0-9a-f]+|\d+)\b", r"\1 #", text)


def render(baseline: Baseline) -> str:
    """Return the content of the file: JSON, one finding per entry, in a fixed order."""
    import json

    rows = [{**one._asdict(), "items": sorted(one.items)} for one in baseline.findings]
    return json.dumps({"version": VERSION, "findings": rows}, indent=1) + "\n"


def read(path: str) -> Baseline:
    """Read the baseline in the file *path*.

    Raises:
        InputError: it cannot be read, or it is not a baseline.
    """
    import json

    try:
        if not os.path.isfile(path):
            raise InputError(f"{path}: {'not a regular file' if os.path.lexists(path) else 'no such file'}")
        with open(path, "rb") as file:
            content = file.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > SIZE_LIMIT:
        raise InputError(f"{path}: larger than {SIZE_LIMIT >> 20} MiB")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise InputError(f"{path}: not a baseline: not valid JSON") from None
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise InputError(f"{path}: not a baseline of version {VERSION}; write it with --write-baseline")
    rows = document.get("findings")
    if not isinstance(rows, list):
        raise InputError(f"{path}: findings: not a list")
    return Baseline(path, tuple(_row(path, number, row) for number, row in enumerate(rows, 1)))


def _row(path: str, number: int, row: Any) -> KnownFinding:
    texts = [row.get(key) if isinstance(row, dict) else None for key in ("subject", "check", "severity")]
    items = row.get("items") if isinstance(row, dict) else None
    listed = isinstance(items, list) and all(isinstance(item, str) for item in items)
    if not listed or not all(isinstance(text, str) for text in texts):
        raise InputError(f"{path}: finding {number} lacks subject, check, severity or items")
    if texts[2] not in [severity.value for severity in Severity]:
        raise InputError(f"{path}: finding {number}: its severity is unknown")
    subject, check, severity = map(str, texts)
    return KnownFinding(subject, check, severity, frozenset(items or ()))
