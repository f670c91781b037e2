"""Systems that bring packages in a way of their own, and their names of them (``other_systems.txt``).

Sources of the ways: the Nixpkgs manual, the manuals of Guix, conda-build, vcpkg, MSYS2, Termux, pkg(8), OpenEmbedded,
Buildroot, OpenWrt, Spack, Gentoo, MacPorts; as of November 2026.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import NamedTuple, cache, re


class OtherSystem(NamedTuple):
    """A system whose packages no manager of a Linux distribution brings.

    ``name`` is what people call it. ``way`` is the title of the fix, with ``{names}``; ``command`` the line that
    installs, with ``{names}``, if one does; ``prefix`` what its command puts before each name. ``notes`` say where that
    belongs. ``search`` finds a package by ``{file}``, a name. ``column`` is that of its names in the table.
    ``programs`` is the title for programs, if it differs; ``of_target`` says that those run on another system.
    ``packages`` is what a system with a column calls the whole of its packages.
    """

    name: str
    way: str = "install {names} with its package manager"
    command: str = ""
    prefix: str = ""
    notes: str = ""
    search: str = ""
    column: str = ""
    programs: str = ""
    of_target: bool = False
    packages: str = ""


_DERIVATION = (
    "In the derivation, or in mkShell of shell.nix or flake.nix: libraries in buildInputs; pkg-config and other "
    "programs in nativeBuildInputs, whose hooks make the build find them. Nothing outside the store is found."
)
_RECIPE = (
    "Into the environment that builds. In a recipe: libraries under `host`, pkg-config, {{ compiler('c') }} and other "
    "programs under `build`. The distribution's own packages are not searched by conda's compilers."
)
#: The title where the table does not know a package's name: it need not exist there.
UNSURE = "look whether {own} has {names}, and install it"
#: By the id with which a log's reader names them.
SYSTEMS = {
    "macos": OtherSystem("macOS", "install {names} with Homebrew", search="brew search {file}"),
    "windows": OtherSystem(
        "Windows",
        "install {names} with vcpkg",
        "vcpkg install {names}",
        notes="Build scripts find it by VCPKG_ROOT, CMake by CMAKE_TOOLCHAIN_FILE, "
        "%VCPKG_ROOT%\\scripts\\buildsystems\\vcpkg.cmake. In other builds INCLUDE and LIB have to name its folders.",
        search="vcpkg search {file}",
        column="vcpkg",
        packages="vcpkg",
        programs="install {names}, and put the folder of its program on PATH",
    ),
    "msys2": OtherSystem(
        "MSYS2",
        "install {names} with MSYS2's pacman",
        "pacman -S --needed {names}",
        "${MINGW_PACKAGE_PREFIX}-",
        "In the shell of the environment that builds (UCRT64, MINGW64, CLANG64), which sets MINGW_PACKAGE_PREFIX.",
        "pacman -Ss {file}",
        "msys2",
        packages="MSYS2",
    ),
    "nix": OtherSystem(
        "Nix",
        "add {names} of nixpkgs to the derivation or the shell",
        notes=_DERIVATION,
        search="nix search nixpkgs {file}",
        column="nix",
        packages="nixpkgs",
    ),
    "guix": OtherSystem(
        "Guix",
        "add {names} to the inputs",
        notes="In the package: libraries in `inputs`, pkg-config and other programs in `native-inputs`; for a shell, "
        "in manifest.scm or after `guix shell`.",
        search="guix search {file}",
    ),
    "conda": OtherSystem(
        "conda",
        "install {names} of conda-forge",
        "conda install -c conda-forge {names}",
        notes=_RECIPE,
        search="conda search -c conda-forge '*{file}*'",
        column="conda",
        packages="conda-forge",
    ),
    "termux": OtherSystem(
        "Termux",
        "install {names} with pkg",
        "pkg install {names}",
        search="pkg search {file}",
        column="termux",
        packages="Termux",
    ),
    "android": OtherSystem(
        "the Android NDK",
        "build {names} with the NDK",
        notes="The NDK's sysroot has Android's own libraries only, and no package adds to it: build the library for "
        "the same ABI (vcpkg has triplets for it), and name its folder to the build.",
        of_target=True,
    ),
    "emscripten": OtherSystem(
        "Emscripten",
        "build {names} with Emscripten",
        notes="Libraries of the machine that builds do not fit: take a port of Emscripten (emcc --show-ports) or, for "
        "Pyodide, a recipe of pyodide-recipes.",
        of_target=True,
    ),
    "freebsd": OtherSystem("FreeBSD", "install {names} with pkg", search="pkg search {file}"),
    "openbsd": OtherSystem("OpenBSD", "install {names} with pkg_add", search="pkg_info -Q {file}"),
    "netbsd": OtherSystem("NetBSD", "install {names} of pkgsrc", search="pkgin search {file}"),
    "linuxbrew": OtherSystem(
        "Homebrew on Linux",
        "install {names} with Homebrew",
        notes="Homebrew's compilers and its pkg-config search Homebrew's folders.",
        search="brew search {file}",
    ),
    "macports": OtherSystem("MacPorts", "install {names} with MacPorts", search="port search {file}"),
    "gentoo": OtherSystem(
        "Gentoo",
        "install {names} with Portage",
        "emerge --noreplace {names}",
        notes="In an ebuild: DEPEND, and BDEPEND for programs.",
        column="gentoo",
        packages="Gentoo",
    ),
    "yocto": OtherSystem(
        "OpenEmbedded",
        "add {names} to the recipe's DEPENDS",
        notes='In the recipe: DEPENDS += "NAME", and `inherit pkgconfig` where pkg-config asks. Its sysroot has what '
        "DEPENDS names, and nothing of the machine that builds.",
        column="yocto",
        packages="a layer",
    ),
    "buildroot": OtherSystem(
        "Buildroot",
        "add {names} to the package's dependencies",
        notes="PACKAGE_DEPENDENCIES in its .mk file, and `select` in Config.in; host-NAME for programs of the build.",
    ),
    "openwrt": OtherSystem(
        "OpenWrt",
        "add {names} to the package's DEPENDS",
        notes="DEPENDS:=+NAME in its Makefile, PKG_BUILD_DEPENDS for needs of the build alone.",
    ),
    "spack": OtherSystem(
        "Spack",
        "let the package depend on {names}",
        notes='depends_on("NAME") in its package.py; pkg-config is depends_on("pkgconfig", type="build").',
        search="spack list {file}",
    ),
}
_COLUMNS = ("nix", "conda", "msys2", "vcpkg", "termux", "yocto", "gentoo")


@cache
def _rows() -> dict[str, tuple[str, ...]]:
    """Return the table: package of Debian, and its names by column."""
    with open(os.path.join(os.path.dirname(__file__), "other_systems.txt"), encoding="utf-8") as file:
        rows = (line.split() for line in file if not line.startswith("#"))
        return {row[0]: tuple(row[1:]) for row in rows}


#: Libraries of Linux itself (its kernel's interfaces, its sound, its service manager), by Debian's package.
_OF_LINUX = re.compile(
    r"lib(?:asound2|udev|systemd|seccomp|selinux1|cap|cap-ng|nl-\w+(?:-\w+)*-\d+|drm|gbm|evdev|input|wayland|bluetooth"
    r"|mount|blkid|acl1|attr1|aio|uring|numa|bpf|kmod|v4l|gpiod|i2c|iw|audit|apparmor|ipset|mnl|nftnl|iptc|xtables"
    r"|keyutils|devmapper)-dev(?::\w+)?"
)
#: Libraries of Unix systems alone.
_OF_UNIX = re.compile(r"lib(?:sane|pam0g|cups2|bsd)-dev(?::\w+)?")


def absent(packages: tuple[str, ...], system: str) -> str:
    """Return why *packages* of Debian do not exist on *system*, as a clause; empty if they may."""
    for package in packages if system in _NOT_LINUX else ():
        of = "Linux" if _OF_LINUX.fullmatch(package) else "Unix" if _OF_UNIX.fullmatch(package) else ""
        if of == "Linux" or (of and system in ("windows", "msys2")):
            return f"{package.partition(':')[0].removesuffix('-dev')} is a library of {of} alone"
    return ""


_NOT_LINUX = ("windows", "msys2", "macos", "macports")


def called(packages: tuple[str, ...], column: str) -> tuple[str, ...]:
    """Return what *packages* of Debian are called in *column*; nothing if one of them has no known name there."""
    if column not in _COLUMNS:
        return ()
    at = _COLUMNS.index(column)
    names = [_rows()[package][at] if package in _rows() else "-" for package in packages]
    return tuple(dict.fromkeys(names)) if "-" not in names else ()
