"""The library's development files for the target are not installed.

A crate asks pkg-config for a module by name, and no ``NAME.pc`` for the target's architecture is installed. The
packages of the runtime library, the daemon and the command-line tool do not contain that file; the development package
does. A cross build needs the development package of the target's architecture, in addition to or instead of the host's.

How to fix: install the development package (``-dev`` in Debian and Alpine, ``-devel`` in RPM distributions). For a
foreign architecture, run ``dpkg --add-architecture`` and install ``NAME:ARCH``. If no package fits because the target's
C library is another one or an older one, let the crate build the library from source, or build on a system of the
target.

References:
    https://wiki.debian.org/Multiarch/HOWTO
    https://www.freedesktop.org/wiki/Software/pkg-config/
"""

from __future__ import annotations

from diagnose.authoring.consequences import stops_openssl
from diagnose.authoring.environment import UNASKED, fitting
from diagnose.authoring.log import advise, finding_from_hits
from diagnose.authoring.pkgconfig import absent
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.pattern import PROBE_KINDS
from diagnose.model.versions import newer
from diagnose.remedies.libraries import install_fixes, install_together, installable, vendored
from diagnose.tables import debian_pc
from diagnose_checks.pkgconfig._triage import PkgConfigReason, own_copy, reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from diagnose.readers.buildlog import BuildLog, Probe
    from diagnose.readers.env import Environment
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library

CHECK = Check(since="0.1.0", phase=Phase.SEARCH, log_kinds=PROBE_KINDS, env_facts=("libraries.!found", "likely"))


def env(env: Environment) -> Iterator[Finding]:
    """See the modules that have no ``.pc`` file for the target; those that one command installs are one finding."""
    missing: dict[str, Library] = {}  # several crates may ask for one module: the first one counts
    for library in env.libraries:
        if library.outcome == "unknown" and library.directed_by:
            continue  # a variable lets the crate build its own copy
        if library.outcome == "unknown" and library.pc:
            continue  # it is there; only the program knows what it makes of it
        if (absent(library) or library.outcome in UNASKED) and not fitting(env, library):
            missing.setdefault(library.module, library)
    useful = (module for module, library in missing.items() if not _too_old(env, library))
    together = {module for module in useful if installable(env, module)}
    if len(together) < 2:
        together = set()
    else:
        yield _several(env, [library for module, library in missing.items() if module in together])
    for module, library in missing.items():
        if module not in together:
            yield _single(env, library)
    for library in env.likely:
        lost = absent(library) or library.outcome in UNASKED
        if lost and library.module not in missing and not fitting(env, library):
            yield _single(env, library)._replace(
                severity=Severity.WARNING,
                consequence=f"The build script of {library.crate}, which names this module, may stop.",
            )


def _single(env: Environment, library: Library) -> Finding:
    asker = f"the build script of {library.crate}" if library.crate else "the build script"
    if library.outcome in UNASKED:
        consequence = f"When pkg-config runs, {asker} reports that {library.module} was not found."
    else:
        consequence = f"{asker[0].upper()}{asker[1:]} reports that the system library {library.module} was not found."
    if old := _too_old(env, library):
        package, version, where = old
        return Finding(
            message=f"no {library.module}.pc for {env.target.triple} is installed, and {package} {version} is too old",
            severity=Severity.ERROR,
            evidence=(
                Evidence(f"requires {library.module} {library.requirement}", where=library.crate or "the command line"),
                Evidence(f"{package} {version}", where=where),
            ),
            consequence=f"{consequence} With {package} {version} installed, it reports the version.",
            fixes=(*vendored(env, library.module), *own_copy(library.module), _own_build(env, library)),
        )
    return Finding(
        message=f"no {library.module}.pc for {env.target.triple} is installed",
        severity=Severity.ERROR,
        evidence=(_evidence(env, library), *_others(library)),
        consequence=consequence,
        fixes=install_fixes(env, library.module),
    )


def _too_old(env: Environment, library: Library) -> tuple[str, str, str] | None:
    """Return package, version and source of what apt offers, if each is older than the crate requires.

    Where apt has no lists, as in an image, a table has the versions of Debian's releases.
    """
    operator, _, wanted = library.requirement.partition(" ")
    if operator != ">=" or env.apt is None:
        return None
    names = {provider.package for provider in debian_pc.providers(library.module, env.distro.codename)}
    offered, where = [(name, version) for name, version in env.apt.offers if name in names], "the package lists of apt"
    suites = {suite for source in env.apt.sources for suite in source.suites}
    if not env.apt.lists and not any("backports" in suite for suite in suites):
        offered, where = _packaged(env, sorted(names)), f"Debian {env.distro.codename}"
    return (*offered[-1], where) if _all_older(offered, wanted) else None


def _packaged(env: Environment, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return (package, version) of *names* in the release of Debian, as far as the table has them."""
    known = debian_pc.releases_versions()
    versions = ((name, known.get(name, {}).get(env.distro.codename, "")) for name in names)
    return [(name, version) for name, version in versions if version]


def _all_older(offered: Sequence[tuple[str, str]], wanted: str) -> bool:
    upstream = [version.rpartition(":")[2].partition("-")[0].partition("+")[0] for _, version in offered]
    return bool(offered) and all(newer(wanted, version) for version in upstream)


def _own_build(env: Environment, library: Library) -> Fix:
    return Fix(
        f"build {library.module} {library.requirement} from its own source, or on a release that has it",
        notes="Or use an older version of the crate. Install your own build with a --prefix, and add its lib/pkgconfig "
        f"to PKG_CONFIG_PATH_{env.target.env_name}.",
    )


def _several(env: Environment, libraries: list[Library]) -> Finding:
    names = [library.module for library in libraries]
    foreign = f" for {env.target.debian or env.target.triple}" if env.cross else ""
    return Finding(
        message=f"{len(names)} libraries lack their development package{foreign}: {', '.join(names)}",
        severity=Severity.ERROR,
        evidence=tuple(item for library in libraries for item in (_evidence(env, library), *_others(library))),
        consequence="The build scripts that ask for them report that the system libraries were not found.",
        fixes=(install_together(env, names),),
    )


def _evidence(env: Environment, library: Library) -> Evidence:
    if library.command and library.outcome not in UNASKED:
        return Evidence(library.output.strip().rpartition("\n")[2] or "not found", where=f"`{library.command}`")
    if env.distro.family == "debian" and env.target.multiarch:
        folders = f"/usr/lib/{env.target.multiarch}/pkgconfig and /usr/share/pkgconfig"
    else:
        folders = " and ".join(env.pkgconfig.search_path) or "pkg-config's default folders"
    return Evidence(f"no {library.module}.pc there", where=folders)


def _others(library: Library) -> tuple[Evidence, ...]:
    return tuple(Evidence(f"is for {found.debian}, not for the target", found.path) for found in library.candidates[:2])


def log(log: BuildLog) -> Iterator[Finding]:
    """See pkg-config or its caller report a missing module, and nothing that indicates another cause."""
    for probe in log.probes:
        if reason(log, probe) is not PkgConfigReason.ABSENT or not probe.module:
            continue
        crate = f"{probe.crate} needs it; " if probe.crate else ""
        target = log.target_at(probe.line) if log.cross_at(probe.line) else None
        message = f"no {probe.module}.pc{f' for {target.triple}' if target else ''} was found"
        if probe.wanted and probe.silent:
            message += f", or its version is not {probe.wanted}: the log hides which"
        yield finding_from_hits(
            log,
            probe.hits,
            message,
            crate + "the package of the runtime library does not contain that file.",
            (*advise(log, probe.line, _bring, probe.module, probe.wanted, probe=probe), *_ask(probe)),
        )


def _bring(env: Environment, module: str, wanted: str) -> Sequence[Fix]:
    """Return the ways to bring *module*: no package where the release's own is older than *wanted*."""
    operator, _, version = wanted.partition(" ")
    offered = _packaged(env, sorted({one.package for one in debian_pc.providers(module, env.distro.codename)}))
    if operator != ">=" or not _all_older(offered, version):
        return install_fixes(env, module)
    package, old = offered[-1]
    title = f"build {module} {wanted} from its own source, or on a newer release: {package} here is {old}"
    notes = f"Install it with a --prefix, and add its lib/pkgconfig to PKG_CONFIG_PATH_{env.target.env_name}."
    older = Fix(title, notes=f"{notes} Or use an older version of the crate.")
    return [*vendored(env, module), *own_copy(module), older]


leads_to = stops_openssl


_BARE = r"(?<=\s)([\w.+-]+ [<>]?= ?[\w.]+)(?=\s|$)"  # a version wanted, which a shell would take for more


def _ask(probe: Probe) -> tuple[Fix, ...]:
    if not probe.silent or not probe.command:
        return ()
    command = re.sub(_BARE, r"'\1'", probe.command)
    old = f" If the version is older than {probe.wanted.lstrip('>= ')}, use a newer release." if probe.wanted else ""
    return (Fix("print pkg-config's own message", notes=f"The crate hides it. Run: {command}.{old}"),)
