"""The flags of ``.pc`` files: parsed from words, merged into one list, and printed like pkgconf.

Follows ``libpkgconf/fragment.c`` of pkgconf 1.8.1, 2.1.1, 2.3.0, 2.4.3 and 2.5.1.
"""

from __future__ import annotations

from bisect import bisect_left

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.pkgconfig.pcfile import Fragment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from diagnose.readers.pkgconfig.rules import Rules

_UNMERGEABLE = (
    *("-framework", "-isystem", "-idirafter", "-pthread", "-Wa,", "-Wl,", "-Wp,", "-trigraphs", "-pedantic", "-ansi"),
    *("-std=", "-stdlib=", "-include", "-nostdinc", "-nostdlibinc", "-nobuiltininc"),
)
_NEWER = (*_UNMERGEABLE, "-nodefaultlibs")
# Options whose arguments pkgconf 2.4 and newer keep with them.
_GROUPS = ("-Wl,--start-group", "-framework", "-isystem", "-idirafter", "-include")
# Bytes that pkgconf prints without a backslash; also a space, in a word that was merged from several.
_PLAIN = frozenset("$()+,-./0123456789:=@ABCDEFGHIJKLMNOPQRSTUVWXYZ^_abcdefghijklmnopqrstuvwxyz~")


def unmergeable(data: str, newer: bool = True) -> bool:
    """Whether pkgconf keeps a word as it is; *newer*: 2.4 or later."""
    return not data.startswith("-") or data.startswith(_NEWER if newer else _UNMERGEABLE)


def takes_arguments(data: str) -> bool:
    """Whether following words are kept with a word (2.4 and later)."""
    return data.startswith(_GROUPS)


def only_one_argument(data: str) -> bool:
    """Whether one following word, not more, is kept with a word (3.0)."""
    return data.startswith(_GROUPS[1:])


def render(fragment: Fragment, late: bool = False) -> str:
    """Return the fragment as pkgconf prints it; *late*: pkgconf 3, which escapes every space."""
    spaced = not late and (fragment.merged or bool(fragment.children))
    quoted = "".join(char if char in _PLAIN or (char == " " and spaced) else "\\" + char for char in fragment.data)
    own = f"-{fragment.type}{quoted}" if fragment.type else quoted
    return " ".join((own, *(render(child, late) for child in fragment.children)))


class _Node:
    __slots__ = ("fragment", "next", "previous")

    def __init__(self, fragment: Fragment, previous: _Node | None) -> None:
        self.fragment = fragment
        self.previous = previous
        self.next: _Node | None = None


class Fragments:
    """A list of flags, merged as pkgconf's "merge back" does: later libraries win, earlier folders win."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._first: _Node | None = None
        self.last: _Node | None = None
        self._places: dict[tuple[str, str], list[_Node]] = {}
        self._index: list[tuple[str, str]] = []  # pkgconf 3's: the keys, sorted; equal ones the newest first

    def append(self, new: Fragment) -> None:
        """Add a flag unconditionally."""
        node = _Node(new, self.last)
        if self.last is None:
            self._first = node
        else:
            self.last.next = node
        self.last = node
        key = (new.type, new.data)
        self._places.setdefault(key, []).append(node)
        if self._rules.quotes_last:
            self._index.insert(bisect_left(self._index, key), key)

    def merge(self, new: Fragment) -> None:
        """Add a flag, and remove or keep an equal one."""
        places = self._places.get((new.type, new.data))
        if places:
            if new.type in ("F", "L", "I"):
                return
            if not new.children and unmergeable(new.data, self._rules.grouped):
                chosen = self._chosen((new.type, new.data), len(places))
                before = places[chosen].previous
                if before is None or before.fragment.type in ("l", "L", "I") or new.type in ("", before.fragment.type):
                    self._remove(places.pop(chosen))
                    if self._rules.quotes_last:
                        self._index.remove((new.type, new.data))
        self.append(new)

    def _chosen(self, key: tuple[str, str], count: int) -> int:
        """Return which of *count* equal flags the program finds first, in their order in the list."""
        low, high = 0, len(self._index)
        while low < high:  # pkgconf 3 finds any of them: the one that its binary search meets
            middle = (low + high) // 2
            if self._index[middle] == key:
                return count - 1 - (middle - bisect_left(self._index, key))
            low, high = (low, middle) if key < self._index[middle] else (middle + 1, high)
        return count - 1

    def replace_last(self, new: Fragment) -> None:
        """Replace the last flag by *new*, merged."""
        assert self.last is not None
        places = self._places[self.last.fragment[:2]]
        places.pop()
        if not places:  # of words that are joined one by one, it holds all that came of them
            del self._places[self.last.fragment[:2]]
        self._remove(self.last)
        self.merge(new)

    def _remove(self, node: _Node) -> None:
        if node.previous is None:
            self._first = node.next
        else:
            node.previous.next = node.next
        if node.next is None:
            self.last = node.previous
        else:
            node.next.previous = node.previous

    def __iter__(self) -> Iterator[Fragment]:
        node = self._first
        while node is not None:
            yield node.fragment
            node = node.next


class Words:
    """Parses the words of one field into flags; *munge* prepends the sysroot to a path."""

    def __init__(self, rules: Rules, munge: Callable[[str], str]) -> None:
        self._rules = rules
        self._munge = munge
        self._found = Fragments(rules)
        self._children: list[Fragment] | None = None  # of the last flag, while it takes words
        self._last: Fragment | None = None

    def add(self, words: Iterable[str]) -> None:
        """Add *words*."""
        for word in words:
            if self._rules.grouped:
                self._add_grouped(word)
            else:
                self._add(word)

    def flags(self) -> tuple[Fragment, ...]:
        """Return the flags."""
        self._close()
        return tuple(self._found)

    def _typed(self, word: str) -> bool:
        names = _NEWER if self._rules.grouped else _UNMERGEABLE
        return len(word) > 1 and word.startswith("-") and not word.startswith(("-lib:", *names))

    def _add(self, word: str) -> None:
        last = self._found.last.fragment if self._found.last else None
        if self._typed(word):
            self._found.append(Fragment(word[1], self._munge(word[2:])))
        elif last is not None and not last.type and unmergeable(last.data, self._rules.grouped):
            self._found.replace_last(Fragment("", f"{last.data} {self._munge(word)}", True))
        else:
            self._found.append(Fragment("", word))

    def _add_grouped(self, word: str) -> None:
        typed = self._typed(word)
        new = Fragment(word[1] if typed else "", self._munge(word[2:] if typed else word))
        if self._children is not None:
            self._children.append(new)
            if word.startswith("-Wl,--end-group"):
                self._close()
            return
        self._close()
        self._last = new
        if not new.type and new.data.startswith(_GROUPS):
            self._children = []

    def _close(self) -> None:
        if self._last is not None:
            self._found.append(self._last._replace(children=tuple(self._children or ())))
        self._last = self._children = None
