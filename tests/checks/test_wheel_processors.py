"""Which processor code needs: the figures of real wheels give the results that were found by hand."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import need
from facts import elf, found, wheel

from diagnose.readers.elf import elf_parser
from diagnose.readers.elf.instructions import Instructions, Use, sample
from diagnose.readers.wheel.sampling import FILE_BUDGET

TAG = "cp312-cp312-manylinux_2_28_x86_64"
AVX = Use("PyInit_demo", 0x40125, "vmovdqu", "AVX", 3)
SSE4 = Use(".init_array", 0x4A47, "pinsrq", "SSE4_1", 2)


def code(functions: int, levels: tuple[int, int, int], encoded: int, vectors: int, spread: tuple[int, int], **rest):  # type: ignore[no-untyped-def]
    return Instructions(64_000, functions, 1000, levels, vectors, encoded, spread, **rest)


def severities(instructions: Instructions, path: str = "demo.cpython-312-x86_64-linux-gnu.so", **rest: object):  # type: ignore[no-untyped-def]
    findings = found("wheel-isa-too-new", wheel(TAG, elf(path, instructions=instructions, **rest)))
    return [finding.severity.value for finding in findings]


THROUGHOUT = {
    "turbovec 0.8.0": code(523, (0, 278, 0), 269, 307, (0, 14)),
    "h3ronpy 0.19.1": code(687, (0, 288, 0), 288, 288, (0, 16)),
    "simsopt 1.11.1": code(775, (0, 543, 0), 535, 538, (0, 16)),
    "scandir-rs 2.10.1": code(646, (0, 177, 0), 167, 222, (0, 13)),
    "polars-runtime-32 2.1.0": code(448, (1, 258, 0), 249, 250, (1, 16)),
    "jaxlib 0.12.0.1": code(477, (0, 166, 0), 153, 153, (0, 16)),
}
SELECTED = {
    "OpenBLAS": code(288, (29, 83, 6), 89, 239, (5, 5)),
    "embree 4": code(297, (20, 120, 34), 154, 228, (6, 11)),
    "numpy _simd": code(837, (70, 275, 278), 550, 826, (6, 11)),
    "BLIS": code(231, (4, 113, 0), 113, 174, (4, 10)),
    "libgfortran": code(392, (0, 14, 0), 14, 124, (0, 3)),
    "libcrypto": code(270, (30, 53, 27), 80, 179, (9, 14)),
    "libfaiss": code(412, (46, 70, 40), 110, 240, (11, 9)),
    "libjxl": code(371, (19, 54, 0), 60, 260, (8, 14)),
}


def test_a_small_sample_counts_where_it_is_unanimous_and_only_the_budget_ended_it() -> None:
    """libhpipm of casadi 3.8.2 for manylinux_2_28; on a processor without AVX it ends in an illegal instruction."""
    hpipm = code(93, (0, 45, 0), 45, 45, (0, 15))
    assert severities(hpipm) == ["error"]
    assert severities(code(93, (0, 44, 0), 44, 45, (0, 15))) == []
    assert severities(code(60, (0, 29, 0), 29, 29, (0, 15))) == []
    assert severities(hpipm._replace(left=5)) == []  # a small file, which its caller may select


@pytest.mark.parametrize("name", THROUGHOUT)
def test_code_that_is_compiled_for_avx_throughout_is_an_error(name: str) -> None:
    assert severities(THROUGHOUT[name]) == ["error"]


@pytest.mark.parametrize("name", SELECTED)
def test_code_that_is_selected_at_run_time_is_no_problem(name: str) -> None:
    assert severities(SELECTED[name], "demo.libs/libdemo.so.0") == []


def test_one_instruction_that_certainly_runs_is_enough() -> None:
    assert severities(code(3, (0, 1, 0), 1, 40, (0, 1), first=(AVX,))) == ["error"]


def test_code_that_the_import_reaches_counts_only_in_a_file_that_is_mostly_like_it() -> None:
    assert severities(code(90, (0, 40, 0), 38, 60, (0, 9), reached=(AVX,))) == ["error"]
    assert severities(code(90, (0, 9, 0), 9, 60, (0, 2), reached=(AVX,))) == []


def test_x86_64_v2_is_a_note() -> None:
    umath = code(433, (71, 39, 33), 72, 238, (14, 4))
    linalg = code(189, (60, 0, 0), 0, 105, (10, 0), first=(SSE4,))
    assert severities(linalg) == ["note"]
    assert severities(umath) == []  # more functions are selected than are of level 2
    assert severities(code(867, (104, 0, 0), 0, 400, (12, 0))) == ["note"]
    assert severities(code(600, (18, 0, 0), 0, 400, (12, 0))) == []


@pytest.mark.parametrize(
    "path",
    [
        "rapidfuzz/fuzz_cpp_avx2.cpython-312-x86_64-linux-gnu.so",
        "llama_cpp/lib/libggml-cpu-haswell.so",
        "demo.libs/glibc-hwcaps/x86-64-v3/libdemo.so.1",
        "mkl.libs/libmkl_avx512.so.2",
    ],
)
def test_a_file_that_is_named_for_a_processor_is_selected_by_its_caller(path: str) -> None:
    assert severities(THROUGHOUT["simsopt 1.11.1"], path) == []


@pytest.mark.parametrize("path", ["bmi.so", "defs.so", "zen/core.so", "horizen.so", "fmatch.so", "massed.so"])
def test_other_names_are_not_taken_for_processors(path: str) -> None:
    assert severities(THROUGHOUT["simsopt 1.11.1"], path) == ["error"]


def test_a_file_that_states_its_level_is_reported_once() -> None:
    assert severities(THROUGHOUT["simsopt 1.11.1"], isa_needed=4) == ["error"]


def test_the_evidence_names_the_instruction_and_the_share() -> None:
    instructions = code(523, (0, 278, 0), 269, 307, (0, 14), reached=(AVX,))
    (finding,) = found("wheel-isa-too-new", wheel(TAG, elf("demo.so", instructions=instructions)))
    assert "PyInit_demo leads to vmovdqu (AVX) at 0x40125" in finding.evidence[0].detail
    assert "278 of 523 sampled functions" in finding.evidence[0].detail
    assert finding.message == "calls x86-64-v3 code at import; x86_64 promises x86-64-v1"


CRATE = """
static SCALE: f64 = 1.5;
#[no_mangle]
pub extern "C" fn PyInit_demo() -> f64 {
    unsafe { std::ptr::read_volatile(&SCALE) * 2.5 }
}
"""


def cargo_build(folder: Path, **variables: str) -> list[str]:
    """Build the crate and return the severities of the findings in a wheel of its library."""
    environment = {name: value for name, value in os.environ.items() if name not in ("RUSTFLAGS", "CARGO_TARGET_DIR")}
    command = ["cargo", "build", "--release", "--offline", "--quiet"]
    subprocess.run(command, cwd=folder, env={**environment, **variables}, check=True)
    content = (folder / "target" / "release" / "libdemo.so").read_bytes()
    found_in = elf_parser.read(content, "demo.so")
    code = sample(memoryview(content), 64, found_in.entries, FILE_BUDGET)
    return severities(code) if code else ["no functions"]  # type: ignore[arg-type]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="needs cargo for x86_64")
def test_the_printed_variable_wins_over_cargos_configuration(tmp_path: Path) -> None:
    need(shutil.which("cargo"), "cargo is not installed")
    for name, text in {
        "Cargo.toml": '[package]\nname = "demo"\nversion = "1.0.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n',
        "src/lib.rs": CRATE,
        ".cargo/config.toml": '[build]\nrustflags = ["-C", "target-cpu=haswell"]\n',
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert cargo_build(tmp_path) == ["error"]
    fixes = found("wheel-isa-too-new", wheel(TAG, elf("demo.so", instructions=THROUGHOUT["simsopt 1.11.1"])))[0].fixes
    variables = next(dict(fix.env) for fix in fixes if "RUSTFLAGS" in dict(fix.env))
    assert cargo_build(tmp_path, **variables) == []
