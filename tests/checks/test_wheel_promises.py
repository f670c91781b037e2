"""Promises of tags and needs of files: the checks of versions, libraries and tags."""

from __future__ import annotations

import pytest
from facts import elf, found, levels, wheel
from wheels import finding

MODULE = "demo.cpython-312-x86_64-linux-gnu.so"


def needing(*versions: str, library: str = "libc.so.6") -> list[tuple[str, str]]:
    return [(library, version) for version in versions]


@pytest.mark.parametrize(
    ("platform", "version", "spoken"),
    [
        ("manylinux_2_34_x86_64", "GLIBC_2.34", False),
        ("manylinux_2_34_x86_64", "GLIBC_2.35", True),
        # No policy file has these two; the number in the name is still the promise.
        ("manylinux_2_33_x86_64", "GLIBC_2.33", False),
        ("manylinux_2_33_x86_64", "GLIBC_2.34", True),
        ("manylinux_2_99_x86_64", "GLIBC_2.98", False),
        # Every tag is a promise: the one that promises most counts.
        ("manylinux_2_34_x86_64.manylinux_2_17_x86_64", "GLIBC_2.34", True),
        ("manylinux2014_x86_64", "GLIBC_2.17", False),
        # A plain tag promises nothing.
        ("linux_x86_64", "GLIBC_2.41", False),
        # Not a version, but a private piece.
        ("manylinux2014_x86_64", "GLIBC_PRIVATE", False),
        # Packed relative relocations came with glibc 2.36.
        ("manylinux_2_35_x86_64", "GLIBC_ABI_DT_RELR", True),
        ("manylinux_2_36_x86_64", "GLIBC_ABI_DT_RELR", False),
    ],
)
def test_glibc_versions_against_the_promise(platform: str, version: str, spoken: bool) -> None:
    subject = wheel(f"cp312-cp312-{platform}", elf(MODULE, versions=needing(version)))
    assert bool(found("wheel-glibc-too-new", subject)) is spoken


def test_a_glibc_version_of_another_library_is_not_glibcs() -> None:
    subject = wheel(
        "cp312-cp312-manylinux2014_x86_64", elf(MODULE, versions=needing("GCC_12.0.0", library="libgcc_s.so.1"))
    )
    assert not found("wheel-glibc-too-new", subject)
    assert levels("wheel-glibcxx-too-new", subject) == ["error"]


def test_versions_of_a_library_in_the_wheel_promise_nothing_about_the_system() -> None:
    needs = needing("ZLIB_1.2.9", library="libz-21b81fdb.so.1.2.11")
    module = elf(MODULE, versions=needs, needed=("libc.so.6", "libz-21b81fdb.so.1.2.11"), runpath="$ORIGIN/demo.libs")
    subject = wheel("cp312-cp312-manylinux2014_x86_64", module, elf("demo.libs/libz-21b81fdb.so.1.2.11"))
    assert not found("wheel-glibcxx-too-new", subject)


def test_the_one_who_demands_it_is_named() -> None:
    (evidence,) = finding("wheel_glibc_too_new_bundled").evidence
    assert evidence.path == "wheel_glibc_too_new_bundled.libs/libdemo-b9128502.so.2"
    assert "a bundled library, needed by demo.cpython-312-arm-linux-gnueabihf.so" in evidence.detail
    assert "GLIBC_2.38 of libc.so.6 for __isoc23_strtol" in evidence.detail
    (evidence,) = finding("wheel_glibc_too_new").evidence
    assert evidence.detail.startswith("the extension itself: GLIBC_2.38")


def test_systems_between_promise_and_need_are_named() -> None:
    assert "RHEL 9, Ubuntu 22.04, Debian 12" in finding("wheel_glibc_too_new").consequence


def test_a_cross_built_maturin_wheel_is_rebuilt_with_its_own_linker() -> None:
    module = elf("demo.cpython-312-arm-linux-gnueabihf.so", "armv7l", versions=needing("GLIBC_2.38"))
    subject = wheel("cp312-cp312-manylinux2014_armv7l", module, generator="maturin (1.16.0)")
    (spoken,) = found("wheel-glibc-too-new", subject)
    assert [command.line for command in spoken.fixes[0].commands] == [
        "maturin build --release --zig --target armv7-unknown-linux-gnueabihf --compatibility manylinux_2_17"
    ]


def test_only_samples_need_too_much() -> None:
    program = elf("go/src/debug/testdata/a.out", versions=needing("GLIBC_2.34"), interp="/lib64/ld-linux-x86-64.so.2")
    assert levels("wheel-glibc-too-new", wheel("py3-none-manylinux2014_x86_64", program)) == ["note"]


@pytest.mark.parametrize(
    ("platform", "function", "level"),
    [
        ("musllinux_1_1_x86_64", "qsort_r", ["error"]),
        ("musllinux_1_2_x86_64", "qsort_r", ["note"]),
        ("musllinux_1_2_x86_64", "__nanosleep_time64", []),
        ("musllinux_1_1_x86_64", "malloc", []),
    ],
)
def test_musl_is_known_by_its_functions(platform: str, function: str, level: list[str]) -> None:
    module = elf("demo.cpython-312-x86_64-linux-musl.so", needed=("libc.musl-x86_64.so.1",), undefined=(function,))
    assert levels("wheel-musl-too-new", wheel(f"cp312-cp312-{platform}", module)) == level


def external(name: str, **rest: object) -> list[str]:
    module = elf(MODULE, needed=("libc.so.6", name), **{"runpath": None, **rest.pop("module", {})})  # type: ignore[dict-item]
    return levels("wheel-external-lib", wheel("cp312-cp312-manylinux2014_x86_64", module, **rest))  # type: ignore[arg-type]


def test_a_library_from_outside_weighs_by_where_it_can_come_from() -> None:
    assert external("libsndfile.so.1") == ["error"]
    assert external("libasound.so.2") == ["note"], "wheel-bundled-hazard asks for that"
    assert external("libcuda.so.1") == ["note"], "the driver's"
    assert external("libtorch_cpu.so", requires=("torch>=2",)) == ["note"]
    assert external("libcore.so", requires=("demo-core==1",)) == ["note"], "a part that is pinned"
    assert external("libcore.so.1", requires=("demo-core==1",)) == ["error"], "a versioned library is a distribution's"
    assert external("libz3.so.5.3", requires=("z3-solver==5.3.1.0",)) == ["note"], "a pinned one of the library's name"
    assert external("libz3.so.5.3", requires=("z3-solver>=5",)) == ["error"], "nothing ties the two together"
    assert external("libtvm_ffi.so", requires=("apache-tvm-ffi>=0.1.11",)) == ["note"], (
        "a project of the library's name"
    )
    assert external("libtvm_ffi.so.1", requires=("apache-tvm-ffi>=0.1.11",)) == ["error"], "may be a distribution's"
    assert external("libffi.so", requires=("apache-tvm-ffi-tools",)) == ["error"]
    assert external("libtvm_ffi.so", requires=('apache-tvm-ffi; extra == "gpu"',)) == ["error"], "may be absent"
    assert external("libz3.so.5.3", requires=('z3-solver==5.3.1.0; extra == "z3"',)) == ["error"], "may be absent"
    assert external("libbar.so.1", module={"runpath": "$ORIGIN/bar/lib"}) == ["note"], "another distribution's folder"
    assert external("libz.so.1") == [], "every system has it"
    assert external("ld-linux-x86-64.so.2") == []


def test_what_only_a_plugin_needs_is_a_warning() -> None:
    plugin = elf("demo/plugins/libmysql_plugin.so", needed=("libc.so.6", "libmysqlclient.so.21"))
    assert levels("wheel-external-lib", wheel("cp312-cp312-manylinux2014_x86_64", elf(MODULE), plugin)) == ["warning"]
    # Nothing but libraries: code loads them by name, so they are what the wheel is for.
    assert levels("wheel-external-lib", wheel("py3-none-manylinux2014_x86_64", plugin)) == ["error"]
    # One of several that need each other not at all: it is not known which of them code opens (tbb: libtbbbind).
    other = elf("demo/libother.so", needed=("libc.so.6",))
    assert levels("wheel-external-lib", wheel("py3-none-manylinux2014_x86_64", plugin, other)) == ["warning"]
    same = elf("demo/libother.so", needed=("libc.so.6", "libmysqlclient.so.21"))
    assert levels("wheel-external-lib", wheel("py3-none-manylinux2014_x86_64", plugin, same)) == ["error"]
    many = [elf(f"demo/lib{number}.so", needed=plugin.needed) for number in range(65)]
    assert levels("wheel-external-lib", wheel("py3-none-manylinux2014_x86_64", *many)) == ["warning"]


def test_the_library_that_a_newer_policy_allows_is_external_to_an_older_one() -> None:
    assert external("libmvec.so.1") == ["error"]
    module = elf(MODULE, needed=("libc.so.6", "libmvec.so.1"))
    assert not found("wheel-external-lib", wheel("cp312-cp312-manylinux_2_28_x86_64", module))


def test_a_missing_bundled_library_is_not_an_external_one() -> None:
    assert external("libasound-b9128502.so.2") == []
    commands = [command.line for command in finding("wheel_bundled_lib_missing").fixes[0].commands]
    assert commands[0].startswith("cargo clean") and "--target armv7-unknown-linux-gnueabihf" in commands[0]


def test_python_2_symbols_that_policies_rule_out() -> None:
    module = elf("demo.so", undefined=("PyFPE_jbuf",))
    assert levels("wheel-forbidden-symbol", wheel("cp36-cp36m-manylinux2014_x86_64", module)) == ["error"]


@pytest.mark.parametrize(
    ("platform", "level"),
    [
        ("manylinux1_aarch64", ["error"]),
        ("manylinux_2_16_aarch64", ["error"]),
        ("manylinux_2_17_armv6l", ["error"]),
        ("manylinux2014_riscv64", ["warning"]),
        ("manylinux_2_36_loongarch64", ["warning"]),
        ("musllinux_1_2_ppc64", ["warning"]),
        ("manylinux2014_ppc64", []),
        ("manylinux_2_5_i686", []),
        ("musllinux_1_2_riscv64", []),
        ("linux_x86_64", []),
        ("any", []),
        ("win_amd64", []),
    ],
)
def test_tags_that_are_not_accepted(platform: str, level: list[str]) -> None:
    assert levels("wheel-tag-not-accepted", wheel(f"cp312-cp312-{platform}")) == level


def test_one_dead_tag_among_good_ones_is_dropped() -> None:
    (spoken,) = found("wheel-tag-not-accepted", wheel("py3-none-manylinux2014_aarch64.manylinux1_aarch64"))
    assert spoken.fixes[0].commands[0].line == (
        "python3 -m wheel tags --remove --platform-tag manylinux2014_aarch64 "
        "demo-1-py3-none-manylinux2014_aarch64.manylinux1_aarch64.whl"
    )


def test_linux_tags_that_the_index_takes() -> None:
    assert not found("wheel-linux-tag", wheel("cp312-cp312-linux_armv6l"))
    assert not found("wheel-linux-tag", wheel("cp312-cp312-linux_armv7l"))
    assert levels("wheel-linux-tag", wheel("cp312-cp312-linux_aarch64")) == ["error"]


def test_steps_without_a_system_between_them_are_not_reported() -> None:
    module = elf(MODULE, versions=needing("GLIBC_2.27"))
    assert not found("wheel-tag-stricter-than-needed", wheel("cp312-cp312-manylinux_2_28_x86_64", module))
    assert levels("wheel-tag-stricter-than-needed", wheel("cp312-cp312-manylinux_2_34_x86_64", module)) == ["note"]
    assert not found("wheel-tag-stricter-than-needed", wheel("cp312-cp312-manylinux_2_17_x86_64", elf(MODULE)))


def test_the_lowest_compatible_tag_is_named() -> None:
    message = "manylinux_2_34_armv7l promises an older glibc than the wheel needs: GLIBC_2.38"
    spoken = finding("wheel_glibc_too_new_bundled")
    assert spoken.message == f"{message}; manylinux_2_38_armv7l is the lowest compatible tag"
    subject = wheel("cp312-cp312-manylinux2014_x86_64", elf(MODULE, versions=needing("GLIBC_2.97")))
    (spoken,) = found("wheel-glibc-too-new", subject)
    message = "manylinux2014_x86_64 promises an older glibc than the wheel needs: GLIBC_2.97"
    assert spoken.message == f"{message}; manylinux_2_97_x86_64 is the lowest compatible tag", (
        "PEP 600 has one for every glibc"
    )
