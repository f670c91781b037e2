"""The documentation of one check: its parsed docstring, rendered for a terminal."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.reports.style import Style, clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.check import Check

_FIX = "How to fix"
_BOLD, _CODE, _DIM = "1", "36", "2"


class Page(NamedTuple):
    """A check's docstring. Texts are reStructuredText paragraphs, separated by empty lines."""

    title: str
    """The first sentence: the problem."""
    why: str
    """Why it matters."""
    fix: str
    """How to fix it; empty if the docstring has no such paragraph."""
    references: tuple[str, ...]
    """Addresses, or other sources by name."""


def parse(doc: str) -> Page:
    """Parse the docstring of a check: title, reason, ``How to fix: …``, ``References:`` with indented lines."""
    body, _, references = doc.strip().partition("\n\nReferences:\n")
    title, *paragraphs = re.split(r"\n[ \t]*\n", body)
    start = next((n for n, text in enumerate(paragraphs) if text.startswith(_FIX)), len(paragraphs))
    fix = "\n\n".join(paragraphs[start:]).removeprefix(_FIX).lstrip(": ")
    lines = tuple(line.strip() for line in references.splitlines() if line.strip())
    return Page(" ".join(title.split()), "\n\n".join(paragraphs[:start]), fix[:1].upper() + fix[1:], lines)


def render(check: Check, style: Style) -> str:
    """Return the page of *check*, wrapped to ``style.width``, or to 100 columns if that is 0."""
    page = parse(check.doc)
    lines = [_sgr(check.id, _BOLD, style), *_paragraphs(page.title, style, indent=0)]
    for heading, text in (("Why it matters", page.why), (_FIX, page.fix)):
        if text:
            lines += ["", _sgr(heading, _BOLD, style), *_paragraphs(text, style)]
    if page.references:
        lines += ["", _sgr("References", _BOLD, style)]
        lines += [f"  {_inline(clean(line), style)}" for line in page.references]  # an address is never wrapped
    facts = [f"Found in: {', '.join(check.detectors)}", f"Since: {check.since}"]
    facts += ["Runs only with --pedantic, or where it is selected by name"] if check.pedantic else []
    facts += [f"Also known as: {', '.join(check.aliases)}"] if check.aliases else []
    facts += [f"Online: {check.url}"] if check.url else []
    return "".join(f"{line}\n" for line in [*lines, "", *(_sgr(fact, _DIM, style) for fact in facts)])


def _paragraphs(text: str, style: Style, indent: int = 2) -> Iterator[str]:
    import textwrap

    margin, width = " " * indent, (style.width or 100) - indent
    for number, paragraph in enumerate(re.split(r"\n[ \t]*\n", text)):
        if number:
            yield ""
        paragraph = clean(re.sub(r":\w+:`~?([^`]+)`", r"``\1``", paragraph))
        lines = paragraph.splitlines()
        literal = all(line.startswith("    ") for line in lines)
        if not literal:
            joined = re.sub(r"::$", ":", " ".join(paragraph.split()))
            lines = textwrap.wrap(_plain(joined), width, break_long_words=False, break_on_hyphens=False)
        for line in lines:
            yield margin + (line if literal else _inline(line, style))


# Wrapping must not split code: its spaces are replaced by another character until then.
_GAP = "\x00"


def _plain(text: str) -> str:
    return re.sub(r"``(.+?)``", lambda match: f"``{match[1].replace(' ', _GAP)}``", text)


def _inline(line: str, style: Style) -> str:
    """Return *line* with code in colour, or between single backticks without colours."""

    def code(match: re.Match[str]) -> str:
        return _sgr(match[1], _CODE, style) if style.color else f"`{match[1]}`"

    return re.sub(r"``(.+?)``", code, line.replace(_GAP, " "))


def _sgr(text: str, code: str, style: Style) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if style.color else text
