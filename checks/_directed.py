"""What to say of variables that send a crate where its library is not."""

from __future__ import annotations

from checks._configuration import Configuration, pkgconfig_configuration
from checks._env import answering, seen
from checks._fixes import fix
from checks._install import module, system, tool
from checks._libraries import is_installed
from diagnose.finding import Evidence, Finding, Fix, Severity
from diagnose.readers.env import Environment
from diagnose.readers.pkgconfig import Library


def nowhere(env: Environment, library: Library, consequence: str) -> Finding:
    """Return the finding that the variables lead *library* to nothing."""
    return Finding(
        message=f"{answering(library)} leads {library.crate} to no {library.module}: {library.lacking[0]}",
        severity=Severity.ERROR,
        evidence=(
            *(seen(setting) for setting in library.directed_by),
            *(Evidence(text, where=f"variable {library.directed_by[0].name}") for text in library.lacking),
        ),
        consequence=consequence,
        fixes=(misdirected(env, library),),
    )


def misdirected(env: Environment, library: Library) -> Fix:
    """Return the fix that has pkg-config find *library* instead of its crate's variables, with what that needs."""
    here = system(env)
    names = answering(library)
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
