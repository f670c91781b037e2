"""``.pc`` files: parsed as pkgconf does, without running it.

Follows pkgconf's own sources (``libpkgconf/fileio.c``, ``parser.c``, ``tuple.c``, ``argvsplit.c``, ``dependency.c`` and
``pkg.c``), including their quirks, because the answer must equal the program's. Releases differ;
:class:`~diagnose.readers.pkgconfig.rules.Rules` describes how.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


#: Bytes, far above any ``.pc`` file; the limit of a variable is that of pkgconf's own buffer.
FILE_LIMIT = 1 << 20
VALUE_LIMIT = 65535
#: The most characters that the variables of one file may expand to.
VARIABLES_LIMIT = 4 << 20
#: The most levels of nested variables, and the most expansions in all.
DEPTH_LIMIT = 200
VISIT_LIMIT = 200_000

SPACE = " \t\n\v\f\r"
_OPERATORS = "<>!="
COMPARATORS = ("<", "<=", "=", "!=", ">", ">=")


class Fragment(NamedTuple):
    """One flag. ``type`` is its letter (``l``, ``L``, ``I``, …), or empty for a word that is kept unchanged.

    ``merged``: ``data`` is several words. ``children`` are words that are kept with it.
    """

    type: str
    data: str
    merged: bool = False
    children: tuple[Fragment, ...] = ()


class Dependency(NamedTuple):
    """One element of a ``Requires``-like field; ``operator`` is empty if any version is accepted.

    ``internal``, ``private`` and ``shared``: it is in ``Requires.internal``, ``.private`` or ``.shared``.
    """

    module: str
    operator: str = ""
    version: str = ""
    internal: bool = False
    private: bool = False
    shared: bool = False


class PcFile(NamedTuple):
    """One parsed ``.pc`` file.

    ``id`` is its file name without the extension. ``uninstalled``: it describes a library before its installation.
    """

    path: str
    id: str
    name: str
    version: str
    variables: dict[str, str]
    cflags: tuple[Fragment, ...] = ()
    cflags_private: tuple[Fragment, ...] = ()
    libs: tuple[Fragment, ...] = ()
    libs_private: tuple[Fragment, ...] = ()
    requires: tuple[Dependency, ...] = ()
    requires_private: tuple[Dependency, ...] = ()
    conflicts: tuple[Dependency, ...] = ()
    provides: tuple[Dependency, ...] = ()
    uninstalled: bool = False
    cflags_shared: tuple[Fragment, ...] = ()
    libs_shared: tuple[Fragment, ...] = ()
    requires_shared: tuple[Dependency, ...] = ()


def module_id(path: str, uninstalled: bool) -> str:
    """Return the id of the file at *path*: its name without the ending, and without ``-uninstalled``."""
    name = path.rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    return stem.rpartition("-")[0] if uninstalled else stem


def first_word(version: str) -> str:
    """Return what counts of the field ``Version``."""
    return version.replace("\t", " ").partition(" ")[0]


def logical_lines(text: str) -> Iterator[str]:
    """Yield the lines of *text* with comments removed and continued lines joined."""
    if "\\" not in text and "\r" not in text:
        yield from (line.partition("#")[0] for line in text.split("\n"))
        return
    position, end = 0, len(text)
    while position < end:
        line: list[str] = []
        quoted = False
        while position < end:
            char = text[position]
            position += 1
            if char == "\\" and not quoted:
                quoted = True
            elif char == "#" and not quoted:
                while position < end and text[position] != "\n":
                    position += 1
                position += 1
                break
            elif char == "\n":
                if not quoted:
                    break
                while position < end and text[position] in "\t ":
                    position += 1
                quoted = False
            elif char == "\r":
                followed = position < end and text[position] == "\n"
                position += followed
                if not quoted:
                    break
                line.append("\n")
                quoted = False
            else:
                if quoted and char != "#":
                    line.append("\\")
                line.append(char)
                quoted = False
        yield "".join(line)


def fields(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield (key, ``:`` or ``=``, value) of every such line."""
    return fields_of(logical_lines(text))


def fields_of(lines: Iterable[str], *, letter_first: bool = True) -> Iterator[tuple[str, str, str]]:
    """Yield (key, ``:`` or ``=``, value) of those *lines* that have this form."""
    for line in lines:
        line = line.lstrip(SPACE)
        length = 0
        while length < len(line) and line[length].isascii() and (line[length].isalnum() or line[length] in "_."):
            length += 1
        key, rest = line[:length], line[length:].lstrip(SPACE)
        if key and (key[0].isalpha() or not letter_first) and rest[:1] in (":", "="):
            yield key, rest[0], rest[1:].strip(SPACE)


def split(value: str) -> list[str] | None:
    """Split *value* into words as a shell would; None if a quote is not closed."""
    words, word, quote, escaped = [], "", "", False
    for char in value:
        if escaped:
            if quote == '"' and char not in '$`"\\':
                word += "\\"
            word += char
            escaped = False
        elif quote:
            if char == quote:
                quote = ""
            elif char == "\\" and quote != "'":
                escaped = True
            else:
                word += char
        elif char in SPACE:
            words.append(word)
            word = ""
        elif char == "\\":
            escaped = True
        elif char in "\"'":
            quote = char
        else:
            word += char
    if escaped or quote:
        return None
    return [word for word in (*words, word) if word]


def dependencies(
    value: str, *, internal: bool = False, private: bool = False, shared: bool = False, exact: bool = False
) -> list[Dependency]:
    """Parse a ``Requires``-like value: modules, each with an optional operator and version; commas are spaces.

    A state machine like pkgconf's own, because ``.pc`` files rely on its quirks: ``foo>=1`` is a module of that name,
    and in ``foo >=1.2`` the character after the operator is lost unless the release is *exact*.
    """
    found = Requirements()
    text = value + " "
    state = "outside"
    start = version_start = 0
    module = operator = ""

    def add(version: str = "") -> None:
        found.add(Dependency(module, operator if operator in COMPARATORS else "", version, internal, private, shared))

    for position, char in enumerate(text):
        space, separator = char in SPACE, char in SPACE or char == ","
        if state == "outside":
            if not separator:
                state, start, operator = "module", position, ""
        elif state == "module" and separator:
            module = text[start:position]
            state = "before" if space and _next_sign(text, position) in _OPERATORS else "outside"
            if state == "outside":
                add()
        elif state == "before" and char in _OPERATORS:
            state, operator = "operator", char
        elif state == "operator":
            if char in _OPERATORS:
                operator += char
            elif exact and not space:
                state, version_start = "version", position
            else:
                state = "after"
        elif state == "after" and not space:
            state, version_start = "version", position
        elif state == "version" and (separator or position == len(text) - 1):
            add(text[version_start:position])
            state = "outside"
    return list(found)


def _next_sign(text: str, position: int) -> str:
    while position < len(text) and text[position] in SPACE:
        position += 1
    return text[position : position + 1] or " "


class Requirements:
    """A list of requirements; a plain one replaces an internal one of the same module."""

    def __init__(self) -> None:
        self._entries: dict[int, Dependency] = {}
        self._internal: dict[str, list[int]] = {}
        self._replaced: dict[str, int] = {}
        self._plain: set[str] = set()
        self._count = 0

    def add(self, new: Dependency) -> None:
        """Add a requirement."""
        if new.internal or new.private or new.shared:
            if new.module in self._plain:
                return
            self._internal.setdefault(new.module, []).append(self._count)
        else:
            internal, first = self._internal.get(new.module, ()), self._replaced.get(new.module, 0)
            if first < len(internal):
                del self._entries[internal[first]]
                self._replaced[new.module] = first + 1
            self._plain.add(new.module)
        self._entries[self._count] = new
        self._count += 1

    def __iter__(self) -> Iterator[Dependency]:
        return iter(self._entries.values())
