"""Changes documents of YAML in their structure: keys, values, entries and whole branches, so that the text stays YAML.

A document is PyYAML's nodes, so anchors, tags and styles stay what they are.
"""

from __future__ import annotations

import functools
import pickle
import random
from typing import Any

import yaml

from . import engine

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
TEXT = "tag:yaml.org,2002:str"
MAPPING, SEQUENCE = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"
# What YAML cannot hold, even between quotes.
NASTY = tuple(word for word in engine.NASTY if word != "\0")


def scalar(value: str) -> Any:
    """Return *value* as a node; the dumper quotes it where it must."""
    return yaml.ScalarNode(TEXT, value)


@functools.lru_cache(256)
def _packed(text: str) -> bytes:
    node = yaml.compose(text, LOADER)
    pending, seen = [node], set()
    while pending:
        node_ = pending.pop()
        if id(node_) in seen:
            continue
        seen.add(id(node_))
        node_.start_mark = node_.end_mark = None  # they hold the text
        if isinstance(node_, yaml.MappingNode):
            pending += (part for pair in node_.value for part in pair)
        elif isinstance(node_, yaml.SequenceNode):
            pending += node_.value
    return pickle.dumps(node)


def load(text: str) -> Any:
    """Return *text* as nodes of one's own."""
    return pickle.loads(_packed(text))


def dump(node: Any) -> str:
    """Return *node* as text."""
    found: str = yaml.serialize(node, Dumper=DUMPER, allow_unicode=True, width=1 << 20)
    return found


def _slots(root: Any) -> tuple[list[tuple[list[Any], int, bool]], list[Any]]:
    """Return every (list, index, whether of a mapping) that holds a node, and every collection."""
    slots: list[tuple[list[Any], int, bool]] = []
    collections, pending, seen = [], [root], {id(root)}
    while pending:
        node = pending.pop()
        if not isinstance(node, yaml.CollectionNode):
            continue
        collections.append(node)
        mapped = isinstance(node, yaml.MappingNode)
        for at, part in enumerate(node.value):
            slots.append((node.value, at, mapped))
            value = part[1] if mapped else part
            if id(value) not in seen:
                seen.add(id(value))
                pending.append(value)
    return slots, collections


def _get(slot: tuple[list[Any], int, bool]) -> Any:
    items, at, mapped = slot
    return items[at][1] if mapped else items[at]


def _put(slot: tuple[list[Any], int, bool], node: Any) -> None:
    items, at, mapped = slot
    items[at] = (items[at][0], node) if mapped else node


def _new(chance: random.Random, node: Any, values: tuple[str, ...]) -> Any:
    """Return what replaces *node*: another text, it with other words, or it inside or outside of a list."""
    action = int(chance.random() * 9)
    if action == 0:
        return yaml.SequenceNode(SEQUENCE, [node] * chance.choice((0, 1, 2, 40)), flow_style=chance.random() < 0.5)
    if action == 1:
        return yaml.MappingNode(MAPPING, [(scalar(chance.choice(values)), node)] * chance.choice((0, 1, 1)))
    if action == 2 and isinstance(node, yaml.SequenceNode) and node.value:
        return chance.choice(node.value)
    if action == 3 and isinstance(node, yaml.MappingNode) and node.value:
        return chance.choice(node.value)[1]
    if action == 4:
        return yaml.ScalarNode(chance.choice(("tag:yaml.org,2002:int", "!reference", "!x", TEXT)), chance.choice(NASTY))
    if action >= 6 and isinstance(node, yaml.ScalarNode):
        text = engine.words(chance, node.value, values).replace("\0", "")
        return yaml.ScalarNode(node.tag, text, style=node.style)
    return scalar(chance.choice(values))


def change(chance: random.Random, text: str, keys: tuple[str, ...], values: tuple[str, ...]) -> str:
    """Return *text*, a document of YAML, with one to four changes; *keys* and *values* are words that the reader knows.

    A text that is no longer YAML is changed in words.
    """
    try:
        root = load(text)
    except (yaml.YAMLError, UnicodeEncodeError):
        return engine.words(chance, text, values)
    for _ in range(chance.randrange(1, 5)):
        slots, collections = _slots(root)
        if not slots:
            break
        slot = slots[int(chance.random() * len(slots))]
        items, at, mapped = slot
        action = int(chance.random() * 10)
        if action == 0:
            del items[at]
        elif action == 1:
            items[at:at] = [items[at]] * chance.choice((1, 3, 30))
        elif action == 2 and mapped:
            name = chance.choice((*keys, "<<", chance.choice(NASTY)))
            items[at] = (scalar(name), items[at][1])
        elif action == 3:
            other = slots[int(chance.random() * len(slots))]
            mine, its = _get(slot), _get(other)
            _put(slot, its)
            _put(other, mine)
        elif action == 4:  # an alias; one in eight may hold itself
            choice = chance.choice(collections) if chance.random() < 0.12 else _get(chance.choice(slots))
            _put(slot, choice)
        elif action == 5:
            place = chance.choice(collections)
            node = _new(chance, _get(chance.choice(slots)), values)
            new = (scalar(chance.choice(keys)), node) if isinstance(place, yaml.MappingNode) else node
            place.value.insert(int(chance.random() * (len(place.value) + 1)), new)
        else:
            _put(slot, _new(chance, _get(slot), values))
    return dump(root)
