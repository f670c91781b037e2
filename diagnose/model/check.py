"""The declaration of a check, and the fields that the registry adds."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import Finding, Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from diagnose.model.pattern import Pattern, Wordings

    Detector = Callable[[Any], Iterable[Finding]]
    LeadsTo = Callable[[Finding, Finding, Any], bool]


KINDS = ("wheel", "env", "log", "workflow")
"""The kinds of subject, and the names of a check's detector functions."""


class Check(NamedTuple):
    """One cause of failure, with the detectors that see it from several sides.

    A check's module declares ``CHECK = Check(since=…)`` with the fields up to ``of_linux``; the registry fills in
    the rest from the module's name, docstring and functions.
    """

    since: str
    """The release that had this check first."""
    phase: Phase = Phase.LATER
    """When a build meets the cause; earlier phases mask later ones."""
    patterns: tuple[Pattern | Wordings, ...] = ()
    """How logs word it."""
    log_kinds: tuple[str, ...] = ()
    """The kinds of messages in a log that it needs beside its own patterns: without any of all these, it has nothing to
    say. Without patterns and kinds, it looks at every log."""
    env_facts: tuple[str, ...] = ()
    """The facts of an environment that it needs, as ``libraries`` or ``toolchain.rust.damaged``: where all of them are
    empty or false, it has nothing to say. Of several records, any one's counts: ``libraries.mismatches``; with ``!``,
    the last has to be empty or false: ``libraries.!found``. Without names, it looks at every environment."""
    applies: Callable[[Any], bool] | None = None
    """Whether a wheel has anything for this check to examine; None: every wheel has. Without it, no wheel passes."""
    needs: str = "archive"
    """What of a wheel it examines: all ``bytes``; names, metadata and code of the ``archive``; RECORD and its hashes
    (``record``) or ``tags`` and code, which an installed distribution has, too; or ``code`` alone, so that it says the
    same of an ELF file that is in no wheel."""
    aliases: tuple[str, ...] = ()
    """Other names under which ``explain``, ``--select`` and ``--ignore`` know the cause."""
    fallback: bool = False
    """Whether it runs only where a subject failed and no other check knows why."""
    admits: bool = False
    """Whether a fallback only admits that the cause is unknown; it runs last."""
    pedantic: bool = False
    """Whether it only advises: it runs where ``--pedantic``, or its name among the selected checks, asks for it."""
    of_linux: bool = False
    """Whether its fixes of logs are for a distribution of Linux, also where the log shows another way of packages,
    such as conda's. All others are put into the terms of that."""
    id: str = ""
    """The module's name, with dashes."""
    area: str = ""
    """The folder of the module."""
    doc: str = ""
    """The module's docstring: the documentation page."""
    detectors: dict[str, Detector] = {}
    """Kind → function from the subject's facts to findings."""
    url: str = ""
    """The address of its page on the documentation site; empty for a plugin's check, or where there is no site."""
    leads_to: LeadsTo | None = None
    """Whether another finding follows from one of this check, in a given subject."""

    @property
    def title(self) -> str:
        """The first line of the documentation."""
        return self.doc.partition("\n")[0].rstrip(".")

    def matches(self, selector: str) -> bool:
        """Whether *selector*, an id, an alias, or a prefix of one that ends at a dash, names this check."""
        return names_one_of((self.id, *self.aliases), selector)


def names_one_of(names: Iterable[str], selector: str) -> bool:
    """Whether *selector* is one of *names*, or a prefix of one that ends at a dash."""
    return any(name == selector or name.startswith(selector.rstrip("-") + "-") for name in names)
