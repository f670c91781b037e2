"""Package names of one distribution in terms of another: by the pkg-config module that both bring."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import cache
from diagnose.model.finding import Command, Fix, FixStage
from diagnose.tables import debian_pc
from diagnose.tables import modules as table
from diagnose.tables.debian_pc import providers


def module_of(package: str) -> str:
    """Return the pkg-config module that the package, of whatever distribution, is installed for; empty if unknown."""
    name = package.partition(":")[0]
    if row := _rows().get(name):
        return row
    brought = debian_pc.modules(name)
    # libssl-dev brings openssl, which others have too, libssl and libcrypto; libasound2-dev alsa and alsa-topology: the
    # one that is known everywhere, else the shortest, is what people mean
    return min(brought, key=lambda module: (module not in table.rows(), len(module), module)) if brought else ""


@cache
def _rows() -> dict[str, str]:
    """Return the module of every package in the table; of the first row that has it."""
    return {
        package: module for module, columns in reversed(table.rows().items()) for package in columns if package != "-"
    }


def meant(name: str, codename: str) -> list[str]:
    """Return the pkg-config modules that the unknown *name* may mean, the likeliest first.

    People give the package, the library as the linker knows it, or nearly the right spelling.
    """
    known = _known(codename)
    found = [module_of(name), library_module(name.removeprefix("lib"), codename)]
    found += known.get(name.lower(), [])
    if not any(found):
        from difflib import get_close_matches

        found = get_close_matches(name, [one for some in known.values() for one in some], n=3, cutoff=0.75)
    return [one for one in dict.fromkeys(filter(None, found)) if one in known.get(one.lower(), ()) and one != name][:3]


@cache
def _known(codename: str) -> dict[str, list[str]]:
    """Return {name in lower case: names} of the modules of a release, or of all."""
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys((*debian_pc.names(codename), *table.rows())):
        found.setdefault(name.lower(), []).append(name)
    return found


def spelled(name: str) -> str:
    """Return *name* as the module of that name is spelled, where no distribution has it in this case.

    Build systems ask for ``OpenBLAS`` after ``openblas``, since CMake's packages have names of their own.
    """
    if name in table.rows() or debian_pc.releases(name):
        return name
    others = _known("").get(name.lower(), [])
    return next((other for other in others if other in table.rows()), next(iter(others), name))


def modules_of_crate(crate: str, codename: str = "") -> list[str]:
    """Return the pkg-config modules that the build script of *crate* asks for: by the table, else by its name."""
    from diagnose.readers.cargo.needs import sys_crates

    rows = [row.module for row in sys_crates().get(crate, ()) if row.module and not row.unless.startswith(("?", "!"))]
    if rows:
        return rows[:1]
    name = crate.removesuffix("-sys").removesuffix("_sys")
    if name == crate:
        return []
    found = (library_module(part, codename) for part in (name, name.rpartition("-")[2], name.removeprefix("lib")))
    return [module for module in found if module][:1]


def called_here(package: str, family: str) -> str:
    """Return what *package* of another distribution is called in those of *family*; empty if that is not known."""
    if package in ("build-essential", "base-devel", "build-base"):
        return {"rhel": "gcc", "alpine": "build-base", "debian": "build-essential"}.get(family, "")
    if package in ("pkg-config", "pkgconfig", "pkgconf", "pkgconf-pkg-config"):
        return {"rhel": "pkgconf-pkg-config", "alpine": "pkgconf", "debian": "pkg-config"}.get(family, "")
    if family == "alpine" and package in _ALPINE:
        return _ALPINE[package]
    module = module_of(package)
    if family == "debian" and module:
        return next((provider.package for provider in debian_pc.providers(module, "")), "")
    return table.package(module, family) if module else ""


#: What Alpine calls packages that bring no module: names of Debian and of older releases of Alpine (its package index).
_ALPINE = {
    "python": "python3", "python-dev": "python3-dev", "py-pip": "py3-pip", "python3-pip": "py3-pip",
    "python-pip": "py3-pip", "python3-venv": "python3", "python3-setuptools": "py3-setuptools",
    "python3-wheel": "py3-wheel", "python3-numpy": "py3-numpy", "libc6-dev": "musl-dev", "libc-dev": "musl-dev",
    "libclang-dev": "clang-dev", "protobuf-compiler": "protoc", "ninja-build": "samurai", "xz-utils": "xz",
    "libgmp-dev": "gmp-dev", "golang": "go", "openssh-client": "openssh-client-default",
    "libboost-all-dev": "boost-dev", "libboost-dev": "boost-dev", "libmysqlclient-dev": "mariadb-dev",
    "default-libmysqlclient-dev": "mariadb-connector-c-dev", "g++-multilib": "g++", "linux-libc-dev": "linux-headers",
    "kernel-headers": "linux-headers", "musl-tools": "musl-dev", "netcat": "netcat-openbsd", "dnsutils": "bind-tools",
}  # fmt: skip


def install_as_called(packages: list[str], family: str, install: str) -> tuple[list[Fix], list[str]]:
    """Return the fix that installs *packages* by their names in *family*, and those whose name is not known.

    All names are in one *install* command: dnf, zypper and apk install nothing if one of several is wrong.
    """
    called = {package: called_here(package, family) for package in packages}
    right = {package: name for package, name in called.items() if name not in ("", package)}
    others = [package for package in packages if package not in right]
    if not right:
        return [], others
    title = ", ".join(f"{package} is {name}" for package, name in right.items())
    line = f"{install} {' '.join(dict.fromkeys(right.values()))}"
    return [Fix(f"{title} here", (Command(line, FixStage.PACKAGES),))], others


#: Which module brings a library whose name is another one's.
_MODULE_OF_LIBRARY = {
    "asound": "alsa", "ssl": "openssl", "crypto": "openssl", "udev": "libudev", "usb-1.0": "libusb-1.0", "z": "zlib",
    "pulse": "libpulse", "pulse-simple": "libpulse-simple", "X11": "x11", "xcb": "xcb", "curl": "libcurl",
    "lzma": "liblzma", "systemd": "libsystemd", "ffi": "libffi", "xml2": "libxml-2.0", "png": "libpng", "GL": "gl",
    "pq": "libpq", "bz2": "bzip2", "zstd": "libzstd", "sodium": "libsodium", "git2": "libgit2", "ssh2": "libssh2",
    "SDL2": "sdl2", "freetype": "freetype2", "input": "libinput", "portaudio": "portaudio-2.0", "zmq": "libzmq",
    "pcap": "libpcap", "gtk-3": "gtk+-3.0", "png16": "libpng", "gtk-4": "gtk4", "ncursesw": "ncursesw",
}  # fmt: skip


def library_module(lib: str, codename: str = "") -> str:
    """Return the pkg-config module of ``lib<lib>``; empty if unknown."""
    if lib in _MODULE_OF_LIBRARY:
        return _MODULE_OF_LIBRARY[lib]
    return next((name for name in (lib, f"lib{lib}", lib.lower()) if name and providers(name, codename)), "")
