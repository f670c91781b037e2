"""What every command needs of the standard library, without what importing it costs; type checkers see the originals.

Importing typing takes about as long as starting Python, enum, functools and re as long again together, and every class
that typing's NamedTuple makes is compiled from source text. The facts and findings are dozens of such classes, and
``diagnose env`` is to answer at once. A test holds each name against its original.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import contextlib as contextlib
    import re as re
    from enum import Enum as Enum
    from functools import cache as cache
    from typing import NamedTuple as NamedTuple
else:

    class _Later:
        """A module that is imported when something in it is used."""

        def __init__(self, name):
            self._name = name

        def __getattr__(self, attribute):
            __import__(self._name)
            value = getattr(sys.modules[self._name], attribute)
            setattr(self, attribute, value)
            return value

    class _Expression:
        """A pattern that is compiled when it is first used: of the dozens in the checks, a run needs few."""

        def __init__(self, pattern, flags):
            self.pattern, self._flags = pattern, flags

        def __getattr__(self, attribute):
            compiled = sys.modules["re"].compile(self.pattern, self._flags)
            value = getattr(compiled, attribute)
            setattr(self, attribute, value)
            return value

    class _Expressions(_Later):
        """The module re, whose ``compile`` waits until the pattern is used."""

        def compile(self, pattern, flags=0):
            __import__(self._name)
            return _Expression(pattern, flags)

    contextlib, re = _Later("contextlib"), _Expressions("re")

    KNOWN = 2048

    def cache(function):
        """Remember what *function* returned for its arguments, as many as ``KNOWN``: they may come from the input."""
        known = {}

        def cached(*args):
            if args not in known:
                if len(known) == KNOWN:
                    known.clear()
                known[args] = function(*args)
            return known[args]

        cached.__name__, cached.__doc__, cached.__wrapped__ = function.__name__, function.__doc__, function
        return cached

    class _EnumMeta(type):
        def __new__(cls, name, bases, namespace):
            made = super().__new__(cls, name, bases, namespace)
            made._members = {}
            for key, value in namespace.items():
                if key[0] != "_" and not hasattr(value, "__get__"):
                    member = object.__new__(made)
                    member.name, member.value = key, value
                    setattr(made, key, member)
                    made._members[value] = member
            return made

        def __call__(cls, value):
            if value not in cls._members:
                raise ValueError(f"{value!r} is not a valid {cls.__name__}")
            return cls._members[value]

        def __iter__(cls):
            return iter(cls._members.values())

        def __len__(cls):
            return len(cls._members)

    class Enum(metaclass=_EnumMeta):
        """A fixed set of named values, each of them one object."""

        def __repr__(self):
            return f"<{type(self).__name__}.{self.name}: {self.value!r}>"

        def __reduce__(self):
            return type(self), (self.value,)

    try:
        from _collections import _tuplegetter  # the descriptor that collections.namedtuple uses
    except ImportError:  # as collections does without it

        def _tuplegetter(index, doc):
            from operator import itemgetter

            return property(itemgetter(index), doc=doc)

    _getters = []  # the descriptor of field n of every class

    class _Meta(type):
        def __new__(cls, name, bases, namespace):
            fields = tuple(namespace.get("__annotations__", ()))
            defaults = {field: namespace[field] for field in fields if field in namespace}
            while len(_getters) < len(fields):
                _getters.append(_tuplegetter(len(_getters), None))
            # All at once: setting an attribute of a class that exists costs many times as much.
            namespace |= dict(zip(fields, _getters))  # noqa: B905  (there may be more of them)
            namespace |= {"__slots__": (), "_fields": fields, "__match_args__": fields, "_field_defaults": defaults}
            return super().__new__(cls, name, bases, namespace)

    class NamedTuple(tuple, metaclass=_Meta):
        """An immutable record: the class body names its fields and their defaults."""

        def __new__(cls, *values, **named):
            if named or len(values) != len(cls._fields):
                rest, defaults = cls._fields[len(values) :], cls._field_defaults
                try:
                    if named:
                        values += tuple([named.pop(field) if field in named else defaults[field] for field in rest])
                    else:
                        values += tuple(map(defaults.__getitem__, rest))
                except KeyError as lacking:
                    raise TypeError(f"{cls.__name__}() lacks {lacking}") from None
                if named or len(values) > len(cls._fields):
                    raise TypeError(f"{cls.__name__}() got too many values, or unknown ones: {list(named)}")
            return tuple.__new__(cls, values)

        @classmethod
        def _make(cls, values):
            return tuple.__new__(cls, values)  # much faster than a call: for rows by the thousand, all fields given

        def _replace(self, **changes):
            values = tuple.__new__(type(self), map(changes.pop, self._fields, self))  # each field's own where unchanged
            if changes:
                raise TypeError(f"{type(self).__name__} has no field {', '.join(changes)}")
            return values

        def _asdict(self):
            return dict(zip(self._fields, self))  # noqa: B905  (as many of each)

        def __getnewargs__(self):
            return tuple(self)

        def __repr__(self):
            fields = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
            return f"{type(self).__name__}({fields})"
