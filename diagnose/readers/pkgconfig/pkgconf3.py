"""``.pc`` files as pkgconf 3 parses them: variables are expanded when a field uses them, not when they are defined.

Follows ``libpkgconf/fileio.c``, ``parser.c``, ``tuple.c``, ``bytecode.c``, ``argvsplit.c``, ``fragment.c`` and
``pkg.c`` of pkgconf 3.0.1 and 3.0.5; tests compare with 3.0.1 and 3.0.7.

Much looks like :mod:`~diagnose.readers.pkgconfig.pc_parser` and :mod:`~diagnose.readers.pkgconfig.pcfile`, which follow
the releases before it, and stays apart: comments, quotes, variables, relocation and limits differ in each step, and
pkgconf changes one line of releases without the other. The parts that every release has in common are in pcfile.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers.pkgconfig import pcfile
from diagnose.readers.pkgconfig.fragments import only_one_argument, takes_arguments, unmergeable
from diagnose.readers.pkgconfig.pc_parser import prefix_of, squeeze, unquoted
from diagnose.readers.pkgconfig.pcfile import Dependency, Fragment, PcFile, Requirements, dependencies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.pkgconfig.rules import Rules

#: pkgconf's own limit of expansions in one value.
EXPANSIONS_LIMIT = 512
_NAME_LIMIT = 5120  # bytes of a variable's name
_GREEDY = ("-F", "-I", "-L", "-D", "-l")
_PATHS = ("-F", "-I", "-L", "-isystem", "-idirafter")
_SEPARATE = ("-isystem", "-idirafter")
_WORDS = ("cflags", "cflags.private", "cflags.shared", "libs", "libs.private", "libs.shared")
_KINDS = {
    "requires": {},
    "requires.private": {"private": True},
    "requires.internal": {"internal": True},
    "requires.shared": {"shared": True},
    "conflicts": {},
    "provides": {},
}


_NESTED = 100
"""Words that are one variable each, within each other. pkgconf has no limit."""

#: A value as a list of (``text``, ``variable`` or ``sysroot``; the text or the variable's name).
Program = tuple[tuple[str, str], ...]


class _RefusedError(Exception):
    """A value that pkgconf does not expand to its end; the argument is the part that it has expanded."""


class Pkgconf3Expander:
    """Expands values of one query, within a budget that all its files share."""

    def __init__(self, rules: Rules, sysroot: str | None) -> None:
        self.rules = rules
        #: what is prepended to paths; None: nothing
        self.sysroot = None if sysroot in ("/", ".") else sysroot
        #: the value of ``pc_sysrootdir``
        self.own = "" if sysroot in (None, ".") else str(sysroot).rstrip("/")
        #: whether the last value contained ``pc_sysrootdir``
        self.saw_sysroot = False
        self._visits = 0

    def expand(self, value: str, variables: dict[str, Program]) -> str:
        """Return *value* with its variables expanded.

        Raises:
            _RefusedError: it refers to itself, is too long or has too many references.
            InputError: the budget is exceeded.
        """
        out: list[str] = []
        room = [pcfile.VALUE_LIMIT - 1, EXPANSIONS_LIMIT]
        self.saw_sysroot = False
        if not self._run(compiled(value), variables, out, room, set()):
            raise _RefusedError("".join(out))
        return "".join(out)

    def _run(
        self, program: Program, variables: dict[str, Program], out: list[str], room: list[int], open_: set[str]
    ) -> bool:
        self._visits += 1
        if self._visits > pcfile.VISIT_LIMIT:
            raise InputError("a variable of a .pc file expands without end")
        room[1] -= 1
        if room[1] < 0:
            return False
        for kind, text in program:
            if kind == "variable":
                if text in open_:
                    return False
                inner = variables.get(text, (("text", "$(top_builddir)"),) if text == "pc_top_builddir" else None)
                if inner is not None:
                    open_.add(text)
                    if not self._run(inner, variables, out, room, open_):
                        return False
                    open_.discard(text)
                continue
            self.saw_sysroot |= kind == "sysroot"
            literal = self.own if kind == "sysroot" else text
            if literal and (room[0] <= 0 or len(literal) > room[0]):
                out.append(literal[: max(room[0], 0)])
                return False
            room[0] -= len(literal)
            out.append(literal)
        return True


def compiled(value: str) -> Program:
    """Return the parts of *value*."""
    parts: list[tuple[str, str]] = []
    position = start = 0
    while (position := value.find("$", position)) >= 0:
        following = value[position + 1 : position + 2]
        end = value.find("}", position)
        if following not in ("$", "{") or (following == "{" and end < 0):
            position += 1
            continue
        parts.append(("text", value[start:position]))
        name = value[position + 2 : end]
        if following == "$":
            parts.append(("text", "$"))
            end = position + 1
        elif not name or len(name) >= _NAME_LIMIT:
            parts.append(("text", value[position : end + 1]))
        else:
            parts.append(("sysroot", "") if name == "pc_sysrootdir" else ("variable", name))
        position = start = end + 1
    parts.append(("text", value[start:]))
    return tuple(part for part in parts if part != ("text", ""))


def logical_lines(text: str) -> Iterator[str]:
    """Yield the lines of *text*, continued ones joined; then comments are removed."""
    line: list[str] = []
    position, end = 0, len(text)
    quoted = False
    while position < end:
        char = text[position]
        position += 1
        if char == "\\" and not quoted:
            quoted = True
        elif char in "\n\r":
            position += char == "\r" and text[position : position + 1] == "\n"
            if not quoted:
                yield _uncommented("".join(line))
                line = []
            quoted = False
        else:
            line.append("\\" + char if quoted else char)
            quoted = False
    yield _uncommented("".join(line))


def _uncommented(line: str) -> str:
    if "#" not in line:
        return line
    out: list[str] = []
    escaped = False
    for char in line:
        if char == "\\" and not escaped:
            escaped = True
            continue
        if char == "#" and not escaped:
            break
        out.append("\\" + char if escaped and char != "#" else char)
        escaped = False
    return "".join(out) + ("\\" if escaped else "")


def fields(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield (key, ``:`` or ``=``, value) of every such line."""
    for line in logical_lines(text):
        line = line.lstrip(pcfile.SPACE)
        length = 0
        while length < len(line) and line[length].isascii() and (line[length].isalnum() or line[length] in "_."):
            length += 1
        key, rest = line[:length], line[length:].lstrip(pcfile.SPACE)
        if key and key[0].isalnum() and rest[:1] in (":", "="):
            yield key, rest[0], rest[1:].strip(pcfile.SPACE)


def words(value: str, *, raw: bool) -> list[str] | None:
    """Split *value* at spaces outside quotes, each one a boundary; None if a quote is not closed.

    *raw*: quotes and backslashes stay in the words.
    """
    found, word, quote, escaped = [], "", "", False
    for char in value:
        if escaped:
            if quote == '"' and not raw and char not in '$`"\\':
                word += "\\"
            word += char
            escaped = False
        elif quote:
            if char == quote:
                quote = ""
                word += char if raw else ""
            elif char == "\\" and quote != "'":
                escaped = True
                word += char if raw else ""
            else:
                word += char
        elif char in pcfile.SPACE:
            found.append(word)
            word = ""
        elif char in "\\\"'":
            escaped, quote = (True, "") if char == "\\" else (False, char)
            word += char if raw else ""
        else:
            word += char
    if escaped or quote:
        return None
    return [*found, word] if word else found


def _joined(split: list[str]) -> Iterator[str]:
    """Yield the words with a bare option and its value as one."""
    index = 0
    while index < len(split):
        word = split[index]
        index += 1
        if word in _GREEDY and index < len(split):
            word += split[index]
            index += 1
        yield word


class _Flag:
    __slots__ = ("children", "data", "terminated", "type")

    def __init__(self, kind: str, data: str) -> None:
        self.type = kind
        self.data = data
        self.children: list[_Flag] = []
        self.terminated = False

    def fragment(self) -> Fragment:
        return Fragment(self.type, self.data, children=tuple(child.fragment() for child in self.children))


class _Flags:
    """The flags of one field of a file."""

    def __init__(self, expander: Pkgconf3Expander, variables: dict[str, Program], uninstalled: bool) -> None:
        self._expander = expander
        self._variables = variables
        rules = expander.rules
        self._quotes_last = rules.quotes_last
        self._injects = expander.sysroot is not None and not (uninstalled and rules.uninstalled_unprefixed)
        self._injects = self._injects and (rules.quotes_last or not rules.fdo)
        self.found: list[_Flag] = []

    def parse(self, value: str, depth: int = 0) -> None:
        """Add the flags of *value*, as far as pkgconf can read it.

        Raises:
            InputError: a word of it that is one variable stands for such a word again, and so on.
        """
        if depth > _NESTED:
            raise InputError("a variable of a .pc file expands without end")
        for token in _joined(words(value, raw=self._quotes_last) or []):
            try:
                text = self._expander.expand(token, self._variables)
            except _RefusedError:
                return
            if not self._quotes_last:
                if len(token) > 3 and token.startswith("${") and token.endswith("}"):
                    self.parse(text, depth + 1)
                else:
                    self._insert(text, self._expander.saw_sysroot)
                continue
            split = words(text, raw=False)
            if split is None:
                return
            for word in _joined(split):
                self._insert(word)

    def _insert(self, word: str, saw_sysroot: bool = False) -> None:
        if not word:
            return
        separate = next((option for option in _SEPARATE if word.startswith(option)), "")
        if self._quotes_last and separate and word != separate:
            self._insert(separate)
            self._insert(word[len(separate) :])
            return
        last = self.found[-1] if self.found else None
        target = self.found
        ends = None
        if last is not None and not last.type and unmergeable(last.data) and not last.terminated:
            if takes_arguments(last.data):
                target = last.children
            if only_one_argument(last.data) or word.startswith("-Wl,--end-group"):
                ends = last
        injects = self._injects and not saw_sysroot
        if len(word) > 1 and word.startswith("-") and not word.startswith("-lib:") and not unmergeable(word):
            flag = _Flag(word[1], self._below(word[2:], injects and word.startswith(_PATHS)))
        else:
            takes_path = last is not None and not last.type and last.data.startswith(_PATHS)
            takes_path = takes_path and not (self._quotes_last and last is not None and last.terminated)
            flag = _Flag("", self._below(word, injects and takes_path))
        target.append(flag)
        if ends is not None:
            ends.terminated = True

    def _below(self, path: str, injects: bool) -> str:
        """Return *path* below the sysroot, if the program prepends it."""
        sysroot = self._expander.sysroot
        if not injects or sysroot is None:
            return path
        follows = path[len(sysroot) : len(sysroot) + 1]
        inside = path.startswith(sysroot) and (follows == "/" or (self._quotes_last and not follows))
        return path if inside else sysroot + path


def parse(expander: Pkgconf3Expander, path: str, folder: str, text: str, *, uninstalled: bool = False) -> PcFile | None:
    """Parse the file at *path*; None if it lacks a mandatory field.

    *folder* is the value of ``pcfiledir``. *uninstalled*: the file was searched for by its uninstalled name.

    Raises:
        InputError: its variables expand endlessly.
    """
    identity = pcfile.module_id(path, uninstalled)
    variables = _Pkgconf3Variables(expander.rules, path, identity)
    variables.define("pcfiledir", folder.replace(" ", "\\ "))
    flags = {name: _Flags(expander, variables.programs, uninstalled) for name in _WORDS}
    needs = {name: Requirements() for name in _KINDS}
    needs["requires.internal"] = needs["requires.private"]
    single: dict[str, str] = {}
    for key, sign, value in fields(text):
        if sign == "=":
            variables.set(key, value)
            continue
        field = key.lower()
        if field in flags:
            flags[field].parse(value)
        elif field in needs:
            expanded = _best(expander, value, variables.programs) or ""
            for dependency in dependencies(expanded, exact=True, **_KINDS[field]):
                needs[field].add(dependency)
        elif field in ("name", "description", "version"):
            one = _best(expander, value, variables.programs)
            if one is not None:
                single[field] = one
            elif field != "version":
                single.pop(field, None)
    if len(single) < 3:
        return None
    version = pcfile.first_word(single["version"])
    found = {name: tuple(flag.fragment() for flag in own.found) for name, own in flags.items()}
    return PcFile(
        path=path,
        id=identity,
        name=single["name"],
        version=version,
        variables={},
        cflags=found["cflags"],
        cflags_private=found["cflags.private"],
        cflags_shared=found["cflags.shared"],
        libs=found["libs"],
        libs_private=found["libs.private"],
        libs_shared=found["libs.shared"],
        requires=tuple(needs["requires"]),
        requires_private=tuple(needs["requires.private"]),
        requires_shared=tuple(needs["requires.shared"]),
        conflicts=tuple(needs["conflicts"]),
        provides=(*needs["provides"], Dependency(identity, "=", version)),
        uninstalled=uninstalled,
    )


def _best(expander: Pkgconf3Expander, value: str, variables: dict[str, Program]) -> str | None:
    """Return the expansion of *value*, cut where it is refused; None if nothing is left of it."""
    try:
        return expander.expand(value, variables)
    except _RefusedError as refused:
        return str(refused) or None


class _Pkgconf3Variables:
    """The variables of one file."""

    def __init__(self, rules: Rules, path: str, identity: str) -> None:
        self.programs: dict[str, Program] = {}
        self._rules = rules
        self._path = path
        self._identity = identity
        self._prefixes: tuple[str, str] | None = None  # the file's prefix, and its replacement
        self._size = 0

    def set(self, name: str, value: str) -> None:
        """Define a variable by its text in the file, unless the environment overrides it."""
        asked = f"PKG_CONFIG_{self._identity}_{name}".upper()
        given = self._rules.value("".join(c if c.isascii() and c.isalnum() else "_" for c in asked))
        value = value if given is None else given
        if self._rules.relocate:
            plain = squeeze(value)
            moved = prefix_of(self._path) if name == "prefix" else None
            if moved is not None:
                self._prefixes = (plain, moved.replace(" ", "\\ "))
                self.define(name, self._prefixes[1], literal=True)
                return
            if name != "prefix" and self._prefixes is not None and self._prefixes[0]:
                old = self._prefixes[0].rstrip("/") or "/"
                if plain.startswith(old) and plain[len(old) : len(old) + 1] in ("", "/"):
                    self.define(name, self._prefixes[1] + plain[len(old) :], literal=True)
                    return
        self.define(name, value)

    def define(self, name: str, value: str, *, literal: bool = False) -> None:
        """Define a variable; a reference to itself means its former value."""
        value = unquoted(value)
        program: list[tuple[str, str]] = []
        for part in (("text", value),) if literal else compiled(value):
            program.extend(self.programs.get(name, ()) if part == ("variable", name) else (part,))
        self.programs[name] = tuple(program)
        self._size += len(value) + len(program)
        if self._size > pcfile.VARIABLES_LIMIT:
            raise InputError(f"{self._path}: its variables are too large")
