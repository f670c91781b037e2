"""Makes lines of a log comparable: removes the additions of terminals, continuous integration and wrapping programs.

Every rule removes one kind of addition: terminal control sequences (ECMA-48), progress bars that redraw a line, time
stamps, the names that GitHub Actions, BuildKit, Buildkite, charmcraft, nix, cargo and pip print before a line, links
that a web page inserts between lines, the line numbers of a viewer, Rust's ``{:?}`` of a text, HTML entities,
typographic quotes.
"""

from __future__ import annotations

import itertools
from functools import lru_cache

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re

if TYPE_CHECKING:
    from collections.abc import Iterator

# The most frequent sequences.
_COLOUR = re.compile(rb"\x1b\[[0-9;]*[mK]")
# CSI … final byte, OSC, APC, DCS and PM … BEL or ST, and the two-byte escapes.
_TERMINAL = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]_P^][^\x07\x1b\n]*(?:\x07|\x1b\\)|[@-Z\\^_=>()][0-9A-Za-z]?)")
# Colours whose escape character was lost, or was replaced by "^[" or "␛". (Every alternative begins with another byte,
# which makes the search several times faster.) If there are any, one of them ends the colour.
# "[m" before a letter begins a name in brackets: "[main.o]".
_LOST = rb"\[(?:(?:\d{1,2}(?:;\d{1,3})*|(?:;\d{1,3})+)m|m(?![a-z]))(?:\^\[\[K)?"
_LOST_COLOUR = re.compile(rb"%b|\^\[(?:%b|\[K)|\xe2\x90\x9b%b" % (_LOST, _LOST, _LOST))
_LOST_ALONE = re.compile(_LOST)
_LOST_END = re.compile(rb"\[(?:0m|m(?![a-z]))")
_LOWER = "abcdefghijklmnopqrstuvwxyz"
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
# Each with the characters that it can begin with after blanks, 0 for any digit; without any, it has a tab.
_PREFIXES = tuple(
    (number, starts, re.compile(pattern))
    for number, (starts, pattern) in enumerate(
        (
            # gh run view --log: job, step, time; the web page's link to the line
            ("", r"^[^\t]{1,200}\t[^\t]{1,200}\t(?=\ufeff?\d{4}-\d\d-\d\dT)"),
            ("[", r"^\s*\[\d+\]\(https?://[^)\s]*\)\s?"),
            ("\ufeff", r"^\ufeff"),
            # a time in any of the usual formats
            ("[0", r"^\s*\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|\s?[+-]\d\d:?\d\d)?\]?:?\s?"),
            ("0", r"^\s*\d{1,2}:\d\d:\d\d [AP]M: "),  # Netlify
            ("[0", r"^\s*\[?\d\d:\d\d:\d\d(?:[.,]\d+)?\]?\s"),
            ("[", r"^\[Container\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)? "),  # CodeBuild
            ("[", r"^\[ *\d{1,6}s\] "),  # the Open Build Service
            # syslog and journald; Render
            (
                "JFMASOND",
                rf"^(?:{_MONTHS}) [ \d]\d \d\d:\d\d:\d\d(?: [AP]M {{1,3}}| \S{{1,60}} [\w./-]{{1,60}}(?:\[\d+\])?: )",
            ),
            ("S", r"^Step #\d+(?: - \"[^\"]{1,100}\")?: "),  # Google's Cloud Build
            ("D", r"^DEBUG util\.py:\d+: {1,2}"),  # mock
            ("r", r"^remote: {1,8}(?=\S)"),  # git push to a platform that builds
            ("0abcdef", r"^[0-9a-f]{2}[OE]\+? "),  # and GitLab's stream, after its time
            ("_", r"^\s*_bk;t=\d+\x07?"),
            ("|[", r"^\s*(?:\|\s*)?\[\d{4}-[^\]\n]{5,40}\]\s?"),
            # markers of GitHub, Azure and Travis
            ("#", r"^##\[(?:error|warning|group|endgroup|command|debug|section|notice)\]"),
            (":", r"^::(?:error|warning|notice|group|debug)[^:\n]{0,300}::"),
            ("t", r"^travis_\w+(?::\S*)?\s?"),
            # charmcraft, snapcraft: the output of a program that it runs
            (":", r"^\s*::(?:\s|$)"),
            # BuildKit: "#12 3.456 ", in the summary of a failed step "3.456 "; podman and old docker: "[2/5] "
            ("#", r"^\s*#\d+ (?:\d+\.\d* )?(?!\[)"),
            ("0", r"^\s*(?:\d{1,3} (?=\d+\.\d{3} ))?(?:\d+\.\d{2,4}|\d{3,}\.\d)(?: |$)"),  # copied without its mark
            ("[", r"^\[[a-z][\w.+-]{0,60} +\d+/\d+\] "),  # its stage and step
            # cargo -vv: "[alsa-sys 0.3.1] "; cargo's and maturin's warning of a build script
            ("[", r"^\[[a-z0-9][\w-]* \d+\.\d+\.[\w.+-]+\] "),
            ("cw", r"^\s*(?:cargo:warning=|warning: [a-z0-9][\w-]*@\d[\w.+-]*: )"),
            # nix: "pkg> "; a margin of bars or a quotation mark
            (_LOWER, r"^[a-z][\w.+-]{1,60}> (?=\S)"),
            ("|│┃╎▌", r"^\s*[|│┃╎▌]+(?:\s|$)"),
            # Visual Studio: "1> [CMake] ", "1>"; the extension CMake Tools of VS Code
            ("0", r"^\d{1,3}>(?: \[CMake\](?: |$))?(?! )"),
            ("[", r"^\[(?:cmake|build|proc|main)\] (?=\s*\S)"),
            # docker compose: "service-1    | "; earthly: "+target *failed* | "
            ("+" + _LOWER, r"^\s*\+?[a-z][\w.-]{0,40}(?: \*\w+\*)? +\|(?: (?= *\S)|\s*$)"),
            ("╰└╭├", r"^\s*(?:[╰└├]─+[>▶]|[╭╰├└]─+)\s?"),
            # nix's last lines; a quotation, if it is not lld's own mark
            (">", r"^(?: {5,8}>(?: (?=[ \t]*\S)| ?$)|>+ (?!(?<=^>>> )(?:defined|referenced|did you) )(?=\S))"),
        )
    )
)
_PREFIXED = 1000  # characters at the beginning of a line that can hold prefixes
# Source lines of a program or a Dockerfile that a tool shows: no tool reported their text.
_SOURCE = re.compile(r"\s*\d+\s*\|(?:\s|$)")
# No prefix starts with these, so most lines skip the rules.
_PLAIN = frozenset("abcdefghijklmnopqrsuvxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/`'\"=(")
# Those that do, as far as they begin with letters; ": " follows a month's day and time.
_LETTERED = ("warning:", "cargo:", "remote: ", "Step #", "DEBUG util", *(f"{month} " for month in _MONTHS.split("|")))
_ENTITY = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(quot|apos|lt|gt|amp));")
_NAMED = {"quot": '"', "apos": "'", "lt": "<", "gt": ">", "amp": "&"}
_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "„": '"', "‚": "'", "«": '"', "»": '"', "\xa0": " "})
_QUOTE = re.compile("[‘’“”„‚«»\xa0]")  # a search takes a tenth of a translation's time
_MISREAD = re.compile("â€([˜™œ\x9d\x98\x99\x9c])")
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-f]{1,6})\}|(.))")
#: The texts in a line of JSON that hold what a program printed: of Ansible, AWS Lambda, Docker's json-file driver and
#: loggers. Not those of cargo and rustc, whose objects begin with "reason" and "$message_type".
_JSON_TEXT = re.compile(
    r'"(?:log|msg|message|errorMessage|error|stderr|stdout|output|module_std(?:out|err))": ?"((?:[^"\\]|\\.)+)"?'
)
_JSON_OTHER = ('{"reason"', '{"$message_type"')
_ANSIBLE = re.compile(r"^(?:stdout|:stderr): ")  # its module pip names the streams
_JSON_CODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_PLAIN_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "", '"': '"', "'": "'", "\\": "\\"}


def _reread(match: re.Match[str]) -> str:
    return '"' if match[1] in "œ\x9d\x9c" else "'"


def plain(block: bytes) -> bytes:
    """Return *block* without terminal control sequences and the remains of colours in a copied log."""
    if b"\x1b" in block:
        block = block.replace(b"\x1b[0m", b"").replace(b"\x1b[1m", b"")  # half of them in many logs
        block = b"".join(_COLOUR.split(block))  # faster than sub
    if b"\x1b" in block:
        block = _TERMINAL.sub(b"", block)
    if _LOST_END.search(block):
        if b"^[" in block or b"\xe2\x90\x9b" in block:
            block = b"".join(_LOST_COLOUR.split(block))
        else:  # one form, and the same half of them: faster
            block = b"".join(_LOST_ALONE.split(block.replace(b"[0m", b"").replace(b"[1m", b"")))
    return block


# A viewer's number before each line: "376 | text", "376: text", "   376 text"; Spack's of an error: "  >> 376    text".
_NUMBERED = re.compile(rb"[ \t]*(?:>> )?(\d{1,7})(?:[ \t]*(?:\||\xe2\x94\x82)(?: |$)|: |:$|[ \t]{1,4}|$)")
_SAMPLE, _FEWEST = 200, 4  # lines that show whether a viewer did so


def is_numbered(block: bytes) -> bool:
    """Whether a viewer put its number before every line of *block*: the numbers of a log's first lines are in sequence.

    A few lines without one, around or between them, make no difference.
    """
    lines = [line for line in block.split(b"\n", _SAMPLE)[:_SAMPLE] if line.strip()]
    numbers = [int(match[1]) for line in lines if (match := _NUMBERED.match(line))]
    steps = sum(second - first == 1 for first, second in itertools.pairwise(numbers))
    return len(numbers) >= _FEWEST and steps * 10 >= (len(lines) - 1) * 9


def unnumbered(block: bytes) -> bytes:
    """Return *block* without a viewer's number before each line."""
    return b"\n".join(_NUMBERED.sub(b"", line, count=1) for line in block.split(b"\n"))


# uv's report of a failed build (until 0.9): wrapped at this width, and indented.
_UVS_WIDTH, _UVS_INDENT = 80, 6
_UVS_LINE = re.compile(
    rb"((?:[^\t\n]{1,200}\t[^\t\n]{1,200}\t)?(?:\S{19,35}Z |#\d+ \d+\.\d+ )?) {%d}(.*)" % _UVS_INDENT, re.DOTALL
)
_UVS_PARTS = (b"[stdout]", b"[stderr]")


def rejoined(block: bytes) -> bytes:
    """Return *block* with the lines joined that uv wrapped in its report of a failed build.

    Empty lines follow a joined one, so that all others keep their numbers. A break is uv's if the next word did not fit
    into the line.
    """
    if b"      [std" not in block or not any(b"      " + part in block for part in _UVS_PARTS):
        return block
    joined: list[bytes] = []
    empty: list[bytes] = []
    inside, length = False, 0
    for line in block.split(b"\n"):
        match = _UVS_LINE.fullmatch(line)
        text = match[2].rstrip() if match else b""
        inside = text in _UVS_PARTS or (inside and (match is not None or not line.strip()))
        word = text.partition(b" ")[0]
        if inside and word and length <= _UVS_WIDTH < length + 1 + len(word) and joined[-1]:
            joined[-1] += b" " + text
            empty.append(b"")
        else:
            joined += [*empty, line]
            empty = []
        length = _UVS_INDENT + len(text.decode(errors="replace")) if inside and text else 0
    return b"\n".join([*joined, *empty])


def clean(line: str) -> list[str]:
    """Return the messages in *line* of a log without the additions around them.

    There are several if a text with line breaks was printed as Rust's ``{:?}``, or a progress bar was redrawn, but no
    message in a line of source text that a compiler or BuildKit shows. The indentation stays.
    """
    if "\r" in line:
        line = line.strip("\r")
        if "\r" in line:
            return [text for part in line.split("\r") if part for text in clean(part)]
    if (
        line[:1] not in _PLAIN
        or line.startswith(_LETTERED)
        or "> " in line[:62]
        or " | " in line[:62]
        or line.endswith(" |")
        or "\t" in line
    ):
        line = unprefixed(line)
        if _SOURCE.match(line):
            return []
    if not line.isascii():
        if "â€" in line:  # UTF-8 that was read as Windows's code page
            line = _MISREAD.sub(_reread, line)
        if _QUOTE.search(line):
            line = line.translate(_QUOTES)
    if "&" in line:
        line = _ENTITY.sub(_entity, line)
    if ('": "' in line or '":"' in line) and (parts := _of_json(line)):
        return parts
    if "\\n" in line or '\\"' in line or "\\'" in line:
        return [text for part in unescape(line).split("\n") if (text := part.rstrip())]
    return [line.rstrip()]


def _of_json(line: str) -> list[str]:
    """Return what is around and in the texts of a line of JSON that show what a program printed; [] without any."""
    start = line.lstrip()
    ansible = "! => {" in line or "] => {" in line
    if not (ansible or start.startswith(("{", '"'))) or start.startswith(_JSON_OTHER):
        return []
    found: list[str] = []
    end = 0
    for match in _JSON_TEXT.finditer(line):
        found += [line[end : match.start(1)], unescape(_JSON_CODE.sub(_code, match[1]))]
        end = match.end(1)
    texts = (_ANSIBLE.sub("", text.rstrip()) for part in [*found, line[end:]] for text in part.split("\n"))
    return [text for text in texts if text] if found else []


def _code(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return chr(code) if code > 31 and not 0xD800 <= code < 0xE000 else "?"


def unprefixed(line: str) -> str:
    """Return *line* without the prefixes of :data:`_PREFIXES`."""
    line, rest = line[:_PREFIXED], line[_PREFIXED:]
    for _ in range(6):  # prefixes stack: a time before a marker before a margin
        before, number = line, -1
        while found := _prefix(line, number):
            number, end = found
            line = line[end:]
        if line == before:
            break
    return line + rest


def _prefix(line: str, after: int) -> tuple[int, int] | None:
    """Return the first of the prefixes later than number *after* that *line* has: its number, and its end."""
    first = line.lstrip()[:1]
    for number, prefix in _possible("0" if first.isdecimal() else first, "\t" in line):
        if number > after and (match := prefix.match(line)):
            return number, match.end()
    return None


@lru_cache(256)
def _possible(first: str, tab: bool) -> tuple[tuple[int, re.Pattern[str]], ...]:
    """Return the prefixes that can be in a line with this *first* character, 0 for a digit, and a *tab* or without."""
    return tuple(
        (number, prefix) for number, starts, prefix in _PREFIXES if (tab and not starts) or (first and first in starts)
    )


def _entity(match: re.Match[str]) -> str:
    if match[3]:
        return _NAMED[match[3]]
    code = int(match[1], 16) if match[1] else int(match[2])
    return chr(code) if 31 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "?"


def unescape(text: str) -> str:
    r"""Undo Rust's ``{:?}``, and a ``{:?}`` of a ``{:?}``: ``\n``, ``\"``, ``\'``, ``\u{1b}``."""
    for _ in range(3):
        new = _ESCAPE.sub(_character, text)
        if new == text or "\\" not in new:
            return plain(new.encode(errors="replace")).decode(errors="replace")
        text = new
    return text


def _character(match: re.Match[str]) -> str:
    if match[1]:
        code = int(match[1], 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "?"
    return _PLAIN_ESCAPES.get(match[2], match[0])


def joined(lines: list[str]) -> Iterator[str]:
    """Yield the ways to join *lines* that a program wrapped to its terminal: each at a space or within a word."""
    parts = [line.strip() for line in lines]
    for gaps in itertools.product((" ", ""), repeat=len(parts) - 1):
        yield "".join(part + gap for part, gap in zip(parts, (*gaps, ""), strict=True))
