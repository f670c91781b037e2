"""The wheel's files need a library by a path instead of by a name.

A linker writes a library's SONAME into the files that need it. For a library without a SONAME that the command line
names by its path (``cc … build/libfoo.so``), it writes that path. The loader then opens ``build/libfoo.so`` relative to
the working directory, and searches no other folder. ``$ORIGIN/libfoo.so`` works on glibc, where the file is at that
place, but not on musl, which does not expand it.

Repair tools do not find such a library, or copy it under a path that is never opened.

How to fix: write the plain name into the file, and build the library with a SONAME.

References:
    https://man7.org/linux/man-pages/man8/ld.so.8.html
    https://sourceware.org/binutils/docs/ld/Options.html
"""

from __future__ import annotations

import posixpath

from diagnose.authoring.wheel import (
    bounded,
    has_linux_code,
    is_sample,
    loadable_elves,
    missing_library_error,
    reachable_members,
    role,
    some,
)
from diagnose.authoring.wheel_libraries import needing
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.remedies.repack import inside, repack
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="code", applies=has_linux_code)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See NEEDED entries with a slash."""
    opened = {(link.path, link.needed) for link in wheel.links if link.via == "origin"}
    found = [
        (elf, name)
        for elf, name in needing(loadable_elves(wheel), lambda name: "/" in name)
        if not is_sample(elf) and (elf.path, name) not in opened
    ]
    if not found:
        return
    sure = reachable_members(wheel)
    first, name = next((row for row in found if row[0].path in sure), found[0])
    yield Finding(
        f"needs libraries by their path: {some(list(dict.fromkeys(name for _, name in found)))}",
        Severity.ERROR if first.path in sure else Severity.WARNING,
        bounded(Evidence(f"{role(wheel, elf)}: needs {name}", elf.path) for elf, name in found),
        _consequence(wheel, first, name),
        _fixes(wheel, found),
        libraries=tuple(name for _, name in found),
    )


def _consequence(wheel: Wheel, elf: Elf, name: str) -> str:
    if not name.startswith(("$ORIGIN", "${ORIGIN}")):
        return "unless the working directory contains it: " + missing_library_error(wheel, elf, name)
    if wheel.verdict.libc == "musl":
        return missing_library_error(wheel, elf, name)
    place = posixpath.normpath(posixpath.join(posixpath.dirname(elf.installed), name.partition("/")[2]))
    return missing_library_error(wheel, elf, f"…/{place}")


def _fixes(wheel: Wheel, found: list[tuple[Elf, str]]) -> tuple[Fix, ...]:
    """Return the fixes: by name where the wheel has every library; else it has to be copied in after linking again."""
    plain = dict.fromkeys(posixpath.basename(name) for _, name in found)
    absent = [name for name in plain if not any(elf.name == name for elf in wheel.elves)]
    copied = f" Then auditwheel repair copies {some(absent)} into the wheel." if absent else ""
    link = Fix(
        "build the library with a SONAME; link again",
        notes=f"Add -Wl,-soname,{next(iter(plain))} to the command that links the library.{copied}",
    )
    return (link,) if absent else (repack(wheel, "need the library by its name", _lines(wheel, found)), link)


def _lines(wheel: Wheel, found: list[tuple[Elf, str]]) -> list[str]:
    lines = []
    for elf, name in found:
        plain = posixpath.basename(name)
        option = f"--replace-needed {quote(name)} {quote(plain)}"
        copy = next((other for other in wheel.elves if other.name == plain and other.path != elf.path), None)
        if copy is not None:
            step = posixpath.relpath(posixpath.dirname(copy.installed) or ".", posixpath.dirname(elf.installed) or ".")
            folder = "$ORIGIN" if step == "." else f"$ORIGIN/{step}"
            old = [part for part in (elf.runpath or elf.rpath or "").split(":") if part.startswith("$ORIGIN")]
            option += f" --set-rpath {quote(':'.join(dict.fromkeys([*old, folder])))}"
        lines.append(f"patchelf {option} {inside(wheel, [elf.path])}")
    return lines
