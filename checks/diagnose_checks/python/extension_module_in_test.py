"""A test or program is linked without Python because the extension-module feature is on.

PyO3's ``extension-module`` feature omits libpython: an extension gets Python's functions from the interpreter that
imports it. ``cargo test`` and binaries build programs, which must link libpython; with the feature on, every function
of Python is an undefined reference in them.

How to fix: do not make the feature a default. Let maturin enable it (``[tool.maturin] features``), so that ``cargo
test`` runs without it. From PyO3 0.26, the variable ``PYO3_BUILD_EXTENSION_MODULE``, which maturin sets, replaces it.

References:
    https://pyo3.rs/latest/faq.html#i-cant-run-cargo-test-or-i-cant-build-in-a-cargo-workspace
"""

from __future__ import annotations

import re

from diagnose.authoring.log import finding_from_hits, other_system
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LINK)
_PYTHON = re.compile(r"^_?Py(?:[A-Z]\w*_|_)\w+$|^_Py_\w+$|^PyExc_\w+$")


def log(log: BuildLog) -> Iterator[Finding]:
    """See Python's functions undefined in a link step."""
    for link in log.links:
        hits = [hit for hit in link.of("ld-undefined") if _PYTHON.match(hit.groups["symbol"].partition("@")[0])]
        if hits:
            yield finding_from_hits(
                log,
                hits,
                f"{link.part or 'a program'} is linked without Python: {hits[0].groups['symbol']} is undefined",
                "Linking fails; the extension itself is correct.",
                [
                    *([_OPEN] if other_system(log) == "macOS" else []),
                    Fix(
                        "disable the feature for cargo test and cargo build",
                        notes='Cargo.toml: pyo3 without "extension-module". pyproject.toml: [tool.maturin] '
                        'features = ["pyo3/extension-module"].',
                    ),
                    Fix("if it is a default feature", (Command("cargo test --no-default-features", FixStage.BUILD),)),
                ],
            )
            return


_OPEN = Fix(
    "on macOS: let the linker leave Python's functions open",
    env=(("RUSTFLAGS", "-C link-arg=-undefined -C link-arg=dynamic_lookup"),),
    notes="For the extension itself, if cargo builds it: maturin and setuptools-rust set these options themselves.",
)
