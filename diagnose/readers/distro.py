"""Which distribution a root is, which package manager it has, and which container image it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from diagnose.readers.root import Root


class Distro(NamedTuple):
    """What os-release(5) says, and which libc and package manager were found.

    ``manager`` is ``apt``, ``dnf``, ``yum``, ``zypper``, ``apk``, ``pacman`` or empty. ``libc`` is ``glibc``, ``musl``
    or empty, ``libc_version`` the system's own (as ``2.36``), read from ``libc_path``. ``path`` is the file read.
    """

    id: str = ""
    id_like: tuple[str, ...] = ()
    name: str = ""
    version: str = ""
    codename: str = ""
    manager: str = ""
    libc: str = ""
    libc_version: str = ""
    libc_path: str = ""
    path: str = ""

    @property
    def family(self) -> str:
        """``debian``, ``rhel``, ``alpine``, ``arch``, ``suse`` or empty: whose package names are used here."""
        for known, members in _FAMILIES.items():
            if self.id in members or any(like in members for like in self.id_like):
                return known
        return {"apt": "debian", "dnf": "rhel", "yum": "rhel", "apk": "alpine", "pacman": "arch", "zypper": "suse"}.get(
            self.manager, ""
        )


_FAMILIES = {
    "debian": ("debian", "ubuntu"),
    "rhel": ("rhel", "fedora", "centos", "almalinux", "rocky", "anolis", "amzn", "ol"),
    "alpine": ("alpine",),
    "arch": ("arch", "archarm"),
    "suse": ("suse", "opensuse", "sles"),
}

# The first that exists decides; where several do (dnf systems keep a yum link), the newer one is the better advice.
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
    """Which image this is, as far as its traces tell, each trace as (path or variable, what it says).

    ``kind`` is ``manylinux`` or ``musllinux`` (pypa), ``manylinux-cross`` (rust-cross), ``rust-musl-cross``,
    ``cross-rs``, ``plain`` (some other container) or empty (no sign of a container). ``policy`` is the platform tag
    that the image is made for, without its architecture (``manylinux_2_28``), where it says so.
    """

    kind: str = ""
    policy: str = ""
    evidence: tuple[tuple[str, str], ...] = ()


def read(root: Root) -> Distro:
    """Read the distribution of *root*; fields that nothing tells stay empty."""
    path, fields = "", {}
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
    libc, version, libc_path = _libc(root)
    return Distro(
        id=fields.get("ID", "").lower(),
        id_like=tuple(fields.get("ID_LIKE", "").lower().split()),
        name=fields.get("PRETTY_NAME") or fields.get("NAME", ""),
        version=fields.get("VERSION_ID", ""),
        codename=fields.get("VERSION_CODENAME") or fields.get("UBUNTU_CODENAME", ""),
        manager=manager,
        libc=libc,
        libc_version=version,
        libc_path=libc_path,
        path=path,
    )


def _assignments(text: str) -> dict[str, str]:
    """Parse shell-like ``NAME=value`` lines (os-release(5)): quotes and backslashes as the shell has them."""
    found = {}
    for line in text.splitlines():
        name, sign, value = line.strip().partition("=")
        if sign and name.isidentifier():
            value = value.strip()
            if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            found[name] = value.replace("\\", "")
    return found


def _libc(root: Root) -> tuple[str, str, str]:
    """Return (libc, version, path) of the root's own C library."""
    return "", "", ""


def container(root: Root, environ: Mapping[str, str], distro: Distro) -> Container:
    """Tell which image *root* looks like from traces in its files and from the image's environment."""
    return Container()
