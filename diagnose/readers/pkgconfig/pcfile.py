"""``.pc`` files: parsed and resolved as pkgconf 1.8 does, without running it.

Follows pkgconf's own sources (``libpkgconf/fileio.c``, ``parser.c``, ``tuple.c``, ``argvsplit.c``, ``dependency.c``,
``fragment.c``, ``pkg.c``, ``queue.c`` and ``cli/main.c`` of release 1.8.1 as Debian patches it), oddities included,
because the answer has to be the one that the program would give. ``freedesktop`` switches to the rules of pkg-config
0.29 where the two differ in what they answer: how a sysroot is put in front of paths.
"""

from __future__ import annotations

from collections import deque

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError
from diagnose.readers.system.root import Root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: No ``.pc`` file comes near this many bytes; a variable never grows beyond pkgconf's own buffer.
FILE_LIMIT = 1 << 20
VALUE_LIMIT = 65535
#: What the variables of one file may expand to, and the bytes of all files that one question reads.
VARIABLES_LIMIT = 4 << 20
READ_LIMIT = 64 << 20
#: How far requirements are followed: nested, and in all.
DEPTH_LIMIT = 200
VISIT_LIMIT = 200_000

_SPACE = " \t\n\v\f\r"
_OPERATORS = "<>!="


class Fragment(NamedTuple):
    """One flag. ``type`` is its letter (``l``, ``L``, ``I``, …) or empty for a word that is kept as it stands."""

    type: str
    data: str
    merged: bool = False


class Dependency(NamedTuple):
    """One element of a ``Requires``-like field; ``operator`` is empty where any version will do."""

    module: str
    operator: str = ""
    version: str = ""
    internal: bool = False


class PcFile(NamedTuple):
    """One parsed ``.pc`` file. ``id`` is its file name without the extension."""

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


class Problem(NamedTuple):
    """Why there is no answer. ``found`` is None for a missing module, else the version that does not satisfy.

    ``required_by`` is empty for what was asked for directly. ``conflict`` marks a ``Conflicts`` field that applies.
    """

    dependency: Dependency
    required_by: str
    found: str | None = None
    conflict: bool = False


class Answer(NamedTuple):
    """What the program would print: ``cflags`` and ``libs`` as words with pkgconf's quoting, or the problems.

    Bytes beyond ASCII are lone surrogates in the words (``surrogateescape``), because pkgconf quotes each of them.
    """

    version: str = ""
    path: str = ""
    cflags: tuple[str, ...] = ()
    libs: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


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
    """Yield (key, ``:`` or ``=``, value) of every line that has them."""
    for line in logical_lines(text):
        line = line.lstrip(_SPACE)
        length = 0
        while length < len(line) and line[length].isascii() and (line[length].isalnum() or line[length] in "_."):
            length += 1
        key, rest = line[:length], line[length:].lstrip(_SPACE)
        if key and key[0].isalpha() and rest[:1] in (":", "="):
            yield key, rest[0], rest[1:].strip(_SPACE)


def split(value: str) -> list[str] | None:
    """Split *value* into words as a shell would; None if a quote is left open."""
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
        elif char in _SPACE:
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


def dependencies(value: str, internal: bool = False) -> list[Dependency]:
    """Parse a ``Requires``-like value: modules, each with an optional operator and version; commas are spaces.

    A state machine like pkgconf's own, because people rely on its corners: ``foo>=1`` is a module of that name, and in
    ``foo >=1.2`` the character right after the operator is lost.
    """
    found = Requirements()
    text = value + " "
    state = "outside"
    start = version_start = 0
    module = operator = ""

    def add(version: str = "") -> None:
        found.add(Dependency(module, operator if operator in _COMPARE else "", version, internal))

    for position, char in enumerate(text):
        space, separator = char in _SPACE, char in _SPACE or char == ","
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
            else:
                state = "after"
        elif state == "after" and not space:
            state, version_start = "version", position
        elif state == "version" and (separator or position == len(text) - 1):
            add(text[version_start:position])
            state = "outside"
    return list(found)


def _next_sign(text: str, position: int) -> str:
    while position < len(text) and text[position] in _SPACE:
        position += 1
    return text[position : position + 1] or " "


class Requirements:
    """A list of requirements; of an internal and a plain one of the same module, the plain one stays."""

    def __init__(self) -> None:
        self._entries: dict[int, Dependency] = {}
        self._internal: dict[str, deque[int]] = {}
        self._plain: set[str] = set()
        self._count = 0

    def add(self, new: Dependency) -> None:
        """Add one."""
        if new.internal:
            if new.module in self._plain:
                return
            self._internal.setdefault(new.module, deque()).append(self._count)
        else:
            if replaced := self._internal.get(new.module):
                del self._entries[replaced.popleft()]
            self._plain.add(new.module)
        self._entries[self._count] = new
        self._count += 1

    def __iter__(self) -> Iterator[Dependency]:
        return iter(self._entries.values())


def compare(one: str, two: str) -> int:
    """Return -1, 0 or 1 as version *one* is older than, equal to or newer than *two*, by RPM's rules."""
    if one.lower() == two.lower():
        return 0
    left, right = 0, 0
    while left < len(one) or right < len(two):
        while left < len(one) and not _alnum(one[left]) and one[left] != "~":
            left += 1
        while right < len(two) and not _alnum(two[right]) and two[right] != "~":
            right += 1
        if one[left : left + 1] == "~" or two[right : right + 1] == "~":
            if one[left : left + 1] != "~":
                return 1
            if two[right : right + 1] != "~":
                return -1
            left, right = left + 1, right + 1
            continue
        if left >= len(one) or right >= len(two):
            break
        digits = _digit(one[left])
        kind = _digit if digits else _alpha
        first, left = _run(one, left, kind)
        second, right = _run(two, right, kind)
        if not second:
            return 1 if digits else -1
        if digits:
            first, second = first.lstrip("0"), second.lstrip("0")
            if len(first) != len(second):
                return 1 if len(first) > len(second) else -1
        if first != second:
            return 1 if first > second else -1
    if left >= len(one) and right >= len(two):
        return 0
    return -1 if left >= len(one) else 1


def _digit(char: str) -> bool:
    return "0" <= char <= "9"


def _alpha(char: str) -> bool:
    return char.isascii() and char.isalpha()


def _alnum(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _run(text: str, start: int, kind: Callable[[str], bool]) -> tuple[str, int]:
    end = start
    while end < len(text) and kind(text[end]):
        end += 1
    return text[start:end], end


_COMPARE: dict[str, Callable[[int], bool]] = {
    "": lambda order: True,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    "=": lambda order: order == 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}

# What pkgconf compares when a ``Provides`` entry could stand for a requirement: by the requirement's operator, then the
# provider's, the operator that (provided, required) and that (required, provided) must satisfy. "none" never holds.
_PROVIDED = {
    "": {"": "none"},
    "<": {">": "<", ">=": "<", "=": "<", "!=": ">="},
    ">": {"<": ">", "<=": ">", "=": ">", "!=": "<="},
    "<=": {">": "<=", ">=": "<=", "=": "<=", "!=": ">"},
    ">=": {"<": ">=", "<=": ">=", "=": ">=", "!=": "<"},
    "=": {"": "none"},
    "!=": {"": "none"},
}
_RANGE = {"": "none", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_REQUIRED = {
    "": {"": "none"},
    "<": _RANGE,
    ">": _RANGE,
    "<=": _RANGE,
    ">=": _RANGE,
    "=": {**_RANGE, "=": "=", "!=": "!="},
    "!=": {"": "none", "<": ">=", ">": "<=", "<=": ">", ">=": "<", "=": "!=", "!=": "="},
}


def _satisfies(operator: str, one: str, two: str) -> bool:
    return operator != "none" and _COMPARE[operator](compare(one, two))


def _provides(wanted: Dependency, offered: Dependency) -> bool:
    forward = _PROVIDED[wanted.operator].get(offered.operator)
    backward = _REQUIRED[wanted.operator].get(offered.operator)
    return (forward is None or _satisfies(forward, offered.version, wanted.version)) and (
        backward is None or _satisfies(backward, wanted.version, offered.version)
    )


_UNMERGEABLE = (
    "-framework",
    "-isystem",
    "-idirafter",
    "-pthread",
    "-Wa,",
    "-Wl,",
    "-Wp,",
    "-trigraphs",
    "-pedantic",
    "-ansi",
    "-std=",
    "-stdlib=",
    "-include",
    "-nostdinc",
    "-nostdlibinc",
    "-nobuiltininc",
)
# Bytes that pkgconf prints without a backslash; a space too in a word that was not merged of several.
_PLAIN = frozenset("$()+,-./0123456789:=@ABCDEFGHIJKLMNOPQRSTUVWXYZ^_abcdefghijklmnopqrstuvwxyz~")


def _unmergeable(data: str) -> bool:
    return not data.startswith("-") or data.startswith(_UNMERGEABLE)


def render(fragment: Fragment) -> str:
    """Return the fragment as pkgconf prints it."""
    quoted = "".join(
        char if char in _PLAIN or (char == " " and fragment.merged) else "\\" + char for char in fragment.data
    )
    return f"-{fragment.type}{quoted}" if fragment.type else quoted


def _text(raw: str) -> str:
    """Return what was read byte by byte as the text that it is."""
    return raw.encode("ascii", "surrogateescape").decode("utf-8", "surrogateescape")


def _squeeze(path: str) -> str:
    while "//" in path:
        path = path.replace("//", "/")
    return path


def _insert(found: list[Fragment], new: Fragment) -> None:
    """Add a fragment as pkgconf's "merge back" does: later libraries win, earlier folders win."""
    index = next((i for i in range(len(found) - 1, -1, -1) if found[i][:2] == new[:2]), None)
    if index is not None:
        if new.type in ("F", "L", "I"):
            return
        if _unmergeable(new.data):
            before = found[index - 1] if index else None
            if before is None or before.type in ("l", "L", "I") or new.type in ("", before.type):
                del found[index]
    found.append(new)


class Resolver:
    """Finds modules on a search path and resolves what they need. One object answers one question.

    *search_path* are folders inside *root*. ``read`` are the files that were parsed, in order.
    """

    def __init__(self, root: Root, search_path: Iterable[str], sysroot: str | None = None, freedesktop: bool = False):
        self._root = root
        self._path = list(search_path)
        self._sysroot = sysroot
        self._freedesktop = freedesktop
        self._cache: dict[str, PcFile | None] = {}
        self._offers: dict[str, list[tuple[PcFile, Dependency]]] | None = None
        self._read = 0
        self._visits = 0
        self._in_private = False

    def ask(self, arguments: Iterable[str], static: bool = False) -> Answer:
        """Return the answer to ``[--static] --libs --cflags ARGUMENTS`` and to ``--modversion`` of the same.

        Raises:
            InputError: a file on the way is no text or too large, or the requirements have no end.
        """
        requested = Requirements()
        for argument in arguments:
            for dependency in dependencies(self._expand(argument, {})):
                requested.add(dependency)
        wanted = tuple(requested)
        world = PcFile("", "", "", "", {}, requires=wanted)
        problems: dict[Problem, None] = {}
        # The requirements are checked first, then again with the private ones that --cflags needs.
        if self._walk(world, None, problems, static) and self._walk(world, None, problems, True):
            cflags: list[Fragment] = []
            libs: list[Fragment] = []
            private: list[Fragment] = []

            def collect_cflags(file: PcFile) -> None:
                for fragment in file.cflags:
                    _insert(cflags, fragment)
                private.extend(file.cflags_private)

            def collect_libs(file: PcFile) -> None:
                for fragment in file.libs:
                    if self._in_private:
                        libs.append(fragment)
                    else:
                        _insert(libs, fragment)
                if static:
                    libs.extend(file.libs_private)

            self._walk(world, collect_cflags, problems, True, skip_internal=True)
            self._walk(world, collect_libs, problems, static)
            first = self._find(wanted[0].module) if wanted else None
            return Answer(
                version=_text(first.version) if first else "",
                path=first.path if first else "",
                cflags=tuple(map(self._word, [*cflags, *private] if static else cflags)),
                libs=tuple(map(self._word, libs)),
            )
        first = self._find(wanted[0].module) if wanted else None
        return Answer(
            path=first.path if first else "", version=first.version if first else "", problems=tuple(problems)
        )

    def _word(self, fragment: Fragment) -> str:
        if self._freedesktop and self._sysroot and fragment.type in ("L", "I"):
            fragment = fragment._replace(data=self._sysroot + fragment.data)
        return render(fragment)

    def _walk(
        self,
        file: PcFile,
        visit: Callable[[PcFile], None] | None,
        problems: dict[Problem, None],
        private: bool,
        *,
        skip_internal: bool = False,
        above: tuple[str, ...] = (),
    ) -> bool:
        """Visit *file* and all that it requires; False if something is missing (then noted in *problems*)."""
        self._visits += 1
        if self._visits > VISIT_LIMIT or len(above) > DEPTH_LIMIT:
            raise InputError(f"{file.path}: requirements without end")
        if visit is not None:
            visit(file)
        for conflict in file.conflicts:
            for dependency in file.requires:
                if dependency.module == conflict.module:
                    found, satisfied = self._verify(conflict)
                    if found is not None and satisfied:
                        problems.setdefault(Problem(conflict, file.id, found.version, conflict=True))
                        return False
        if not self._walk_list(file, file.requires, visit, problems, private, skip_internal, above):
            return False
        if not private:
            return True
        self._in_private = True
        whole = self._walk_list(file, file.requires_private, visit, problems, private, skip_internal, above)
        self._in_private = False
        return whole

    def _walk_list(
        self,
        file: PcFile,
        wanted: tuple[Dependency, ...],
        visit: Callable[[PcFile], None] | None,
        problems: dict[Problem, None],
        private: bool,
        skip_internal: bool,
        above: tuple[str, ...],
    ) -> bool:
        whole = True
        for dependency in wanted:
            found, satisfied = self._verify(dependency)
            if found is None or not satisfied:
                whole = False
                problems.setdefault(Problem(dependency, file.id, None if found is None else found.version))
                continue
            if found.id in above or (skip_internal and dependency.internal):
                continue
            whole &= self._walk(found, visit, problems, private, skip_internal=skip_internal, above=(*above, found.id))
        return whole

    def _verify(self, wanted: Dependency) -> tuple[PcFile | None, bool]:
        """Return the file that answers *wanted*, and whether its version does."""
        found = self._find(wanted.module)
        if found is None:
            found = self._find_provider(wanted)
            return found, found is not None
        return found, not wanted.operator or _COMPARE[wanted.operator](compare(found.version, wanted.version))

    def _find(self, module: str) -> PcFile | None:
        if module.lower() in ("pkg-config", "pkgconf"):
            return PcFile("", module.lower(), "pkg-config", "1.8.1", {})
        if module not in self._cache:
            self._cache[module] = self._search(module)
        return self._cache[module]

    def _search(self, module: str) -> PcFile | None:
        for folder in self._path:
            for name in (f"{module}-uninstalled.pc", f"{module}.pc"):
                path = f"{folder}/{name}"
                if self._root.is_file(path):
                    if (file := self._load(path)) is not None:
                        return file
                    break
        return None

    def _find_provider(self, wanted: Dependency) -> PcFile | None:
        for file, offered in self._providers().get(wanted.module, ()):
            if _provides(wanted, offered):
                return file
        return None

    def _providers(self) -> dict[str, list[tuple[PcFile, Dependency]]]:
        """Return {module: the files that provide it, each with the first entry that says so}, in the search's order."""
        if self._offers is None:
            self._offers = {}
            for folder in self._path:
                for name in self._root.names(folder):
                    file = self._load(f"{folder}/{name}") if name.endswith(".pc") else None
                    for offered in {one.module: one for one in reversed(file.provides)}.values() if file else ():
                        assert file is not None
                        self._offers.setdefault(offered.module, []).append((file, offered))
                    self._visits += 1
                    if self._visits > VISIT_LIMIT:
                        raise InputError(f"{folder}: too many .pc files")
        return self._offers

    def _load(self, path: str) -> PcFile | None:
        data = self._root.read(path, FILE_LIMIT)
        if data is None:
            return None
        self._read += len(data)
        if self._read > READ_LIMIT:
            raise InputError(f"{path}: more than {READ_LIMIT >> 20} MiB of .pc files")
        if b"\0" in data:
            raise InputError(f"{path}: not a text file (NUL byte at offset {data.index(0)})")
        return self.parse(path, data.decode("ascii", "surrogateescape"))  # byte by byte, as pkgconf sees it

    def parse(self, path: str, text: str) -> PcFile | None:
        """Parse one file; None if it lacks a field that every ``.pc`` file must have."""
        folder, _, name = path.rpartition("/")
        variables: dict[str, str] = {}
        size = 0
        self._define(variables, "pcfiledir", folder.replace(" ", "\\ "))
        words: dict[str, list[Fragment]] = {"cflags": [], "cflags.private": [], "libs": [], "libs.private": []}
        needs = {name: Requirements() for name in ("requires", "requires.private", "conflicts", "provides")}
        single: dict[str, str] = {}
        for key, sign, value in fields(text):
            if sign == "=":
                self._define(variables, key, value)
                size += len(variables[key])
                if size > VARIABLES_LIMIT:
                    raise InputError(f"{path}: its variables expand to more than {VARIABLES_LIMIT >> 20} MiB")
                continue
            field = key.lower()
            if field in words:
                for word in split(self._expand(value, variables)) or ():
                    self._add(words[field], word)
            elif field == "requires.internal":
                for dependency in dependencies(self._expand(value, variables), internal=True):
                    needs["requires.private"].add(dependency)
            elif field in needs:
                for dependency in dependencies(self._expand(value, variables)):
                    needs[field].add(dependency)
            elif field in ("name", "description", "version"):
                single[field] = self._expand(value, variables)
        if len(single) < 3:
            return None
        version = single["version"].replace("\t", " ").partition(" ")[0]
        identity = name.rpartition(".")[0] or name
        return PcFile(
            path=path,
            id=identity,
            name=single["name"],
            version=version,
            variables=variables,
            cflags=tuple(words["cflags"]),
            cflags_private=tuple(words["cflags.private"]),
            libs=tuple(words["libs"]),
            libs_private=tuple(words["libs.private"]),
            requires=tuple(needs["requires"]),
            requires_private=tuple(needs["requires.private"]),
            conflicts=tuple(needs["conflicts"]),
            provides=(*needs["provides"], Dependency(identity, "=", version)),
        )

    def _define(self, variables: dict[str, str], name: str, value: str) -> None:
        variables.pop(name, None)  # a variable cannot refer to its own former value
        if value[:1] in ("'", '"'):
            quote = value[0]
            value = value.replace("\\" + quote, "\0").replace(quote, "").replace("\0", quote)
        variables[name] = self._expand(value, variables)

    def _expand(self, value: str, variables: dict[str, str], depth: int = 0) -> str:
        self._visits += 1
        if self._visits > VISIT_LIMIT:
            raise InputError("a variable of a .pc file expands without end")
        sysroot = None if self._freedesktop else self._sysroot
        prefix = sysroot if sysroot and value.startswith("/") and not value.startswith(sysroot) else ""
        parts = [prefix]
        length, position = len(prefix), 0
        while length < VALUE_LIMIT:
            start = value.find("${", position)
            literal = value[position:] if start < 0 else value[position:start]
            parts.append(literal)
            length += len(literal)
            if start < 0:
                break
            end = value.find("}", start)
            name = value[start + 2 :] if end < 0 else value[start + 2 : end]
            if name == "pc_sysrootdir":
                replacement = self._sysroot or "/"
            elif name == "pc_top_builddir":
                replacement = "$(top_builddir)"
            elif depth > DEPTH_LIMIT:
                raise InputError(f"variable {name} of a .pc file expands without end")
            else:
                replacement = self._expand(variables.get(name, ""), variables, depth + 1)
            parts.append(replacement)
            length += len(replacement)
            if end < 0:
                break
            position = end + 1
        whole = "".join(parts)[:VALUE_LIMIT]
        if whole.startswith("/") and sysroot and sysroot != "/" and sysroot in whole[len(sysroot) :]:
            return _squeeze(whole[len(sysroot) :])  # ${pc_sysrootdir}, written out as well
        return whole

    def _munge(self, path: str, sysroot: str | None) -> str:
        if not path.startswith("/"):
            return path
        if sysroot and not self._freedesktop and not path.startswith(sysroot):
            path = sysroot + path
        return path if self._freedesktop else _squeeze(path)

    def _add(self, found: list[Fragment], word: str) -> None:
        if len(word) > 1 and word.startswith("-") and not word.startswith(("-lib:", *_UNMERGEABLE)):
            found.append(Fragment(word[1], self._munge(word[2:], self._sysroot)))
        elif found and not found[-1].type and _unmergeable(found[-1].data):
            last = found.pop()
            _insert(found, Fragment("", f"{last.data} {self._munge(word, self._sysroot or '/')}", True))
        else:
            found.append(Fragment("", word))
