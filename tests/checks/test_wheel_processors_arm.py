"""Which processor code for Arm needs: the figures of real wheels, and of the fixtures, give the right results."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import need
from facts import elf, found, wheel

from diagnose.readers.elf.instructions import Instructions, Use
from diagnose.readers.wheel import reader

FOLDER = Path(__file__).parents[2] / "fixtures" / "wheels"
TAG = "cp312-cp312-manylinux2014_aarch64.manylinux_2_17_aarch64"


def fixture(case: str) -> Instructions:
    code = reader.read(str(FOLDER / f"{case}-{TAG}.whl")).elves[0].instructions
    assert code is not None
    return code


def judged(code: Instructions, path: str = "demo.cpython-312-aarch64-linux-gnu.so") -> list[str]:
    facts = wheel("cp312-cp312-manylinux_2_28_aarch64", elf(path, instructions=code, machine=183))
    return [finding.message for finding in found("wheel-isa-too-new", facts)]


# Figures of real files.
SELECTED = {
    "OpenBLAS": Instructions(64_082, 321, 13_713, (0, 0, 21), 0, 0, (0, 3), extensions=(("SVE", 21),)),
    "OpenBLAS with SME": Instructions(
        64_386, 268, 13_375, (0, 1, 22), 0, 0, (0, 3), extensions=(("BF16", 1), ("FP16", 1), ("SME", 2), ("SVE", 22))
    ),
    "libgcc_s": Instructions(22_474, 194, 0, (0, 0, 6), 2, 0, (0, 4), extensions=(("SME", 2), ("SVE", 6))),
    "qiskit 2.6.2": Instructions(64_005, 428, 15_575, (0, 9, 0), 0, 0, (0, 2), extensions=(("FCMA", 9),)),
    "numpy 2.5.5": Instructions(64_076, 523, 6_517, (0, 7, 0), 0, 0, (0, 1), extensions=(("FP16", 7),)),
    "libsodium": Instructions(50_357, 470, 0, (16, 0, 0), 0, 0, (1, 0), extensions=(("AES", 16), ("PMULL", 2))),
}


@pytest.mark.parametrize("name", SELECTED)
def test_code_that_is_selected_at_run_time_is_no_problem(name: str) -> None:
    assert judged(SELECTED[name]) == []


def test_the_finding_names_the_version_and_the_extension() -> None:
    assert judged(fixture("wheel_isa_too_new_atomics-1")) == [
        "is compiled throughout for Armv8.1-A (LSE); aarch64 promises Armv8.0-A"
    ]
    assert judged(fixture("wheel_isa_too_new_atomics_at_import-1")) == [
        "runs Armv8.1-A (LSE) code at import; aarch64 promises Armv8.0-A"
    ]
    assert judged(fixture("wheel_isa_too_new_atomics-1"), "lib/libggml-cpu-armv8.2_2.so") == []


def test_the_printed_flags_forbid_lse() -> None:
    need(shutil.which("rustc"), "rustc is not installed")
    facts = wheel(
        "cp312-cp312-manylinux_2_28_aarch64",
        elf("demo.so", machine=183, instructions=fixture("wheel_isa_too_new_atomics-1")),
    )
    fixes = found("wheel-isa-too-new", facts)[0].fixes
    flags = next(dict(fix.env)["RUSTFLAGS"] for fix in fixes if "RUSTFLAGS" in dict(fix.env))

    def features(*options: str) -> bool:
        command = ["rustc", "--target", "aarch64-unknown-linux-gnu", "--print", "cfg", *options]
        return 'target_feature="lse"' in subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert features("-C", "target-cpu=neoverse-n1")
    assert not features("-C", "target-cpu=neoverse-n1", *flags.split())


DIVISION = Use(".init_array", 0x743044, "udiv", "IDIV", 3)
GRPCIO = Instructions(3_903, 0, 1, reached=(DIVISION,))  # 1.85.3 for armv7l: its functions are not listed
DIVIDING = Instructions(64_000, 600, 900, (0, 14, 0), 20, 0, (0, 7), extensions=(("IDIV", 14),))


@pytest.mark.parametrize(
    ("code", "stated", "message"),
    [
        (GRPCIO, {"arm_divides": True}, "calls Armv7VE (IDIV) code at import; armv7l promises Armv7-A with VFPv3-D16"),
        (GRPCIO, {"arm_cpu": 14}, "calls Armv7VE (IDIV) code at import; armv7l promises Armv7-A with VFPv3-D16"),
        (GRPCIO, {}, ""),
        (DIVIDING, {"arm_divides": True}, "is compiled throughout for Armv7VE (IDIV); armv7l promises"),
        (DIVIDING, {}, ""),
        (DIVIDING._replace(spread=(0, 2)), {"arm_divides": True}, ""),
    ],
)
def test_on_armv7_build_attributes_and_instructions_have_to_agree(
    code: Instructions, stated: dict[str, object], message: str
) -> None:
    module = elf(
        "demo.cpython-312-arm-linux-gnueabihf.so",
        instructions=code,
        machine=40,
        bits=32,
        flags=0x5000400,
        arm_float="hard",
        **stated,
    )
    findings = found("wheel-isa-too-new", wheel("cp312-cp312-manylinux_2_31_armv7l", module))
    assert len(findings) == bool(message)
    assert all(finding.message.startswith(message) and finding.severity.value == "error" for finding in findings)
