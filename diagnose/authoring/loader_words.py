"""What a dynamic loader's message about a file shows beyond its words."""

from __future__ import annotations

from diagnose.authoring.wheel import linux_tags
from diagnose.loaders import glibc_loader, musl_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.wheel.reader import Wheel

LOADER = re.compile(r"^ld-(?:linux|musl)[\w.-]*\.so|^ld64?\.so|^libc\.musl-")
"""File names of glibc's and musl's loaders."""
MUSL = re.compile(r"^ld-musl|^libc\.musl-")
"""The file name of musl's loader, which is also its libc."""

_X86 = re.compile(r"(?<![a-z0-9])(?:x86[_-]64|amd64|i[3-6]86)(?![a-z0-9])")


def not_elf_error(wheel: Wheel, name: str, size: int) -> str:
    """Return what the loader of the wheel's tag says about a file of *size* bytes that is no ELF file."""
    tags = [tag for _, tag in linux_tags(wheel)]
    if tags and all(tag.libc == "musl" for tag in tags):
        return musl_loader.not_elf(name).says
    narrow = all(tag.arch in ("i686", "armv7l", "armv6l", "armv5tel") for tag in tags)
    return glibc_loader.not_elf(name, size, 32 if tags and narrow else 64).says


def misaligned_by_tool(log: BuildLog, hit: Hit) -> bool:
    """Whether "address/offset not page-aligned" in *hit* is a tool's damage, and not a system with larger pages.

    glibc 2.35 and later use these words for both. x86 has pages of 4 KiB only; a library that was stripped after a
    repair is damaged everywhere.
    """
    if "address/offset not page-aligned" not in hit.text:
        return False
    target = log.target_at(hit.line)
    x86 = bool(_X86.search(hit.text)) or (target is not None and bool(_X86.search(target.triple)))
    return x86 or any(note.line < hit.line for note in log.find("strip-note"))
