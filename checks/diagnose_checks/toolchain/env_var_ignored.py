"""A variable is set that no tool reads, because its name is slightly wrong.

The pkg-config crate reads ``PKG_CONFIG_LIBDIR_<triple>`` with the Rust target triple in lower case, with dashes or
underscores. It ignores ``PKG_CONFIG_LIBDIR_ARMV7_UNKNOWN_...`` and Debian's ``..._arm_linux_gnueabihf``. Cargo reads
``CARGO_TARGET_<TRIPLE>_LINKER`` in upper case, with underscores only.

How to fix: rename the variable.

References:
    https://docs.rs/pkg-config/latest/pkg_config/
    https://doc.rust-lang.org/cargo/reference/environment-variables.html
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.configuration import Configuration
from diagnose.remedies.fix import fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    patterns=patterns_for(
        "ignored-note",
        (
            "expected to use uppercase",
            r"environment variables are expected to use uppercase letters and underscores, "
            r"the variable `(?P<name>[^`]+)`",
        ),
    ),
    env_facts=("ignored",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See which variables no tool reads."""
    for ignored in env.ignored:
        setting, meant = ignored.setting, ignored.meant
        if _said_elsewhere(env, meant) == setting.value:
            continue
        fixes: tuple[Fix, ...] = ()
        if meant:
            fixes = (fix(env, f"rename it to {meant}", configuration=Configuration(((meant, setting.value),))),)
        yield Finding(
            message=f"nothing reads {setting.name}" + (f": did you mean {meant}?" if meant else ""),
            severity=Severity.WARNING,
            evidence=(setting_evidence(setting),),
            consequence=ignored.reason or "The build behaves as if it were not set.",
            fixes=fixes,
        )


def log(log: BuildLog) -> Iterator[Finding]:
    """See cargo warn about a variable that it does not read."""
    for hit in log.find("ignored-note")[:1]:
        name = hit.groups["name"]
        yield finding_from_hits(
            log,
            [hit],
            f"nothing reads {name}" + (f": did you mean {name.upper()}?" if name else ""),
            "The build behaves as if it were not set.",
            (Fix(f"rename it to {name.upper().replace('-', '_').replace('.', '_')}"),) if name else (),
            Severity.WARNING,
        )


def _said_elsewhere(env: Environment, meant: str) -> str | None:
    """Return the value of the correct name, or of the same setting in cargo's configuration."""
    linker = env.toolchain.linker.setting
    if meant == f"CARGO_TARGET_{env.target.cargo_env_name}_LINKER":
        return linker.value if linker is not None else None
    setting = env.variables.get(meant) if meant else None
    return setting.value if setting is not None else None
