"""The wheel bundles parts of the C library, or uses its private symbols.

The C library belongs to the system. Its parts (``libc``, ``libm``, ``libpthread``, ``ld-linux`` …) fit together only if
they were built together: they call each other through ``GLIBC_PRIVATE`` symbols, which change with every release. A
bundled copy of one part runs in one process with the other parts of the user's system. That works while both have the
same private symbols, and fails or crashes elsewhere. A file that needs ``GLIBC_PRIVATE`` symbols itself has the same
problem.

Repair tools never copy these libraries. The cause is a manual step, or a library taken from a glibc package.

How to fix: remove these libraries from the wheel. The system has its own.

References:
    https://sourceware.org/glibc/wiki/Testing/Builds
    https://peps.python.org/pep-0600/
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, has_linux_code, reachable_members, role, some, tagged_elves
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.remedies.repack import inside, repack
from diagnose.remedies.shell_quoting import quote
from diagnose.tables.repaired_names import plain
from diagnose.tables.shared_libraries import is_libc_piece

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.elf.elf_parser import Elf, Verneed
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="tags", applies=has_linux_code)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See members that are parts of glibc or musl, and needs of GLIBC_PRIVATE."""
    certain = reachable_members(wheel)
    modules = any(elf.is_extension for elf in tagged_elves(wheel))
    pieces = [
        elf for elf in tagged_elves(wheel) if is_libc_piece(elf.name) or (elf.soname and is_libc_piece(elf.soname))
    ]
    if pieces:
        used = any(elf.path in certain and _private(elf) for elf in pieces) and modules
        yield Finding(
            f"bundles {some([elf.name for elf in pieces])}, part of the C library",
            Severity.ERROR if used else Severity.WARNING,
            bounded(Evidence(role(wheel, elf), elf.path) for elf in pieces),
            "with another version of the system's C library: symbol lookup error: undefined symbol …, version "
            "GLIBC_PRIVATE, or a crash",
            (repack(wheel, "remove it: every system has it", _leave_out(wheel, pieces)),),
        )
    names = {elf.path for elf in pieces}
    private = [(elf, need) for elf in tagged_elves(wheel) if elf.path not in names for need in _private(elf)]
    if private:
        need = private[0][1]
        used = any(user.path in certain and not user.is_executable for user, _ in private)
        yield Finding(
            f"uses private symbols of {need.library}",
            Severity.ERROR if used else Severity.WARNING,
            bounded(Evidence(f"needs GLIBC_PRIVATE of {n.library} for {some(n.symbols)}", e.path) for e, n in private),
            f"with any glibc but the one it was built with: {need.library}: version `GLIBC_PRIVATE' not found, or "
            f"undefined symbol: {need.symbols[0] if need.symbols else '…'}",
            (Fix("remove the library that uses them, or build it without"),),
        )


def _private(elf: Elf) -> list[Verneed]:
    """Return the file's needs of GLIBC_PRIVATE versions, weak ones excluded."""
    return [need for need in elf.verneed if need.version == "GLIBC_PRIVATE" and not need.weak]


def _leave_out(wheel: Wheel, pieces: list[Elf]) -> list[str]:
    lines = [f"rm -f {inside(wheel, [elf.path for elf in pieces])}"]
    for piece in pieces:
        users = [elf.path for elf in wheel.elves if piece.name in elf.needed and elf not in pieces]
        if users and plain(piece.name) != piece.name:
            names = f"{quote(piece.name)} {quote(plain(piece.name))}"
            lines.append(f"patchelf --replace-needed {names} {inside(wheel, users)}")
    return lines
