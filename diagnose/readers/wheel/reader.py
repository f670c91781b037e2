"""Reads a wheel: all its facts, without trusting any of them and without unpacking to disk.

Sources: "Binary distribution format" and "Platform compatibility tags" of the PyPA specifications.

Limits: a member may unpack to 4 GiB and to 250 times its compressed size, a wheel to 32 GiB and 262144 members
(:mod:`diagnose.readers.wheel.zip_directory`). Larger ones are rejected. Memory stays below the size of the two largest
members together.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from itertools import islice, product

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.finding import Evidence, Finding, InputError, Phase
from diagnose.readers.elf import elf_parser as elf
from diagnose.readers.elf.elf_parser import Elf
from diagnose.readers.wheel import archive, digests, filekind, linkage, metadata, platform_tag, record, room
from diagnose.readers.wheel.as_dict import facts
from diagnose.readers.wheel.filekind import CodeFile
from diagnose.readers.wheel.linkage import SITE, LoadLink
from diagnose.readers.wheel.metadata import Metadata
from diagnose.readers.wheel.record import Contents, Record
from diagnose.readers.wheel.room import Room
from diagnose.readers.wheel.sampling import Sampler, unsampled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from hashlib import _Hash

    from diagnose.model.exclude_pattern import ExcludePattern
    from diagnose.readers.wheel.archive import Archive, Member, ZipFlaw
    from diagnose.readers.wheel.platform_tag import Verdict

__all__ = ["CodeFile", "Elf", "Tag", "Wheel", "expand_tags", "facts", "installed_path", "parse_file_name", "read"]

MAX_METADATA = 16 << 20  # bytes of RECORD, WHEEL or METADATA
MAX_TAGS = 4096  # compatibility tags of one wheel
SMALL = 32 << 10  # compressed bytes: whoever reads a smaller member waits for the interpreter lock most of the time
WORTH_A_THREAD = 1 << 20  # compressed bytes of the larger members of a wheel
MAX_THREADS = 4  # each has room for one member
AT_ONCE = 32 << 20  # bytes of a member that may be in memory if nothing but its hash is needed


class Tag(NamedTuple):
    """One compatibility tag; its text is ``python-abi-platform``."""

    python: str
    """``cp312``, ``py3`` …"""
    abi: str
    """``cp312``, ``abi3``, ``none`` …"""
    platform: str
    """``manylinux_2_28_x86_64``, ``any`` …"""

    def __str__(self) -> str:
        return "-".join(self)


class CondaPackage(NamedTuple):
    """What a conda package says of itself beside its name, version and build.

    ``subdir`` is its platform: ``linux-64``, ``noarch`` …; ``glibc`` the oldest release that its dependencies allow
    (``__glibc >=2.17``), empty if they name none.
    """

    subdir: str
    glibc: str


NEEDS_ALL_BYTES = ("bytes", "record")
"""What checks may need (:attr:`diagnose.model.check.Check.needs`) that a ``partial`` wheel does not offer."""
_OFFERS = {
    "archive": (*NEEDS_ALL_BYTES, "archive", "tags", "code"),
    "partial": ("archive", "tags", "code"),
    "installed": ("record", "tags", "code"),
}


class Wheel(NamedTuple):
    """One wheel.

    ``name``, ``version``, ``build`` and ``tags`` come from the file name, compressed sets expanded; ``wheel_tags``,
    ``root_is_purelib`` (None if absent) and ``generator`` from the WHEEL file, ``requires`` and ``requires_python``
    from METADATA. ``files`` are all members except folders. ``elves`` are its ELF files, found by their content, in
    RECORD's order. ``code`` are all files that are code or claim to be, of whatever system, by path. ``links`` is how
    the ELF files find each other. ``unseen`` lists what could not be examined; ``unsampled`` what is examined in
    samples only, or not at all without a decoder, on which the outcome does not depend. ``size`` is the archive's in
    bytes, ``unpacked_size`` that of all members together. ``metadata`` are the text files of ``.dist-info``.
    ``excludes`` are not in the wheel: the patterns by which the project's settings leave libraries outside.
    ``layout`` is ``archive``; ``partial`` for one of which only metadata and what claims to be code were read;
    ``installed`` for a distribution in an environment, which has the same facts but those of the archive; ``code`` for
    ELF files that belong to no wheel, and have neither tags nor metadata; ``conda`` for a conda package, of which
    ``conda`` has the metadata.
    """

    path: str
    """As the user gave it."""
    size: int
    name: str
    version: str
    build: str
    tags: tuple[Tag, ...]
    wheel_tags: tuple[Tag, ...]
    root_is_purelib: bool | None
    generator: str
    requires: tuple[str, ...]
    requires_python: str
    dist_info: str
    """The name of its ``.dist-info`` folder."""
    files: tuple[str, ...]
    elves: tuple[Elf, ...]
    links: tuple[LoadLink, ...]
    record: Record
    """RECORD, compared with the members."""
    zip_flaws: tuple[ZipFlaw, ...]
    """What is unsafe or ambiguous in the archive."""
    verdict: Verdict
    """The tags that its files meet."""
    unseen: tuple[str, ...] = ()
    unsampled: tuple[str, ...] = ()
    code: tuple[CodeFile, ...] = ()
    unpacked_size: int = 0
    metadata: Metadata = Metadata()
    excludes: tuple[ExcludePattern, ...] = ()
    layout: str = "archive"
    conda: CondaPackage | None = None

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platform tags of the file name."""
        return tuple(dict.fromkeys(tag.platform for tag in self.tags))

    def offers(self, basis: str) -> bool:
        """Whether it has what a check needs: see :attr:`diagnose.model.check.Check.needs`."""
        return basis in _OFFERS.get(self.layout, ("code",))

    def position(self, evidence: Evidence) -> None:
        """Return None: the facts of a wheel have no order in time."""

    def is_recovered(self, finding: Finding) -> bool:
        """Whether the build recovered from *finding*: never, without an order in time."""
        return False

    def without_recovered(self, findings: Sequence[Finding]) -> None:
        """Return None: every finding counts."""

    def concluded(self, findings: Sequence[Finding]) -> Wheel:
        """Return itself: *findings* do not change it."""
        return self

    def was_examined(self, phase: Phase) -> bool:
        """Whether there was anything to examine for *phase*: always, because a wheel has no phases."""
        return True


def read(path: str, whole: bool = True, threads: int = 2) -> Wheel:
    """Read the wheel at *path* with up to this many *threads*; unless *whole*, only what :func:`wanted` names.

    Raises:
        InputError: not a regular file, or not a wheel: a wrong file name, not a zip archive or a broken, encrypted or
            oversized one, or one without WHEEL, METADATA or RECORD; or not enough memory to read it.
    """
    name = os.path.basename(path)
    try:
        regular = stat.S_ISREG(os.stat(path).st_mode)
        parse_file_name(name)  # before anything is opened
        if not regular:
            raise InputError(f"{name}: is not a regular file")
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                raise InputError(f"{name}: is empty")
            opened = archive.open_archive(archive.content(file, size), name)
        return _read(path, size, opened, whole, threads)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except MemoryError:
        raise InputError(f"{name}: refused, not enough memory to read it") from None


def read_bytes(name: str, data: memoryview, whole: bool) -> Wheel:
    """Read the wheel *data*, whose file name is *name*.

    Unless *whole*, the zip directory and what :func:`wanted` names are enough of its bytes.

    Raises:
        InputError: as for :func:`read`.
    """
    parse_file_name(name)
    try:
        return _read(name, len(data), archive.open_archive(data, name), whole)
    except MemoryError:
        raise InputError(f"{name}: refused, not enough memory to read it") from None


def wanted(members: Iterable[Member]) -> set[str]:
    """Return the names of the members that are read of a ``partial`` wheel: metadata, and what claims to be code."""
    members = list(members)
    folders = {member.name.partition("/")[0] for member in members if ".dist-info/" in member.name}
    texts = {f"{folder}/{name}" for folder in folders for name in ("WHEEL", "METADATA", "RECORD", "entry_points.txt")}
    prefixes = tuple(f"{folder}/sboms/" for folder in folders)
    data = min((folder.removesuffix(".dist-info") + ".data/" for folder in folders), default="")
    return {
        member.name
        for member in members
        if member.name in texts or member.name.startswith(prefixes) or filekind.claim(member.name, data, member.mode)
    }


def _read(path: str, size: int, opened: Archive, whole: bool, threads: int = 1) -> Wheel:
    file_name = os.path.basename(path)
    project, version, build, tags = parse_file_name(file_name)
    by_name = {member.name: member for member in opened.members}
    dist_info = _dist_info(file_name, project, version, by_name)
    texts = {name: _text(opened, by_name, f"{dist_info}/{name}", file_name) for name in ("WHEEL", "METADATA", "RECORD")}
    info = _metadata(opened, by_name, dist_info, texts)
    rows = record.parse(texts["RECORD"], len(by_name))
    algorithms = {row.path: row.algorithm for row in rows if isinstance(row, record.RecordRow)}
    named = set(by_name) if whole else wanted(opened.members)
    harvest = _Harvest(opened, named, algorithms, dist_info.removesuffix(".dist-info") + ".data/")
    harvest.run(threads)
    order = {row.path: position for position, row in enumerate(rows)}
    elves = tuple(sorted(harvest.elves, key=lambda found: (order.get(found.path, len(order)), found.path)))
    index = linkage.Index(elves)
    narrow = all(tag.abi == "cp27m" for tag in tags)
    platforms = dict.fromkeys(tag.platform for tag in tags)
    judged = platform_tag.judge(elves, platforms, index, narrow)
    listed = tuple(elf for elf in elves if elf.path in order)
    if len(listed) < len(elves):
        others = platform_tag.judge(listed, platforms, linkage.Index(listed), narrow)
        if (others.symbol_tag, others.lowest_tag) != (judged.symbol_tag, judged.lowest_tag):
            judged = judged._replace(differences=(*judged.differences, "unlisted-files"))
    links = linkage.links(index, elves, judged.libc == "musl")
    if index.exhausted:
        harvest.unseen.append("how its libraries find each other: too many ways to follow")
    purelib, generator, requires_python = (
        (metadata.values(fields, name) or [""])[0]
        for fields, name in ((info.wheel, "root-is-purelib"), (info.wheel, "generator"), (info.core, "requires-python"))
    )
    return Wheel(
        path=path,
        size=size,
        name=project,
        version=version,
        build=build,
        tags=tags,
        wheel_tags=expand_tags(metadata.values(info.wheel, "tag")),
        root_is_purelib={"true": True, "false": False}.get(purelib.lower()),
        generator=generator,
        requires=tuple(metadata.values(info.core, "requires-dist")),
        requires_python=requires_python,
        dist_info=dist_info,
        files=tuple(by_name),
        elves=elves,
        links=links,
        record=record.verify(f"{dist_info}/RECORD", rows, harvest.contents)
        if whole
        else Record(f"{dist_info}/RECORD", len(rows), ()),
        zip_flaws=(*opened.flaws, *harvest.flaws) if whole else (),
        verdict=judged,
        unseen=tuple(harvest.unseen),
        unsampled=(*unsampled(elves), *_left_out(len(by_name) - len(named))),
        code=tuple(harvest.code),
        unpacked_size=sum(member.size for member in opened.members),
        metadata=info,
        layout="archive" if whole else "partial",
    )


def _left_out(count: int) -> Iterator[str]:
    if count:
        yield f"{count} files whose names are not those of code; hashes; how the archive is packed: not read"


_PART = re.compile(r"[^\s/\\-]+")
#: PEP 825 (a draft) adds a label after the platform tag: ``demo-1-cp312-cp312-linux_x86_64-x8664v3.whl``.
_VARIANT = re.compile(r"[^-]+-[^-]+(?:-\d[^-]*)?-(?:cp|pp|py|ip|jy)\d[\w.]*(?:-[\w.]+){2}-[0-9a-z._]{1,16}\.whl")


def parse_file_name(name: str) -> tuple[str, str, str, tuple[Tag, ...]]:
    """Parse a wheel's file name: project, version, build, tags.

    Raises:
        InputError: it is not ``name-version[-build]-python-abi-platform.whl``.
    """
    parts = name.removesuffix(".whl").split("-")
    well_formed = name.endswith(".whl") and len(parts) in (5, 6) and all(map(_PART.fullmatch, parts))
    if not well_formed or (len(parts) == 6 and not parts[2][:1].isdigit()):
        reason = "not a wheel's file name (name-version[-build]-python-abi-platform.whl)"
        if _VARIANT.fullmatch(name):
            reason = (
                "named as a wheel variant (PEP 825, a draft): uv supports them, pip rejects them; not supported here"
            )
        raise InputError(f"{name}: {reason}")
    build = parts[2] if len(parts) == 6 else ""
    return parts[0], parts[1], build, expand_tags(["-".join(parts[-3:])])


def expand_tags(texts: Iterable[str]) -> tuple[Tag, ...]:
    """Expand compressed tag sets, up to :data:`MAX_TAGS` tags."""
    tags: dict[Tag, None] = {}
    for text in texts:
        parts = [part.split(".") for part in text.strip().split("-")]
        if len(parts) == 3:
            tags.update({Tag(*tag): None for tag in islice(product(*parts), MAX_TAGS)})
        if len(tags) >= MAX_TAGS:
            break
    return tuple(tags)


def _dist_info(file_name: str, project: str, version: str, by_name: dict[str, Member]) -> str:
    folders = {name.partition("/")[0] for name in by_name if name.partition("/")[0].endswith(".dist-info")}
    if len(folders) != 1:
        found = ", ".join(sorted(folders)[:4]) or "none"
        raise InputError(f"{file_name}: not a wheel, needs one .dist-info folder (has: {found})")
    return folders.pop()


def _text(opened: Archive, by_name: dict[str, Member], member_name: str, file_name: str) -> str:
    member = by_name.get(member_name)
    if member is None:
        raise InputError(f"{file_name}: not a wheel, has no {member_name}")
    if member.size > MAX_METADATA:
        raise InputError(f"{file_name}: refused, {member_name} has {member.size} bytes")
    raw = bytearray()
    flaw = archive.inflate(opened, member, raw.extend)
    if flaw is not None and flaw.kind != "crc":
        raise InputError(f"{file_name}: cannot read {member_name}: {flaw.detail}")
    return raw.decode("utf-8", "backslashreplace")


def _metadata(opened: Archive, by_name: dict[str, Member], dist_info: str, texts: dict[str, str]) -> Metadata:
    folder = f"{dist_info}/sboms/"
    points = _bounded(opened, by_name.get(f"{dist_info}/entry_points.txt"), metadata.MAX_ENTRY_POINTS)
    return Metadata(
        metadata.fields(texts["WHEEL"]),
        metadata.fields(texts["METADATA"]),
        metadata.entry_points((points or b"").decode("utf-8", "backslashreplace")),
        metadata.sboms(_sboms(opened, [member for name, member in by_name.items() if name.startswith(folder)])),
        metadata.description(texts["METADATA"]),
    )


def _sboms(opened: Archive, members: list[Member]) -> Iterator[tuple[str, bytes]]:
    for member in [member for member in members if member.name.lower().endswith(".json")][: metadata.MAX_SBOMS]:
        raw = _bounded(opened, member, metadata.MAX_SBOM)
        if raw is not None:
            yield member.name, raw


def _bounded(opened: Archive, member: Member | None, limit: int) -> bytes | None:
    """Return the bytes of *member*; None if it is absent, too large, or damaged, which is found with all members."""
    raw = bytearray()
    if member is None or member.size > limit or archive.inflate(opened, member, raw.extend) is not None:
        return None
    return bytes(raw)


def installed_path(name: str, data_prefix: str) -> str:
    """Return where an installer puts the member *name*, relative to the environment's prefix.

    The scheme is CPython's ``posix_prefix`` without the interpreter's version: members outside *data_prefix*
    (``NAME-VERSION.data/``) go to :data:`diagnose.readers.wheel.linkage.SITE`.
    """
    if not name.startswith(data_prefix):
        return f"{SITE}/{name}"
    scheme, _, rest = name[len(data_prefix) :].partition("/")
    folders = {"purelib": f"{SITE}/", "platlib": f"{SITE}/", "scripts": "bin/", "headers": "include/", "data": ""}
    return folders.get(scheme, f"{SITE}/{data_prefix}{scheme}/") + rest


class _Harvest:
    """Reads the bytes of all members once, for RECORD's digests and the facts of the ELF files."""

    def __init__(self, opened: Archive, named: set[str], algorithms: dict[str, str], data_prefix: str) -> None:
        self.opened = opened
        self.algorithms = algorithms
        self.data_prefix = data_prefix
        self.contents: dict[str, Contents] = {}
        self.elves: list[Elf] = []
        self.code: list[CodeFile] = []
        self.flaws: list[ZipFlaw] = []
        self.unseen: list[str] = []
        # Of several members with one name, installers use the last.
        members = [member for name, member in {one.name: one for one in opened.members}.items() if name in named]
        self.small = deque(member for member in members if member.compressed < SMALL)
        self.large = deque(sorted((one for one in members if one.compressed >= SMALL), key=lambda one: one.size))
        self.largest = max(member.size for member in members)
        size = sum(member.size for member in members)
        self.fast = room.is_fast(size)
        used = set(algorithms.values())
        self.digests = {name: digests.maker(name, size) for name in record.STRONG if name in used}
        self.sampler = Sampler(members, data_prefix)
        self.failures: list[BaseException] = []

    def run(self, threads: int) -> None:
        """Read every member, larger ones in up to this many *threads*: inflating and hashing release the GIL.

        One thread takes the small members, then the smallest of the large ones; the others the largest until they meet.
        """
        helpers = []
        if threads > 1 and sum(member.compressed for member in self.large) > WORTH_A_THREAD:
            import threading

            number = min(threads, MAX_THREADS) - 1
            helpers = [threading.Thread(target=self._work, args=(self.large, self.large.pop)) for _ in range(number)]
            for helper in helpers:
                helper.start()
        self._work(self.small, self.small.popleft)
        self._work(self.large, self.large.popleft)
        for helper in helpers:
            helper.join()
        if self.failures:
            raise self.failures[0]
        self.flaws.sort()
        self.code.sort()
        self.unseen.sort()

    def _work(self, queue: deque[Member], take: Callable[[], Member]) -> None:
        try:
            with room.Borrowed() as own:
                while queue:
                    self._look(take(), own)
        except IndexError:  # the other thread was faster
            pass
        except BaseException as failure:
            self.failures.append(failure)
            self.small.clear()
            self.large.clear()

    def _look(self, member: Member, own: Room) -> None:
        """Read one member, in the thread's *own* room."""
        algorithm = self.algorithms.get(member.name, "")
        begin = self.digests.get(algorithm)
        digest = begin() if begin is not None else None
        whole = None
        if self.fast and (member.size <= AT_ONCE or _is_kept(archive.first_bytes(self.opened, member, archive.HEAD))):
            own.grow(member.size, self.largest)
            whole = archive.at_once(self.opened, member, own)
        if whole is not None:
            if digest is not None:
                digest.update(whole)
            filled = len(whole)
            self._note(member, bytes(whole[: archive.HEAD]), whole, filled)
        else:
            filled = self._stream(member, own, digest)
        self.contents[member.name] = Contents._make((filled, algorithm, digest.digest() if digest is not None else b""))

    def _stream(self, member: Member, own: Room, digest: _Hash | None) -> int:
        """Read one member piece by piece; return its size. A binary is kept in the thread's *own* room."""
        head = b""
        kept = False
        filled = 0

        def take(piece: bytes) -> None:
            nonlocal head, kept, filled
            if digest is not None:
                digest.update(piece)
            if filled == 0:
                head = piece[: archive.HEAD]
                kept = _is_kept(head)
                if kept:
                    own.grow(member.size, self.largest)
            if kept:
                own.memory[filled : filled + len(piece)] = piece
            filled += len(piece)

        flaw = archive.inflate(self.opened, member, take)
        if flaw is not None:
            if flaw.kind != "method":  # known from the directory
                self.flaws.append(flaw)
            if flaw.kind not in ("crc", "tail"):
                self.unseen.append(f"{member.name}: {flaw.detail}")
        if filled or flaw is None:  # of what cannot be unpacked, nothing is known
            self._note(member, head, memoryview(own.memory)[:filled], filled)
        return filled

    def _note(self, member: Member, head: bytes, content: memoryview, size: int) -> None:
        """Keep the facts of a file of *size* bytes that begins with *head*; *content* is an ELF or Mach-O file's."""
        name = member.name
        if head[:4] == elf.MAGIC:
            found = elf.read(content, name, installed_path(name, self.data_prefix))
            self.elves.append(self.sampler.look(found, content))
            self.unseen += [f"{name}: {part}" for part in found.unread]
        if (file := filekind.code_file(name, self.data_prefix, head, member.mode, size, content)) is not None:
            self.code.append(file)


def _is_kept(head: bytes) -> bool:
    """Whether all bytes are needed of the file that begins with *head*."""
    return head[:4] == elf.MAGIC or filekind.has_parts(head)
