"""Helpers for checks of wheels: the role of each file, short evidence, and loader errors."""

from __future__ import annotations

from diagnose import policies
from diagnose.model._lazy_stdlib import TYPE_CHECKING, cache, re
from diagnose.model.finding import Evidence, Severity
from diagnose.model.targets import EM_386, EM_AARCH64, EM_ARM, EM_RISCV, EM_X86_64, TARGETS, Target
from diagnose.model.versions import name_key
from diagnose.readers.elf.elf_parser import ET_REL, Elf
from diagnose.readers.wheel.platform_tag import arch_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from diagnose.policies import PlatformTag, Policy
    from diagnose.readers.wheel.reader import Tag, Wheel

LIMIT = 100
"""Pieces of evidence in one finding; the last one counts the rest."""


def bounded(evidence: Iterable[Evidence], noun: str = "files") -> tuple[Evidence, ...]:
    """Return the first pieces of *evidence*, and the number of the others."""
    everything = list(evidence)
    if len(everything) <= LIMIT:
        return tuple(everything)
    rest = len(everything) - LIMIT + 1
    return (*everything[: LIMIT - 1], Evidence(f"and {rest} more {noun}", where="the wheel"))


def some(names: Sequence[str], limit: int = 4) -> str:
    """Return *names* as text, shortened: ``a, b and 7 more``."""
    if len(names) <= limit:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit} more"


def count(number: int, noun: str) -> str:
    """Return ``1 file`` or ``3 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def project_key(name: str) -> str:
    """Return *name* as the package index compares it: lower case, runs of ``-``, ``_`` and ``.`` as one ``-``."""
    return re.sub(r"[-_.]+", "-", name).lower()


def same_project(one: str, other: str) -> bool:
    """Whether two spellings name one project."""
    return one == other or project_key(one) == project_key(other)


def same_version(one: str, other: str) -> bool:
    """Whether two spellings are one version (PEP 440), or the same text."""
    if one == other:
        return True
    # Only here, because a healthy wheel spells its version alike everywhere, and the import takes longer than reading.
    from packaging.version import InvalidVersion, Version

    try:
        return max(len(one), len(other)) <= 256 and Version(one) == Version(other)
    except InvalidVersion:
        return False


def is_version(text: str) -> bool:
    """Whether *text* is a version of PEP 440."""
    if re.fullmatch(r"\d+(?:\.\d+)*(?:(?:a|b|rc|\.post|\.dev)\d+)?(?:\+[a-z0-9.]*[a-z0-9])?", text, re.ASCII):
        return ".." not in text and "+." not in text
    from packaging.version import InvalidVersion, Version

    try:
        Version(text[:257])
    except InvalidVersion:
        return False
    return len(text) <= 256


def linux_tags(wheel: Wheel) -> tuple[tuple[str, PlatformTag], ...]:
    """Return the platform tags for Linux, as text and parsed."""
    return _linux_tags(wheel.tags)


@cache
def _linux_tags(every: tuple[Tag, ...]) -> tuple[tuple[str, PlatformTag], ...]:
    tags = [(platform, policies.split(platform)) for platform in dict.fromkeys(tag.platform for tag in every)]
    return tuple((text, tag) for text, tag in tags if tag.family in ("manylinux", "musllinux", "linux"))


def is_for_linux(wheel: Wheel) -> bool:
    """Whether a tag of the file name is for Linux."""
    return bool(linux_tags(wheel))


def has_linux_code(wheel: Wheel) -> bool:
    """Whether the wheel has ELF files that a Linux system installs: tagged for Linux, or for every system."""
    return bool(wheel.elves) and (is_for_linux(wheel) or "any" in wheel.platforms or wheel.layout == "code")


def has_elf(wheel: Wheel) -> bool:
    """Whether the wheel has ELF files."""
    return bool(wheel.elves)


def has_code(wheel: Wheel) -> bool:
    """Whether the wheel has files for any system's loader whose headers were read."""
    return bool(wheel.elves) or any(file.arches for file in wheel.code)


def has_glibc_code(wheel: Wheel) -> bool:
    """Whether the wheel's ELF files are for glibc."""
    return has_linux_code(wheel) and wheel.verdict.libc == "glibc"


def has_musl_code(wheel: Wheel) -> bool:
    """Whether the wheel's ELF files are for musl."""
    return has_linux_code(wheel) and wheel.verdict.libc == "musl"


def has_shared_object_names(wheel: Wheel) -> bool:
    """Whether a Linux wheel has files that are named as shared objects."""
    return is_for_linux(wheel) and any(".so" in file.path for file in wheel.code)


def has_modules(wheel: Wheel) -> bool:
    """Whether the wheel has ELF files that are, or are named as, extension modules."""
    return has_linux_code(wheel) and any(elf.is_extension or ".so" in elf.name for elf in wheel.elves)


def has_stable_abi_code(wheel: Wheel) -> bool:
    """Whether the wheel has ELF files and is tagged for a stable ABI."""
    return has_linux_code(wheel) and any(tag.abi in ("abi3", "abi3t") for tag in wheel.tags)


def tagged_elves(wheel: Wheel) -> list[Elf]:
    """Return the ELF files of the wheel's architecture and C library, which its tag is about."""
    ignored = set(wheel.verdict.ignored)
    return [elf for elf in wheel.elves if elf.path not in ignored] if wheel.verdict.arch else []


def loadable_elves(wheel: Wheel) -> list[Elf]:
    """Return the ELF files of the wheel's architecture, for any C library, that are meant to be loaded."""
    arch = wheel.verdict.arch
    files = [elf for elf in wheel.elves if elf.type != ET_REL and not is_sample(elf)]
    return [elf for elf in files if runs_as(elf, arch)] if arch else []


def runs_as(elf: Elf, arch: str) -> bool:
    """Whether the file is code for *arch*; the headers of Armv6 and Armv7 are the same."""
    own_arch = arch_of(elf)
    return own_arch == arch or (own_arch, arch) == ("armv7l", "armv6l")


def reachable_members(wheel: Wheel) -> set[str]:
    """Return the members that importing a module or running a program of the wheel certainly loads.

    These are modules, programs, and all members that they need, whether the search path finds them or not. Other
    members may be loaded by name (``ctypes``, plugins) or be data.
    """
    return _reached(wheel, [elf.path for elf in wheel.elves if elf.is_extension or elf.is_executable])


STARTS = 64
"""Libraries without users in a wheel up to which each is followed."""


def ways_to_load(wheel: Wheel) -> list[set[str]]:
    """Return the sets of members that may be loaded: whoever uses the wheel loads all of one of them at least.

    With modules or programs there is one set, :func:`reachable_members`. Without them, code elsewhere opens libraries
    by name, and nothing says which: each library that no other one needs is a way. (TBB opens libtbbbind if it can,
    and works without it.) Where they are very many, nothing is certain: the one set is empty.
    """
    if certain := reachable_members(wheel):
        return [certain]
    needed = {path for link in wheel.links for path in ((link.target,) if link.target else link.candidates)}
    starts = [elf.path for elf in wheel.elves if elf.path not in needed and not is_sample(elf)]
    return [_reached(wheel, [path]) for path in starts] if len(starts) <= STARTS else [set()]


def _reached(wheel: Wheel, queue: list[str]) -> set[str]:
    needs: dict[str, list[str]] = {}
    for link in wheel.links:
        needs.setdefault(link.path, []).extend([link.target] if link.target else link.candidates)
    found = set(queue)
    for path in queue:
        queue += [target for target in needs.get(path, ()) if target not in found]
        found.update(needs.get(path, ()))
    return found


def loaded_late(wheel: Wheel) -> set[str]:
    """Return the members that importing a module certainly loads, into a program that is already running."""
    return _reached(wheel, [elf.path for elf in wheel.elves if elf.is_extension])


def is_sample(elf: Elf) -> bool:
    """Whether the file is below ``testdata``, a folder that toolchains ignore: data that is not run."""
    return "testdata" in elf.path.split("/")


def shorten(text: str, limit: int = 160) -> str:
    """Return *text* without redundant white space, and shortened if it is long."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def role(wheel: Wheel, elf: Elf) -> str:
    """Return the file's role: the extension itself, a bundled library, a program, a library."""
    if elf.is_extension:
        return "the extension itself"
    users = sorted({link.path for link in wheel.links if link.target == elf.path or elf.path in link.candidates})
    if users:
        return f"a bundled library, needed by {some([user.rpartition('/')[2] for user in users], 2)}"
    return "a program" if elf.is_executable else "a library"


def load_error(wheel: Wheel, elf: Elf, reason: str) -> str:
    """Return the user's error message if the dynamic linker cannot load the file for *reason*.

    It is an import's error only where an import certainly loads the file. What nothing in the wheel needs may be opened
    by code (``ctypes``, ``dlopen``), or never.
    """
    if elf.is_executable:
        return f"{elf.name}: {reason}"
    if elf.is_extension or _MODULE.search(elf.name) or elf.path in loaded_late(wheel):
        return f"ImportError: {reason}"
    if elf.path in reachable_members(wheel):
        return f"starting a program that needs it: {reason}"
    return f"if code opens {elf.name}: OSError: {reason}"


_MODULE = re.compile(r"\.(?:abi3t?|cpython-\w+|pypy\d+-\w+)(?:-[\w-]+)?\.so$")


def missing_library_error(wheel: Wheel, elf: Elf, library: str) -> str:
    """Return the user's error message if *library*, which the file needs, is missing."""
    if elf.libc == "musl":
        reason = f"Error loading shared library {library}: No such file or directory (needed by {elf.name})"
        return reason if elf.is_executable else load_error(wheel, elf, reason)
    reason = f"{library}: cannot open shared object file: No such file or directory"
    return load_error(wheel, elf, f"error while loading shared libraries: {reason}" if elf.is_executable else reason)


def wrong_arch_error(wheel: Wheel, elf: Elf, here: Target | None = None) -> str:
    """Return the user's error message if the file, for another machine, is loaded or started on *here*."""
    if elf.is_executable:
        if here and elf.interp and elf.endian == here.endian and elf.machine in _RUNS.get(here.machine, ()):
            # The kernel can run it; the missing file is the dynamic linker, not the program.
            return f"{elf.name}: No such file or directory, because its loader {elf.interp} is missing"
        return f"{elf.name}: cannot execute binary file: Exec format error"
    if elf.libc == "musl":
        # musl checks the format, not the machine: a file that it can map fails at the first relocation.
        reason = f"Error loading shared library {elf.name}: Exec format error, or: unsupported relocation"
    elif here and elf.bits != here.bits:
        reason = f"{elf.name}: wrong ELF class: ELFCLASS{elf.bits}"
    else:
        reason = f"{elf.name}: cannot open shared object file: No such file or directory"
    return load_error(wheel, elf, reason)


#: Machine → the machines whose programs its kernels run.
_RUNS = {EM_X86_64: (EM_X86_64, EM_386), EM_AARCH64: (EM_AARCH64, EM_ARM), EM_ARM: (EM_ARM,), EM_386: (EM_386,)}


def promised(wheel: Wheel) -> tuple[str, Policy] | None:
    """Return the strictest tag of the file name, and the policy to compare the wheel with.

    For a tag between two known policies (``manylinux_2_33``) that is the next newer one; for a tag newer than all, the
    newest: a missed problem is better than a false alarm. None for wheels whose tags promise nothing about their files.
    """
    return _promised(wheel.tags, wheel.verdict.libc, wheel.verdict.arch)


@cache
def _promised(every: tuple[Tag, ...], libc: str, arch: str) -> tuple[str, Policy] | None:
    known = policies.load(libc, arch) if libc else ()
    tags = [(text, tag) for text, tag in _linux_tags(every) if (tag.libc, tag.arch) == (libc, arch)]
    if not known or not tags:
        return None
    text, tag = min(tags, key=lambda pair: name_key(pair[1].policy))
    wanted = name_key(tag.policy)
    return text, next((policy for policy in known if policy.libc_version >= wanted), known[-1])


def weigh(severity: Severity, elves: Iterable[Elf]) -> Severity:
    """Return *severity*, or a note if all its files are samples."""
    return Severity.NOTE if all(map(is_sample, elves)) else severity


#: EF_RISCV_FLOAT_ABI of the RISC-V psABI.
_RISCV_FLOAT = {0: "soft float (lp64)", 2: "single float (lp64f)", 4: "double float (lp64d)", 6: "quad float (lp64q)"}


def architecture_name(elf: Elf) -> str:
    """Return the architecture by its name in tags, if it has one."""
    arch = arch_of(elf)
    if elf.machine == EM_RISCV and elf.flags & 6 != 4:
        return f"{arch or 'RISC-V'} with {_RISCV_FLOAT[elf.flags & 6]}"
    if arch:
        return arch
    if elf.machine == EM_ARM:
        return "soft-float Arm" if elf.arm_float == "soft" else "Arm"
    return next((row.wheel for row in TARGETS if row.machine == elf.machine), f"machine {elf.machine}")
