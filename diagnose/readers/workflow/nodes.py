"""YAML as nodes with positions: every scalar is text, as GitHub's own reader has it before it gives types.

The parser is PyYAML's, libyaml where it is built in. Only its events are used: nodes are made here, without recursion,
so that neither depth, aliases nor tags can cost more than the size of the file.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError

if TYPE_CHECKING:
    from typing import Any

MAX_BYTES = 1 << 20
MAX_NODES = 100_000
MAX_DEPTH = 60


class Text(NamedTuple):
    """A scalar. ``line``, ``column`` count from 1; ``plain``: without quotes; ``block``: after ``|``, line by line."""

    text: str
    line: int = 0
    column: int = 0
    plain: bool = False
    block: bool = False

    def line_of(self, offset: int) -> int:
        """Return the line of the file that the line number *offset* (from 0) of the text is in."""
        return self.line + 1 + offset if self.block else self.line


class Items(NamedTuple):
    """A sequence."""

    items: list[Any]
    line: int = 0
    column: int = 0


class Table(NamedTuple):
    """A mapping: key → node, and key → the key's own position. Of two equal keys, the last counts."""

    entries: dict[str, Any]
    keys: dict[str, Text]
    line: int = 0
    column: int = 0

    def get(self, *path: str) -> Any:
        """Return the node at *path*, or None."""
        node: Any = self
        for name in path:
            node = node.entries.get(name) if isinstance(node, Table) else None
        return node

    def text(self, *path: str) -> Text | None:
        """Return the scalar at *path*, or None."""
        node = self.get(*path)
        return node if isinstance(node, Text) else None


def available() -> bool:
    """Whether PyYAML is installed."""
    from importlib.util import find_spec

    return find_spec("yaml") is not None


def parse(text: str, name: str) -> Text | Items | Table | None:
    """Return the first document of *text* as nodes; None if it is empty. An alias is the node itself, not a copy.

    Raises:
        InputError: it is no YAML in UTF-8, or larger, deeper or with more nodes than any workflow; names the line.
    """
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    if len(text) > MAX_BYTES:
        raise InputError(f"{name}: larger than {MAX_BYTES >> 20} MiB")
    try:
        return _build(yaml.parse(text, Loader=loader), name)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}" if mark else ""
        raise InputError(f"{name}{where}: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{name}: {' '.join(str(error).split())[:200]}") from None
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise InputError(f"{name}:{line}: it has bytes that are not UTF-8") from None
    except RecursionError:
        raise InputError(f"{name}: nested deeper than {MAX_DEPTH} levels") from None


def _build(events: Any, name: str) -> Text | Items | Table | None:
    anchors: dict[str, Any] = {}
    stack: list[tuple[Any, list[Text]]] = []  # the open node, and the key that waits for its value
    count = 0
    for event in events:
        kind = type(event).__name__
        if kind == "DocumentEndEvent":
            return None
        if kind in ("SequenceEndEvent", "MappingEndEvent"):
            node = stack.pop()[0]
        elif kind == "ScalarEvent":
            mark = event.start_mark
            node = Text(event.value, mark.line + 1, mark.column + 1, not event.style, event.style == "|")
        elif kind == "AliasEvent":
            line = event.start_mark.line + 1
            if event.anchor not in anchors:
                raise InputError(f"{name}:{line}: no anchor is named {event.anchor}")
            node = anchors[event.anchor]
        elif kind in ("SequenceStartEvent", "MappingStartEvent"):
            mark = event.start_mark
            at = (mark.line + 1, mark.column + 1)
            opened: Any = Items([], *at) if kind == "SequenceStartEvent" else Table({}, {}, *at)
            stack.append((opened, []))
            if event.anchor:
                anchors[event.anchor] = opened
            if len(stack) > MAX_DEPTH:
                raise InputError(f"{name}:{at[0]}: nested deeper than {MAX_DEPTH} levels")
            continue
        else:
            continue
        count += 1
        if count > MAX_NODES:
            raise InputError(f"{name}: more than {MAX_NODES} nodes")
        if kind == "ScalarEvent" and event.anchor:
            anchors[event.anchor] = node
        if not stack:
            return node  # type: ignore[no-any-return]
        _put(stack[-1], node)
    return None


def _put(place: tuple[Any, list[Text]], node: Any) -> None:
    """Put *node* into the open sequence or mapping of *place*."""
    opened, waiting = place
    if isinstance(opened, Items):
        opened.items.append(node)
    elif not waiting:
        waiting.append(node if isinstance(node, Text) else Text("", node.line, node.column))
    else:
        key = waiting.pop()
        opened.entries[key.text] = node
        opened.keys[key.text] = key
