"""``NamedTuple`` and ``TYPE_CHECKING`` without the cost of importing typing; type checkers see typing's own.

Importing typing takes about as long as starting Python, and every class that its NamedTuple makes is compiled from
source text. The facts and findings are dozens of such classes, and ``diagnose env`` is to answer at once.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    try:
        from _collections import _tuplegetter  # the descriptor that collections.namedtuple uses
    except ImportError:  # as collections does without it

        def _tuplegetter(index, doc):
            from operator import itemgetter

            return property(itemgetter(index), doc=doc)

    class _Meta(type):
        def __new__(cls, name, bases, namespace):
            made = super().__new__(cls, name, bases, {"__slots__": (), **namespace})
            fields = tuple(made.__annotations__)
            made._fields = made.__match_args__ = fields
            made._field_defaults = {field: namespace[field] for field in fields if field in namespace}
            for index, field in enumerate(fields):
                setattr(made, field, _tuplegetter(index, None))
            return made

    class NamedTuple(tuple, metaclass=_Meta):
        """An immutable record: the class body names its fields and their defaults."""

        def __new__(cls, *values, **named):
            if named or len(values) != len(cls._fields):
                values = (*values, *cls._rest(len(values), named))
            return tuple.__new__(cls, values)

        @classmethod
        def _rest(cls, given, named):
            """Return the values of the fields after the first *given*, from *named* and the defaults."""
            defaults, rest = cls._field_defaults, cls._fields[given:]
            missing = [field for field in rest if field not in named and field not in defaults]
            unknown = [name for name in named if name not in rest]
            if missing or unknown or given > len(cls._fields):
                reason = f"lacks {missing}" if missing else f"got too many values {unknown or ''}"
                raise TypeError(f"{cls.__name__}() {reason}")
            return [named[field] if field in named else defaults[field] for field in rest]

        @classmethod
        def _make(cls, values):
            return tuple.__new__(cls, values)  # much faster than a call: for rows by the thousand, all fields given

        def _replace(self, **changes):
            return type(self)(**{**self._asdict(), **changes})

        def _asdict(self):
            return dict(zip(self._fields, self))  # noqa: B905  (as many of each)

        def __getnewargs__(self):
            return tuple(self)

        def __repr__(self):
            fields = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
            return f"{type(self).__name__}({fields})"
