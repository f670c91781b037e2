"""A program or library is too large for the distances that its instructions can reach.

A call on AArch64 reaches 128 MB, one on 32-bit Arm 32 MB or less. The linker puts steps between for farther ones, but
not everywhere: debug builds of large C++ libraries exceed it. On x86-64, code and static variables have to be within
2 GB (the small code model); large static arrays exceed that, and so do libraries with code for many GPUs. Code that
was compiled with ``-fpic`` on AArch64 finds 4096 addresses of others, code with ``-fPIC`` any number.

How to fix: make the output smaller, or compile for larger distances.

References:
    https://gcc.gnu.org/onlinedocs/gcc/AArch64-Options.html (``-moutline-atomics``)
    https://gcc.gnu.org/onlinedocs/gcc/x86-Options.html (``-mcmodel``)
    https://gcc.gnu.org/onlinedocs/gcc/ARM-Options.html (``-mlong-calls``)
    https://gcc.gnu.org/onlinedocs/gcc/RS_002f6000-and-PowerPC-Options.html (``-mlongcall``, ``-mcmodel``)
    https://gcc.gnu.org/onlinedocs/gcc/RISC-V-Options.html (``-mcmodel=medany``)
    https://gcc.gnu.org/onlinedocs/gcc/Code-Gen-Options.html (``-fpic``)
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_X86 = r"R_X86_64_(?:PC32|PLT32|32S?|GOTPCRELX?|REX_GOTPCRELX)"
_FAR = r"relocation truncated to fit: "
#: Relocation, without the prefix of its processor → what it reaches, and the option that makes it reach farther.
_OTHERS = {
    "RISCV_(?:JAL|RVC_JUMP)": ("a jump on RISC-V reaches 1 MB", ""),
    "RISCV_(?:HI20|LO12_[IS]|RVC_LUI)": (
        "code for RISC-V's medlow model has to be in the lowest 2 GB",
        "-mcmodel=medany",
    ),
    "RISCV_(?:PCREL_HI20|CALL(?:_PLT)?)": ("an address on RISC-V is within 2 GB of the code", ""),
    "PPC64_REL(?:14|24)(?:_NOTOC)?|PPC_REL24": ("a call on POWER reaches 32 MB", "-mlongcall"),
    "PPC64_TOC16(?:_DS|_LO_DS|_LO|_HI)?": ("POWER's small code model has 64 kB for addresses", "-mcmodel=medium"),
    "MIPS_(?:GOT16|CALL16|GOT_DISP|GOT_PAGE)": ("the code names more addresses than 16 bits have room for", "-mxgot"),
    "LARCH_(?:B26|SOP_POP_32_S_0_10_10_16_S2)": ("a call on LoongArch reaches 128 MB", "-mcmodel=medium"),
}
CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    patterns=patterns_for(
        "too-far",
        (
            "relocation truncated to fit",
            _FAR + r"(?P<arm>R_AARCH64_(?:CALL|JUMP)26) against symbol [`'][^']{1,200}' defined in \.text",
        ),
        (
            "relocation truncated to fit",
            _FAR
            + r"(?P<arm32>R_ARM_(?:CALL|JUMP24|PC24|THM_CALL|THM_JUMP24)) against symbol [`'][^']{1,200}' defined in",
        ),
        ("relocation truncated to fit", _FAR + r"(?P<got>R_AARCH64_LD64_GOT(?:PAGE)?_LO1[25]) against"),
        (
            "relocation truncated to fit",
            rf"{_FAR}{_X86} against (?:symbol [`'][^']{{1,200}}' defined in )?(?P<bss>[`']?(?:\.l?bss|COMMON))\b",
        ),
        (
            "relocation truncated to fit",
            rf"{_FAR}R_(?P<other>{'|'.join(_OTHERS)}) against (?!undefined )",
        ),
        # of a function that is not defined MinGW's linker says the same; lld, mold and gold say "undefined"
        ("relocation truncated to fit", rf"{_FAR}{_X86} against symbol [`'][^']{{1,300}}' defined in (?P<code>\.\w+)"),
        # lld, and mold
        (
            " out of range: ",
            rf"relocation {_X86} (?:against \S.{{0,300}} )?out of range: -?\d+ is not in \[-?\d+, -?\d+[\])]"
            r"(?:; references (?:section )?'?(?P<bss>\.l?bss\b)?)?",
        ),
        (
            " out of range: ",
            r"relocation (?P<arm>R_AARCH64_(?:CALL|JUMP)26) (?:against \S.{0,300} )?out of range: -?\d+ is not in \[",
        ),
        (
            "relocation overflow",
            r"error: relocation overflow: (?:reference to|for reference to) (?P<code>\S{1,200})",
        ),  # gold
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker report calls or variables that are too far away."""
    hits = log.find("too-far")
    if not hits:
        return
    smaller = Fix(
        "make it smaller",
        env=(("CFLAGS", "-O2"), ("CXXFLAGS", "-O2"), ("LDFLAGS", "-Wl,--gc-sections")),
        notes="A release build (CMAKE_BUILD_TYPE=Release), -ffunction-sections, parts in libraries of their own. With "
        "CUDA: fewer architectures (TORCH_CUDA_ARCH_LIST, CMAKE_CUDA_ARCHITECTURES).",
    )
    said = hits[0].groups
    if said["got"]:
        fixes = [Fix("compile with -fPIC instead of -fpic", env=(("CFLAGS", "-fPIC"), ("CXXFLAGS", "-fPIC")))]
        message = "the code names more addresses of others than -fpic has room for on AArch64"
    elif said["arm32"]:
        fixes = [
            smaller,
            Fix("compile for longer calls", env=(("CFLAGS", "-mlong-calls"), ("CXXFLAGS", "-mlong-calls"))),
        ]
        message = "the output is too large: a call on Arm reaches 32 MB at most, and this one is farther"
    elif other := said["other"]:
        reach, option = next(told for name, told in _OTHERS.items() if re.fullmatch(name, other))
        fixes = [smaller]
        if option:
            fixes.insert(
                0,
                Fix(
                    f"compile with {option}",
                    env=(("CFLAGS", option), ("CXXFLAGS", option)),
                    notes="All that is linked, in an empty build folder.",
                ),
            )
        else:
            smaller = Fix(
                "in assembly: call and tail instead of jal and j; else a newer binutils",
                notes="The linker shortens calls, and ones before 2.40 err there: -Wl,--no-relax leaves it out.",
            )
            fixes.insert(0, smaller)
        message = f"the output is too large: {reach}, and this one is farther (R_{other})"
    elif said["arm"]:
        fixes = [
            smaller,
            Fix(
                "link with lld or mold, which put steps between in more places",
                env=(("LDFLAGS", "-fuse-ld=lld"),),
                notes="If only __aarch64_… functions are too far: compile with -mno-outline-atomics.",
            ),
        ]
        message = "the output is too large: a call on AArch64 reaches 128 MB, and this one is farther"
    else:
        more = Fix(
            "compile for more than 2 GB of static data",
            env=(("CFLAGS", "-mcmodel=medium"), ("CXXFLAGS", "-mcmodel=medium"), ("FFLAGS", "-mcmodel=medium")),
            notes="Everything that is linked has to be compiled so. Better: allocate large arrays at run time.",
        )
        data = any(hit.groups["bss"] for hit in hits)
        fixes = [more, smaller] if data else [smaller, more]
        message = (
            "the static variables are too large: x86-64's small code model reaches 2 GB"
            if data
            else "the output is too large: x86-64's small code model reaches 2 GB"
        )
    yield finding_from_hits(log, hits, message, "Linking fails: relocation truncated to fit.", fixes)
