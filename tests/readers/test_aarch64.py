"""AArch64: each extension's instructions are distinguished from those of Armv8.0-A, as an assembler writes them."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from diagnose.readers.elf import elf_parser, words
from diagnose.readers.elf.aarch64 import A64Decoder
from diagnose.readers.elf.decoding import INVALID, LEGACY, level
from diagnose.readers.elf.instructions import Instructions, sample
from diagnose.tables.aarch64_encodings import ENCODINGS, EXTENSIONS

FOLDER = Path(__file__).parents[2] / "fixtures" / "wheels"
TAG = "cp312-cp312-manylinux2014_aarch64.manylinux_2_17_aarch64"

NEWER = {
    "CRC32": "crc32b w0,w1,w2; crc32cx w0,w1,x2",
    "AES": "aese v0.16b,v1.16b; aesd v0.16b,v1.16b; aesmc v0.16b,v1.16b; aesimc v3.16b,v4.16b",
    "PMULL": "pmull v0.1q,v1.1d,v2.1d; pmull2 v0.1q,v1.2d,v2.2d",
    "SHA1": "sha1c q0,s1,v2.4s; sha1p q0,s1,v2.4s; sha1m q0,s1,v2.4s; sha1su0 v0.4s,v1.4s,v2.4s; sha1h s0,s1;"
    "sha1su1 v0.4s,v1.4s",
    "SHA256": "sha256h q0,q1,v2.4s; sha256h2 q0,q1,v2.4s; sha256su0 v0.4s,v1.4s; sha256su1 v0.4s,v1.4s,v2.4s",
    "LSE": "ldadd w0,w1,[x2]; ldaddal x0,x1,[x2]; ldclrb w0,w1,[x2]; ldeorh w0,w1,[x2]; ldset x0,x1,[x2];"
    "ldsmax w0,w1,[x2]; ldumin x0,x1,[x2]; stadd w0,[x1]; swp w0,w1,[x2]; swpal x0,x1,[x2]; swpb w0,w1,[x2];"
    "cas w0,w1,[x2]; casal x0,x1,[x2]; casb w0,w1,[x2]; casp w0,w1,w2,w3,[x4]; caspal x0,x1,x2,x3,[x4]",
    "LOR": "ldlar x0,[x1]; stllrb w0,[x1]",
    "RDM": "sqrdmlah v0.4s,v1.4s,v2.4s; sqrdmlsh s0,s1,s2; sqrdmlah v0.4h,v1.4h,v2.h[1]; sqrdmlsh h0,h1,v2.h[1]",
    "FP16": "fadd h0,h1,h2; fmadd h0,h1,h2,h3; fcmp h0,h1; fcsel h0,h1,h2,eq; fmov h0,#1.0; fmov h0,w1; fmov x0,h1;"
    "scvtf h0,w1; fcvtzs w0,h1; scvtf h0,x1,#3; fsqrt h0,h1; fadd v0.8h,v1.8h,v2.8h; fmla v0.8h,v1.8h,v2.8h;"
    "fneg v0.8h,v1.8h; fmaxv h0,v1.8h; fminnmv h0,v1.8h; faddp h0,v1.2h; fmla v0.8h,v1.8h,v2.h[1];"
    "fmul h0,h1,v2.h[1]; fmulx v0.4h,v1.4h,v2.h[1]; scvtf v0.8h,v1.8h,#3; fcvtzu v0.4h,v1.4h; fmov v0.8h,#1.0;"
    "frecpe h0,h1; fcmeq h0,h1,h2; fcvtzs h0,h1,#3",
    "FHM": "fmlal v0.4s,v1.4h,v2.4h; fmlsl2 v0.4s,v1.4h,v2.4h; fmlal v0.4s,v1.4h,v2.h[1]; fmlsl2 v0.4s,v1.4h,v2.h[1]",
    "DotProd": "sdot v0.4s,v1.16b,v2.16b; udot v0.2s,v1.8b,v2.8b; sdot v0.4s,v1.16b,v2.4b[1]",
    "SHA3": "eor3 v0.16b,v1.16b,v2.16b,v3.16b; bcax v0.16b,v1.16b,v2.16b,v3.16b; rax1 v0.2d,v1.2d,v2.2d;"
    "xar v0.2d,v1.2d,v2.2d,#3",
    "SHA512": "sha512h q0,q1,v2.2d; sha512h2 q0,q1,v2.2d; sha512su0 v0.2d,v1.2d; sha512su1 v0.2d,v1.2d,v2.2d",
    "SM3": "sm3ss1 v0.4s,v1.4s,v2.4s,v3.4s; sm3tt2b v0.4s,v1.4s,v2.s[1]; sm3partw2 v0.4s,v1.4s,v2.4s",
    "SM4": "sm4e v0.4s,v1.4s; sm4ekey v0.4s,v1.4s,v2.4s",
    "I8MM": "smmla v0.4s,v1.16b,v2.16b; ummla v0.4s,v1.16b,v2.16b; usmmla v0.4s,v1.16b,v2.16b;"
    "usdot v0.4s,v1.16b,v2.16b; usdot v0.4s,v1.16b,v2.4b[1]; sudot v0.4s,v1.16b,v2.4b[1]",
    "BF16": "bfdot v0.4s,v1.8h,v2.8h; bfdot v0.4s,v1.8h,v2.2h[1]; bfmmla v0.4s,v1.8h,v2.8h; bfmlalb v0.4s,v1.8h,v2.8h;"
    "bfmlalt v0.4s,v1.8h,v2.h[1]; bfcvtn v0.4h,v1.4s; bfcvt h0,s1",
    "SVE": "ptrue p0.b; ld1w {z0.s},p0/z,[x0]; fadd z0.s,z1.s,z2.s; cntd x0; rdvl x0,#1; whilelo p0.s,x0,x1;"
    "addvl sp,sp,#-1; st1d {z0.d},p0,[x0]; udot z0.s,z1.b,z2.b",
    "PAuth": "retaa; retab; braa x0,x1; blraaz x0; pacia x0,x1; autdb x0,x1; xpaci x0; ldraa x0,[x1]; pacga x0,x1,x2",
    "FCMA": "fcmla v0.4s,v1.4s,v2.4s,#90; fcadd v0.2d,v1.2d,v2.2d,#270; fcmla v0.4s,v1.4s,v2.s[1],#0",
    "JSCVT": "fjcvtzs w0,d1",
    "LRCPC": "ldapr x0,[x1]; ldaprb w0,[x1]; ldaprh w0,[x1]",
    "LRCPC2": "ldapur x0,[x1,#8]; stlurb w0,[x1,#-1]; ldapursw x0,[x1]",
    "FlagM": "cfinv; rmif x0,#1,#2; setf8 w0; setf16 w0",
    "FlagM2": "axflag; xaflag",
    "FRINTTS": "frint32z s0,s1; frint64x d0,d1; frint32x v0.4s,v1.4s; frint64z v0.2d,v1.2d",
    "SB": "sb",
    "RNG": "mrs x0,rndr; mrs x1,rndrrs",
    "MTE": "irg x0,x1; gmi x0,x1,x2; subp x0,x1,x2; addg x0,x1,#16,#1; subg x0,x1,#16,#1; stg x0,[x1]; ldg x0,[x1];"
    "stgp x0,x1,[x2]; st2g x0,[x1],#16",
    "LS64": "ld64b x0,[x8]; st64b x0,[x8]; st64bv x9,x0,[x8]",
    "MOPS": "cpyfp [x0]!,[x1]!,x2!; cpym [x0]!,[x1]!,x2!; setp [x0]!,x1!,x2; sete [x0]!,x1!,x2",
    "HBC": "bc.eq .",
    "CSSC": "abs x0,x1; cnt w0,w1; ctz x0,x1; smax x0,x1,x2; umin w0,w1,#3; umax x0,x1,#1",
    "LSE128": "ldclrp x0,x1,[x2]; swppal x0,x1,[x2]; ldsetp x0,x1,[x2]",
    "SME": "fmopa za0.s,p0/m,p1/m,z0.s,z1.s; zero {za}; ldr za[w12,0],[x0]",
}
#: Instructions of Armv8.0-A that are encoded near newer ones, or that it executes as hints.
BASELINE = (
    "fcvt s0,h1; fcvt d0,h1; fcvt h0,s1; ldr h0,[x1]; fcvtl v0.4s,v1.4h; fcvtn v0.4h,v1.4s; paciasp; autiasp; bti c;"
    "pacibsp; xpaclri; ldar x0,[x1]; stlr x0,[x1]; fadd v0.4s,v1.4s,v2.4s; fmul v0.2d,v1.2d,v2.2d;"
    "mul v0.4s,v1.4s,v2.4s; mla v0.4s,v1.4s,v2.s[1]; mls v0.8h,v1.8h,v2.h[1]; sqrdmulh v0.4s,v1.4s,v2.4s;"
    "pmull v0.8h,v1.8b,v2.8b;"
    "pmul v0.16b,v1.16b,v2.16b; ldur x0,[x1,#1]; ldr x0,[x1,x2]; ldp x0,x1,[x2]; ldpsw x0,x1,[x2]; add x0,x1,#4;"
    "clz x0,x1; cls w0,w1; rbit x0,x1; rev x0,x1; udiv x0,x1,x2; lslv x0,x1,x2; ccmp x0,x1,#0,eq; adcs x0,x1,x2;"
    "fsqrt v0.4s,v1.4s; frintz s0,s1; fmov d0,x1; fmov x0,v1.d[1]; fmov v0.d[1],x0; fmov v0.4s,#1.0; movi v0.2d,#0;"
    "dup v0.4s,w1; ins v0.s[1],w0; tbl v0.16b,{v1.16b},v2.16b; ext v0.16b,v1.16b,v2.16b,#3; zip1 v0.4s,v1.4s,v2.4s;"
    "prfm pldl1keep,[x0]; dmb ish; isb; mrs x0,tpidr_el0; mrs x0,fpcr; msr nzcv,x0; yield; b.eq .; tbz x0,#3,.; ret;"
    "fmaxv s0,v1.4s; saddlv h0,v1.8b; scvtf s0,x1,#3; fcvtzs x0,d1; fmla v0.4s,v1.4s,v2.s[1]; shl v0.8h,v1.8h,#3"
)
OLDER_ATOMICS = "ldxr w0,[x1]; stxr w0,w1,[x2]; ldaxp x0,x1,[x2]; stlxp w0,x1,x3,[x4]; ldaxrb w0,[x1]"


def assemble(text: str, folder: Path) -> list[int]:
    """Return the words that clang writes for the instructions in *text*, which are separated by semicolons."""
    lines = [".arch armv9.4-a", *(f".arch_extension {name}" for name in ASSEMBLED)]
    lines += [line.strip() for line in text.split(";")]
    (folder / "code.s").write_text("\n".join(lines) + "\n", encoding="ascii")
    environment = {**os.environ, "ZIG_LOCAL_CACHE_DIR": str(folder)}
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "aarch64-linux-gnu", "-c", "code.s", "-o", "code.o"]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    data = (folder / "code.o").read_bytes()
    start = int.from_bytes(data[40:48], "little")
    rows = [data[start + 64 * at : start + 64 * at + 64] for at in range(int.from_bytes(data[60:62], "little"))]
    code = next(row for row in rows if int.from_bytes(row[8:16], "little") & 4)
    offset, size = (int.from_bytes(code[at : at + 8], "little") for at in (24, 32))
    return list(words.of(data[offset : offset + size]))


ASSEMBLED = (
    "crc", "crypto", "sha3", "sm4", "fp16", "fp16fml", "dotprod", "i8mm", "bf16", "sve", "memtag", "rng", "ls64",
    "mops", "hbc", "cssc", "lse128", "sme", "lor",
)  # fmt: skip


def told(word: int) -> tuple[str, ...]:
    bits = A64Decoder().scan(word.to_bytes(4, "little"), 0)[0]
    return A64Decoder().names(bits)


def test_every_extension_has_rows_and_is_assembled() -> None:
    assert {name for name, *_ in ENCODINGS} - {"-"} == set(EXTENSIONS) == set(NEWER)
    assert all(value & ~mask == 0 for _, _, mask, value in ENCODINGS)


def test_each_newer_instruction_is_one_of_its_extension(tmp_path: Path) -> None:
    expected = [(name, line.strip()) for name, lines in NEWER.items() for line in lines.split(";")]
    code = assemble(";".join(line for _, line in expected), tmp_path)
    assert len(code) == len(expected)
    wrong = [
        (name, line, f"{word:08x}", told(word))
        for (name, line), word in zip(expected, code, strict=True)
        if told(word) != (name,)
    ]
    assert not wrong


def test_what_armv8_0_has_is_not_newer(tmp_path: Path) -> None:
    lines = f"{BASELINE};{OLDER_ATOMICS}".split(";")
    code = assemble(";".join(lines), tmp_path)
    assert [
        (line, f"{word:08x}")
        for line, word in zip(lines, code, strict=True)
        if level(A64Decoder().scan(word.to_bytes(4, "little"), 0)[0])
    ] == []
    assert not any(A64Decoder().scan(word.to_bytes(4, "little"), 0)[0] & INVALID for word in code)
    atomics = [A64Decoder().scan(word.to_bytes(4, "little"), 0)[0] for word in code[-5:]]
    assert atomics == [LEGACY] * 5


def sampled(data: bytes, budget: int = 64_000) -> Instructions:
    facts = elf_parser.read(data, "demo.so")
    code = sample(memoryview(data), facts.bits, facts.entries, budget)
    assert code is not None
    return code


def module(case: str) -> bytes:
    with zipfile.ZipFile(FOLDER / f"{case}-{TAG}.whl") as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith(".so")))


def test_an_instruction_that_the_loader_runs_is_found_with_its_address() -> None:
    (use,) = sampled(module("wheel_isa_too_new_atomics_at_import-1")).first
    assert (use.entry, use.features, use.level) == (".init_array", "LSE", 3)
    plain = sampled(module("wheel_isa_too_new_atomics_at_import-2"))
    assert (plain.first, plain.reached, plain.formed, plain.encoded) == ((), (), 1, 0)


def test_atomics_of_both_kinds_are_counted() -> None:
    newer, plain, selected = (
        sampled(module(name))
        for name in ("wheel_isa_too_new_atomics-1", "wheel_isa_too_new_atomics-2", "healthy_selected_atomics-2")
    )
    assert (newer.formed, newer.encoded, newer.spread, newer.extensions) == (120, 120, (0, 16), (("LSE", 120),))
    assert (plain.formed, plain.encoded, plain.spread, plain.extensions) == (120, 0, (0, 0), ())
    assert (selected.formed, selected.encoded, selected.first) == (120, 60, ())


def compiled(text: str, *options: str, folder: Path) -> bytes:
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "aarch64-linux-gnu.2.17", "-O1", "-g0", "-shared"]
    environment = {**os.environ, "ZIG_LOCAL_CACHE_DIR": str(folder)}
    command += ["-fPIC", *options, "-o", "demo.so", "-x", "c", "-"]
    subprocess.run(command, cwd=folder, env=environment, input=text.encode(), check=True)
    return (folder / "demo.so").read_bytes()


#: A helper for atomics as in libgcc's lse.S.
HELPER = r"""
__asm__(".text\n.hidden demo_helper\n.type demo_helper, %function\ndemo_helper:\n.cfi_startproc\n"
        "adrp x16, demo_have\nldrb w16, [x16, :lo12:demo_have]\ncbz w16, 1f\n"
        ".inst 0xb8e00020\nret\n1: ldaxr w17, [x1]\nadd w15, w17, w0\nstlxr w14, w15, [x1]\ncbnz w14, 1b\n"
        "mov w0, w17\nret\n.cfi_endproc\n");
__attribute__((visibility("hidden"))) char demo_have;
int demo_helper(int, int *);
int demo_count;
__attribute__((constructor)) void demo_setup(void) { demo_helper(1, &demo_count); }
"""


def test_a_helper_that_selects_is_not_newer_code_and_neither_are_its_callers(tmp_path: Path) -> None:
    callers = "".join(
        f"int demo_caller_{at}(int *x) {{ return demo_helper({at}, x) * {at + 3}; }}\n" for at in range(30)
    )
    newer = '__attribute__((target("lse"))) int demo_fast(int *x) { return __atomic_fetch_add(x, 3, 5) * 7; }\n'
    code = sampled(compiled(HELPER + callers, folder=tmp_path))
    assert (code.levels, code.first, code.reached) == ((0, 0, 0), (), ())
    code = sampled(compiled(HELPER + callers + newer, folder=tmp_path))
    assert (code.levels, code.encoded) == ((0, 1, 0), 1)
    assert code.formed >= 1 + 1 + 30  # the function with LSE, the helper, and those that leave the choice to it
    assert (code.first, code.reached) == ((), ())


@pytest.mark.parametrize("seed", range(3))
def test_no_damage_breaks_it(seed: int) -> None:
    whole = module("wheel_isa_too_new_atomics_at_import-1")
    dice = random.Random(seed)
    for _ in range(200):
        data = bytearray(whole[: dice.randrange(64, len(whole))] if dice.random() < 0.2 else whole)
        for _ in range(dice.randrange(1, 12)):
            data[dice.randrange(len(data))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        facts = elf_parser.read(bytes(data), "demo.so")
        if facts.bits and facts.endian == "little" and facts.machine == 183:
            code = sample(memoryview(bytes(data)), facts.bits, facts.entries, 2000)
            assert code is None or code.decoded <= 2000 + 8192
