"""Reports on two releases: text for people, JSON for programs."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.reports.json import finding_as_dict
from diagnose.reports.style import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from diagnose.comparison.wheel_changes import Change, Comparison, WheelChange
    from diagnose.model.finding import Finding

SHOWN = 10
"""Symbols that one line of text names."""


def as_text(found: Comparison, verbose: bool = False) -> str:
    """Return the report as text; wheels in which nothing changed but the size have one line together."""
    lines = [*(f"✗ {clean(error)}" for error in found.errors)]
    lines += _list("no longer supported", found.lost)
    lines += _list("newly supported", found.gained)
    lines += _list("wheels that are gone", found.only_old)
    lines += _list("wheels that are new", found.only_new)
    for name, finding in found.fresh_alone:
        lines += [f"{clean(name)}", *_finding("new", finding)]
    same = 0
    for pair in found.pairs:
        block = list(_pair(pair))
        if len(block) > 1 or len(found.pairs) == 1 or verbose:
            lines += ["", f"{clean(pair.new_name)}, before: {clean(pair.old_name)}", *(f"  {line}" for line in block)]
        else:
            same += 1
    if same:
        lines += ["", f"{same} pair{'' if same == 1 else 's'} of wheels without a change but size"]
    count = len(found.fresh())
    fewer = sum(len(pair.gone) for pair in found.pairs)
    lines += ["", f"{len(found.pairs)} compared; {count} new finding{'' if count == 1 else 's'}, {fewer} gone"]
    return "\n".join(lines).lstrip("\n") + "\n"


def _list(title: str, names: Iterable[str]) -> list[str]:
    every = [clean(name) for name in names]
    return [f"{title}: {', '.join(every)}"] if every else []


def _pair(pair: WheelChange) -> Iterator[str]:
    if pair.floor:
        by = f", because of {clean(pair.cause)}" if pair.cause else ""
        symbols = [clean(name) for name in pair.symbols]
        more = f" and {len(symbols) - SHOWN} more" if len(symbols) > SHOWN else ""
        listed = f" ({', '.join(symbols[:SHOWN])}{more})" if symbols else ""
        yield f"floor: {_arrow(pair.floor)}{by}{listed}"
    if pair.claimed:
        yield f"tag: {_arrow(pair.claimed)}"
    for rise in pair.rises:
        rest = f" and {len(rise.files) - 1} more" if len(rise.files) > 1 else ""
        yield f"needs of {clean(rise.library)}: {clean(rise.old)} → {clean(rise.new)}, in {clean(rise.files[0])}{rest}"
    for title, changes in (("bundled", pair.bundled), ("external", pair.external)):
        for change in changes:
            sign = "+ " if not change.old else "- " if not change.new else ""
            yield f"{title}: {sign}{_arrow(change) if not sign else clean(change.new or change.old)}"
    if pair.requires_python:
        yield f"Requires-Python: {_arrow(pair.requires_python)}"
    for finding in pair.fresh:
        yield from _finding("new", finding)
    for finding in pair.gone:
        yield from _finding("gone", finding)
    old, new = pair.size
    share = f" ({(new - old) * 100 / old:+.1f} %)" if old else ""
    yield f"size: {old} → {new} bytes{share}"


def _finding(state: str, finding: Finding) -> Iterator[str]:
    yield f"{state}: {finding.severity.value}[{finding.check}] {clean(finding.message)}"


def _arrow(change: Change) -> str:
    return f"{clean(change.old) or 'none'} → {clean(change.new) or 'none'}"


def as_json(found: Comparison) -> str:
    """Return the report as JSON, with ``schema`` 1: fields may be added, none changes its meaning."""
    import json

    document: dict[str, Any] = {
        "schema": 1,
        "lost": list(found.lost),
        "gained": list(found.gained),
        "only_old": list(found.only_old),
        "only_new": list(found.only_new),
        "pairs": [_pair_as_dict(pair) for pair in found.pairs],
        "new_findings_without_pair": [
            {"wheel": name, **finding_as_dict(finding)} for name, finding in found.fresh_alone
        ],
        "takes_support": found.takes_support,
        "errors": list(found.errors),
    }
    return json.dumps(document, indent=2) + "\n"


def _pair_as_dict(pair: WheelChange) -> dict[str, Any]:
    def both(change: Change | None) -> dict[str, str | None] | None:
        return {"old": change.old or None, "new": change.new or None} if change else None

    return {
        "old": pair.old_name,
        "new": pair.new_name,
        "floor": both(pair.floor),
        "floor_raised": pair.raised,
        "cause": pair.cause or None,
        "symbols": list(pair.symbols),
        "claimed": both(pair.claimed),
        "versions": [{**rise._asdict(), "files": list(rise.files)} for rise in pair.rises],
        "bundled": [both(change) for change in pair.bundled],
        "external": [both(change) for change in pair.external],
        "requires_python": both(pair.requires_python),
        "size": {"old": pair.size[0], "new": pair.size[1]},
        "new_findings": [finding_as_dict(finding) for finding in pair.fresh],
        "gone_findings": [finding_as_dict(finding) for finding in pair.gone],
    }
