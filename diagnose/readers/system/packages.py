"""Installed packages, from the databases of dpkg, apk and pacman, and the repositories that RPM systems install from.

Sources: deb-control(5) and dpkg's ``lib/dpkg/dump.c`` (status), apk-package(5) (``lib/apk/db/installed``), alpm's local
database, dnf.conf(5) (``.repo`` files).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.system.root import Root

#: The largest package database that is read, in bytes; a desktop's dpkg status is about 10 MB.
DATABASE_LIMIT = 64 << 20
_STATUS = "/var/lib/dpkg/status"
_INFO = "/var/lib/dpkg/info"
_UPDATES = "/var/lib/dpkg/updates"
_UNFINISHED = (b"half-installed", b"unpacked", b"half-configured")
_APK = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
_PACMAN = "/var/lib/pacman/local"
_RPM = ("/var/lib/rpm", "/usr/lib/sysimage/rpm")


class Package(NamedTuple):
    """One installed package. ``architecture`` is the package manager's own name (``armhf``, ``x86_64``, ``all``).

    ``same`` is Debian's ``Multi-Arch: same``: copies for several architectures must have one version.
    """

    name: str
    """Without an architecture."""
    version: str
    """The package manager's own form, with epoch and revision."""
    architecture: str
    same: bool = False


class RpmRepo(NamedTuple):
    """One section of a yum or dnf ``.repo`` file; ``line`` is where it starts."""

    path: str
    """The file."""
    line: int
    id: str
    """The name in the brackets."""
    enabled: bool
    """False only if it says so."""
    baseurl: tuple[str, ...] = ()
    """As written, with variables like ``$releasever``."""
    mirrorlist: str = ""
    """The address as written; empty without one."""
    metalink: str = ""
    """The address as written; empty without one."""
    text: str = ""
    """The whole file."""


def native(root: Root) -> str:
    """Return dpkg's own architecture from its status file; empty without dpkg."""
    data = root.read(_STATUS, DATABASE_LIMIT) or b""
    start = 0 if data.startswith(b"Package: dpkg\n") else data.find(b"\nPackage: dpkg\n") + 1
    if not data.startswith(b"Package: dpkg\n", start):
        return ""
    end = data.find(b"\n\n", start)
    return _field(data[start : len(data) if end < 0 else end], b"Architecture")


class Packages:
    """The packages of a database, which is taken apart when somebody looks at them: hardly any check has to."""

    def __init__(self, packages: Iterator[Package]) -> None:
        self._rest = packages
        self._known: tuple[Package, ...] = ()

    def __iter__(self) -> Iterator[Package]:
        self._known += tuple(self._rest)
        return iter(self._known)


def installed(root: Root) -> Packages | None:
    """Return all installed packages; None if only the package manager can read the database."""
    data = root.read(_STATUS, DATABASE_LIMIT)
    if data is not None:
        return Packages(_dpkg(data))
    for path in _APK:
        data = root.read(path, DATABASE_LIMIT)
        if data is not None:
            return Packages(_apk(data))
    if root.is_dir(_PACMAN):
        return Packages(iter(tuple(_pacman(root))))
    return None


def owner(root: Root, path: str, prefix: str) -> str:
    """Return the Debian package that contains the file *path*, among those whose names start with *prefix*.

    dpkg lists each package's files in ``info/NAME.list`` or ``info/NAME:ARCH.list``. Empty if no package lists *path*.
    """
    line = path.encode("utf-8", "surrogateescape")
    lists = (name for name in root.names(_INFO) if name.startswith(prefix) and name.endswith(".list"))
    for name in lists:
        if line in (root.read(f"{_INFO}/{name}", DATABASE_LIMIT) or b"").splitlines():
            return name.removesuffix(".list").partition(":")[0]
    return ""


def version(root: Root, name: str) -> str:
    """Return the installed version of the dpkg package *name*; empty if it is not installed."""
    stanza = root.find(_STATUS, f"Package: {name}\n".encode(), 4096).partition(b"\n\n")[0]
    return _field(stanza, b"Version")


def _field(stanza: bytes, name: bytes) -> str:
    start = 0 if stanza.startswith(name + b":") else stanza.find(b"\n" + name + b":") + 1
    if start == 0 and not stanza.startswith(name + b":"):
        return ""
    end = stanza.find(b"\n", start)
    return stanza[start + len(name) + 1 : len(stanza) if end < 0 else end].strip().decode("utf-8", "replace")


def _dpkg(data: bytes) -> Iterator[Package]:
    for stanza in data.split(b"\n\n"):
        if b"\nStatus: " in stanza and _field(stanza, b"Status").endswith(" installed"):
            yield Package(
                name=_field(stanza, b"Package"),
                version=_field(stanza, b"Version"),
                architecture=_field(stanza, b"Architecture"),
                same=b"\nMulti-Arch: same\n" in stanza,
            )


def _apk(data: bytes) -> Iterator[Package]:
    for stanza in data.split(b"\n\n"):
        if b"P:" in stanza:
            yield Package(_field(stanza, b"P"), _field(stanza, b"V"), _field(stanza, b"A"))


def _pacman(root: Root) -> Iterator[Package]:
    for entry in root.names(_PACMAN):
        name, _, version = entry.rpartition("-")
        name, _, upstream = name.rpartition("-")
        if name:
            yield Package(name, f"{upstream}-{version}", "")


def unfinished(root: Root) -> tuple[str, tuple[str, ...]]:
    """Return dpkg's journal if it was interrupted, and the packages that it has not finished installing.

    The journal is the first file in ``updates`` whose name is a number: apt installs nothing while there is one
    (``debSystem::CheckUpdates`` of apt). Packages are ``NAME:ARCH (STATE)``, with the states of dpkg(1).
    """
    numbers = (name for name in root.names(_UPDATES) if name.isascii() and name.isdigit())
    journal = next((f"{_UPDATES}/{name}" for name in numbers), "")
    data = root.read(_STATUS, DATABASE_LIMIT) or b""
    states = {part.partition(b"\n")[0].strip().rpartition(b" ")[2] for part in data.split(b"Status:")[1:]}
    stanzas = data.split(b"\n\n") if not states.isdisjoint(_UNFINISHED) else []
    found = []
    for stanza in stanzas:
        state = _field(stanza, b"Status").rpartition(" ")[2]
        if state.encode() in _UNFINISHED:
            found.append(f"{_field(stanza, b'Package')}:{_field(stanza, b'Architecture')} ({state})")
    return journal, tuple(found)


def has_rpm(root: Root) -> bool:
    """Whether there is an RPM database."""
    return any(root.is_dir(path) for path in _RPM)


def repositories(root: Root) -> tuple[RpmRepo, ...]:
    """Return the yum and dnf repositories of *root*."""
    found: list[RpmRepo] = []
    for folder in ("/etc/yum.repos.d", "/etc/zypp/repos.d"):
        for name in root.names(folder):
            if name.endswith(".repo"):
                path = f"{folder}/{name}"
                found += _sections(path, root.text(path) or "")
    return tuple(found)


def _sections(path: str, text: str) -> Iterator[RpmRepo]:
    section, start = "", 0
    options: dict[str, list[str]] = {}
    last = ""
    for number, line in enumerate((*text.splitlines(), "[]"), 1):
        body = line.strip()
        if not body or body[0] in "#;":
            continue
        if body.startswith("[") and body.endswith("]"):
            if section and section != "main":
                yield RpmRepo(
                    path=path,
                    line=start,
                    id=section,
                    enabled=" ".join(options.get("enabled", ["1"])).lower() not in ("0", "no", "false", "off"),
                    baseurl=tuple(options.get("baseurl", ())),
                    mirrorlist=" ".join(options.get("mirrorlist", ())),
                    metalink=" ".join(options.get("metalink", ())),
                    text=text,
                )
            section, start, options, last = body[1:-1].strip(), number, {}, ""
        elif line[0] in " \t" and last:
            options[last] += body.replace(",", " ").split()
        else:
            last, _, value = body.partition("=")
            last = last.strip().lower()
            options[last] = value.replace(",", " ").split()
