"""The module uses functions of a library that is not among its needed libraries.

A shared library may be linked with undefined functions; the process that loads it must have them. If the library with
the functions is not in its NEEDED list (it was not on the linker's command line, was listed before its user, or was
dropped by ``--as-needed``), the loader does not load it, and the import or the first call fails.

How to fix: link the library, after the objects that use it; for Rust, print ``cargo:rustc-link-lib`` in the build
script. ``readelf -d FILE`` shows the NEEDED list.

References:
    https://wiki.gentoo.org/wiki/Project:Quality_Assurance/As-needed
    https://doc.rust-lang.org/cargo/reference/build-scripts.html#rustc-link-lib
"""

from __future__ import annotations

from diagnose.authoring.libc_demands import glibc_only_symbols
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.openmp import openmp_of_macos
from diagnose.tables.forgotten_libraries import FORGOTTEN, OF_GLIBC
from diagnose.tables.libstdcxx import newer_function
from diagnose_checks.runtime._triage import (
    FORMULAE,
    OWN_LIBRARY,
    installed_package,
    is_in_every_glibc,
    macro_finding,
    unknown_symbols,
    wheel_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.tables.libstdcxx import CxxFunction

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    log_kinds=("loader-undefined", "musl-relocating", "glibc-not-defined"),
    patterns=patterns_for(
        "wasm-undefined",
        ("cannot resolve symbol ", r"Dynamic linking error: cannot resolve symbol (?P<symbol>[\w.]{1,300})"),
        ("bad export type for", r"bad export type for [`'](?P<symbol>[\w.]{1,300})['`]: undefined"),
    )
    + patterns_for(
        "newer-macos",
        ("newer than running OS", r"\(?built for macOS (?P<system>[\d.]{1,10}) which is newer than running OS"),
        ("was built for Mac OS X", r"which was built for Mac OS X (?P<system>[\d.]{1,10})"),
    ),
)

#: Function → the first musl and the first Alpine that have it: musl's release notes.
_MUSL = {
    "pwritev2": ("1.2.5", "3.20"),
    "preadv2": ("1.2.5", "3.20"),
    "statx": ("1.2.5", "3.20"),
    "qsort_r": ("1.2.3", "3.16"),
    "_Fork": ("1.2.2", "3.13"),
    "getrandom": ("1.1.20", "3.9"),
    "getentropy": ("1.1.20", "3.9"),
    "explicit_bzero": ("1.1.20", "3.9"),
    "gettid": ("1.2.2", "3.13"),
    "reallocarray": ("1.2.2", "3.13"),
    "getdents64": ("1.2.4", "3.18"),
}
#: Functions of libm, which Android's loader takes from a module's own libraries only.
_MATHS = re.compile(
    r"(?:log(?:2|10|1p)?|exp2?|expm1|pow|modf|fmod|a?(?:sin|cos|tan)h?|atan2|cbrt|l?round|floor|"
    r"ceil|hypot)[fl]?$"
)
#: Libraries that Python packages bring and load, and the names of their functions.
_LOADED = (
    (
        "PyTorch",
        r"_ZNK?(?:\d*)(?:2at|3c10|5torch|6caffe2)|_ZN\w{0,40}(?:5torch|3c10|2at6Tensor)"
        r"|N2at3mps\w|THP\w|_?THC?\w*Error",
    ),
    ("CUDA library", r"(?:__)?(?:nvrtc|nvJitLink|cublas|cudnn|cusparse|cusolver|cufft|curand|nccl)(?:[A-Z_]\w*)"),
)


#: std::string of the new and of the old ABI in a mangled name: a substitution stands after a qualifier or a type.
_STRINGS = r"__cxx11|[RKPE]Ss(?:[A-Za-z_]|$)"
_CXX_ABI = Fix(
    "compile it with the C++ ABI of the loaded PyTorch",
    (
        Command(
            "export CXXFLAGS=\"-D_GLIBCXX_USE_CXX11_ABI=$(python3 -c 'import torch; "
            "print(int(torch.compiled_with_cxx11_abi()))')\"",
            FixStage.BUILD,
        ),
    ),
    notes="std::string has two ABIs, with different names of functions. torch.utils.cpp_extension sets "
    "the option itself; "
    "CMake and Bazel do not. PyTorch's own wheels for Linux have the old one (0) up to 2.5, the new one from 2.7; "
    "prebuilt wheels name it: cxx11abiTRUE or cxx11abiFALSE.",
)


def _of_torch(package: str) -> list[Fix]:
    return [
        Fix(
            "build it again for the PyTorch that is installed",
            (
                Command(
                    f"python3 -m pip install --no-build-isolation --no-cache-dir --no-deps --force-reinstall {package}",
                    FixStage.BUILD,
                ),
            ),
            notes="Its functions change with every release: an extension fits the one that it was compiled for. Your "
            "own one: remove build/ first.",
        ),
        Fix("install the PyTorch that it was built for", notes="The names of prebuilt wheels have its version."),
        Fix("import torch before the extension", notes="If it is not linked with PyTorch's libraries."),
    ]


def _on_macos(symbol: str, file: str, package: str) -> list[Fix]:
    """Return the fixes for a module that was built without its library: the linker leaves such names open."""
    if re.match(r"_{0,3}kmpc_|_?omp_[gsiu]", symbol):
        return [openmp_of_macos(package)]
    formula = next((name for pattern, name in FORMULAE if re.match(pattern, symbol)), "LIBRARY")
    return [
        Fix(
            f"install the library that has {symbol}, and build the module again",
            (
                Command(f"brew install {formula}", FixStage.PACKAGES),
                Command(
                    f'CFLAGS="-I$(brew --prefix {formula})/include" LDFLAGS="-L$(brew --prefix {formula})/lib" '
                    "python3 -m pip install "
                    f"--force-reinstall --no-cache-dir --no-binary {package} {package}",
                    FixStage.BUILD,
                ),
            ),
            notes=f"`otool -L {file or 'FILE'}` lists what it links now. The library has to be for this "
            "Python's processor, and of the release whose headers the build read.",
        ),
        Fix(
            "take a build that brings it",
            (Command(f"conda install -c conda-forge {package}", FixStage.BUILD),),
            notes="If this is the package's own wheel, it lacks the library for everybody: another release, or tell "
            "its project.",
        ),
    ]


def _of_cuda(package: str) -> list[Fix]:
    return [
        Fix(
            "let the package find the CUDA libraries that it brings",
            unset=("LD_LIBRARY_PATH",),
            notes="That variable often names the libraries of another CUDA, which are loaded first.",
        ),
        Fix(
            "install it again with the libraries that it names",
            (Command(f"python3 -m pip install --force-reinstall --no-cache-dir {package}", FixStage.BUILD),),
            notes="pip then installs the nvidia-… packages of the versions that it asks for.",
        ),
    ]


def _of_newer_macos(log: BuildLog, hit: Hit, note: Hit) -> Finding:
    system = note.groups["system"]
    return finding_from_hits(
        log,
        [hit, note],
        f"the module was built for macOS {system} and uses {hit.groups['symbol']}, which this macOS does not have",
        "It cannot be loaded.",
        [
            Fix(
                f"use macOS {system} or later, or an older release of the package",
                notes="A file whose name has a lower macosx_ version than its code needs is a fault of who built it.",
            ),
            Fix(
                "build it here, or for an older macOS",
                env=(("MACOSX_DEPLOYMENT_TARGET", "VERSION"),),
                notes="VERSION is that of this macOS. delocate refuses libraries that are for a newer one.",
            ),
        ],
    )


def _of_newer_gcc(log: BuildLog, hit: Hit, file: str, newer: CxxFunction) -> Finding:
    gcc = newer.gcc.partition(".")[0]
    return finding_from_hits(
        log,
        [hit],
        f"{file} uses {newer.name}, which libstdc++ has since GCC {newer.gcc} ({newer.version})",
        "It cannot be loaded: the C++ library that is loaded is older than a part of it, or it links no C++ library.",
        [
            Fix(
                f"build it where libstdc++ is of GCC {gcc} or later, or with parts that an older GCC compiled",
                notes="Prebuilt static libraries that are linked into it bring such functions. The symbol has no "
                "version, so the linker did not find it either.",
            ),
            Fix(
                f"run it where libstdc++ is of GCC {gcc} or later",
                notes=f"A newer release of the distribution; with conda: conda install -c conda-forge "
                f"'libstdcxx-ng>={gcc}'.",
            ),
            Fix(
                "if it is that new: link libstdc++",
                notes=f"`readelf -d {file}` does not list libstdc++.so.6 then: link with g++, or with -lstdc++.",
            ),
        ],
    )


_CONDA = re.compile(r"/(?:ana|mini)?conda\d?/|/(?:mamba|mini)forge\d?/|/envs/[^/]+/lib/")


def _of_conda(package: str) -> list[Fix]:
    """Return the fix for a file of a conda environment: its libraries are in the environment, too."""
    name = package or "PACKAGE"
    return [
        Fix(
            "in a conda environment: take all packages from one channel",
            (Command(f"conda create -n fresh -c conda-forge --override-channels {name}", FixStage.TOOLCHAIN),),
            notes="A library of another channel or release (defaults beside conda-forge, or one of pip) lacks the "
            "function. `conda list` names the channels. LD_LIBRARY_PATH must not name another folder.",
        )
    ]


#: Mangled names of the C++ library: members and types of std, allocation, exceptions.
_STANDARD = re.compile(
    r"_Z(?:T[VIST])?N?[KVr]?(?:St|S[absiod](?![a-z]))|_Zn[wa][jm]|_Zd[la]P|__cxa_|__gxx_personality|__dynamic_cast"
)
#: A name of another library in them: std::vector<demo::Type> is compiled where it is used.
_OWN_TYPE = re.compile(r"(?<=.)(?:N|I[PRK]*|[PRK])\d")


def _of_cxx_library(log: BuildLog, hit: Hit, file: str) -> Finding:
    """Return that the C++ library is not loaded, or has no such function."""
    return finding_from_hits(
        log,
        [hit],
        f"{file} uses {hit.groups['symbol']} of the C++ library: that is not linked, or is older here",
        "It cannot be loaded.",
        [
            Fix(
                "link it as C++",
                notes=f"If `readelf -d {file}` lists no libstdc++.so.6: link with g++ or -lstdc++ (setuptools: "
                'language="c++"; cc crate: .cpp(true); CMake: project(… CXX)). Another module that loads it first '
                "hides this.",
            ),
            Fix(
                "if it is listed: run it with a C++ library as new as the one that it was built with",
                notes="With conda: conda install -c conda-forge libstdcxx-ng, and no older folder in LD_LIBRARY_PATH. "
                "Else build it on an older system, as in a manylinux container.",
            ),
        ],
    )


def _of_other_part(log: BuildLog, hit: Hit) -> Finding:
    symbol, file = hit.groups["symbol"], hit.groups["by"].rpartition("/")[2]
    return finding_from_hits(
        log,
        [hit],
        f"{symbol} is not in the file of glibc in which {file} looks for it: it was linked without the library that "
        "has it",
        "It cannot be loaded. Every glibc has that version.",
        [
            Fix(
                "link the module with the library that has the function",
                notes=f"`man {symbol}` names it: -lm for mathematics, -lrt, -lpthread or -ldl before glibc 2.34. In "
                'setup.py: libraries=["m"]. Python itself once loaded it, and newer ones may not.',
            ),
            Fix("install another release of the package", notes="Or a wheel instead of a build from source."),
        ],
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader miss a function in a wheel's module or in a program outside the system."""
    for hit in log.find("wasm-undefined")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            f"a module for Pyodide uses {hit.groups['symbol']}, which neither Pyodide nor a library that it loads has",
            "It cannot be loaded.",
            [
                Fix(
                    "link the library that has it into the module",
                    notes="As a static library that was compiled with the same Emscripten and -fPIC. Libraries of "
                    "Emscripten that Pyodide's main program does not contain (-sFETCH, -lembind) are not there.",
                ),
                Fix(
                    "build it with the Emscripten of that Pyodide",
                    notes="`pyodide config get emscripten_version` names it.",
                ),
            ],
        )
        return
    for hit in log.find("glibc-not-defined")[:1]:
        if is_in_every_glibc(hit):
            yield _of_other_part(log, hit)
            return
    for hit in unknown_symbols(log)[:1]:
        file, symbol = hit.groups["file"], hit.groups["symbol"]
        if hit.groups["version"] or (file.startswith(("/usr/bin/", "/usr/sbin/")) and not wheel_file(file)):
            continue  # a version's name, or the system's own program: runtime-lib-too-old, container-lib-shadowing
        if log.near(hit.line, "tool-shadowed", before=30, after=30) or re.match(r"__(?:\w{1,3})?san_", symbol):
            continue  # sanitizer-runtime-missing has the latter
        if newer_os := log.near(hit.line, "newer-macos", after=3):
            yield _of_newer_macos(log, hit, newer_os[0])
            return
        if hit.kind == "musl-relocating" and any(other.groups["file"] == file for other in glibc_only_symbols(log)):
            continue  # a file for glibc: glibc-binary-on-musl
        name = re.split(r"\.so\b", file.rpartition("/")[2].removeprefix("lib"))[0]
        if len(name) > 3 and symbol.startswith(name):  # dlsym writes the same words of the library that it asks
            yield finding_from_hits(
                log,
                [hit],
                f"{file.rpartition('/')[2]} has no {symbol}",
                "A program that asks for it at run time, for example by ctypes, fails.",
                [
                    Fix(
                        f"install a version of lib{name} that has {symbol}, or an older program",
                        notes=f"`nm -D {file}` lists its functions.",
                    )
                ],
            )
            return
        if symbol.startswith("_Z") and (newer := newer_function(symbol)) is not None:
            yield _of_newer_gcc(log, hit, file.rpartition("/")[2], newer)
            return
        if symbol.startswith("__atomic_"):
            yield finding_from_hits(
                log,
                [hit],
                f"{file.rpartition('/')[2]} uses {symbol} of libatomic, which is not linked",
                "It cannot be loaded.",
                [
                    Fix("link libatomic", env=(("LDFLAGS", "-latomic"),), notes="Then build it again."),
                    Fix("load it before, until there is such a build", env=(("LD_PRELOAD", "libatomic.so.1"),)),
                ],
            )
            return
        if owner := next((name for name, pattern in _LOADED if re.match(pattern, symbol)), ""):
            package = installed_package(file) or "PACKAGE"
            strings = owner == "PyTorch" and re.search(_STRINGS, symbol)
            yield finding_from_hits(
                log,
                [hit],
                f"{file.rpartition('/')[2]} uses {symbol}, which the loaded {owner} lacks: it was built "
                + (f"with the {'new' if '__cxx11' in symbol else 'old'} C++ ABI's strings" if strings else "")
                + (", or for another release" if strings else "for another one"),
                "It cannot be loaded.",
                _of_cuda(package) if owner != "PyTorch" else [*((_CXX_ABI,) if strings else ()), *_of_torch(package)],
            )
            return
        if hit.kind == "musl-relocating" and (musl := _MUSL.get(symbol)):
            yield finding_from_hits(
                log,
                [hit],
                f"{file.rpartition('/')[2]} uses {symbol}, which musl has since {musl[0]}: this one is older",
                "It cannot be loaded.",
                [
                    Fix(
                        f"use Alpine {musl[1]} or later where it runs, or build it on the same release",
                        notes="A file that is copied from one image to another (COPY --from) needs the same Alpine: "
                        f"name the release in both, as python:3.12-alpine{musl[1]}.",
                    ),
                ],
            )
            return
        if "/lib-dynload/" in file:
            yield finding_from_hits(
                log,
                [hit],
                f"Python's own module {file.rpartition('/')[2]} gets another library than its own: that lacks {symbol}",
                "It cannot be loaded.",
                list(OWN_LIBRARY),
            )
            return
        if "cannot locate symbol" in hit.text and _MATHS.match(symbol):
            package = installed_package(file) or "PACKAGE"
            yield finding_from_hits(
                log,
                [hit],
                f"{file.rpartition('/')[2]} uses {symbol} of libm, which is not linked, as Android requires",
                "It cannot be loaded.",
                [
                    Fix(
                        "link libm: build it again with -lm",
                        (
                            Command(
                                f'LDFLAGS="-lm" python3 -m pip install --force-reinstall --no-cache-dir --no-binary '
                                f"{package} "
                                f"{package}",
                                FixStage.BUILD,
                            ),
                        ),
                        notes="Or install Termux's package of it: pkg install python-NAME.",
                    )
                ],
            )
            return
        glibc = "undefined symbol: " in hit.text  # the words of its loader alone
        rows = (row for row in FORGOTTEN if glibc or row[1] not in OF_GLIBC)
        if forgotten := next((row for row in rows if re.match(row[0], symbol)), None):
            _, library, major = forgotten
            mac = "dlopen(" in hit.text
            package = installed_package(file) or "PACKAGE"
            install = f"python3 -m pip install --force-reinstall --no-cache-dir --no-binary {package} {package}"
            yield finding_from_hits(
                log,
                [hit],
                f"{file.rpartition('/')[2] or 'the module'} uses {symbol} of lib{library}, which is not linked",
                "It cannot be loaded.",
                [
                    Fix(
                        f"link lib{library}: build it again with -l{library}",
                        (
                            Command(
                                f'LDFLAGS="{"" if mac else "-Wl,--no-as-needed "}-l{library}" {install}',
                                FixStage.BUILD,
                            ),
                        ),
                        notes=f"Its own one: libraries=['{library}'] of the Extension in setup.py. A static library "
                        "that is linked into it needs it behind itself.",
                    ),
                    Fix(
                        "load it before, until there is such a build",
                        env=(("LD_PRELOAD", f"lib{library}.so.{major}"),),
                    ),
                ][: 1 if mac else 2],
            )
            return
        if hit.text.startswith("Symbol not found") or "dlopen(" in hit.text or "flat namespace" in hit.text:
            name = file.rpartition("/")[2] or "the module"
            yield finding_from_hits(
                log,
                [hit],
                f"{name} uses {symbol}, which no library that it links has",
                "It cannot be loaded.",
                _on_macos(symbol, file, installed_package(file) or "PACKAGE"),
            )
            return
        if symbol == "iJIT_NotifyEvent":
            yield finding_from_hits(
                log,
                [hit],
                "this PyTorch needs a function that Intel's MKL has had until 2024.0",
                "It cannot be imported.",
                [Fix("install the older MKL", (Command("conda install 'mkl<2024.1'", FixStage.TOOLCHAIN),))],
            )
            return
        if _STANDARD.match(symbol) and not _OWN_TYPE.search(symbol):
            yield _of_cxx_library(log, hit, file.rpartition("/")[2])
            return
        yield macro_finding(log, hit) or _of_any_library(log, hit)


def _of_any_library(log: BuildLog, hit: Hit) -> Finding:
    """Return both readings of a function that is nowhere: no library is linked, or another copy of it is loaded."""
    file, symbol = hit.groups["file"], hit.groups["symbol"]
    stem = file.rpartition("/")[2].partition(".")[0].strip("_").removeprefix("lib").lower()
    names = [name for pattern, name in FORMULAE if re.match(pattern, symbol)]
    names += [name.lower() for name in re.findall(r"\d([A-Za-z]\w{2,40}?)(?=\d|[A-Z]|$)", symbol[:200])]
    # a binding is linked with the library that it is named after
    related = len(stem) > 2 and any(stem in name or name in stem for name in names)
    fixes = [
        Fix(
            f"if no library there defines {symbol}: link it",
            notes="Put it after its users on the command line: --as-needed drops what stands before them.",
        ),
        Fix(
            "if its library is among them: let the loader take the copy that the module was built with",
            notes="ldd prints which file is loaded. An older release in another folder (LD_LIBRARY_PATH, "
            "/usr/local/lib, a package that brings its own and was imported first) lacks the function: remove it, "
            "import this module first, or build the module again with that copy.",
        ),
    ][:: -1 if related else 1]
    look = Command(f"ldd -r {file if file.startswith('/') else 'FILE'}", FixStage.BUILD)
    return finding_from_hits(
        log,
        [hit],
        f"{file.rpartition('/')[2]} uses {symbol}, which no library that is loaded has: its library is not linked, or "
        "another copy of it, or an older one, is loaded",
        "It cannot be loaded.",
        [
            *(_of_conda(installed_package(file)) if _CONDA.search(file) else ()),
            fixes[0]._replace(commands=(look,)),
            fixes[1],
        ],
    )
