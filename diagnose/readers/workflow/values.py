"""Evaluates GitHub's expressions as far as the file itself tells: a value is known, one of a few, or unknown.

Contexts are matrix, env, the defaults of inputs, and the runner's system; everything else is unknown. Source: GitHub's
documentation, "Evaluate expressions in workflows and actions".
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

MAX_OPTIONS = 12
MAX_TEXT = 1 << 16
"""Characters of a value: what is put in for a name may hold other names, each of them often."""
_MAX_LENGTH = 4000


class Value(NamedTuple):
    """The texts that a value may be. ``complete``: it is one of them for sure; otherwise it may be anything."""

    options: tuple[str, ...] = ()
    complete: bool = False

    @property
    def known(self) -> str | None:
        """The text if it is the only one possible, else None."""
        return self.options[0] if self.complete and len(self.options) == 1 else None


class Unknown:
    """A value that the file does not tell. ``falsy``: it is false, empty or zero, whatever it is."""

    def __init__(self, falsy: bool = False) -> None:
        self.falsy = falsy


UNKNOWN = Unknown()
_FALSY = Unknown(falsy=True)
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?))(?![\w])|'(?P<text>(?:[^']|'')*)'"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<op>&&|\|\||==|!=|<=|>=|[()\[\].,!<>*]))"
)


_PLACE = re.compile(r"\{(\d+)\}")


class _FaultError(Exception):
    """The expression is not one that this module reads."""


def template(text: str, contexts: Mapping[str, Any]) -> Value:
    """Return the text of *text* with its ``${{ … }}`` evaluated in *contexts*: name → nested dicts of Python values."""
    if "${{" not in text:
        return Value((text,), True)
    if len(text) > _MAX_LENGTH:
        return Value()
    options, position = [""], 0
    while (start := text.find("${{", position)) >= 0:
        stop = _end(text, start + 3)
        if stop < 0:
            return Value()
        parts = [_text(one) for one in evaluate(text[start + 3 : stop], contexts)]
        if None in parts or len(parts) * len(options) > MAX_OPTIONS:
            return Value()
        plain = text[position:start]
        options = [head + plain + str(part) for head in options for part in parts]
        position = stop + 2
        if max(map(len, options)) > MAX_TEXT:
            return Value()
    return Value(tuple(dict.fromkeys(head + text[position:] for head in options)), True)


def _end(text: str, position: int) -> int:
    quoted = False
    while position < len(text):
        if text[position] == "'":
            quoted = not quoted
        elif not quoted and text.startswith("}}", position):
            return position
        position += 1
    return -1


def condition(text: str, contexts: Mapping[str, Any]) -> bool | None:
    """Return whether an ``if:`` holds; None if that is unknown."""
    inner = text.strip()
    if inner.startswith("${{") and _end(inner, 3) == len(inner) - 2:
        inner = inner[3:-2]
    elif "${{" in inner:
        return None
    found = {_truth(one) for one in evaluate(inner, contexts)}
    return found.pop() if len(found) == 1 else None


def evaluate(expression: str, contexts: Mapping[str, Any]) -> list[Any]:
    """Return the values that *expression* may have; :data:`UNKNOWN` among them if it may have others."""
    try:
        parser = _Parser(list(_tokens(expression[:_MAX_LENGTH])), contexts)
        found = parser.either()
        if parser.position != len(parser.tokens):
            raise _FaultError
    except (_FaultError, RecursionError, OverflowError):  # the last for a hexadecimal number of hundreds of digits
        return [UNKNOWN]
    return found


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position, text = 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _FaultError
        kind = str(match.lastgroup)
        yield kind, match[kind].replace("''", "'") if kind == "text" else match[kind]
        position = match.end()


def _text(value: Any) -> str | None:
    """Return *value* as GitHub writes it into text; None if it is unknown or no text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (Unknown, dict, list)):
        return None
    return f"{value:g}" if isinstance(value, float) else str(value)


def _truth(value: Any) -> bool | None:
    if isinstance(value, Unknown):
        return False if value.falsy else None
    return isinstance(value, (dict, list)) or value not in (None, "", False, 0)


def _equal(left: Any, right: Any) -> bool | None:
    if any(isinstance(one, (Unknown, dict, list)) for one in (left, right)):
        return None
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    if type(left) is type(right):
        return bool(left == right)
    numbers = [_number(one) for one in (left, right)]
    return numbers[0] == numbers[1] and None not in numbers


def _number(value: Any) -> float | None:
    if value is None or value == "":
        return 0.0
    try:
        return float(value)
    except ValueError:
        return None


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], contexts: Mapping[str, Any]) -> None:
        self.tokens, self.position, self.contexts, self.depth = tokens, 0, contexts, 0

    def _at(self, *values: str) -> str:
        if self.position < len(self.tokens):
            kind, value = self.tokens[self.position]
            if kind == "op" and value in values:
                self.position += 1
                return value
        return ""

    def either(self) -> list[Any]:
        self.depth += 1
        if self.depth > 40:
            raise _FaultError
        left = self._both()
        while self._at("||"):
            right = self._both()
            found: list[Any] = []
            for one in left:
                truth = _truth(one)
                found += [one] if truth else right if truth is False else [UNKNOWN]
            left = _few(found)
        self.depth -= 1
        return left

    def _both(self) -> list[Any]:
        left = self._same()
        while self._at("&&"):
            right = self._same()
            found: list[Any] = []
            for one in left:
                truth = _truth(one)
                found += right if truth else [one] if truth is False else [_FALSY, *right]
            left = _few(found)
        return left

    def _same(self) -> list[Any]:
        left = self._compared()
        while sign := self._at("==", "!="):
            pairs = [_equal(one, other) for other in self._compared() for one in left]
            left = _few([UNKNOWN if same is None else same == (sign == "==") for same in pairs])
        return left

    def _compared(self) -> list[Any]:
        left = self._not()
        while self._at("<", ">", "<=", ">="):
            self._not()
            left = [UNKNOWN]
        return left

    def _not(self) -> list[Any]:
        if self._at("!"):
            self.depth += 1
            if self.depth > 40:
                raise _FaultError
            found = [_truth(one) for one in self._not()]
            self.depth -= 1
            return _few([UNKNOWN if truth is None else not truth for truth in found])
        return self._value()

    def _value(self) -> list[Any]:
        if self._at("("):
            found = self.either()
            if not self._at(")"):
                raise _FaultError
            return self._inside(found)
        if self.position >= len(self.tokens):
            raise _FaultError
        kind, value = self.tokens[self.position]
        self.position += 1
        if kind == "text":
            return [value]
        if kind == "number":
            return [float(int(value, 16)) if value.startswith("0x") else float(value)]
        if kind != "name":
            raise _FaultError
        if self._at("("):
            return self._inside(self._call(value.lower()))
        constants = {"true": True, "false": False, "null": None}
        if value in constants:
            return [constants[value]]
        return self._inside([self.contexts.get(value.lower(), UNKNOWN)])

    def _inside(self, found: list[Any]) -> list[Any]:
        while sign := self._at(".", "["):
            if sign == ".":
                if self._at("*") or self.position >= len(self.tokens):
                    raise _FaultError
                names: list[Any] = [self.tokens[self.position][1]]
                self.position += 1
            else:
                names = self.either()
                if not self._at("]"):
                    raise _FaultError
            found = _few([_member(one, name) for one in found for name in names])
        return found

    def _call(self, name: str) -> list[Any]:
        arguments: list[list[Any]] = []
        while not self._at(")"):
            arguments.append(self.either())
            if not self._at(",") and (self.position >= len(self.tokens) or self.tokens[self.position][1] != ")"):
                raise _FaultError
        if name == "always":
            return [True]
        if name not in _FUNCTIONS or any(len(one) != 1 for one in arguments):
            return [UNKNOWN]
        values = [one[0] for one in arguments]
        texts = [_text(one) for one in values]
        if name == "contains" and len(values) == 2 and isinstance(values[0], list) and texts[1] is not None:
            same = [_equal(one, values[1]) for one in values[0]]
            return [True if True in same else UNKNOWN if None in same else False]
        if None in texts or len(texts) < 2:
            return [UNKNOWN]
        return [_FUNCTIONS[name](*map(str, texts))]


def _few(values: list[Any]) -> list[Any]:
    """Return *values* once each; unknown as a whole if they are too many."""
    found: list[Any] = []
    for value in values:
        if not any(value is other or (type(value) is type(other) and value == other) for other in found):
            found.append(value)
    return found if len(found) <= MAX_OPTIONS else [UNKNOWN]


def _member(value: Any, name: Any) -> Any:
    """Return a member of a context: an absent one is null where the context is complete."""
    if value is None or isinstance(value, (str, bool, float)):
        return None
    if isinstance(value, dict):
        wanted = str(name).lower()
        found = next((one for key, one in value.items() if key.lower() == wanted), None)
        return UNKNOWN if found is None and value.get("*") is UNKNOWN else found
    if isinstance(value, list) and isinstance(name, float) and 0 <= name < len(value):
        return value[int(name)]
    return UNKNOWN


def _format(pattern: str, *values: str) -> Any:
    def value(match: re.Match[str]) -> str:
        number = int(match[1]) if len(match[1]) < 4 else len(values)
        return values[number] if number < len(values) else ""

    made = bounded_sub(_PLACE, value, pattern)
    return UNKNOWN if made is None else made


def bounded_sub(pattern: re.Pattern[str], value: Callable[[re.Match[str]], str], text: str) -> str | None:
    """Return *text* with *value* in place of what *pattern* finds; None if that makes more than ``MAX_TEXT`` of it."""
    parts: list[str] = []
    position, size = 0, 0
    for match in pattern.finditer(text):
        parts += [text[position : match.start()], value(match)]
        size += len(parts[-1])
        position = match.end()
        if size > MAX_TEXT:
            return None
    return "".join([*parts, text[position:]])


def follows(text: str, first: re.Pattern[str], second: re.Pattern[str]) -> bool:
    """Whether *text* has *second* anywhere behind *first*."""
    found = first.search(text)
    return found is not None and second.search(text, found.end()) is not None


_FUNCTIONS: dict[str, Any] = {
    "contains": lambda text, part: part.lower() in text.lower(),
    "startswith": lambda text, part: text.lower().startswith(part.lower()),
    "endswith": lambda text, part: text.lower().endswith(part.lower()),
    "format": _format,
}
