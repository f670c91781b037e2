"""The wheel uses functions that the musl release of its tag does not have.

musl's symbols have no versions, so no field of a file states the release that it needs, and the repair tools do not
check it. The functions themselves show it: musl 1.2.3 added ``qsort_r``, and 1.2.0 added every ``…_time64`` name on
32-bit architectures. A ``musllinux_1_1`` wheel that uses one of them fails on the systems that its tag names. A
``musllinux_1_2`` tag does not distinguish 1.2.0 from 1.2.5; there the finding only names the systems that remain.

Libraries copied from Alpine 3.18 or later also have packed relocations (``DT_RELR``). musl reads them from 1.2.4 on,
and crashes before.

How to fix: build where the promised musl is the one that is linked, or use the newer tag.

References:
    https://peps.python.org/pep-0656/
    https://git.musl-libc.org/cgit/musl/tree/WHATSNEW
"""

from __future__ import annotations

from diagnose import policies
from diagnose.authoring.wheel import bounded, has_musl_code, promised, role, some, tagged_elves
from diagnose.loaders import musl_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Severity
from diagnose.model.versions import name_key
from diagnose.policies import musl
from diagnose.remedies.repack import retag
from diagnose.tables.libc_releases import alpine_with_musl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="tags", applies=has_musl_code)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See undefined functions that a later musl release added."""
    promise = promised(wheel)
    if promise is None or wheel.verdict.libc != "musl":
        return
    tag = promise[0]
    version = name_key(policies.split(tag).policy)
    newest: tuple[int, int, int] = (0, 0, 0)
    evidence = []
    crashes: Elf | None = None
    for elf in tagged_elves(wheel):
        releases = {
            name: release for name in elf.undefined if (release := musl.release(name)) and release > (*version, 0)
        }
        packed = elf.relr and (*version, 0) < musl_loader.RELR_KNOWN
        if (releases or packed) and "musl" in (elf.libc, wheel.verdict.libc):
            newest = max(newest, *releases.values(), *([musl_loader.RELR_KNOWN] if packed else []))
            names = [f"{name} ({_text(release)})" for name, release in sorted(releases.items())]
            if packed:
                crashes = elf
                names.append(f"packed relative relocations, DT_RELR ({_text(musl_loader.RELR_KNOWN)})")
            evidence.append(Evidence(f"{role(wheel, elf)}: {some(names)}", elf.path))
    if not evidence:
        return
    met = f"musllinux_{newest[0]}_{newest[1]}_{wheel.verdict.arch}"
    beyond = newest[:2] > version
    yield Finding(
        f"{tag} promises an older musl than the wheel needs: {_text(newest)}",
        Severity.ERROR if beyond else Severity.NOTE,
        bounded(evidence),
        f"on systems with an older musl (Alpine before {alpine_with_musl(newest)}) the import "
        + (
            f"ends with a segmentation fault: musl before 1.2.4 does not relocate {crashes.name}"
            if crashes
            else "fails: Error relocating …: symbol not found"
        ),
        (retag(wheel, met, safe=True),) if beyond else (),
    )


def _text(release: tuple[int, ...]) -> str:
    return ".".join(map(str, release))
