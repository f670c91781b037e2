"""A test or program is linked without Python because the extension-module feature is on.

PyO3's ``extension-module`` feature omits libpython: an extension gets Python's functions from the interpreter that
imports it. ``cargo test`` and binaries build programs, which must link libpython; with the feature on, every function
of Python is an undefined reference in them. Where the linker leaves them open, as with ``-undefined dynamic_lookup``
of macOS, the program does not start.

How to fix: do not make the feature a default. Let maturin enable it (``[tool.maturin] features``), so that ``cargo
test`` runs without it. From PyO3 0.26, the variable ``PYO3_BUILD_EXTENSION_MODULE``, which maturin sets, replaces it.

References:
    https://pyo3.rs/latest/faq.html#i-cant-run-cargo-test-or-i-cant-build-in-a-cargo-workspace
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits, other_system
from diagnose.authoring.rust_programs import PROGRAM_FAILED, is_of_program
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LINK, log_kinds=("ld-undefined", "loader-undefined"), patterns=PROGRAM_FAILED)
_PYTHON = re.compile(r"^_?Py(?:[A-Z]\w*_|_)\w+$|^_Py_\w+$|^PyExc_\w+$")

_WITHOUT_FEATURE = (
    Fix(
        "disable the feature for cargo test and cargo build",
        notes='Cargo.toml: pyo3 without "extension-module". pyproject.toml: [tool.maturin] '
        'features = ["pyo3/extension-module"].',
    ),
    Fix("if it is a default feature", (Command("cargo test --no-default-features", FixStage.BUILD),)),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Python's functions undefined in a link step, or in a program that starts."""
    for hit in [hit for hit in log.find("loader-undefined") if _PYTHON.match(hit.groups["symbol"])]:
        if not is_of_program(log, hit):
            continue
        yield finding_from_hits(
            log,
            [hit],
            f"a test or a program runs without Python: nothing has {hit.groups['symbol'].lstrip('_')}",
            "The program does not start; the extension itself is correct.",
            _WITHOUT_FEATURE,
        )
        return
    if not builds_rust(log):
        return  # python-lib-not-linked
    for link in log.links:
        hits = [hit for hit in link.of("ld-undefined") if _PYTHON.match(hit.groups["symbol"].partition("@")[0])]
        if hits and other_system(log) == "macOS" and not re.search(r"bin|test|example|bench", link.part):
            yield finding_from_hits(
                log,
                hits,
                f"the linker of macOS refuses to leave {hits[0].groups['symbol']} of Python open",
                "Linking fails. The interpreter that imports an extension has the function.",
                [
                    Fix("build with maturin", (Command("maturin build --release", FixStage.BUILD),)),
                    _OPEN,
                    Fix(
                        "if it is a program or a test: disable the feature extension-module for it",
                        notes="cargo test --no-default-features, where a default feature turns it on.",
                    ),
                ],
            )
            return
        if hits:
            yield finding_from_hits(
                log,
                hits,
                f"{link.part or 'a program'} is linked without Python: {hits[0].groups['symbol']} is undefined",
                "Linking fails; the extension itself is correct.",
                _WITHOUT_FEATURE,
            )
            return


_OPEN = Fix(
    "if cargo builds it: let the linker leave Python's functions open",
    env=(("RUSTFLAGS", "-C link-arg=-undefined -C link-arg=dynamic_lookup"),),
    notes="maturin and setuptools-rust set these options themselves. In a build script: "
    "pyo3_build_config::add_extension_module_link_args().",
)
