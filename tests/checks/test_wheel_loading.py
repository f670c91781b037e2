"""Files that loaders refuse or crash on: rules of glibc and musl on wheels made of facts."""

from __future__ import annotations

import pytest
from facts import elf, found, levels, wheel
from wheels import finding

from diagnose.loaders import glibc_loader
from diagnose.readers.elf.elf_parser import ET_EXEC, ET_REL, Elf, Verneed
from diagnose.readers.wheel.filekind import CodeFile
from diagnose.readers.wheel.reader import Wheel

MODULE = "demo.cpython-312-x86_64-linux-gnu.so"
MUSL = "demo.cpython-312-x86_64-linux-musl.so"
LIBC = (("libc.so.6", "GLIBC_2.17"),)


def for_glibc(*elves: Elf, platform: str = "manylinux_2_17_x86_64", **rest: object) -> Wheel:
    return wheel(f"cp312-cp312-{platform}", *elves, **rest)  # type: ignore[arg-type]


def for_musl(*elves: Elf, platform: str = "musllinux_1_2_x86_64") -> Wheel:
    return wheel(f"cp312-cp312-{platform}", *elves)


def musl_elf(path: str = MUSL, **rest: object) -> Elf:
    return elf(path, needed=("libc.musl-x86_64.so.1",), **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "level"), [(2720, ["error"]), (1665, ["error"]), (1664, ["note"]), (256, ["note"]), (136, [])]
)
def test_static_tls_against_the_room_of_glibc(size: int, level: list[str]) -> None:
    assert levels("wheel-static-tls", for_glibc(elf(MODULE, tls_size=size, static_tls=True))) == level


def test_static_tls_of_everything_that_is_loaded_together_counts() -> None:
    module = elf(MODULE, needed=("libc.so.6", "libx.so.1"), runpath="$ORIGIN", tls_size=1000, static_tls=True)
    library = elf("libx.so.1", tls_size=1000, static_tls=True)
    assert levels("wheel-static-tls", for_glibc(module, library)) == ["error"]
    apart = elf("other/liby.so.1", tls_size=1000, static_tls=True)
    assert levels("wheel-static-tls", for_glibc(elf(MODULE, tls_size=1000, static_tls=True), apart)) == ["note"]


def test_thread_local_variables_of_others_take_no_room() -> None:
    module = elf(MODULE, tls_size=4000, static_tls=True, initial_exec_undefined=("errno_of_libc",))
    assert not found("wheel-static-tls", for_glibc(module))
    assert not found("wheel-static-tls", for_glibc(elf(MODULE, tls_size=4000)))


def test_a_program_has_the_room_that_it_needs() -> None:
    program = elf("demo-1.data/scripts/demo", tls_size=9000, static_tls=True, interp="/lib64/ld-linux-x86-64.so.2")
    assert not found("wheel-static-tls", for_glibc(program))


def test_musl_has_no_room_at_all() -> None:
    assert levels("wheel-static-tls", for_musl(musl_elf(tls_size=4, initial_exec=("v",)))) == ["error"]
    (spoken,) = found("wheel-static-tls", for_musl(musl_elf(tls_size=4, initial_exec=("",))))
    assert "(local): initial-exec TLS resolves to dynamic definition in" in spoken.consequence
    assert not found("wheel-static-tls", for_musl(musl_elf(tls_size=4)))


# --- packed relative relocations: the loaders that do not know them crash ------------------------------------------


@pytest.mark.parametrize(
    ("platform", "versions", "level"),
    [
        # Needs versions of libc.so.6, but not the mark: glibc from 2.36 on says so.
        ("manylinux_2_17_x86_64", LIBC, ["error"]),
        ("manylinux_2_39_x86_64", LIBC, ["error"]),
        # Needs no version at all: from 2.36 on it is loaded.
        ("manylinux_2_17_x86_64", (), ["error"]),
        ("manylinux_2_39_x86_64", (), []),
        ("manylinux_2_39_x86_64", (*LIBC, ("libc.so.6", "GLIBC_ABI_DT_RELR")), []),
    ],
)
def test_packed_relocations_need_their_mark(
    platform: str, versions: tuple[tuple[str, str], ...], level: list[str]
) -> None:
    subject = for_glibc(elf(MODULE, relr=True, versions=versions), platform=platform)
    assert levels("wheel-relr-unmarked", subject) == level


def test_packed_relocations_are_named_in_the_loaders_words() -> None:
    (spoken,) = found("wheel-relr-unmarked", for_glibc(elf(MODULE, relr=True, versions=LIBC)))
    assert f"ImportError: {MODULE}: DT_RELR without GLIBC_ABI_DT_RELR dependency" in spoken.consequence
    assert "segmentation fault" in spoken.consequence
    newer = for_glibc(elf(MODULE, relr=True, versions=LIBC), platform="manylinux_2_39_x86_64")
    assert "segmentation fault" not in found("wheel-relr-unmarked", newer)[0].consequence


@pytest.mark.parametrize(
    ("platform", "level"), [("musllinux_1_1_x86_64", ["error"]), ("musllinux_1_2_x86_64", ["note"])]
)
def test_packed_relocations_show_musls_release(platform: str, level: list[str]) -> None:
    subject = for_musl(musl_elf(relr=True), platform=platform)
    assert levels("wheel-musl-too-new", subject) == level
    assert subject.verdict.musl_release == (1, 2, 4)
    assert "Alpine before 3.18" in found("wheel-musl-too-new", subject)[0].consequence


# --- segments ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("congruent", "level", "words"),
    [
        (0, [], ""),
        (0x800, ["error"], "on every glibc: ImportError: demo"),
        (0x1000, ["warning"], "before glibc 2.35, and later on kernels with larger pages"),
    ],
)
def test_segments_agree_within_the_page(congruent: int, level: list[str], words: str) -> None:
    subject = for_glibc(elf(MODULE, congruent=congruent, load_align=0x10000))
    assert levels("wheel-segments-misaligned", subject) == level
    assert all(words in spoken.consequence for spoken in found("wheel-segments-misaligned", subject))


def test_what_each_glibc_says_about_segments() -> None:
    broken = elf(MODULE, congruent=0x800)
    assert glibc_loader.segments(broken, (2, 31)) == glibc_loader.segments(broken, (2, 31))
    old, new = glibc_loader.segments(broken, (2, 31)), glibc_loader.segments(broken, (2, 36))
    assert old is not None
    assert new is not None
    assert old.says == f"{MODULE}: ELF load command address/offset not properly aligned"
    assert new.says == f"{MODULE}: ELF load command address/offset not page-aligned"
    assert glibc_loader.segments(elf(MODULE, congruent=0x1000), (2, 36)) is None


def test_what_each_glibc_says_about_larger_pages() -> None:
    small = elf(MODULE, load_align=0x1000, page_fit=0x1000)
    old, new = glibc_loader.page(small, (2, 31), 0x10000), glibc_loader.page(small, (2, 36), 0x10000)
    assert old is not None
    assert new is not None
    assert old.says == f"{MODULE}: ELF load command alignment not page-aligned"
    assert new.says == f"{MODULE}: ELF load command address/offset not page-aligned"
    fits = elf(MODULE, load_align=0x1000, page_fit=0x10000)
    assert glibc_loader.page(fits, (2, 36), 0x10000) is None
    assert glibc_loader.page(small, (2, 31), 0x1000) is None


def test_levels_and_stacks_by_release() -> None:
    module = elf(MODULE, isa_needed=0b100)
    assert glibc_loader.level(module, (2, 32), 1) is None
    assert glibc_loader.level(module, (2, 33), 3) is None
    assert glibc_loader.level(module, (2, 33), 2) is not None
    assert glibc_loader.stack(module, (2, 40)) is None


# --- versions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mark", ["GLIBC_ABI_GNU2_TLS", "GLIBC_ABI_GNU_TLS", "GLIBC_ABI_DT_X86_64_PLT", "GLIBC_ABI_NEW"]
)
def test_marks_are_no_releases(mark: str) -> None:
    subject = for_glibc(elf(MODULE, versions=[("libc.so.6", mark)]), platform="manylinux_2_41_x86_64")
    (spoken,) = found("wheel-glibc-marker", subject)
    assert f"version `{mark}' not found" in spoken.consequence
    assert ("Debian 13 (2.41-12+deb13u5)" in spoken.consequence) is (mark != "GLIBC_ABI_NEW")
    assert not found("wheel-glibc-too-new", subject), "no number is read out of the name"
    assert subject.verdict.lowest_tag == "linux_x86_64"


def test_the_mark_for_packed_relocations_has_a_release() -> None:
    needs = [("libc.so.6", "GLIBC_ABI_DT_RELR")]
    assert not found("wheel-glibc-marker", for_glibc(elf(MODULE, versions=needs)))
    assert levels("wheel-glibc-too-new", for_glibc(elf(MODULE, versions=needs))) == ["error"]


def bundled(defines: tuple[str, ...], verdef: bool = True, weak: bool = False) -> Wheel:
    need = Verneed("libfoo-0a1b2c3d.so.1", "FOO_2", weak, ("foo",))
    module = elf(MODULE, needed=("libc.so.6", "libfoo-0a1b2c3d.so.1"), runpath="$ORIGIN", verneed=(need,))
    return for_glibc(module, elf("libfoo-0a1b2c3d.so.1", soname="libfoo-0a1b2c3d.so.1", defines=defines, verdef=verdef))


def test_versions_of_bundled_libraries() -> None:
    assert levels("wheel-bundled-version-missing", bundled(("FOO_1",))) == ["error"]
    assert not found("wheel-bundled-version-missing", bundled(("FOO_1", "FOO_2")))
    assert not found("wheel-bundled-version-missing", bundled(("FOO_1",), weak=True))
    # A copy without any versions ends an old glibc; newer ones print a warning and load it.
    (spoken,) = found("wheel-bundled-version-missing", bundled((), verdef=False))
    assert spoken.severity.value == "warning"
    assert "glibc before 2.37 aborts the process" in spoken.consequence


def test_a_weak_reference_is_named() -> None:
    need = Verneed("libc.so.6", "GLIBC_2.18", False, ("__cxa_thread_atexit_impl",))
    module = elf(MODULE, verneed=(need,), undefined_weak=("__cxa_thread_atexit_impl",))
    (spoken,) = found("wheel-glibc-too-new", for_glibc(module))
    assert "weak reference, but its version is required" in spoken.evidence[0].detail


def test_needs_beyond_every_policy_get_no_advice_that_cannot_work() -> None:
    linux = finding("wheel_linux_tag_beyond")
    lines = [command.line for fix in linux.fixes for command in fix.commands]
    assert not any("auditwheel" in line for line in lines)
    assert any("--platform-tag manylinux_2_43_x86_64" in line for line in lines)
    assert any("GLIBC_2.43 of libm.so.6 for demo_fma" in item.detail for item in linux.evidence)


# --- musl ----------------------------------------------------------------------------------------------------------


def test_indirect_functions_on_musl() -> None:
    (spoken,) = found("wheel-musl-unsupported", for_musl(musl_elf(relocations=(37,))))
    assert f"Error relocating {MUSL}: unsupported relocation type 37" in spoken.consequence
    (spoken,) = found("wheel-musl-unsupported", for_musl(musl_elf(ifuncs=("f",), bound_ifuncs=("f",))))
    assert f"Error relocating {MUSL}: f: symbol not found" in spoken.consequence
    assert not found("wheel-musl-unsupported", for_musl(musl_elf(ifuncs=("f",)))), "nothing refers to it"
    assert not found("wheel-musl-unsupported", for_glibc(elf(MODULE, relocations=(37,))))
    user = elf(MUSL, needed=("libc.musl-x86_64.so.1", "libx.so.1"), runpath="$ORIGIN", undefined=("f",))
    assert levels("wheel-musl-unsupported", for_musl(user, musl_elf("libx.so.1", ifuncs=("f",)))) == ["error"]


# --- files that nothing loads --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"type": ET_EXEC}, "cannot dynamically load executable"),
        ({"type": ET_REL}, "only ET_DYN and ET_EXEC can be loaded"),
        ({"pie": True}, "cannot dynamically load position-independent executable"),
        ({"osabi": 9}, "ELF file OS ABI invalid"),
        ({"split_debug": True}, "object file has no dynamic section"),
    ],
)
def test_elf_files_with_a_modules_name(facts: dict[str, object], words: str) -> None:
    subject = for_glibc(elf(MODULE, **facts), code=(CodeFile(MODULE, "elf", (), "library", 9),))  # type: ignore[arg-type]
    (spoken,) = found("wheel-file-not-loadable", subject)
    assert spoken.severity.value == "error"
    assert words in spoken.consequence


@pytest.mark.parametrize(
    ("path", "kind", "level"),
    [
        (MODULE, "mach-o", ["error"]),
        (MODULE, "text", ["error"]),
        (MODULE, "empty", ["error"]),
        ("demo/libfoo.so", "lfs-pointer", ["error"]),
        ("demo/libfoo.so.1", "archive", ["error"]),
        ("demo/libfoo.so", "mach-o", ["warning"]),
        ("demo/libfoo.so", "linker-script", []),
        ("demo/libfoo.dylib", "mach-o", []),
        ("demo/testdata/libfoo.so", "empty", []),
    ],
)
def test_other_files_with_the_name_of_a_shared_object(path: str, kind: str, level: list[str]) -> None:
    subject = for_glibc(code=(CodeFile(path, kind, (), "library", 9),))
    assert levels("wheel-file-not-loadable", subject) == level


# --- the module's own function -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "facts", "level"),
    [
        (MODULE, {"init": ("other",)}, ["error"]),
        (MODULE, {"init": (), "undefined": ("PyModule_Create2",)}, ["error"]),
        (MODULE, {"init": (), "mod_exports": ("demo",)}, ["error"]),  # 3.12 looks for PyInit_demo alone
        # A library with a module's ending that knows nothing of Python: ctypes opens it.
        (MODULE, {"init": ()}, []),
        ("demo/__init__.cpython-312-x86_64-linux-gnu.so", {"init": ("demo",)}, []),
        ("demo/__init__.cpython-312-x86_64-linux-gnu.so", {"init": ("other",)}, ["error"]),
        ("demo/libfoo.so", {"init": (), "undefined": ("PyModule_Create2",)}, []),
    ],
)
def test_modules_export_their_own_function(path: str, facts: dict[str, object], level: list[str]) -> None:
    assert levels("wheel-module-export-missing", for_glibc(elf(path, **facts))) == level  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tag", "level"), [("cp315-abi3", []), ("cp315-cp315", []), ("cp39-abi3", ["error"]), ("py3-none", [])]
)
def test_the_newer_export_is_known_from_3_15_on(tag: str, level: list[str]) -> None:
    module = elf("demo.abi3.so", init=(), mod_exports=("demo",))
    assert levels("wheel-module-export-missing", wheel(f"{tag}-manylinux_2_17_x86_64", module)) == level


def test_a_library_with_a_modules_ending_that_others_are_linked_with_is_no_module() -> None:
    name = "libwrapper.cpython-312-x86_64-linux-gnu.so"
    library = elf(f"demo/{name}", undefined=("PyErr_Fetch",))
    user = elf("demo/_user.cpython-312-x86_64-linux-gnu.so", needed=(name,), runpath="$ORIGIN")
    assert levels("wheel-module-export-missing", for_glibc(library, user)) == []
    assert levels("wheel-module-export-missing", for_glibc(library)) == ["error"]
    other = library._replace(init=("other",))
    assert levels("wheel-module-export-missing", for_glibc(other, user)) == ["error"]


def test_a_library_may_export_it_for_the_module() -> None:
    module = elf(MODULE, init=(), undefined=("PyModule_Create2",), needed=("libc.so.6", "libx.so.1"), runpath="$ORIGIN")
    assert not found("wheel-module-export-missing", for_glibc(module, elf("libx.so.1", init=("demo",))))


# --- names that libraries are needed by ----------------------------------------------------------------------------


def test_libraries_needed_by_their_path() -> None:
    relative = elf(MODULE, needed=("libc.so.6", "build/libfoo.so"))
    assert levels("wheel-needed-path", for_glibc(relative)) == ["error"]
    assert not found("wheel-external-lib", for_glibc(relative))
    beside = "$ORIGIN/libfoo.so"
    assert not found("wheel-needed-path", for_glibc(elf(MODULE, needed=("libc.so.6", beside)), elf("libfoo.so")))
    assert levels("wheel-needed-path", for_musl(elf(MUSL, needed=("libc.musl-x86_64.so.1", beside)))) == ["error"]


def test_a_path_from_origin_is_opened_by_glibc_where_the_file_is() -> None:
    module = elf("demo/" + MODULE, needed=("libc.so.6", "$ORIGIN/lib/libfoo.so"))
    there = for_glibc(module, elf("demo/lib/libfoo.so"))
    assert not found("wheel-needed-path", there)
    assert (there.verdict.lowest_tag, there.verdict.differences) == ("manylinux_2_5_x86_64", ("origin-in-needed",))
    elsewhere = for_glibc(module, elf("demo/libfoo.so"))
    (spoken,) = found("wheel-needed-path", elsewhere)
    assert "…/lib/python/site-packages/demo/lib/libfoo.so: cannot open shared object file" in spoken.consequence
    # A file that needs itself ends the search.
    assert not found("wheel-needed-path", for_glibc(elf("libx.so", needed=("${ORIGIN}/libx.so",))))


def test_a_path_to_a_library_outside_is_linked_again() -> None:
    (spoken,) = found("wheel-needed-path", for_glibc(elf(MODULE, needed=("libc.so.6", "build/libfoo.so"))))
    assert [fix.repack for fix in spoken.fixes] == [None], "the wheel has no copy of it"
    assert "auditwheel repair copies libfoo.so" in spoken.fixes[0].notes


def test_filters_are_loaded_by_glibc_alone() -> None:
    filtering = {"needed": ("libc.so.6",), "filters": ("libreal.so.1",), "runpath": "$ORIGIN"}
    assert levels("wheel-external-lib", for_glibc(elf(MODULE, **filtering))) == ["error"]  # type: ignore[arg-type]
    assert not found("wheel-external-lib", for_glibc(elf(MODULE, **filtering), elf("libreal.so.1")))  # type: ignore[arg-type]
    far = for_glibc(elf(MODULE, **filtering), elf("far/libreal.so.1"))  # type: ignore[arg-type]
    assert levels("wheel-rpath", far) == ["error"]
    for_alpine = {**filtering, "needed": ("libc.musl-x86_64.so.1",)}
    assert not found("wheel-external-lib", for_musl(elf(MUSL, **for_alpine)))  # type: ignore[arg-type]
    assert not found("wheel-rpath", for_musl(elf(MUSL, **for_alpine), musl_elf("far/libreal.so.1")))  # type: ignore[arg-type]


def test_the_error_is_an_imports_only_where_an_import_loads_the_file() -> None:
    def error(*elves: Elf) -> str:
        (spoken,) = found("wheel-external-lib", for_glibc(*elves))
        return spoken.consequence.partition(": ")[2].partition(": libgone")[0]

    gone = {"needed": ("libc.so.6", "libgone.so.1"), "init": ()}
    library = elf("demo.libs/libdemo.so.1", **gone)  # type: ignore[arg-type]
    needs = {"needed": ("libc.so.6", "libdemo.so.1"), "runpath": "$ORIGIN/demo.libs"}
    assert error(library, elf(MODULE, **needs)) == "ImportError"  # type: ignore[arg-type]
    # As the library of a package that opens it with ctypes, or never.
    assert error(library) == "if code opens libdemo.so.1: OSError"
    assert error(library, elf(MODULE)) == "if code opens libdemo.so.1: OSError"
    program = elf(
        "demo-1.data/scripts/tool",
        interp="/lib64/ld-linux-x86-64.so.2",
        **{**needs, "runpath": "$ORIGIN/../lib/python/site-packages/demo.libs"},
    )  # type: ignore[arg-type]
    assert error(library, program) == "starting a program that needs it"


def test_libraries_in_the_environments_own_folder_are_a_note() -> None:
    core = elf("demo-1.data/data/lib/libcore.so.3", init=())
    fast = elf("demo-1.data/data/lib/libfast.so.3", needed=("libc.so.6", "libcore.so.3"), init=())
    assert levels("wheel-rpath", for_glibc(core, fast)) == ["note"]
    inside = fast._replace(path="demo/libfast.so.3", installed="lib/python/site-packages/demo/libfast.so.3")
    assert levels("wheel-rpath", for_glibc(core, inside)) == ["warning"]


def test_a_module_for_the_other_c_library_is_not_renamed() -> None:
    mixed = wheel("cp312-cp312-musllinux_1_2_x86_64", elf(MODULE))
    (spoken,) = found("wheel-libc-mismatch", mixed)
    assert "--target x86_64-unknown-linux-musl. maturin's --compatibility alone" in spoken.fixes[0].notes
    assert not found("wheel-python-tag-mismatch", mixed)


def test_versions_that_only_the_loader_has_are_said_to_be_unseen_by_auditwheel() -> None:
    loader = elf(MODULE, versions=[("ld-linux-x86-64.so.2", "GLIBC_2.35")])
    (spoken,) = found("wheel-glibc-too-new", for_glibc(loader))
    assert spoken.consequence.endswith("auditwheel and maturin do not count versions of ld-linux-x86-64.so.2")
    (spoken,) = found("wheel-glibc-too-new", for_glibc(elf(MODULE, versions=[("libc.so.6", "GLIBC_2.35")])))
    assert "auditwheel" not in spoken.consequence


def test_zigs_runtime_is_named_as_the_origin_of_a_need() -> None:
    runtime = ("copy_file_range", "sendfile64", "pwritev64", "writev", "readv", "lseek64")
    need = Verneed("libc.so.6", "GLIBC_2.27", False, ("copy_file_range",))
    (spoken,) = found("wheel-glibc-too-new", for_glibc(elf(MODULE, verneed=(need,), undefined=runtime)))
    assert "zig cc without -O" in spoken.fixes[0].notes
    (spoken,) = found("wheel-glibc-too-new", for_glibc(elf(MODULE, verneed=(need,), undefined=runtime[:1])))
    assert "zig cc" not in spoken.fixes[0].notes


def test_the_crate_is_named_only_where_the_wheel_names_it() -> None:
    hashed = elf(MODULE, needed=("libc.so.6", "libz-1a2b3c4d.so.1"))
    sbom = "demo-1.dist-info/sboms/demo-native.cyclonedx.json"
    (spoken,) = found("wheel-bundled-lib-missing", for_glibc(hashed))
    assert spoken.fixes[0].commands[0].line == "cargo clean --release --target x86_64-unknown-linux-gnu"
    (spoken,) = found("wheel-bundled-lib-missing", for_glibc(hashed, files=(sbom,)))
    assert spoken.fixes[0].commands[0].line == "cargo clean --release -p demo-native --target x86_64-unknown-linux-gnu"
    (spoken,) = found("wheel-wrong-arch", for_glibc(elf(MODULE, "aarch64"), generator="maturin (1.16.0)"))
    assert [command.line for command in spoken.fixes[0].commands] == [
        "maturin build --release --target x86_64-unknown-linux-gnu"
    ]


def test_debug_information_in_place_of_a_module_is_not_stripped() -> None:
    empty = for_glibc(elf(MODULE, split_debug=True, size=5000))
    (spoken,) = found("wheel-file-not-loadable", empty)
    assert spoken.fixes[0].title == "ship the stripped file"
    assert not found("wheel-debug-shipped", empty)
    beside = for_glibc(elf(MODULE), elf(f"{MODULE}.debug", split_debug=True, size=5000))
    (spoken,) = found("wheel-debug-shipped", beside)
    assert spoken.fixes[0].title == "remove the files with debug information"
    assert "llvm-strip" not in spoken.fixes[0].notes


def test_a_need_that_no_repair_removes() -> None:
    mark = for_glibc(elf(MODULE, versions=[("libc.so.6", "GLIBC_ABI_DT_X86_64_PLT")]), platform="linux_x86_64")
    (spoken,) = found("wheel-linux-tag", mark)
    assert not any("auditwheel" in command.line for fix in spoken.fixes for command in fix.commands)
    assert spoken.fixes[0].title == "build it without GLIBC_ABI_DT_X86_64_PLT"


def test_the_wheel_that_brings_a_library_is_the_right_one() -> None:
    module = elf("demo/libdemo.so.2", needed=("libc.so.6", "libtbb.so.12"), init=())
    (spoken,) = found("wheel-external-lib", for_glibc(module, requires=("intel-openmp==2026.*", "tbb==2022.*")))
    assert "comes with tbb, which the wheel requires" in spoken.evidence[0].detail


# --- processors ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arch", "words"),
    [
        ("rv64i2p1_m2p0_a2p1_f2p2_d2p2_c2p0_zicsr2p0_zifencei2p0_zmmul1p0", ""),
        ("rv64i2p1_m2p0_a2p1_f2p2_d2p2_c2p0_v1p0_zicsr2p0_zve32f1p0_zvl128b1p0", "the RISC-V extensions v"),
        ("rv64i2p1_m2p0_a2p1_f2p2_d2p2_c2p0_zba1p0_zbb1p0", "the RISC-V extensions zba zbb"),
        ("", ""),
    ],
)
def test_riscv_attributes_beyond_the_baseline(arch: str, words: str) -> None:
    header = {"machine": 243, "bits": 64, "endian": "little", "flags": 5, "riscv_arch": arch}
    module = elf("demo.cpython-312-riscv64-linux-gnu.so", **header)  # type: ignore[arg-type]
    spoken = found("wheel-isa-too-new", wheel("cp312-cp312-manylinux_2_31_riscv64", module))
    assert [one.severity.value for one in spoken] == (["warning"] if words else [])
    assert all(words in one.message for one in spoken)


def test_soft_float_riscv_is_called_so() -> None:
    header = {"machine": 243, "bits": 64, "endian": "little", "flags": 1}
    module = elf("demo.cpython-312-riscv64-linux-gnu.so", **header)  # type: ignore[arg-type]
    (spoken,) = found("wheel-wrong-arch", wheel("cp312-cp312-manylinux_2_31_riscv64", module))
    assert "soft float (lp64)" in spoken.message


def test_a_library_that_code_opens_needs_allowed_libraries_too() -> None:
    one = elf("demo/libdemo.so", needed=("libc.so.6", "libatomic.so.1"))
    assert levels("wheel-allowed-lib-absent", for_glibc(one)) == ["note"]
    other = elf("demo/libother.so", needed=("libc.so.6",))  # nothing says which of the two is opened
    assert levels("wheel-allowed-lib-absent", for_glibc(one, other)) == []


def test_a_module_in_a_package_is_named_as_the_import_error_names_it() -> None:
    module = elf("demo/inner/_x.cpython-311-x86_64-linux-gnu.so", needed=("libc.so.6",))
    (finding,) = found("wheel-python-tag-mismatch", for_glibc(module))
    assert finding.consequence == "ModuleNotFoundError: No module named 'demo.inner._x'"
