"""Reads workflow files: which legs they build, where, and with which scripts. Reads files only, and runs nothing."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.targets import resolve
from diagnose.readers.workflow.jobs import only_called
from diagnose.readers.workflow.legs import read
from diagnose.readers.workflow.repository import FOLDER, GITLAB, Repository
from diagnose.readers.workflow.workflow_facts import Leg, Workflow
from diagnose.tables import ci

if TYPE_CHECKING:
    from typing import Any

__all__ = ["FOLDER", "GITLAB", "Leg", "Repository", "Workflow", "facts", "only_called", "read"]


def facts(workflow: Workflow) -> dict[str, Any]:
    """Return the facts that JSON carries."""
    return {
        "path": workflow.path,
        "legs": [_leg(leg) for leg in workflow.legs],
        "unknown": workflow.unknown,
        "skipped": workflow.skipped,
        "tables": {"maturin-action": ci.MATURIN_ACTION} if workflow.action_versions else {},
    }


def _leg(leg: Leg) -> dict[str, Any]:
    place, runner = leg.place, leg.runner
    facts = place.facts
    row = resolve(leg.target)
    return {
        "job": leg.job,
        "row": leg.row,
        "place": str(leg.spot),
        "tool": leg.tool,
        "version": leg.version,
        "runner": {"label": leg.label, "arch": runner.arch if runner else "", "end": runner.end if runner else ""},
        "target": leg.target,
        "architecture": row.wheel if row else "",
        "builds_in": place.kind,
        "image": place.name if place.kind == "image" else "",
        "distribution": facts.label if facts else "",
        "managers": sorted(facts.managers) if facts else [],
        "sudo": facts.sudo if facts else None,
        "pkg_config": facts.pkgconfig if facts else None,
        "gcc": facts.gcc if facts else "",
        "glibc": facts.glibc if facts else "",
        "target_libc": facts.target if facts else "",
        "tag": leg.tag,
        "published": leg.published,
        "hooks": [hook.name for hook in leg.hooks if hook.name != "run"],
    }
