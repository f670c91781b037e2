"""The instructions of AArch64 beyond Armv8.0-A: extension, mnemonic, mask, value.

An instruction is one of a row if its word has the row's value under the row's mask. A mnemonic with a slash stands for
several instructions that one row covers. What Armv8.0-A executes as a hint that does nothing (``PACIASP``, ``BTI``), or
only the kernel executes, has no row. Extensions that are newer than 2024 have none either.

Source: "Arm Architecture Reference Manual for A-profile architecture" (DDI 0487), chapter C4, "A64 Instruction Set
Encoding", as of 2026-11; the rows are compared with an assembler and a disassembler by the tests.
"""

from __future__ import annotations

#: Extension → the version of the architecture that introduced it, as compilers name it. CRC32 and the instructions for
#: cryptography are optional in Armv8.0-A already.
EXTENSIONS = {
    "CRC32": "armv8-a+crc",
    "AES": "armv8-a+crypto",
    "PMULL": "armv8-a+crypto",
    "SHA1": "armv8-a+crypto",
    "SHA256": "armv8-a+crypto",
    "LSE": "armv8.1-a",
    "LOR": "armv8.1-a",
    "RDM": "armv8.1-a",
    "FP16": "armv8.2-a+fp16",
    "FHM": "armv8.2-a+fp16fml",
    "DotProd": "armv8.2-a+dotprod",
    "SHA3": "armv8.2-a+sha3",
    "SHA512": "armv8.2-a+sha3",
    "SM3": "armv8.2-a+sm4",
    "SM4": "armv8.2-a+sm4",
    "I8MM": "armv8.2-a+i8mm",
    "BF16": "armv8.2-a+bf16",
    "SVE": "armv8.2-a+sve",
    "PAuth": "armv8.3-a",
    "FCMA": "armv8.3-a",
    "JSCVT": "armv8.3-a",
    "LRCPC": "armv8.3-a",
    "LRCPC2": "armv8.4-a",
    "FlagM": "armv8.4-a",
    "FlagM2": "armv8.5-a",
    "FRINTTS": "armv8.5-a",
    "SB": "armv8.5-a",
    "RNG": "armv8.5-a+rng",
    "MTE": "armv8.5-a+memtag",
    "LS64": "armv8.7-a+ls64",
    "MOPS": "armv8.8-a",
    "HBC": "armv8.8-a",
    "CSSC": "armv8.9-a",
    "LSE128": "armv9.4-a",
    "SME": "armv9.2-a+sme",
}

_ROWS = """
CRC32   crc32/crc32c      7fe0e000 1ac04000
AES     aese/aesmc        ffffcc00 4e284800
PMULL   pmull             bfe0fc00 0ee0e000
SHA1    sha1              ffe0cc00 5e000000
SHA256  sha256            ffe0cc00 5e004000
SHA1    sha1h/sha1su1     ffffec00 5e280800
SHA256  sha256su0         fffffc00 5e282800
LRCPC   ldapr             3ffffc00 38bfc000
LS64    ld64b             fffffc00 f83fd000
LS64    st64b             fffffc00 f83f9000
LS64    st64bv            ffe0ec00 f820a000
LSE     ldadd/stadd/swp   3f200c00 38200000
LSE     cas               3fa07c00 08a07c00
LSE     casp              bfa07c00 08207c00
LOR     ldlar/stllr       3fbffc00 089f7c00
RDM     sqrdmlah          bf20f400 2e008400
RDM     sqrdmlah          ff20f400 7e008400
RDM     sqrdmlah          bf00d400 2f00d000
RDM     sqrdmlah          ff00d400 7f00d000
BF16    bfcvt             fffffc00 1e634000
-       fcvt              fffffc00 1ee24000
-       fcvt              fffffc00 1ee2c000
FP16    fadd              ffe00000 1ee00000
FP16    scvtf             ffe00000 9ee00000
FP16    scvtf             7fe00000 1ec00000
FP16    fmadd             ffc00000 1fc00000
FP16    fadd              9f60c400 0e400400
FP16    fmulx             df60c400 5e400400
FP16    fneg              9f7e0c00 0e780800
FP16    frecpe            df7e0c00 5e780800
FP16    fmaxnmv           bf7ffc00 0e30c800
FP16    fmaxv             bf7ffc00 0e30f800
FP16    fmaxnmp           ff7ffc00 5e30c800
FP16    faddp             fffffc00 5e30d800
FP16    fmaxp             ff7ffc00 5e30f800
FP16    fmla/fmls         bfc0b400 0f001000
FP16    fmul              9fc0f400 0f009000
FP16    fmla/fmls         ffc0b400 5f001000
FP16    fmul              dfc0f400 5f009000
FP16    scvtf             9ff0fc00 0f10e400
FP16    fcvtzs            9ff0fc00 0f10fc00
FP16    scvtf             dff0fc00 5f10e400
FP16    fcvtzs            dff0fc00 5f10fc00
FP16    fmov              bff8fc00 0f00fc00
FHM     fmlal             bf60fc00 0e20ec00
FHM     fmlal2            bf60fc00 2e20cc00
FHM     fmlal             bfc0b400 0f800000
FHM     fmlal2            bfc0b400 2f808000
DotProd sdot/udot         9fe0fc00 0e809400
DotProd sdot/udot         9fc0f400 0f80e000
I8MM    smmla/ummla       dfe0fc00 4e80a400
I8MM    usmmla            ffe0fc00 4e80ac00
I8MM    usdot             bfe0fc00 0e809c00
I8MM    usdot             bfc0f400 0f80f000
I8MM    sudot             bfc0f400 0f00f000
BF16    bfdot             bfe0fc00 2e40fc00
BF16    bfdot             bfc0f400 0f40f000
BF16    bfmmla            ffe0fc00 6e40ec00
BF16    bfmlalb/bfmlalt   bfe0fc00 2ec0fc00
BF16    bfmlalb/bfmlalt   bfc0f400 0fc0f000
BF16    bfcvtn            bffffc00 0ea16800
FCMA    fcmla             bf20e400 2e00c400
FCMA    fcadd             bf20ec00 2e00e400
FCMA    fcmla             bf009400 2f001000
SHA3    eor3/bcax         ffc08000 ce000000
SHA3    rax1              ffe0fc00 ce608c00
SHA3    xar               ffe00000 ce800000
SHA512  sha512h/sha512su1 ffe0f000 ce608000
SHA512  sha512su0         fffffc00 cec08000
SM3     sm3ss1            ffe08000 ce400000
SM3     sm3tt1a           ffe0c000 ce408000
SM3     sm3partw1         ffe0f800 ce60c000
SM4     sm4ekey           ffe0fc00 ce60c800
SM4     sm4e              fffffc00 cec08400
SVE     sve               1e000000 04000000
SME     sme               9e000000 80000000
JSCVT   fjcvtzs           fffffc00 1e7e0000
FRINTTS frint32z          ffbe7c00 1e284000
FRINTTS frint32z          9fbfec00 0e21e800
LRCPC2  ldapur/stlur      3f200c00 19000000
MOPS    cpyfp/setp        fb200c00 19000400
LSE128  ldclrp/swpp       ff200c00 19200000
CSSC    abs/cnt/ctz       7ffff000 5ac02000
CSSC    cnt/ctz           7ffff800 5ac01800
CSSC    smax/umin         7fe0f000 1ac06000
CSSC    smax/umin         7ff00000 11c00000
FlagM   cfinv             ffffffff d500401f
FlagM2  axflag            ffffffff d500405f
FlagM2  xaflag            ffffffff d500403f
FlagM   rmif              ffe07c10 ba000400
FlagM   setf8             ffffbc1f 3a00080d
SB      sb                ffffffff d50330ff
RNG     rndr              ffffffc0 d53b2400
PAuth   retaa/retab       fffffbff d65f0bff
PAuth   braa/blraa        fedff800 d61f0800
PAuth   pacia/autia       ffff8000 dac10000
PAuth   ldraa             ff200400 f8200400
PAuth   pacga             ffe0fc00 9ac03000
MTE     irg               ffe0fc00 9ac01000
MTE     gmi               ffe0fc00 9ac01400
MTE     subp              dfe0fc00 9ac00000
MTE     addg/subg         bfc0c000 91800000
MTE     stg/ldg           ff200000 d9200000
MTE     stgp              fe400000 68000000
HBC     bc                ff000010 54000010
"""

#: Extension (``-`` for one of Armv8.0-A that a later row would cover), mnemonic, mask and value of each row.
ENCODINGS = tuple((row[0], row[1], int(row[2], 16), int(row[3], 16)) for row in map(str.split, _ROWS.split("\n")[1:-1]))
