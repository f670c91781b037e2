"""The instructions of 32-bit Arm beyond Armv7-A with VFPv3-D16: extension, mnemonic, mask and value, for A32 and T32.

A row of T32 has the first halfword in its upper half. Advanced SIMD (NEON) has no rows: it is optional in Armv7-A, and
nearly every processor has it.

Source: "Arm Architecture Reference Manual for A-profile architecture" (DDI 0487), chapters F3 and F4, "T32 and A32
Instruction Set Encoding", as of 2026-11; the rows are compared with an assembler by the tests.
"""

from __future__ import annotations

#: Extension → the name of the first architecture that has it, as compilers spell it. IDIV and VFPv4 are in the
#: Cortex-A7 and A15, not in the A8 and A9.
EXTENSIONS = {
    "IDIV": "armv7ve",
    "VFPv4": "armv7ve",
    "CRC32": "armv8-a",
    "LDA/STL": "armv8-a",
    "FP-Armv8": "armv8-a",
    "Crypto": "armv8-a",
}

_ROWS = """
IDIV     sdiv   0ff0f0f0 0710f010 fff0f0f0 fb90f0f0
IDIV     udiv   0ff0f0f0 0730f010 fff0f0f0 fbb0f0f0
VFPv4    vfma   0fb00e10 0ea00a00 ffb00e10 eea00a00
VFPv4    vfnma  0fb00e10 0e900a00 ffb00e10 ee900a00
VFPv4    vfma   ff900f10 f2000c10 ff900f10 ef000c10
CRC32    crc32  ff900df0 e1000040 ffe0f0c0 fac0f080
LDA/STL  lda    0f900fff 01900c9f fff00fcf e8d00f8f
LDA/STL  ldaex  0f900fff 01900e9f fff00fcf e8d00fcf
LDA/STL  ldaexd 0ff00fff 01b00e9f fff000ff e8d000ff
LDA/STL  stl    0f90fff0 0180fc90 fff00fcf e8c00f8f
LDA/STL  stlex  0f900ff0 01800e90 fff00fc0 e8c00fc0
LDA/STL  stlexd 0ff00ff0 01a00e90 fff000f0 e8c000f0
FP-Armv8 vsel   ff800e50 fe000a00 ff800e50 fe000a00
FP-Armv8 vmaxnm ffb00e10 fe800a00 ffb00e10 fe800a00
FP-Armv8 vcvta  ffbc0e50 febc0a40 ffbc0e50 febc0a40
FP-Armv8 vrinta ffbc0ed0 feb80a40 ffbc0ed0 feb80a40
FP-Armv8 vrintz 0fbf0e50 0eb60a40 ffbf0e50 eeb60a40
FP-Armv8 vrintx 0fbf0ed0 0eb70a40 ffbf0ed0 eeb70a40
Crypto   aese   ffb30f00 f3b00300 ffb30f00 ffb00300
"""

_CELLS = [row.split() for row in _ROWS.split("\n")[1:-1]]
#: Extension, mnemonic, mask and value of each row, for A32 and for T32.
A32 = tuple((row[0], row[1], int(row[2], 16), int(row[3], 16)) for row in _CELLS)
T32 = tuple((row[0], row[1], int(row[4], 16), int(row[5], 16)) for row in _CELLS)
