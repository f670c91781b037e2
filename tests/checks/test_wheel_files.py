"""What the files of a wheel are: names, architectures, search paths, the archive."""

from __future__ import annotations

import pytest
from facts import elf, found, levels, wheel
from wheels import CAUSES, broken, finding, findings

from diagnose.readers.elf.elf_parser import ET_EXEC, ET_REL
from diagnose.readers.wheel.archive import ZipFlaw
from diagnose.readers.wheel.filekind import CodeFile
from diagnose.readers.wheel.record import Record, RecordFlaw

MODULE = "demo.cpython-312-x86_64-linux-gnu.so"
MANYLINUX = "cp312-cp312-manylinux2014_x86_64"


def named(tag: str, *names: str, **rest: object) -> list[str]:
    libc = {"needed": ("libc.musl-x86_64.so.1",)} if "musllinux" in tag else {}
    elves = (elf(name, "aarch64" if "aarch64" in tag else "x86_64", **libc) for name in names)
    return levels("wheel-python-tag-mismatch", wheel(tag, *elves, **rest))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tag", "name", "level"),
    [
        (MANYLINUX, MODULE, []),
        (MANYLINUX, "demo.abi3.so", []),
        (MANYLINUX, "demo.so", []),
        (MANYLINUX, "demo.cpython-311-x86_64-linux-gnu.so", ["error"]),
        ("cp36-cp36m-manylinux2014_x86_64", "demo.cpython-36m-x86_64-linux-gnu.so", []),
        ("cp36-cp36m-manylinux2014_x86_64", "demo.cpython-36-x86_64-linux-gnu.so", ["error"]),
        # The machine part is CPython's, which is not that of the tag, nor Rust's.
        ("cp312-cp312-manylinux2014_aarch64", "demo.cpython-312-aarch64-linux-gnu.so", []),
        ("cp312-cp312-manylinux2014_aarch64", "demo.cpython-312-x86_64-linux-gnu.so", ["error"]),
        # musl has a name of its own since 3.11.
        ("cp310-cp310-musllinux_1_2_x86_64", "demo.cpython-310-x86_64-linux-gnu.so", ["note"]),  # not Alpine's own
        ("cp311-cp311-musllinux_1_2_x86_64", "demo.cpython-311-x86_64-linux-musl.so", []),
        ("cp311-cp311-musllinux_1_2_x86_64", "demo.cpython-311-x86_64-linux-gnu.so", ["error"]),
        # A free-threaded interpreter takes neither the other's modules nor the stable ABI's.
        ("cp313-cp313t-manylinux2014_x86_64", "demo.cpython-313t-x86_64-linux-gnu.so", []),
        ("cp313-cp313t-manylinux2014_x86_64", "demo.cpython-313-x86_64-linux-gnu.so", ["error"]),
        ("cp313-cp313t-manylinux2014_x86_64", "demo.abi3.so", ["error"]),
        ("pp311-pypy311_pp73-manylinux2014_x86_64", "demo.pypy311-pp73-x86_64-linux-gnu.so", []),
        ("pp310-pypy310_pp73-manylinux2014_x86_64", "demo.pypy311-pp73-x86_64-linux-gnu.so", ["error"]),
        ("cp39-abi3-manylinux2014_x86_64", "demo.abi3.so", []),
        ("cp39-abi3-manylinux2014_x86_64", "demo.so", []),
        ("cp39-abi3-manylinux2014_x86_64", "demo.cpython-39-x86_64-linux-gnu.so", ["error"]),
        ("py3-none-manylinux2014_x86_64", "demo.cpython-312-x86_64-linux-gnu.so", ["error"]),
        # A library that merely happens to define the function is loaded by name.
        ("py3-none-manylinux2014_x86_64", "libdemo.so", []),
        # For one interpreter, whatever the ABI part says.
        ("cp312-none-manylinux2014_x86_64", MODULE, []),
        ("graalpy312-graalpy250_312_native-manylinux2014_x86_64", "demo.graalpy250-312-native-x86_64-linux.so", []),
        ("cp27-cp27mu-manylinux1_x86_64", "demo.so", []),
    ],
)
def test_which_interpreter_imports_which_name(tag: str, name: str, level: list[str]) -> None:
    assert named(tag, name) == level


def test_one_file_for_every_tagged_interpreter_is_enough() -> None:
    both = "cp311.cp312-cp311.cp312-manylinux2014_x86_64"
    old = "demo.cpython-311-x86_64-linux-gnu.so"
    # The set of tags also holds cp311-cp312, which no interpreter asks for.
    assert named("cp312-cp312-manylinux2014_x86_64", old, MODULE) == []
    assert named(both, old) == ["error"]


def test_pure_python_takes_the_module_s_place() -> None:
    old = "demo/fast.cpython-311-x86_64-linux-gnu.so"
    assert named(MANYLINUX, old, files=("demo/fast.py",)) == ["warning"]
    assert named("py3-none-any", old, files=("demo/fast.py",)) == ["note"]
    assert named("py3-none-any", old, "demo/fast.cpython-312-x86_64-linux-gnu.so") == ["note"]


def test_a_plain_module_behind_an_open_tag() -> None:
    module = elf("demo.so", undefined=("PyModule_Create2",))
    assert levels("wheel-python-tag-mismatch", wheel("py3-none-manylinux2014_x86_64", module)) == ["warning"]


def abi3(tag: str, *undefined: str, **rest: object) -> list[str]:
    module = elf("demo.abi3.so", undefined=undefined, **rest)  # type: ignore[arg-type]
    return levels("wheel-abi3-violation", wheel(f"{tag}-manylinux2014_x86_64", module))


def test_the_lowest_tagged_version_is_the_promise() -> None:
    assert abi3("cp39-abi3", "PyUnicode_AsUTF8AndSize") == ["error"]
    assert abi3("cp310-abi3", "PyUnicode_AsUTF8AndSize") == []
    assert abi3("cp39.cp310-abi3", "PyUnicode_AsUTF8AndSize") == ["error"]
    assert abi3("cp312-cp312", "_PyObject_GetDictPtr") == [], "promises nothing of the kind"


def test_what_does_not_violate_the_stable_abi() -> None:
    assert abi3("cp39-abi3", "PyType_Type", "_Py_NoneStruct", "PyList_Append") == []
    assert abi3("cp39-abi3", undefined_weak=("PyUnstable_Demo",)) == [], "weak: asked for at run time"
    assert abi3("cp39-abi3", "Pyrolysis_rate", "PySideDemo") == ["error"]
    # Qt's bindings get functions of that name from a library of their own.
    assert abi3("cp39-abi3", "PyDateTime_Get", needed=("libc.so.6", "libshiboken6.abi3.so.6")) == []


def test_libraries_for_the_stable_abi_are_looked_at_too() -> None:
    library = elf("demo/libdemo.abi3.so.5", undefined=("_PyObject_GetDictPtr",))
    assert levels("wheel-abi3-violation", wheel("cp39-abi3-manylinux2014_x86_64", library)) == ["error"]


def searched(runpath: str | None, *, lib: str = "demo.libs/libx-0a1b2c3d.so.1", **rest: object) -> list[str]:
    module = elf(f"demo/{MODULE}", needed=("libc.so.6", "libx-0a1b2c3d.so.1"), runpath=runpath, **rest)  # type: ignore[arg-type]
    return levels("wheel-rpath", wheel(MANYLINUX, module, elf(lib)))


def test_search_paths_on_the_installed_layout() -> None:
    assert searched("$ORIGIN/../demo.libs") == []
    assert searched("${ORIGIN}/../demo.libs") == []
    assert searched("$ORIGIN/demo.libs") == ["error"]
    assert searched(None) == ["error"]
    assert searched(None, rpath="$ORIGIN/../demo.libs") == []
    # platlib and purelib are one folder in an environment, data is its root.
    assert searched("$ORIGIN/../demo.libs", lib="demo-1.data/platlib/demo.libs/libx-0a1b2c3d.so.1") == []
    assert searched("$ORIGIN/../../../../lib", lib="demo-1.data/data/lib/libx-0a1b2c3d.so.1") == []


def astray(runpath: str) -> list[str]:
    return levels("wheel-rpath", wheel(MANYLINUX, elf(MODULE, runpath=runpath)))


@pytest.mark.parametrize(
    ("runpath", "level"),
    [
        ("", []),  # loaders ignore it as a whole
        ("$ORIGIN", []),
        ("$ORIGIN:$LIB", []),
        ("$ORIGIN:", ["warning"]),
        ("$ORIGIN/../../../../..", ["warning"]),
        ("$ORIGIN/../../..", []),  # the environment's own lib, where other wheels put theirs
        ("/home/runner/work/lib", ["warning"]),
        ("/opt/hostedtoolcache/Python/3.12/lib", ["warning"]),
        ("/usr/local/cuda-12.4/lib64", ["note"]),
        ("/opt/rocm-6.2/lib:/home/me", ["warning"]),
        ("@loader_path/../lib", ["warning"]),
        ("demo.libs", ["warning"]),
    ],
)
def test_entries_that_lead_astray(runpath: str, level: list[str]) -> None:
    assert astray(runpath) == level


def test_what_the_process_has_loaded_already_is_found() -> None:
    library = elf("demo/lib/libcore.so.1", soname="libcore.so.1")
    module = elf(f"demo/{MODULE}", needed=("libc.so.6", "libcore.so.1"), runpath="$ORIGIN/lib")
    plugin = elf("demo/plugins/libplugin.so", needed=("libc.so.6", "libcore.so.1"))
    assert levels("wheel-rpath", wheel(MANYLINUX, library, module, plugin)) == []
    second = elf("demo/other.cpython-312-x86_64-linux-gnu.so", needed=("libc.so.6", "libcore.so.1"))
    assert levels("wheel-rpath", wheel(MANYLINUX, library, module, second)) == ["warning"]


def test_what_a_required_wheel_brings_is_that_one_s_to_load() -> None:
    library = elf("demo.libs/libcudart-3eda8113.so.13", soname="libcudart.so.13")
    module = elf(f"demo/{MODULE}", needed=("libc.so.6", "libcudart.so.13"))
    for requires, level in ((("torch>=2",), []), (("numpy",), ["error"]), (('torch; extra == "gpu"',), ["error"])):
        assert levels("wheel-rpath", wheel(MANYLINUX, library, module, requires=requires)) == level


def test_a_library_under_another_file_name_is_named_in_the_module() -> None:
    library = elf("demo/libSDL2-2.0.so", soname="libSDL2-2.0.so.0")
    user = elf("demo/libSDL2_image-2.0.so", needed=("libc.so.6", "libSDL2-2.0.so.0"), runpath="$ORIGIN")
    subject = wheel("py3-none-manylinux2014_x86_64", library, user)
    assert not found("wheel-external-lib", subject)
    (spoken,) = found("wheel-rpath", subject)
    assert any(
        command.line
        == "patchelf --replace-needed libSDL2-2.0.so.0 libSDL2-2.0.so diagnose-repack/demo-1/demo/libSDL2_image-2.0.so"
        for command in spoken.fixes[0].commands
    )


def arch(tag: str, *elves: object) -> list[str]:
    return levels("wheel-wrong-arch", wheel(tag, *elves))  # type: ignore[arg-type]


def test_files_of_another_architecture() -> None:
    mine, other = elf(MODULE), elf("demo/data/tool", "aarch64", interp="/lib/ld-linux-aarch64.so.1")
    assert arch(MANYLINUX, mine, other) == ["note"]
    assert arch(MANYLINUX, elf("demo.cpython-312-aarch64-linux-gnu.so", "aarch64")) == ["error"]
    assert arch(MANYLINUX, mine, elf("demo.cpython-312-aarch64-linux-gnu.so", "aarch64")) == ["note"], "the twin"
    assert arch(MANYLINUX, mine, elf("demo-1.data/scripts/tool", "aarch64")) == ["error"], "on everybody's PATH"
    needing = elf(MODULE, needed=("libc.so.6", "libx.so"))
    assert arch(MANYLINUX, needing, elf("demo.libs/libx.so", "aarch64")) == ["error"]
    assert arch(MANYLINUX, mine, elf("demo/boot.o", "aarch64", type=ET_REL)) == [], "nothing loads an object file"
    both = "cp312-cp312-manylinux2014_x86_64.manylinux2014_aarch64"
    assert arch(both, mine, elf("demo.cpython-312-aarch64-linux-gnu.so", "aarch64")) == []
    assert arch("py3-none-any", other) == [], "another check's"


def test_arm_conventions() -> None:
    module = "demo.cpython-312-arm-linux-gnueabihf.so"
    soft = {"flags": 0x5000200, "arm_float": "soft"}
    assert arch("cp312-cp312-manylinux2014_armv7l", elf(module, "armv7l")) == []
    assert arch("cp312-cp312-linux_armv6l", elf(module, "armv7l")) == [], "the headers are the same"
    assert arch("cp312-cp312-manylinux2014_armv7l", elf(module, "armv7l", **soft)) == ["error"]
    # Passes no floating-point number to anybody.
    static = elf("demo-1.data/scripts/demo", "armv7l", dynamic=False, type=ET_EXEC, needed=(), **soft)
    assert arch("py3-none-manylinux2014_armv7l", static) == []


def test_instruction_sets() -> None:
    def needs(**rest: object) -> list[str]:
        return levels("wheel-isa-too-new", wheel(MANYLINUX, elf(**{"path": MODULE, **rest})))  # type: ignore[arg-type]

    assert needs(isa_needed=1) == []
    assert needs(isa_needed=3) == ["warning"]
    assert needs(isa_needed=7) == ["error"]
    assert needs(isa_needed=7, path="demo.libs/glibc-hwcaps/x86-64-v3/libx.so.1") == [], "the loader chooses"
    armv7 = elf("demo-1.data/scripts/demo", "armv7l", arm_cpu=10)
    assert levels("wheel-isa-too-new", wheel("py3-none-linux_armv6l", armv7)) == ["note"]
    assert levels("wheel-isa-too-new", wheel("py3-none-linux_armv7l", armv7)) == []


def test_a_missing_stack_header_means_yes_on_some_architectures() -> None:
    assert levels("wheel-execstack", wheel(MANYLINUX, elf(MODULE, gnu_stack=None))) == ["error"]
    other = elf("demo.cpython-312-aarch64-linux-gnu.so", "aarch64", gnu_stack=None)
    assert levels("wheel-execstack", wheel("cp312-cp312-manylinux2014_aarch64", other)) == []
    program = elf("demo-1.data/scripts/demo", gnu_stack=7, interp="/lib64/ld-linux-x86-64.so.2")
    assert levels("wheel-execstack", wheel("py3-none-manylinux2014_x86_64", program)) == [], "it brings its own stack"


def test_text_relocations_kill_only_programs_of_musl() -> None:
    """musl 1.2.3 maps a library with them writable; a program of its own dies at the first relocation."""
    musl = {"needed": ("libc.musl-x86_64.so.1",), "textrel": True}
    tag, loader = "cp312-cp312-musllinux_1_2_x86_64", "/lib/ld-musl-x86_64.so.1"
    assert levels("wheel-textrel", wheel(tag, elf("demo.cpython-312-x86_64-linux-musl.so", **musl))) == ["warning"]
    program = elf("demo-1.data/scripts/demo", interp=loader, **musl)
    (fatal,) = found("wheel-textrel", wheel("py3-none-musllinux_1_2_x86_64", program))
    assert (fatal.severity.value, fatal.consequence) == ("error", "demo: Segmentation fault")


def test_page_sizes() -> None:
    def aligned(size: int) -> list[str]:
        module = elf("demo.cpython-312-aarch64-linux-gnu.so", "aarch64", load_align=size)
        return levels("wheel-page-alignment", wheel("cp312-cp312-manylinux2014_aarch64", module))

    assert [aligned(size) for size in (0x1000, 0x4000, 0x10000, 0x200000)] == [["error"], ["warning"], [], []]
    assert levels("wheel-page-alignment", wheel(MANYLINUX, elf(MODULE, load_align=0x1000))) == []


def test_both_c_libraries_in_one_wheel() -> None:
    musl = {"needed": ("libc.musl-x86_64.so.1",)}
    glibc_tag, both = "py3-none-manylinux2014_x86_64", "py3-none-manylinux2014_x86_64.musllinux_1_2_x86_64"

    def judged(tag: str, *elves: object) -> list[str]:
        return levels("wheel-libc-mismatch", wheel(tag, *elves))  # type: ignore[arg-type]

    assert judged(glibc_tag, elf("demo/libdemo.so"), elf("demo/musl/libdemo.so", **musl)) == [], "chosen by name"
    assert judged(glibc_tag, elf("demo/musl/libdemo.so", **musl)) == ["error"]
    assert judged(both, elf("demo/libdemo.so")) == ["error"], "two promises, one kept"
    static = elf("demo-1.data/scripts/demo", needed=(), dynamic=False, type=ET_EXEC)
    assert judged(both, static) == []
    lost = elf("demo.abi3.so", needed=("libc.musl-x86_64.so.1",), undefined=("__memcpy_chk", "__isoc23_strtol"))
    assert judged("cp39-abi3-musllinux_1_2_x86_64", lost) == ["error"]


def test_pure_and_not_pure() -> None:
    def judged(tag: str, *elves: object, **rest: object) -> list[str]:
        return levels("wheel-purelib", wheel(tag, *elves, **rest))  # type: ignore[arg-type]

    library, module = elf("demo/libdemo.so"), elf(MODULE)
    assert judged("py3-none-any", module) == ["error"]
    assert judged("py3-none-any", library) == ["warning"]
    assert judged("py3-none-any", library, files=("demo/demo.dll",)) == ["note"]
    assert judged("py3-none-any", library, elf("demo/arm/libdemo.so", "aarch64")) == ["note"]
    assert judged(MANYLINUX, module, root_is_purelib=True) == ["warning"]
    assert judged("py3-none-manylinux2014_x86_64", library, root_is_purelib=True) == ["note"]
    platlib = elf(f"demo-1.data/platlib/{MODULE}")
    assert judged(MANYLINUX, platlib, root_is_purelib=True) == [], "still goes where compiled code belongs"


def test_a_little_debug_information_is_not_reported() -> None:
    def judged(size: int) -> list[str]:
        return levels("wheel-debug-shipped", wheel(MANYLINUX, elf(MODULE, size=9_000_000, debug_size=size)))

    assert judged(1_000_000) == []
    assert judged(3_000_000) == ["note"]


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("libasound-b9128502.so.2.0.0", ["warning"]),
        ("libvulkan.so.1", ["warning"]),
        ("libcuda.so.1", ["warning"]),
        ("libdbus-1-89d7a6c5.so.3.7.4", ["note"]),
        ("libudev-1f672570.so.1.6.2", ["note"]),
        ("libcudart-d0da41ae.so.11.8", []),
        ("libvorbis-1a2b3c4d.so.0", []),
        ("libGLEW-1a2b3c4d.so.2.1", []),
    ],
)
def test_libraries_that_do_not_like_to_travel(name: str, level: list[str]) -> None:
    assert levels("wheel-bundled-hazard", wheel(MANYLINUX, elf(MODULE), elf(f"demo.libs/{name}"))) == level


@pytest.mark.parametrize(
    ("name", "piece"),
    [
        ("libc-2.17.so", True),
        ("libpthread-2.17.so", True),
        ("libm-1b2c3d4e.so.6", True),
        ("ld-linux-armhf.so.3", True),
        ("ld-musl-x86_64.so.1", True),
        ("libnss_files.so.2", True),
        # These live on their own by now, or use only public symbols.
        ("libcrypt-0a1b2c3d.so.1", False),
        ("libnsl-0a1b2c3d.so.3", False),
        ("libmvec-0a1b2c3d.so.1", False),
        ("libmpfr.so.6", False),
        ("libcurl.so.4", False),
    ],
)
def test_pieces_of_the_c_library(name: str, piece: bool) -> None:
    subject = wheel(MANYLINUX, elf(MODULE), elf(f"demo.libs/{name}"))
    assert bool(found("wheel-bundled-libc", subject)) is piece


def test_a_member_that_is_unsafe_is_not_missing_from_record_as_well() -> None:
    flaw = ZipFlaw("escaping", "../x.py", "leads out")
    record = Record("demo-1.dist-info/RECORD", 3, (RecordFlaw("missing", "../x.py", "has no row"),))
    assert not found("wheel-record-invalid", wheel(MANYLINUX, elf(MODULE), zip_flaws=(flaw,), record=record))


def test_record_is_judged_once() -> None:
    flaws = [RecordFlaw("missing", f"demo/{n}.py", "has no row") for n in range(30)]
    flaws += [RecordFlaw("hash", "demo/a.py", "sha256 is x", 7), RecordFlaw("size", "demo/a.py", "is 1 byte", 7)]
    record = Record("demo-1.dist-info/RECORD", 3, tuple(flaws))
    (spoken,) = found("wheel-record-invalid", wheel(MANYLINUX, elf(MODULE), record=record))
    assert spoken.severity.value == "error"
    assert spoken.evidence[0].path == "demo-1.dist-info/RECORD:7", "the worst first"
    assert len(spoken.evidence) == 31


def test_a_link_to_a_library_that_is_needed_is_an_error() -> None:
    link = ZipFlaw("symlink", "demo.libs/libx.so.1", "a symbolic link")
    module = elf(MODULE, needed=("libc.so.6", "libx.so.1"))
    assert levels("wheel-zip-unsafe", wheel(MANYLINUX, module, files=("demo.libs/libx.so.1",), zip_flaws=(link,))) == [
        "error"
    ]
    assert levels("wheel-zip-unsafe", wheel(MANYLINUX, elf(MODULE), zip_flaws=(link,))) == ["warning"]


def test_names_out_of_the_wheel_are_quoted_in_commands() -> None:
    evil = "demo/$(touch pwned) '{}.cpython-311-x86_64-linux-gnu.so"
    for spoken in [
        *found("wheel-rpath", wheel(MANYLINUX, elf(evil, runpath="/home/a b"))),
        *found("wheel-execstack", wheel(MANYLINUX, elf(evil, gnu_stack=7))),
    ]:
        commands = [command.line for command in spoken.fixes[0].commands]
        assert commands[2].endswith(
            "'diagnose-repack/demo-1/demo/$(touch pwned) '\"'\"'{}.cpython-311-x86_64-linux-gnu.so'"
        )


def test_libpython_in_programs_and_libraries() -> None:
    def judged(path: str, **rest: object) -> list[str]:
        needed = ("libc.so.6", "libpython3.12.so.1.0")
        return levels("libpython-linked", wheel(MANYLINUX, elf(path, needed=needed, **rest)))  # type: ignore[arg-type]

    assert judged(MODULE) == ["error"]
    assert judged("demo/libembed.so") == ["warning"]
    assert judged("demo/bin/embed", interp="/lib64/ld-linux-x86-64.so.2") == [], "a program may embed Python"
    brought = wheel(MANYLINUX, elf(MODULE, needed=("libpython3.12.so.1.0",)), elf("demo.libs/libpython3.12.so.1.0"))
    assert not found("libpython-linked", brought)


def test_a_wheel_wrong_in_one_way_gives_one_message_that_names_the_thing() -> None:
    assert finding("wheel_external_lib").message == "needs libsndfile.so.1, which is not in the wheel"
    assert finding("libpython_linked").message == "is linked against libpython3.12.so.1.0"
    assert [f.check for f in findings(broken("wheel_libc_mismatch"))] == ["wheel-libc-mismatch"]


def test_wheels_for_other_systems_are_left_alone() -> None:
    data = elf("demo/payload", runpath="/home/me", gnu_stack=7, needed=("libc.so.6", "libx.so.1"), textrel=True)
    for tag in ("py3-none-win_amd64", "cp312-cp312-macosx_11_0_arm64"):
        assert all(not found(cause.id, wheel(tag, data)) for cause in CAUSES)


@pytest.mark.parametrize(
    ("names", "severity"),
    [
        (("demo/libp.dylib", "demo/libp64.dll"), "note"),
        (("demo/libp64.dll",), "error"),
        (("demo/libp.dylib", "demo/demo.cp312-win_amd64.pyd"), "error"),
    ],
)
def test_libraries_for_each_system_in_one_wheel_are_data(names: tuple[str, ...], severity: str) -> None:
    """As sounddevice ships PortAudio: one folder of libraries, of which the code opens its platform's."""
    kinds = {".dylib": ("mach-o", ("arm64",)), ".dll": ("pe", ("amd64",)), ".pyd": ("pe", ("amd64",))}
    files = tuple(CodeFile(name, *kinds[name[name.rindex(".") :]], "library", 100) for name in names)
    (one,) = found("wheel-wrong-arch", wheel("py3-none-macosx_11_0_arm64")._replace(code=files))
    assert one.severity.value == severity
    assert ("ImportError" in one.consequence) == (severity == "error")
