"""Finds flaws in reStructuredText that make docutils stop, in the words of docutils.

The package index renders a description by readme_renderer 46, which refuses every warning of docutils 0.23. Only text
at the left margin is examined, and only constructs whose reading depends on nothing else: a text without a flaw here
can still fail. Sources: docutils' "reStructuredText Markup Specification"; each rule is tested against the real
renderer.
"""

from __future__ import annotations

import unicodedata

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.readers.system.printable import printable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

MAX_MARKUP = 1 << 18  # characters of a description that are examined
MAX_PARAGRAPH = 1 << 13  # characters of a paragraph whose inline markup is examined
MAX_REFERENCES = 200  # references of a description whose targets are sought: each costs a pass over the text
MAX_FLAWS = 10

#: Directives of docutils 0.23 in English; a test compares them.
_DIRECTIVES_TEXT = """
    admonition attention caution class code code-block compound container contents csv-table danger date
    default-role epigraph error figure footer header highlights hint image important include line-block
    list-table math meta note parsed-literal pull-quote raw replace restructuredtext-test-directive role
    rst-class rubric sectnum section-numbering sidebar sourcecode table target-notes tip title topic unicode
    warning
"""
DIRECTIVES = frozenset(_DIRECTIVES_TEXT.split())
#: Directives that the index switches off.
DISABLED = frozenset({"include", "raw"})
_CODE = frozenset({"code", "code-block", "sourcecode"})
_CODE_OPTIONS = frozenset({"class", "name", "number-lines"})
#: Roles of docutils 0.23 in English; a test compares them.
_ROLES_TEXT = """
    ab abbreviation ac acronym anonymous-reference citation-reference code emphasis footnote-reference i index
    literal math named-reference pep pep-reference raw rfc rfc-reference restructuredtext-unimplemented-role
    strong sub subscript substitution-reference sup superscript t target title title-reference uri uri-reference
    url
"""
ROLES = frozenset(_ROLES_TEXT.split())

_RULER = re.compile(r"([!-/:-@\[-`{-~])\1*")
_BULLET = re.compile("[-+*\u2022\u2023\u2043](?: +|$)")
_ENUMERATED = re.compile(r"\(?(?:[0-9]+|[A-Za-z]|[ivxlcdmIVXLCDM]+|#)[.)](?: |$)")
#: Field lists, option lists, doctests, line blocks, grid tables, anonymous targets.
_OTHER = re.compile(r":(?![: ])[^:]*:|-[\w?]|--\w|/[A-Z](?: |$)|\+\w|>>>|\||\+[-=]|__(?: |$)")
_SIMPLE_TABLE = re.compile(r"=+(?: +=+)+")
_EXPLICIT = re.compile(r"\.\.(?: |$)")
_DIRECTIVE = re.compile(r"\.\. +(?:\|[^|]+\| +)?([A-Za-z0-9]+(?:[-._+:][A-Za-z0-9]+)*) ?::(?: |$)")
_OPTION = re.compile(r" +:([a-z][\w-]*):(?: |$)")
_TARGET = re.compile(r"\.\. _(?!_:)([^:`]+): +(\S+)$")  # `.. __:` has no name

_OPENERS, _CLOSERS = "\"'(<[{", "\"')>]}"
#: A name begins at each of its parts, too, so that a bound keeps the search linear.
_NAME = r"(?:[A-Za-z0-9]{1,99}(?:[-._+:][A-Za-z0-9]{1,99}){0,19})"
_BEGIN = r"(?:^|(?<=[\s\"'(<\[{\-/:]))"
_END = r"(?=$|[\s\"')>\]}\-/:\\.,;!?\0])"
_START = re.compile(
    rf"{_BEGIN}(?:(?P<start>\*\*|\*(?!\*)|``|_`|\|(?!\|))(?!\s)|(?P<role>(?::{_NAME}:)?)(?P<tick>`)(?!`)(?!\s)"
    rf"|(?P<name>{_NAME})_(?!_){_END})"
)
#: Start-string → its name in docutils' messages, and the pattern of its end.
_INLINE = {
    "**": ("strong", re.compile(rf"(?<![\s\0])\*\*{_END}")),
    "*": ("emphasis", re.compile(rf"(?<![\s\0])\*{_END}")),
    "``": ("literal", re.compile(rf"(?<!\s)``{_END}")),
    "_`": ("target", re.compile(rf"(?<![\s\0])`{_END}")),
    "|": ("substitution_reference", re.compile(rf"(?<![\s\0])\|_{{0,2}}{_END}")),
}
_TICK_END = re.compile(rf"(?<![\s\0])`(?P<suffix>:{_NAME}:)?(?P<ref>__?)?{_END}")
_EMBEDDED = re.compile(r"(.*?)(?:^|\s+)<([^<>\0]+)>$", re.DOTALL)


class MarkupFlaw(NamedTuple):
    """A place where docutils stops: the line, counted from 1, and docutils' message."""

    line: int
    says: str


def flaws(text: str) -> tuple[MarkupFlaw, ...]:
    """Return the first places at which docutils stops, as far as they are certain; empty for a long text."""
    if len(text) > MAX_MARKUP:
        return ()
    lines = [re.sub(r"[\v\f]", " ", line).expandtabs(8).rstrip() for line in text.splitlines()]
    found: list[MarkupFlaw] = []
    for flaw in _Blocks(lines).read():
        found.append(flaw._replace(says=printable(flaw.says)))
        if len(found) == MAX_FLAWS:
            break
    return tuple(found)


class _Blocks:
    """The blocks of a document at the left margin."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.styles: list[str] = []  # of section titles, from the highest
        self.level = 0
        self.whole = " ".join(" ".join(lines).lower().split())
        self.targets: dict[str, str] = {}
        self.references = 0
        self.own_roles = ".. role::" in self.whole or "default-role::" in self.whole

    def read(self) -> Iterator[MarkupFlaw]:
        """Walk over the blocks; yield flaws in the order of lines."""
        index, quoted = 0, True
        while index < len(self.lines):
            line = self.lines[index]
            if not line:
                index += 1
                continue
            if line[0] == " ":
                index = self._indented(index)
                if quoted and self._at(index):
                    yield MarkupFlaw(index + 1, "Block quote ends without a blank line; unexpected unindent.")
                continue
            quoted = False
            if _EXPLICIT.match(line):
                quoted = True
                index = yield from self._explicit(index)
            elif _BULLET.match(line):
                index = yield from self._bullet(index)
            elif _SIMPLE_TABLE.fullmatch(line):
                index = self._simple_table(index)
            elif _ENUMERATED.match(line) or _OTHER.match(line):
                index = self._to_blank(index)
            elif _RULER.fullmatch(line):
                index = yield from self._ruler(index)
            else:
                quoted = not self._at(index + 1).startswith(" ")
                index = yield from self._text(index)

    def _at(self, index: int) -> str:
        return self.lines[index] if index < len(self.lines) else ""

    def _indented(self, index: int, least: int = 1) -> int:
        """Return the first line from *index* that is neither blank nor indented by *least*, or the blanks before it."""
        end = index
        while index < len(self.lines):
            line = self.lines[index]
            if line and len(line) - len(line.lstrip()) < least:
                break
            index += 1
            end = index if line else end
        return end

    def _to_blank(self, index: int) -> int:
        while self._at(index):
            index += 1
        return self._indented(index)

    def _explicit(self, index: int) -> Generator[MarkupFlaw, None, int]:
        line, number = self.lines[index], index + 1
        if line == ".." and not self._at(index + 1):
            return index + 1
        end = self._indented(index + 1)
        if directive := _DIRECTIVE.match(line):
            name = directive[1]
            if name.lower() not in DIRECTIVES:
                yield MarkupFlaw(number, f'Unknown directive type "{name}".')
            elif name.lower() in DISABLED:
                yield MarkupFlaw(number, f'"{name}" directive disabled.')
            elif name.lower() in _CODE:
                for option in self._options(index + 1):
                    if option not in _CODE_OPTIONS:
                        yield MarkupFlaw(number, f'Error in "{name}" directive: unknown option: "{option}".')
                        break
        elif (target := _TARGET.match(line)) and end == index + 1 and self._is_other(target[1], target[2]):
            yield MarkupFlaw(number, f'Duplicate explicit target name: "{_normal(target[1])}".')
        after = self._at(end)
        if after and not _EXPLICIT.match(after) and not after.startswith("__"):
            yield MarkupFlaw(end + 1, "Explicit markup ends without a blank line; unexpected unindent.")
        return end

    def _options(self, index: int) -> Iterator[str]:
        while option := _OPTION.match(self._at(index)):
            yield option[1]
            index += 1

    def _is_other(self, name: str, uri: str) -> bool:
        """Note the target; return whether one of this name had another address."""
        return self.targets.setdefault(_normal(name), uri) != uri

    def _bullet(self, index: int) -> Generator[MarkupFlaw, None, int]:
        mark = _BULLET.match(self.lines[index])
        width = mark.end() if mark else 0
        first = self.lines[index][width:]
        if width == len(self.lines[index]):  # an empty item
            return self._indented(index + 1)
        end = self._indented(index + 1, width)
        text = [first]
        for line in self.lines[index + 1 : end]:
            if not line or line[width : width + 1] == " " or _BULLET.match(line[width:]):
                break
            text.append(line[width:])
        if not (_EXPLICIT.match(first) or _BULLET.match(first) or _ENUMERATED.match(first) or _OTHER.match(first)):
            plain = not any(_RULER.fullmatch(line) for line in text)
            yield from self._inline(index, text) if plain else ()
        after = self._at(end)
        if after and not after.startswith(self.lines[index][:2]) and after != self.lines[index][:1]:
            yield MarkupFlaw(end + 1, "Bullet list ends without a blank line; unexpected unindent.")
            return self._to_blank(end)
        return end

    def _simple_table(self, index: int) -> int:
        width, borders = len(self.lines[index]), 0
        while index + 1 < len(self.lines):
            index += 1
            line = self.lines[index]
            if line and re.fullmatch(r"=+(?: *=+)*", line) and len(line) == width:
                borders += 1
                if borders == 2 or not self._at(index + 1):
                    break
        return index + 1

    def _ruler(self, index: int) -> Generator[MarkupFlaw, None, int]:
        over, title, under = self.lines[index], self._at(index + 1), self._at(index + 2)
        if not title:
            return index + 1
        if len(over) < 4:
            return self._to_blank(index)
        number = index + 1
        if not _RULER.fullmatch(under):
            yield MarkupFlaw(number, "Missing matching underline for section title overline.")
        elif under != over:
            yield MarkupFlaw(number, "Title overline & underline mismatch.")
        elif _width(title) > len(over):
            yield MarkupFlaw(number, "Title overline too short.")
        else:
            yield from self._section(index, over[0] * 2)
            return index + 3
        return self._to_blank(index)

    def _section(self, index: int, style: str) -> Iterator[MarkupFlaw]:
        if style in self.styles:
            level = self.styles.index(style) + 1
        elif len(self.styles) == self.level:
            self.styles.append(style)
            level = len(self.styles)
        else:
            level = len(self.styles) + 2
        if level > self.level + 1:
            yield MarkupFlaw(index + 1, "Inconsistent title style")
        else:
            self.level = level

    def _text(self, index: int) -> Generator[MarkupFlaw, None, int]:
        line, below = self.lines[index], self._at(index + 1)
        if below and _RULER.fullmatch(below) and (len(below) >= 4 or _width(line) <= len(below)):
            if _width(line) > len(below):
                yield MarkupFlaw(index + 1, "Title underline too short.")
            yield from self._section(index, below[0])
            return index + 2
        if below.startswith(" "):  # a definition
            return self._indented(index + 1)
        end = index
        while self._at(end) and self.lines[end][0] != " ":
            end += 1
        yield from self._inline(index, self.lines[index:end])
        if self._at(end):
            yield MarkupFlaw(end + 1, "Unexpected indentation.")
            return self._indented(end)
        if self.lines[end - 1].endswith("::"):
            end = yield from self._literal(end)
        return end

    def _literal(self, index: int) -> Generator[MarkupFlaw, None, int]:
        """Skip the literal block that the paragraph before *index* announces."""
        start = index
        while start < len(self.lines) and not self.lines[start]:
            start += 1
        first = self._at(start)
        if first.startswith(" "):
            end = self._indented(start)
            if self._at(end):
                yield MarkupFlaw(end + 1, "Literal block ends without a blank line; unexpected unindent.")
            return end
        if not first or first[0].isalnum():
            yield MarkupFlaw(start + 1, "Literal block expected; none found.")
            return start
        return self._to_blank(start)

    def _inline(self, index: int, lines: list[str]) -> Iterator[MarkupFlaw]:
        text = "\n".join(lines)
        odd = not text.isascii() and any(ord(char) > 127 and unicodedata.category(char)[0] in "PSZC" for char in text)
        if len(text) > MAX_PARAGRAPH or odd:
            return
        rest = re.sub(r"\\(.)", "\0\\1", text, flags=re.DOTALL)
        while match := _START.search(rest):
            says, end = self._construct(rest, match)
            if says:
                yield MarkupFlaw(index + 1, says)
                return
            rest = rest[end:]

    def _construct(self, text: str, match: re.Match[str]) -> tuple[str, int]:
        """Return what is wrong with the construct that begins at *match*, if anything, and where reading goes on."""
        if match["name"]:
            return self._reference(match["name"]), match.end()
        begin = match.start()
        after = text[match.end() : match.end() + 1]
        if not after or (begin and (text[begin - 1] + after) in map("".join, zip(_OPENERS, _CLOSERS, strict=True))):
            return "", match.end()  # quoted, or at the end of the text
        if start := match["start"]:
            name, pattern = _INLINE[start]
            end = pattern.search(text, match.end() + 1)
            return ("" if end else f"Inline {name} start-string without end-string."), end.end() if end else 0
        end = _TICK_END.search(text, match.end() + 1)
        if end is None:
            return "Inline interpreted text or phrase reference start-string without end-string.", 0
        role = (match["role"] or end["suffix"] or "").strip(":")
        inner = text[match.end() : end.start()]
        if role and not end["ref"]:
            known = role.lower() in ROLES or self.own_roles
            return ("" if known else f'Unknown interpreted text role "{role}".'), end.end()
        if end["ref"] == "_":
            embedded = _EMBEDDED.fullmatch(inner)
            if embedded is None:
                return self._reference(inner), end.end()
        return "", end.end()

    def _reference(self, name: str) -> str:
        """Return the error of a reference whose name the text has nowhere else; a target anywhere would have it."""
        name = _normal(name)
        self.references += 1
        if "\0" in name or len(name) > 200 or self.references > MAX_REFERENCES:
            return ""
        once = re.compile(re.escape(name) + "(?!`?_)")
        return "" if once.search(self.whole) else f'Unknown target name: "{name}".'


def _normal(name: str) -> str:
    return " ".join(name.lower().split())


def _width(title: str) -> int:
    """Return the columns that the title takes, as docutils counts them."""
    if title.isascii():
        return len(title)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in title)
    return len(title) + wide - sum(bool(unicodedata.combining(char)) for char in title)
