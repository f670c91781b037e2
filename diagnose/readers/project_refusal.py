"""What a tool refuses of a project or of its own settings, before it compiles anything."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from diagnose.readers.cargo.variables import Setting


class Refusal(NamedTuple):
    """What stops a tool: the ``cause``'s id, what is ``wrong`` in words, and the ``quoted`` text at ``path``.

    ``certain`` is False where another option of the build command can make it succeed. Without ``path`` it is in
    ``setting``.
    """

    cause: str
    wrong: str
    quoted: str
    path: str = ""
    setting: Setting | None = None
    certain: bool = True
