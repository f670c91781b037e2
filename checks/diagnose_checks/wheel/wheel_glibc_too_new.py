"""The wheel needs a newer glibc than its tag promises.

``manylinux_2_17`` promises that glibc 2.17 is enough. Every function that a file takes from glibc has the version in
which its present form was introduced. The highest version, over the extension module and every library in the wheel, is
the glibc that the wheel needs. A library bundled from a newer distribution raises it as well. It is the usual cause
where the extension was linked against an old glibc on purpose.

Installers trust the tag. On an older system the wheel installs, and the import fails.

How to fix: build where the promised glibc is the one that is linked: in a manylinux container of that policy, or with
zig's linker and the version in its target. Build every bundled library the same way. Or use the tag that the wheel
meets.

References:
    https://peps.python.org/pep-0600/
    https://github.com/pypa/manylinux
    https://www.maturin.rs/distribution
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.symbol_versions import (
    evidence,
    fixes,
    lowest_tag_hint,
    needs,
    symbols,
    unmet,
    unseen_by_auditwheel,
    weight,
)
from diagnose.authoring.wheel import has_glibc_code, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding
from diagnose.model.versions import name_key
from diagnose.tables.libc_releases import older_than
from diagnose_checks.wheel._triage import PATTERNS, rebuild_fixes, refusals, versions, young

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="tags", applies=has_glibc_code, patterns=PATTERNS)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See needs of glibc versions above the promised one."""
    tag, found = needs(wheel, glibc=True)
    if not found:
        return
    highest = max(found, key=lambda need: name_key(need.detail))
    version = name_key(highest.detail)
    old = older_than(glibc=version)
    where = f" (for example {some(old[-3:], 3)})" if old else ""
    yield Finding(
        f"{tag} promises an older glibc than the wheel needs: {highest.detail}{lowest_tag_hint(wheel)}",
        weight(wheel, found),
        evidence(wheel, found),
        f"installs on systems whose glibc is too old{where}, where it fails: {unmet(wheel, highest)}"
        f"{unseen_by_auditwheel(wheel, found)}",
        fixes(wheel, tag, found),
        libraries=tuple(need.library for need in found),
        symbols=symbols(found),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See auditwheel or maturin reject the extension's own symbols."""
    for refusal in refusals(log):
        if refusal.cause == "wheel-glibc-too-new":
            newest = versions(refusal.offenders)
            names = [name for hit in refusal.hits for name in (young(hit) if hit.kind == "audit-symbols" else ())]
            yield finding_from_hits(
                log,
                refusal.hits,
                f"{refusal.tag or 'the tag'} promises an older glibc than the wheel needs: {newest[0]}"
                + (f", for {some(names)}" if names else "")
                if newest
                else f"the wheel needs a newer glibc, or C++ library, than {refusal.tag or 'the tag'} promises",
                "No wheel with this tag is written.",
                rebuild_fixes(log, refusal),
            )
