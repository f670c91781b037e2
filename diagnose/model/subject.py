"""What the engine asks of anything that checks look at: a wheel, an environment, a build log."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Protocol

    from typing_extensions import Self

    from diagnose.model.finding import Evidence, Finding, Phase

    class Subject(Protocol):
        """Facts about one input. Readers make them; they never judge."""

        @property
        def unseen(self) -> tuple[str, ...]:
            """What could not be examined, each in plain words."""

        def offers(self, basis: str) -> bool:
            """Whether it has what a check needs; only wheels have layouts in which something is missing."""

        def position(self, evidence: Evidence) -> int | None:
            """Return the place of *evidence* in the subject's order of time; None where there is no such order."""

        def is_recovered(self, finding: Finding) -> bool:
            """Whether what *finding* quotes came to nothing: the build visibly went on after it."""

        def without_recovered(self, findings: Sequence[Finding]) -> Self | None:
            """Return the subject without those *findings* that came to nothing; None where all of them count."""

        def concluded(self, findings: Sequence[Finding]) -> Self:
            """Return the subject with its outcome, given the *findings* that count."""

        def was_examined(self, phase: Phase) -> bool:
            """Whether there was anything to examine that a build meets in *phase*; otherwise no check of it passed."""


def is_there(fact: Any, names: Sequence[str]) -> bool:
    """Whether the fact that *names* lead to, from *fact*, is neither empty nor false; of several records, any one's.

    With ``!`` before the last name: whether it is empty or false.
    """
    if not names or not fact:
        return bool(fact)
    if type(fact) is tuple:
        return any(is_there(one, names) for one in fact)
    name, *rest = names
    return not getattr(fact, name[1:]) if name[0] == "!" else is_there(getattr(fact, name), rest)
