"""32-bit Arm: newer instructions as an assembler writes them, and functions whose instruction set is known."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from diagnose.readers.elf import elf_parser
from diagnose.readers.elf.arm import A32Decoder
from diagnose.readers.elf.arm_functions import ArmFunctions
from diagnose.readers.elf.decoding import INVALID, LEGACY, level
from diagnose.readers.elf.instructions import Instructions, sample
from diagnose.tables.arm_encodings import A32, EXTENSIONS, T32

NEWER = {
    "IDIV": "sdiv r0,r1,r2; udiv r8,r9,r10",
    "VFPv4": "vfma.f64 d0,d1,d2; vfms.f32 s0,s1,s2; vfnma.f64 d0,d1,d2; vfnms.f32 s0,s1,s2; vfma.f32 q0,q1,q2;"
    "vfms.f32 d16,d17,d18",
    "CRC32": "crc32b r0,r1,r2; crc32cw r0,r1,r2",
    "LDA/STL": "lda r0,[r1]; ldab r0,[r1]; ldah r0,[r1]; ldaex r0,[r1]; ldaexb r0,[r1]; ldaexd r0,r1,[r2]; stl r0,[r1];"
    "stlb r0,[r1]; stlex r0,r1,[r2]; stlexh r0,r1,[r2]; stlexd r0,r2,r3,[r4]",
    "FP-Armv8": "vseleq.f64 d0,d1,d2; vselgt.f32 s0,s1,s2; vmaxnm.f64 d0,d1,d2; vminnm.f32 s0,s1,s2;"
    "vcvta.s32.f64 s0,d1; vrintm.f64 d0,d1; vrintz.f64 d0,d1; vrintr.f32 s0,s1; vrintx.f64 d0,d1",
    "Crypto": "aese.8 q0,q1; aesimc.8 q2,q3",
}
#: Armv7-A with VFPv3 and NEON, near the newer ones.
BASELINE = (
    "ldrex r0,[r1]; strex r0,r1,[r2]; ldrexd r0,r1,[r2]; strexd r0,r2,r3,[r4]; ldrexb r0,[r1]; mla r3,r1,r2,r3;"
    "smmul r0,r1,r2; smlal r0,r1,r2,r3; usad8 r0,r1,r2; vmla.f64 d0,d1,d2; vmls.f32 s0,s1,s2; vnmla.f64 d0,d1,d2;"
    "vmla.f32 q0,q1,q2; vcvt.f64.f32 d0,s1; vcvtb.f32.f16 s0,s1; vcvt.s32.f64 s0,d1; vcmp.f64 d0,d1; vcmp.f64 d0,#0;"
    "vneg.f64 d0,d1; vsqrt.f64 d0,d1; vmov.f64 d0,#1.0; vmov r0,r1,d2; vpaddl.s8 q0,q1; vrev64.8 q0,q1; vcls.s8 q0,q1;"
    "vmovn.i16 d0,q1; qadd r0,r1,r2; smlabb r0,r1,r2,r3; clz r0,r1; rbit r0,r1; sel r0,r1,r2; ldrd r0,r1,[r2];"
    "ubfx r0,r1,#3,#4; bfi r0,r1,#3,#4; vdiv.f64 d0,d1,d2; vld1.8 {d0},[r0]; vst1.32 {d0-d3},[r1]; pld [r0]; dmb ish"
)


def assemble(text: str, thumb: bool, folder: Path) -> bytes:
    lines = [".syntax unified", ".arch armv8.2-a", ".fpu crypto-neon-fp-armv8", ".arch_extension crc"]
    lines += [".thumb" if thumb else ".arm", *(line.strip() for line in text.split(";"))]
    (folder / "code.s").write_text("\n".join(lines) + "\n", encoding="ascii")
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "arm-linux-gnueabihf", "-c", "code.s", "-o", "code.o"]
    environment = {**os.environ, "ZIG_LOCAL_CACHE_DIR": str(folder)}
    subprocess.run(command, cwd=folder, env=environment, check=True)
    data = (folder / "code.o").read_bytes()
    start = int.from_bytes(data[32:36], "little")
    rows = [data[start + 40 * at : start + 40 * at + 40] for at in range(int.from_bytes(data[48:50], "little"))]
    code = next(row for row in rows if int.from_bytes(row[8:12], "little") & 4 and any(row[20:24]))
    offset, size = (int.from_bytes(code[at : at + 4], "little") for at in (16, 20))
    return data[offset : offset + size]


def told(code: bytes, thumb: bool) -> list[int]:
    return [bits for bits, *_ in A32Decoder()._decode(code, 0x1000 + thumb, flow=False)]


def test_every_extension_has_rows_and_is_assembled() -> None:
    for rows in (A32, T32):
        assert {name for name, *_ in rows} == set(EXTENSIONS) == set(NEWER)
        assert all(value & ~mask == 0 for _, _, mask, value in rows)


@pytest.mark.parametrize("thumb", [False, True], ids=["a32", "t32"])
def test_each_newer_instruction_is_one_of_its_extension(thumb: bool, tmp_path: Path) -> None:
    expected = [(name, line.strip()) for name, lines in NEWER.items() for line in lines.split(";")]
    every = told(assemble(";".join(line for _, line in expected), thumb, tmp_path), thumb)
    found = [A32Decoder().names(bits) for bits in every]
    assert [(*row, one) for row, one in zip(expected, found, strict=True) if one != (row[0],)] == []


@pytest.mark.parametrize("thumb", [False, True], ids=["a32", "t32"])
def test_what_armv7_has_is_not_newer(thumb: bool, tmp_path: Path) -> None:
    lines = BASELINE.split(";")
    every = told(assemble(BASELINE, thumb, tmp_path), thumb)
    assert [line for line, bits in zip(lines, every, strict=True) if level(bits) or bits & INVALID] == []
    assert every[-1] == LEGACY


SOURCE = """
volatile int demo_number = 9, demo_out;
__attribute__((noinline)) static int demo_inner(int x) { if (x > 3) return demo_number / x; return x; }
__attribute__((constructor)) void demo_setup(void) { demo_out = demo_inner(demo_number) + 1; }
static int demo_method(int x) { return demo_number / x + x; }
static int demo_other(int x) { return demo_number % x * x; }
int (*demo_methods[])(int) = {demo_method, demo_other};
int PyInit_demo(int x) { return x * 3; }
"""


def compiled(folder: Path, mode: str, *options: str) -> bytes:
    command = [
        sys.executable,
        "-m",
        "ziglang",
        "cc",
        "-target",
        f"{mode}-linux-musleabihf",
        "-O1",
        "-g0",
        "-shared",
    ]
    environment = {**os.environ, "ZIG_LOCAL_CACHE_DIR": str(folder)}
    command += ["-fPIC", "-nostdlib", "-s", "-funwind-tables", *options, "-o", "demo.so", "-x", "c", "-"]
    subprocess.run(command, cwd=folder, env=environment, input=SOURCE.encode(), check=True)
    return (folder / "demo.so").read_bytes()


def sampled(data: bytes) -> Instructions:
    facts = elf_parser.read(data, "demo.so")
    code = sample(memoryview(data), facts.bits, facts.entries, 64_000)
    assert code is not None
    return code


@pytest.mark.parametrize("mode", ["arm", "thumb"])
def test_a_stripped_files_pointers_tell_the_instruction_set(mode: str, tmp_path: Path) -> None:
    data = compiled(tmp_path, mode, "-mcpu=cortex_a15")
    assert elf_parser.read(data, "demo.so").arm_divides
    functions = ArmFunctions(memoryview(data), elf_parser.read(data, "demo.so").entries)
    assert functions.count >= 3
    assert {address & 1 for address in functions.starts} >= {mode == "thumb"}
    code = sampled(data)
    assert dict(code.extensions)["IDIV"] >= 2, "two methods"
    assert [(use.entry, use.features) for use in code.reached] == [(".init_array", "IDIV")]
    assert code.first == (), "the division is behind a condition"


@pytest.mark.parametrize("mode", ["arm", "thumb"])
def test_code_for_armv7_has_nothing_newer(mode: str, tmp_path: Path) -> None:
    data = compiled(tmp_path, mode, "-mcpu=cortex_a9")
    assert not elf_parser.read(data, "demo.so").arm_divides
    code = sampled(data)
    assert code.functions >= 2
    assert (code.levels, code.first, code.reached) == ((0, 0, 0), (), ())
    dice = random.Random(mode)
    for _ in range(200):
        wrong = bytearray(data[: dice.randrange(64, len(data))] if dice.random() < 0.2 else data)
        for _ in range(dice.randrange(1, 12)):
            wrong[dice.randrange(len(wrong))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        facts = elf_parser.read(bytes(wrong), "demo.so")
        if facts.bits == 32 and facts.endian == "little" and facts.machine == 40:
            found = sample(memoryview(bytes(wrong)), 32, facts.entries, 2000)
            assert found is None or found.decoded <= 2000 + 8192
