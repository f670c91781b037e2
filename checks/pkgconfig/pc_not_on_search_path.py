"""The library's ``.pc`` file is installed, but in a folder that pkg-config does not search.

Debian keeps each architecture's files in a folder of its own, ``/usr/lib/<triplet>/pkgconfig``, and the triplet is not
Rust's target triple (``arm-unknown-linux-gnueabihf`` has its files in ``arm-linux-gnueabihf``). A pkg-config that was
not told so searches the host's folders, or only the one that a variable names: ``PKG_CONFIG_LIBDIR`` replaces the
default folders, ``PKG_CONFIG_PATH`` comes before them.

Mend it: point the target's own variable to the folder, so that build scripts' own dependencies still get the host's.

References:
    https://wiki.debian.org/Multiarch/Tuples
    https://docs.rs/pkg-config/latest/pkg_config/
"""

from __future__ import annotations

import os

from checks._configuration import Configuration, pkgconfig_configuration
from checks._env import fitting
from checks._fixes import fix
from checks._log import advise, found
from checks._searched import Reason, present, reason
from checks.pkgconfig._search import absent, hidden_by_tool
from diagnose.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.named import TYPE_CHECKING
from diagnose.readers.env import Environment
from diagnose.readers.pkgconfig import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Probe

PHASE = Phase.SEARCH


def env(env: Environment) -> Iterator[Finding]:
    """See which modules are installed where nobody looks."""
    hidden = hidden_by_tool(env)
    for library in env.libraries:
        found = fitting(env, library)
        if not absent(library) or not found or library in hidden:
            continue
        decided = env.pkgconfig
        searched = ":".join(decided.search_path) or "nothing"
        setting = decided.libdir or decided.path
        reason = f", because {setting.name} says so" if setting is not None else ""
        yield Finding(
            message=f"{found[0].path} is not on pkg-config's search path",
            severity=Severity.ERROR,
            evidence=(
                Evidence(f"version {found[0].version or 'unknown'}", found[0].path),
                Evidence(f"{searched}{reason}", where="pkg-config's search path"),
            ),
            consequence=f"The build script says that the system library {library.module} was not found.",
            fixes=(fix(env, "search the folder for this target", configuration=_configuration(env, found[0])),),
        )


def _configuration(env: Environment, found: Candidate) -> Configuration:
    configuration = pkgconfig_configuration(env)
    folder = os.path.dirname(found.path)
    standard = (f"/usr/lib/{env.target.multiarch}/pkgconfig", "/usr/share/pkgconfig")
    if configuration.variables and folder in standard:
        return configuration
    own = Configuration(((f"PKG_CONFIG_PATH_{env.target.env_name}", folder),))
    return configuration + own


def log(log: BuildLog) -> Iterator[Finding]:
    """See a module missed that the same log shows installed, or a search path that cannot be right."""
    for probe in log.probes:
        if reason(log, probe) is not Reason.ELSEWHERE:
            continue
        lines = present(log, probe)
        searched = next((value for name, value in probe.environ.items() if name in _PATHS), "pkg-config's own folders")
        yield found(
            log,
            [*lines[:2], *probe.hits],
            f"{probe.module}.pc is installed, but not in {searched}, where pkg-config looks",
            "The build script says that the library was not found.",
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
    return [Fix(f"add the folder that holds {probe.module}.pc", env=((name, "FOLDER"),), notes="FOLDER stands for it.")]
