"""Which platform tag a wheel could carry: the lowest that its files keep.

The verdicts are those of the newest auditwheel (``wheel_abi.analyze_wheel_abi``), run without looking at the host
(``--ldpaths ""``). They differ on purpose only where auditwheel gives no answer, one that depends on the machine it
runs on, or one that a real system contradicts; :data:`auditwheel_differences` has them all.
"""

from __future__ import annotations

import re

from diagnose import policies
from diagnose.loaders import glibc
from diagnose.loaders import musl as musl_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.targets import TARGETS
from diagnose.policies import PlatformTag, Policy
from diagnose.readers.elf.parser import EM_ARM, Elf
from diagnose.readers.wheel.linkage import Index

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Shortfall(NamedTuple):
    """One thing that keeps a wheel from the lowest policy.

    ``kind``: ``symbol-version`` (``detail``, e.g. ``GLIBC_2.34``, of ``library`` is newer than the policy allows),
    ``external-library`` (``library`` is neither allowed nor reached in the wheel), ``forbidden-symbol`` (``symbols`` of
    ``library`` must not be used), ``isa`` (``detail`` is an instruction set above the architecture's baseline),
    ``ucs2`` and ``pyfpe`` (Python 2 builds that manylinux rules out). ``path`` is the member; ``symbols`` are the
    undefined symbols concerned. ``tag`` and ``priority`` are those of the lowest policy that this one thing alone would
    allow (``linux_ARCH`` and 0 where none does): it keeps the wheel from every policy of a higher priority.
    """

    kind: str
    path: str
    library: str
    detail: str
    symbols: tuple[str, ...]
    tag: str
    priority: int


class Difference(NamedTuple):
    """One way in which a verdict here differs from auditwheel's; ``version`` is the auditwheel that was compared."""

    reason: str
    version: str


#: Id → difference. A test runs the real auditwheel on a wheel for each; it fails where the two agree again.
auditwheel_differences = {
    "unlisted-files": Difference("files that RECORD does not list count: they are installed all the same", "6.8.2"),
    "installed-layout": Difference(
        "libraries are looked for on the installed layout, where .data/platlib and .data/data/lib have moved", "6.8.2"
    ),
    "other-files": Difference(
        "a wheel all of whose files are of another architecture or C library than its name says gets the tag that its "
        "files could carry; auditwheel stops",
        "6.8.2",
    ),
    "no-libc": Difference("a wheel that never names a C library is judged by manylinux, on every host", "6.8.2"),
    "purelib": Difference("an ELF file under purelib is judged like any other; auditwheel stops", "6.8.2"),
    "no-sections": Difference("version needs are read through PT_DYNAMIC, so also without section headers", "6.8.2"),
    "no-policies": Difference("an architecture without policies (armv6l, mips64) gets its plain linux tag", "6.8.2"),
    "newer-than-policies": Difference(
        "PEP 600 names a tag for every glibc; auditwheel knows none beyond its newest policy and says linux", "6.8.2"
    ),
    "policy-allows-newer": Difference(
        "a policy may allow a version that the glibc in its name does not have (GLIBC_2.18 on aarch64 in "
        "manylinux_2_17): systems with that glibc refuse it",
        "6.8.2",
    ),
    "dynamic-linker-versions": Difference(
        "versions that the dynamic linker defines count (GLIBC_2.35 of ld-linux-x86-64.so.2 for __rseq_offset); "
        "auditwheel passes them over",
        "6.8.2",
    ),
    "arm-float": Difference(
        "a file for Arm without a mark for hard float counts (mold leaves none; the loader refuses soft float only), "
        "and so does a static program of either kind; auditwheel takes neither for armv7l",
        "6.8.2",
    ),
    "musl-release": Difference(
        "musl gives its symbols no versions, so a claim that no function contradicts stands; auditwheel takes the "
        "newest policy, or on musl that of the host",
        "6.8.2",
    ),
    "musl-itself": Difference(
        "musl's loader answers to libc.so and to the names of its parts by itself; auditwheel calls them external",
        "6.8.2",
    ),
}


class Verdict(NamedTuple):
    """The judgement on tags.

    ``libc`` and ``arch`` say by which policies. ``symbol_tag`` is the lowest policy by symbol versions alone,
    ``lowest_tag`` as the wheel stands; ``linux_ARCH`` where none is kept, and empty for a wheel without ELF files for
    Linux. ``cause`` is the shortfall that forces the tag up most, None where nothing does. ``ignored`` are the members
    that did not count, being of another architecture or C library.

    No file states the musl release that it needs: for musl the tags are the first claimed one that nothing contradicts,
    or the newest policy. ``musl_release`` is what the functions used prove, () if nothing.

    A tag may be one that no policy has (``manylinux_2_43_x86_64``): PEP 600 defines one for every glibc.
    ``differences`` are the keys of :data:`auditwheel_differences` that made a tag another one than auditwheel's.
    """

    libc: str = ""
    arch: str = ""
    symbol_tag: str = ""
    lowest_tag: str = ""
    cause: Shortfall | None = None
    shortfalls: tuple[Shortfall, ...] = ()
    ignored: tuple[str, ...] = ()
    musl_release: tuple[int, ...] = ()
    differences: tuple[str, ...] = ()

    def against(self, policy: Policy) -> tuple[Shortfall, ...]:
        """Return what keeps the wheel from *policy*."""
        return tuple(shortfall for shortfall in self.shortfalls if shortfall.priority < policy.priority)


_KINDS = ("symbol-version", "pyfpe", "ucs2", "isa", "forbidden-symbol", "external-library")
_ARCHES = {row.wheel for row in TARGETS}
_LIBPYTHON = re.compile(r"libpython\d+\.\d+m?.so(\.\d)*")
_PYFPE = frozenset({"PyFPE_jbuf", "PyFPE_dummy", "PyFPE_counter"})


def arch_of(elf: Elf) -> str:
    """Return the platform-tag architecture whose code this is, empty if none; Arm is ``armv7l`` unless soft-float."""
    if elf.machine == EM_ARM:
        # glibc and the kernel refuse the mark of soft float only; some linkers (mold) leave no mark at all.
        return "armv7l" if elf.arm_float != "soft" and elf.endian == "little" and elf.flags >> 24 == 5 else ""
    header = (elf.machine, elf.bits, elf.endian)
    return next((row.wheel for row in TARGETS if header == (row.machine, row.bits, row.endian)), "")


def judge(elves: tuple[Elf, ...], platforms: Iterable[str], index: Index, narrow: bool = False) -> Verdict:
    """Return the verdict on the files *elves* (in RECORD's order, in *index*) of a wheel that claims *platforms*.

    *narrow* is set for a wheel that is only for Pythons with narrow Unicode (``cp27m``), whose symbols it may use then.
    """
    tags = [policies.split(platform) for platform in platforms]
    if not any(tag.family in ("manylinux", "musllinux", "linux", "any") for tag in tags):
        return Verdict()
    arches = {tag.arch if tag.arch in _ARCHES else "" for tag in tags}
    libcs = {tag.libc for tag in tags if tag.libc}
    arch = arches.pop() if len(arches) == 1 else ""
    libc = libcs.pop() if len(libcs) == 1 else ""
    for scope in (_Scope(elves, arch, libc, index, narrow), _Scope(elves, "", "", index, narrow)):
        if scope.elves:
            return scope.verdict([tag for tag in tags if tag.arch == scope.arch])
    plain = f"linux_{arch}" if arch and elves else ""
    return Verdict(libc, arch, plain, plain, ignored=tuple(elf.path for elf in elves))


class _Scope:
    """The files that count for the verdict, those of the wheel's architecture and C library, and what they need."""

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
        self.arch = arch
        self.libc = libc or next((elf.libc for elf in self.elves if elf.libc), "glibc")
        self.ignored = tuple(ignored)
        self.index = index
        known = policies.load(self.libc, arch)
        # musl has no symbol versions, so nothing in a wheel proves that an older release will do.
        self.policies = known[-1:] if self.libc == "musl" else known

    def verdict(self, claims: list[PlatformTag]) -> Verdict:
        """Return the lowest tag that is kept by the symbol versions, and by everything."""
        if not self.policies:
            plain = f"linux_{self.arch}"
            return Verdict(self.libc, self.arch, plain, plain, None, (), self.ignored)
        found = [*self._versions(), *self._trees()]
        by_symbols = self._tag([s for s in found if s.kind == "symbol-version"])
        overall = self._tag(found)
        cause = max(found, key=lambda s: (-s.priority, _KINDS.index(s.kind), version_key(s.detail)), default=None)
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
        """Return the lowest tag that all of *found* leave."""
        lowest = min((s.priority for s in found), default=self.policies[0].priority)
        if lowest:
            return next(policy.tag for policy in self.policies if policy.priority == lowest)
        tags = {s.tag for s in found if not s.priority}
        plain = f"linux_{self.arch}"
        return plain if plain in tags else max(tags, key=version_key)

    def _musl(
        self, claims: list[PlatformTag], found: list[Shortfall], release: tuple[int, ...], *tags: str
    ) -> tuple[str, str]:
        """Return both tags for musl: what is claimed, unless something contradicts it."""
        from diagnose.policies import musl

        newest = self.policies[0].tag
        if any(s.kind == "external-library" for s in found) and all(
            s.kind == "external-library" and s.library in musl.SELF for s in found
        ):
            self.differences["musl-itself"] = None
            tags = (newest, newest)
        wanted = [tag.policy for tag in claims if tag.family == "musllinux" and version_key(tag.policy) >= release[:2]]
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
                    if _is_loader(need.library):
                        if glibc.release_of(version) is None:
                            continue
                        self.differences["dynamic-linker-versions"] = None
                    priority = policy.priority if policy else 0
                    yield Shortfall("symbol-version", elf.path, need.library, version, need.symbols, tag, priority)

    def _best(self, family: str, version: str) -> Policy | None:
        """Return the lowest policy that allows the version, by its list and by the glibc in its name."""
        allowing = [policy for policy in self.policies if _allows(policy, family, version)]
        release = glibc.release_of(version) or ()
        if self.libc != "glibc" or not allowing or release <= allowing[0].libc_version:
            return allowing[0] if allowing else None
        self.differences["policy-allows-newer"] = None
        return next((policy for policy in allowing if release <= policy.libc_version), None)

    def _beyond(self, version: str) -> str:
        """Return the tag of PEP 600 for a glibc that no policy knows yet, the plain linux tag for all else."""
        release = glibc.release_of(version)
        if self.libc != "glibc" or release is None or release <= self.policies[-1].libc_version:
            return f"linux_{self.arch}"
        self.differences["newer-than-policies"] = None
        return f"manylinux_{release[0]}_{release[1]}_{self.arch}"

    def _trees(self) -> Iterator[Shortfall]:
        """What the start of each dependency tree adds; a library that another needs is judged in that one's tree."""
        needed = {name for elf in self.elves for name in elf.needed}
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
        """Find everything that *root* needs, depth first, each name once; None for what the wheel does not reach.

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
                tree[name] = target = self.index.find(name, folders, elf)
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


def version_key(version: str) -> tuple[int, ...]:
    """Return a sort key for a symbol version or instruction set: its numbers."""
    return tuple(map(policies.number, re.findall(r"[0-9]+", version)))


def _allows(policy: Policy, family: str, version: str) -> bool:
    """Whether *policy* allows the version; a family that it does not name is not limited."""
    return family not in policy.symbol_versions or version in policy.symbol_versions[family]


def _is_loader(library: str) -> bool:
    return "ld-linux" in library or library in ("ld64.so.1", "ld64.so.2")


def _libc_of(elf: Elf) -> str:
    """Return the C library by auditwheel's rules, which count a file in where :attr:`Elf.libc` only guesses."""
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
