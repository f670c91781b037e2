"""The minimal configuration of a cross build: variables for the target alone, and the packages that they need."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers.pkgconfig.resolver import names, targeted
from diagnose.remedies.install import cross_compiler, system, tool, unavailable_reason
from diagnose.tables import distributions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.readers.cargo.variables import Setting
    from diagnose.readers.env import Environment

Variables = tuple[tuple[str, str], ...]


class Configuration(NamedTuple):
    """Variables that a build for the target needs here, and the packages that they name programs of.

    ``gone`` are settings that are wrong for every build, and have to be taken away.
    """

    variables: Variables = ()
    packages: tuple[str, ...] = ()
    gone: tuple[Setting, ...] = ()

    def __add__(self, other: object) -> Configuration:
        if not isinstance(other, Configuration):
            return NotImplemented
        return Configuration(
            tuple(dict((*self.variables, *other.variables)).items()),
            tuple(dict.fromkeys((*self.packages, *other.packages))),
            tuple(dict.fromkeys((*self.gone, *other.gone))),
        )


NOTHING = Configuration()


def pkgconfig_configuration(env: Environment) -> Configuration:
    """Return what makes the pkg-config crate answer, for the target alone in a cross build; nothing if it does."""
    here = system(env)
    if not env.cross or answers_for_target(env):
        return NOTHING if env.pkgconfig.program.found else Configuration((), tool(here, "pkg-config"))
    if unavailable_reason(here, env.target) or here.family != "debian" or not env.target.multiarch:
        return _sysroot_configuration(env)
    if distributions.lacks(here.codename, "pkgconf-wrapper") or here.container == "cross-rs":
        return two_variables(env)
    program = f"{env.target.gnu}-pkg-config"
    ready = env.pkgconfig.program.found and env.pkgconfig.program.name == program
    wrapper = () if ready else ((own_name(env, "PKG_CONFIG"), program),)
    allow = targeted(env.variables, "PKG_CONFIG_ALLOW_CROSS", env.target.triple, env.host.triple)
    refused = ((own_name(env, "PKG_CONFIG_ALLOW_CROSS"), "1"),) if allow is not None and allow.value == "0" else ()
    packages = () if ready else (f"pkgconf:{env.target.debian}",)
    return Configuration((*wrapper, *refused), packages) + _redirecting(env)


def two_variables(env: Environment) -> Configuration:
    """Return the configuration that needs no wrapper: the target's folders, and the guard opened for the target."""
    here = system(env)
    if here.family != "debian" or not env.target.multiarch or unavailable_reason(here, env.target):
        return NOTHING
    plain = env.pkgconfig.plain or env.pkgconfig.program
    packages = () if plain.found else tool(here, "pkg-config")  # the other implementation would make apt remove it
    allowing = Configuration(((own_name(env, "PKG_CONFIG_ALLOW_CROSS"), "1"),), packages)
    libdir = targeted(env.variables, "PKG_CONFIG_LIBDIR", env.target.triple, env.host.triple)
    if libdir is None or _leads_astray(env, libdir):
        allowing += Configuration(((own_name(env, "PKG_CONFIG_LIBDIR"), _folders(env)),))
    return allowing + _redirecting(env)


def for_target_alone(env: Environment, settings: Iterable[Setting]) -> Configuration:
    """Return *settings* with the target's name in theirs, so that the host is left alone."""
    suffix, moved = env.target.env_name, tuple(settings)
    return Configuration(tuple((f"{setting.name}_{suffix}", setting.value) for setting in moved), gone=moved)


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
    if not decided.implementation:
        return not ours  # a script that does more than set variables may search any folder
    return _may_hold(env, decided.search_path)


# Folders of no architecture, and those that on Debian hold what belongs to the host.
_COMMON = ("/usr/share/pkgconfig", "/usr/local/share/pkgconfig", "/usr/lib/pkgconfig", "/usr/lib64/pkgconfig")


def _may_hold(env: Environment, folders: Iterable[str]) -> bool:
    """Whether one of the searched *folders* may be the target's: it exists and belongs to no other architecture."""
    return any(
        (env.target.multiarch and f"/{env.target.multiarch}/" in f"{folder}/")
        or not (folder in (*_COMMON, *env.pkgconfig.absent) or is_host_folder(env, folder))
        for folder in folders
        if folder
    )


def is_host_folder(env: Environment, folder: str) -> bool:
    """Whether *folder* holds ``.pc`` files of the host alone: those of another architecture are never there."""
    if env.distro.family == "debian":
        return f"/{env.host.multiarch}/" in f"{folder}/"
    return env.target.machine != env.host.machine and folder.startswith(("/usr/lib/", "/usr/lib64/"))


def _redirecting(env: Environment) -> Configuration:
    """Return what ends the effect of settings that would send pkg-config elsewhere than to the target's folders.

    A variable for the target alone, or one that names a missing folder, is removed. One that others may use is
    overridden for the target.
    """
    configuration = no_sysroot(env)
    for variable in ("PKG_CONFIG_LIBDIR", "PKG_CONFIG_PATH"):
        for name in names(variable, env.target.triple, env.host.triple):
            setting = env.variables.get(name)
            if setting is None:
                continue
            if not _leads_astray(env, setting):
                break
            if env.target.env_name in name.replace("-", "_") or leads_nowhere(env, setting):
                configuration += Configuration(gone=(setting,))
                continue
            configuration += Configuration(((own_name(env, variable), _folders(env)),))
            break
    return configuration


def leads_nowhere(env: Environment, setting: Setting) -> bool:
    """Whether none of the folders that *setting*, one that is in effect, names exists."""
    return all(not folder or folder in env.pkgconfig.absent for folder in setting.value.split(":"))


def no_sysroot(env: Environment) -> Configuration:
    """Return the settings that keep a sysroot out of pkg-config's answers for the target; empty without a sysroot."""
    sysroot = targeted(env.variables, "PKG_CONFIG_SYSROOT_DIR", env.target.triple, env.host.triple)
    if sysroot is None or not sysroot.value.rstrip("/"):
        return NOTHING
    return Configuration(((own_name(env, "PKG_CONFIG_SYSROOT_DIR"), "/"),))


def _leads_astray(env: Environment, setting: Setting) -> bool:
    folders = setting.value.split(":")
    if "PKG_CONFIG_LIBDIR" in setting.name:
        return not _may_hold(env, folders)
    return any(is_host_folder(env, folder) for folder in folders)


def own_name(env: Environment, variable: str) -> str:
    """Return the name of *variable* for this target alone, as a shell can export it; see :func:`outranking`."""
    return f"{variable}_{env.target.env_name}"


def outranking(env: Environment, variables: Variables) -> tuple[Setting, ...]:
    """Return the settings that would win over *variables*: the same names with the triple's dashes come before them."""
    dashed = ((name.replace(env.target.env_name, env.target.triple), name, value) for name, value in variables)
    found = ((env.variables.get(other), value) for other, name, value in dashed if other != name)
    return tuple(setting for setting, value in found if setting is not None and setting.value != value)


def _sysroot_configuration(env: Environment) -> Configuration:
    """Return what makes pkg-config look into the toolchain's own sysroot, where it has one."""
    sysroot, suffix = env.toolchain.sysroot, env.target.env_name
    if not sysroot or sysroot == "/":
        return NOTHING
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
        return NOTHING
    return Configuration(((f"CARGO_TARGET_{env.target.cargo_env_name}_LINKER", f"{env.target.gnu}-gcc"),), packages)
