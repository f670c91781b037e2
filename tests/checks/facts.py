"""Wheels made of facts alone, for files that no compiler produces on request."""

from __future__ import annotations

from collections.abc import Iterable

from wheels import CAUSES

from diagnose.model.finding import Finding
from diagnose.model.targets import EM_AARCH64, EM_ARM, EM_S390, EM_X86_64
from diagnose.readers.elf.elf_parser import ET_DYN, Elf, Verneed
from diagnose.readers.wheel import linkage, platform_tag
from diagnose.readers.wheel.metadata import Metadata
from diagnose.readers.wheel.reader import Wheel, installed_path, parse_file_name
from diagnose.readers.wheel.record import Record

_MACHINES = {"x86_64": (EM_X86_64, 64, "little", 0), "aarch64": (EM_AARCH64, 64, "little", 0)}
_MACHINES |= {"s390x": (EM_S390, 64, "big", 0), "armv7l": (EM_ARM, 32, "little", 0x5000400)}


def elf(path: str, arch: str = "x86_64", *, versions: Iterable[tuple[str, str]] = (), **rest: object) -> Elf:
    """Return a shared object for glibc; *versions* are (library, version) pairs that it needs."""
    machine, bits, endian, flags = _MACHINES[arch]
    module = path.rpartition("/")[2].partition(".")[0]
    known = {
        "machine": machine,
        "bits": bits,
        "endian": endian,
        "flags": flags,
        "type": ET_DYN,
        "dynamic": True,
        "needed": ("libc.so.6",),
        "init": (module,) if ".so" in path and not module.startswith("lib") else (),
        "gnu_stack": 6,
        "load_align": 0x10000,
        "page_fit": 0x10000,
        "arm_float": "hard" if arch == "armv7l" else "",
        "verneed": tuple(Verneed(library, version, symbols=("demo",)) for library, version in versions),
    }
    return Elf(path, installed=installed_path(path, "demo-1.data/"), **{**known, **rest})  # type: ignore[arg-type]


def wheel(tag: str, *elves: Elf, files: Iterable[str] = (), **rest: object) -> Wheel:
    """Return a wheel of these files with the tag in its name and in WHEEL."""
    name, version, build, tags = parse_file_name(f"demo-1-{tag}.whl")
    index = linkage.Index(elves)
    judged = platform_tag.judge(elves, dict.fromkeys(tag.platform for tag in tags), index)
    known = {
        "path": f"demo-1-{tag}.whl",
        "size": 1000,
        "name": name,
        "version": version,
        "build": build,
        "tags": tags,
        "wheel_tags": tags,
        "root_is_purelib": False,
        "generator": "test",
        "requires": (),
        "requires_python": "",
        "metadata": Metadata(
            wheel=(("wheel-version", "1.0"), ("root-is-purelib", "false")),
            core=(("metadata-version", "2.1"), ("name", name), ("version", version)),
        ),
        "dist_info": "demo-1.dist-info",
        "files": (*(elf.path for elf in elves), *files),
        "elves": elves,
        "links": linkage.links(index, elves, judged.libc == "musl"),
        "record": Record("demo-1.dist-info/RECORD", len(elves), ()),
        "zip_flaws": (),
        "verdict": judged,
    }
    return Wheel(**{**known, **rest})  # type: ignore[arg-type]


def found(check: str, subject: Wheel) -> list[Finding]:
    """Return what one check finds."""
    cause = next(cause for cause in CAUSES if cause.id == check)
    return list(cause.detectors["wheel"](subject))


def levels(check: str, subject: Wheel) -> list[str]:
    """Return the severities of what one check finds."""
    return [finding.severity.value for finding in found(check, subject)]
