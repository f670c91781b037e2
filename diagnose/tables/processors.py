"""What the architecture at the end of a platform tag promises, and which extensions of a processor are beyond it.

Sources, as of 2026-11:

- The levels of x86-64: "System V Application Binary Interface, AMD64 Architecture Processor Supplement", section 3.1.1.
- The baselines: the compilers' defaults, which the images of pypa/manylinux and Rust's targets use: "x86 Options" of
  GCC's manual, "AArch64 Options", "ARM Options", "RS/6000 and PowerPC Options", "S/390 and zSeries Options" and "RISC-V
  Options"; "Platform Support" of the rustc book (i686 means Pentium 4 there, with SSE2).
- The images manylinux_2_34 and manylinux_2_39 for x86_64 take packages that need x86-64-v2: README of pypa/manylinux.
"""

from __future__ import annotations

#: Architecture of a platform tag → the processor that it promises.
BASELINES = {
    "x86_64": "x86-64-v1",
    "i686": "i686 with SSE2",
    "aarch64": "Armv8.0-A",
    "armv7l": "Armv7-A with VFPv3-D16",
    "armv6l": "Armv6 with VFPv2",
    "ppc64le": "POWER8",
    "s390x": "z13",  # of the packages in manylinux_2_28 and newer images; Rust's target is z10
    "riscv64": "RV64GC",
    "loongarch64": "LoongArch64 with LSX",
}

#: The features that each level adds, by the names of the manual.
X86_LEVELS = {
    2: ("SSE3", "SSSE3", "SSE4_1", "SSE4_2", "POPCNT", "CMPXCHG16B"),
    3: ("AVX", "AVX2", "BMI1", "BMI2", "F16C", "FMA", "LZCNT", "MOVBE"),
    4: ("AVX512F", "AVX512BW", "AVX512CD", "AVX512DQ", "AVX512VL"),
}

#: Architecture → the largest page size of its kernels in bytes, and the smallest common one other than 4 KiB.
#: Source: CONFIG_PAGE_SIZE_* in arch/arm64, arch/powerpc and arch/loongarch of Linux.
PAGES = {"aarch64": (65536, 16384), "ppc64le": (65536, 65536), "loongarch64": (16384, 16384)}
