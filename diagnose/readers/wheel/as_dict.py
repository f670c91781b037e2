"""A wheel's facts as plain data: the ``facts`` of a wheel in the JSON report."""

from __future__ import annotations

from diagnose import policies
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.targets import EM_386, EM_X86_64
from diagnose.model.versions import name_key
from diagnose.readers.wheel.platform_tag import Shortfall, auditwheel_differences

if TYPE_CHECKING:
    from typing import Any

    from diagnose.readers.elf.elf_parser import Elf, Verneed
    from diagnose.readers.elf.instructions import Instructions
    from diagnose.readers.wheel.mach_o import Build
    from diagnose.readers.wheel.reader import Wheel


#: Families of platform tags whose wheels are judged, with or without ELF files.
_JUDGED = {"manylinux", "musllinux", "linux", "any"}


def _is_judged(wheel: Wheel) -> bool:
    """Whether the checks support the wheel's system, and could read all its code."""
    families = {policies.split(platform).family for platform in wheel.platforms}
    if wheel.elves and families & {"manylinux", "musllinux", "linux", "any"}:
        return True
    if any(file.kind in ("mach-o", "pe", "wasm") for file in wheel.code):
        return bool(families & {"manylinux", "musllinux", "linux"})
    return bool(families) and families <= _JUDGED


def facts(wheel: Wheel) -> dict[str, Any]:
    """Return the facts of *wheel* that the JSON report documents; lists are sorted, numbers are bytes."""
    bundled = sorted({link.target for link in wheel.links if link.target})
    verdict = wheel.verdict
    inside: dict[str, dict[str, str | None]] = {}
    for link in wheel.links:
        inside.setdefault(link.path, {})[link.needed] = link.target or None
    return {
        "name": wheel.name,
        "version": wheel.version,
        "build": wheel.build or None,
        "tags": [str(tag) for tag in wheel.tags],
        "wheel_tags": [str(tag) for tag in wheel.wheel_tags],
        "root_is_purelib": wheel.root_is_purelib,
        "generator": wheel.generator or None,
        "requires_python": wheel.requires_python or None,
        "layout": wheel.layout,
        "judged": wheel.layout not in ("code", "conda") and _is_judged(wheel),
        "conda": {"subdir": wheel.conda.subdir, "glibc": wheel.conda.glibc or None} if wheel.conda else None,
        "arch": verdict.arch or None,
        "libc": verdict.libc or None,
        "symbol_tag": verdict.symbol_tag or None,
        "lowest_tag": verdict.lowest_tag or None,
        "auditwheel_differences": {key: auditwheel_differences[key].reason for key in verdict.differences},
        "musl_release": ".".join(map(str, verdict.musl_release)) or None,
        "largest_cause": _cause(verdict.cause) if verdict.cause else None,
        "bundled_libraries": bundled,
        "external_libraries": sorted({s.library for s in verdict.shortfalls if s.kind == "external-library"}),
        "libraries_in_no_policy": sorted(
            {s.library for s in verdict.shortfalls if s.kind == "external-library" and not s.priority}
        ),
        "elf_files": [_elf(elf, inside.get(elf.path, {})) for elf in sorted(wheel.elves, key=lambda elf: elf.path)],
        "other_code": [
            {
                "path": file.path,
                "kind": file.kind,
                "arches": list(file.arches),
                "built_for": [_build(build) for build in file.builds],
            }
            for file in wheel.code
            if file.kind in ("mach-o", "pe", "wasm", "llvm-bitcode", "archive")
        ],
        "files": len(wheel.files),
        "size": wheel.size,
    }


def _build(build: Build) -> dict[str, Any]:
    oldest = ".".join(map(str, build.oldest)) if any(build.oldest) else None
    return {"arch": build.arch, "system": build.system or None, "oldest": oldest}


def _cause(cause: Shortfall) -> dict[str, Any]:
    return {
        "kind": cause.kind,
        "path": cause.path,
        "library": cause.library or None,
        "version": cause.detail or None,
        "symbols": sorted(cause.symbols)[:10],
        "tag": cause.tag,
    }


def _elf(elf: Elf, inside: dict[str, str | None]) -> dict[str, Any]:
    return {
        "path": elf.path,
        "size": elf.size,
        "machine": elf.machine,
        "bits": elf.bits,
        "endian": elf.endian,
        "flags": elf.flags,
        "libc": elf.libc or None,
        "soname": elf.soname or None,
        "needed": list(elf.needed),
        "needed_in_wheel": inside,
        "rpath": elf.rpath,
        "runpath": elf.runpath,
        "interp": elf.interp or None,
        "extension_module": elf.is_extension,
        "highest_versions": [_highest(need) for need in highest_versions(elf)],
        "broken": list(elf.broken),
        "instructions": _instructions(elf.instructions, elf.machine) if elf.instructions else None,
    }


def _instructions(code: Instructions, machine: int) -> dict[str, Any]:
    x86 = machine in (EM_386, EM_X86_64)
    levels = {f"x86-64-v{level}": number for level, number in zip((2, 3, 4), code.levels, strict=True)}
    formed = ("with_vectors", "with_vectors_for_avx") if x86 else ("with_atomics", "with_newer_atomics")
    return {
        "functions": code.functions,
        "functions_left": code.left,
        **({"highest_level": levels} if x86 else {"extensions": dict(code.extensions)}),
        **dict(zip(formed, (code.formed, code.encoded), strict=True)),
        "at_import": [
            {
                "entry": use.entry,
                "address": use.address,
                "mnemonic": use.mnemonic,
                **({"level": use.level} if x86 else {"extension": use.features}),
                "certain": use in code.first,
            }
            for use in (*code.first, *code.reached)
        ],
    }


def _highest(need: Verneed) -> dict[str, Any]:
    return {"library": need.library, "family": need.family, "version": need.version}


def highest_versions(elf: Elf) -> list[Verneed]:
    """Return the highest version that the file needs, for each symbol family of each library."""
    best: dict[tuple[str, str], Verneed] = {}
    for need in elf.verneed:
        key = (need.family, need.library)
        if key not in best or name_key(need.version) > name_key(best[key].version):
            best[key] = need
    return [best[key] for key in sorted(best)]
