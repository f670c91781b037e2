"""Fixes for a missing library: install it, let a crate build it, build it from source, reinstall it."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Command, Fix, FixStage
from diagnose.readers.pkgconfig.sys_crate_overrides import forbidding
from diagnose.remedies.configuration import pkgconfig_configuration
from diagnose.remedies.fix import fix
from diagnose.remedies.install import AGAIN, APT_FILE, module, system, unavailable_reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.readers.env import Environment


def install_fixes(
    env: Environment, name: str, commands: tuple[Command, ...] = (), *, asked: bool = True
) -> tuple[Fix, ...]:
    """Return the ways to bring the module *name* for the target, the best first, with *commands* to follow.

    *asked* is False for a module that a crate does not ask for itself, so that no crate can build it either.
    """
    here = system(env)
    fixes = _did_you_mean(env, name)
    if not fixes:
        from diagnose.remedies.package_names import spelled

        name = spelled(name)
    package = module(here, name, env.target)
    if package and is_installed(env, package):
        fixes += reinstall(env, name)
    elif package:
        fixes.append(
            fix(
                env,
                f"install {package}, which holds {name}.pc for {env.target.triple}",
                (package,),
                pkgconfig_configuration(env),
                commands,
                notes=" ".join(filter(None, (_by_release(env, name, package), _extra_folder(env, name)))),
            )
        )
    elif not unavailable_reason(here, env.target):
        fixes += _searching(env, name)
    fixes += vendored(env, name) if asked else []
    if unavailable_reason(here, env.target):
        fixes.append(build_from_source_fix(env, name))
    return tuple(fixes)


def installable(env: Environment, name: str) -> str:
    """Return the package that brings the module *name* for the target and is not installed yet; empty if unknown."""
    package = module(system(env), name, env.target)
    return "" if not package or is_installed(env, package) else package


def install_together(env: Environment, names: Iterable[str]) -> Fix:
    """Return one fix that installs the packages of several modules, each of which is :func:`installable`."""
    names = list(names)
    packages = tuple(dict.fromkeys(installable(env, name) for name in names))
    notes = " ".join(filter(None, (_extra_folder(env, name) for name in names)))
    title = f"install the development packages of all {len(names)}"
    return fix(env, title, packages, pkgconfig_configuration(env), notes=notes)


def is_installed(env: Environment, package: str) -> bool:
    """Whether dpkg has *package* (``NAME`` or ``NAME:ARCH``) already, so that installing it would do nothing."""
    name, _, architecture = package.partition(":")
    native = env.apt.native if env.apt else ""
    return env.distro.manager == "apt" and env.installed(name, architecture or native) is not None


def _by_release(env: Environment, name: str, package: str) -> str:
    """Return which package has *name* in other releases, where it is not known which release this is."""
    if env.distro.family != "debian" or env.distro.codename:
        return ""
    from diagnose.tables import debian_pc

    others: dict[str, list[str]] = {}
    for suite in debian_pc.releases(name):
        owner = debian_pc.providers(name, suite)[0].package
        if owner != package.partition(":")[0]:
            others.setdefault(owner, []).append(suite)
    return "".join(f"In Debian's {' and '.join(suites)} it is {owner}. " for owner, suites in others.items()).strip()


def _extra_folder(env: Environment, name: str) -> str:
    if env.distro.family != "debian":
        return ""
    from diagnose.tables.debian_pc import providers

    found = providers(name, env.distro.codename)
    if not found or found[0].searched:
        return ""
    folder = found[0].folder.replace("@", env.target.multiarch)
    return (
        f"The file is in {folder}, which is not searched by default: add it to PKG_CONFIG_PATH_{env.target.env_name}."
    )


_SEARCH = {
    "apt": f"{APT_FILE} /{{name}}.pc",
    "dnf": "dnf provides '*/{name}.pc'",
    "yum": "yum provides '*/{name}.pc'",
    "zypper": "zypper what-provides 'pkgconfig({name})'",
    "apk": "apk search pc:{name}",
    "pacman": "pacman -F {name}.pc",
}


def _did_you_mean(env: Environment, name: str) -> list[Fix]:
    """Return what to ask for instead of *name*, where the user gave it and no distribution is known to have it."""
    from diagnose.tables import debian_pc, modules

    library = env.library(name)
    if library is None or library.crate:
        return []
    if name in modules.rows() or debian_pc.releases(name):
        return []
    from diagnose.remedies.package_names import meant

    found = meant(name, env.distro.codename)
    if not found:
        return []
    return [
        Fix(
            f"ask for {' or '.join(found)}, if that is what is meant",
            notes=f"No distribution is known to have {name}.pc: pkg-config's names are often not the package's.",
        )
    ]


def _searching(env: Environment, name: str) -> list[Fix]:
    from diagnose.tables import debian_pc

    command = _SEARCH.get(env.distro.manager)
    if not command:
        return [Fix(f"install the development files of {name}", notes="No package manager is known here.")]
    releases = debian_pc.releases(name) if env.distro.family == "debian" else []
    own = f"A library of your own has to have its lib/pkgconfig in PKG_CONFIG_PATH_{env.target.env_name}."
    if releases:  # to search this release would find nothing
        return [
            Fix(
                f"build {name} from its own source, or build on a release that has it",
                notes=f"Debian has it in {', '.join(releases)}, and not in this release. Meson's WrapDB may have it: "
                f"`meson wrap search {name}`. {own}",
            )
        ]
    from shlex import quote

    # A manifest or a log may name what a shell would take apart: then there is no command to copy.
    asks = f"`{command.format(name=name)}` asks the package manager. " if quote(name) == name else ""
    return [
        Fix(
            f"find the package that holds {name}.pc, and install it",
            notes=(f"No such package is known. {asks}{own}"),
        )
    ]


def vendored(env: Environment, name: str) -> list[Fix]:
    """Return the way to let a crate build the library of the module *name* itself, if one is known."""
    from diagnose.tables.modules import VENDORED

    ways = [way for way in VENDORED.get(name, ()) if not env.project.lock or env.project.locked(way.crate)]
    if not ways:
        return []
    way = ways[0]
    crate = env.project.locked(way.crate)
    wanted = f"{way.crate}@{crate.version}" if crate else way.crate
    if way.loaded:
        title = f"open {name} at run time only, with the crate's own feature `{way.feature}`"
        notes = "Nothing is needed for the build then; the library has to be on every machine that uses the wheel."
    else:
        title = f"build {name} from source with the crate's own feature `{way.feature}`"
        compiler = f"a C compiler for the target{f', with {way.tools}' if way.tools else ''}"
        notes = f"This needs {compiler}, and no package of its libraries."
        if way.needs:
            notes = f"This needs {compiler}, and {way.needs} for the target: by its package, or built from source too."
    commands = [Command(f"cargo add {wanted} --features {way.feature}", FixStage.BUILD)]
    if way.needs:
        anew = env._replace(project=env.project._replace(lock=""))  # it comes into the lock file by this very feature
        commands += [command for other in vendored(anew, way.needs) for command in other.commands]
    forbids = forbidding(way.crate, env.variables, env.target)
    if forbids is None:
        return [Fix(title, tuple(commands), notes=notes)]
    notes += f" It is forbidden by {forbids.where}, which takes precedence over the feature."
    return [Fix(title, tuple(commands), notes=notes, unset=() if forbids.path else (forbids.name,))]


def build_from_source_fix(env: Environment, name: str) -> Fix:
    """Return the way that always works: a system of the target's own, whose packages fit."""
    policy = env.container.policy or (env.policy if "linux_" in env.policy else "")
    plain = "Alpine, or a musllinux image," if env.target.libc == "musl" else "a container"
    image = f"the pypa image for {policy} on {env.target.wheel}" if policy else plain
    reason = unavailable_reason(system(env), env.target)
    why = f"{reason[0].upper()}{reason[1:]}. " if reason else ""
    return Fix(
        f"build {name} for {env.target.triple} yourself, or build the wheel on a system of that architecture",
        notes=(
            f"{why}Build its source with the target's compiler and a --prefix of its own, "
            f"and point PKG_CONFIG_LIBDIR_{env.target.env_name} to its lib/pkgconfig; or build in {image} of the "
            "target's own architecture, natively or under emulation, where the packages fit."
        ),
    )


def reinstall(env: Environment, name: str) -> tuple[Fix, ...]:
    """Return the ways to make the installed but damaged module *name* whole."""
    here = system(env)
    package = module(here, name, env.target)
    if not package or here.manager not in AGAIN:
        return install_fixes(env, name)
    packages = [package]
    if env.packages is not None and here.family == "debian":
        packages += _runtime(env, package)
    return (fix(env, f"install {' and '.join(packages)} again", packages, again=True),)


def _runtime(env: Environment, package: str) -> list[str]:
    """Return the installed libraries of the same version and architecture, which a Debian -dev package links to."""
    name, _, architecture = package.partition(":")
    development = env.installed(name, architecture or (env.apt.native if env.apt else ""))
    if development is None:
        return []
    stem = name.removesuffix("-dev")
    return [
        other.name + (f":{architecture}" if architecture else "")
        for other in env.packages or ()
        if other.name.startswith(stem)
        and other.name != name
        and (other.version, other.architecture) == (development.version, development.architecture)
    ]
