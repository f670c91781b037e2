"""Corrects apt's sources: which entry can serve which architecture, and the corrected files.

All repairs of one file are made together, so that the edits of several findings are one and the same.

Sources: sources.list(5) for both styles; https://wiki.ubuntu.com/Ports for what Ubuntu serves where.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.finding import FileEdit
from diagnose.model.targets import TARGETS
from diagnose.tables import distributions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.readers.env import Environment
    from diagnose.readers.system.apt import AptFile, AptSource

PORTS = "http://ports.ubuntu.com/ubuntu-ports/"
ARCHIVE = "http://archive.ubuntu.com/ubuntu/"

#: Every name that dpkg knows as an architecture of Linux (``dpkg-architecture -L``), and the words apt adds.
ARCHITECTURES = frozenset(
    {row.debian for row in TARGETS if row.debian}
    | {
        "alpha",
        "arc",
        "arm",
        "armeb",
        "hppa",
        "ia64",
        "m68k",
        "mips",
        "mips64",
        "mipsn32el",
        "or1k",
        "powerpc",
        "riscv32",
    }
    | {"sh4", "sparc", "sparc64", "x32", "hurd-amd64", "hurd-i386", "kfreebsd-amd64", "kfreebsd-i386"}
    | {"all", "any", "native"}
)


class Host(NamedTuple):
    """What is known of the server of an entry: its kind and the architectures that it serves (None: all, or unknown).

    ``archive`` and ``ports`` are Ubuntu's two, ``whole`` serves every architecture of a distribution from one place,
    ``nowhere`` is one of Ubuntu's servers under the other one's path, and ``other`` a third party.
    """

    kind: str
    serves: frozenset[str] | None


_POCKETS = ("updates", "security", "backports", "proposed")
_SECTIONS = {"restricted", "universe", "multiverse"}


def host(source: AptSource, env: Environment) -> Host:
    """Return the kind of server of *source*, from its address, its fetched Release file, or the requested suites."""
    listed = [uri for uri in source.uris if not uri.startswith("mirror")]
    kinds = {_kind(uri, source, env) for uri in (*listed, *source.mirrors)} or {_own(env)}
    kind = kinds.pop() if len(kinds) == 1 else "other"
    return Host(kind, _served_by(kind, source))


def _served_by(kind: str, source: AptSource) -> frozenset[str] | None:
    """Return the architectures that a server of *kind* has of every suite of *source*; None: all, or unknown."""
    if kind not in ("archive", "ports"):
        return frozenset() if kind == "nowhere" else None
    codenames = {suite.partition("/")[0].partition("-")[0] for suite in source.suites} or {""}
    return frozenset.intersection(*(distributions.ubuntu_servers(name)[kind == "ports"] for name in codenames))


def _kind(uri: str, source: AptSource, env: Environment) -> str:
    name, path = _address(uri)
    if name == "old-releases.ubuntu.com" or name.endswith(".debian.org") or path in ("/debian", "/debian-security"):
        return "whole"
    if uri in misplaced(source):
        return "nowhere"
    if _is_archive(name):
        return "archive"
    if name == "ports.ubuntu.com" or path.endswith("/ubuntu-ports"):
        return "ports"
    return _own(env) if env.distro.is_ubuntu and _is_ubuntu(uri, env) else "other"


def _own(env: Environment) -> str:
    """Return the kind of a mirror that serves the machine's own architecture and no server's name tells more."""
    if not env.distro.is_ubuntu:
        return "whole"
    assert env.apt is not None
    archive, ports = distributions.ubuntu_servers(env.distro.codename)
    if env.apt.native in archive & ports:
        return "whole"  # either of the two; a mirror of both serves everything
    return "archive" if env.apt.native in archive else "ports"


def _is_archive(name: str) -> bool:
    return name in ("archive.ubuntu.com", "security.ubuntu.com") or name.endswith(".archive.ubuntu.com")


def _is_ubuntu(uri: str, env: Environment) -> bool:
    """Whether a mirror serves Ubuntu: its Release file says so, or the entry requests a suite that only Ubuntu has.

    A third party's repository has a suite named as the release, and sections of its own; Ubuntu's has pockets and
    four sections. A derivative's own repository has the derivative's codename.
    """
    assert env.apt is not None
    entries = [source for source in env.apt.sources if uri in (*source.uris, *source.mirrors)]
    origins = {release.origin for one in entries for s in one.suites if (release := env.apt.release(uri, s))}
    if origins:
        return "Ubuntu" in origins
    for source in entries:
        pockets = {"/" if "/" in suite else suite.partition("-")[2] for suite in source.suites}
        named = {suite.partition("-")[0] for suite in source.suites}
        if env.distro.id != "ubuntu" and not named <= {env.distro.codename}:
            continue
        if pockets <= {"", *_POCKETS} and (pockets & {*_POCKETS} or _SECTIONS.intersection(source.components)):
            return True
    return False


def _address(uri: str) -> tuple[str, str]:
    """Return host and path of *uri*."""
    name, _, path = uri.partition(":")[2].lstrip("/").partition("/")
    return name.rpartition("@")[2].partition(":")[0].lower(), "/" + path.strip("/")


def misplaced(source: AptSource) -> dict[str, str]:
    """Return {address: what is meant} for each of Ubuntu's two servers that is asked under the other one's path."""
    found = {}
    for uri in source.uris:
        name, path = _address(uri)
        if name == "ports.ubuntu.com" and path == "/ubuntu":
            found[uri] = PORTS
        elif _is_archive(name) and path == "/ubuntu-ports":
            found[uri] = uri.replace("/ubuntu-ports", "/ubuntu")
    return found


def unservable(env: Environment) -> Iterator[tuple[AptSource, tuple[str, ...]]]:
    """Yield every entry that apt asks for architectures which its server does not have, with these architectures."""
    if env.apt is None:
        return
    entries = [(source, host(source, env).serves) for source in _binary(env.apt.sources)]
    # An index that has been fetched, and that no other entry can have brought, proves the mirror better than its name.
    proven = {
        a
        for a in env.apt.indexed
        if not any(a in source.architectures for source, serves in entries if serves is None or a in serves)
    }
    for source, serves in entries:
        if serves is None:
            continue
        asked = (a for a in source.architectures if a in ARCHITECTURES and a not in _WORDS)
        wrong = tuple(a for a in asked if a not in serves and a not in proven)
        if wrong:
            yield source, wrong


_WORDS = ("all", "any", "native")


def unserved(env: Environment, architecture: str) -> tuple[AptSource, ...]:
    """Return the distribution's own entries if none of them requests *architecture*, or the server lacks it.

    Empty, too, where it is not known which entries these are.
    """
    if env.apt is None or architecture in env.apt.indexed:
        return ()
    own = tuple(source for source in _binary(env.apt.sources) if host(source, env).kind != "other")
    return () if any(architecture in source.architectures for source in own) else own


def _binary(sources: Iterable[AptSource]) -> Iterator[AptSource]:
    return (source for source in sources if source.enabled and "deb" in source.types)


def meant(name: str) -> str:
    """Return Debian's name of the architecture that somebody calls *name*, or nothing."""
    from difflib import get_close_matches

    from diagnose.model import targets

    row = next((row for row in targets.find(name) if row.debian and row.libc == "glibc"), None)
    if row:
        return row.debian
    close = get_close_matches(name, sorted(row.debian for row in TARGETS if row.libc == "glibc" and row.debian), 1)
    return close[0] if close else ""


def named(source: AptSource) -> list[str]:
    """Return the architectures that *source* names, as written."""
    return _SourceEntry(source, []).architectures()


def meant_option(name: str, style: str) -> str:
    """Return the option that somebody spells *name*, or nothing."""
    from difflib import get_close_matches

    known = LIST_OPTIONS if style == "list" else FIELDS
    by_case = {option.lower(): option for option in known}
    lower = name.lower()
    if style == "list" and lower.startswith("arch"):
        return "arch"
    if lower in by_case:
        return by_case[lower]
    close = get_close_matches(lower, list(by_case), 1)
    return by_case[close[0]] if close else ""


#: sources.list(5), both styles.
LIST_OPTIONS = (
    "arch", "lang", "target", "pdiffs", "by-hash", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure",
    "trusted", "signed-by", "check-valid-until", "valid-until-min", "valid-until-max", "check-date", "date-max-future",
    "inrelease-path", "snapshot", "include", "exclude",
)  # fmt: skip
FIELDS = (
    "Types", "URIs", "Suites", "Components", "Enabled", "Architectures", "Languages", "Targets", "PDiffs", "By-Hash",
    "Allow-Insecure", "Allow-Weak", "Allow-Downgrade-To-Insecure", "Trusted", "Signed-By", "Check-Valid-Until",
    "Valid-Until-Min", "Valid-Until-Max", "Check-Date", "Date-Max-Future", "InRelease-Path", "Snapshot", "Include",
    "Exclude", "X-Repolib-Name", "Description",
)  # fmt: skip


def serving(env: Environment, architecture: str = "") -> tuple[FileEdit, ...]:
    """Return the edits after which apt's sources are right.

    They serve every architecture that they are asked for, the target's if dpkg knows it, and *architecture*.
    """
    if env.apt is None:
        return ()
    needed = {name for _, names in unservable(env) for name in names} | set(filter(None, [architecture]))
    needed |= {env.target.debian} & {*env.apt.foreign}
    edits = []
    added: set[tuple[str, str, str]] = set()
    for file in env.apt.files:
        after = _rewritten(file, env, sorted(needed), added)
        if after != file.text:
            edits.append(FileEdit(file.path, file.text, after))
    return tuple(edits)


def _rewritten(file: AptFile, env: Environment, needed: list[str], added: set[tuple[str, str, str]]) -> str:
    lines = list(file.lines)
    # From the end, so that the line numbers of the entries before stay true.
    for source in sorted(_binary(file.sources), key=lambda source: -source.line):
        entry = _SourceEntry(source, lines[source.line - 1 : source.end])
        _repair(entry, env, needed, added)
        lines[source.line - 1 : source.end] = entry.lines
    return "".join(lines)


def _repair(entry: _SourceEntry, env: Environment, needed: list[str], added: set[tuple[str, str, str]]) -> None:
    """Correct one entry; *added* are (architecture, suite, component) that new entries already serve."""
    assert env.apt is not None
    source = entry.source
    for name in source.unknown:
        if right := meant_option(name, source.style):
            entry.rename(name, right)
    if entry.architectures() != (spelt := _spelt(entry)):
        entry.restrict(spelt)
    _unarchive(entry)
    for uri, right in misplaced(source).items():
        entry.replace(uri, right)
    source = entry.source
    here = host(source, env)
    asked = _asked(entry, env, needed)
    if here.kind == "other":
        if len(asked) > 1 and not entry.chosen() and env.distro.is_ubuntu:
            entry.restrict([env.apt.native])
        return
    wanted = list(dict.fromkeys((*asked, *needed)))
    mine = [a for a in wanted if here.serves is None or a in here.serves]
    theirs = [a for a in wanted if a not in mine and not _served(a, source, env, needed)]
    new = {(a, suite, part) for a in theirs for suite in source.suites for part in source.components}
    lacking = not new <= added
    added |= new
    if mine:
        if mine != asked:
            entry.restrict(mine)
        if lacking:
            entry.add(_OPPOSITE[here.kind], theirs)
    elif lacking:
        entry.move(_OPPOSITE[here.kind])
    else:  # it asks for nothing that is not had from another entry
        entry.disable()


_OPPOSITE = {"archive": PORTS, "ports": ARCHIVE}


def _spelt(entry: _SourceEntry) -> list[str]:
    """Return the architectures that the entry names, in Debian's spelling."""
    return [meant(name) or name if name not in ARCHITECTURES else name for name in entry.architectures()]


def _asked(entry: _SourceEntry, env: Environment, needed: list[str]) -> list[str]:
    """Return what apt will ask the entry for, once dpkg knows every architecture that is needed."""
    assert env.apt is not None
    known = list(dict.fromkeys((*env.apt.architectures, *needed)))
    asked = (*(_spelt(entry) or known), *entry.added_architectures())
    return list(dict.fromkeys(a for a in asked if a not in (*entry.excluded(), "all")))


def _served(architecture: str, source: AptSource, env: Environment, needed: list[str]) -> bool:
    """Whether the suites of *source* are served for *architecture* by another entry after its correction."""
    assert env.apt is not None
    suites: set[str] = set()
    for other in _binary(env.apt.sources):
        serves = host(other, env).serves or frozenset()
        if architecture in serves & {*_asked(_SourceEntry(other, []), env, needed), *needed}:
            suites.update(other.suites)
    return set(source.suites) <= suites


def _unarchive(entry: _SourceEntry) -> None:
    """Point an entry of a release that has left the mirrors to where it went."""
    for uri, moved in moves(entry.source).items():
        entry.replace(uri, moved)
        entry.option("check-valid-until", "no")


def moves(source: AptSource) -> dict[str, str]:
    """Return {address: address that it moved to} for an entry of a release that has left its mirrors."""
    found = {}
    for uri in source.uris:
        name = uri.partition("://")[2].partition("/")[0].lower()
        bases = {suite.partition("/")[0].partition("-")[0] for suite in source.suites}
        if bases <= distributions.moved("debian") and name.endswith(".debian.org"):
            if name != "archive.debian.org":
                security = "security" in uri
                found[uri] = f"http://archive.debian.org/debian{'-security' if security else ''}/"
        elif bases <= distributions.moved("ubuntu") and (
            name in ("archive.ubuntu.com", "security.ubuntu.com", "ports.ubuntu.com")
            or name.endswith(".archive.ubuntu.com")
        ):
            found[uri] = "http://old-releases.ubuntu.com/ubuntu/"
    return found


class _SourceEntry:
    """One entry being rewritten: its lines, with everything kept that is not changed on purpose."""

    def __init__(self, source: AptSource, lines: list[str]) -> None:
        self.source = source
        self.lines = lines
        self.added: list[str] = []

    def architectures(self) -> list[str]:
        """Return the architectures that the entry names, as written."""
        return self._list("arch", "architectures")

    def added_architectures(self) -> list[str]:
        """Return the architectures that the entry asks for besides those that it would by itself."""
        return self._list("arch+", "architectures-add")

    def excluded(self) -> list[str]:
        """Return the architectures that the entry leaves out by name."""
        return self._list("arch-", "architectures-remove")

    def _list(self, option: str, field: str) -> list[str]:
        wanted = option if self.source.style == "list" else field
        values = (value for name, value in self.source.options if name.lower() == wanted)
        return [name for value in values for name in re.split(r"[,\s]+", value) if name]

    def chosen(self) -> bool:
        """Whether the entry says anything about architectures, even if only which ones not."""
        return any(
            name.lower().startswith("arch") for name, _ in self.source.options if name not in self.source.unknown
        )

    def restrict(self, architectures: list[str]) -> None:
        """Make the entry name exactly *architectures*."""
        if self.source.style == "list":
            self._drop(r"arch[+-]=[^\]\s]+")
            self.option("arch", ",".join(architectures))
        else:
            self.lines = [line for line in self.lines if not re.match(r"(?i)architectures-(add|remove)\s*:", line)]
            self.option("Architectures", " ".join(architectures))

    def option(self, name: str, value: str) -> None:
        """Set one option, in its place if it is there already."""
        if self.source.style == "list":
            self._set_bracket(name, value)
        else:
            self._set_field(next((field for field in FIELDS if field.lower() == name.lower()), name), value)

    def rename(self, wrong: str, right: str) -> None:
        """Correct the spelling of an option."""
        if self.source.style == "list":
            pattern = rf"(?<=[\[\s]){re.escape(wrong)}(?=[+-]?=)"
            self.lines[0] = re.sub(pattern, right, self.lines[0], count=1)
        else:
            pattern = rf"(?i)^{re.escape(wrong)}(?=\s*:)"
            self.lines = [re.sub(pattern, right, line) for line in self.lines]
        options = tuple((right if name == wrong else name, value) for name, value in self.source.options)
        unknown = tuple(name for name in self.source.unknown if name != wrong)
        self.source = self.source._replace(options=options, unknown=unknown)

    def replace(self, uri: str, other: str) -> None:
        """Change the address *uri* to *other*."""
        pattern = re.compile(rf"(?<=[\s]){re.escape(uri.rstrip('/'))}/?(?=\s|$)")
        self.lines = [line if line.startswith("#") else pattern.sub(other, line, count=1) for line in self.lines]
        self.source = self.source._replace(uris=tuple(other if one == uri else one for one in self.source.uris))

    def disable(self) -> None:
        """Make apt pass over the entry."""
        if self.source.style == "list":
            self.lines[0] = "# " + self.lines[0]
        else:
            self._set_field("Enabled", "no")

    def move(self, uri: str) -> None:
        """Point the whole entry to *uri*."""
        for old in self.source.uris:
            self.replace(old, uri)

    def add(self, uri: str, architectures: list[str]) -> None:
        """Put a copy of the entry after it, for *architectures* at *uri*; comments stay with the original."""
        lines = [line for line in self.lines if not line.startswith("#")]
        if self.source.style == "list":
            lines = [re.sub(r"\s+#.*", "", line) for line in lines]
        lines = [line if line.endswith("\n") else line + "\n" for line in lines]
        twin = _SourceEntry(self.source, lines)
        if self.source.style == "list":
            twin.lines[0] = re.sub(r"^\s*deb-src", "deb", twin.lines[0])
        else:
            twin._set_field("Types", "deb")
        first, *rest = self.source.uris
        for old in rest:
            twin.lines = [re.sub(rf"\s+{re.escape(old.rstrip('/'))}/?(?=\s|$)", "", line) for line in twin.lines]
        twin.replace(first, uri)
        twin.restrict(architectures)
        if self.lines and not self.lines[-1].endswith("\n"):
            self.lines[-1] += "\n"
        self.lines = [*self.lines, *([] if self.source.style == "list" else ["\n"]), *twin.lines]

    def _drop(self, pattern: str) -> None:
        self.lines[0] = re.sub(rf"(?<=[\[\s]){pattern}\s*", "", self.lines[0])

    def _set_bracket(self, name: str, value: str) -> None:
        line = self.lines[0]
        match = re.match(r"(\s*deb(?:-src)?\s+)\[([^\]]*)\](\s*)", line)
        if not match:
            self.lines[0] = re.sub(r"^(\s*deb(?:-src)?\s+)", rf"\g<1>[{name}={value}] ", line, count=1)
            return
        options, found = [], False
        for word in match[2].split():
            if word.partition("=")[0].lower() == name:
                found = True
                word = f"{name}={value}"
            options.append(word)
        if not found:
            options.insert(0, f"{name}={value}")
        inner = " ".join(options)
        if match[2] != match[2].strip():
            inner = f" {inner} "
        self.lines[0] = f"{match[1]}[{inner}]{match[3]}{line[match.end() :]}"

    def _set_field(self, name: str, value: str) -> None:
        for number, line in enumerate(self.lines):
            if re.match(rf"(?i){re.escape(name)}\s*:", line):
                end = number + 1
                while end < len(self.lines) and re.match(r"[ \t]+\S", self.lines[end]):
                    end += 1
                self.lines[number:end] = [f"{line.partition(':')[0]}: {value}\n"]
                return
        after = [n for n, line in enumerate(self.lines, 1) if re.match(r"(?i)(uris|suites|components|types)\s*:", line)]
        place = max(after, default=0)
        while place < len(self.lines) and re.match(r"[ \t]+\S", self.lines[place]):
            place += 1
        if place and not self.lines[place - 1].endswith("\n"):
            self.lines[place - 1] += "\n"
        self.lines.insert(place, f"{name}: {value}\n")
