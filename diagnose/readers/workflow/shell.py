"""Walks a shell script for the commands that it calls, without running it.

It knows words, quotes, lists, pipes, here-documents and the compound commands, as far as it takes to tell which simple
commands run for sure. Commands in a branch, a loop or a function, and those after a test, may or may not run: they are
``guarded``. Substitutions stay text. Source: POSIX, Shell Command Language.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CALLS = 2000
_WRAPPERS = frozenset({"sudo", "env", "exec", "nice"})
_OPEN = frozenset({"if", "while", "until", "for", "case", "select"})
_CLOSE = frozenset({"fi", "done", "esac"})
_SKIPPED = frozenset({"then", "else", "elif", "do", "!", "time", "in"})
_TESTS = frozenset({"command", "which", "type", "hash", "[", "[[", "test", "grep", "false"})


class Call(NamedTuple):
    """One simple command.

    ``words`` have their quotes removed. ``line`` and ``column`` count from 0 in the script. ``guarded``: it may not
    run. ``otherwise``: the words of the command that runs when this one fails (after ``||``); empty without one.
    ``piped``: it is not the last of a pipe.
    """

    words: tuple[str, ...]
    line: int
    column: int
    guarded: bool = False
    otherwise: tuple[str, ...] = ()
    piped: bool = False

    @property
    def program(self) -> str:
        """The last part of the name of the program, without sudo, variables and env before it."""
        words = self.command
        return words[0].rpartition("/")[2] if words else ""

    @property
    def command(self) -> tuple[str, ...]:
        """The words from the program on."""
        words = self.words
        start, end = 0, len(words)
        while start < end:
            head = words[start]
            name, equals, _ = head.partition("=")
            if equals and name.isidentifier():
                start += 1
            elif head in _WRAPPERS and start + 1 < end:
                start += 1
                while start < end and words[start].startswith("-"):
                    start += 1
            else:
                break
        return words[start:] if start else words

    @property
    def sudo(self) -> bool:
        """Whether sudo starts it."""
        return self.words[:1] == ("sudo",)


def walk(script: str) -> list[Call]:
    """Return the simple commands of *script* in order, at most :data:`MAX_CALLS`."""
    calls: list[Call] = []
    words: list[str] = []
    at = (0, 0)
    depth = 0
    groups: list[tuple[int, int]] = []  # of each open group: where its list starts, its depth
    joint = ""  # the operator before the current command
    first = 0  # the first call of the current list
    bare: list[int] = []  # the calls that no other follows by ||
    tested = False  # whether a test is to the left of && in the current list

    def end(operator: str) -> None:
        nonlocal depth, joint, tested, words, first
        change, words = _structure(words)
        depth = max(0, depth + change)
        if words and len(calls) < MAX_CALLS:
            guarded = depth > 0 or joint == "||" or (joint == "&&" and tested)
            if joint == "||":
                otherwise = tuple(words)
                while bare and bare[-1] >= first:
                    number = bare.pop()
                    calls[number] = calls[number]._replace(otherwise=otherwise)
            bare.append(len(calls))
            calls.append(Call(tuple(words), *at, guarded, (), operator == "|"))
            test = calls[-1].command[:1]
            tested = (tested and joint in ("&&", "||")) or bool(test and test[0] in _TESTS)
        if operator not in ("&&", "||", "|"):
            tested, first = False, len(calls)
        joint, words = operator, []

    def enter(guards: bool) -> None:
        nonlocal depth
        groups.append((first, int(guards)))
        depth += guards

    def leave() -> None:
        nonlocal depth, first
        end(";")
        if groups:
            first, guarded = groups.pop()
            depth = max(0, depth - guarded)

    for kind, value, line, column in _tokens(script):
        maybe = joint == "||" or (joint == "&&" and tested)
        if kind == "op":
            if value == "(":
                if words:
                    words.append("()")
                else:
                    enter(maybe)
            elif value == ")":
                if words[-1:] != ["()"]:
                    leave()
            elif value != "\n" or words[-1:] != ["()"]:
                end(value)
        elif value == "{" and (not words or words[-1] == "()"):
            enter(bool(words) or maybe)  # a function's body runs only if it is called
            words = []
        elif value == "}" and not words:
            leave()
        else:
            if not words:
                at = (line, column)
            words.append(value)
    end("\n")
    return calls


def _structure(words: list[str]) -> tuple[int, list[str]]:
    """Take the reserved words from the front of a command; return the change of depth, and the other words."""
    change = 0
    for number, head in enumerate(words):
        if head in _OPEN:
            change += 1
            if head in ("for", "case", "select"):
                return change, []
        elif head in _CLOSE:
            change -= 1
        elif head not in _SKIPPED:
            return change, words[number:]
    return change, []


def _tokens(script: str) -> Iterator[tuple[str, str, int, int]]:
    """Yield (``word`` or ``op``, text, line, column) of *script*; redirections and comments are left out."""
    position, line, start, size = 0, 0, 0, len(script)
    heredocs: list[str] = []
    while position < size:
        char = script[position]
        if char == "\n":
            yield "op", "\n", line, position - start
            position, line = position + 1, line + 1
            start = position
            for word in heredocs:
                while position < size:
                    stop = script.find("\n", position)
                    stop = size if stop < 0 else stop
                    text = script[position:stop]
                    position, line = min(stop + 1, size), line + 1
                    start = position
                    if text.strip("\t ") == word:
                        break
            heredocs = []
        elif char in " \t\r":
            position += 1
        elif char == "\\" and script[position + 1 : position + 2] == "\n":
            position, line = position + 2, line + 1
            start = position
        elif char == "#":
            stop = script.find("\n", position)
            position = size if stop < 0 else stop
        elif char in ";&|()":
            two = script[position : position + 2]
            text = two if two in ("&&", "||", ";;", "|&") else char
            if text == "&" and script[position + 1 : position + 2] == ">":  # &> file
                position = _target(script, position + 2)
                continue
            yield "op", {"|&": "|", ";;": ";"}.get(text, text), line, position - start
            position += len(text)
        elif char in "<>":
            if script.startswith("<<", position) and not script.startswith("<<<", position):
                stop, word = _word(script, position + 2 + script.startswith("<<-", position))
                heredocs.append(word.strip())
                position = stop
            else:
                position = _target(script, position + 1)
        else:
            began, column = position, position - start
            position, word = _word(script, position)
            if word.isdigit() and script[position : position + 1] in ("<", ">"):
                continue
            yield "word", word, line, column
            passed = script.count("\n", began, position)
            if passed:
                line += passed
                start = script.rfind("\n", began, position) + 1


def _target(script: str, position: int) -> int:
    """Return the position behind the file of a redirection."""
    while script[position : position + 1] in (">", "<", "&", "|", " ") and position < len(script):
        position += 1
    return _word(script, position)[0]


def _word(script: str, position: int) -> tuple[int, str]:
    """Return (position behind the word, its text without quotes) of the word at *position*."""
    parts: list[str] = []
    size = len(script)
    while script[position : position + 1] in (" ", "\t"):
        position += 1
    while position < size:
        char = script[position]
        if char in " \t\r\n;&|()<>":
            break
        if char == "'":
            stop = script.find("'", position + 1)
            stop = size if stop < 0 else stop
            parts.append(script[position + 1 : stop])
            position = stop + 1
        elif char == '"':
            stop = _closing(script, position + 1)
            parts.append(script[position + 1 : stop].replace('\\"', '"'))
            position = stop + 1
        elif char == "\\":
            parts.append("" if script[position + 1 : position + 2] == "\n" else script[position + 1 : position + 2])
            position += 2
        elif char == "`" or script.startswith("$(", position) or script.startswith("${", position):
            stop = _substitution(script, position)
            parts.append(script[position:stop])
            position = stop
        else:
            parts.append(char)
            position += 1
    return min(position, size), "".join(parts)


def _closing(script: str, position: int) -> int:
    """Return the position of the double quote that closes the string whose text begins at *position*."""
    while position < len(script) and script[position] != '"':
        if script[position] == "\\":
            position += 2
        elif script.startswith("$(", position):
            position = _substitution(script, position)
        else:
            position += 1
    return min(position, len(script))


def _substitution(script: str, position: int) -> int:
    """Return the position behind the substitution that begins at *position*."""
    if script[position] == "`":
        stop = script.find("`", position + 1)
        return len(script) if stop < 0 else stop + 1
    opening, closing = script[position + 1], ")" if script[position + 1] == "(" else "}"
    depth, position = 0, position + 1
    while position < len(script):
        char = script[position]
        if char == opening:
            depth += 1
        elif char == closing:
            depth -= 1
            if not depth:
                return position + 1
        elif char == "\\":
            position += 1
        elif char == "'" and opening == "(":
            stop = script.find("'", position + 1)
            position = len(script) if stop < 0 else stop
        position += 1
    return len(script)
