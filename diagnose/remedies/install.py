"""How one more thing is installed: the commands of a system's own package manager, in its own names.

Everything takes a :class:`InstallSystem`, which an environment tells in full and a build log in part.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import Command, FixStage
from diagnose.tables import distributions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.model.targets import Target
    from diagnose.readers.env import Environment


class InstallSystem(NamedTuple):
    """Where packages are installed.

    ``native`` and ``foreign`` are dpkg's, ``machine`` is the processor as wheels name it, ``container`` is the kind of
    image.
    """

    manager: str = ""
    family: str = ""
    id: str = ""
    version: str = ""
    codename: str = ""
    libc: str = "glibc"
    machine: str = ""
    native: str = ""
    foreign: tuple[str, ...] = ()
    container: str = ""

    @property
    def old_rhel(self) -> bool:
        """Whether this is of the time of Enterprise Linux 7, which calls things differently."""
        return self.family == "rhel" and self.version.partition(".")[0] in ("2", "6", "7")


def system(env: Environment) -> InstallSystem:
    """Return the facts about the package manager of *env*."""
    distro = env.distro
    return InstallSystem(
        manager=distro.manager,
        family=distro.family,
        id=distro.id,
        version=distro.version,
        codename=distro.codename,
        libc=distro.libc or "glibc",
        machine=env.host.wheel,
        native=env.apt.native if env.apt else env.host.debian,
        foreign=env.apt.foreign if env.apt else (),
        container=env.container.kind,
    )


_UPDATE = {"apt": "apt-get update", "apk": "apk update"}
_INSTALL = {
    # Without recommended packages, the advice must name every package that is needed.
    "apt": "apt-get install -y --no-install-recommends",
    "dnf": "dnf install -y",
    "yum": "yum install -y",
    "zypper": "zypper --non-interactive install",
    "apk": "apk add",
    "pacman": "pacman -Syu --needed --noconfirm",
}


#: Which package has a file, for a system that need not have apt-file yet.
APT_FILE = "apt-get install -y apt-file && apt-file update && apt-file search"

#: What puts the files of an installed package back.
AGAIN = {"apt": "apt-get install -y --reinstall", "dnf": "dnf reinstall -y", "yum": "yum reinstall -y"}


def install(
    system: InstallSystem, packages: Iterable[str], foreign: str = "", *, again: bool = False
) -> tuple[Command, ...]:
    """Return the commands that install *packages*, where ``NAME:ARCH`` is of another dpkg architecture.

    *foreign* is a dpkg architecture that has to be known first. *again* is for packages that are installed, by a
    manager of :data:`AGAIN`. Empty where no manager is known.
    """
    from shlex import quote

    names = " ".join(quote(name) for name in dict.fromkeys(packages))
    if not names or system.manager not in _INSTALL:
        return ()
    commands: list[Command] = []
    if foreign and foreign not in (system.native, *system.foreign):
        commands += add_architecture(foreign)
    elif system.manager in _UPDATE:
        commands.append(Command(_UPDATE[system.manager], FixStage.UPDATE))
    verb = (AGAIN if again else _INSTALL)[system.manager]
    commands.append(Command(f"{verb} {names}", FixStage.PACKAGES))
    return tuple(commands)


def add_architecture(arch: str) -> tuple[Command, ...]:
    """Return the commands after which dpkg knows the architecture *arch*, and apt its packages."""
    return (
        Command(f"dpkg --add-architecture {arch}", FixStage.ARCHITECTURE),
        Command(_UPDATE["apt"], FixStage.UPDATE),
    )


# The packages of each tool, by family; Debian's and RHEL's depend on the release and follow below.
_TOOLS: dict[str, dict[str, tuple[str, ...]]] = {
    "pkg-config": {"alpine": ("pkgconf",), "arch": ("pkgconf",), "suse": ("pkg-config",)},
    "cc": {
        "debian": ("gcc", "libc6-dev"),
        "rhel": ("gcc",),
        "alpine": ("gcc", "musl-dev"),
        "arch": ("gcc",),
        "suse": ("gcc",),
    },
    "libclang": {
        "debian": ("libclang-dev",),
        "rhel": ("clang-devel",),
        "alpine": ("clang-dev",),
        "arch": ("clang",),
        "suse": ("clang-devel",),
    },
    "patchelf": {"alpine": ("patchelf",), "arch": ("patchelf",), "suse": ("patchelf",)},
}


def tool(system: InstallSystem, name: str) -> tuple[str, ...]:
    """Return the packages that bring ``pkg-config``, ``cc``, ``libclang`` or ``patchelf``, if there are any."""
    if name == "pkg-config" and system.family == "debian":
        return ("pkg-config",) if distributions.lacks(system.codename, "pkgconf-wrapper") else ("pkgconf",)
    if name == "pkg-config" and system.family == "rhel":
        return ("pkgconfig",) if system.old_rhel else ("pkgconf-pkg-config",)
    if name == "libclang" and system.old_rhel:
        return ()  # clang 3.4 at best, too old for bindgen
    if name == "patchelf" and system.family == "debian":
        return () if distributions.lacks(system.codename, "patchelf") else ("patchelf",)
    if name == "patchelf" and system.id == "fedora":
        return ("patchelf",)
    return _TOOLS[name].get(system.family, ())


def cross_compiler(system: InstallSystem, target: Target) -> tuple[str, ...]:
    """Return the packages with C compiler, linker and start files for *target*; none where the distribution has none.

    The compiler is ``<target.gnu>-gcc``.
    """
    if system.family != "debian" or target.libc != "glibc" or target.debian not in distributions.CROSS_COMPILERS:
        return ()
    if target.debian == "loong64" and distributions.lacks(system.codename, "loong64-gcc"):
        return ()
    return (f"gcc-{target.gnu.replace('_', '-')}", f"libc6-dev-{target.debian}-cross")


def unavailable_reason(system: InstallSystem, target: Target) -> str:
    """Return why no package of this system can hold a library for *target*, or nothing where one can."""
    if system.container == "manylinux-cross" and target.debian != system.native:
        return (
            "this image's packages are built against its own, newer glibc and do not fit the cross sysroot, "
            "which holds glibc and nothing else"
        )
    if target.libc != system.libc:
        return f"packages of this system are built for {system.libc}, not for {target.libc}"
    if system.family != "debian":
        multilib = system.family == "rhel" and (system.machine, target.wheel) == ("x86_64", "i686")
        fits = multilib or target.wheel == system.machine
        return "" if fits else "this package manager installs nothing for other architectures"
    if not target.debian:
        return f"Debian and Ubuntu have no packages for {target.triple} (their armhf is Armv7)"
    release = distributions.by_codename().get(system.codename)
    if system.id == "ubuntu" or (release is not None and release.id == "ubuntu"):
        known = target.debian in frozenset().union(*distributions.ubuntu_servers(system.codename))
    else:
        known = release is None or not release.architectures or target.debian in release.architectures
    return "" if known else f"{system.id} {system.codename} has no packages for {target.debian}"


def module(system: InstallSystem, name: str, target: Target) -> str:
    """Return the package with the ``.pc`` file of the module *name* for *target*, as the manager takes it.

    Empty if no package is known or can fit (:func:`unavailable_reason` says why).
    """
    if unavailable_reason(system, target):
        return ""
    if system.family == "debian":
        from diagnose.tables.debian_pc import providers

        found = providers(name, system.codename)
        return found[0].package + ("" if target.debian == system.native else f":{target.debian}") if found else ""
    from diagnose.tables.modules import package

    known = package(name, system.family)
    if target.wheel != system.machine:  # multilib
        return f"{known}.i686" if known else ""
    generic = {"rhel": f"pkgconfig({name})", "suse": f"pkgconfig({name})", "alpine": f"pc:{name}"}
    return known or generic.get(system.family, "")
