"""The first line of every subject's report: what it comes down to, before any detail."""

from __future__ import annotations

from typing import Any

from diagnose.finding import Severity
from diagnose.run import Judgement


def verdict(judgement: Judgement) -> tuple[str, list[str]]:
    """Return the headline of a readable subject, and the lines of fact that belong under it."""
    return _VERDICTS[judgement.kind](judgement)


def platforms(facts: dict[str, Any]) -> list[str]:
    """Return the platform tags of a wheel's file name, in its order."""
    return list(dict.fromkeys(tag.rpartition("-")[2] for tag in facts["tags"]))


def _wheel(judgement: Judgement) -> tuple[str, list[str]]:
    claimed, real = platforms(judgement.facts), judgement.facts["lowest_tag"]
    words = " + ".join(claimed) or "no valid tags"
    if not judgement.facts["elf_files"]:
        return f"{words}, no compiled code", []
    if not real or real in claimed:
        return words, []
    return f"says {words}, is {real}", []


def _env(judgement: Judgement) -> tuple[str, list[str]]:
    facts = judgement.facts
    triple = facts["target"]["triple"]
    details = [_place(facts), *map(_library, facts["libraries"])]
    errors = sum(finding.severity is Severity.ERROR for finding in judgement.findings)
    if errors:
        return f"not ready to build for {triple}: {errors} thing{'' if errors == 1 else 's'} to mend", details
    if not facts["libraries"]:
        details.append("no library was asked for (--lib MODULE), and no Cargo.lock here names one")
    details.append(f"next: {_next_command(facts)}")
    return f"ready to build for {triple}", details


def _place(facts: dict[str, Any]) -> str:
    container = facts["container"].get("kind", "")
    inside = {"": "", "plain": ", in a container"}.get(container, f", in a {container} image")
    return f"on {facts['distribution'].get('name') or 'an unknown system'} ({facts['host']['uname']}){inside}"


def _library(library: dict[str, Any]) -> str:
    name = f"{library['module']} {library.get('version', '')}".rstrip()
    if library["outcome"] != "found":
        return f"{name}: {library['outcome']}"
    places = [library.get("pc", ""), *(file["path"] for file in library.get("files", ()) if file.get("path"))]
    return f"{name}: found, {' → '.join(filter(None, places[:2]))}"


def _next_command(facts: dict[str, Any]) -> str:
    command = ["maturin build --release"]
    command += [f"--target {facts['target']['triple']}"] if facts["cross"] else []
    command += [f"--compatibility {facts['policy']}"] if facts["policy"] else []
    return " ".join(command)


_VERDICTS = {"wheel": _wheel, "env": _env}
