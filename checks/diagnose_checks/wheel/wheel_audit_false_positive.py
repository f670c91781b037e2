"""The tool rejects a wheel because of a library that every system has.

Old releases of maturin had incomplete tables: they report the loader (``ld-linux-aarch64.so.1``), or another library
that the policy allows, as forbidden. The wheel is correct.

How to fix: update maturin.

References:
    https://github.com/PyO3/maturin/blob/main/Changelog.md
    https://peps.python.org/pep-0599/
"""

from __future__ import annotations

from diagnose.authoring.loader_words import LOADER, MUSL
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose_checks.wheel._triage import library, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.AUDIT, log_kinds=("audit-forbidden",))


def log(log: BuildLog) -> Iterator[Finding]:
    """See a loader among the forbidden libraries, and nothing else."""
    for hit in log.find("audit-forbidden"):
        names = [library(entry) for entry in listed(hit.groups["libs"])]
        if names and all(LOADER.match(name) and not MUSL.match(name) for name in names):
            yield finding_from_hits(
                log,
                [hit],
                f"this maturin rejects {', '.join(names)}, which every system has",
                "maturin writes no wheel, although the wheel is correct.",
                [Fix("update maturin", (Command("python3 -m pip install --upgrade maturin", FixStage.TOOLCHAIN),))],
            )
            return
