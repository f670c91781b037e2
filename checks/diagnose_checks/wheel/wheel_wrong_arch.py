"""The wheel's files are for another architecture than its tag.

A platform tag ends in the architecture that installers compare with the machine. If the files inside are for another
processor, word size or byte order, or for Arm's other floating-point convention, the wheel installs and no file in it
can be loaded: the import fails with "cannot open shared object file" although the file exists, and a program fails with
"Exec format error". The causes are a cross build that falls back to the host's compiler, a prebuilt library for the
wrong platform, and a wheel that was renamed by hand.

Of wheels for other systems the headers are compared: the processors in Mach-O, PE and Android's ELF files, and the
system in Mach-O files, because macOS, iOS and its simulator refuse each other's files for the same processor.

A file of another architecture that no file in the wheel needs is only a note: some projects ship data for several
platforms in one wheel.

How to fix: remove the build folder, which may contain old objects, and build with a compiler for the tag's
architecture.

References:
    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
"""

from __future__ import annotations

from diagnose.authoring.wheel import (
    architecture_name,
    bounded,
    count,
    has_code,
    linux_tags,
    runs_as,
    some,
    wrong_arch_error,
)
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity
from diagnose.model.targets import TARGETS, Target
from diagnose.policies import systems
from diagnose.readers.elf.elf_parser import EM_ARM, ET_REL, Elf
from diagnose.readers.wheel.platform_tag import arch_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.filekind import CodeFile
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="tags", applies=has_code)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See ELF files whose architecture is not in the file name."""
    arches = {tag.arch for _, tag in linux_tags(wheel)}
    known = {row.wheel for row in TARGETS}
    if not arches:
        yield from _other_systems(wheel)
        return
    if not arches <= known:
        return
    files = [elf for elf in wheel.elves if elf.machine and elf.type != ET_REL]
    unmarked = [elf for elf in files if elf.machine == EM_ARM and not elf.arm_float and elf.dynamic]
    if unmarked and arches & {"armv7l", "armv6l"}:
        yield _unmarked(unmarked)
    wrong = [elf for elf in files if not any(_fits(elf, arch) for arch in arches)]
    if not wrong:
        return
    right = [elf for elf in files if elf not in wrong]
    needed = {name for elf in right for name in elf.needed} - {elf.name for elf in right}
    modules = {_module(elf) for elf in right}
    bad = [
        elf
        for elf in wrong
        if not right or elf.name in needed or (elf.is_extension and _module(elf) not in modules) or _is_script(elf)
    ]
    claimed = some(sorted(arches))
    if bad:
        yield Finding(
            f"is tagged {claimed} but contains {count(len(bad), 'file')} for {_names(bad)}",
            Severity.ERROR,
            bounded(Evidence(_header(elf), elf.path) for elf in bad),
            f"on {claimed}: {wrong_arch_error(wheel, bad[0], _row(wheel))}",
            _fixes(wheel, bad),
        )
    unused = [elf for elf in wrong if elf not in bad]
    if unused:
        yield Finding(
            f"contains {count(len(unused), 'file')} for {_names(unused)} that no other file needs",
            Severity.NOTE,
            bounded(Evidence(_header(elf), elf.path) for elf in unused),
            f"{sum(elf.size for elf in unused)} unused bytes on {claimed}, unless code selects the files by name",
        )


def _other_systems(wheel: Wheel) -> Iterator[Finding]:
    """See files of a wheel for another system whose format or processor differs from its tags."""
    promised = [found for platform in wheel.platforms if (found := systems.system(platform))]
    if not promised or len(promised) < len(wheel.platforms):
        return
    libraries = [file for file in wheel.code if file.claims == "library" and file.kind in _FORMATS]
    machines = {elf.path: _android_machine(elf) for elf in wheel.elves}
    wrong = [(file, why) for file in libraries if (why := _unfit(file, promised, machines))]
    if not wrong:
        return
    claimed = some(list(wheel.platforms))
    # Libraries for another system, beside one for this system, are data: code selects them by platform.
    spare = [file for file, _ in wrong if _is_plain(file) and not any(_is_for(file, one) for one in promised)]
    if len(wrong) < len(libraries) and len(spare) == len(wrong):
        yield Finding(
            f"is tagged {claimed} and also contains {count(len(wrong), 'file')} for other systems",
            Severity.NOTE,
            bounded(Evidence(why, file.path) for file, why in wrong),
            f"{sum(file.size for file in spare)} unused bytes on {promised[0].name}",
        )
        return
    modules = [file for file, _ in wrong if not _is_plain(file)]
    yield Finding(
        f"is tagged {claimed} but contains {count(len(wrong), 'file')} for another system or processor",
        Severity.ERROR if len(wrong) == len(libraries) or modules else Severity.WARNING,
        bounded(Evidence(why, file.path) for file, why in wrong),
        f"on {promised[0].name}: ImportError, the file is not for this system or processor",
        (Fix(f"remove the build folder, then build for {claimed}"),),
    )


def _android_machine(elf: Elf) -> str:
    """Return the processor of a file for Android, whose armeabi-v7a passes floats as soft-float Arm does (NDK, "ABIs").

    Its linker compares only the machine, the word size and the byte order (bionic's linker_phdr.cpp).
    """
    if elf.machine == EM_ARM and elf.endian == "little":
        return "armv7l"
    return arch_of(elf) or architecture_name(elf)


def _is_for(file: CodeFile, promised: systems.TaggedSystem) -> bool:
    """Whether the file is in the system's format, and names no other system for its processors."""
    named = {build.system for build in file.builds if build.arch in promised.arches}
    return file.kind == promised.kind and named <= {"", promised.built_for}


def _is_plain(file: CodeFile) -> bool:
    """Whether Python never imports the file by itself: a DLL or dylib, not an extension module."""
    return file.path.endswith((".dll", ".dylib"))


_FORMATS = {"elf": ".so", "mach-o": ".dylib", "pe": ".dll", "wasm": ".wasm"}


def _unfit(file: CodeFile, promised: list[systems.TaggedSystem], machines: dict[str, str]) -> str:
    """Return why the file fits none of the tags, empty if it fits one of them."""
    fitting = [one for one in promised if one.kind == file.kind]
    if not fitting:
        return f"is in the format {file.kind}, {promised[0].name} loads {promised[0].kind}"
    for one in fitting:
        if one.kind == "elf":
            if not one.machine or machines.get(file.path, one.machine) == one.machine:
                return ""
        elif not one.arches or not file.arches or set(one.arches) <= set(file.arches):
            if _is_for(file, one):
                return ""
            others = {build.system for build in file.builds if build.arch in one.arches}
            return f"its header says {some(sorted(others))}, the tag {one.built_for}"
    has = machines.get(file.path, "") or some(list(file.arches))
    return f"its header says {has}, the tag {fitting[0].machine or some(list(fitting[0].arches))}"


def _unmarked(elves: list[Elf]) -> Finding:
    return Finding(
        f"has Arm files that do not state their floating-point convention: {some([elf.name for elf in elves])}",
        Severity.WARNING,
        bounded(Evidence(f"{_header(elf)}, no build attributes", elf.path) for elf in elves),
        "glibc for hard float loads them, because it refuses only files marked as soft float; auditwheel does not "
        "accept them as armv7l files and rejects the wheel",
        (
            Fix(
                "link with a linker that writes the attributes",
                env=(("RUSTFLAGS", "-C link-arg=-fuse-ld=bfd"), ("LDFLAGS", "-fuse-ld=bfd")),
                notes="mold omits the build attributes and the flag EF_ARM_ABI_FLOAT_HARD.",
            ),
        ),
    )


def _names(elves: list[Elf]) -> str:
    return some(sorted({architecture_name(elf) for elf in elves}))


def _fits(elf: Elf, arch: str) -> bool:
    if runs_as(elf, arch):
        rows = [row for row in TARGETS if row.wheel == arch and row.machine == elf.machine]
        return elf.machine == EM_ARM or any(row.accepts(elf.machine, elf.bits, elf.endian, elf.flags) for row in rows)
    # A static executable, or code that passes no floating-point numbers, runs under either Arm convention.
    return elf.machine == EM_ARM and arch in ("armv7l", "armv6l") and not elf.dynamic and elf.endian == "little"


def _module(elf: Elf) -> str:
    return elf.path.rpartition("/")[0] + "/" + elf.name.partition(".")[0]


def _is_script(elf: Elf) -> bool:
    return elf.installed.startswith("bin/")


def _header(elf: Elf) -> str:
    text = f"ELF header: {elf.bits}-bit, {elf.endian}-endian, machine {elf.machine} ({architecture_name(elf)})"
    return text + (f", flags {elf.flags:#x}" if elf.flags else "")


def _row(wheel: Wheel) -> Target | None:
    """Return the target of the wheel's first Linux tag."""
    tag = next(tag for _, tag in linux_tags(wheel))
    return next((row for row in TARGETS if (row.wheel, row.libc) == (tag.arch, tag.libc or "glibc")), None)


def _fixes(wheel: Wheel, bad: list[Elf]) -> tuple[Fix, ...]:
    tag = next(tag for _, tag in linux_tags(wheel))
    row = _row(wheel)
    triple = row.triple if row else ""
    if not triple or not wheel.generator.startswith("maturin"):
        return (Fix(f"remove the build folder, then compile for {tag.arch}"),)
    return (
        Fix(
            f"build it for {triple}",
            (Command(f"maturin build --release --target {triple}", FixStage.BUILD),),
            notes="First remove any .so that `maturin develop` left among the Python sources: it is packed as well.",
        ),
    )
