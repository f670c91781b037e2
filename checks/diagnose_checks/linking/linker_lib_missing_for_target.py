"""pkg-config answers, but the library is neither in the folders that it names nor in the linker's default folders.

The ``.pc`` file exists and the library does not. Causes are files copied from only a part of a package, a ``prefix`` in
the ``.pc`` file that differs from the place of installation, or a private library that only a static link needs.

How to fix: install the whole development package for the target, or correct the prefix.

References:
    https://sourceware.org/binutils/docs/ld/Options.html (``-l``)
"""

from __future__ import annotations

from diagnose.authoring.environment import answer_evidence, with_outcome
from diagnose.authoring.link_step import missing_libraries
from diagnose.authoring.log import advise, finding_from_hits
from diagnose.authoring.overrides import broken_override_finding, unset_override_fix
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.readers.env import Environment
from diagnose.readers.pkgconfig.pkgconfig_facts import Library
from diagnose.remedies.fix import fix, with_zig
from diagnose.remedies.install import cross_compiler, install, system, tool
from diagnose.remedies.libraries import install_fixes, reinstall
from diagnose.remedies.package_names import library_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.elf.library import LinkFile

CHECK = Check(since="0.1.0", phase=Phase.LINK)

#: Libraries of the compiler and the C library: toolchain-crt-missing reports them.
_TOOLCHAIN = frozenset({"atomic", "c", "crypt", "dl", "gcc", "gcc_s", "m", "pthread", "resolv", "rt", "stdc++", "util"})


def env(env: Environment) -> Iterator[Finding]:
    """See which flags match no file."""
    for library in with_outcome(env, "misdirected"):
        if library.module != "openssl":  # openssl-sys has its own words for it
            yield broken_override_finding(env, library, "The build script or the linker fails.")
    named: set[str] = set()
    for library, file in env.link_files():
        if file.name in named or not env.toolchain.linker.found:
            continue  # said already; or the folders that the linker searches come with it
        if file.kind != "missing" or (file.name in _TOOLCHAIN and not _complete(env)):
            continue  # without its start files the whole toolchain is missing
        named.add(file.name)
        name = _file(file.name)
        searched = ", ".join((*file.searched, *(("the linker's own folders",) if library.alone else ()))) or "no folder"
        yield Finding(
            message=(
                f"the linker does not find {name}, which {library.crate} links without pkg-config"
                if library.alone
                else f"the linker does not find {name}, which pkg-config names for {library.module}"
            ),
            severity=Severity.ERROR,
            evidence=(
                Evidence(f"-l{file.name}; searched {searched}", library.pc)
                if library.pc
                else answer_evidence(library)._replace(detail=f"-l{file.name}; searched {searched}"),
            ),
            consequence=f'Linking fails: "cannot find -l{file.name}".',
            fixes=_owner(env, library, file),
        )


def _complete(env: Environment) -> bool:
    return all(file.path for file in env.toolchain.start_files)


def _owner(env: Environment, library: Library, file: LinkFile) -> tuple[Fix, ...]:
    """Return fixes that install *file*: the module's own library, or one that a static link adds."""
    if library.alone:
        return (
            *((unset_override_fix(env, library),) if library.directed_by else ()),
            *install_fixes(env, library.module),
        )
    if file.name in _TOOLCHAIN:
        packages = cross_compiler(system(env), env.target) if env.cross else tool(system(env), "cc")
        return (fix(env, "install the whole compiler", packages),) if packages else with_zig(env)
    module = library_module(file.name, env.distro.codename)
    if module and module != library.module and any(other.kind != "missing" for other in library.files):
        return install_fixes(env, module, asked=False)
    return reinstall(env, library.module)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker find no file of a name, without having skipped one."""
    missed: dict[tuple[str, Target | None], list[Hit]] = {}
    for link in log.links:
        target = link.target or (log.target_at(link.line) if log.cross_at(link.line) is not False else None)
        for lib, hits in missing_libraries(log, link).items():
            missed.setdefault((lib, target), []).extend(hits)
    for (lib, target), hits in missed.items():
        yield finding_from_hits(
            log,
            hits,
            f"the linker does not find {_file(lib)}{f' for {target.triple}' if target else ''}",
            "Linking fails.",
            (
                *advise(log, hits[0].line, _bring, lib, target),
                *((_LOCAL,) if any("rust-lld" in hit.text for hit in hits) else ()),
            ),
        )


#: lld has no folders of its own: it searches those that gcc names, and /usr/local/lib is not among them.
_LOCAL = Fix(
    "if the library is in /usr/local/lib: name the folder",
    env=(("LIBRARY_PATH", "/usr/local/lib"),),
    notes="rust-lld, the default of Rust 1.90 and later on x86-64 Linux, does not search it; GNU ld does.",
)


def _file(lib: str) -> str:
    """Return the file name that the linker searches for: ``-l:`` takes a complete one."""
    return lib[1:] if lib.startswith(":") else f"lib{lib}"


def _bring(env: Environment, lib: str, target: Target | None) -> tuple[Fix, ...]:
    from diagnose.readers.buildlog.linking import stem  # only who reads logs needs its patterns

    env = env._replace(target=target or env.target)
    module = library_module(stem(_file(lib)), env.distro.codename)
    if module:
        return install_fixes(env, module)
    packages = _PACKAGES.get(lib, {}).get(env.distro.family, ())
    if packages and not env.cross:
        return (Fix(f"install {' '.join(packages)}", install(system(env), packages), safe=True),)
    name = _file(lib) if lib.startswith(":") else f"{_file(lib)}.so"
    return (Fix(f"install the development package that contains {name} for {env.target.triple}"),)


_FORTRAN: dict[str, tuple[str, ...]] = {"debian": ("gfortran",), "rhel": ("gcc-gfortran",), "alpine": ("gfortran",)}
#: Libraries without a .pc file → packages that hold the file for the linker, by family.
_PACKAGES: dict[str, dict[str, tuple[str, ...]]] = {
    "gfortran": _FORTRAN,
    "quadmath": _FORTRAN,
    "gomp": {"debian": ("gcc",), "rhel": ("gcc",), "alpine": ("gcc",)},
    "omp": {"debian": ("libomp-dev",), "rhel": ("libomp-devel",), "alpine": ("openmp-dev",)},
    "clang": {"debian": ("libclang-dev",), "rhel": ("clang-devel",), "alpine": ("clang-dev",)},
    "c++": {"debian": ("libc++-dev",), "rhel": ("libcxx-devel",), "alpine": ("libc++-dev",)},
}
