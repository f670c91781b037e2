"""pkg-config is not installed.

Build scripts of ``-sys`` crates ask pkg-config for the location of a system library. Slim images do not contain the
program. The rust-cross images for manylinux and musl do not either, although the latter set its variables. In a cross
build, this error appears only after the crate's check for cross-compilation passes.

How to fix: install the package that contains the program: ``pkgconf`` (Debian 12, Ubuntu 24.04 and later, Alpine,
Arch), ``pkg-config`` (older Debian and Ubuntu), ``pkgconf-pkg-config`` (Enterprise Linux 8 and later, Fedora),
``pkgconfig`` (Enterprise Linux 7).

References:
    https://github.com/rust-lang/pkg-config-rs
    https://gitea.treehouse.systems/ariadne/pkgconf
"""

from __future__ import annotations

from diagnose.authoring.environment import names, with_outcome
from diagnose.authoring.log import advise, finding_from_hits, names_of, same_crate
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.pattern import PROBE_KINDS
from diagnose.remedies.configuration import pkgconfig_configuration
from diagnose.remedies.fix import fix
from diagnose.remedies.install import system, tool
from diagnose_checks.pkgconfig._triage import is_own_pkg_config, unset_in_cross_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0", phase=Phase.PROBE, log_kinds=PROBE_KINDS, env_facts=("libraries.!found", "project.unknown")
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether the program that the crate runs by default is installed."""
    program = env.pkgconfig.program
    libraries = with_outcome(env, "tool-missing")
    unknown = env.project.unknown if not libraries and not program.found and not env.pkgconfig.broken else ()
    if program.setting is not None or not (libraries or (unknown and env.pkgconfig.allowed)):
        return
    subject = names(libraries) if libraries else f"the libraries of {' and '.join(unknown)}"
    configuration = pkgconfig_configuration(env)
    packages = configuration.packages or tool(system(env), "pkg-config")
    if packages:
        fixes = [fix(env, f"install {' '.join(packages)}", packages, configuration)]
    else:
        fixes = [
            fix(
                env,
                "install pkgconf",
                notes="The package manager of this system is unknown; the package may have another name.",
            )
        ]
    yield Finding(
        message=f"neither pkg-config nor pkgconf is installed, so {subject} cannot be found",
        severity=Severity.ERROR if libraries else Severity.WARNING,  # an unknown crate may do without
        evidence=(Evidence(f"contains neither {program.name} nor pkgconf", where="variable PATH"),),
        consequence='The build script fails with "The pkg-config command could not be found."'
        + ("" if libraries else ", unless the crate does without the library or builds it itself."),
        fixes=tuple(fixes),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See the crate, a shell or another build system not find the program under its own name."""
    probes = [
        probe
        for probe in log.probes
        if probe.outcome == "tool-missing" and is_own_pkg_config(probe.program) and not unset_in_cross_file(log, probe)
    ]
    if probes:
        yield finding_from_hits(
            log,
            [hit for probe in probes for hit in probe.hits],
            f"pkg-config is not installed, so {names_of(probes)} cannot be found",
            "The build fails.",
            advise(log, probes[0].line, _install, probe=probes[0]),
        )


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is the build script's report of the same failure."""
    return other.check in ("openssl-not-found-cross", "pc-missing") and same_crate(finding, other, log)


def _install(env: Environment) -> list[Fix]:
    configuration = pkgconfig_configuration(env)
    packages = configuration.packages or tool(system(env), "pkg-config")
    return [fix(env, f"install {' '.join(packages)}", packages, configuration)] if packages else []
