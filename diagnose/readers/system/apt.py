"""apt's sources, one-line and deb822, in a form that can be written back, and the indexes that apt has fetched.

Sources: sources.list(5); apt's ``apt-pkg/sourcelist.cc`` (entries and option names), ``apt-pkg/deb/debmetaindex.cc``
(architectures of an entry) and ``URItoFileName`` of ``apt-pkg/contrib/strutl.cc`` (names of fetched files).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError
from diagnose.readers.system.apt_mirrors import MirrorLists
from diagnose.tables import distributions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.readers.system.root import Root

#: The most bytes of one sources file, and of the head of a Release file, that are read.
SOURCES_LIMIT = 1 << 20
RELEASE_HEAD = 1 << 12
#: The most URIs, suites, components, options and architectures of one entry: every URI is combined with every suite.
ENTRY_LIMIT = 200
#: Entries of all sources files; each is rewritten for every fix that changes them.
ENTRIES_LIMIT = 4000
#: The most Release files that are read.
RELEASES_LIMIT = 1000
#: The most names of fetched files that are compared with entries: many entries may begin like all of them.
COMPARED_LIMIT = 1_000_000

_PARTS = "/etc/apt/sources.list.d"
LISTS = "/var/lib/apt/lists"


class AptSource(NamedTuple):
    """One entry of one file: a line of ``sources.list``, or a stanza of a ``.sources`` file.

    ``line`` and ``end`` are its first and last line, counted from 1. A commented one-line entry is included, not
    ``enabled``. ``options`` are (name, value) as written: for a one-line entry the options in brackets (``arch-`` for
    ``arch-=armhf``), for a stanza every field but the five that are separate attributes. ``unknown`` are the names of
    options that apt ignores silently. ``architectures`` are those that apt requests from this source, including dpkg's
    defaults. ``declared``: the entry names them itself. ``mirrors`` are the URIs in a ``mirror+file:`` list.
    """

    path: str
    """The file."""
    line: int
    end: int
    style: str  # "list" or "sources"
    """``list`` for a one-line entry, ``sources`` for a stanza."""
    enabled: bool
    types: tuple[str, ...]
    """``deb`` and ``deb-src``."""
    uris: tuple[str, ...]
    """As written."""
    suites: tuple[str, ...]
    """As written; one that ends in ``/`` is a path."""
    components: tuple[str, ...]
    """``main`` and others; empty for a path."""
    options: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    declared: bool = False
    mirrors: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """``path:line``, as evidence names it."""
        return f"{self.path}:{self.line}"

    @property
    def asks_gone_suite(self) -> bool:
        """Whether it asks for a suite that has left its servers, itself or with its whole release."""
        bases = {suite.partition("/")[0].partition("-")[0] for suite in self.suites}
        gone = distributions.moved("debian") | distributions.moved("ubuntu")
        return not gone.isdisjoint(bases) or not distributions.GONE_SUITES.isdisjoint(self.suites)

    @property
    def names_ubuntu(self) -> bool:
        """Whether an address shows a server of Ubuntu."""
        return any("ubuntu" in uri.lower() for uri in (*self.uris, *self.mirrors))


class AptFile(NamedTuple):
    """One sources file: its text, kept to the byte in ``lines`` (with their line ends), and its entries.

    ``malformed`` are (line, reason) of entries that apt rejects.
    """

    path: str
    """As seen from inside the root."""
    style: str
    """``list`` or ``sources``, by its ending."""
    lines: tuple[str, ...]
    sources: tuple[AptSource, ...]
    """In the file's order, commented ones included."""
    malformed: tuple[tuple[int, str], ...] = ()

    @property
    def text(self) -> str:
        """The file as it was read."""
        return "".join(self.lines)


class AptRelease(NamedTuple):
    """One Release file that apt has fetched: the description of a repository.

    ``path`` is the fetched file; ``uri`` and ``asked`` are the URI and the suite of its entry.
    """

    path: str
    uri: str = ""
    asked: str = ""
    origin: str = ""
    """``Debian``, ``Ubuntu`` …"""
    suite: str = ""
    """``stable``, ``noble-updates`` …"""
    codename: str = ""
    """``bookworm`` …"""
    version: str = ""
    """``12.5``, ``24.04``; empty for rolling ones."""
    architectures: tuple[str, ...] = ()
    """Those that the repository has, by Debian's names."""


class Skew(NamedTuple):
    """A package that needs the same version on all architectures, but has no common one on *native* and *architecture*.

    ``installed`` is its version on the native architecture. ``offered`` are the versions in the fetched indexes of
    ``architecture``; the native architecture neither offers nor has any of them. ``path`` is the index with these
    versions.
    """

    name: str
    """The package's name without an architecture."""
    installed: str
    architecture: str
    offered: tuple[str, ...]
    path: str


class Apt(NamedTuple):
    """apt and dpkg of one root.

    ``native`` is dpkg's own architecture; ``foreign`` are the added ones (from ``foreign_path``). ``indexed`` are the
    architectures with a fetched Packages index; ``lists``: there is any. ``skews`` is only computed if a library of
    another architecture must still be installed. ``offers`` are (package, version) in the target's
    fetched indexes of packages that hold a required module that is absent, if the crate requires a version of it.
    """

    native: str
    foreign: tuple[str, ...]
    files: tuple[AptFile, ...] = ()
    """The files of sources, in apt's order."""
    releases: tuple[AptRelease, ...] = ()
    """The fetched Release files of the entries, in their order."""
    indexed: tuple[str, ...] = ()
    lists: bool = False
    skews: tuple[Skew, ...] = ()
    foreign_path: str = "/var/lib/dpkg/arch"
    offers: tuple[tuple[str, str], ...] = ()

    @property
    def architectures(self) -> tuple[str, ...]:
        """All architectures that dpkg accepts here, its own first."""
        return (self.native, *self.foreign)

    @property
    def sources(self) -> tuple[AptSource, ...]:
        """All entries of all files, in the order in which apt reads them."""
        return tuple(source for file in self.files for source in file.sources)

    def release(self, uri: str, suite: str) -> AptRelease | None:
        """Return the fetched Release file of an entry's URI and suite."""
        return next((one for one in self.releases if (one.uri, one.asked) == (uri, suite)), None)


_FIELDS = ("types", "uris", "suites", "components", "enabled")
_KNOWN = frozenset(
    (
        *("trusted", "signed-by", "snapshot", "pdiffs", "by-hash", "include", "exclude", "inrelease-path"),
        *("check-valid-until", "valid-until-min", "valid-until-max", "check-date", "date-max-future"),
        *("allow-insecure", "allow-weak", "allow-downgrade-to-insecure"),
        *("arch", "arch+", "arch-", "lang", "lang+", "lang-", "target", "target+", "target-"),
    )
)
# A stanza's name of a one-line option; every other has the same name in both.
_STANZA_NAMES = {
    name + suffix: short + sign
    for name, short in (("architectures", "arch"), ("languages", "lang"), ("targets", "target"))
    for suffix, sign in (("", ""), ("-add", "+"), ("-remove", "-"))
}
# Fields of other programs, which apt ignores.
_NOTES = ("x-", "description", "contents-", "dep-11", "translations", "packages", "sources")


def read(root: Root, native: str) -> Apt | None:
    """Read apt's configuration of sources in *root*; None without apt.

    Raises:
        InputError: a sources file is not text, too large, or a loop of links, or there are too many entries.
    """
    if not root.is_dir("/etc/apt"):
        return None
    foreign = _architectures(root, native)
    architectures = (native, *foreign)
    paths = ["/etc/apt/sources.list"]
    paths += [f"{_PARTS}/{name}" for name in root.names(_PARTS) if _is_read(name)]
    files = []
    entries = 0
    lists = MirrorLists(root)
    for path in paths:
        text = root.text(path, SOURCES_LIMIT)
        if text is not None:
            parsed = parse(path, text, architectures)
            entries += len(parsed.sources)
            if entries > ENTRIES_LIMIT:
                raise InputError(f"{path}: more than {ENTRIES_LIMIT} entries in apt's sources")
            found = (one._replace(mirrors=lists.mirrors(one.uris, one.where)) for one in parsed.sources)
            files.append(parsed._replace(sources=tuple(found)))
    names = root.names(LISTS)
    indexed = sorted({architecture for name in names if (architecture := indexed_architecture(name))})
    releases = tuple(_releases(root, files, frozenset(names)))
    return Apt(native, foreign, tuple(files), releases, tuple(indexed), bool(indexed))


def _is_read(name: str) -> bool:
    """Whether apt reads a file of this name in its folders of parts (``GetListOfFilesInDir``)."""
    plain = name.translate(dict.fromkeys(map(ord, "_-:.")))
    return name.endswith((".list", ".sources")) and name[0] != "." and plain.isascii() and plain.isalnum()


def _architectures(root: Root, native: str) -> tuple[str, ...]:
    text = root.text("/var/lib/dpkg/arch", 1 << 12) or ""
    return tuple(dict.fromkeys(line for line in text.split() if line != native))


def parse(path: str, text: str, architectures: Iterable[str] = ()) -> AptFile:
    """Parse one sources file; *architectures* are those that dpkg accepts. ``parse(path, text).text == text``."""
    known = tuple(architectures)
    style = "sources" if path.endswith(".sources") else "list"
    lines = tuple(text.splitlines(keepends=True)) if "\r" not in text else tuple(_lines(text))
    sources: list[AptSource] = []
    malformed: list[tuple[int, str]] = []
    for found in (_stanzas if style == "sources" else _entries)(path, lines):
        if isinstance(found, AptSource):
            if max(len(found.uris), len(found.suites)) > ENTRY_LIMIT:
                raise InputError(f"{path}:{found.line}: more than {ENTRY_LIMIT} URIs or suites in one entry")
            if max(len(found.components), len(found.options)) > ENTRY_LIMIT:
                raise InputError(f"{path}:{found.line}: more than {ENTRY_LIMIT} components or options in one entry")
            sources.append(_effective(found, known))
        else:
            malformed.append(found)
    return AptFile(path, style, lines, tuple(sources), tuple(malformed))


def _lines(text: str) -> Iterator[str]:
    """Split at newlines only, as apt does; ``str.splitlines`` splits at a dozen other characters, too."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start : end + 1]
        start = end + 1
    if start < len(text):
        yield text[start:]


def _entries(path: str, lines: tuple[str, ...]) -> Iterator[AptSource | tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        body = line.strip(" \t\r\n")
        enabled = not body.startswith("#")
        if not enabled:
            body = body.lstrip("# \t")
            if body.partition(" ")[0] not in ("deb", "deb-src"):
                continue  # a comment
        body = _uncommented(body)
        if not body:
            continue
        entry = _entry(path, number, body)
        if isinstance(entry, AptSource):
            yield entry._replace(enabled=enabled)
        elif enabled:
            yield number, entry


def _uncommented(line: str) -> str:
    """Remove a trailing comment; a ``#`` inside brackets belongs to an option."""
    opened = position = 0
    for part in line.split("#")[:-1]:
        opened += part.count("[") - part.count("]")
        position += len(part)
        if opened <= 0:
            return line[:position].rstrip()
        position += 1
    return line


def _entry(path: str, number: int, line: str) -> AptSource | str:
    kind, _, rest = line.replace("\t", " ").partition(" ")
    rest = rest.strip()
    if kind not in ("deb", "deb-src") or not rest:
        return f"type {kind!r} is not known" if rest else "no type and URI"
    options: list[tuple[str, str]] = []
    if rest.startswith("["):
        inner, bracket, rest = rest[1:].partition("]")
        if not bracket or not rest.startswith(" "):
            return "the options have no end"
        for option in inner.split():
            name, sign, value = option.partition("=")
            if not sign or not name or not value:
                return f"option {option!r} is not an assignment"
            options.append((name, value))
    words = [word.strip('"') for word in _words(rest)]
    if len(words) < 2 or ":" not in words[0]:
        return "no URI" if not words or ":" not in words[0] else "no suite"
    flat = words[1].endswith("/")
    if flat != (len(words) == 2):
        return "a suite that is a path takes no component" if flat else "no component"
    uri = words[0] if words[0].endswith("/") else words[0] + "/"
    return AptSource(
        path=path,
        line=number,
        end=number,
        style="list",
        enabled=True,
        types=(kind,),
        uris=(uri,),
        suites=(words[1],),
        components=tuple(words[2:]),
        options=tuple(options),
        unknown=tuple(name for name, _ in options if name not in _KNOWN and not name.lower().startswith(_NOTES)),
    )


def _words(text: str) -> list[str]:
    """Split at blanks outside quotes and brackets: the URI of a CD is its label in brackets."""
    if "[" not in text and '"' not in text:
        return text.split()
    words: list[str] = []
    closing, start = "", -1
    for place, char in enumerate(text):
        if closing or not char.isspace():
            start = place if start < 0 else start
            closing = ("" if char == closing else closing) if closing else {"[": "]", '"': '"'}.get(char, "")
        elif start >= 0:
            words.append(text[start:place])
            start = -1
    return words if start < 0 else [*words, text[start:]]


def _stanzas(path: str, lines: tuple[str, ...]) -> Iterator[AptSource | tuple[int, str]]:
    fields: list[tuple[str, list[str]]] = []
    start = end = 0
    for number, line in enumerate((*lines, ""), 1):
        body = line.rstrip("\r\n")
        if body.startswith("#"):
            continue
        if body.strip(" \t"):
            start = start or number
            end = number
            if body[0] in " \t":
                if fields:
                    fields[-1][1].append(body.strip())
                continue
            name, _, value = body.partition(":")
            fields.append((name.strip(), [value.strip()]))
        elif fields:
            yield _stanza(path, start, end, [(name, "\n".join(lines)) for name, lines in fields])
            fields, start = [], 0
        else:
            start = 0


def _stanza(path: str, start: int, end: int, fields: list[tuple[str, str]]) -> AptSource | tuple[int, str]:
    own = {name.lower(): value for name, value in fields}
    enabled = own.get("enabled", "").lower() not in ("no", "false", "without", "off", "disable", "0")
    options = tuple((name, " ".join(value.split())) for name, value in fields if name.lower() not in _FIELDS)
    for name, what in (("types", "Types"), ("uris", "URIs"), ("suites", "Suites")):
        if enabled and not own.get(name, "").split():
            return start, f"no {what}"
    return AptSource(
        path=path,
        line=start,
        end=end,
        style="sources",
        enabled=enabled,
        types=tuple(own.get("types", "").split()),
        uris=tuple(uri if uri.endswith("/") else uri + "/" for uri in own.get("uris", "").split()),
        suites=tuple(own.get("suites", "").split()),
        components=tuple(own.get("components", "").split()),
        options=options,
        unknown=tuple(
            name
            for name, _ in options
            if name.lower() not in _STANZA_NAMES
            and name.lower() not in _KNOWN - set(_STANZA_NAMES.values())
            and not name.lower().startswith(_NOTES)
        ),
    )


def _effective(source: AptSource, known: tuple[str, ...]) -> AptSource:
    chosen: dict[str, list[str]] = {}
    for name, value in source.options:
        short = name if source.style == "list" else _STANZA_NAMES.get(name.lower(), "")
        if short in ("arch", "arch+", "arch-"):
            chosen[short] = value.replace(",", " ").split()
            if len(chosen[short]) > ENTRY_LIMIT:
                raise InputError(f"{source.where}: more than {ENTRY_LIMIT} architectures in one entry")
    architectures = [*chosen.get("arch", known), *chosen.get("arch+", ())]
    minus = frozenset(chosen.get("arch-", ()))
    kept = (name for name in architectures if name not in minus and name != "all")
    return source._replace(architectures=tuple(dict.fromkeys(kept)), declared="arch" in chosen)


def host(uri: str) -> str:
    """Return the host of *uri*, without user and port; empty for files."""
    authority = uri.partition("://")[2].partition("/")[0].rpartition("@")[2]
    return authority.partition(":")[0].lower()


def indexed_architecture(name: str) -> str:
    """Return the architecture of a fetched Packages index from its file name."""
    head, found, rest = name.rpartition("_binary-")
    architecture, _, what = rest.partition("_")
    return architecture if found and head and what.partition(".")[0] == "Packages" else ""


def _releases(root: Root, files: list[AptFile], fetched: frozenset[str]) -> Iterator[AptRelease]:
    """Read the fetched Release files of the entries, in their order."""
    names = sorted(name for name in fetched if name.endswith(("_InRelease", "_Release")))
    if not names:
        return
    from bisect import bisect_left  # skipped on a healthy machine, to save time

    done: set[tuple[str, str]] = set()
    left = COMPARED_LIMIT
    for source in (source for file in files for source in file.sources):
        suites: dict[str, list[str]] = {}
        for suite in dict.fromkeys(source.suites):
            suites.setdefault(list_name(f"x:x/{suite.rstrip('/')}")[2:], []).append(suite)
        for uri in dict.fromkeys(source.uris):
            base = list_name(f"{uri}dists/")
            found = []
            for place in range(bisect_left(names, base), len(names)):
                name = names[place]
                left -= 1
                if not name.startswith(base):
                    break
                if left < 0:
                    root.unseen.append(f"more than {COMPARED_LIMIT} names of Release files of apt's sources")
                    return
                found += [(suite, name) for suite in suites.get(name[len(base) :].rpartition("_")[0], ())]
            order = {suite: place for place, suite in enumerate(source.suites)} if len(found) > 1 else {}
            for suite, name in sorted(found, key=lambda one: order.get(one[0], 0)):
                if (uri, suite) in done:
                    continue
                if len(done) >= RELEASES_LIMIT:
                    root.unseen.append(f"more than {RELEASES_LIMIT} Release files of apt's sources")
                    return
                done.add((uri, suite))
                yield _release(root, f"{LISTS}/{name}", uri, suite)


def list_name(uri: str) -> str:
    """Return the name under which apt stores what it fetched from *uri*."""
    rest = uri.partition("://")[2] or uri.partition(":")[2]
    authority, slash, path = rest.partition("/")
    plain = authority.rpartition("@")[2] + slash + path
    escaped = "".join(f"%{ord(char):02x}" if char in '\\|{}[]<>"^~_=!@#$%^&*' else char for char in plain)
    return escaped.lstrip("/").replace("/", "_")


def _release(root: Root, path: str, uri: str, asked: str) -> AptRelease:
    try:
        head = root.head(path, RELEASE_HEAD).decode("utf-8", "replace")
    except InputError:
        head = ""
    fields: dict[str, str] = {}
    for line in head.partition("\nMD5Sum:")[0].partition("\nSHA256:")[0].splitlines():
        name, colon, value = line.partition(":")
        if colon and name and name[0].isalpha():
            fields.setdefault(name.lower(), value.strip())
    return AptRelease(
        path=path,
        uri=uri,
        asked=asked,
        origin=fields.get("origin", ""),
        suite=fields.get("suite", ""),
        codename=fields.get("codename", ""),
        version=fields.get("version", ""),
        architectures=tuple(fields.get("architectures", "").split()),
    )
