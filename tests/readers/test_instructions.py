"""The sample of a file's instructions: what it finds in compiled files, and that no input breaks it."""

from __future__ import annotations

import platform
import random
import shutil
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest
from conftest import need

from diagnose.readers.elf import elf_parser
from diagnose.readers.elf import producer as producer_module
from diagnose.readers.elf.functions import Functions
from diagnose.readers.elf.instructions import Instructions, sample
from diagnose.readers.elf.producer import Producer, producer
from diagnose.readers.wheel import reader
from diagnose.readers.wheel.sampling import Sampler
from diagnose.readers.wheel.zip_directory import Member

FOLDER = Path(__file__).parents[2] / "fixtures" / "wheels"
TAG = "cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64"
BUDGET = 64_000


def module(case: str, tag: str = TAG) -> bytes:
    with zipfile.ZipFile(FOLDER / f"{case}-{tag}.whl") as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith(".so")))


def sampled(data: bytes, budget: int = BUDGET) -> Instructions | None:
    elf = elf_parser.read(data, "demo.so")
    return sample(memoryview(data), elf.bits, elf.entries, budget)


def test_an_instruction_that_the_loader_runs_is_found_with_its_address() -> None:
    code = sampled(module("wheel_isa_too_new_at_import-1"))
    assert code is not None
    (use,) = code.first
    assert (use.entry, use.mnemonic, use.features, use.level) == (".init_array", "vmovss", "AVX", 3)
    assert sampled(module("wheel_isa_too_new_at_import-2")).first == ()  # type: ignore[union-attr]


def test_the_share_of_newer_code_is_measured() -> None:
    newer, plain = (sampled(module(f"wheel_isa_too_new_throughout-{version}")) for version in "12")
    assert newer and plain
    assert newer.levels == (0, 150, 0)
    assert newer.encoded == newer.formed == 150
    assert newer.spread == (0, 16)
    assert (plain.levels, plain.encoded) == ((0, 0, 0), 0)


def test_a_plain_file_is_sampled_until_newer_code_is_excluded() -> None:
    """The same source: where one file has AVX throughout, the whole budget is used; where the other has none, not."""
    newer, plain = (sampled(module(f"wheel_isa_too_new_throughout-{version}")) for version in "12")
    assert newer and plain
    assert newer.left == 0
    assert plain.functions == 128 and plain.formed > 100
    assert plain.left > 0


def test_code_behind_a_question_to_the_processor_is_not_on_the_way_of_the_import() -> None:
    code = sampled(module("healthy_selected-2"))
    assert code is not None
    assert code.levels[1] == 90
    assert (code.first, code.reached) == ((), ())


def test_the_budget_bounds_the_work_and_what_is_left_is_counted() -> None:
    data = module("wheel_isa_too_new_throughout-1")
    code = sampled(data, budget=100)
    assert code is not None
    assert code.decoded < 100 + 50
    assert code.left > 100
    assert sampled(data, budget=100) == code


def test_files_for_32_bits_are_decoded_too() -> None:
    code = sampled(module("healthy_i686-2", "cp312-cp312-manylinux2014_i686.manylinux_2_17_i686"))
    assert code is not None
    assert code.functions
    assert code.levels == (0, 0, 0)


def test_a_file_without_unwind_information_lists_no_functions() -> None:
    data = module("healthy_x86_64-2").replace(bytes.fromhex("50e57464"), bytes.fromhex("51e57464"))
    assert sampled(data) is None


@pytest.mark.parametrize("seed", range(4))
def test_no_damage_breaks_it(seed: int) -> None:
    whole = module("wheel_isa_too_new_at_import-1")
    dice = random.Random(seed)
    for _ in range(300):
        data = bytearray(whole[: dice.randrange(64, len(whole))] if dice.random() < 0.2 else whole)
        for _ in range(dice.randrange(1, 12)):
            data[dice.randrange(len(data))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        elf = elf_parser.read(bytes(data), "demo.so")
        if elf.bits and elf.endian == "little":
            code = sample(memoryview(bytes(data)), elf.bits, elf.entries, 2000)
            assert code is None or code.decoded <= 2000 + 8192
    for size in range(0, len(whole), 7):
        assert Functions(memoryview(whole[:size]), 64).count >= 0


def test_without_the_decoder_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(FOLDER / f"wheel_isa_too_new_at_import-1-{TAG}.whl")
    assert reader.read(path).elves[0].instructions
    assert reader.read(path).unsampled == ()
    monkeypatch.setitem(sys.modules, "iced_x86", None)
    wheel = reader.read(path)
    assert wheel.elves[0].instructions is None
    assert wheel.unseen == ()
    assert wheel.unsampled == ("instructions: not decoded, needs iced-x86 (the extra processor)",)


def test_files_for_other_processors_are_said_to_be_left_out() -> None:
    name = "healthy_s390x-2-cp312-cp312-manylinux2014_s390x.manylinux_2_17_s390x.whl"
    assert reader.read(str(FOLDER / name)).unsampled == (
        "instructions: not decoded in 1 of 1 files, which are for s390x",
    )


@pytest.mark.parametrize(
    ("option", "march"),
    [
        ("-march=haswell -gz=none", ("haswell",)),
        ("-march=haswell -gz=zlib", ("haswell",)),
        ("-march=haswell -g0 -frecord-gcc-switches", ("haswell",)),
        ("-march=haswell -g0", ()),
        ("-march=x86-64 -gz=none", ()),
    ],
)
def test_gccs_option_is_read_from_the_debug_information(option: str, march: tuple[str, ...], tmp_path: Path) -> None:
    need(shutil.which("gcc") and platform.machine() == "x86_64", "gcc for x86_64 is not installed")
    text = "volatile float a = 2.5f, b; __attribute__((constructor)) static void f(void) { b = a * 3.5f; }\n"
    (tmp_path / "demo.c").write_text(text, encoding="ascii")
    command = ["gcc", "-O1", "-g", *option.split(), "-shared", "-fPIC", "demo.c", "-o", "demo.so"]
    subprocess.run(command, cwd=tmp_path, check=True)
    data = (tmp_path / "demo.so").read_bytes()
    member = Member("demo.so", len(data), len(data), 0, 0, 0, 0o755, 0)
    found = Sampler([member], "").look(elf_parser.read(data, "demo.so"), memoryview(data))
    assert found.march == march
    newer = "haswell" in option
    assert bool(found.instructions and found.instructions.first) == newer
    assert any(one.startswith("GCC: ") for one in found.compilers) == newer
    for size in range(0, len(data), 97):
        assert isinstance(producer(memoryview(data[:size]), 64, "little"), Producer)
        assert isinstance(producer(memoryview(data[size:] + data), 32, "big"), Producer)


def test_a_section_that_unpacks_to_too_much_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producer_module, "MAX_STRINGS", 1000)
    packed = b"ZLIB" + bytes(8) + zlib.compress(bytes(1 << 20))
    assert len(producer_module._unpacked(memoryview(packed), b".zdebug_str", 0, True, "<")) == 1000
