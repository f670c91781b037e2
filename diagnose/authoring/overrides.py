"""Findings and fixes for variables that direct a crate to a folder without its library."""

from __future__ import annotations

from diagnose.authoring.environment import answer_source, setting_evidence
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.remedies.configuration import Configuration, pkgconfig_configuration
from diagnose.remedies.fix import fix
from diagnose.remedies.install import module, system, tool
from diagnose.remedies.libraries import is_installed

if TYPE_CHECKING:
    from diagnose.readers.env import Environment
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library


def broken_override_finding(env: Environment, library: Library, consequence: str) -> Finding:
    """Return the finding that the variables direct *library* to a folder without it."""
    return Finding(
        message=f"{answer_source(library)} leads {library.crate} to no {library.module}: {library.lacking[0]}",
        severity=Severity.ERROR,
        evidence=(
            *(setting_evidence(setting) for setting in library.directed_by),
            *(Evidence(text, where=f"variable {library.directed_by[0].name}") for text in library.lacking),
        ),
        consequence=consequence,
        fixes=(unset_override_fix(env, library),),
    )


def unset_override_fix(env: Environment, library: Library) -> Fix:
    """Return the fix that replaces *library*'s variables by pkg-config, and installs what that needs."""
    here = system(env)
    names = answer_source(library)
    configuration = pkgconfig_configuration(env) + Configuration(gone=library.directed_by)
    packages = [] if env.pkgconfig.program.found or configuration.packages else [*tool(here, "pkg-config")]
    package = module(here, library.module, env.target)
    if package and not is_installed(env, package):
        packages.append(package)
    return fix(
        env,
        f"unset {names} to use pkg-config",
        packages,
        configuration,
        notes=f"Or set {names} to the folder of {library.module} for {env.target.triple}.",
        safe=False,
    )
