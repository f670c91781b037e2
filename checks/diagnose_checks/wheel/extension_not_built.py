"""The wheel has no compiled code, and a tool for platform wheels refuses it.

cibuildwheel and auditwheel work on wheels for one platform. A wheel for all (``py3-none-any``) means that the build
back end knows of no extension: a Rust or C part that is not declared, is optional and failed, or was left out by a
variable.

How to fix: declare the extension, and look further up whether it failed. If the package is pure Python, build one
wheel without these tools.

References:
    https://cibuildwheel.pypa.io/en/stable/faq/
    https://github.com/pypa/auditwheel
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
    phase=Phase.AUDIT,
    patterns=patterns_for(
        "pure-wheel",
        ("pure Python wheel was generat", r"Build failed because a pure Python wheel was generated"),
        ("does not look like a platform", r"This does not look like a platform wheel, no ELF executable"),
        ("does not look like a platform", r"auditwheel\S{0,30}:(?: error:)? ?This does not look like a platform wheel"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See cibuildwheel or auditwheel find no compiled code."""
    for hit in log.find("pure-wheel")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            "the wheel holds no compiled extension",
            "cibuildwheel stops." if "pure Python" in hit.text else "auditwheel repairs nothing.",
            (
                Fix(
                    "declare the extension to the build back end",
                    notes="setuptools: ext_modules, rust_extensions. Hatchling: a build hook. maturin: build-backend = "
                    '"maturin". An extension with optional=True is left out when it does not compile: read the log '
                    "above.",
                ),
                Fix(
                    "if the package has no compiled code: build it without these tools",
                    (Command("python3 -m pip wheel --no-deps -w dist .", FixStage.BUILD),),
                ),
            ),
        )
