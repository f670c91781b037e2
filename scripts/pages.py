"""Writes the generated pages of the site: one per check (``docs/checks``), and the fields of the JSON report.

A check's page is made from its module: the docstrings of the detectors (*What it finds*), the docstring of the module
(*Why it matters*, *How to fix*, *References*), ``CHECK.since``, and the report
on its own broken fixture (*Example output*).
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE / "tests"))

import outputs  # noqa: E402

from diagnose.engine import registry  # noqa: E402
from diagnose.reports.page import parse  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.model.check import Check

DOCS = HERE / "docs"
SCHEMA = HERE / "diagnose" / "reports" / "report.schema.json"
EXAMPLE_LINES = 40
SUBJECTS = {"wheel": "In a wheel", "env": "In an environment", "log": "In a build log", "workflow": "In a workflow"}


def markdown(text: str) -> str:
    """Return reStructuredText, as docstrings use it, as Markdown."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
    return re.sub(r"::$", ":", text, flags=re.MULTILINE)


def example(check: Check) -> str:
    """Return the report on the check's own broken fixture, as a block of Markdown; empty where it has none."""
    for kind in SUBJECTS:
        for output in outputs.KINDS[kind]().get(check.id, ()):
            lines = output.make().rstrip("\n").split("\n")
            if not any(f"[{check.id}]" in line for line in lines):
                continue
            more = [f"… ({len(lines) - EXAMPLE_LINES} more lines)"] if len(lines) > EXAMPLE_LINES else []
            return "\n".join(["```console", f"$ {output.words}", *lines[:EXAMPLE_LINES], *more, "```"])
    return ""


def detected(check: Check) -> Iterable[str]:
    """Yield one line for each kind of subject in which the check can be seen."""
    for kind, detector in check.detectors.items():
        text = " ".join((detector.__doc__ or "").split())
        yield f"- **{SUBJECTS[kind]}** it sees {markdown(text.removeprefix('See '))}"


def page(check: Check) -> str:
    """Return the page of one check."""
    about = parse(check.doc)
    if not (about.why and about.fix and about.references):
        raise ValueError(f"{check.id}: the docstring needs a reason, 'How to fix: …' and 'References:'")
    aliases = [f"Also known as: {', '.join(f'`{alias}`' for alias in check.aliases)}."] if check.aliases else []
    asked = ["It only advises: it runs with `--pedantic`, or where it is selected by name."] if check.pedantic else []
    links = [f"- <{line}>" if line.startswith("http") else f"- {markdown(line)}" for line in about.references]
    sections = {
        "What it finds": "\n\n".join([markdown(about.title), "\n".join(detected(check)), *asked, *aliases]),
        "Why it matters": markdown(about.why),
        "How to fix": markdown(about.fix),
        "Example output": example(check),
        "References": "\n".join(links),
        "Since": check.since,
    }
    return f"# {check.id}\n\n" + "\n\n".join(f"## {name}\n\n{text}" for name, text in sections.items() if text) + "\n"


def index(checks: Iterable[Check]) -> str:
    """Return the table of all checks, by area."""
    areas: dict[str, list[Check]] = {}
    for check in checks:
        areas.setdefault(check.area, []).append(check)
    lines = ["# Checks", "", "The same list in the terminal: `diagnose explain`."]
    for area in sorted(areas):
        lines += ["", f"## {area}", "", "| check | found in | problem |", "|---|---|---|"]
        for check in areas[area]:
            title = markdown(check.title).replace("|", "\\|")
            lines.append(f"| [{check.id}]({check.id}.md) | {', '.join(check.detectors)} | {title} |")
    return "\n".join(lines) + "\n"


def fields(schema: dict[str, Any]) -> str:
    """Return the reference of the report's fields, from the JSON Schema."""
    lines = ["# Fields of the JSON report", "", f"{schema['title']}."]
    objects = {"report": schema} | schema["$defs"]
    for name, definition in objects.items():
        if "properties" in definition:
            lines += ["", f"## {name}", "", "| field | type | meaning |", "|---|---|---|"]
            for field, value in definition["properties"].items():
                lines.append(f"| `{field}` | {_type(value)} | {value.get('description', '')} |")
    return "\n".join(lines) + "\n"


def _type(value: dict[str, Any]) -> str:
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in value or "const" in value:
        return ", ".join(f"`{json.dumps(one)}`" for one in value.get("enum", [value.get("const")]))
    if value.get("type") == "array":
        return f"list of {_type(value['items'])}"
    if "anyOf" in value or "oneOf" in value:
        return " or ".join(map(_type, value.get("anyOf") or value["oneOf"]))
    kind = value.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def main() -> None:
    """Write all generated pages."""
    folder = DOCS / "checks"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    checks = registry.load()
    for check in checks:
        (folder / f"{check.id}.md").write_text(page(check), encoding="utf-8")
    (folder / "index.md").write_text(index(checks), encoding="utf-8")
    (DOCS / "json-fields.md").write_text(fields(json.loads(SCHEMA.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
