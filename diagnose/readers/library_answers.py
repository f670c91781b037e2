"""The answer that a crate gets for a library: from pkg-config, from variables, or without either."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.cargo import build_tools, needs
from diagnose.readers.cargo.project import COMPILING
from diagnose.readers.pkgconfig import resolver as pkgconfig
from diagnose.readers.pkgconfig import sys_crate_overrides
from diagnose.readers.pkgconfig.pkgconfig_facts import Library
from diagnose.tables import own_copies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.build_tools import ToolNeed
    from diagnose.readers.cargo.lock import Crate
    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.cargo.variables import Variables

#: The outcomes of a library that was found, whatever its files are worth.
ANSWERED = ("found", "wrong-arch", "file-missing", "overridden")


def wanted(libs: Sequence[str], project: Project, variables: Variables, target: Target) -> list[needs.Need]:
    """Return the modules that are needed: *libs*, as the user names them, or else those of *project*."""
    return [needs.asked_for(name) for name in libs] or [
        need
        for need in project.needs
        if not need.optional or sys_crate_overrides.insists(need.crate, variables, target)
    ]


def answers(
    prober: pkgconfig.Prober, asked: Iterable[needs.Need], project: Project, cross: bool
) -> tuple[tuple[Library, ...], tuple[ToolNeed, ...]]:
    """Return what the crates get for the modules *asked*, and the tools of *project* that this kind of build needs."""
    overridden = needs.overridden(project.overrides)
    libraries = tuple(probe(prober, need, overridden) for need in asked)

    def has(module: str) -> bool:
        return probe_module(prober, needs.Need(module), {}).outcome in ANSWERED

    def is_set(name: str) -> bool:
        return prober.variables.get(name) is not None

    return libraries, build_tools.remaining(project.tools, cross, has, is_set)


def copying(project: Project) -> tuple[Crate, ...]:
    """Return the crates of *project* that may compile their own copy of the library that they link."""
    return tuple(crate for crate in project.crates if not crate.local and "cc" in crate.dependencies and _row(crate))


def _row(crate: Crate) -> own_copies.OwnCopy | None:
    row = own_copies.table().get(crate.name)
    return None if row is None or row.absent == "no" else row


def copied(prober: pkgconfig.Prober, project: Project, crates: Iterable[Crate], target: Target) -> Iterator[str]:
    """Yield the names of the *crates* that surely compile it, because pkg-config does not find the library."""
    for crate in crates:
        row = _row(crate)
        if row is None:
            continue
        if row.absent.startswith("$") and prober.variables.get(row.absent[1:]) is None:
            yield crate.name
            continue
        asked = [need for need in project.needs if need.crate == f"{crate.name} {crate.version}"]
        insists = sys_crate_overrides.insists(f"{crate.name} {crate.version}", prober.variables, target)
        if asked and not insists and all(probe(prober, need, {}).outcome in _ABSENT for need in asked):
            yield crate.name


#: The outcomes of a question for a library after which a crate compiles its own copy, if it can.
_ABSENT = frozenset({"tool-missing", "tool-failed", "cross-refused", "not-found", "disabled"})


def likely(prober: pkgconfig.Prober, project: Project) -> Iterator[Library]:
    """Yield the failure of the first module that each build script names, where the others fail, too.

    Where the crate can compile something, that may be a copy of its own.
    """
    compiling = {f"{one.name} {one.version}" for one in project.crates if COMPILING & set(one.dependencies)}
    for crate, modules in project.named:
        if crate in compiling:
            continue
        library = probe(prober, needs.Need(modules[0], crate, others=modules[1:]), needs.overridden(project.overrides))
        if library.outcome not in ANSWERED:
            yield library


def probe(prober: pkgconfig.Prober, need: needs.Need, overridden: Mapping[str, str]) -> Library:
    """Return what the crate gets: the first module that answers; if none does, the failure of the first."""
    first = probe_module(prober, need, overridden)
    others = need.others if first.outcome not in ANSWERED else ()
    tried = (probe_module(prober, need._replace(module=module), overridden) for module in others)
    return next((library for library in tried if library.outcome in ANSWERED), first)


def probe_module(prober: pkgconfig.Prober, need: needs.Need, overridden: Mapping[str, str]) -> Library:
    """Return what the crate gets for the module of *need* alone."""
    path = overridden.get(need.links) or overridden.get(f"module {need.module}")
    if path:
        return Library(need.module, "overridden", need.requirement, crate=need.crate, overridden_by=path)
    if need.key:
        own = sys_crate_overrides.system_deps(need.key, prober.variables)
        need = need._replace(static=own.static is not None)
        if own.no_pkg_config or own.internal == "always":
            return _by_system_deps(prober, need, own)
        library = prober.probe(need.module, need.requirement, need.static, need.crate, system_libs=False)
        library = library._replace(static_by=own.static)
        if library.outcome not in ("found", "wrong-arch", "file-missing"):
            # With "auto", the build script may build a copy of its own instead.
            return library._replace(outcome="unknown", directed_by=own.settings) if own.internal == "auto" else library
        return library if own.libs is None and own.folders is None else _by_system_deps(prober, need, own, library)
    way = sys_crate_overrides.way(need.crate or needs.asker(need.module))
    direction = sys_crate_overrides.find(way, prober.root, prober.variables, prober.target) if way else None
    if way and direction:
        return prober.linked(need.module, way.libs, direction, need.crate)
    alone = way is not None and not way.asks and bool(need.crate)
    if way and alone:
        return prober.linked(need.module, way.libs, None, need.crate)
    library = prober.probe(need.module, need.requirement, need.static, need.crate, system_libs=need.system_libs)
    if need.also and library.outcome in ANSWERED:
        second = prober.probe(need.module, need.also, need.static, need.crate, system_libs=need.system_libs)
        library = library if second.outcome in ANSWERED else second
    answered = ("found", "wrong-arch", "file-missing", *(("cross-refused",) if way and way.guarded else ()))
    if way and need.crate and way.alone and library.outcome not in answered:
        return prober.linked(need.module, way.libs, None, need.crate)
    return library


def _by_system_deps(
    prober: pkgconfig.Prober, need: needs.Need, own: sys_crate_overrides.SystemDeps, answer: Library | None = None
) -> Library:
    """Return what a crate gets for *need* whose system-deps reads variables, in place of *answer*'s parts."""
    if own.internal == "always" and not own.no_pkg_config:
        return Library(need.module, "unknown", crate=need.crate, directed_by=own.settings)
    names = own.libs if own.libs is not None else tuple(answer.links.names) if answer else ()
    folders = own.folders if own.folders is not None else answer.link_dirs if answer else ()
    lacking = () if names else (f"no SYSTEM_DEPS_…_LIB names the libraries of {need.module}",)
    direction = sys_crate_overrides.Direction(own.settings, folders, lacking)
    return prober.linked(need.module, names, direction, need.crate)
