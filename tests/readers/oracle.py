"""What others say about the same bytes: auditwheel about wheels, pyelftools about ELF files; and what to ask about."""

from __future__ import annotations

import functools
import gc
import io
import os
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parents[2] / "fixtures" / "wheels"
WHEELS = sorted(FIXTURES.glob("*.whl"))


def members(wheel: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (name, bytes) of every ELF file in a wheel; one with a wrong CRC yields what can be inflated."""
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            with archive.open(info) as file:
                file._expected_crc = None  # type: ignore[attr-defined]
                data = file.read()
            if data[:4] == b"\x7fELF":
                yield info.filename, data


@functools.cache
def elves() -> dict[str, bytes]:
    """Return every distinct ELF file of the fixtures, as ``wheel::member``."""
    found: dict[bytes, str] = {}
    for wheel in WHEELS:
        for name, data in members(wheel):
            found.setdefault(data, f"{wheel.name}::{name}")
    return {name: data for data, name in found.items()}


@functools.cache
def elf_files(prefix: str) -> dict[str, bytes]:
    """Return the ELF files of the one fixture wheel whose name starts with *prefix*."""
    (wheel,) = FIXTURES.glob(f"{prefix}-*.whl")
    return dict(members(wheel))


def only_elf(prefix: str) -> bytes:
    """Return the only ELF file of the one fixture wheel whose name starts with *prefix*."""
    (data,) = elf_files(prefix).values()
    return data


def elftools_facts(data: bytes) -> dict[str, Any]:
    """Return what pyelftools reads from the program headers and, for symbols, from ``.dynsym``."""
    from elftools.elf.dynamic import DynamicSegment
    from elftools.elf.elffile import ELFFile
    from elftools.elf.segments import InterpSegment

    file = ELFFile(io.BytesIO(data))
    found: dict[str, Any] = {"bits": file.elfclass, "endian": "little" if file.little_endian else "big"}
    found["flags"] = file["e_flags"]
    found.update(needed=[], soname="", rpath=None, runpath=None, interp="", gnu_stack=None)
    aligns = []
    for segment in file.iter_segments():
        if isinstance(segment, InterpSegment):
            found["interp"] = segment.get_interp_name()
        elif isinstance(segment, DynamicSegment):
            for tag in segment.iter_tags():
                if tag.entry.d_tag == "DT_NEEDED":
                    found["needed"].append(tag.needed)
                elif tag.entry.d_tag in ("DT_SONAME", "DT_RPATH", "DT_RUNPATH"):
                    key = tag.entry.d_tag[3:].lower()
                    found[key] = getattr(tag, key)
        elif segment["p_type"] == "PT_LOAD":
            aligns.append(segment["p_align"])
        elif segment["p_type"] == "PT_GNU_STACK":
            found["gnu_stack"] = segment["p_flags"]
    found["load_align"] = min(aligns, default=0)
    needs = file.get_section_by_name(".gnu.version_r")
    found["verneed"] = (
        sorted((need.name, aux.name) for need, auxes in needs.iter_versions() for aux in auxes) if needs else []
    )
    defines = file.get_section_by_name(".gnu.version_d")
    found["defines"] = (
        [next(auxes).name for define, auxes in defines.iter_versions() if not define["vd_flags"] & 1] if defines else []
    )
    symbols = file.get_section_by_name(".dynsym")
    undefined = [s for s in symbols.iter_symbols() if s["st_shndx"] == "SHN_UNDEF" and s.name] if symbols else []
    found["undefined"] = [s.name for s in undefined if s["st_info"]["bind"] != "STB_WEAK"]
    found["undefined_weak"] = [s.name for s in undefined if s["st_info"]["bind"] == "STB_WEAK"]
    found["versioned"] = {}
    versions = file.get_section_by_name(".gnu.version")
    if versions and needs:
        for number, symbol in enumerate(symbols.iter_symbols()):
            index = versions.get_symbol(number)["ndx"]
            if symbol["st_shndx"] == "SHN_UNDEF" and symbol.name and isinstance(index, int) and (index & 0x7FFF) > 1:
                need, aux = needs.get_version(index & 0x7FFF) or (None, None)
                if aux is not None:
                    found["versioned"].setdefault((need.name, aux.name), []).append(symbol.name)
    return found


def auditwheel_tags(wheel: Path) -> tuple[str, str] | None:
    """Return auditwheel's (symbol tag, overall tag), judged without the host's libraries, or None if it gives none."""
    from auditwheel.error import AuditwheelError
    from auditwheel.wheel_abi import analyze_wheel_abi
    from auditwheel.wheeltools import get_wheel_architecture, get_wheel_libc

    def ask(question: Any) -> Any:
        try:
            return question(wheel.name)
        except AuditwheelError:
            return None

    arch, libc = ask(get_wheel_architecture), ask(get_wheel_libc)
    cwd = os.getcwd()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a crash leaves its temporary folder to the garbage collector
        try:
            found = analyze_wheel_abi(
                libc, arch, wheel, frozenset(), disable_isa_ext_check=False, allow_graft=False, args_ldpaths=""
            )
        except Exception:  # it crashes in as many ways as there are broken wheels
            gc.collect()
            return None
        finally:
            os.chdir(cwd)
    return found.sym_policy.name, found.overall_policy.name
