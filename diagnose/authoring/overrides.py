"""What to say of variables that send a crate where its library is not."""

from __future__ import annotations

from diagnose.authoring.environment import answer_source, setting_evidence
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.readers.env import Environment
from diagnose.readers.pkgconfig.resolver import Library
from diagnose.remedies.configuration import Configuration, pkgconfig_configuration
from diagnose.remedies.fix import fix
from diagnose.remedies.install import module, system, tool
from diagnose.remedies.libraries import is_installed


def broken_override_finding(env: Environment, library: Library, consequence: str) -> Finding:
    """Return the finding that the variables lead *library* to nothing."""
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
    """Return the fix that has pkg-config find *library* instead of its crate's variables, with what that needs."""
    here = system(env)
    names = answer_source(library)
    configuration = pkgconfig_configuration(env) + Configuration(gone=library.directed_by)
    packages = [] if env.pkgconfig.program.found or configuration.packages else [*tool(here, "pkg-config")]
    package = module(here, library.module, env.target)
    if package and not is_installed(env, package):
        packages.append(package)
    return fix(
        env,
        f"unset {names}, so that pkg-config is asked",
        packages,
        configuration,
        notes=f"Or let {names} name where {library.module} for {env.target.triple} is.",
        safe=False,
    )
