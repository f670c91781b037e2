"""The installed version of the library does not meet a requirement of the crate or of another module.

A crate can require ``alsa >= 1.2``, and a module can require a version of another module. pkg-config then fails as if
the library were not installed, and several versions of the pkg-config crate hide its explanation.

How to fix: use a newer release of the distribution, let the crate build the library from source, or pin an older
version of the crate that accepts the installed library.

References:
    https://docs.rs/pkg-config/latest/pkg_config/struct.Config.html#method.atleast_version
"""

from __future__ import annotations

from diagnose.authoring.consequences import stops_openssl
from diagnose.authoring.log import advise, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import PROBE_KINDS, patterns_for
from diagnose.readers.buildlog.hits import Said
from diagnose.remedies.libraries import vendored
from diagnose_checks.pkgconfig._triage import own_copy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Probe
    from diagnose.readers.env import Environment
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library, Mismatch

CHECK = Check(
    since="0.1.0",
    phase=Phase.SEARCH,
    patterns=(
        *patterns_for(
            "pc-conflict",
            (
                "due to satisfying conflict rule",
                r"Version '(?P<found>[^']{1,100})' of '(?P<module>[^']{1,200})' conflicts with '[^']{1,200}' due to",
            ),
            ("creates a conflict.", r"^Version (?P<found>\S{1,100}) of (?P<module>\S{1,200}) creates a conflict\.$"),
        ),
        *patterns_for(
            "pc-version",
            (
                "but version of",
                r"Package '(?P<by>[^'\s]{1,200})' requires '(?P<module>[^'\s]{1,200}) "
                r"(?P<needs>[<>=!]{1,2} [^']{1,80})' but version of .{1,200}? is (?P<found>\S+)",
            ),
        ),
    ),
    log_kinds=PROBE_KINDS,
    env_facts=("libraries.mismatches",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See which versions do not meet a requirement."""
    for library in env.libraries:
        if library.outcome != "not-found":
            continue
        for mismatch in library.mismatches:
            if mismatch.operator == "conflicts":
                yield _conflicting(library, mismatch)
                continue
            asker = mismatch.required_by or library.crate or "this build"
            wanted = f"{mismatch.operator} {mismatch.wanted}"
            evidence = (
                Evidence(f"version {mismatch.found}", library.pc)
                if library.pc
                else Evidence(f"version {mismatch.found}", where=f"`{library.command}`")
            )
            yield Finding(
                message=f"{mismatch.module} is version {mismatch.found}, but {asker} requires {wanted}",
                severity=Severity.ERROR,
                evidence=(evidence,),
                consequence=f"The build script reports that {library.module} was not found, although it is installed.",
                fixes=(
                    *vendored(env, mismatch.module),
                    *own_copy(mismatch.module),
                    Fix(
                        f"build {mismatch.module} {wanted} from its own source, or on a release that has it",
                        notes=(
                            f"This release packages {mismatch.found}. Install your own build with a --prefix, "
                            f"and add its lib/pkgconfig to PKG_CONFIG_PATH_{env.target.env_name}."
                        ),
                    ),
                ),
            )


def _conflicting(library: Library, mismatch: Mismatch) -> Finding:
    asker = mismatch.required_by or library.module
    return Finding(
        message=f"{mismatch.module} {mismatch.found} conflicts with {asker}",
        severity=Severity.ERROR,
        evidence=(Evidence(f"Conflicts names {mismatch.module}", library.pc or f"{asker}.pc"),),
        consequence=f"The build script reports that {library.module} was not found, although it is installed.",
        fixes=_apart(mismatch.module),
    )


def _apart(module: str) -> tuple[Fix, ...]:
    return (Fix(f"install another version of {module}"),)


def log(log: BuildLog) -> Iterator[Finding]:
    """See pkg-config report another version of the module, or one that another module does not accept."""
    for probe in log.probes:
        if probe.conflict:
            yield finding_from_hits(
                log,
                [*(hit for hit in probe.hits if hit.kind == "pc-conflict"), *probe.hits],
                f"{probe.conflict} {probe.found} conflicts with a module that the build needs",
                "The library is installed. Reinstalling the same version has no effect.",
                _apart(probe.conflict),
            )
            continue
        if probe.needs and not probe.missing:
            said = next((hit.groups for hit in probe.hits if hit.kind == "pc-version" and hit.groups["module"]), Said())
            module = said["module"] or probe.module
            asker = said["by"] or (probe.module if module != probe.module else probe.crate) or "the build"
            found_version = f" is version {probe.found}, but" if probe.found else " has another version, but"
            yield finding_from_hits(
                log,
                [*(hit for hit in probe.hits if hit.kind == "pc-version"), *probe.hits],
                f"{module}{found_version} {asker} requires {probe.needs}",
                "The library is installed. Reinstalling the same version has no effect.",
                advise(log, probe.line, _newer, probe._replace(module=module), probe=probe),
            )


def _newer(env: Environment, probe: Probe) -> list[Fix]:
    return [
        *vendored(env, probe.module),
        *own_copy(probe.module),
        Fix(
            f"build {probe.module} {probe.needs} from its own source, or on a release that has it",
            notes=f"Use a --prefix of its own, and add its lib/pkgconfig to PKG_CONFIG_PATH_{env.target.env_name}.",
        ),
        Fix(
            f"if a newer {probe.module} is installed: see which one pkg-config reads first",
            (Command(f"pkg-config --variable=pcfiledir {probe.module}", FixStage.BUILD),),
            notes="PKG_CONFIG_PATH comes before the system's folders; an old --prefix in it hides the newer file.",
        ),
        Fix(f"use a version of {probe.crate or 'the crate'} that accepts {probe.found or 'the installed one'}"),
    ]


leads_to = stops_openssl
