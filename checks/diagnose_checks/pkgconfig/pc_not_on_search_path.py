"""The library's ``.pc`` file is installed, but in a folder that pkg-config does not search.

Debian keeps the files of each architecture in ``/usr/lib/<triplet>/pkgconfig``. The triplet differs from Rust's target
triple: the files of ``arm-unknown-linux-gnueabihf`` are in ``arm-linux-gnueabihf``. Without configuration, pkg-config
searches the host's folders. ``PKG_CONFIG_LIBDIR`` replaces the default folders; ``PKG_CONFIG_PATH`` precedes them.

How to fix: point the variable of that target to the folder, so that build scripts' own dependencies are still found for
the host.

References:
    https://wiki.debian.org/Multiarch/Tuples
    https://docs.rs/pkg-config/latest/pkg_config/
"""

from __future__ import annotations

import os

from diagnose.authoring.consequences import stops_openssl
from diagnose.authoring.environment import fitting
from diagnose.authoring.log import advise, finding_from_hits
from diagnose.authoring.pkgconfig import absent, hidden_by_tool
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.pattern import PROBE_KINDS
from diagnose.remedies.configuration import Configuration, leads_nowhere, own_name, pkgconfig_configuration
from diagnose.remedies.fix import fix
from diagnose_checks.pkgconfig._triage import PkgConfigReason, present, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.readers.buildlog import BuildLog, Probe
    from diagnose.readers.env import Environment
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library

CHECK = Check(
    since="0.1.0", phase=Phase.SEARCH, log_kinds=PROBE_KINDS, env_facts=("libraries.!found", "libraries.missing")
)


def env(env: Environment) -> Iterator[Finding]:
    """See which modules, and which that they require, are installed outside the search path."""
    yield from _required(env)
    hidden = hidden_by_tool(env)
    for library in env.libraries:
        found = fitting(env, library)
        if not absent(library) or not found or library in hidden:
            continue
        decided = env.pkgconfig
        searched = ":".join(decided.search_path) or "nothing"
        setting = decided.libdir or decided.path
        reason = f", because of {setting.name}" if setting is not None else ""
        if decided.search_path and set(decided.search_path) == set(decided.absent):
            reason += "; this folder does not exist"
        yield Finding(
            message=f"{found[0].path} is not on pkg-config's search path",
            severity=Severity.ERROR,
            evidence=(
                Evidence(f"version {found[0].version or 'unknown'}", found[0].path),
                Evidence(f"{searched}{reason}", where="pkg-config's search path"),
            ),
            consequence=f"The build script reports that the system library {library.module} was not found.",
            fixes=(_fix(env, hidden),),
        )


def _required(env: Environment) -> Iterator[Finding]:
    reported = set()
    for library in env.libraries:
        for missing in library.missing:
            if not missing.elsewhere or missing.elsewhere in reported:
                continue
            reported.add(missing.elsewhere)
            searched = ":".join(env.pkgconfig.search_path) or "nothing"
            yield Finding(
                message=f"{missing.elsewhere}, required by {missing.required_by}, is not on pkg-config's search path",
                severity=Severity.ERROR,
                evidence=(
                    Evidence(f"{missing.required_by} requires {missing.module}", where=f"`{library.command}`"),
                    Evidence(searched, where="pkg-config's search path"),
                ),
                consequence=f"The build script reports that {library.module} was not found, although it is installed.",
                fixes=(_fix(env, hidden_by_tool(env)),),
            )


def _fix(env: Environment, hidden: list[Library]) -> Fix:
    """Return one fix for all modules outside the search path: no second run is needed, and found ones stay found."""
    decided = env.pkgconfig
    configuration = pkgconfig_configuration(env)
    folders = dict.fromkeys(
        os.path.dirname(fitting(env, library)[0].path)
        for library in env.libraries
        if absent(library) and fitting(env, library) and library not in hidden
    )
    folders |= dict.fromkeys(
        os.path.dirname(missing.elsewhere)
        for library in env.libraries
        for missing in library.missing
        if missing.elsewhere
    )
    libdir = decided.libdir
    if not env.cross and libdir is not None and leads_nowhere(env, libdir):
        configuration += Configuration(gone=(libdir,))
        libdir = None
    forced = any(name == "PKG_CONFIG_LIBDIR" for name, _ in decided.sets)
    covered: Iterable[str] = decided.default_path if libdir is None and not forced else ()
    if configuration.variables:
        covered = (f"/usr/lib/{env.target.multiarch}/pkgconfig", "/usr/share/pkgconfig")
    extra = [folder for folder in folders if folder not in covered]
    if extra:
        variable, before = ("PKG_CONFIG_PATH", decided.path) if libdir is None else ("PKG_CONFIG_LIBDIR", libdir)
        kept = before.value.split(":") if before is not None else []
        order = (*extra, *kept) if libdir is None else (*kept, *extra)
        value = ":".join(dict.fromkeys(filter(None, order)))
        configuration += Configuration(((own_name(env, variable), value),))
    gone = " and ".join(f"unset {setting.name}, whose folder does not exist" for setting in configuration.gone)
    search = "search the folder for this target" if configuration.variables else ""
    return fix(env, ", and ".join(filter(None, (gone, search))), configuration=configuration)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a missing module that the same log shows as installed, or an impossible search path."""
    for probe in log.probes:
        if reason(log, probe) is not PkgConfigReason.ELSEWHERE:
            continue
        lines = present(log, probe)
        searched = next((value for name, value in probe.environ.items() if name in _PATHS), "pkg-config's own folders")
        yield finding_from_hits(
            log,
            [*lines[:2], *probe.hits],
            f"{probe.module}.pc is installed, but pkg-config searches {searched}",
            "The build script reports that the library was not found.",
            advise(log, probe.line, _search, probe, probe=probe),
        )


_PATHS = ("PKG_CONFIG_LIBDIR", "PKG_CONFIG_PATH")


def _search(env: Environment, probe: Probe) -> list[Fix]:
    if env.cross and env.target.multiarch:
        suffix = env.target.env_name
        folders = f"/usr/lib/{env.target.multiarch}/pkgconfig:/usr/share/pkgconfig"
        own = Configuration(((f"PKG_CONFIG_ALLOW_CROSS_{suffix}", "1"), (f"PKG_CONFIG_LIBDIR_{suffix}", folders)))
        return [fix(env, "search the target's own folders", configuration=own)]
    name = f"PKG_CONFIG_PATH_{env.target.env_name}"
    return [
        Fix(f"add the folder that contains {probe.module}.pc", env=((name, "FOLDER"),), notes="FOLDER is that folder.")
    ]


leads_to = stops_openssl
