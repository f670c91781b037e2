"""Tells messages of a tool from quotations of a message: an error that a test shows is not an error of the build.

pytest's report of a failed test has the lines of the test's source, the exception, the values that an assertion
compared, and the output that the test captured (``_pytest/terminal.py`` and ``_pytest/_code/code.py``). Of these only
the exception is an error. A Python traceback shows source lines too, and a failed assertion what it compared.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

from diagnose.model._lazy_stdlib import TYPE_CHECKING, Enum, re
from diagnose.readers.buildlog.clean import clean

if TYPE_CHECKING:
    from collections.abc import Iterator


class Section(Enum):
    """The part of pytest's output that a line is in."""

    NONE = "none"
    FAILURES = "failures"
    """Source lines, and the exception."""
    CAPTURED = "captured"
    SUMMARY = "summary"


class Standing(Enum):
    """What a message in a line counts for."""

    MESSAGE = "message"
    EXCEPTION = "exception"
    """The line shows that a test failed; what its text names is a quotation."""
    QUOTATION = "quotation"


# The lines that begin and end the parts, after the prefix of a runner. Each expression begins with a fixed text, which
# is found at many times the speed of a run of equal characters.
_BORDERS = {
    sort: re.compile(expression, re.MULTILINE)
    for sort, expression in (
        (
            "section",
            rb"===(?<!====)=* (?:(FAILURES|ERRORS|PASSES|XFAILURES|short test summary info)|[^=\n]{1,200})"
            rb" ={3,}[ \r]*$",
        ),
        ("captured", rb"---(?<!----)-* (Captured) (?:stdout|stderr|log) (?:setup|call|teardown) -{3,}[ \r]*$"),
        ("test", rb"___(?<!____)_* ([^\s_](?:[^\n_]|_(?!__)){0,200}) _{3,}[ \r]*$"),
    )
}
# The last line of -q has no "=": a number of tests, and after it the time.
_TIME = re.compile(rb" in \d[\d.]{0,12}s\b")
_NUMBER = re.compile(rb"\b\d{1,6} (?:failed|passed|errors?|skipped|deselected|xfailed|warnings?)\b")
_BETWEEN, _NUMBER_SIZE = 200, 20  # bytes from the number to the time, and of the number
_TO_TIME = re.compile(rb"[^\n]{0,%d} in \d[\d.]{0,12}s\b" % _BETWEEN)
_OPENER = b"=== "  # what all of them have: one search instead of five in the many pieces without any
_OPENERS = (b"= FAILURES =", b"= ERRORS =", b"= PASSES =", b"= XFAILURES =", b"= short test summary info =")
#: An assertion compares values; the lines after it show them, too. That of bdist_wheel is not of a test.
_ASSERTION = re.compile(
    r"^(?:E\s+|\S{1,300}:\d{1,6}: |(?:FAILED|ERROR) .{1,500}? - )?"
    r"(?:AssertionError\b(?!: would build wheel with unsupp)|assert\b|(?:_?pytest\.\S{1,60}\.)?Failed: )"
)
_FILE = re.compile(r'^\s*File ".{1,400}", line \d{1,7}(?:, in .{1,200})?$')
_E = re.compile(r"^\s*E(?:\s|$)")
#: Statements without a text in them; what is imported helps to understand the failure.
_IMPORT = re.compile(r"^[>\s]*(?:from|import)\s")
#: A line outside of pytest's report without any of these quotes nothing, unless a traceback's frame is above it.
_SIGNS = (b"ssert", b"Failed: ", b"E  ", b"- ", b"+ ", b"? ")
_BLOCK = 60  # lines before a line in which its exception begins
_LINE = 2000


class Quotations:
    """Where the parts of pytest's output are in the piece at hand. Without any, a look costs one search a piece."""

    def __init__(self) -> None:
        self._part = Section.NONE
        self._outer = Section.NONE  # the part that captured output is in
        self._starts: list[int] = []
        self._parts: list[Section] = []
        self._framed = False  # whether the piece has a traceback's frame

    def enter(self, piece: bytes) -> None:
        """Find the parts in *piece*, which follows the last one."""
        self._starts, self._parts = [0], [self._part]
        self._framed = b'File "' in piece
        if self._part is Section.NONE and not (_OPENER in piece and any(opener in piece for opener in _OPENERS)):
            return
        passed = 0
        for start, end, border, name in sorted(_borders(piece)):
            if start >= passed:
                passed = end
                self._part = self._after(border, name)
                self._starts.append(start)
                self._parts.append(self._part)

    def _after(self, border: str, name: bytes) -> Section:
        if border == "captured":
            return self._part if self._part in (Section.NONE, Section.SUMMARY) else Section.CAPTURED
        if border == "test":
            return self._outer if self._part is Section.CAPTURED else self._part
        self._outer = {b"PASSES": Section.CAPTURED, b"XFAILURES": Section.CAPTURED}.get(name, Section.NONE)
        if name in (b"FAILURES", b"ERRORS"):
            self._outer = Section.FAILURES
        elif name:
            self._outer = self._outer if self._outer is Section.CAPTURED else Section.SUMMARY
        elif border == "end" and self._part is Section.CAPTURED:
            return self._part  # the output of a test that ran pytest
        return self._outer

    def standing(self, piece: bytes, start: int, end: int) -> Standing:
        """Return what the line from *start* to *end* of *piece* counts for."""
        part = self._parts[bisect_right(self._starts, start) - 1]
        if part is Section.CAPTURED:
            return Standing.QUOTATION
        raw = piece[start : min(end, start + _LINE)]
        signs = any(map(raw.__contains__, _SIGNS))
        if part is Section.NONE and not signs and not (self._framed and b'File "' in _before(piece, start)):
            return Standing.MESSAGE
        line = _text(raw)
        if part is Section.SUMMARY:
            if line.lstrip().startswith(("FAILED ", "ERROR ")):
                return Standing.EXCEPTION if _ASSERTION.match(line.lstrip()) else Standing.MESSAGE
            if line[:1].isspace():  # the rest of a reason, in CI
                return Standing.QUOTATION
        if _E.match(line):
            first, begins = _first_of_block(piece, start, line)
            if not _ASSERTION.match(first.lstrip()):
                return Standing.MESSAGE
            return Standing.EXCEPTION if begins else Standing.QUOTATION
        if _ASSERTION.match(line.lstrip()):
            return Standing.EXCEPTION
        if _is_difference(line) and _follows_assertion(piece, start):
            return Standing.QUOTATION
        source = line.startswith((">", "    ")) if part is Section.FAILURES else False
        if line[:1].isspace() and not source:
            source = _is_source(line, _text(_before(piece, start)))
        return Standing.QUOTATION if source and not _IMPORT.match(line) else Standing.MESSAGE


def _borders(piece: bytes) -> Iterator[tuple[int, int, str, bytes]]:
    """Yield the start and the end of each border in *piece*, the sort of it, and its name."""
    for sort, expression in _BORDERS.items():
        for match in expression.finditer(piece):
            yield match.start(), match.end(), sort, match[1] or b""
    searched = 0
    for time in _TIME.finditer(piece):
        at = time.start()
        begin = max(piece.rfind(b"\n", searched, at) + 1, at - _BETWEEN - _NUMBER_SIZE, searched)
        searched = max(searched, at)
        for number in _NUMBER.finditer(piece, begin, at):
            if (last := _TO_TIME.match(piece, number.end())) is not None:
                searched = last.end()
                yield number.start(), searched, "end", b""
                break


def _is_difference(line: str) -> bool:
    """Whether unittest's report of two texts that differ can have this line."""
    return line.lstrip()[:2] in ("- ", "+ ", "? ")


def _follows_assertion(piece: bytes, start: int) -> bool:
    """Whether the line at *start* is one of the differences below a failed assertion."""
    at = start
    for _ in range(_BLOCK):
        before = _before(piece, at)
        text = _text(before)
        if text.strip() and not _is_difference(text):
            return _ASSERTION.match(text.lstrip()) is not None
        at -= len(before) + 1
    return False


def _is_source(line: str, before: str) -> bool:
    """Whether *line* is the source line that a traceback shows below the line *before*; else it is the exception."""
    return _indented(line) > _indented(before) and _FILE.match(before) is not None


def _indented(line: str) -> int:
    return len(line) - len(line.lstrip())


@lru_cache(2 * _BLOCK)  # the lines before one line are those before the next, too
def _text(raw: bytes) -> str:
    texts = clean(raw.decode(errors="replace"))
    return texts[0] if texts else ""


def _before(piece: bytes, start: int) -> bytes:
    """Return the line before the one at *start*."""
    begin = piece.rfind(b"\n", max(start - _LINE, 0), max(start - 1, 0)) + 1
    return piece[begin : max(start - 1, 0)]


def _first_of_block(piece: bytes, start: int, line: str) -> tuple[str, bool]:
    """Return the first of the lines that begin with "E" around the one at *start*, and whether it is that one."""
    first, at, begins = line, start, True
    for _ in range(_BLOCK):
        before = _before(piece, at)
        text = _text(before)
        if not _E.match(text):
            break
        first, begins = text, False
        at -= len(before) + 1
    return first, begins
