"""The wheel needs a newer libstdc++, libgcc or other runtime library than its tag promises.

A manylinux policy limits more than glibc: also the symbol versions of ``libstdc++.so.6`` (GLIBCXX, CXXABI),
``libgcc_s.so.1`` (GCC), ``libatomic.so.1`` and other libraries of the compiler. Code that is built with a newer
compiler against a newer libstdc++ needs versions that older systems do not have. The compilers of manylinux containers
link the difference statically; a plain distribution's compiler does not.

How to fix: build in the manylinux container of the promised policy, or link libstdc++ and libgcc statically
(``-static-libstdc++ -static-libgcc``). Or use the tag that the wheel meets.

References:
    https://peps.python.org/pep-0600/
    https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.symbol_versions import evidence, fixes, lowest_tag_hint, needs, symbols, unmet, weight
from diagnose.authoring.wheel import has_glibc_code, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding
from diagnose.model.versions import name_key
from diagnose.tables.libc_releases import older_than
from diagnose_checks.wheel._triage import rebuild_fixes, refusals, versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(
    since="0.1.0",
    needs="tags",
    applies=has_glibc_code,
    log_kinds=("audit-too-recent", "audit-external-new", "audit-forbidden"),
)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See needs of versions above the promised ones, of all libraries except glibc."""
    tag, found = needs(wheel, glibc=False)
    if not found:
        return
    highest = max(found, key=lambda need: (-need.priority, name_key(need.detail)))
    glibcxx = max((name_key(n.detail) for n in found if n.detail.startswith("GLIBCXX_")), default=())
    old = older_than(glibcxx=glibcxx) if glibcxx else []
    where = f" (for example {some(old[-3:], 3)})" if old else ""
    yield Finding(
        f"{tag} promises an older {highest.library} than the wheel needs: {highest.detail}{lowest_tag_hint(wheel)}",
        weight(wheel, found),
        evidence(wheel, found),
        f"installs on systems with an older compiler runtime{where}, where it fails: {unmet(wheel, highest)}",
        fixes(wheel, tag, found),
        libraries=tuple(need.library for need in found),
        symbols=symbols(found),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See auditwheel or maturin reject symbols of the C++ runtime only."""
    for refusal in refusals(log):
        if refusal.cause == "wheel-glibcxx-too-new":
            newest = versions(refusal.offenders)
            yield finding_from_hits(
                log,
                refusal.hits,
                f"{refusal.tag or 'the tag'} promises an older C++ library than the wheel needs"
                + (f": {newest[0]}" if newest else ""),
                "No wheel with this tag is written.",
                rebuild_fixes(log, refusal),
            )
