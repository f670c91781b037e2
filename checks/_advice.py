"""The fixes of an environment: what to install, and the minimal target-scoped configuration that they end with."""

from __future__ import annotations

import os
from collections.abc import Iterable

from checks._install import cross_compiler, install, module, packaged, system, tool
from checks.data import distributions
from diagnose.finding import Command, FileEdit, Fix, Stage
from diagnose.named import NamedTuple
from diagnose.readers.env import Environment
from diagnose.readers.pkgconfig import Library, targeted
from diagnose.readers.variables import Setting

Variables = tuple[tuple[str, str], ...]


class Configuration(NamedTuple):
    """Variables that a build for the target needs here, and the packages that they name programs of."""

    variables: Variables = ()
    packages: tuple[str, ...] = ()

    def __add__(self, other: object) -> Configuration:
        if not isinstance(other, Configuration):
            return NotImplemented
        return Configuration(
            tuple(dict((*self.variables, *other.variables)).items()),
            tuple(dict.fromkeys((*self.packages, *other.packages))),
        )


_NOTHING = Configuration()


def fix(
    env: Environment,
    title: str,
    packages: Iterable[str] = (),
    configuration: Configuration = _NOTHING,
    commands: tuple[Command, ...] = (),
    files: tuple[FileEdit, ...] = (),
    notes: str = "",
    safe: bool = True,
) -> Fix:
    """Return one fix: *packages* and those of *configuration* installed, *configuration* exported and written down."""
    here = system(env)
    if configuration.variables:
        # One file, whichever finding it is read under: everything that the target's configuration still lacks.
        lacking = (*pkgconfig_configuration(env).variables, *linker_configuration(env).variables)
        named = {name for name, _ in configuration.variables}
        rest = tuple(one for one in lacking if one[0] not in named and not _same_purpose(one[0], named))
        both = sorted((*configuration.variables, *rest), key=lambda one: one[0].startswith("CARGO_TARGET_"))
        configuration = configuration._replace(variables=tuple(both))
    names = (*packages, *configuration.packages)
    foreign = env.target.debian if any(name.endswith(f":{env.target.debian}") for name in names) else ""
    installing = install(here, names, foreign)
    if installing and env.apt is not None:
        from checks.apt._sources import serving

        files = (*files, *serving(env, foreign))
    elif installing and env.rpm_repos:
        from checks.rpm._repos import mending

        installing = (*mending(env), *installing)
    if names and not installing:
        notes = f"No package manager is known here; Debian calls it {' and '.join(names)}. {notes}".strip()
    edits, remarks = _config_edit(env, configuration.variables)
    return Fix(
        title=title,
        commands=tuple(sorted((*installing, *commands), key=lambda command: command.stage.value)),
        env=configuration.variables,
        files=(*files, *edits),
        notes=" ".join(filter(None, (notes, remarks))),
        safe=safe,
    )


def _same_purpose(name: str, named: set[str]) -> bool:
    """Whether the variables *named* already say what *name* would: both choose where pkg-config looks."""
    return name.startswith("PKG_CONFIG") and any(other.startswith("PKG_CONFIG") for other in named)


def _config_edit(env: Environment, variables: Variables) -> tuple[tuple[FileEdit, ...], str]:
    """Return the edit of cargo's configuration that sets *variables* for good, and what has to be said about it."""
    if not variables:
        return (), ""
    from diagnose import cargo_config

    own = next((file for file in env.project.config if file.own), None)
    path = _relative(env, own.path if own else _new_config(env))
    try:
        after = cargo_config.edited(own.text if own else "", variables)
    except ValueError as error:
        return (), f"{path} has to be edited by hand: {error}."
    shadowing = [name for name, _ in variables if env.variables.own(name) is not None and not name.startswith("CARGO_")]
    remarks = f"The variable {shadowing[0]} of this shell wins over the file: unset it." if shadowing else ""
    if own and own.text == after:
        return (), remarks
    return (FileEdit(path, own.text if own else None, after),), remarks


def _new_config(env: Environment) -> str:
    return os.path.join(os.path.dirname(env.project.path) or env.cwd, ".cargo", "config.toml")


def _relative(env: Environment, path: str) -> str:
    """Return *path*, of the project, as seen from the working directory: absolute paths are those of the root."""
    return os.path.relpath(path, env.cwd)


def configuration(env: Environment) -> Configuration:
    """Return everything that a cross build needs to have set here and has not: pkg-config's side and the linker."""
    return pkgconfig_configuration(env) + linker_configuration(env)


def pkgconfig_configuration(env: Environment) -> Configuration:
    """Return what makes the pkg-config crate answer, for the target alone in a cross build; nothing if it does."""
    here = system(env)
    if not env.cross or answers_for_target(env):
        return _NOTHING if env.pkgconfig.program.found else Configuration((), tool(here, "pkg-config"))
    if packaged(here, env.target) or here.family != "debian" or not env.target.multiarch:
        return _sysroot_configuration(env)
    if here.codename in distributions.NO_PKGCONF_WRAPPER or here.container == "cross-rs":
        return two_variables(env)
    program = f"{env.target.gnu}-pkg-config"
    ready = env.pkgconfig.program.found and env.pkgconfig.program.name == program
    wrapper = () if ready else ((_scoped(env, "PKG_CONFIG"), program),)
    allow = targeted(env.variables, "PKG_CONFIG_ALLOW_CROSS", env.target.triple, env.host.triple)
    refused = ((_scoped(env, "PKG_CONFIG_ALLOW_CROSS"), "1"),) if allow is not None and allow.value == "0" else ()
    packages = () if ready else (f"pkgconf:{env.target.debian}",)
    return Configuration((*wrapper, *refused, *_overriding(env)), packages)


def two_variables(env: Environment) -> Configuration:
    """Return the configuration that needs no wrapper: the target's folders, and the guard opened for the target."""
    here = system(env)
    if here.family != "debian" or not env.target.multiarch or packaged(here, env.target):
        return _NOTHING
    variables = (
        (_scoped(env, "PKG_CONFIG_ALLOW_CROSS"), "1"),
        (_scoped(env, "PKG_CONFIG_LIBDIR"), _folders(env)),
        *_overriding(env),
    )
    return Configuration(tuple(dict(variables).items()), tool(here, "pkg-config"))


def scoped(env: Environment, settings: Iterable[Setting]) -> Configuration:
    """Return *settings* with the target's name in theirs, so that the host is left alone."""
    suffix = env.target.env_name
    return Configuration(tuple((f"{setting.name}_{suffix}", setting.value) for setting in settings))


def _folders(env: Environment) -> str:
    return f"/usr/lib/{env.target.multiarch}/pkgconfig:/usr/share/pkgconfig"


def answers_for_target(env: Environment) -> bool:
    """Whether pkg-config, as it is configured, would run and look for the target's files before the host's."""
    decided = env.pkgconfig
    if not decided.allowed or (not decided.program.found and decided.libdir is None):
        return False
    theirs = [f for f in decided.search_path if env.target.multiarch and f"/{env.target.multiarch}/" in f"{f}/"]
    ours = [f for f in decided.search_path if is_host_folder(env, f)]
    if theirs and ours:
        return decided.search_path.index(theirs[0]) < decided.search_path.index(ours[0])
    return bool(theirs) or not ours


def is_host_folder(env: Environment, folder: str) -> bool:
    """Whether *folder* holds ``.pc`` files of the host alone: those of another architecture are never there."""
    if env.distro.family == "debian":
        return f"/{env.host.multiarch}/" in f"{folder}/"
    return env.target.machine != env.host.machine and folder.startswith(("/usr/lib/", "/usr/lib64/"))


def _overriding(env: Environment) -> Variables:
    """Return the variables that outrank those which would send pkg-config elsewhere than to the target's folders."""
    found = []
    for variable in ("PKG_CONFIG_LIBDIR", "PKG_CONFIG_PATH"):
        setting = targeted(env.variables, variable, env.target.triple, env.host.triple)
        if setting is not None and setting.value and _leads_astray(env, setting):
            found.append((_scoped(env, variable), _folders(env)))
    return (*found, *no_sysroot(env).variables)


def no_sysroot(env: Environment) -> Configuration:
    """Return what keeps a sysroot out of pkg-config's answers for the target; nothing if there is none."""
    sysroot = targeted(env.variables, "PKG_CONFIG_SYSROOT_DIR", env.target.triple, env.host.triple)
    if sysroot is None or not sysroot.value.rstrip("/"):
        return _NOTHING
    return Configuration(((_scoped(env, "PKG_CONFIG_SYSROOT_DIR"), "/"),))


def _leads_astray(env: Environment, setting: Setting) -> bool:
    folders = setting.value.split(":")
    if "PKG_CONFIG_LIBDIR" in setting.name:
        return not any(f"/{env.target.multiarch}/" in f"{folder}/" for folder in folders)
    return any(is_host_folder(env, folder) for folder in folders)


def _scoped(env: Environment, variable: str) -> str:
    """Return the name of *variable* for this target alone: the one in use if it is already of that kind."""
    setting = targeted(env.variables, variable, env.target.triple, env.host.triple)
    name = f"{variable}_{env.target.env_name}"
    return setting.name if setting is not None and setting.name == f"{variable}_{env.target.triple}" else name


def _sysroot_configuration(env: Environment) -> Configuration:
    """Return what makes pkg-config look into the toolchain's own sysroot, where it has one."""
    sysroot, suffix = env.toolchain.sysroot, env.target.env_name
    if not sysroot or sysroot == "/":
        return _NOTHING
    return Configuration(
        (
            (f"PKG_CONFIG_SYSROOT_DIR_{suffix}", sysroot),
            (f"PKG_CONFIG_LIBDIR_{suffix}", f"{sysroot}/usr/lib/pkgconfig:{sysroot}/usr/share/pkgconfig"),
        ),
        () if env.pkgconfig.program.found else tool(system(env), "pkg-config"),
    )


def linker_configuration(env: Environment, replace: bool = False) -> Configuration:
    """Return the linker of the distribution's cross compiler; nothing if one is configured (and not to *replace*)."""
    packages = cross_compiler(system(env), env.target)
    if not env.cross or not packages or (env.toolchain.linker.setting is not None and not replace):
        return _NOTHING
    return Configuration(((f"CARGO_TARGET_{env.target.cargo_env_name}_LINKER", f"{env.target.gnu}-gcc"),), packages)


def with_zig(env: Environment) -> tuple[Fix, ...]:
    """Return the linker for every target that needs no package of the distribution: zig's, through maturin."""
    return (
        Fix(
            "let zig link, which needs no package for the target",
            (
                Command("python3 -m pip install 'maturin[zig]'", Stage.TOOLCHAIN),
                Command(f"maturin build --release --zig --target {env.target.triple}", Stage.BUILD),
            ),
            notes="zig brings the compiler, and glibc's or musl's files, itself; cargo then needs no linker setting.",
        ),
    )


def ask_again(env: Environment, library: Library) -> tuple[Command, ...]:
    """Return what makes cargo run the build script again that got a wrong answer.

    Before 1.86 cargo did not do so when a variable of its configuration changed (rust-lang/cargo#10358).
    """
    if not library.crate or not env.project.lock:
        return ()
    crate = library.crate.partition(" ")[0]
    return (Command(f"cargo clean --release --target {env.target.triple} --package {crate}", Stage.BUILD),)


def bring(env: Environment, name: str, commands: tuple[Command, ...] = (), *, asked: bool = True) -> tuple[Fix, ...]:
    """Return the ways to bring the module *name* for the target, the best first, with *commands* to follow.

    *asked* is False for a module that a crate does not ask for itself, so that no crate can build it either.
    """
    here = system(env)
    package = module(here, name, env.target, env.host)
    fixes = []
    if package:
        fixes.append(
            fix(
                env,
                f"install {package}, which holds {name}.pc for {env.target.triple}",
                (package,),
                pkgconfig_configuration(env),
                commands,
                notes=_extra_folder(env, name),
            )
        )
    elif not packaged(here, env.target):
        fixes += _searching(env, name)
    fixes += vendored(env, name) if asked else []
    if packaged(here, env.target) or (env.cross and here.family != "debian"):
        fixes.append(elsewhere(env, name))
    return tuple(fixes)


def _extra_folder(env: Environment, name: str) -> str:
    if env.distro.family != "debian":
        return ""
    from checks.data.debian_pc import providers

    found = providers(name, env.distro.codename)
    if not found or found[0].searched:
        return ""
    folder = found[0].folder.replace("@", env.target.multiarch)
    return f"The file lies in {folder}, where nothing looks by itself: add it to PKG_CONFIG_PATH_{env.target.env_name}."


_SEARCH = {
    "apt": "apt-file search /{name}.pc",
    "dnf": "dnf provides '*/{name}.pc'",
    "yum": "yum provides '*/{name}.pc'",
    "zypper": "zypper what-provides 'pkgconfig({name})'",
    "apk": "apk search pc:{name}",
    "pacman": "pacman -F {name}.pc",
}


def _searching(env: Environment, name: str) -> list[Fix]:
    command = _SEARCH.get(env.distro.manager)
    if not command:
        return [Fix(f"install the development files of {name}", notes="No package manager is known here.")]
    return [
        Fix(
            f"find the package that holds {name}.pc, and install it",
            notes=f"No package with this file is known. `{command.format(name=name)}` asks the package manager.",
        )
    ]


def vendored(env: Environment, name: str) -> list[Fix]:
    """Return the way to let a crate build the library of the module *name* itself, if one is known."""
    from checks.data.modules import VENDORED

    ways = [way for way in VENDORED.get(name, ()) if not env.project.lock or env.project.crate(way.crate)]
    if not ways:
        return []
    way = ways[0]
    crate = env.project.crate(way.crate)
    wanted = f"{way.crate}@{crate.version}" if crate else way.crate
    return [
        Fix(
            f"build {name} from source with the crate's own feature `{way.feature}`",
            (Command(f"cargo add {wanted} --features {way.feature}", Stage.BUILD),),
            notes="This needs a C compiler for the target, and no package of its libraries.",
        )
    ]


def elsewhere(env: Environment, name: str) -> Fix:
    """Return the way that always works: a system of the target's own, whose packages fit."""
    policy = env.container.policy or (env.policy if "linux_" in env.policy else "")
    plain = "Alpine, or a musllinux image," if env.target.libc == "musl" else "a container"
    image = f"the pypa image for {policy} on {env.target.wheel}" if policy else plain
    reason = packaged(system(env), env.target) or "this package manager installs nothing for other architectures"
    return Fix(
        f"build {name} for {env.target.triple} yourself, or build the wheel on a system of that architecture",
        notes=(
            f"{reason[0].upper()}{reason[1:]}. Build its source with the target's compiler and a --prefix of its own, "
            f"and point PKG_CONFIG_LIBDIR_{env.target.env_name} to its lib/pkgconfig; or build in {image} of the "
            "target's own architecture, natively or under emulation, where the packages fit."
        ),
    )


def reinstall(env: Environment, name: str) -> tuple[Fix, ...]:
    """Return the ways to make the installed but damaged module *name* whole."""
    here = system(env)
    package = module(here, name, env.target, env.host)
    again = {"apt": "apt-get install -y --reinstall", "dnf": "dnf reinstall -y", "yum": "yum reinstall -y"}
    if not package or here.manager not in again:
        return bring(env, name)
    packages = [package]
    if env.packages is not None and here.family == "debian":
        packages += _runtime(env, package)
    quoted = " ".join(f"'{one}'" if "(" in one else one for one in packages)
    update = (Command("apt-get update", Stage.UPDATE),) if here.manager == "apt" else ()
    commands = (*update, Command(f"{again[here.manager]} {quoted}", Stage.PACKAGES))
    return (fix(env, f"install {' and '.join(packages)} again", commands=commands),)


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
