"""A machine, or a root in a folder, as a place to build: every fact that the checks of an environment judge."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from diagnose import targets
from diagnose.finding import InputError
from diagnose.readers import distro, pkgconfig
from diagnose.readers.apt import Apt, Package, RpmRepo
from diagnose.readers.cargo import Ignored, Project
from diagnose.readers.distro import Container, Distro
from diagnose.readers.pkgconfig import Library, PkgConfig
from diagnose.readers.root import Root
from diagnose.readers.toolchain import Program, Rust, Toolchain
from diagnose.readers.variables import Setting, Variables
from diagnose.targets import Target


class Environment(NamedTuple):
    """Everything that is known of one place to build.

    ``root`` is the folder that was inspected, ``live`` whether it is this machine's own ``/`` (then programs may be
    run). ``target_from`` is the setting that named the target, None where it is the host or was asked for
    (``target_asked``). ``pkgconfig`` and ``libraries`` are the pkg-config crate's decisions and answers for the target;
    in a cross build ``host_pkgconfig`` and ``host_libraries`` are those that a build script's own dependencies get for
    the host. ``apt`` is None where there is no apt. ``packages`` are all installed packages, None where they were not
    read: nothing asked for them, or this root's package database needs a program of its own. ``policy`` is the platform
    tag asked for, with or without architecture, or empty. ``ignored`` are variables that nothing reads. ``unseen`` says
    in plain words what could not be looked at.
    """

    root: str
    live: bool
    host: Target
    target: Target
    distro: Distro
    container: Container
    variables: Variables
    pkgconfig: PkgConfig
    toolchain: Toolchain
    project: Project = Project()
    libraries: tuple[Library, ...] = ()
    host_pkgconfig: PkgConfig | None = None
    host_libraries: tuple[Library, ...] = ()
    apt: Apt | None = None
    rpm_repos: tuple[RpmRepo, ...] = ()
    packages: tuple[Package, ...] | None = None
    policy: str = ""
    policy_from: Setting | None = None
    target_from: Setting | None = None
    target_asked: bool = False
    ignored: tuple[Ignored, ...] = ()
    cwd: str = ""
    unseen: tuple[str, ...] = ()

    @property
    def cross(self) -> bool:
        """Whether the build is a cross build: target and host differ as triples (so gnu to musl is one)."""
        return self.target.triple != self.host.triple

    def installed(self, name: str, architecture: str = "") -> Package | None:
        """Return the installed package of that name (and architecture), or None."""
        for package in self.packages or ():
            if package.name == name and architecture in ("", package.architecture):
                return package
        return None


def read(
    root: str = "/",
    target: str | None = None,
    libs: Iterable[str] = (),
    policy: str | None = None,
    cwd: str = ".",
    environ: Mapping[str, str] | None = None,
) -> Environment:
    """Look at *root* as a place to build for *target* against the pkg-config modules *libs*.

    *cwd* is where the Cargo project is looked for, *environ* the process environment (this one's by default; for a
    foreign root, whose environment cannot be known, none).

    Raises:
        InputError: *root* is no folder, *target* no known name, or a file that must be understood is broken.
    """
    place = Root(root)
    if environ is None:
        environ = os.environ if place.live else {}
    variables = Variables(environ, {})
    here = distro.read(place)
    host = _host(place)
    row = host
    if target is not None:
        found = targets.resolve(target)
        if found is None:
            hint = " or ".join(targets.suggest(target))
            raise InputError(f"{target}: no architecture has this name" + (f"; did you mean {hint}?" if hint else ""))
        row = found
    search = environ.get("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")

    def program(name: str, setting: Setting | None = None) -> Program:
        return Program(name, place.which(name, search), setting=setting)

    chosen = pkgconfig.targeted(variables, "PKG_CONFIG", row.triple, host.triple)
    allowed, allowed_by = pkgconfig.guard(variables, row.triple, host.triple)
    decided = PkgConfig(
        triple=row.triple,
        host=host.triple,
        program=program(chosen.value if chosen else "pkg-config", chosen),
        allowed=allowed,
        allowed_by=allowed_by,
    )
    modules = [Library(name, "not-found" if allowed else "cross-refused") for name in libs]
    return Environment(
        root=root,
        live=place.live,
        host=host,
        target=row,
        distro=here,
        container=distro.container(place, environ, here),
        variables=variables,
        pkgconfig=decided,
        toolchain=Toolchain(
            linker=program("cc"),
            cc=program("cc"),
            host_linker=program("cc"),
            host_cc=program("cc"),
            rust=Rust(program("cargo"), program("rustc")),
            patchelf=program("patchelf"),
        ),
        libraries=tuple(modules),
        policy=policy or "",
        target_asked=target is not None,
        cwd=os.path.abspath(cwd),
        unseen=tuple(place.unseen),
    )


def _host(root: Root) -> Target:
    row = targets.resolve(os.uname().machine)
    if row is None:
        raise InputError(f"{os.uname().machine}: an architecture that is not known")
    return row


def facts(env: Environment) -> dict[str, Any]:
    """Return the facts as plain data, for JSON."""
    return {"distribution": env.distro.name, "host": env.host.triple, "target": env.target.triple}
