"""Learns from a log's first lines what a runner or a collector of logs put before each of its lines.

There are more such forms than can be listed: TeamCity, Bamboo, Heroku, Amplify, Kubernetes, Jenkins's parallel steps,
the loggers of Python and Rust, and many a script have one of their own. In all of them it is the same before every line
but for digits and a level: a time with names before it, levels and names in brackets after it, or only a name in
brackets. A viewer puts numbers there. Forms that show more, as the step of BuildKit, are in :mod:`.clean` and stay.
"""

from __future__ import annotations

from collections import Counter
from functools import partial

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.readers.buildlog.clean import is_numbered, unnumbered, unprefixed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_SAMPLE = 200  # lines that show whether there is one
_FEWEST, _FEWEST_UNDATED = 3, 6
_COMPARED = 20  # of these, those of which it is known what the other rules remove
_WIDTH = 160  # bytes that it can have
_TIME = rb"\d{1,2}:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_CALM = rb"(?:DEBUG|INFO|NOTICE|TRACE|debug|info|notice|trace)\b"
_LEVEL = rb"(?:%b|(?:WARN(?:ING)?|ERROR|CRITICAL|FATAL|warn(?:ing)?|error)\b)" % _CALM
_STREAM = rb"std(?:out|err)\b"
_TOKEN = re.compile(
    rb"(?P<time>%b)|(?P<level>(?<![\w-])%b)|(?P<stream>%b)|(?P<number>\d+)|(?P<blank>[ \t]+)|(?P<name>[A-Za-z_]+)"
    rb"|(?P<sign>[^\w\s])" % (_TIME, _LEVEL, _STREAM)
)
#: The expression for each kind of token that differs from line to line.
_ANY = {"time": _TIME, "level": _LEVEL, "stream": _STREAM, "number": rb"\d+", "blank": rb"[ \t]+"}
_SEPARATORS = frozenset((b":", b"|", b",", b"]"))
_PARTS = frozenset((b"F", b"P"))  # of Kubernetes, behind the stream: a full or a partial line
_STATUS = frozenset((b"W", b"E", b"F", b"i"))  # of TeamCity, directly behind the time
_LIKELY = re.compile(rb"\[|.{0,60}?%b" % _TIME)
#: The crate of cargo -vv, and the job and the step of GitHub's tool, are more than a margin.
_TELLING = re.compile(rb"\[[a-z0-9][\w-]* \d+\.\d+\.|^[^\t\n]{1,200}\t[^\t\n]{1,200}\t\W{0,3}\d{4}-")

_Token = tuple[str, bytes]


class Margin:
    """The margin of one log."""

    def __init__(self) -> None:
        self._steps: list[Callable[[bytes], bytes]] | None = None

    def removed(self, block: bytes) -> bytes:
        """Return *block* without it; the log's first block shows its parts."""
        if self._steps is None:
            self._steps = []
            for find in (_numbers, _runners, _numbers):  # a viewer numbers what it shows, or a runner's log of that
                if (step := find(block)) is not None:
                    self._steps.append(step)
                    block = step(block)
            return block
        for step in self._steps:
            block = step(block)
        return block


def _numbers(block: bytes) -> Callable[[bytes], bytes] | None:
    return unnumbered if is_numbered(block) else None


def _runners(block: bytes) -> Callable[[bytes], bytes] | None:
    expression = learned(block)
    return None if expression is None else partial(expression.sub, b"")


def learned(block: bytes) -> re.Pattern[bytes] | None:
    """Return an expression for the margin of each line of a log that begins with *block*; None without one."""
    lines = [line[:_WIDTH] for line in block.split(b"\n", _SAMPLE)[:_SAMPLE] if line.strip()]
    if len(lines) < _FEWEST or any(_TELLING.search(line) for line in lines[:_COMPARED]):
        return None
    if sum(_LIKELY.match(line) is not None for line in lines) * 10 < len(lines) * 9:  # most logs: without more work
        return None
    tokens = _common([[_token(match) for match in _TOKEN.finditer(line)] for line in lines])
    begin = next((at + 1 for at, (kind, _) in enumerate(tokens) if kind == "time"), 0)
    if not begin and (tokens[:1] != [("sign", b"[")] or len(lines) < _FEWEST_UNDATED):
        return None
    margin = tokens[: _end(tokens, begin)]
    if not margin:
        return None
    parts = [_ANY.get(kind) or re.escape(text) for kind, text in margin]
    expression = re.compile(rb"(?m)^%b[ \t]?" % b"".join(parts))
    found = [match for line in lines if (match := expression.match(line))]
    if any(kind == "level" for kind, _ in margin) and not any(re.search(_CALM, match[0]) for match in found):
        return None  # a tool's own word for its warnings and errors
    return expression if any(_is_longer(match) for match in found[:_COMPARED]) else None


def _is_longer(match: re.Match[bytes]) -> bool:
    """Whether the other rules remove less from its line."""
    line = match.string.decode(errors="replace")
    return len(line) - len(unprefixed(line)) < match.end()


def _token(match: re.Match[bytes]) -> _Token:
    kind = str(match.lastgroup)
    return kind, b"" if kind in _ANY else match[0]


def _common(lines: Sequence[Sequence[_Token]]) -> list[_Token]:
    """Return the tokens that nine lines of ten begin with."""
    found: list[_Token] = []
    left: Iterable[Sequence[_Token]] = lines
    while True:
        agreeing = [line for line in left if len(line) > len(found)]
        most = Counter(line[len(found)] for line in agreeing).most_common(1)
        if not most or most[0][1] * 10 < len(lines) * 9:
            return found
        left = [line for line in agreeing if line[len(found)] == most[0][0]]
        found.append(most[0][0])


def _end(tokens: Sequence[_Token], begin: int) -> int:
    """Return where the margin ends: behind levels, streams, and names in brackets from *begin*, the time's end, on."""
    at = end = begin
    while at < len(tokens):
        kind, text = tokens[at]
        before = tokens[at - 1] if at else ("", b"")
        after = tokens[at + 1] if at + 1 < len(tokens) else ("", b"")
        if text == b"[" or (begin and kind == "name" and after[1] == b"["):
            close = next((n for n in range(at, len(tokens)) if tokens[n][1] == b"]"), -1)
            if close < 0 or not any(kind in ("name", "level") for kind, _ in tokens[at:close]):
                return end
            end = at = close + 1
        elif begin and (
            kind in ("level", "stream")
            or (text in _STATUS and before[1] == b"]")
            or (text in _PARTS and at > 1 and tokens[at - 2][0] == "stream")
            or (kind == "name" and after[1] == b"]")  # of a bracket that begins before the time
        ):
            end = at = at + 1
        elif end and (text in _SEPARATORS or (text == b"-" and before[0] == after[0] == "blank")):
            at += 1
            end = at if text != b"-" or end > begin else end
        elif kind == "blank":
            at += 1
        else:
            return end
    return end
