"""Decides how much of a wheel's code is decoded, and says what is not."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.targets import EM_386, EM_AARCH64, EM_ARM, EM_X86_64
from diagnose.readers.elf import jemalloc
from diagnose.readers.elf.decoding import is_available
from diagnose.readers.elf.elf_parser import ET_REL, Elf
from diagnose.readers.wheel import filekind
from diagnose.readers.wheel.platform_tag import arch_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from diagnose.readers.wheel.archive import Member

#: Instructions of one file: about 10 ms, and 20 on a slow machine; and of a whole wheel.
FILE_BUDGET = 64_000
WHEEL_BUDGET = 512_000
MAX_FILES = 64

_X86 = (EM_X86_64, EM_386)
_MACHINES = (*_X86, EM_AARCH64, EM_ARM)


class Sampler:
    """Samples the instructions of the largest files that claim to be code, each with an equal part of the budget.

    The choice depends on the archive's directory alone, because files are read in any order, by two threads.
    """

    def __init__(self, members: Iterable[Member], data_prefix: str) -> None:
        claiming = [member for member in members if filekind.claim(member.name, data_prefix, member.mode)]
        largest = sorted(claiming, key=lambda member: (-member.size, member.name))[:MAX_FILES]
        self.names = {member.name for member in largest}
        self.budget = min(FILE_BUDGET, WHEEL_BUDGET // max(len(largest), 1))
        self._available: dict[int, bool] = {}  # by machine: an import that fails searches all folders again

    def look(self, elf: Elf, content: memoryview) -> Elf:
        """Return *elf* with what its code needs, as far as that is looked for and can be seen."""
        if elf.name.startswith("libasound") and elf.size <= _MAX_ALSA:
            elf = elf._replace(alsa_folders=_alsa_folders(bytes(content)))
        if (page := jemalloc.page_size(content, elf)) is not None:
            elf = elf._replace(jemalloc_page=page)
        if elf.machine not in _MACHINES or elf.endian != "little" or elf.path not in self.names:
            return elf
        if elf.split_debug or elf.type == ET_REL:
            return elf
        if elf.machine not in self._available:
            self._available[elf.machine] = is_available(elf.machine)
        if not self._available[elf.machine]:
            return elf
        from diagnose.readers.elf import instructions

        code = instructions.sample(content, elf.bits, elf.entries, self.budget)
        newer = code is not None and (any(code.levels) or code.first or code.reached)
        elf = elf._replace(instructions=code)
        return _produced(elf, content) if newer else elf


#: What compilers call the baseline.
_BASELINE = {
    "x86-64",
    "i386",
    "i486",
    "i586",
    "i686",
    "pentium4",
    "generic",
    "armv8-a",
    "armv8-a+crc",
    "armv7-a",
    "armv7-a+fp",
}


def _produced(elf: Elf, content: memoryview) -> Elf:
    """Return *elf* with its compilers, and the processors of their options beyond the baseline."""
    from diagnose.readers.elf.producer import producer

    found = producer(content, elf.bits, elf.endian)
    march = tuple(name for name in found.march if name not in _BASELINE)
    return elf._replace(compilers=found.compilers, march=march)


_MAX_ALSA = 16 << 20  # bytes of libasound, which has 1 MB


def _alsa_folders(content: bytes) -> tuple[str, str]:
    """Return ALSA_CONFIG_DIR and ALSA_PLUGIN_DIR, as compiled into libasound; empty if there is not one of each."""
    configuration, plugins = (
        set(re.findall(rb"\0(/[!-~]{0,250}/" + name + rb")(?=\0)", content)) for name in (b"alsa", b"alsa-lib")
    )
    return tuple(found.pop().decode() if len(found) == 1 else "" for found in (configuration, plugins))  # type: ignore[return-value]


def unsampled(elves: Sequence[Elf]) -> tuple[str, ...]:
    """Say which instructions of *elves* were not decoded."""
    linked = [elf for elf in elves if elf.type != ET_REL and not elf.split_debug]
    decodable = [elf for elf in linked if elf.machine in _MACHINES]
    lines = []
    if others := [elf for elf in linked if elf.machine not in _MACHINES]:
        names = sorted({arch_of(elf) or "an unknown processor" for elf in others})
        lines.append(
            f"instructions: not decoded in {len(others)} of {len(linked)} files, which are for {', '.join(names)}"
        )
    sampled = [elf.instructions for elf in decodable if elf.instructions]
    if decodable and not sampled:
        known = all(map(is_available, {elf.machine for elf in decodable}))
        why = "no list of functions" if known else "needs iced-x86 (the extra processor)"
        lines.append(f"instructions: not decoded, {why}")
    elif left := sum(one.left for one in sampled):
        lines.append(f"instructions: {left} of {left + sum(one.functions for one in sampled)} functions not decoded")
    if sampled and (files := len(decodable) - len(sampled)):
        lines.append(f"instructions: not decoded in {files} of {len(decodable)} files for processors that are known")
    return tuple(lines)
