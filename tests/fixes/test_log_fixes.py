"""The fixes that ``diagnose log`` prints are applied to the letter, and lead on.

Each case makes a real program fail, gives its log to ``diagnose log``, does what is printed, and goes on. What takes
longer, or a root of its own, is in ``tests/e2e/test_log_fixes.py``.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest
from bench import MATURIN, PATCHELF, PIP, Case, tried
from conftest import need

PYTHON = f"cp{sys.version_info[0]}{sys.version_info[1]}"

# --- wheels -----------------------------------------------------------------------------------------------------------

SOURCES = {
    "demo.c": "#include <stdlib.h>\nint ring(void); void *PyInit_demo(void) { return getenv(ring() ? 0 : 0); }\n",
    "ring.c": "int ring(void) { return 3; }\n",
    "new.c": "long arc4random(void); void *PyInit_demo(void) { return (void *)arc4random(); }\n",  # of glibc 2.36
}
ALONE = "cc -shared -fPIC -o tree/demo.so new.c"


def linked(library: str) -> str:
    """Return the commands that build the module, linked with *library* in a folder that no loader searches."""
    return (
        f"mkdir lib; cc -shared -fPIC -Wl,-soname,{library} -o lib/{library} ring.c; "
        f"cc -shared -fPIC -o tree/demo.so demo.c -Llib -l:{library}"
    )


#: Prints the rows of RECORD for the files that it is given.
ROWS = """
import base64, hashlib, pathlib, sys
for path in map(pathlib.Path, sys.argv[1:]):
    digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
    print(path, f"sha256={digest}", path.stat().st_size, sep=",")
"""


def wheel(build: str, tag: str = f"{PYTHON}-{PYTHON}-linux_x86_64") -> str:
    """Return the commands that make a wheel, in the folder ``dist``, of the module that *build* builds."""
    info = "demo-1.0.dist-info"
    return (
        f"mkdir -p tree/{info} dist\n{build}\ncd tree\n"
        f"printf 'Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n' > {info}/METADATA\n"
        f"printf 'Wheel-Version: 1.0\\nGenerator: hand\\nRoot-Is-Purelib: false\\nTag: {tag}\\n' > {info}/WHEEL\n"
        f"python3 -c '{ROWS}' demo.so {info}/METADATA {info}/WHEEL > {info}/RECORD\n"
        f"printf '%s,,\\n' {info}/RECORD >> {info}/RECORD\n"
        f"python3 -m zipfile -c ../dist/demo-1.0-{tag}.whl demo.so {info}\n"
    )


INSTALL = "python3 -m pip install dist/*.whl"
REPAIR = "auditwheel repair --plat manylinux_2_36_x86_64 dist/*.whl"
REPAIRED = "ls wheelhouse/*manylinux*.whl"
WHEEL = {"WHEEL": "dist/*.whl"}
LOCATED = {"LD_LIBRARY_PATH": "HERE/lib"}
AUDIT = ("cc", "python3", "auditwheel", "patchelf")

WHEELS = {
    "pip too old": Case(
        "wheel-not-supported-old-pip",
        INSTALL,
        requirements=["pip==20.2.4"],
        programs=["cc"],
        files=SOURCES,
        prepare=wheel(ALONE, f"{PYTHON}-abi3-manylinux_2_17_x86_64"),
    ),
    "tag that nothing asks for": Case(
        "wheel-not-supported-bad-tag",
        INSTALL,
        words=WHEEL,
        requirements=[PIP],
        programs=["cc"],
        files=SOURCES,
        prepare=wheel(ALONE, f"{PYTHON}-abi3-manylinux_2_17_amd64"),
    ),
    "library not located": Case(
        "wheel-lib-not-located",
        REPAIR,
        words={"FOLDER": "HERE/lib"},
        programs=AUDIT,
        files=SOURCES,
        prepare=wheel(linked("libringer.so.1")),
    ),
    "library of another wheel": Case(
        "wheel-lib-from-other-wheel",
        REPAIR,
        REPAIRED,
        words=WHEEL,
        programs=AUDIT,
        files=SOURCES,
        prepare=wheel(linked("libtorch_cpu.so")),
    ),
    "no patchelf": Case(
        "patchelf-missing-or-old",
        REPAIR,
        requirements=[PIP],
        programs=["cc", "auditwheel"],
        absent="patchelf",
        files=SOURCES,
        prepare=wheel(linked("libringer.so.1")),
        env=LOCATED,
    ),
    "older than the image": Case(
        "wheel-plat-not-matching-image",
        "echo 'Starting container image quay.io/pypa/manylinux_2_28_x86_64:2024.05.13-0...'\n"
        "auditwheel repair --plat manylinux2014_x86_64 dist/*.whl",
        REPAIRED,
        words=WHEEL,
        programs=AUDIT,
        files=SOURCES,
        prepare=wheel(ALONE),
    ),
}

# --- maturin ----------------------------------------------------------------------------------------------------------

MANIFEST = '[package]\nname = "demo"\nversion = "0.1.0"\nedition = "2021"\n'
PROJECT = (
    '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'
    '[project]\nname = "demo"\nversion = "0.1.0"\n[tool.maturin]\nbindings = "bin"\n'
)
RINGING = 'extern "C" { fn ring() -> i32; }\n'
PROGRAM = RINGING + "fn main() { std::process::exit(unsafe { ring() }) }\n"
NEW = PROGRAM.replace("ring", "arc4random")
LIBRARY = RINGING + "pub fn two() -> i32 { unsafe { ring() } }\n"


def package(build: str = "", main: str = PROGRAM, lib: str = "") -> dict[str, str]:
    """Return the files of a package, a program or a library, whose build script tells cargo the lines of *build*."""
    lines = "".join(f'println!("cargo:{line}");' for line in build.split("\n") if line)
    return {
        "Cargo.toml": MANIFEST,
        "pyproject.toml": PROJECT,
        "build.rs": f"fn main() {{ {lines} }}\n",
        "src/lib.rs" if lib else "src/main.rs": lib or main,
        "ring.c": SOURCES["ring.c"],
    }


RING = "rustc-link-lib=ringer\nrustc-link-search=native=lib"
RINGER = "mkdir lib; cc -shared -fPIC -o lib/libringer.so ring.c"
RUST = ("cargo", "rustc", "cc")
BUILT = "ls target/wheels/*manylinux*.whl"

BUILDS = {
    "maturin without patchelf": Case(
        "patchelf-missing-or-old",
        "maturin build --release --compatibility manylinux_2_36",
        requirements=[PIP, MATURIN],
        programs=RUST,
        absent="patchelf",
        files=package(RING),
        prepare=RINGER,
        env=LOCATED,
    ),
    "maturin only checks": Case(
        "wheel-external-lib",
        "maturin build --release --auditwheel check --compatibility manylinux_2_36",
        BUILT,
        requirements=[MATURIN, PATCHELF],
        programs=RUST,
        files=package(RING),
        prepare=RINGER,
        env=LOCATED,
    ),
    "a tag that is too low": Case(
        "wheel-glibc-too-new",
        "maturin build --release --compatibility manylinux2014",
        BUILT,
        number=2,
        requirements=[MATURIN],
        programs=RUST,
        files=package(main=NEW),
    ),
}

# --- cargo ------------------------------------------------------------------------------------------------------------

NEEDY = {
    **package(f"{RING}\nrustc-link-arg=-fuse-ld=bfd"),
    "ring.c": "int deep(void); int ring(void) { return deep(); }\n",
    "deep.c": "int deep(void) { return 0; }\n",
}
DEEP = (
    "mkdir deep lib; cc -shared -fPIC -o deep/libdeep.so deep.c; "
    "cc -shared -fPIC -o lib/libringer.so ring.c -Ldeep -ldeep"
)

LINKS = {
    "archive missing": Case(
        "static-lib-missing",
        "cargo build",
        words={"FOLDER": "HERE/lib"},
        programs=[*RUST, "ar"],
        files=package("rustc-link-lib=static=ringer", lib=LIBRARY),
        prepare="mkdir lib; cc -c ring.c; ar rc lib/libringer.a ring.o",
    ),
    "needed library not found": Case(
        "linker-indirect-needed-missing",
        "cargo build",
        words={"FOLDER": "HERE/deep"},
        programs=RUST,
        files=NEEDY,
        prepare=DEEP,
    ),
    "no shared library for musl": Case(
        "musl-no-cdylib",
        "cargo build --target x86_64-unknown-linux-musl",
        next="rust-std-target-missing",
        programs=RUST,
        files={"Cargo.toml": f'{MANIFEST}[lib]\ncrate-type = ["cdylib"]\n', "src/lib.rs": ""},
    ),
    "a static macro": Case(
        "musl-no-proc-macro",
        "cargo build",
        "ls target/*/debug/libdemo.rlib",
        programs=RUST,
        files={
            **package(lib="fn _three() {}\n"),
            "Cargo.toml": f'{MANIFEST}[dependencies]\nmacros = {{ path = "macros" }}\n',
            "macros/Cargo.toml": MANIFEST.replace("demo", "macros") + "[lib]\nproc-macro = true\n",
            "macros/src/lib.rs": "",
        },
        env={"RUSTFLAGS": "-C target-feature=+crt-static"},
    ),
    "library not named": Case(
        "native-lib-not-linked",
        "cargo build",
        programs=RUST,
        files={
            "Cargo.toml": MANIFEST,
            "src/main.rs": PROGRAM.replace("ring", "snd_strerror"),
            "ring.c": SOURCES["ring.c"].replace("ring", "snd_strerror"),
        },
        prepare="mkdir lib; cc -shared -fPIC -o lib/libasound.so ring.c",
        env={"LIBRARY_PATH": "HERE/lib"},
    ),
    "a bare linker": Case(
        "linker-flavor-mismatch",
        "cargo build",
        programs=RUST,
        files={
            "Cargo.toml": MANIFEST,
            "src/main.rs": "fn main() {}\n",
            ".cargo/config.toml": '[target.x86_64-unknown-linux-gnu]\nlinker = "/usr/bin/ld"\n',
        },
    ),
    "two linkers": Case(
        "cargo-config-refused",
        "cargo build",
        programs=RUST,
        files={
            "Cargo.toml": MANIFEST,
            "src/main.rs": "fn main() {}\n",
            ".cargo/config.toml": "".join(
                f"[target.'cfg({cfg})']\nlinker = \"cc\"\n" for cfg in ("unix", "not(windows)")
            ),
        },
    ),
    "pkg-config not asked": Case(
        "pkgconfig-disabled",
        "cargo build",
        programs=RUST,
        files={**package(lib=LIBRARY), "Cargo.toml": f'{MANIFEST}[dependencies]\nlibudev-sys = "=0.1.4"\n'},
        prepare="printf 'Name: udev\\nDescription: demo\\nVersion: 252\\n' > libudev.pc",
        env={"LIBUDEV_NO_PKG_CONFIG": "1", "PKG_CONFIG_PATH": "HERE"},
    ),
}


# --- C, make, git, the locks of cargo ---------------------------------------------------------------------------------

MAKEFILE = "demo: main.o get.o\n\t$(CC) -o demo main.o get.o\n"
GETS = {"demo.h": "int mode;\n", "get.c": '#include "demo.h"\nint get(void) { return mode; }\n'}
C = ("cc", "make", "ld", "as", "gcc", "uname")
OLD_LOCK = 'version = 3\n\n[[package]]\nname = "demo"\nversion = "0.0.1"\n'

SOURCES_OF_C = {
    "variables that several files define": Case(
        "c-code-too-old-for-compiler",
        "make",
        "make clean; make",
        number=1,
        programs=C,
        files={
            **GETS,
            "main.c": '#include "demo.h"\nint main(void) { return mode; }\n',
            "Makefile": f"{MAKEFILE}clean:\n\trm -f *.o\n",
        },
    ),
    "a library that make does not name": Case(
        "native-lib-not-linked",
        "make",
        "make LDLIBS=-lm",
        programs=C,
        files={
            "main.c": "#include <math.h>\nint main(int n, char **words) { return cos(n) > 2; }\n",
            "Makefile": "demo: main.o\n\t$(CC) -o demo main.o $(LDLIBS)\n",
        },
        in_words=True,
    ),
    "a library before the code that uses it": Case(
        "native-lib-not-linked",
        "set -x; cc -Wl,--as-needed -lm main.c -o demo",
        "cc -Wl,--as-needed main.c -o demo -lm",
        programs=C,
        files={"main.c": "#include <math.h>\nint main(int n, char **words) { return cos(n) > 2; }\n"},
        in_words=True,
    ),
    "a function in two libraries": Case(
        "symbol-defined-twice",
        "make",
        number=1,
        programs=("cc", "make", "ar", "ranlib"),
        files={
            "a.c": "int same(void) { return 1; }\nint a(void) { return same(); }\n",
            "b.c": "int same(void) { return 2; }\nint b(void) { return same(); }\n",
            "main.c": "int a(void), b(void);\nint main(void) { return a() + b(); }\n",
            "Makefile": "demo: main.o liba.a libb.a\n\t$(CC) $(LDFLAGS) -o demo main.o liba.a libb.a\n"
            "lib%.a: %.o\n\tar rcs $@ $<\n",
        },
    ),
    "a hidden function of the C library": Case(
        "hidden-symbol-wanted",
        "cc -fPIC -c ring.c; ld -shared -o libring.so ring.o; cc main.c libring.so -o demo",
        "cc -shared -o libring.so ring.o; cc main.c libring.so -o demo",
        programs=("cc", "ld"),
        files={
            "ring.c": "int atexit(void (*)(void));\nvoid end(void) {}\nvoid ring(void) { atexit(end); }\n",
            "main.c": "void ring(void);\nint main(void) { ring(); return 0; }\n",
        },
        in_words=True,
    ),
    "a target that no package defines": Case(
        "cmake-target-undefined",
        "cmake -S . -B build",
        "sed -i 's/^add/find_package(Threads REQUIRED)\\nadd/' CMakeLists.txt; cmake -S . -B build",
        programs=("cmake", "cc", "make"),
        files={
            "main.c": "int main(void) { return 0; }\n",
            "CMakeLists.txt": "cmake_minimum_required(VERSION 3.15)\nproject(d C)\nadd_executable(demo main.c)\n"
            "target_link_libraries(demo Threads::Threads)\n",
        },
        in_words=True,
    ),
    "a stack protector without a C library": Case(
        "stack-protector-not-linked",
        "make",
        "make clean; make",
        programs=C,
        files={
            "main.c": "void fill(char *p) { *p = 1; }\nint _start(void) { char a[32]; fill(a); return a[1]; }\n",
            "Makefile": "CFLAGS ?= -fstack-protector-strong\ndemo: main.o\n\tld -o demo main.o\nclean:\n\trm -f *.o\n",
        },
    ),
    "Python left open": Case(
        "python-lib-not-linked",
        "set -x; cc -shared -fPIC $LDFLAGS -o demo.so demo.c",
        "cc -shared -fPIC -o demo.so demo.c",
        programs=C,
        files={"demo.c": "void *PyUnicode_New(long); void *hello(void) { return PyUnicode_New(3); }\n"},
        env={"LDFLAGS": "-Wl,-z,defs"},
        in_words=True,
    ),
    "a version of two numbers": Case(
        "cargo-manifest-refused",
        "cargo metadata --no-deps --format-version 1",
        "sed -i 's/^version.*/version = \"0.1.0\"/' Cargo.toml; cargo metadata --no-deps --format-version 1",
        programs=RUST,
        files={"Cargo.toml": '[package]\nname = "own"\nversion = "0.1"\n', "src/main.rs": "fn main() {}\n"},
        in_words=True,
    ),
    "a lock that is older than the manifest": Case(
        "cargo-lock-outdated",
        "cargo build --locked",
        programs=RUST,
        files={"Cargo.toml": MANIFEST, "src/main.rs": "fn main() {}\n", "Cargo.lock": OLD_LOCK},
    ),
    "a clone with an extension that libgit2 does not know": Case(
        "git-format-unsupported",
        "cd app; CARGO_HOME=$PWD/../home cargo build",
        programs=(*RUST, "git"),
        files={
            "dep/Cargo.toml": MANIFEST.replace("demo", "dep"),
            "dep/src/lib.rs": "",
            "app/Cargo.toml": MANIFEST + '[dependencies]\ndep = { git = "file://HERE/dep" }\n',
            "app/src/main.rs": "fn main() {}\n",
        },
        prepare="export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b\n"
        "git -C dep init -q; git -C dep add .; git -C dep commit -qm 1\n"
        "git -C dep config core.repositoryformatversion 1; git -C dep config extensions.partialClone origin\n"
        'sed -i "s|HERE|$PWD|" app/Cargo.toml',
    ),
    "a submodule that is not fetched": Case(
        "project-file-missing",
        "cmake -S work -B build",
        "git -C work -c protocol.file.allow=always submodule update --init; cmake -S work -B build",
        programs=("cmake", "git", "cc", "make"),
        files={
            "fmt/CMakeLists.txt": "add_library(fmt INTERFACE)\n",
            "src/CMakeLists.txt": "cmake_minimum_required(VERSION 3.15)\nproject(d C)\nadd_subdirectory(extern/fmt)\n",
        },
        prepare="export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b\n"
        "for one in fmt src; do git -C $one init -q; git -C $one add .; git -C $one commit -qm 1; done\n"
        'git -C src -c protocol.file.allow=always submodule add -q "$PWD/fmt" extern/fmt; git -C src commit -qm 2\n'
        "git clone -q src work",
        in_words=True,
    ),
}

# --- Python -----------------------------------------------------------------------------------------------------------

SETUP = "from setuptools import Extension, setup\nsetup(name='demo', version='1', ext_modules=%s)\n"
CYTHON = (
    "from libc.stdlib cimport qsort\ncdef int compare(const void *a, const void *b) nogil:\n    return 0\n"
    "def sort(int n):\n    qsort(NULL, n, 4, compare)\n"
)
USING_NUMPY = "#include <Python.h>\n#include <numpy/arrayobject.h>\nvoid *PyInit_demo(void) { return 0; }\n"
LOCAL = "python3 -m pip install --no-build-isolation ./src"
OF_PYTHON = {
    "code for an older Cython": Case(
        "cython-code-refused",
        LOCAL,
        f"sed -i 's/ nogil:/ noexcept nogil:/' src/demo.pyx; {LOCAL} && python3 -c 'import demo'",
        number=1,
        in_words=True,
        requirements=[PIP, "cython==3.1.2", "setuptools==80.9.0", "wheel==0.45.1"],
        programs=C,
        files={
            "src/demo.pyx": CYTHON,
            "src/setup.py": "from Cython.Build import cythonize\n" + SETUP % "cythonize('demo.pyx')",
            "src/pyproject.toml": '[build-system]\nrequires = ["setuptools", "cython"]\n'
            'build-backend = "setuptools.build_meta"\n',
        },
    ),
    "headers inside a package": Case(
        "python-package-headers-missing",
        LOCAL,
        f"CFLAGS=-I$(python3 -c 'import numpy; print(numpy.get_include())') {LOCAL}",
        number=1,
        in_words=True,
        requirements=[PIP, "setuptools==80.9.0", "wheel==0.45.1", "numpy==2.2.6"],
        programs=C,
        files={"src/demo.c": USING_NUMPY, "src/setup.py": SETUP % "[Extension('demo', ['demo.c'])]"},
    ),
}

# --- starting programs ------------------------------------------------------------------------------------------------

RUNNING = {
    "a script without its permission": Case("program-not-executable", "./go", files={"go": "#!/bin/sh\necho went\n"}),
    "a script with the line ends of Windows": Case(
        "script-interpreter-missing",
        "./go",
        files={"go": "#!/usr/bin/env python3\r\nprint('went')\r\n"},
        prepare="chmod +x go",
        words={"SCRIPT": "go"},
    ),
    "a module that is not installed": Case("python-module-missing", "python -c 'import maturin'", requirements=[PIP]),
    "an environment whose Python is gone": Case(
        "virtual-environment-broken",
        "uv pip list",
        programs=("uv",),
        prepare="uv venv -q --no-project .venv; ln -sf /nowhere/python3 .venv/bin/python",
        env={"VIRTUAL_ENV": "HERE/.venv"},
    ),
    "a program that was linked with Rust's own library": Case(
        "runtime-lib-missing",
        "./go",
        'export LD_LIBRARY_PATH="$(rustc --print sysroot)/lib:$(rustc --print target-libdir)"; ./go',
        programs=("rustc", "cc"),
        files={"go.rs": "fn main() {}\n"},
        prepare="rustc -C prefer-dynamic go.rs",
        in_words=True,
    ),
}

CASES = {**WHEELS, **BUILDS, **LINKS, **SOURCES_OF_C, **OF_PYTHON, **RUNNING}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_what_is_printed_leads_on(case: Case, tmp_path: Path) -> None:
    native = platform.machine() == "x86_64" and platform.libc_ver()[0] == "glibc"
    need(native, "the cases are built for x86-64 and glibc")
    if "pip==20.2.4" in case.requirements and sys.version_info >= (3, 12):
        pytest.skip("that pip needs distutils, which this Python lacks")
    tried(tmp_path, case)
