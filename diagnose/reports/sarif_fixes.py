"""The fixes of a SARIF result: edits of files as replaced regions, and the addresses of files."""

from __future__ import annotations

import os
from itertools import pairwise

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.reports.style import clean

if TYPE_CHECKING:
    from typing import Any

    from diagnose.engine.run import Result
    from diagnose.model.finding import FileEdit, Finding, Fix


def uri_of(path: str) -> str:
    """Return *path* as the path of a URI; undecodable bytes are kept."""
    from urllib.parse import quote

    return quote(path.replace(os.sep, "/"), errors="surrogateescape" if _escapable(path) else "surrogatepass")


def _escapable(path: str) -> bool:
    return all(not "\ud800" <= char <= "\udfff" or "\udc80" <= char <= "\udcff" for char in path)


def file_uri(result: Result, path: str) -> str:
    """Return the address of the file *path*, which the finding of an environment or a workflow names.

    A relative one is relative to the project. An absolute one of a root filesystem is in its folder.
    """
    if not path.startswith("/"):
        return uri_of(path)
    live = result.kind != "env" or result.facts.get("live", result.name == "this machine")
    return "file://" + uri_of(("" if live else os.path.abspath(result.name).rstrip("/")) + path)


def fixes(result: Result, finding: Finding) -> list[dict[str, Any]]:
    """Return the fixes of *finding* that edit files.

    Those of a build's log that edit files of the machine where it ran are left out: these files are not here.
    """
    found: list[dict[str, Any]] = []
    for fix in finding.fixes:
        elsewhere = result.kind == "log" and any(edit.path.startswith("/") for edit in fix.files)
        if fix.files and not elsewhere and (made := _fix(result, fix)) not in found:  # the standard wants them unlike
            found.append(made)
    return found


def _fix(result: Result, fix: Fix) -> dict[str, Any]:
    then = [*(command.line for command in fix.commands), *([fix.notes] if fix.notes else [])]
    return {
        "description": {"text": clean("\n".join([fix.title, *then]))},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": file_uri(result, edit.path)},
                "replacements": replacements(edit),
            }
            for edit in fix.files
        ],
    }


def replacements(edit: FileEdit) -> list[dict[str, Any]]:
    """Return the regions of the file that *edit* replaces, from the top; for a new file its whole content."""
    from difflib import SequenceMatcher

    if edit.before is None:
        return [{"deletedRegion": {"charOffset": 0, "charLength": 0}, "insertedContent": _content(edit.after)}]
    old, new = _lines(edit.before), _lines(edit.after)
    changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [
        {"deletedRegion": _region(old, first, last), "insertedContent": _content("".join(new[start:end]))}
        for tag, first, last, start, end in changes
        if tag != "equal"
    ]


def _lines(text: str) -> list[str]:
    """Return the lines of *text* with their ends; the only one that may lack it is the last, which may be empty."""
    ends = [-1, *(number for number, char in enumerate(text) if char == "\n"), len(text)]
    return [text[before + 1 : after + 1] for before, after in pairwise(ends)]


def _region(lines: list[str], first: int, last: int) -> dict[str, int]:
    """Return the region of *lines* from *first* up to *last*, which is not part of it."""
    if last < len(lines):
        return {"startLine": first + 1, "startColumn": 1, "endLine": last + 1, "endColumn": 1}
    if first == len(lines):  # at the end of the file: behind the last character of its last line
        first -= 1
        column = len(lines[first]) + 1
        return {"startLine": first + 1, "startColumn": column, "endLine": first + 1, "endColumn": column}
    return {"startLine": first + 1, "startColumn": 1, "endLine": last, "endColumn": len(lines[last - 1]) + 1}


def _content(text: str) -> dict[str, str]:
    try:
        text.encode()
    except UnicodeEncodeError:
        from base64 import b64encode

        return {"binary": b64encode(text.encode("utf-8", "surrogateescape")).decode()}
    return {"text": text}
