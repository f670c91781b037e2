"""The bundled library lacks a symbol version that a file in the wheel needs.

Libraries may give their functions versions (``FOO_2``). A file that is linked against such a library records the
version, and glibc looks for it when it loads both. If the copy in the wheel is older, or was built without its version
script, the version is missing and the import fails. musl ignores versions.

The cause is an extension that is linked against one copy of a library while another copy is put into the wheel.

How to fix: bundle the copy that the extension was linked against, or link against the copy that is in the wheel.

References:
    https://man7.org/linux/man-pages/man8/ld.so.8.html
    https://www.akkadia.org/drepper/symbol-versioning
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, has_glibc_code, load_error, loadable_elves, reachable_members, role, some
from diagnose.loaders import glibc_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.loaders.refusal import LoadRefusal
    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="tags", applies=has_glibc_code)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See version needs that the library with that name does not define."""
    if wheel.verdict.libc != "glibc":
        return
    elves = {elf.path: elf for elf in loadable_elves(wheel)}
    found: list[tuple[Elf, Elf, LoadRefusal]] = []
    for link in wheel.links:
        user, provider = elves.get(link.path), elves.get(link.target)
        if user and provider and not provider.broken:
            found += [
                (user, provider, one) for one in glibc_loader.missing_versions(user, provider, link.needed, (2, 36))
            ]
    if not found:
        return
    sure = reachable_members(wheel)
    user, provider, refusal = next((row for row in found if not row[2].crashes), found[0])
    says = (
        load_error(wheel, user, refusal.says)
        if refusal.says
        else "glibc before 2.37 aborts the process (failed assertion)"
    )
    libraries = list(dict.fromkeys(one.name for _, one, _ in found))
    yield Finding(
        f"needs versions that the bundled libraries do not define: {some(libraries)}",
        Severity.ERROR if user.path in sure and not refusal.crashes else Severity.WARNING,
        bounded(Evidence(f"{role(wheel, one)}: needs {refusal.detail}", one.path) for one, _, refusal in found),
        f"musl loads it; with glibc: {says}",
        (
            Fix(
                f"bundle the {provider.name} that {user.name} was linked against",
                (Command(f"readelf --version-info {provider.name}", FixStage.BUILD),),
                notes="The command lists a copy's versions. LD_LIBRARY_PATH selects the copy that auditwheel bundles.",
            ),
        ),
        libraries=tuple(libraries),
    )
