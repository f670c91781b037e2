"""The file that a linker finds for ``-lNAME``, and its kind.

Sources: ld's manual (``-l``, ``-L``, implicit linker scripts) and rustc's handling of ``static=`` libraries.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError
from diagnose.model.versions import version_key
from diagnose.readers.elf import elf_parser as elf
from diagnose.readers.elf import ld_so, linker_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Sized

    from diagnose.model.targets import Target
    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.system.root import Root

#: The most members of an archive that are read.
MEMBER_LIMIT = 64
#: The most libraries that are followed through NEEDED from one library.
DEPENDENCY_LIMIT = 300


#: The most libraries, and the most folders, in the flags of one call: each is looked for in each.
FLAGS_LIMIT = 1000


def refuse_many(where: str, *flags: Sized) -> None:
    """Refuse *flags*, the libraries or the folders that *where* names, if they are more than any linker is given.

    Raises:
        InputError: they are.
    """
    if any(len(some) > FLAGS_LIMIT for some in flags):
        raise InputError(f"{where}: more than {FLAGS_LIMIT} libraries or folders for the linker")


class Needed(NamedTuple):
    """A direct or indirect run-time dependency of a library: its path, if found, and its GLIBC version."""

    soname: str
    """As ``DT_NEEDED`` names it."""
    path: str = ""
    """As seen from inside the root; empty if none was found."""
    glibc: str = ""
    """The highest GLIBC version that it needs, as ``2.34``; empty if none."""
    accepted: bool | None = None
    """Whether the target can load it; None if unknown."""


class LinkFile(NamedTuple):
    """The file that the linker finds for one ``-l`` flag.

    ``path`` is the first file that matches in the flags' folders (``searched``), or else in the linker's default
    folders. ``real`` is ``path`` with links resolved. ``kind`` is ``shared``, ``static``, ``script`` (a linker script;
    ``members`` are the files that it names), ``dangling`` (a broken symlink; ``real`` is its target; or a script, whose
    absent ``members`` are listed), ``unreadable`` or
    ``missing``. ``accepted``: the target's linker can use it; None if unknown. ``glibc`` is the highest GLIBC version
    that it needs, as ``2.34``. ``default``: only the linker's default folders contain it. ``saved_by`` is the file in
    the default folders that a linker uses instead if it skips incompatible files. ``loaded`` is another file of the
    same soname, if the dynamic loader finds that one instead. ``archive`` is the static library of that name in the
    flags' folders. ``needs`` are the run-time dependencies of the file.
    """

    name: str
    """The name after ``-l``."""
    kind: str = "missing"
    path: str = ""
    real: str = ""
    accepted: bool | None = None
    libc: str = ""
    """``glibc`` or ``musl``, by the library that it needs; empty if it needs neither."""
    glibc: str = ""
    elf: Elf | None = None
    """The shared library's own facts; None for other kinds."""
    members: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    default: bool = False
    saved_by: str = ""
    loaded: str = ""
    archive: str = ""
    needs: tuple[Needed, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether there is a file, and it can be read."""
        return self.kind not in ("dangling", "unreadable", "missing")


def find(root: Root, name: str, folders: Iterable[str], own: Iterable[str], target: Target) -> LinkFile:
    """Return the file for ``-l`` *name*: in the flags' *folders* first, then in the linker's *own*."""
    folders, own = tuple(dict.fromkeys(folders)), tuple(own)
    searched, folders = folders, root.present(folders)
    names = (name[1:],) if name.startswith(":") else (f"lib{name}.so", f"lib{name}.a")
    archive = next((path for folder in folders if root.is_file(path := f"{folder}/lib{name}.a")), "")
    for places, default in ((folders, False), (own, True)):
        for folder in places:
            for file in names:
                path = f"{folder}/{file}"
                if root.resolve(path, follow=False) is None:
                    continue
                found = inspect(root, name, path, target)._replace(searched=searched, default=default, archive=archive)
                if found.accepted is False and not default:
                    found = found._replace(saved_by=_fitting(root, name, names, own, target))
                if found.kind == "shared" and found.elf is not None:
                    needs = _needs(root, found, (*folders, *own), target)
                    found = found._replace(needs=needs, loaded=_loaded(root, found, target))
                return found
    return LinkFile(name, searched=searched)


def _fitting(root: Root, name: str, names: tuple[str, ...], own: tuple[str, ...], target: Target) -> str:
    paths = (f"{folder}/{file}" for folder in own for file in names)
    return next((path for path in paths if root.is_file(path) and inspect(root, name, path, target).accepted), "")


def _loaded(root: Root, found: LinkFile, target: Target) -> str:
    """Return the file that the loader finds for the soname of *found*, if it is another one."""
    if found.elf is None or not found.elf.soname or "/" in found.elf.soname or not found.accepted:
        return ""
    for folder in ld_so.folders(root, target):
        path = f"{folder}/{found.elf.soname}"
        if root.is_file(path) and (one := inspect(root, found.name, path, target)).accepted:
            return "" if one.real == found.real else path
    return ""


def inspect(root: Root, name: str, path: str, target: Target, *, scripts: bool = True) -> LinkFile:
    """Return the kind of the file at *path*; a linker script is followed if *scripts*."""
    try:
        real = root.resolve(path)
    except InputError:
        real = None
    if real is None:
        return LinkFile(name, "dangling", path, root.link_target(path))
    if not root.is_file(real):
        return LinkFile(name, "unreadable", path, real)
    head = root.head(real, 8)
    if head.startswith(elf.MAGIC):
        return _shared(root, name, path, real, target)
    if head == b"!<arch>\n":
        return _static(root, name, path, real, target)
    members = linker_script.members(root, real) if scripts else ()
    if not members:
        return LinkFile(name, "unreadable", path, real)
    absent = linker_script.absent(root, real, members)
    if absent:
        return LinkFile(name, "dangling", path, real, members=absent)
    files = [inspect(root, name, one, target, scripts=False) for one in members if one.startswith("/")]
    known = [file for file in files if file.elf is not None]
    return LinkFile(
        name,
        "script",
        path,
        real,
        accepted=all(file.accepted for file in known) if known else None,
        libc=next((file.libc for file in known if file.libc), ""),
        glibc=max((file.glibc for file in known), key=version_key, default=""),
        elf=known[0].elf if known else None,
        members=members,
    )


def _load(root: Root, real: str) -> Elf | None:
    try:
        with root.whole(real) as data:
            return elf.read(data, real) if data[:4] == elf.MAGIC else None
    except OSError:
        root.unseen.append(f"{real}: cannot be read")
        return None


def _shared(root: Root, name: str, path: str, real: str, target: Target) -> LinkFile:
    facts = _load(root, real)
    cut = facts is not None and any("truncated" in why or "beyond the end" in why for why in facts.broken)
    if facts is None or not facts.machine or cut:
        return LinkFile(name, "unreadable", path, real, elf=facts)
    return LinkFile(
        name, "shared", path, real, accepted(facts, target), facts.libc, highest_glibc(facts), facts._replace(path=real)
    )


def _static(root: Root, name: str, path: str, real: str, target: Target) -> LinkFile:
    """Read a static library by its first ELF member."""
    try:
        with root.whole(real) as data:
            facts = _member(data[: 1 << 22], real)
    except OSError:
        root.unseen.append(f"{real}: cannot be read")
        facts = None
    return LinkFile(name, "static", path, real, accepted(facts, target) if facts else None, elf=facts)


def _member(data: bytes, path: str) -> Elf | None:
    position = 8
    for _ in range(MEMBER_LIMIT):
        header = data[position : position + 60]
        size = header[48:58].strip()
        if len(header) < 60 or not size.isdigit():
            return None
        start = position + 60
        body = data[start : start + int(size)]
        if body.startswith(elf.MAGIC):
            return elf.read(body, path)
        position = start + int(size) + (int(size) & 1)
    return None


def accepted(facts: Elf, target: Target) -> bool:
    """Whether a linker for *target* accepts code like *facts*: machine, class, byte order and float ABI."""
    if not target.accepts(facts.machine, facts.bits, facts.endian, facts.flags):
        return False
    wanted = {"hard-float EABI": "hard", "soft-float EABI": "soft"}.get(target.flags.meaning, "")
    return not (wanted and facts.arm_float and facts.arm_float != wanted)


def highest_glibc(facts: Elf) -> str:
    """Return the highest GLIBC version that a file needs, as ``2.34``; empty if it needs none."""
    versions = (need.version[6:] for need in facts.verneed if need.version.startswith("GLIBC_2"))
    return max(versions, key=version_key, default="")


# glibc's own libraries: they belong to the system and are never bundled.
_GLIBC = ("libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1", "libresolv.so.2")


def _needs(root: Root, file: LinkFile, folders: tuple[str, ...], target: Target) -> tuple[Needed, ...]:
    """Return the run-time dependencies of *file*, searched next to it and in *folders*."""
    assert file.elf is not None
    places = (file.real.rpartition("/")[0], *folders)
    pending = list(file.elf.needed)
    found: dict[str, Needed] = {}
    while pending and len(found) < DEPENDENCY_LIMIT:
        soname = pending.pop(0)
        if soname in found or soname in _GLIBC or soname.startswith(("ld-linux", "ld64.so", "ld-musl", "libc.musl")):
            continue
        found[soname] = Needed(soname)
        for path in (f"{folder}/{soname}" for folder in places):
            if "/" in soname or not root.is_file(path):
                continue
            facts = _load(root, path)
            if facts is not None and accepted(facts, target):
                found[soname] = Needed(soname, path, highest_glibc(facts), True)
                pending += facts.needed
                break
    return tuple(found.values())
