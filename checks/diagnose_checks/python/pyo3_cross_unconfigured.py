"""PyO3 does not know the target's Python, which it cannot run in a cross build.

For an extension of one Python version, PyO3's build script needs the version and configuration of the target's
interpreter. It cannot run that interpreter. With an ``abi3`` feature it needs neither. maturin supplies both if the
version is given (``-i python3.12``); cargo alone reads ``PYO3_CROSS_PYTHON_VERSION``, ``PYO3_CROSS_LIB_DIR`` or
``PYO3_CONFIG_FILE``.

How to fix: enable an ``abi3-py3X`` feature of pyo3, or give the version.

References:
    https://pyo3.rs/latest/building-and-distribution.html#cross-compiling
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.env import Environment

CHECK = Check(since="0.1.0", phase=Phase.PYTHON, env_facts=("cross",))


def env(env: Environment) -> Iterator[Finding]:
    """See that PyO3 cannot determine the target's Python."""
    crate = env.project.crate("pyo3") or env.project.crate("pyo3-ffi")
    if not env.cross or crate is None or env.toolchain.python.settings or env.project.abi3 is not False:
        return
    yield Finding(
        message=f"PyO3 cannot determine the Python for {env.target.triple}, and no abi3 feature is on",
        severity=Severity.WARNING,
        evidence=(
            Evidence(f"{crate.name} {crate.version}, no abi3 feature", env.project.path),
            Evidence("not set", where="variables PYO3_CROSS_PYTHON_VERSION, PYO3_CROSS_LIB_DIR, PYO3_CONFIG_FILE"),
        ),
        consequence=(
            'maturin without -i fails: "Couldn\'t find any python interpreters"; '
            "cargo alone fails in PyO3's build script."
        ),
        fixes=(
            Fix(
                "build one wheel for Python 3.9 and later",
                (Command("cargo add pyo3 --features abi3-py39", FixStage.BUILD),),
                notes="The extension then uses the stable ABI only.",
            ),
            Fix(
                "give the version",
                (Command(f"maturin build --release --target {env.target.triple} -i python3.12", FixStage.BUILD),),
                env=(("PYO3_CROSS_PYTHON_VERSION", "3.12"),),
                notes="The variable is for cargo alone. Replace 3.12 with your version.",
            ),
        ),
    )
