"""pip refuses the metadata of an old release.

Since 24.1 pip accepts only versions and requirements as PEP 440 and PEP 508 define them: no ``>=2.0.*``, no
``1.0-beta-x``. Old releases of packages have such metadata, and pip leaves them out or stops.

How to fix: ask for a newer release. Where the old one is needed, use pip below 24.1.

References:
    https://pip.pypa.io/en/stable/news/#v24-1
    https://peps.python.org/pep-0440/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "metadata-refused-by-pip",
        ("has invalid metadata: ", r"Requested (?P<package>[\w.\[\]-]{1,100}).{0,300} has invalid metadata: "),
        ("use pip<24.1", r"Please use pip<24\.1 if you need to use this version"),
        ("error in ", r"^error in (?P<package>[\w.-]{1,100}) setup command: '\w{1,20}_requires?' must be"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See pip refuse metadata."""
    hits = log.find("metadata-refused-by-pip")
    if hits:
        package = next((hit.groups["package"] for hit in hits if hit.groups["package"]), "").partition("[")[0]
        yield finding_from_hits(
            log,
            hits,
            f"the metadata of {package or 'a package'} is not valid for this pip, or setuptools",
            "This release cannot be installed.",
            (
                Fix(
                    "use a newer release of the package",
                    (Command(f"python3 -m pip install --upgrade {package or 'PACKAGE'}", FixStage.BUILD),),
                    notes="Another package, or a lock file, may ask for the old one.",
                ),
                Fix("use an older pip", (Command("python3 -m pip install 'pip<24.1'", FixStage.TOOLCHAIN),)),
            ),
        )
