"""A variable prevents the crate from asking pkg-config.

``<NAME>_NO_PKG_CONFIG``, with the module's name in upper case, makes the pkg-config crate answer "Aborted because
<NAME>_NO_PKG_CONFIG is set". Crates that can find their library in another way, such as openssl-sys with
``OPENSSL_DIR``, continue. Others fail.

How to fix: unset the variable, unless another variable of the crate names the library's folder.

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
from diagnose.remedies.configuration import Configuration
from diagnose.remedies.fix import fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.PROBE,
    patterns=patterns_for(
        "pc-disabled",
        ("_NO_PKG_CONFIG is set", r"Aborted because (?P<name>\w+_NO_PKG_CONFIG) is set"),
        ("EnvNoPkgConfig", r"EnvNoPkgConfig\(\W*(?P<name>\w+_NO_PKG_CONFIG)"),  # before 0.3.18, unwrapped
    ),
    env_facts=("libraries.!found",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See which modules the crate does not ask for."""
    for library in with_outcome(env, "disabled"):
        setting = library.disabled_by
        if setting is None:
            continue
        yield Finding(
            message=f"{setting.name} prevents the build script from asking pkg-config for {library.module}",
            severity=Severity.WARNING,
            evidence=(setting_evidence(setting),),
            consequence=f'A crate without another lookup fails: "Aborted because {setting.name} is set".',
            fixes=(
                fix(
                    env,
                    f"unset {setting.name}",
                    configuration=Configuration(gone=(setting,)),
                    notes="Keep it only if another variable of the crate names the library's folder.",
                    safe=False,
                ),
            ),
        )


def log(log: BuildLog) -> Iterator[Finding]:
    """See the crate report that it did not ask."""
    for hit in distinct(log.find("pc-disabled"), "name"):
        name = hit.groups["name"]
        yield finding_from_hits(
            log,
            [hit],
            f"{name} prevents the build script from asking pkg-config",
            "A crate without another lookup fails.",
            (
                Fix(
                    f"unset {name}",
                    unset=(name,),
                    notes="Keep it only if another variable of the crate names the library's folder.",
                ),
            ),
        )


leads_to = stops_openssl
