"""Scripts that hooks hold, and the scripts in the repository that they call."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, cache
from diagnose.readers.workflow import shell
from diagnose.readers.workflow.workflow_facts import BuildPlace, Hook, Spot

if TYPE_CHECKING:
    from diagnose.readers.workflow.nodes import Text
    from diagnose.readers.workflow.repository import Repository
    from diagnose.readers.workflow.shell import Call

_SHELLS = frozenset({"bash", "sh", "source", ".", "dash"})
_OPAQUE = frozenset({"eval", "make", "just"})


@cache
def walked(script: str) -> tuple[Call, ...]:
    """Return the simple commands of *script*."""
    return tuple(shell.walk(script))


def hook(
    name: str, place: BuildPlace, node: Text | None, script: str, path: str, repository: Repository, *, strict: bool
) -> Hook:
    """Return *script*, which *node* in the file *path* holds, as a hook that runs in *place*.

    A script of the repository that it calls is walked in the place of the call, one level deep.
    """
    calls: list[tuple[Spot, Call]] = []
    unread: list[str] = []
    own = walked(script)
    repository.spend(1 + len(own))
    for call in own:
        line = node.line_of(call.line) if node is not None else 1
        column = 0 if node is None or node.block else node.column
        spot = Spot(path, line, column)
        calls.append((spot, call))
        called = _script(call)
        if not called:
            continue
        text = repository.text(called) if not called.startswith(("/", "..", "~")) and "$" not in called else None
        if text is None:
            unread.append(f"{spot}: {called} was not followed")
            continue
        followed = walked(text)
        repository.spend(len(followed))
        for inner in followed:
            guarded = inner.guarded or call.guarded
            calls.append((Spot(called.removeprefix("./"), inner.line + 1), inner._replace(guarded=guarded)))
    set_e = any(call.words[:1] == ("set",) and any("e" in word for word in call.words[1:2]) for _, call in calls)
    return Hook(name, place, tuple(calls), strict or set_e, tuple(unread))


def _script(call: Call) -> str:
    """Return the file of a script that a call runs; empty for any other call."""
    words = [word for word in call.command if not word.startswith("-")]
    if not words:
        return ""
    if call.program in _SHELLS and len(words) > 1 and words[1].endswith((".sh", ".bash")):
        return words[1]
    if words[0].startswith("./") or words[0].endswith(".sh"):
        return words[0]
    return f"{words[0]} {' '.join(words[1:2])}" if call.program in _OPAQUE else ""
