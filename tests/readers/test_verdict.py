"""The verdict on tags: auditwheel's on every wheel that it can judge, and the right one where it cannot."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest
import real_wheels
from conftest import need
from oracle import WHEELS, auditwheel_tags, elf_files

from diagnose import policies
from diagnose.model.targets import TARGETS
from diagnose.readers.elf import elf_parser as elf
from diagnose.readers.wheel import linkage, platform_tag
from diagnose.readers.wheel import reader as wheel

DIFFERENT = {
    # armv6l has no policies; auditwheel takes its files for armv7l.
    "healthy_armv6l-2": ("linux_armv6l", "linux_armv6l"),
    # A library in .data/platlib is reached once it is installed; auditwheel looks where the archive has it.
    "healthy_platlib-2": ("manylinux_2_17_s390x", "manylinux_2_17_s390x"),
    # No ELF file at all.
    "healthy_pure-2": ("", ""),
    "wheel_file_not_loadable-1": ("", ""),
    # Detached debug information.
    "wheel_debug_shipped_split-1": ("manylinux_2_17_x86_64", "manylinux_2_17_x86_64"),
    # No file of the architecture that the name claims: linux_ARCH of the name, or what the files could carry.
    "wheel_elf_broken-1": ("linux_x86_64", "linux_x86_64"),
    "wheel_wrong_arch-1": ("manylinux_2_17_aarch64", "manylinux_2_17_aarch64"),
    "wheel_wrong_arch_endian-1": ("manylinux_2_17_ppc64", "manylinux_2_17_ppc64"),
    "wheel_wrong_arch_float-1": ("linux_armv7l", "linux_armv7l"),
    # Cut in its section headers, which the verdict does not need.
    "wheel_elf_broken_truncated-1": ("manylinux_2_17_s390x", "manylinux_2_17_s390x"),
    # All files of the other C library.
    "wheel_libc_mismatch-1": ("manylinux_2_17_aarch64", "manylinux_2_17_aarch64"),
    "wheel_libc_mismatch_musl-1": ("musllinux_1_2_s390x", "musllinux_1_2_s390x"),
    "wheel_purelib_data-1": ("manylinux_2_17_ppc64le", "manylinux_2_17_ppc64le"),
    # RECORD names the file by an absolute path.
    "wheel_record_invalid_absolute-1": ("manylinux_2_17_x86_64", "manylinux_2_17_x86_64"),
    # The last member of the name is no ELF file.
    "wheel_archive_ambiguous_duplicate-1": ("", ""),
    "wheel_archive_compression_ratio-1": ("", ""),
    "wheel_archive_compression_ratio-2": ("", ""),
    "wheel_not_supported_bad_tag_any-1": ("", ""),
    "wheel_not_supported_bad_tag_any-2": ("", ""),
    "wheel_zip_unsafe_crc-1": ("manylinux_2_17_x86_64", "manylinux_2_17_x86_64"),
}


def _case(path: Path) -> str:
    return "-".join(path.name.split("-")[:2])


def _tags(path: Path) -> tuple[str, str]:
    found = wheel.read(str(path)).verdict
    return found.symbol_tag, found.lowest_tag


# auditwheel refuses a file name whose version it cannot parse.
@pytest.mark.parametrize("path", [path for path in WHEELS if "name_not_normalized_version" not in path.name], ids=_case)
def test_fixtures_are_judged_as_auditwheel_does(path: Path) -> None:
    found, theirs = wheel.read(str(path)).verdict, auditwheel_tags(path)
    ours = found.symbol_tag, found.lowest_tag
    if "linux" not in path.stem.rpartition("-")[2] and "any" not in path.stem.rpartition("-")[2]:
        assert ours == ("", ""), "wheels for other systems have no Linux tag"
    elif _case(path) in DIFFERENT:
        assert ours == DIFFERENT[_case(path)]
        assert theirs != ours, "no longer a difference"
    elif found.differences:
        assert theirs != ours, "no longer a difference"
        assert set(found.differences) <= set(platform_tag.auditwheel_differences)
    else:
        assert ours == theirs


#: Difference → a fixture that shows it.
SHOWN = {
    "unlisted-files": "wheel_glibc_too_new_unlisted-1",
    "installed-layout": "healthy_platlib-2",
    "other-files": "wheel_wrong_arch-1",
    "no-libc": "wheel_linux_tag_no_libc-1",
    "purelib": "wheel_purelib_data-1",
    "no-sections": "wheel_glibc_too_new_sectionless-1",
    "no-policies": "healthy_armv6l-2",
    "newer-than-policies": "wheel_glibc_too_new_beyond-1",
    "policy-allows-newer": "wheel_glibc_too_new_allowed-1",
    "dynamic-linker-versions": "wheel_glibc_too_new_loader-1",
    "arm-float": "wheel_wrong_arch_unmarked-1",
    "musl-release": "healthy_musl_x86_64-2",
    "origin-in-needed": "wheel_needed_path_origin-2",
    "musl-itself": "wheel_external_lib_musl_itself-1",
}


@pytest.mark.parametrize("key", platform_tag.auditwheel_differences)
def test_every_difference_is_one(key: str) -> None:
    (path,) = (path for path in WHEELS if path.name.startswith(f"{SHOWN[key]}-"))
    found = wheel.read(str(path)).verdict
    assert key in found.differences
    assert auditwheel_tags(path) != (found.symbol_tag, found.lowest_tag)


def test_differences_were_compared_with_the_installed_auditwheel() -> None:
    versions = {difference.version for difference in platform_tag.auditwheel_differences.values()}
    assert versions == {importlib.metadata.version("auditwheel")}


@pytest.fixture(scope="module")
def downloaded() -> dict[str, Path]:
    found = real_wheels.fetch()
    need(found, "the package index cannot be reached by pip")
    return found


@pytest.mark.network
@pytest.mark.parametrize("name", real_wheels.NAMES)
def test_real_wheels_are_judged_as_auditwheel_does(name: str, downloaded: dict[str, Path]) -> None:
    need(name in downloaded, f"pip cannot download {name}")
    theirs = auditwheel_tags(downloaded[name])
    assert theirs is not None
    found = wheel.read(str(downloaded[name])).verdict
    ours = found.symbol_tag, found.lowest_tag
    assert (ours != theirs) if found.differences else (ours == theirs)


def test_the_real_wheels_cover_the_architectures() -> None:
    tags = [policies.split(tag.platform) for name in real_wheels.NAMES for tag in wheel.parse_file_name(name)[3]]
    assert len(real_wheels.NAMES) >= 40
    assert {tag.arch for tag in tags} >= {
        "x86_64", "i686", "aarch64", "armv7l", "ppc64le", "ppc64", "s390x", "riscv64"
    }  # fmt: skip
    assert {tag.libc for tag in tags} >= {"glibc", "musl"}


# -- every policy of every architecture, one need at a time

GLIBC_ARCHES = ("x86_64", "i686", "aarch64", "armv7l", "ppc64le", "ppc64", "s390x", "riscv64", "loongarch64")


def _of_arch(arch: str, **facts: object) -> elf.Elf:
    """Return the facts of an otherwise empty extension module for *arch*."""
    target = next(row for row in TARGETS if row.wheel == arch and row.libc == "glibc")
    flags = 0x5000400 if arch == "armv7l" else 0
    header = {"machine": target.machine, "bits": target.bits, "endian": target.endian, "flags": flags}
    return _elf("m.so", **{**header, "arm_float": "hard" if flags else "", "needed": (), **facts})


@pytest.mark.parametrize("arch", GLIBC_ARCHES)
def test_every_symbol_version_gives_auditwheels_policy(arch: str) -> None:
    from auditwheel.architecture import Architecture
    from auditwheel.libc import Libc
    from auditwheel.policy import WheelPolicies

    theirs = WheelPolicies(libc=Libc.GLIBC, arch=Architecture(arch))
    known = {v for policy in policies.load("glibc", arch) for vs in policy.symbol_versions.values() for v in vs}
    assert len(known) > 40
    for version in sorted(known | {"GLIBC_2.99", "GLIBC_PRIVATE", "GLIBCXX_3.4.99", "OPENSSL_1.1.0", "X"}):
        found = _judge((_of_arch(arch, verneed=(_need(version, "libx.so"),)),), [f"linux_{arch}"])
        expected = theirs.versioned_symbols_policy({"libx.so": {version}}).name
        differs = set(found.differences) - {"no-libc"}  # a policy asks no file for its C library
        assert (found.symbol_tag == expected) is not bool(differs), version
        assert found.lowest_tag == found.symbol_tag


@pytest.mark.parametrize(("libc", "arch"), [*(("glibc", arch) for arch in GLIBC_ARCHES), ("musl", "aarch64")])
def test_every_library_gives_auditwheels_policy(libc: str, arch: str, tmp_path: Path) -> None:
    from auditwheel.architecture import Architecture
    from auditwheel.lddtree import DynamicExecutable, DynamicLibrary, Platform
    from auditwheel.libc import Libc
    from auditwheel.policy import WheelPolicies

    theirs = WheelPolicies(libc=Libc(libc), arch=Architecture(arch))
    platform = Platform("", 64, True, "", Architecture(arch), None, None)
    names = {name for policy in policies.load(libc, arch) for name in policy.whitelist}
    assert names
    file = tmp_path / "m.so"  # auditwheel looks into it for forbidden symbols; this one has none
    file.write_bytes(next(iter(elf_files("healthy_x86_64").values())))
    loaders = {"ld-linux.so.2", "ld64.so.1", "ld-linux-aarch64.so.1"} if libc == "glibc" else set()
    for name in sorted(names | loaders | {"libasound.so.2", "libc.so", "libpython3.12.so.1.0"}):
        libraries = {name: DynamicLibrary(name, None, None)}
        tree = DynamicExecutable(None, None, "m.so", file, platform, (name,), (), (), libraries)
        references = theirs.lddtree_external_references(tree, Path("/nowhere"))
        expected = max(reference.policy for reference in references.values() if not reference.libs)
        claim = f"{theirs.highest.name.rpartition('_' + arch)[0]}_{arch}"
        found = _judge((_of_arch(arch, needed=(name,)),), [claim])
        assert (found.lowest_tag == expected.name) is not bool(found.differences), name


@pytest.mark.parametrize("arch", GLIBC_ARCHES)
def test_every_forbidden_symbol_gives_the_policy_that_allows_it(arch: str) -> None:
    known = policies.load("glibc", arch)
    for library, symbols in known[0].blacklist.items():
        for symbol in symbols:
            found = _judge((_of_arch(arch, needed=(library,), undefined=(symbol,)),), [f"linux_{arch}"])
            allowing = [p.tag for p in known if symbol not in p.blacklist.get(library, ())]
            assert found.lowest_tag == [*allowing, f"linux_{arch}"][0]


# -- what no fixture shows

X86_64 = "manylinux_2_17_x86_64"


def _elf(path: str = "pkg/m.cpython-312-x86_64-linux-gnu.so", **facts: object) -> elf.Elf:
    """Return the facts of an x86-64 extension module as :func:`diagnose.readers.elf.read` would."""
    values: dict[str, object] = {
        "path": path,
        "installed": wheel.installed_path(path, "pkg-1.data/"),
        "machine": 62,
        "bits": 64,
        "endian": "little",
        "needed": ("libc.so.6",),
        "init": ("m",),
        **facts,
    }
    return elf.Elf(**values)  # type: ignore[arg-type]


def _judge(files: tuple[elf.Elf, ...], platforms: list[str]) -> platform_tag.Verdict:
    return platform_tag.judge(files, platforms, linkage.Index(files))


def _need(version: str, library: str = "libc.so.6", *symbols: str) -> elf.Verneed:
    return elf.Verneed(library, version, False, symbols)


def test_nothing_needed_satisfies_every_policy() -> None:
    found = _judge((_elf(needed=()),), ["linux_x86_64"])
    assert (found.libc, found.lowest_tag, found.cause) == ("glibc", "manylinux_2_5_x86_64", None)


def test_symbols_and_libraries_are_counted_apart() -> None:
    files = (_elf(needed=("libc.so.6", "libasound.so.2"), verneed=(_need("GLIBC_2.28", "libc.so.6", "fcntl64"),)),)
    found = _judge(files, [X86_64])
    assert (found.symbol_tag, found.lowest_tag) == ("manylinux_2_28_x86_64", "linux_x86_64")
    assert found.cause is not None
    assert (found.cause.kind, found.cause.library) == ("external-library", "libasound.so.2")
    policy = policies.find(X86_64)
    assert policy is not None
    assert [s.kind for s in found.against(policy)] == ["symbol-version", "external-library"]
    newer = policies.find("manylinux_2_28_x86_64")
    assert newer is not None
    assert [s.kind for s in found.against(newer)] == ["external-library"]


def test_the_largest_cause_is_the_newest_symbol() -> None:
    old, new = _need("GLIBC_2.14", "libc.so.6", "memcpy"), _need("GLIBC_2.34", "libc.so.6", "dlopen")
    found = _judge((_elf(verneed=(new, old)), _elf("pkg/n.so", verneed=(old,))), [X86_64])
    assert found.lowest_tag == "manylinux_2_34_x86_64"
    assert found.cause is not None
    assert (found.cause.detail, found.cause.symbols, found.cause.path) == (
        "GLIBC_2.34",
        ("dlopen",),
        "pkg/m.cpython-312-x86_64-linux-gnu.so",
    )


def test_an_unknown_version_of_a_known_family_fits_no_policy() -> None:
    assert _judge((_elf(verneed=(_need("GLIBC_ABI_NEWEST"),)),), [X86_64]).symbol_tag == "linux_x86_64"
    assert _judge((_elf(verneed=(_need("GLIBC_PRIVATE"),)),), [X86_64]).symbol_tag == "linux_x86_64"
    assert _judge((_elf(verneed=(_need("OPENSSL_9"),)),), [X86_64]).symbol_tag == "manylinux_2_5_x86_64"


@pytest.mark.parametrize(
    ("needs", "tag", "differences"),
    [
        ((("GLIBC_2.43", "libm.so.6"),), "manylinux_2_43_x86_64", ("newer-than-policies",)),
        ((("GLIBC_2.42", "libc.so.6"), ("GLIBC_2.43", "libm.so.6")), "manylinux_2_43_x86_64", ("newer-than-policies",)),
        ((("GLIBC_2.43", "libm.so.6"), ("GLIBC_PRIVATE", "libc.so.6")), "linux_x86_64", ("newer-than-policies",)),
        ((("GLIBC_2.35", "ld-linux-x86-64.so.2"),), "manylinux_2_35_x86_64", ("dynamic-linker-versions",)),
        ((("GLIBC_2.3", "ld-linux-x86-64.so.2"),), "manylinux_2_5_x86_64", ()),
        ((("GLIBC_PRIVATE", "ld-linux-x86-64.so.2"),), "manylinux_2_5_x86_64", ()),
    ],
)
def test_glibc_releases_count_by_their_number(
    needs: tuple[tuple[str, str], ...], tag: str, differences: tuple[str, ...]
) -> None:
    found = _judge((_elf(verneed=tuple(_need(*need) for need in needs)),), [X86_64])
    assert (found.symbol_tag, found.lowest_tag, found.differences) == (tag, tag, differences)


def test_a_policy_that_allows_more_than_its_glibc_has() -> None:
    found = _judge((_of_arch("aarch64", verneed=(_need("GLIBC_2.18", "libc.so.6"),)),), ["manylinux_2_17_aarch64"])
    assert (found.lowest_tag, found.differences) == ("manylinux_2_24_aarch64", ("policy-allows-newer",))


def test_weak_symbols_are_not_forbidden() -> None:
    files = (_elf(needed=("libz.so.1",), undefined=("inflate_fast",)),)
    found = _judge(files, [X86_64])
    assert (found.symbol_tag, found.lowest_tag) == ("manylinux_2_5_x86_64", "linux_x86_64")
    assert [(s.kind, s.library, s.symbols) for s in found.shortfalls] == [
        ("forbidden-symbol", "libz.so.1", ("inflate_fast",))
    ]
    weak = (_elf(needed=("libz.so.1",), undefined_weak=("inflate_fast",)),)
    assert _judge(weak, [X86_64]).lowest_tag == "manylinux_2_5_x86_64"


@pytest.mark.parametrize(("mask", "expected"), [(1, "manylinux_2_5_x86_64"), (3, "linux_x86_64"), (5, "linux_x86_64")])
def test_instruction_sets(mask: int, expected: str) -> None:
    assert _judge((_elf(isa_needed=mask),), [X86_64]).lowest_tag == expected


def test_python_2_builds() -> None:
    ucs2 = _elf(init=(), init2=("m",), undefined=("PyUnicodeUCS2_FromObject",))
    assert _judge((ucs2,), [X86_64]).lowest_tag == "linux_x86_64"
    ucs4 = _elf(init=(), init2=("m",), undefined=("PyUnicodeUCS4_FromObject",))
    assert _judge((ucs4,), [X86_64]).lowest_tag == "manylinux_2_5_x86_64"
    pyfpe = _elf(undefined=("PyFPE_jbuf",), undefined_data=())
    assert _judge((pyfpe,), [X86_64]).lowest_tag == "linux_x86_64"


def test_a_library_that_no_path_reaches_is_external() -> None:
    lib = _elf("pkg.libs/liba-1234.so.1", init=())
    for runpath, expected in ((None, "linux_x86_64"), ("$ORIGIN/../pkg.libs", "manylinux_2_5_x86_64")):
        files = (_elf(needed=("liba-1234.so.1",), runpath=runpath), lib)
        assert _judge(files, [X86_64]).lowest_tag == expected


def test_libraries_below_a_library_count_where_the_tree_starts() -> None:
    """The needs of a library that an extension needs are judged by the extension's own search path."""
    a = _elf("pkg.libs/liba.so.1", init=(), needed=("libb.so.1",))
    b = _elf("pkg.libs/libb.so.1", init=(), needed=("libasound.so.2",))
    extension = _elf(needed=("liba.so.1",), rpath="$ORIGIN/../pkg.libs")
    found = _judge((extension, a, b), [X86_64])
    assert [(s.path, s.library) for s in found.shortfalls] == [(extension.path, "libasound.so.2")]


def test_dependency_loops_end() -> None:
    a = _elf("pkg.libs/liba.so.1", init=(), needed=("libb.so.1",), rpath="$ORIGIN")
    b = _elf("pkg.libs/libb.so.1", init=(), needed=("liba.so.1",), rpath="$ORIGIN")
    assert _judge((a, b), [X86_64]).lowest_tag == "manylinux_2_5_x86_64"


def test_deep_chains_do_not_overflow() -> None:
    chain = [_elf(f"pkg/lib{n}.so", init=(), needed=(f"lib{n + 1}.so",), rpath="$ORIGIN") for n in range(3000)]
    assert _judge(tuple(chain), [X86_64]).lowest_tag == "linux_x86_64"


def test_files_of_another_architecture_or_libc_are_left_out() -> None:
    foreign = _elf("pkg/other.so", machine=183, verneed=(_need("GLIBC_2.39"),))
    musl = _elf("pkg/musl.so", needed=("libc.musl-x86_64.so.1",))
    found = _judge((_elf(), foreign, musl), [X86_64])
    assert found.lowest_tag == "manylinux_2_5_x86_64"
    assert found.ignored == ("pkg/other.so", "pkg/musl.so")


def test_musl_shows_its_release_by_functions_alone() -> None:
    libc = ("libc.musl-x86_64.so.1",)
    for names, release in (((), ()), (("malloc",), ()), (("qsort_r", "reallocarray"), (1, 2, 3))):
        assert _judge((_elf(needed=libc, undefined=names),), ["musllinux_1_1_x86_64"]).musl_release == release


def test_musl_wheel_is_judged_alike_on_every_host() -> None:
    files = (_elf(needed=("libc.musl-x86_64.so.1",)),)
    for claim in ("musllinux_1_2_x86_64", "linux_x86_64", "any"):
        assert _judge(files, [claim]).lowest_tag == "musllinux_1_2_x86_64"
    found = _judge(files, ["musllinux_1_1_x86_64"])
    assert (found.lowest_tag, found.differences) == ("musllinux_1_1_x86_64", ("musl-release",))
    newer = (_elf(needed=("libc.musl-x86_64.so.1",), undefined=("qsort_r",)),)
    assert _judge(newer, ["musllinux_1_1_x86_64"]).lowest_tag == "musllinux_1_2_x86_64"
    itself = (_elf("pkg/m.so", needed=("libc.so",)),)
    found = _judge(itself, ["musllinux_1_1_x86_64"])
    assert (found.lowest_tag, found.differences) == ("musllinux_1_1_x86_64", ("musl-itself", "musl-release"))


def test_both_libcs_claimed_and_none_used() -> None:
    """A static program under manylinux and musllinux tags, as several tools written in Rust ship it."""
    files = (_elf("pkg-1.data/scripts/tool", needed=(), init=()),)
    assert _judge(files, [X86_64, "musllinux_1_1_x86_64"]).lowest_tag == "manylinux_2_5_x86_64"


def test_other_systems_have_no_verdict() -> None:
    assert _judge((_elf(),), ["android_21_x86_64"]) == platform_tag.Verdict()
    assert _judge((), [X86_64]).lowest_tag == ""


def test_architecture_of_arm_files() -> None:
    (data,) = elf_files("healthy_armv7l").values()
    assert platform_tag.arch_of(elf.read(data, "x.so")) == "armv7l"
    (soft,) = elf_files("wheel_wrong_arch_float-1").values()
    assert platform_tag.arch_of(elf.read(soft, "x.so")) == ""
