"""Patterns of messages in build logs; apart from the reader, so that declaring them costs no import."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

_CPU = r"x86_64|i[3-6]86|aarch64(?:_be)?|arm\w*|thumb\w*|powerpc\w*|s390x|riscv\w+|loongarch64|mips\w*"
TRIPLE = rf"(?:{_CPU})-unknown-linux-\w+"
"""A Rust target triple for Linux, as a pattern."""
#: rustc's pointer into the source of a crate that cargo has downloaded.
CRATE_FILE = (
    r"--> \S{1,300}[/\\]registry[/\\]src[/\\][^/\\\s]{1,100}[/\\]"
    r"(?P<crate>[\w-]{1,60}?)-(?P<version>\d[\w.+-]{0,40})[/\\]"
)
ANY_TRIPLE = r"[a-z0-9_]+(?:\.[a-z0-9_]+)*(?:-[a-z0-9_]+){1,3}"
"""A Rust target triple of any system, as a pattern: ``thumbv7em-none-eabihf``, ``wasm32-wasip1``."""


#: The kinds of messages about a failed question for a pkg-config module; the most informative ones come first.
PROBE_KINDS = (
    *("pc-guard", "pc-refused", "pc-conflict", "pc-version", "pc-transitive", "pc-library"),
    *("pc-none", "pc-shell", "pc-spawn", "pc-failed"),
    *("pc-command", "pc-path"),
)
#: The kinds of a linker's messages.
LINKER_KINDS = (
    *("ld-skipping", "ld-generic-elf", "ld-wrong-file", "ld-no-lib", "ld-no-file", "ld-undefined", "ld-referenced"),
    *("ld-needed", "ld-static", "ld-host-script", "native-static", "no-linker"),
)


class Pattern(NamedTuple):
    r"""One wording of a message: its ``kind``, and how to recognise it.

    ``pattern`` is searched for in a cleaned line; its named groups are the facts. ``anchor`` is a literal text that
    every line that can match contains, at least four bytes long and without quotes, which vary. A message that may be
    wrapped, or that goes on in the next lines, spans up to ``lines`` of them. A ``raw`` pattern is searched for in the
    line as it stands, with what others put before it.

    A search takes time in proportion to the line, whatever it contains. A run that a pattern begins with starts where
    the run in the line starts: ``(?<!\S)\S+:``, not ``\S+:``. A run after a fixed text has a limit: ``.{0,300}``, not
    ``.*``. Two runs side by side share no character. ``tests/hostile/patterns.py`` measures it.
    """

    kind: str
    anchor: str
    pattern: str
    lines: int = 1
    raw: bool = False


_DEFAULTS = (1, False)  # of lines and raw


class Wordings(NamedTuple):
    """The patterns of one check, which are fetched when a log has one of their anchors."""

    anchors: tuple[bytes, ...]
    """The anchor of each pattern, once, in UTF-8."""
    fetch: Callable[[], Iterable[Any]]
    """Returns the patterns, which imports the check."""


def patterns_for(kind: str, *rows: tuple[str, str] | tuple[str, str, int]) -> tuple[Pattern, ...]:
    """Return the patterns of the messages called *kind*, each given as (anchor, pattern) or (anchor, pattern, lines).

    Of several that fit one line, the first counts.
    """
    return tuple([Pattern._make((kind, *row, *_DEFAULTS[len(row) - 2 :])) for row in rows])
