"""Identifies the distribution, the package manager and the container image of a root."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, cache
from diagnose.model.finding import InputError
from diagnose.tables.distributions import distributions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from diagnose.readers.system.root import Root

#: Bytes, more than any C library has.
LIBC_LIMIT = 16 << 20


class Distro(NamedTuple):
    """The content of os-release(5), the C library and the package manager.

    ``manager`` is ``apt``, ``dnf``, ``yum``, ``zypper``, ``apk``, ``pacman`` or empty. ``libc`` is ``glibc``, ``musl``
    or empty, ``libc_version`` its version (as ``2.36``), from ``libc_path``. ``path`` is the os-release file.
    """

    id: str = ""
    """``debian``, ``ubuntu``, ``alpine`` …"""
    id_like: tuple[str, ...] = ()
    """The ids of related distributions, the closest first."""
    name: str = ""
    """``PRETTY_NAME``, else ``NAME``: for people."""
    version: str = ""
    """``VERSION_ID``: ``12``, ``24.04``; empty for rolling ones."""
    codename: str = ""
    """The codename by which Debian or Ubuntu knows its packages: ``bookworm``; empty without one."""
    manager: str = ""
    libc: str = ""
    libc_version: str = ""
    libc_path: str = ""
    path: str = ""

    @property
    def is_ubuntu(self) -> bool:
        """Whether its packages are Ubuntu's, on Ubuntu's servers: Ubuntu and its derivatives."""
        return self.id == "ubuntu" or "ubuntu" in self.id_like

    @property
    def family(self) -> str:
        """``debian``, ``rhel``, ``alpine``, ``arch``, ``suse`` or empty: the family of package names."""
        known = distributions()
        for name in (self.id, *self.id_like):
            if name in known or (name := name.partition("-")[0]) in known:  # opensuse-leap
                return known[name].family
        return next((one.family for one in known.values() if self.manager and one.manager == self.manager), "")


# The first one that exists is used; of several (dnf systems keep a yum link), the newer one comes first.
_MANAGERS = (
    ("apt", "/usr/bin/apt-get"),
    ("dnf", "/usr/bin/dnf"),
    ("dnf", "/usr/bin/microdnf"),
    ("yum", "/usr/bin/yum"),
    ("zypper", "/usr/bin/zypper"),
    ("apk", "/sbin/apk"),
    ("apk", "/usr/bin/apk"),
    ("pacman", "/usr/bin/pacman"),
)


class Container(NamedTuple):
    """The image, by its traces, each as (path or variable, description).

    ``kind`` is ``manylinux`` or ``musllinux`` (pypa), ``manylinux-cross`` (rust-cross), ``rust-musl-cross``,
    ``cross-rs``, ``plain`` (another container) or empty (no sign of a container). ``policy`` is the platform tag of the
    image, without its architecture (``manylinux_2_28``); empty if unknown.
    """

    kind: str = ""
    policy: str = ""
    evidence: tuple[tuple[str, str], ...] = ()
    """The traces; empty without any."""


def read(root: Root, multiarch: str = "") -> Distro:
    """Read the distribution of *root*; unknown fields are empty.

    *multiarch* is Debian's name of the root's library folder.
    """
    path = ""
    fields: dict[str, str] = {}
    for candidate in ("/etc/os-release", "/usr/lib/os-release"):
        text = root.text(candidate, 1 << 16)
        if text is not None:
            path, fields = candidate, _assignments(text)
            break
    else:
        release = root.text("/etc/centos-release", 1 << 12)  # CentOS 6 has no os-release
        if release is not None:
            path, fields = "/etc/centos-release", {"ID": "centos", "NAME": release.strip()}
    manager = next((name for name, program in _MANAGERS if root.is_executable(program)), "")
    libc, version, libc_path = _libc(root, multiarch)
    return Distro(
        id=fields.get("ID", "").lower(),
        id_like=tuple(fields.get("ID_LIKE", "").lower().split()),
        name=fields.get("PRETTY_NAME") or fields.get("NAME", ""),
        version=fields.get("VERSION_ID", ""),
        # a derivative has a codename of its own: Linux Mint's wilma is Ubuntu's noble, LMDE's gigi is Debian's trixie
        codename=next((name for key in _CODENAMES if (name := fields.get(key))), ""),
        manager=manager,
        libc=libc,
        libc_version=version,
        libc_path=libc_path,
        path=path,
    )


_CODENAMES = ("UBUNTU_CODENAME", "DEBIAN_CODENAME", "VERSION_CODENAME")


def _assignments(text: str) -> dict[str, str]:
    """Parse shell-like ``NAME=value`` lines (os-release(5)): quotes and backslashes as in a shell."""
    found = {}
    for line in text.splitlines():
        name, sign, value = line.strip().partition("=")
        if sign and name.isidentifier():
            value = value.strip()
            if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            found[name] = value.replace("\\", "")
    return found


def _libc(root: Root, multiarch: str) -> tuple[str, str, str]:
    """Return (libc, version, path) of the root's own C library, with the version that the library contains."""
    for libc in ("glibc", "musl"):
        path, version = c_library(root, multiarch, libc)
        if path:
            return libc, version, path
    return "", "", ""


def c_library(root: Root, multiarch: str, libc: str) -> tuple[str, str]:
    """Return path and version of the C library *libc*, ``glibc`` or ``musl``, of *root*; empty if it has none.

    *multiarch* is Debian's name of the folder with the libraries. The version is empty if the file does not show it.
    """
    if libc == "musl":
        path = next((f"/lib/{name}" for name in root.names("/lib") if name.startswith("ld-musl-")), "")
        return path, _musl_version(root.head(path, LIBC_LIMIT)) if path else ""
    for folder in (f"/lib/{multiarch}", f"/usr/lib/{multiarch}", "/lib64", "/usr/lib64", "/lib", "/usr/lib"):
        version = glibc_version(root, f"{folder}/libc.so.6")
        if version:
            return f"{folder}/libc.so.6", version
    return "", ""


def glibc_version(root: Root, path: str) -> str:
    """Return the version that a glibc's ``libc.so.6`` prints when it runs (``2.36``); empty for any other file."""
    try:
        real = root.resolve(path)
    except InputError:
        real = None
    return _glibc_banner(root, real) if real else ""


@cache  # called twice for the same file: as the system's library and as the linker's
def _glibc_banner(root: Root, path: str) -> str:
    banner = root.find(path, b"GNU C Library", 256)
    words = banner.partition(b" version ")[2].replace(b",", b" ").split()
    version = words[0].decode("ascii", "replace").rstrip(".") if words else ""
    return version if version[:1].isdigit() else ""


def _musl_version(data: bytes) -> str:
    """Return the version string of a musl: its only C string of that form."""
    position = data.find(b"\x001.")
    while position >= 0:
        end = data.find(b"\0", position + 1)
        text = data[position + 1 : end].decode("ascii", "replace") if end - position < 16 else ""
        if text.count(".") == 2 and text.replace(".", "").isdigit():
            return text
        position = data.find(b"\x001.", position + 1)
    return ""


def container(root: Root, environ: Mapping[str, str], distro: Distro) -> Container:
    """Identify the image of *root* by traces in its files and in the image's environment."""
    for kind, look in _IMAGES:
        evidence = tuple(look(root, environ, distro))
        if evidence:
            return Container(kind, _policy(kind, environ, distro), evidence)
    return Container()


def _pypa(root: Root, environ: Mapping[str, str], distro: Distro) -> Iterator[tuple[str, str]]:
    for variable in ("AUDITWHEEL_PLAT", "AUDITWHEEL_POLICY"):
        if variable in environ:
            yield variable, environ[variable]
    for path in ("/usr/local/bin/manylinux-entrypoint", "/usr/local/bin/manylinux-interpreters", "/opt/_internal"):
        if root.exists(path):
            yield path, "is there"


def _manylinux(root: Root, environ: Mapping[str, str], distro: Distro) -> Iterator[tuple[str, str]]:
    if distro.libc != "musl":
        yield from _pypa(root, environ, distro)


def _musllinux(root: Root, environ: Mapping[str, str], distro: Distro) -> Iterator[tuple[str, str]]:
    if distro.libc == "musl":
        yield from _pypa(root, environ, distro)


def _crosstool(root: Root, environ: Mapping[str, str], distro: Distro) -> Iterator[tuple[str, str]]:
    for name in root.names("/usr"):
        sysroot = f"/usr/{name}/{name}/sysroot"
        if name.count("-") >= 2 and root.is_dir(sysroot):
            yield sysroot, "a crosstool-ng sysroot"
    if environ.get("TARGET_SYSROOT"):
        yield "TARGET_SYSROOT", environ["TARGET_SYSROOT"]


def _musl_cross(root: Root, environ: Mapping[str, str], distro: Distro) -> Iterator[tuple[str, str]]:
    if "RUST_MUSL_CROSS_TARGET" in environ:
        yield "RUST_MUSL_CROSS_TARGET", environ["RUST_MUSL_CROSS_TARGET"]
    for name in root.names("/usr/local/musl"):
        if "-linux-musl" in name and root.is_dir(f"/usr/local/musl/{name}"):
            yield f"/usr/local/musl/{name}", "a musl-cross-make toolchain"


def _cross_rs(root: Root, environ: Mapping[str, str], distro: Distro) -> Iterator[tuple[str, str]]:
    for variable in ("CROSS_SYSROOT", "CROSS_TOOLCHAIN_PREFIX", "CROSS_CONTAINER_ENGINE"):
        if variable in environ:
            yield variable, environ[variable]
    for path in ("/linux-runner", "/base-runner.sh", "/opt/toolchain.cmake"):
        if root.is_file(path):
            yield path, "is there"


def _plain(root: Root, environ: Mapping[str, str], distro: Distro) -> Iterator[tuple[str, str]]:
    for path in ("/.dockerenv", "/run/.containerenv"):
        if root.exists(path):
            yield path, "is there"
    if environ.get("container"):
        yield "container", environ["container"]


# Traces of each family of images, from their public Dockerfiles: pypa/manylinux, rust-cross/manylinux-cross,
# rust-cross/rust-musl-cross, cross-rs/cross. The first family with a trace is used. A cross image may contain pypa's
# target Pythons in /opt/python, so these are not used as traces.
_IMAGES: tuple[tuple[str, Callable[[Root, Mapping[str, str], Distro], Iterator[tuple[str, str]]]], ...] = (
    ("rust-musl-cross", _musl_cross),
    ("manylinux-cross", _crosstool),
    ("cross-rs", _cross_rs),
    ("manylinux", _manylinux),
    ("musllinux", _musllinux),
    ("plain", _plain),
)


def _policy(kind: str, environ: Mapping[str, str], distro: Distro) -> str:
    """Return the tag of a pypa image, from its files or by the version of its C library."""
    if environ.get("AUDITWHEEL_POLICY"):
        return environ["AUDITWHEEL_POLICY"]
    if kind not in ("manylinux", "musllinux") or not distro.libc_version:
        return ""
    major, _, rest = distro.libc_version.partition(".")
    version = f"{major}_{rest.partition('.')[0]}"
    return "manylinux2014" if (kind, version) == ("manylinux", "2_17") else f"{kind}_{version}"
