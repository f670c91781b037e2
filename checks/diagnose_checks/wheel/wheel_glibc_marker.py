"""The wheel needs a glibc feature marker that no manylinux policy includes.

Newer linkers record loader features that a file depends on as versions of ``libc.so.6``: ``GLIBC_ABI_GNU2_TLS`` (code
with TLS descriptors, ``-mtls-dialect=gnu2``), ``GLIBC_ABI_GNU_TLS`` (any use of thread-local variables on i386, added
by GNU ld 2.47), ``GLIBC_ABI_DT_X86_64_PLT``. A glibc without the feature refuses the file.

These names are not releases. Upstream has all three since 2.43. Distributions backported them, so Debian 13's 2.41 has
them and Debian 12's 2.36 does not. No tag states which systems those are.

How to fix: link with a linker, or with options, that do not add the marker.

References:
    https://sourceware.org/bugzilla/show_bug.cgi?id=33129
    https://sourceware.org/bugzilla/show_bug.cgi?id=33130
    https://sourceware.org/bugzilla/show_bug.cgi?id=33212
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, has_glibc_code, load_error, promised, role, some, tagged_elves, weigh
from diagnose.loaders import glibc_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="code", applies=has_glibc_code)


_WAYS = {
    "GLIBC_ABI_GNU2_TLS": ("compile with traditional TLS", "-mtls-dialect=gnu", ""),
    "GLIBC_ABI_GNU_TLS": (
        "link without the marker",
        "",
        "GNU ld: -Wl,-z,nognu-tls-tag. Or use GNU ld before 2.47, or LLD.",
    ),
    "GLIBC_ABI_DT_X86_64_PLT": ("link without the tags", "", "GNU ld: -Wl,-z,nomark-plt. Or use LLD."),
}


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See needs of GLIBC_ABI_* that the tagged policy does not allow."""
    if wheel.verdict.libc != "glibc":
        return
    promise = promised(wheel)
    allowed = promise[1].symbol_versions.get("GLIBC", frozenset()) if promise else frozenset()
    found: dict[str, list[Elf]] = {}
    for elf in tagged_elves(wheel):
        for need in elf.verneed:
            # The marker for packed relocations belongs to one release, so wheel-glibc-too-new reports it.
            if glibc_loader.is_marker(need.version) and need.version not in (*allowed, glibc_loader.RELR_MARKER):
                found.setdefault(need.version, []).append(elf)
    if not found:
        return
    names = sorted(found)
    users = list(dict.fromkeys(elf for name in names for elf in found[name]))
    first = found[names[0]][0]
    yield Finding(
        f"needs {some(names)}, which no manylinux tag promises",
        weigh(Severity.ERROR, users) if promise else Severity.WARNING,
        bounded(
            Evidence(f"{role(wheel, elf)}: needs {some([n for n in names if elf in found[n]])}", elf.path)
            for elf in users
        ),
        f"{_where(names)}: "
        + load_error(wheel, first, f"libc.so.6: version `{names[0]}' not found (required by {first.name})"),
        tuple(_fix(name) for name in names),
    )


def _where(names: list[str]) -> str:
    known = [glibc_loader.MARKERS[name] for name in names if name in glibc_loader.MARKERS]
    if not known:
        return "on a glibc without it"
    marker = known[0]
    has = some([f"{name} ({version})" for name, version in marker.backported])
    return (
        f"upstream glibc has it since {'.'.join(map(str, marker.since))}, {has} backported it; "
        f"{some(list(marker.absent))} and other older releases refuse the file"
    )


def _fix(name: str) -> Fix:
    title, flags, notes = _WAYS.get(name, ("link with a linker that adds no marker", "", ""))
    return Fix(title, env=(("CFLAGS", flags),) if flags else (), notes=notes)
