"""A build selector names only Pythons that this release of cibuildwheel does not build.

cibuildwheel stops if a selector in ``build`` (``CIBW_BUILD``) matches no Python that it knows. Release 3 gave up
Python 3.6 and 3.7, release 4 Python 3.8 and the free-threaded 3.13. In ``skip``, such a selector only has no
effect.

How to fix: remove the selector, or stay with the release that builds this Python.

References:
    https://cibuildwheel.pypa.io/en/stable/options/#build-skip
    https://github.com/pypa/cibuildwheel/blob/v4.2.0/cibuildwheel/__main__.py
"""

from __future__ import annotations

from diagnose.authoring.workflow import Seen, finding, grouped
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity
from diagnose.readers.workflow.cibuildwheel import expanded
from diagnose.tables import ci

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow import Workflow

CHECK = Check(since="0.1.0", phase=Phase.START)


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a selector of which every alternative names a Python that the release gave up."""
    seen = []
    for leg in workflow.legs:
        text, spot = leg.inputs.get("build", ("", leg.spot))
        release = ci.release_of(leg.version)
        for selector in text.split() if leg.tool == "cibuildwheel" and release else ():
            names = [one.partition("-")[0] for one in expanded(selector)]
            if names and not any(ci.cibuildwheel_builds(release, name) for name in names):
                seen.append(Seen((selector, leg.version), spot, f"build holds {selector}", leg))
    for group in grouped(seen):
        selector, version = group[0].key
        yield finding(
            f"cibuildwheel {version} builds no Python that {selector} selects",
            Severity.ERROR,
            group,
            f"cibuildwheel: error: Invalid build selector: '{selector}'.",
            [Fix(f"remove {selector} from the selectors")],
        )
