"""Helpers for checks of symbol versions: the needs above the promise, the files that have them, and the fixes."""

from __future__ import annotations

from diagnose import policies
from diagnose.authoring.wheel import bounded, load_error, promised, role, shorten, some, weigh
from diagnose.loaders import glibc_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Command, Evidence, Fix, FixStage, Severity
from diagnose.model.targets import TARGETS
from diagnose.model.versions import name_key
from diagnose.remedies.repack import retag
from diagnose.tables.build_images import manylinux_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.platform_tag import Shortfall
    from diagnose.readers.wheel.reader import Wheel

#: GLIBC_PRIVATE is a sign of a bundled part of glibc, not a version; wheel-bundled-libc reports it.
_NO_VERSION = "GLIBC_PRIVATE"


def needs(wheel: Wheel, glibc: bool) -> tuple[str, list[Shortfall]]:
    """Return the strictest tag, and the version needs above it: of glibc, or of all other libraries."""
    promise = promised(wheel)
    if promise is None:
        return "", []
    tag, policy = promise
    number = name_key(policies.split(tag).policy)
    brought = {name for elf in wheel.elves for name in (elf.name, elf.soname)}

    def counts(need: Shortfall) -> bool:
        # The version of a bundled library does not depend on the system.
        if need.kind != "symbol-version" or need.detail == _NO_VERSION or need.library in brought:
            return False
        if need.detail.partition("_")[0] != "GLIBC":
            return not glibc and need.priority < policy.priority
        # The number in the tag is the promise, even without a policy of that number.
        release = glibc_loader.release_of(need.detail)
        if release is not None:
            return glibc and release > number
        return glibc and need.detail == glibc_loader.RELR_MARKER and need.priority < policy.priority

    return tag, [need for need in wheel.verdict.shortfalls if counts(need)]


def symbols(found: list[Shortfall]) -> tuple[str, ...]:
    """Return the symbols of the needs; of a need without any, its version."""
    return tuple(name for need in found for name in need.symbols or (need.detail,))


def weight(wheel: Wheel, found: list[Shortfall]) -> Severity:
    """Return an error, or a note if only samples exceed the promise."""
    paths = {need.path for need in found}
    return weigh(Severity.ERROR, (elf for elf in wheel.elves if elf.path in paths))


def lowest_tag_hint(wheel: Wheel) -> str:
    """Return the end of a message that names the lowest tag that the symbol versions allow, empty without one."""
    tag = wheel.verdict.symbol_tag
    return "" if tag.startswith("linux_") else f"; {tag} is the lowest compatible tag"


def unseen_by_auditwheel(wheel: Wheel, found: list[Shortfall]) -> str:
    """Return a sentence where the repair tools accept the wheel: they ignore versions of the dynamic linker."""
    loaders = [need for need in found if need.library.startswith(("ld-linux", "ld64.so"))]
    if "dynamic-linker-versions" not in wheel.verdict.differences or len(loaders) < len(found):
        return ""
    return f"; auditwheel and maturin do not count versions of {loaders[0].library}"


def unmet(wheel: Wheel, need: Shortfall) -> str:
    """Return the user's error message on a system without the needed version."""
    elf = next(elf for elf in wheel.elves if elf.path == need.path)
    return load_error(wheel, elf, f"{need.library}: version `{need.detail}' not found (required by {elf.name})")


def evidence(wheel: Wheel, found: list[Shortfall]) -> tuple[Evidence, ...]:
    """Return one piece of evidence for each file: its role, the versions above the promise, and their symbols."""
    files: dict[str, list[Shortfall]] = {}
    for need in sorted(found, key=lambda need: name_key(need.detail), reverse=True):
        files.setdefault(need.path, []).append(need)
    elves = {elf.path: elf for elf in wheel.elves}
    return bounded(
        Evidence(
            f"{role(wheel, elves[path])}: {'; '.join(_need(need, elves[path]) for need in rows[:4])}{_rest(rows)}", path
        )
        for path, rows in files.items()
    )


def _need(need: Shortfall, elf: Elf) -> str:
    symbols = f" for {some([shorten(name, 60) for name in need.symbols], 3)}" if need.symbols else ""
    # A weak reference may stay undefined, but its version must exist: no linker marks the version as weak.
    weak = " (a weak reference, but its version is required)"
    return f"{need.detail} of {need.library}{symbols}{weak if _is_weak(need, elf) else ''}"


def _is_weak(need: Shortfall, elf: Elf) -> bool:
    return bool(need.symbols) and set(need.symbols) <= set(elf.undefined_weak)


def _rest(rows: list[Shortfall]) -> str:
    return f" and {len(rows) - 4} more versions" if len(rows) > 4 else ""


BEYOND = "Installers accept this tag (PEP 600). auditwheel and maturin have no such policy and cannot write it."


def fixes(wheel: Wheel, tag: str, found: list[Shortfall]) -> tuple[Fix, ...]:
    """Return the fixes: build for the promised policy, or use the tag that the wheel meets."""
    modules = {elf.path for elf in wheel.elves if elf.is_extension}
    libraries = sorted({need.path.rpartition("/")[2] for need in found if need.path not in modules})
    notes = (
        f"Build {some(libraries)} there too, from source or from that system's packages: a copy from a newer "
        "distribution needs that distribution's glibc."
        if libraries
        else ""
    )
    notes = " ".join(filter(None, (notes, *_advice(wheel, found))))
    out = [build_for(wheel, tag, notes)]
    verdict = wheel.verdict
    if not verdict.lowest_tag.startswith("linux_"):
        notes = "Older systems then do not install it."
        if "newer-than-policies" in verdict.differences:
            notes += f" {BEYOND}"
        out.append(retag(wheel, verdict.lowest_tag, notes=notes, safe=True))
    elif not verdict.symbol_tag.startswith("linux_"):
        notes = "Fix the other findings first: until then the wheel meets no policy."
        out.append(retag(wheel, verdict.symbol_tag, notes=notes, safe=True))
    return tuple(out)


#: What zig's runtime for undefined behaviour takes from the C library to print a stack trace.
_ZIG_RUNTIME = frozenset({"copy_file_range", "sendfile64", "pwritev64", "writev", "readv", "lseek64"})


def _advice(wheel: Wheel, found: list[Shortfall]) -> Iterator[str]:
    """Yield what else lowers the needs: of a weak reference, and of zig's runtime."""
    elves = {elf.path: elf for elf in wheel.elves}
    if any(_is_weak(need, elves[need.path]) for need in found):
        yield "Linked against the older libc, a weak reference needs no version; every linker writes one otherwise."
    if any("copy_file_range" in need.symbols and set(elves[need.path].undefined) >= _ZIG_RUNTIME for need in found):
        yield "zig cc without -O adds its runtime for undefined behaviour: compile with -O2 or -fno-sanitize=undefined."


def build_for(wheel: Wheel, tag: str, notes: str) -> Fix:
    """Return the fix that builds the wheel for *tag*, with the tool that built it."""
    parts = policies.split(tag)
    title = f"build for {tag}"
    image = manylinux_image(name_key(parts.policy), parts.arch)
    if not wheel.generator.startswith("maturin") and not image:
        return Fix(title, notes=f"Use a compiler for that glibc, or a system that has it. {notes}".strip())
    if wheel.generator.startswith("maturin"):
        triple = next((row.triple for row in TARGETS if (row.wheel, row.libc) == (parts.arch, parts.libc)), parts.arch)
        line = f"maturin build --release --zig --target {triple} --compatibility {parts.policy}"
        return Fix(title, (Command(line, FixStage.BUILD),), notes=notes)
    return Fix(
        title, env=((f"CIBW_MANYLINUX_{parts.arch.upper()}_IMAGE", image),), notes=f"For cibuildwheel. {notes}".strip()
    )
