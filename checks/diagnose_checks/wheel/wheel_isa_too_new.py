"""The wheel's code needs a newer processor than its tag promises.

The architecture at the end of a platform tag means its baseline: ``x86_64`` is x86-64-v1, ``armv6l`` is the first
Raspberry Pi's Armv6. Files can state what they need: on x86 in a GNU property note (``-Wl,-z,x86-64-v3``, or GCC's
``-mneeded``), on Arm in the build attributes. On an older processor glibc refuses to load such a file, or the program
is killed by an illegal instruction.

On x86-64 glibc's loader enforces the note; musl's loader does not, and a static program has no loader. For x86-64-v2,
which every processor has had for many years, the finding is a warning. On Arm no loader reads the attributes, and one
object of a library that selects code at run time is enough to raise them; there the finding is a note.

Most files state nothing. A sample of the instructions is decoded: the functions that run when the file is loaded or
imported, those that they call, and others from the whole file. For x86 that needs the extra ``processor`` (``pip
install "crosslink-diagnose[processor]"``); for Arm nothing. Code for AVX or newer in the first, or throughout the
file, is an error: the process is killed by an illegal instruction. So is code for Armv8.1-A or newer on aarch64, most
often the atomic instructions of LSE, which compilers then use everywhere; the Raspberry Pi 3 and 4 do not have them.
On armv7l the division of the Cortex-A7 and A15, and anything of Armv8, kill the process on a Cortex-A8 or A9; whether
code is in A32 or T32 is known of functions with a pointer or symbol, and only those are looked at.
Libraries that select their code by the processor, as compilers do for atomics by default (``-moutline-atomics``), and
files whose name says for which one they are, are not reported. Code for x86-64-v2 is a note: libraries of
distributions, among them those in the images from manylinux_2_34 on, are compiled for it. ``-v`` says how much was
sampled; of ppc64le, s390x, riscv64 and loongarch64 nothing is.

The baselines: x86-64-v1 for x86_64; for i686 the same instructions, because Rust's i686 is a Pentium 4 with SSE2;
Armv8.0-A for aarch64, Armv7-A for armv7l, POWER8 for ppc64le, z13 for s390x, RV64GC for riscv64.

To see it happen: ``qemu-x86_64 -cpu Nehalem python -c "import NAME"``, ``qemu-aarch64 -cpu cortex-a72 python …``.

How to fix: build without ``-march=native``, ``-march=x86-64-v3``, ``-mcpu=neoverse-n1`` or ``-C target-cpu=native``,
and select faster code at run time. For aarch64 mimalloc's CMake build compiles itself for Armv8.1-A, unless
``-DMI_NO_OPT_ARCH=ON`` forbids it.

References:
    https://gitlab.com/x86-psABIs/x86-64-ABI
    https://github.com/ARM-software/abi-aa (Addenda to the ABI: build attributes)
    https://github.com/pypa/manylinux (README: manylinux_2_34 and x86-64-v2)
    https://developer.arm.com/documentation/ddi0487 (Arm Architecture Reference Manual: C4, encodings of A64)
    https://doc.rust-lang.org/cargo/reference/config.html#buildrustflags
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.processor_levels import chosen_level, demand
from diagnose.authoring.wheel import bounded, linux_tags, load_error, loadable_elves, some
from diagnose.loaders import glibc_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.model.pattern import patterns_for
from diagnose.readers.elf.elf_parser import EM_ARM, EM_RISCV, EM_X86_64, Elf
from diagnose.tables.processors import BASELINES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.wheel.reader import Wheel

# "Addenda to, and Errata in, the ABI for the Arm Architecture": values of Tag_CPU_arch.
_ARM = {0: "Armv4", 1: "Armv4", 2: "Armv4T", 3: "Armv5T", 4: "Armv5TE", 5: "Armv5TEJ", 6: "Armv6", 7: "Armv6KZ"}
_ARM |= {8: "Armv6T2", 9: "Armv6K", 10: "Armv7", 11: "Armv6-M", 12: "Armv6S-M", 13: "Armv7E-M", 14: "Armv8-A"}
_ARMV6 = {*range(10), 11, 12}


def _is_known(wheel: Wheel) -> bool:
    """Whether a file records the processor that it needs, or its instructions were decoded."""
    return any(elf.isa_needed or elf.riscv_arch or elf.arm_cpu is not None or elf.instructions for elf in wheel.elves)


CHECK = Check(
    needs="tags",
    applies=_is_known,
    since="0.1.0",
    patterns=patterns_for("audit-isa", ("unsupported ISA ext", r"depends on unsupported ISA extensions")),
)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See files whose notes, build attributes or instructions require more than the baseline."""
    arches = {tag.arch for _, tag in linux_tags(wheel)}
    yield from _stated(wheel, arches)
    noted = (elf.isa_needed & 15 for elf in loadable_elves(wheel) if not chosen_level(elf))
    level = max((mask.bit_length() for mask in noted), default=0)
    yield from _decoded(wheel, arches, level)
    yield from _misplaced(wheel)


def _misplaced(wheel: Wheel) -> Iterator[Finding]:
    """See files in a folder of glibc-hwcaps whose code needs more than the processors that glibc takes it for."""
    found = []
    for elf in loadable_elves(wheel):
        chosen = chosen_level(elf)
        if chosen and elf.machine == EM_X86_64:
            need = demand(elf)
            level = max(need.level if need else 0, (elf.isa_needed & 15).bit_length())
            if level > chosen:
                reasons = (
                    need.evidence if need and need.level == level else (f"its property note says x86-64-v{level}",)
                )
                found.append((elf, chosen, level, "; ".join(reasons)))
    if found:
        first, chosen, level, _ = found[0]
        since = ".".join(map(str, glibc_loader.HWCAPS_SEARCHED))
        yield Finding(
            f"has code for x86-64-v{level} in glibc-hwcaps/x86-64-v{chosen}",
            Severity.ERROR,
            bounded(Evidence(reasons, elf.path) for elf, _, _, reasons in found),
            f"glibc loads it on every x86-64-v{chosen} processor: Illegal instruction, in {first.name}",
            (
                Fix(
                    f"compile it with -march=x86-64-v{chosen}, or move it to x86-64-v{level}",
                    notes=f"glibc {since} and newer search these folders, also below a wheel's RPATH.",
                ),
            ),
        )


def _decoded(wheel: Wheel, arches: set[str], stated: int) -> Iterator[Finding]:
    """Yield one finding for the files whose instructions are beyond the baseline and the level *stated* by others."""
    arch = wheel.verdict.arch
    if arch not in _COMPILE or arch not in arches:
        return
    plain = [elf for elf in loadable_elves(wheel) if not chosen_level(elf)]
    found = [(elf, need) for elf in plain if (need := demand(elf)) and need.level > max(stated, 1)]
    found.sort(key=lambda pair: (-pair[1].level, not pair[1].certain, not pair[1].imported))
    if not found:
        return
    level = found[0][1].level
    counted = [(elf, need) for elf, need in found if min(need.level, 3) == min(level, 3)]
    first, need = counted[0]
    promise = BASELINES[arch]
    if level < 3:
        message, severity = f"has code for {need.needs}; {arch} promises {promise}", Severity.NOTE
        consequence = f"on processors before about 2009: Illegal instruction, in {first.name}"
    elif need.imported:
        leads = "runs" if need.certain else "calls"
        message, severity = f"{leads} {need.needs} code at import; {arch} promises {promise}", Severity.ERROR
        consequence = f"{_OLDER[arch]}: Illegal instruction (core dumped), loading {first.name}"
    else:
        message = f"is compiled throughout for {need.needs}; {arch} promises {promise}"
        severity = Severity.ERROR
        consequence = f"{_OLDER[arch]}: Illegal instruction (core dumped), in {first.name}"
    yield Finding(
        message,
        severity,
        bounded(Evidence("; ".join((*need.evidence, *_flags(elf))), elf.path) for elf, need in counted),
        consequence,
        _fixes(wheel, level, first),
    )


#: Architecture → -march and target-cpu of its baseline, and how C and Rust select code by the processor.
_COMPILE = {
    "x86_64": ("x86-64", "x86-64", "__attribute__((target_clones))", "is_x86_feature_detected!"),
    "i686": ("i686", "pentium4", "__attribute__((target_clones))", "is_x86_feature_detected!"),
    "aarch64": ("armv8-a", "generic", "getauxval(AT_HWCAP)", "is_aarch64_feature_detected!"),
    "armv7l": ("armv7-a -mfpu=vfpv3-d16", "generic", "getauxval(AT_HWCAP)", "libc::getauxval"),
}
_OLDER = {
    "x86_64": "on a processor without AVX or BMI",
    "i686": "on a processor without AVX or BMI",
    "aarch64": "on an Armv8.0-A processor, such as the Raspberry Pi 4's",
    "armv7l": "on an Armv7-A processor, such as the Cortex-A9",
}


def _flags(elf: Elf) -> list[str]:
    told = [f"debug information: compiled with -march={', -march='.join(elf.march[:4])}"] if elf.march else []
    return [*told, *([f".comment: {'; '.join(elf.compilers)}"] if elf.compilers else [])]


def _fixes(wheel: Wheel, level: int, first: Elf) -> tuple[Fix, ...]:
    """Return how to build for the baseline; of a bundled library, only its own build can be changed."""
    if level < 3 and ".libs/" in first.path:
        notes = "The library is the distribution's: it comes with the image that the wheel is built in."
        return (Fix("build in manylinux_2_28, whose packages are for x86-64-v1", notes=notes),)
    march, cpu, select_c, select_rust = _COMPILE[wheel.verdict.arch]
    rust = Fix(
        "compile Rust code for the baseline",
        env=(("RUSTFLAGS", f"-C target-cpu={cpu}"),),
        notes="RUSTFLAGS replaces rustflags of .cargo/config.toml: remove target-cpu and target-feature there.",
    )
    c = Fix(
        "compile C and C++ code, also of -sys crates, for the baseline",
        env=(("CFLAGS", f"-march={march}"), ("CXXFLAGS", f"-march={march}")),
        notes="Build scripts that pass -march=native or the like themselves have an option for it: turn that off.",
    )
    select = Fix(
        "select the faster code at run time",
        notes=f"C: {select_c}. Rust: {select_rust}, or the crate multiversion.",
    )
    return (rust, c, select) if "maturin" in wheel.generator or "rust" in wheel.generator else (c, rust, select)


def _stated(wheel: Wheel, arches: set[str]) -> Iterator[Finding]:
    """Yield one finding for the files whose notes or build attributes require more than the baseline."""
    found = [(elf, need) for elf in loadable_elves(wheel) for arch in sorted(arches) if (need := _need(elf, arch))]
    if not found:
        return
    needs = sorted({need for _, need in found})
    first = found[0][0]
    arm, riscv = first.machine == EM_ARM, first.machine == EM_RISCV
    # Only glibc's dynamic linker reads the note: musl's does not, and a static program has no dynamic linker.
    checked = not arm and not riscv and first.dynamic and first.libc != "musl"
    refusal = glibc_loader.level(first, glibc_loader.LEVELS_COMPARED, 1) if checked else None
    meets = (
        f"{load_error(wheel, first, refusal.says)} (glibc 2.33 or newer)"
        if refusal
        else "Illegal instruction, unless the code checks the processor before it runs"
    )
    option = "-C target-cpu / -march" if arm or riscv else "-C target-cpu=…, -march=… and -Wl,-z,x86-64-v…"
    yield Finding(
        f"needs {some(needs)}, more than {some(sorted(arches))} promises",
        Severity.NOTE if arm else Severity.WARNING if riscv or needs == ["x86-64-v2"] else Severity.ERROR,
        bounded(
            Evidence(f"{'build attributes require' if arm or riscv else 'GNU property note requires'} {need}", elf.path)
            for elf, need in found
        ),
        f"on an older processor: {meets}",
        (Fix(f"build without {option}, or install the faster files into glibc-hwcaps/ folders"),),
    )


#: Extensions in RV64GC, as the attribute names them: single letters, and those that they imply in newer spelling.
_RV64GC = {*"imafdc", "zicsr", "zifencei", "zmmul", "zaamo", "zalrsc", "zca", "zcd", "zicntr", "zihpm", "ziccrse"}


def _beyond_rv64gc(attribute: str) -> list[str]:
    """Return the extensions beyond RV64GC in ``rv64i2p1_m2p0_v1p0_zba1p0``, without those that others imply."""
    names = [re.sub(r"\d+p\d+$", "", name) for name in attribute.removeprefix("rv64").split("_")]
    extra = [name for name in names if name not in _RV64GC]
    implied = re.compile(r"zve\d+\w|zvl\d+b") if "v" in extra else re.compile(r"(?!)")
    return [name for name in extra if name and not implied.fullmatch(name)]


def _need(elf: Elf, arch: str) -> str:
    if chosen_level(elf):
        return ""  # the loader itself picks those by processor
    if elf.machine == EM_X86_64 and arch == "x86_64" and elf.isa_needed & ~1:
        level = (elf.isa_needed & 15).bit_length()
        return f"x86-64-v{level}" if level > 1 else ""
    if elf.machine == EM_RISCV and arch == "riscv64" and (extra := _beyond_rv64gc(elf.riscv_arch)):
        return f"the RISC-V extensions {' '.join(extra)}"
    if elf.machine == EM_ARM and elf.arm_cpu is not None:
        if arch == "armv6l" and elf.arm_cpu not in _ARMV6:
            return _ARM.get(elf.arm_cpu, "Armv8 or newer")
        if arch == "armv7l" and elf.arm_cpu >= 14 and not demand(elf):
            return _ARM.get(elf.arm_cpu, "Armv8 or newer")
    return ""


def log(log: BuildLog) -> Iterator[Finding]:
    """See auditwheel reject the instruction set."""
    for hit in log.find("audit-isa")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            "the wheel's code needs a newer processor than its tag promises",
            "auditwheel writes no wheel.",
            (Fix("build without -march=native and -C target-cpu=native"),),
        )
