"""The wheel has the library under the name that a repair tool gave it, but a file still needs the old name.

Repair tools copy a library into the wheel, add a hash to its name (``libtbb-0d8fc6d2.so.12.2``), and write that name
into every file that needs it. A file that was skipped still needs ``libtbb.so.12``, which the wheel does not have. This
affects libraries that are copied in after the repair, and files that the tool does not recognise as part of the wheel.

How to fix: repair the wheel again from its unrepaired state, or write the new name into the file.

References:
    https://github.com/pypa/auditwheel
    https://github.com/NixOS/patchelf
"""

from __future__ import annotations

import posixpath

from diagnose.authoring.wheel import (
    bounded,
    has_linux_code,
    is_sample,
    missing_library_error,
    reachable_members,
    role,
    some,
    tagged_elves,
)
from diagnose.authoring.wheel_libraries import needing, renamed_copies
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Severity
from diagnose.remedies.repack import inside, repack
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="tags", applies=has_linux_code)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See NEEDED names that only a renamed copy in the wheel matches."""
    copies = renamed_copies(wheel)
    users = [
        (elf, name)
        for elf, name in needing(tagged_elves(wheel), copies.__contains__)
        if not is_sample(elf) and copies[name] != elf.path
    ]
    if not users:
        return
    sure = reachable_members(wheel)
    first, name = next((row for row in users if row[0].path in sure), users[0])
    there = some([copy.rpartition("/")[2] for copy in copies.values()])
    yield Finding(
        f"has {there}, but its files need {some(list(copies))}",
        Severity.ERROR if first.path in sure else Severity.WARNING,
        bounded(
            Evidence(f"{role(wheel, elf)}: needs {name}, which is {copies[name]}", elf.path) for elf, name in users
        ),
        f"where the system has no {name}: {missing_library_error(wheel, first, name)}",
        (repack(wheel, "write the new name and its folder into the file", _lines(wheel, users, copies)),),
        libraries=tuple(copies),
    )


def _lines(wheel: Wheel, users: list[tuple[Elf, str]], copies: dict[str, str]) -> list[str]:
    elves = {elf.path: elf for elf in wheel.elves}
    lines = []
    for elf, name in users:
        copy = elves[copies[name]]
        step = posixpath.relpath(posixpath.dirname(copy.installed) or ".", posixpath.dirname(elf.installed) or ".")
        folder = "$ORIGIN" if step == "." else f"$ORIGIN/{step}"
        old = [part for part in (elf.runpath or elf.rpath or "").split(":") if part.startswith("$ORIGIN")]
        path = quote(":".join(dict.fromkeys([*old, folder])))
        target = inside(wheel, [elf.path])
        lines.append(f"patchelf --replace-needed {quote(name)} {quote(copy.name)} --set-rpath {path} {target}")
    return lines
