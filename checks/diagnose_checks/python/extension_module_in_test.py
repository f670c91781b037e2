"""A test or program is linked without Python, because the extension-module feature is on.

PyO3's ``extension-module`` feature leaves libpython out: an extension gets Python's functions from the interpreter that
imports it. ``cargo test`` and binaries make programs of their own, which have to be linked with libpython; with the
feature on, every function of Python is an undefined reference there.

How to fix: do not make the feature a default: let maturin turn it on (``[tool.maturin] features``), so that ``cargo
test`` runs without it. With PyO3 0.26 and later the variable ``PYO3_BUILD_EXTENSION_MODULE``, which maturin sets,
replaces it.

References:
    https://pyo3.rs/latest/faq.html#i-cant-run-cargo-test-or-i-cant-build-in-a-cargo-workspace
"""

from __future__ import annotations

import re

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, Phase, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LINK)
_PYTHON = re.compile(r"^_?Py(?:[A-Z]\w*_|_)\w+$|^_Py_\w+$|^PyExc_\w+$")


def log(log: BuildLog) -> Iterator[Finding]:
    """See Python's own functions undefined at a link step."""
    for link in log.links:
        hits = [hit for hit in link.of("ld-undefined") if _PYTHON.match(hit.groups["symbol"].partition("@")[0])]
        if hits:
            yield finding_from_hits(
                log,
                hits,
                f"{link.part or 'a program'} is linked without Python: {hits[0].groups['symbol']} is undefined",
                "Linking fails; the extension itself would be fine.",
                [
                    Fix(
                        "leave the feature off in cargo's own builds",
                        notes='Cargo.toml: pyo3 without "extension-module". pyproject.toml: [tool.maturin] '
                        'features = ["pyo3/extension-module"].',
                    ),
                    Fix("where it is a default feature", (Command("cargo test --no-default-features", Stage.BUILD),)),
                ],
            )
            return
