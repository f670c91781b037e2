"""The first pkg-config on PATH belongs to conda, Homebrew or another prefix, and searches only that prefix.

Every pkg-config has a compiled-in search path. One from conda, Linuxbrew, Nix or another prefix does not search the
system's folders. It does not find a library whose development package is installed.

How to fix: name the system's own program for this target, or deactivate the environment that put the other one first.

References:
    https://github.com/conda-forge/pkg-config-feedstock
    https://linux.die.net/man/1/pkg-config (PKG_CONFIG_LIBDIR, pc_path)
"""

from __future__ import annotations

from diagnose.authoring.consequences import stops_openssl
from diagnose.authoring.environment import names
from diagnose.authoring.log import advise, finding_from_hits
from diagnose.authoring.pkgconfig import hidden_by_tool
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.pattern import PROBE_KINDS, patterns_for
from diagnose.remedies.configuration import Configuration, pkgconfig_configuration
from diagnose.remedies.fix import fix
from diagnose.remedies.install import system, tool
from diagnose_checks.pkgconfig._triage import PkgConfigReason, foreign_prefix, present, reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    of_linux=True,
    since="0.1.0",
    phase=Phase.SEARCH,
    log_kinds=PROBE_KINDS,
    patterns=patterns_for(
        "foreign-note",
        (
            "conda",
            r"(?<![^\s:'\"=])[^\s:'\"=/]*(?P<prefix>/[^\s:'\"=]*/(?:(?:mini|ana|mamba)?conda\d?"
            r"|miniforge\d?|micromamba|conda/envs/[\w.-]+))(?=[/:\s]|$)",
        ),
        ("linuxbrew", r"(?P<prefix>/home/linuxbrew/\.linuxbrew)"),
        (".pyenv/", r"(?<![^\s:'\"=])[^\s:'\"=/]*(?P<prefix>/[^\s:'\"=]*/\.pyenv)/"),
        ("/nix/store", r"(?P<prefix>/nix/store/[\w.-]+)"),
    ),
    env_facts=("libraries.!found",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether the program does not search the system's folders, which contain the file."""
    libraries = hidden_by_tool(env)
    if not libraries:
        return
    program = env.pkgconfig.program
    configuration = pkgconfig_configuration(env)
    if not configuration.variables:
        name = f"PKG_CONFIG_{env.target.env_name}"
        configuration = Configuration(((name, "/usr/bin/pkg-config"),), tool(system(env), "pkg-config"))
    found = libraries[0].candidates[0]
    folders = ":".join(env.pkgconfig.search_path) or "nothing"
    searches = f"searches {folders}" if env.pkgconfig.implementation else "a script that searches other folders"
    yield Finding(
        message=f"{program.path} does not search the system's folders, which contain {names(libraries)}",
        severity=Severity.ERROR,
        evidence=(
            Evidence(f"comes first on PATH; {searches}", program.path),
            Evidence(f"version {found.version}, not searched", found.path),
        ),
        consequence=f"The build script reports that the system library {libraries[0].module} was not found.",
        fixes=(fix(env, "use the system's own pkg-config for this target", configuration=configuration),),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See a pkg-config that is not the system's fail to find a module."""
    for probe in log.probes:
        if reason(log, probe) is PkgConfigReason.FOREIGN_TOOL:
            prefix = foreign_prefix(log, probe)
            yield finding_from_hits(
                log,
                [*present(log, probe)[:1], *log.find("foreign-note")[:1], *probe.hits],
                f"the pkg-config of {prefix} does not search the system's folders, which contain {probe.module}",
                "The build script reports that the library was not found.",
                advise(_without_its_signs(log), probe.line, _own, probe=probe),
            )
            return


def _without_its_signs(log: BuildLog) -> BuildLog:
    """Return *log* without what shows the system of that pkg-config: the build's own is another."""
    return log._replace(sights=tuple(sight for sight in log.sights if not sight.system))


def _own(env: Environment) -> list[Fix]:
    configuration = Configuration(((f"PKG_CONFIG_{env.target.env_name}", "/usr/bin/pkg-config"),))
    return [
        fix(env, "use the system's own pkg-config", tool(system(env), "pkg-config"), configuration),
        Fix(
            "print its search path",
            notes="`pkg-config --variable pc_path pkg-config`. Deactivate conda for the build.",
        ),
    ]


leads_to = stops_openssl
