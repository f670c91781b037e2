"""A variable keeps the crate from asking pkg-config at all.

``<NAME>_NO_PKG_CONFIG``, with the module's name in upper case, makes the pkg-config crate answer "Aborted because
<NAME>_NO_PKG_CONFIG is set". Crates that can find their library in another way, such as openssl-sys by ``OPENSSL_DIR``,
go on from there; others stop.

How to fix: unset the variable, unless the crate is told where the library is in its own way.

References:
    https://docs.rs/pkg-config/latest/pkg_config/
"""

from __future__ import annotations

from diagnose.authoring.consequences import stops_openssl
from diagnose.authoring.environment import setting_evidence, with_outcome
from diagnose.authoring.log import distinct, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.readers.env import Environment
from diagnose.remedies.configuration import Configuration
from diagnose.remedies.fix import fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.PROBE,
    patterns=patterns_for(
        "pc-disabled",
        ("_NO_PKG_CONFIG is set", r"Aborted because (?P<name>\w+_NO_PKG_CONFIG) is set"),
        ("EnvNoPkgConfig", r"EnvNoPkgConfig\(\W*(?P<name>\w+_NO_PKG_CONFIG)"),  # before 0.3.18, unwrapped
    ),
)


def env(env: Environment) -> Iterator[Finding]:
    """See which modules are not asked for."""
    for library in with_outcome(env, "disabled"):
        setting = library.disabled_by
        if setting is None:
            continue
        yield Finding(
            message=f"{setting.name} keeps the build script from asking pkg-config for {library.module}",
            severity=Severity.WARNING,
            evidence=(setting_evidence(setting),),
            consequence=f'A crate that has no other way stops: "Aborted because {setting.name} is set".',
            fixes=(
                fix(
                    env,
                    f"unset {setting.name}",
                    configuration=Configuration(gone=(setting,)),
                    notes="Unless the crate is told in its own way where the library is.",
                    safe=False,
                ),
            ),
        )


def log(log: BuildLog) -> Iterator[Finding]:
    """See the crate say that it did not ask."""
    for hit in distinct(log.find("pc-disabled"), "name"):
        name = hit.groups["name"]
        yield finding_from_hits(
            log,
            [hit],
            f"{name} keeps the build script from asking pkg-config",
            "A crate that has no other way to find its library stops.",
            (
                Fix(
                    f"unset {name}",
                    unset=(name,),
                    notes="Unless the crate is told in its own way where the library is.",
                ),
            ),
        )


leads_to = stops_openssl
