"""apt's sources, one-line and deb822, with everything needed to write them back; and what apt has fetched from them."""

from __future__ import annotations

from typing import NamedTuple


class AptSource(NamedTuple):
    """One entry of one file: a line of ``sources.list``, or a stanza of a ``.sources`` file.

    ``line`` and ``end`` are its first and last line, counted from 1. ``options`` are (name, value) as written: for a
    one-line entry what stands in brackets (``arch-`` for ``arch-=armhf``), for a stanza every field but the four that
    have a place of their own. ``unknown`` are the names of options that apt passes over without a word.
    ``architectures`` are those that apt asks this source for, with what dpkg knows here taken into account;
    ``declared`` says that the entry names them itself.
    """

    path: str
    line: int
    end: int
    style: str  # "list" or "sources"
    enabled: bool
    types: tuple[str, ...]
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    declared: bool = False

    @property
    def where(self) -> str:
        """``path:line``, as evidence names it."""
        return f"{self.path}:{self.line}"


class AptFile(NamedTuple):
    """One sources file: its text, kept to the byte in ``lines`` (with their line ends), and its entries."""

    path: str
    style: str
    lines: tuple[str, ...]
    sources: tuple[AptSource, ...]

    @property
    def text(self) -> str:
        """The file as it was read."""
        return "".join(self.lines)


class AptRelease(NamedTuple):
    """One Release file that apt has fetched: what the repository says of itself. ``path`` is the fetched file."""

    path: str
    origin: str = ""
    suite: str = ""
    codename: str = ""
    version: str = ""
    architectures: tuple[str, ...] = ()


class Apt(NamedTuple):
    """apt and dpkg of one root.

    ``native`` is dpkg's own architecture, ``foreign`` those added to it (from ``foreign_path``). ``indexed`` are the
    architectures of which a Packages index has been fetched; ``lists`` says whether any has.
    """

    native: str
    foreign: tuple[str, ...]
    files: tuple[AptFile, ...] = ()
    releases: tuple[AptRelease, ...] = ()
    indexed: tuple[str, ...] = ()
    lists: bool = False
    foreign_path: str = "/var/lib/dpkg/arch"

    @property
    def architectures(self) -> tuple[str, ...]:
        """All architectures that dpkg takes here, its own first."""
        return (self.native, *self.foreign)

    @property
    def sources(self) -> tuple[AptSource, ...]:
        """All entries of all files, in the order in which apt reads them."""
        return tuple(source for file in self.files for source in file.sources)


class Package(NamedTuple):
    """One installed package. ``architecture`` is the package manager's own name (``armhf``, ``x86_64``, ``all``)."""

    name: str
    version: str
    architecture: str


class RpmRepo(NamedTuple):
    """One section of a yum or dnf ``.repo`` file."""

    path: str
    line: int
    id: str
    enabled: bool
    baseurl: tuple[str, ...] = ()
    mirrorlist: str = ""
    metalink: str = ""
