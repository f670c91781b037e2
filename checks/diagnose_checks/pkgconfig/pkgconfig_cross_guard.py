"""The pkg-config crate refuses to run in a cross build without configuration for the target.

If target and host triple differ, the crate runs pkg-config only if ``PKG_CONFIG_ALLOW_CROSS`` is set (to any value but
``0``), or ``PKG_CONFIG``, or ``PKG_CONFIG_SYSROOT_DIR``. Each also works as ``X_<triple>``, ``X_<triple_>`` and
``TARGET_X``. ``PKG_CONFIG_PATH`` and ``PKG_CONFIG_LIBDIR`` alone do not suffice. pkg-config has not run yet, so the
library may be installed. A build from glibc to musl on the same processor is a cross build, too.

How to fix: configure pkg-config for the target. Do not set ``PKG_CONFIG_ALLOW_CROSS=1`` alone: pkg-config then answers
with the host's library. Debian's ``<triplet>-pkg-config`` (package ``pkgconf:ARCH``) needs one variable. Without it,
set both ``PKG_CONFIG_LIBDIR_<triple>`` and ``PKG_CONFIG_ALLOW_CROSS_<triple>``.

References:
    https://docs.rs/pkg-config/latest/pkg_config/#cross-compilation
    https://github.com/rust-lang/pkg-config-rs/blob/master/src/lib.rs (``target_supported``)
"""

from __future__ import annotations

from diagnose.authoring.consequences import stops_openssl
from diagnose.authoring.environment import names, setting_evidence, with_outcome
from diagnose.authoring.log import advise, ask_target, finding_from_hits, names_of
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.pattern import PROBE_KINDS, patterns_for
from diagnose.remedies.configuration import Configuration, pkgconfig_configuration, two_variables
from diagnose.remedies.fix import fix
from diagnose.remedies.install import cross_compiler, module, system, unavailable_reason
from diagnose.remedies.package_names import modules_of_crate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.buildlog import BuildLog, Probe
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.PROBE,
    log_kinds=PROBE_KINDS,
    patterns=patterns_for(
        "cross-command", ("cross build", r"(?:^|[$#>;&] ?|[A-Z_]=\S{1,60} )(?P<cross>cross) build(?:\s|$)")
    ),
    env_facts=("libraries.!found", "project.unknown"),
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether the crate runs pkg-config."""
    libraries = with_outcome(env, "cross-refused")
    unknown = () if env.pkgconfig.allowed else env.project.unknown
    if not libraries and not unknown:
        return
    refusal = env.pkgconfig.allowed_by
    if refusal is not None:
        evidence = setting_evidence(refusal)
        why = f"{refusal.name}={refusal.value} forbids it"
    else:
        unset = "PKG_CONFIG_ALLOW_CROSS, PKG_CONFIG and PKG_CONFIG_SYSROOT_DIR"
        evidence = Evidence("not set in any form that the crate reads", where=f"variables {unset}")
        why = f"it is not configured for {env.target.triple}"
    yield Finding(
        message=(
            "the pkg-config crate refuses to look for "
            f"{names(libraries) or 'the modules of ' + ' and '.join(unknown[:3])}: {why}"
        ),
        severity=Severity.ERROR if libraries else Severity.WARNING,  # an unknown crate may do without
        evidence=(evidence, Evidence(f"not the host's {env.host.triple}", where=f"target {env.target.triple}")),
        consequence='The build script fails with "pkg-config has not been configured to support cross-compilation."',
        fixes=_fixes(env),
    )


def _fixes(env: Environment) -> tuple[Fix, ...]:
    configuration = pkgconfig_configuration(env)
    if not configuration.variables:
        reason = (
            unavailable_reason(system(env), env.target)
            or "no folder with the target's libraries is known on this system"
        )
        suffix = env.target.env_name
        return (
            fix(
                env,
                "build the libraries for the target, then set both variables",
                notes=(
                    f"{reason[0].upper()}{reason[1:]}: build the libraries for the target with their own --prefix, "
                    f"then set PKG_CONFIG_LIBDIR_{suffix}=PREFIX/lib/pkgconfig and PKG_CONFIG_ALLOW_CROSS_{suffix}=1."
                ),
            ),
        )
    found = [fix(env, "configure pkg-config for this target only", configuration=configuration)]
    other = two_variables(env)
    if other.variables and other.variables != configuration.variables:
        found.append(fix(env, "use two variables instead of the wrapper", configuration=other))
    return tuple(found)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the crate refuse to run pkg-config, by the message of any of its releases."""
    probes = [probe for probe in log.probes if probe.outcome == "cross-refused"]
    if not probes:
        return
    line = probes[0].line
    target = log.target_at(line)
    yield finding_from_hits(
        log,
        [hit for probe in probes for hit in probe.hits if hit.kind == "pc-guard"],
        f"the pkg-config crate refuses to look for {names_of(probes)}: it is not configured for "
        + (target.triple if target else "the target"),
        "pkg-config has not run, so the library may be installed.",
        (
            *((_of_cross(target, names_of(probes)),) if target and log.find("cross-command") else ()),
            *(advise(log, line, _for_log, probes, probe=probes[0]) if target else (_FOR_ANY, *ask_target())),
        ),
    )


def _of_cross(target: Target, libraries: str) -> Fix:
    """Return the fix for the program cross, which builds in a container: variables of the host stay outside."""
    port = target.debian or "ARCH"
    return Fix(
        "with cross: set it in Cross.toml, as the container sees no variables of this machine",
        notes=f'[target.{target.triple}] pre-build = ["dpkg --add-architecture {port}", "apt-get update && apt-get '
        f'install -y PACKAGE-dev:{port}"], with the package of {libraries}; and [build.env] passthrough = '
        '["PKG_CONFIG_ALLOW_CROSS"] for variables that are to reach it. The image\'s own pkg-config settings then find '
        "that library.",
    )


#: Where the log names no target.
_FOR_ANY = Fix(
    "build the library for the target, and let pkg-config find that one alone",
    env=(
        ("PKG_CONFIG_ALLOW_CROSS", "1"),
        ("PKG_CONFIG_SYSROOT_DIR", "/path/to/sysroot"),
        ("PKG_CONFIG_LIBDIR", "/path/to/sysroot/usr/lib/pkgconfig"),
    ),
    notes="With the first variable alone it finds this machine's library, and the link fails, or mixes two C "
    "libraries. For musl no package of a glibc system fits: build the library with musl-gcc, build in Alpine, or take "
    "the -sys crate's own copy (a feature called vendored, bundled or static) in a release that has one.",
)


def _for_log(env: Environment, probes: list[Probe]) -> tuple[Fix, ...]:
    """Return the fixes with the packages of the libraries and the compiler, which a log does not show to be there."""
    fixes = _fixes(env)
    here = system(env)
    if not fixes[0].env or here.family != "debian":
        return fixes
    asked = [name for probe in probes for name in ([probe.module] if probe.module else modules_of_crate(probe.crate))]
    packages = [name for name in (module(here, name, env.target) for name in dict.fromkeys(asked)) if name]
    configuration = pkgconfig_configuration(env) + Configuration((), (*packages, *cross_compiler(here, env.target)))
    title = "configure pkg-config for this target only"
    if packages:
        title += f", and install {' '.join(packages)}"
    return (fix(env, title, configuration=configuration), *fixes[1:])


leads_to = stops_openssl
