"""Which platform tag a leg's wheel will have, as far as that follows from where it is built.

Sources: maturin's ``auditwheel`` and ``build_options`` modules (1.14); PEP 600, PEP 656.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.targets import resolve
from diagnose.model.versions import version_key

if TYPE_CHECKING:
    from diagnose.readers.workflow.workflow_facts import Leg

_DECIDE = ("--compatibility", "--manylinux", "--auditwheel", "--skip-auditwheel")
_NEWEST_POLICY = (2, 41)  # auditwheel's and maturin's tables end here


def decided_by_arguments(leg: Leg) -> bool:
    """Whether the tool's arguments choose the tag."""
    return any(word.partition("=")[0] in _DECIDE for word in leg.words)


def expected(leg: Leg) -> str:
    """Return the tag, ``up to TAG`` where the symbols decide, or nothing if it is unknown."""
    target = resolve(leg.target)
    if target is None or leg.place.kind == "unknown" or leg.tool == "cross":
        return ""
    chosen = leg.manylinux
    if leg.tool == "maturin-action" and decided_by_arguments(leg):
        return ""
    if chosen in ("", "auto") and leg.configured is not None:
        chosen = leg.configured.compatibility or chosen
    skips = any(word in ("skip", "--skip-auditwheel", "--auditwheel=skip") for word in leg.words)
    if chosen in ("", "auto") and (skips or (leg.configured is not None and leg.configured.skips_audit)):
        return f"linux_{target.wheel}"
    if chosen in ("off", "linux"):
        return f"linux_{target.wheel}"
    if chosen.startswith("musllinux"):
        return f"{chosen}_{target.wheel}"
    if chosen not in ("", "auto"):
        named = chosen.removeprefix("manylinux").removeprefix("_")
        return f"manylinux{'' if named.isdigit() else '_'}{named}_{target.wheel}" if named != "pypi" else ""
    if target.libc == "musl":
        return f"musllinux_1_2_{target.wheel}"
    if leg.zig:
        return f"manylinux2014_{target.wheel}"
    glibc = leg.place.facts.target if leg.place.facts else ""
    if glibc == "2.17":
        return f"manylinux2014_{target.wheel}"
    parts = version_key(glibc)
    if not parts:
        return ""
    if parts > _NEWEST_POLICY:
        return f"up to linux_{target.wheel}"
    return f"up to manylinux_{parts[0]}_{parts[1]}_{target.wheel}"
