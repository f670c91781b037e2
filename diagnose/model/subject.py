"""What the engine asks of anything that checks look at: a wheel, an environment, a build log."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

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
