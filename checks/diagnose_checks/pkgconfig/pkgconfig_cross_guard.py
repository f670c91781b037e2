"""The pkg-config crate refuses to run in a cross build that nothing was set up for.

When target and host triple differ, the crate runs pkg-config only if ``PKG_CONFIG_ALLOW_CROSS`` is set (to anything but
``0``), or if ``PKG_CONFIG`` or ``PKG_CONFIG_SYSROOT_DIR`` is; each also as ``X_<triple>``, ``X_<triple_>`` and
``TARGET_X``. ``PKG_CONFIG_PATH`` and ``PKG_CONFIG_LIBDIR`` alone do not open it. pkg-config has not run at that point,
so the library may well be there. From glibc to musl on one processor is a cross build too.

How to fix: by telling pkg-config about the target, not by opening the guard alone: with ``PKG_CONFIG_ALLOW_CROSS=1``
and nothing else, it answers with the host's library. Debian's ``<triplet>-pkg-config`` (package ``pkgconf:ARCH``) does
both in one variable; without it, ``PKG_CONFIG_LIBDIR_<triple>`` and ``PKG_CONFIG_ALLOW_CROSS_<triple>`` belong
together.

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
from diagnose.readers.env import Environment
from diagnose.remedies.configuration import pkgconfig_configuration, two_variables
from diagnose.remedies.fix import fix
from diagnose.remedies.install import system, unavailable_reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.PROBE)


def env(env: Environment) -> Iterator[Finding]:
    """See whether the guard lets the crate run pkg-config."""
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
        evidence = Evidence("none is set in any form that the crate reads", where=f"variables {unset}")
        why = "nothing tells pkg-config about the target"
    yield Finding(
        message=(
            "the pkg-config crate will refuse to look for "
            f"{names(libraries) or 'what ' + ' and '.join(unknown[:3]) + ' asks for'}: "
            f"{env.target.triple} is not the host's {env.host.triple}, and {why}"
        ),
        severity=Severity.ERROR if libraries else Severity.WARNING,  # an unknown crate may do without
        evidence=(evidence,),
        consequence='The build script stops with "pkg-config has not been configured to support cross-compilation."',
        fixes=_fixes(env),
    )


def _fixes(env: Environment) -> tuple[Fix, ...]:
    configuration = pkgconfig_configuration(env)
    if not configuration.variables:
        reason = unavailable_reason(system(env), env.target) or "no folder with the target's libraries is known here"
        suffix = env.target.env_name
        return (
            fix(
                env,
                "set both variables, once there is a folder with the target's own .pc files",
                notes=(
                    f"{reason[0].upper()}{reason[1:]}: build what is needed for the target with a --prefix of its own, "
                    f"then set PKG_CONFIG_LIBDIR_{suffix}=PREFIX/lib/pkgconfig and PKG_CONFIG_ALLOW_CROSS_{suffix}=1."
                ),
            ),
        )
    found = [fix(env, "tell pkg-config about the target, and only about it", configuration=configuration)]
    other = two_variables(env)
    if other.variables and other.variables != configuration.variables:
        found.append(fix(env, "the same without the wrapper, by two variables", configuration=other))
    return tuple(found)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the guard's refusal, in the words of any release of the crate."""
    probes = [probe for probe in log.probes if probe.outcome == "cross-refused"]
    if not probes:
        return
    line = probes[0].line
    target = log.target_at(line)
    yield finding_from_hits(
        log,
        [hit for probe in probes for hit in probe.hits if hit.kind == "pc-guard"],
        f"the pkg-config crate refuses to look for {names_of(probes)}: nothing tells it about "
        + (target.triple if target else "the target"),
        "pkg-config has not run: the library may be there or not.",
        advise(log, line, _fixes, probe=probes[0]) if target else ask_target(),
    )


leads_to = stops_openssl
