"""Determines the lowest platform tag that a wheel's files meet.

The verdicts are those of the newest auditwheel (``wheel_abi.analyze_wheel_abi``), run without access to the host
(``--ldpaths ""``). They differ on purpose only where auditwheel gives no answer, an answer that depends on the machine
that it runs on, or one that a real system contradicts; :data:`auditwheel_differences` lists every difference.
"""

from __future__ import annotations

from posixpath import dirname, relpath

from diagnose import policies
from diagnose.loaders import glibc_loader, musl_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.targets import TARGETS
from diagnose.model.versions import name_key
from diagnose.readers.elf.elf_parser import EM_ARM, Elf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.policies import PlatformTag, Policy
    from diagnose.readers.wheel.linkage import Index


class Shortfall(NamedTuple):
    """One reason why a wheel does not meet the lowest policy.

    ``kind``: ``symbol-version`` (``detail``, e.g. ``GLIBC_2.34``, of ``library`` is newer than the policy allows),
    ``external-library`` (``library`` is neither allowed nor found in the wheel), ``forbidden-symbol`` (``symbols`` of
    ``library`` must not be used), ``isa`` (``detail`` is an instruction set above the architecture's baseline),
    ``ucs2`` and ``pyfpe`` (Python 2 builds that manylinux rules out). ``path`` is the member; ``symbols`` are the
    undefined symbols concerned. ``tag`` and ``priority`` are those of the lowest policy that this reason alone
    would allow (``linux_ARCH`` and 0 without one): it excludes every policy of a higher priority.
    """

    kind: str
    path: str
    library: str
    detail: str
    symbols: tuple[str, ...]
    tag: str
    priority: int


class Difference(NamedTuple):
    """One difference to auditwheel's verdicts; ``version`` is the auditwheel that was compared."""

    reason: str
    version: str


#: Id → difference. A test runs the real auditwheel on a wheel for each; it fails where the two agree again.
auditwheel_differences = {
    "unlisted-files": Difference("files that RECORD does not list count, because they are installed too", "6.8.2"),
    "installed-layout": Difference(
        "libraries are searched for on the installed layout, where .data/platlib and .data/data/lib have moved", "6.8.2"
    ),
    "other-files": Difference(
        "a wheel whose files are all for another architecture or C library than its name gets the tag that its "
        "files meet; auditwheel stops",
        "6.8.2",
    ),
    "no-libc": Difference("a wheel that names no C library is compared with manylinux, on every host", "6.8.2"),
    "purelib": Difference("an ELF file in a folder purelib counts like any other; auditwheel stops", "6.8.2"),
    "no-sections": Difference("version needs are read through PT_DYNAMIC, so also without section headers", "6.8.2"),
    "no-policies": Difference("an architecture without policies (armv6l, mips64) gets its plain linux tag", "6.8.2"),
    "newer-than-policies": Difference(
        "PEP 600 names a tag for every glibc; auditwheel has none beyond its newest policy and reports linux", "6.8.2"
    ),
    "policy-allows-newer": Difference(
        "a policy may allow a version that the glibc in its name does not have (GLIBC_2.18 on aarch64 in "
        "manylinux_2_17): systems with that glibc refuse it",
        "6.8.2",
    ),
    "dynamic-linker-versions": Difference(
        "versions that the dynamic linker defines count (GLIBC_2.35 of ld-linux-x86-64.so.2 for __rseq_offset); "
        "auditwheel ignores them",
        "6.8.2",
    ),
    "arm-float": Difference(
        "a file for Arm without the hard-float flag counts (mold writes none; the loader refuses only soft float), "
        "and so does a static program of either kind; auditwheel accepts neither as armv7l",
        "6.8.2",
    ),
    "musl-release": Difference(
        "musl's symbols have no versions, so a tag that no function contradicts is accepted; auditwheel takes the "
        "newest policy, or on musl that of the host",
        "6.8.2",
    ),
    "origin-in-needed": Difference(
        "glibc replaces $ORIGIN in a NEEDED entry and opens that file; auditwheel reports it as external", "6.8.2"
    ),
    "musl-itself": Difference(
        "musl's loader resolves libc.so and the names of its parts itself; auditwheel reports them as external",
        "6.8.2",
    ),
}


class Verdict(NamedTuple):
    """The tags that a wheel's files meet.

    ``libc`` and ``arch`` select the policies. ``symbol_tag`` is the lowest policy by symbol versions alone,
    ``lowest_tag`` by all rules; ``linux_ARCH`` if the wheel meets none, and empty for a wheel without ELF files for
    Linux. ``cause`` is the shortfall that raises the tag most, None without one. ``ignored`` are the members that did
    not count, because they are for another architecture or C library.

    No file states the musl release that it needs: for musl the tags are the first claimed one without a contradiction,
    or the newest policy. ``musl_release`` is the release that the used functions prove, () without such functions.

    A tag may have no policy (``manylinux_2_43_x86_64``): PEP 600 defines one for every glibc. ``differences`` are the
    keys of :data:`auditwheel_differences` that made a tag differ from auditwheel's.
    """

    libc: str = ""
    arch: str = ""
    symbol_tag: str = ""
    lowest_tag: str = ""
    cause: Shortfall | None = None
    shortfalls: tuple[Shortfall, ...] = ()
    """All reasons why a lower tag is not met."""
    ignored: tuple[str, ...] = ()
    musl_release: tuple[int, ...] = ()
    differences: tuple[str, ...] = ()

    def against(self, policy: Policy) -> tuple[Shortfall, ...]:
        """Return the shortfalls that exclude *policy*."""
        return tuple(shortfall for shortfall in self.shortfalls if shortfall.priority < policy.priority)


_KINDS = ("symbol-version", "pyfpe", "ucs2", "isa", "forbidden-symbol", "external-library")
_ARCHES = {row.wheel for row in TARGETS}
_LIBPYTHON = re.compile(r"libpython\d+\.\d+m?.so(\.\d)*")
_PYFPE = frozenset({"PyFPE_jbuf", "PyFPE_dummy", "PyFPE_counter"})


def arch_of(elf: Elf) -> str:
    """Return the file's architecture as in platform tags, empty if unknown; Arm is ``armv7l`` unless soft-float."""
    if elf.machine == EM_ARM:
        # glibc and the kernel refuse only the soft-float flag; some linkers (mold) write neither flag.
        return "armv7l" if elf.arm_float != "soft" and elf.endian == "little" and elf.flags >> 24 == 5 else ""
    header = (elf.machine, elf.bits, elf.endian)
    return next((row.wheel for row in TARGETS if header == (row.machine, row.bits, row.endian)), "")


def judge(elves: tuple[Elf, ...], platforms: Iterable[str], index: Index, narrow: bool = False) -> Verdict:
    """Return the verdict on the files *elves* (in RECORD's order, in *index*) of a wheel that claims *platforms*.

    *narrow* is set for a wheel that is only for Pythons with narrow Unicode (``cp27m``): it may use their symbols.
    """
    tags = [policies.split(platform) for platform in platforms]
    if not any(tag.family in ("manylinux", "musllinux", "linux", "any") for tag in tags):
        return Verdict()
    arches = {tag.arch if tag.arch in _ARCHES else "" for tag in tags}
    libcs = {tag.libc for tag in tags if tag.libc}
    arch = arches.pop() if len(arches) == 1 else ""
    libc = libcs.pop() if len(libcs) == 1 else ""
    for wanted in ((arch, libc), ("", "")):
        scope = _Scope(elves, *wanted, index, narrow)
        if scope.elves:
            if wanted != (arch, libc):
                scope.differences["other-files"] = None
            return scope.verdict([tag for tag in tags if tag.arch == scope.arch])
    plain = f"linux_{arch}" if arch and elves else ""
    return Verdict(libc, arch, plain, plain, ignored=tuple(elf.path for elf in elves))


class _Scope:
    """The files that count for the verdict, those of the wheel's architecture and C library, and their needs."""

    def __init__(self, elves: tuple[Elf, ...], arch: str, libc: str, index: Index, narrow: bool) -> None:
        self.narrow = narrow
        self.differences: dict[str, None] = {}
        self.elves: list[Elf] = []
        ignored = []
        for elf in elves:
            own_arch, own_libc = arch_of(elf), _libc_of(elf)
            if own_arch == "armv7l" and arch == "armv6l":
                own_arch = arch  # the headers do not tell the two apart
            if elf.machine == EM_ARM and elf.arm_float != "hard" and arch in ("armv7l", "armv6l"):
                if not own_arch and not elf.dynamic and elf.endian == "little":
                    own_arch = arch  # a program that needs no library runs under either convention
                if own_arch:
                    self.differences["arm-float"] = None
            arch = arch or own_arch
            if not own_arch or own_arch != arch:
                ignored.append(elf.path)
                continue
            libc = libc or own_libc
            if own_libc and own_libc != libc:
                ignored.append(elf.path)
                continue
            self.elves.append(elf)
            if "purelib" in elf.path.split("/")[:-1]:
                self.differences["purelib"] = None
        if not libc and any(elf.is_extension for elf in self.elves):
            self.differences["no-libc"] = None
        self.arch = arch
        self.libc = libc or next((elf.libc for elf in self.elves if elf.libc), "glibc")
        self.ignored = tuple(ignored)
        self.index = index
        known = policies.load(self.libc, arch)
        # musl has no symbol versions, so no file proves that an older release is enough.
        self.policies = known[-1:] if self.libc == "musl" else known

    def verdict(self, claims: list[PlatformTag]) -> Verdict:
        """Return the lowest tag that the symbol versions meet, and the lowest that meets all rules."""
        if not self.policies:
            plain = f"linux_{self.arch}"
            self.differences["no-policies"] = None
            return Verdict(
                self.libc, self.arch, plain, plain, ignored=self.ignored, differences=tuple(self.differences)
            )
        found = [*self._versions(), *self._trees()]
        by_symbols = self._tag([s for s in found if s.kind == "symbol-version"])
        overall = self._tag(found)
        cause = max(found, key=lambda s: (-s.priority, _KINDS.index(s.kind), name_key(s.detail)), default=None)
        release = self._musl_release()
        if self.libc == "musl":
            by_symbols, overall = self._musl(claims, found, release, by_symbols, overall)
        return Verdict(
            self.libc,
            self.arch,
            by_symbols,
            overall,
            cause,
            tuple(found),
            self.ignored,
            release,
            tuple(self.differences),
        )

    def _tag(self, found: list[Shortfall]) -> str:
        """Return the lowest tag that none of *found* excludes."""
        lowest = min((s.priority for s in found), default=self.policies[0].priority)
        if lowest:
            return next(policy.tag for policy in self.policies if policy.priority == lowest)
        tags = {s.tag for s in found if not s.priority}
        plain = f"linux_{self.arch}"
        return plain if plain in tags else max(tags, key=name_key)

    def _musl(
        self, claims: list[PlatformTag], found: list[Shortfall], release: tuple[int, ...], *tags: str
    ) -> tuple[str, str]:
        """Return both tags for musl: the claimed one, unless a function contradicts it."""
        from diagnose.policies import musl

        newest = self.policies[0].tag
        if any(s.kind == "external-library" for s in found) and all(
            s.kind == "external-library" and s.library in musl.SELF for s in found
        ):
            self.differences["musl-itself"] = None
            tags = (newest, newest)
        wanted = [tag.policy for tag in claims if tag.family == "musllinux" and name_key(tag.policy) >= release[:2]]
        claim = f"{wanted[0]}_{self.arch}" if wanted else newest
        if claim != newest and newest in tags:
            self.differences["musl-release"] = None
        by_symbols, overall = (claim if tag == newest else tag for tag in tags)
        return by_symbols, overall

    def _musl_release(self) -> tuple[int, ...]:
        if self.libc != "musl":
            return ()
        from diagnose.policies import musl

        names = {name for elf in self.elves for name in elf.undefined}
        releases = [found for name in names if (found := musl.release(name))]
        if any(elf.relr for elf in self.elves):
            releases.append(musl_loader.RELR_KNOWN)
        return max(releases, default=())

    def _shortfall(
        self, kind: str, path: str, library: str, detail: str, symbols: tuple[str, ...], best: Policy | None
    ) -> Shortfall:
        tag, priority = (best.tag, best.priority) if best else (f"linux_{self.arch}", 0)
        return Shortfall(kind, path, library, detail, symbols, tag, priority)

    def _versions(self) -> Iterator[Shortfall]:
        best: dict[str, tuple[Policy | None, str]] = {}
        for elf in self.elves:
            for need in elf.verneed:
                version = need.version
                if version not in best:
                    policy = self._best(need.family, version)
                    best[version] = policy, policy.tag if policy else self._beyond(version)
                policy, tag = best[version]
                if policy is not self.policies[0]:
                    if elf.sectionless:
                        self.differences["no-sections"] = None
                    if _is_loader(need.library):
                        if glibc_loader.release_of(version) is None:
                            continue
                        self.differences["dynamic-linker-versions"] = None
                    priority = policy.priority if policy else 0
                    yield Shortfall("symbol-version", elf.path, need.library, version, need.symbols, tag, priority)

    def _best(self, family: str, version: str) -> Policy | None:
        """Return the lowest policy that allows the version, by its list and by the glibc in its name."""
        allowing = [policy for policy in self.policies if _allows(policy, family, version)]
        release = glibc_loader.release_of(version) or ()
        if self.libc != "glibc" or not allowing or release <= allowing[0].libc_version:
            return allowing[0] if allowing else None
        self.differences["policy-allows-newer"] = None
        return next((policy for policy in allowing if release <= policy.libc_version), None)

    def _beyond(self, version: str) -> str:
        """Return the tag of PEP 600 for a glibc without a policy, the plain linux tag for everything else."""
        release = glibc_loader.release_of(version)
        if self.libc != "glibc" or release is None or release <= self.policies[-1].libc_version:
            return f"linux_{self.arch}"
        self.differences["newer-than-policies"] = None
        return f"manylinux_{release[0]}_{release[1]}_{self.arch}"

    def _trees(self) -> Iterator[Shortfall]:
        """The shortfalls of each dependency tree, by root; a library that another file needs is in that file's tree."""
        needed = set[str]().union(*(elf.needed for elf in self.elves))
        for root in self.elves:
            if root.is_extension or root.name not in needed:
                yield from self._external(root)
                yield from self._forbidden(root)
                yield from self._build(root)

    def _external(self, root: Elf) -> Iterator[Shortfall]:
        tree = self._resolve(root)
        allowed = self.policies[0].whitelist
        queue = list(root.needed)
        seen: set[str] = set()
        for name in queue:
            if name in seen or name in allowed or _is_loader(name):
                continue
            seen.add(name)
            target = tree.get(name)
            if target is not None:
                queue += target.needed
                continue
            if self.index.exhausted and self.index.knows(name):
                continue  # it may well be found
            best = next((policy for policy in self.policies if name in policy.whitelist), None)
            yield self._shortfall("external-library", root.path, name, "", (), best)

    def _resolve(self, root: Elf) -> dict[str, Elf | None]:
        """Find all libraries that *root* needs, depth first, each name once; None for those not found in the wheel.

        The search path is auditwheel's: the root's own RPATH and RUNPATH hold for everything below it.
        """
        rpath, runpath = self.index.search[root.path]
        tree: dict[str, Elf | None] = {}
        stack = [iter([(root, name) for name in root.needed])]
        while stack:
            elf, name = next(stack[-1], (root, ""))
            if not name:
                stack.pop()
            elif not self.index.step():
                break
            elif name not in tree:
                own = self.index.search[elf.path]
                folders = () if _LIBPYTHON.fullmatch(name) else (*rpath, *own[0], *own[1], *runpath)
                if self.libc == "glibc" and "/" in name:
                    target = self.index.at_origin(elf, name)
                    if target is not None:
                        self.differences["origin-in-needed"] = None
                else:
                    target = self.index.find(name, folders, elf)
                tree[name] = target
                if target is not None and _moved(elf, target):
                    self.differences["installed-layout"] = None
                if target is not None:
                    stack.append(iter([(target, below) for below in target.needed]))
        return tree

    def _forbidden(self, root: Elf) -> Iterator[Shortfall]:
        for library in root.needed:
            for symbol in sorted(self.policies[0].blacklist.get(library, frozenset()).intersection(root.undefined)):
                best = next((p for p in self.policies if symbol not in p.blacklist.get(library, ())), None)
                yield self._shortfall("forbidden-symbol", root.path, library, "", (symbol,), best)

    def _build(self, root: Elf) -> Iterator[Shortfall]:
        if self.arch == "x86_64" and root.isa_needed & 14:
            level = 4 if root.isa_needed & 8 else 3 if root.isa_needed & 4 else 2
            yield self._shortfall("isa", root.path, "", f"x86-64-v{level}", (), None)
        if root.is_extension:
            names = {*root.undefined, *root.undefined_weak}.difference(root.undefined_data)
            if pyfpe := names & _PYFPE:
                yield self._shortfall("pyfpe", root.path, "", "", tuple(sorted(pyfpe)), None)
            ucs2 = sorted(name for name in names if "PyUnicodeUCS2_" in name) if root.init2 and not self.narrow else []
            if ucs2:
                yield self._shortfall("ucs2", root.path, "", "", tuple(ucs2), None)


def _allows(policy: Policy, family: str, version: str) -> bool:
    """Whether *policy* allows the version; families that it does not name are not limited."""
    return family not in policy.symbol_versions or version in policy.symbol_versions[family]


def _moved(elf: Elf, target: Elf) -> bool:
    """Whether installing changes the way from one file's folder to the other's, as from ``.data/platlib``."""
    if ".data/" not in elf.path and ".data/" not in target.path:
        return False
    ways = ((elf.path, target.path), (elf.installed, target.installed))
    archived, installed = (relpath(dirname(there) or ".", dirname(here) or ".") for here, there in ways)
    return archived != installed


def _is_loader(library: str) -> bool:
    return "ld-linux" in library or library in ("ld64.so.1", "ld64.so.2")


def _libc_of(elf: Elf) -> str:
    """Return the C library by auditwheel's rules, which also accept files where :attr:`Elf.libc` is a guess."""
    if elf.interp:
        return "musl" if elf.interp.rpartition("/")[2].startswith("ld-musl-") else "glibc"
    for name in elf.needed:
        if name.startswith(("libc.musl-", "ld-musl-")):
            return "musl"
        if name == "libc.so.6" or name.startswith(("ld-linux-", "ld64.so.")):
            return "glibc"
    if elf.name.endswith(("-arm-linux-musleabihf.so", "-linux-musl.so")):
        return "musl"
    # Before Python 3.11 the suffix on musl said -gnu too.
    if re.search(r"\.cpython-3(1[1-9]|[2-9]\d)[^.]*-(arm-linux-gnueabihf|linux-gnu)\.so$", elf.name):
        return "glibc"
    return ""
