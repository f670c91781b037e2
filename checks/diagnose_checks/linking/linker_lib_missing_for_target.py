"""pkg-config answers, but the library is neither in the folders that it names nor in the linker's default folders.

The ``.pc`` file exists and the library does not. Causes are files copied from only a part of a package, a ``prefix`` in
the ``.pc`` file that differs from the place of installation, or a private library that only a static link needs.

How to fix: install the whole development package for the target, or correct the prefix.

References:
    https://sourceware.org/binutils/docs/ld/Options.html (``-l``)
"""

from __future__ import annotations

from diagnose.authoring.environment import answer_evidence, setting_evidence, with_outcome
from diagnose.authoring.link_step import SANITIZERS, is_named_by_path, missing_libraries
from diagnose.authoring.log import advise, builds_rust, finding_from_hits, host, other_system
from diagnose.authoring.mingw import file_of_library
from diagnose.authoring.overrides import broken_override_finding, unset_override_fix
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.fix import fix, with_zig
from diagnose.remedies.install import cross_compiler, install, system, tool
from diagnose.remedies.libraries import install_fixes, reinstall
from diagnose.remedies.package_names import library_module
from diagnose.remedies.shell_quoting import quote
from diagnose.tables.homebrew import formula_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.elf.library import LinkFile
    from diagnose.readers.env import Environment
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    log_kinds=("ld-no-lib", "ld-no-file"),
    # CMake's and other files of a project or a package hold the paths of libraries
    patterns=patterns_for(
        "no-lib-file",
        (
            "No rule to make target",
            r"No rule to make target [`'](?P<file>/[^']{1,300}/lib[^'/]{1,200}\.(?:so|a))', needed by",
        ),
        (
            "missing and no known rule to",
            r"^ninja: error: '(?P<file>/[^']{1,300}/lib[^'/]{1,200}\.(?:so|a))', needed by '[^']{1,300}', missing",
        ),
        (
            "No such file",
            r"^(?:\S{0,200}[/-])?(?:gcc|g\+\+|cc|c\+\+)(?:-\d+)?: (?:fatal )?error: "
            r"(?P<file>/\S{1,300}/lib[^/\s:']{1,200}\.(?:so|a)): No such",
        ),
        (
            "o such file or directory: '",
            r"^clang\S{0,10}: error: no such file or directory: '(?P<file>/[^']{1,300}/lib[^'/]{1,200}\.(?:so|a))'$",
        ),
    )
    + patterns_for(
        "own-folder",
        (" -L./", r"(?<!\S)-L ?(?P<folder>\./[^\s'\"]{1,200})"),
        (" -L../", r"(?<!\S)-L ?(?P<folder>\.\./[^\s'\"]{1,200})"),
        (" -Llib", r"(?<!\S)-L ?(?P<folder>lib[^\s'\"]{0,200})"),
        (" -Lbuild", r"(?<!\S)-L ?(?P<folder>build[^\s'\"]{0,200})"),
        (" -Lsrc", r"(?<!\S)-L ?(?P<folder>src[^\s'\"]{0,200})"),
    )
    + patterns_for(
        "conda-linker",
        *(
            (name, rf"{name}\d?/(?:\S{{1,300}}/)?(?:bin|lib/gcc|x86_64-conda)\S*")
            for name in ("conda", "miniforge", "mambaforge", "micromamba")
        ),
    ),
    env_facts=("libraries.!found", "libraries.files.!usable", "flagged"),
)

#: Libraries of the compiler and the C library: toolchain-crt-missing reports them.
_TOOLCHAIN = frozenset(
    {"atomic", "c", "crypt", "dl", "gcc", "gcc_s", "m", "pthread", "resolv", "rt", "ssp_nonshared", "stdc++", "util"}
)


def env(env: Environment) -> Iterator[Finding]:
    """See which flags match no file."""
    for library in with_outcome(env, "misdirected"):
        if library.module != "openssl":  # openssl-sys has its own words for it
            yield broken_override_finding(env, library, "The build script or the linker fails.")
    named: set[str] = set()
    for library, file in env.link_files():
        if file.name in named or not env.toolchain.linker.found:
            continue  # said already; or the folders that the linker searches come with it
        if file.kind != "missing" or (file.name in _TOOLCHAIN and not _complete(env)):
            continue  # without its start files the whole toolchain is missing
        named.add(file.name)
        name = _file(file.name)
        searched = ", ".join((*file.searched, *(("the linker's own folders",) if library.alone else ()))) or "no folder"
        yield Finding(
            message=(
                f"the linker does not find {name}, which {library.crate} links without pkg-config"
                if library.alone
                else f"the linker does not find {name}, which pkg-config names for {library.module}"
            ),
            severity=Severity.ERROR,
            evidence=(
                Evidence(f"-l{file.name}; searched {searched}", library.pc)
                if library.pc
                else answer_evidence(library)._replace(detail=f"-l{file.name}; searched {searched}"),
            ),
            consequence=f'Linking fails: "cannot find -l{file.name}".',
            fixes=_owner(env, library, file),
        )

    yield from _of_flags(env, named)


def _of_flags(env: Environment, named: set[str]) -> Iterator[Finding]:
    """Yield the libraries that flags for rustc name, and that the linker does not find."""
    for setting, file in env.flagged:
        foreign = file.accepted is False and not file.saved_by
        if file.name in named or not env.toolchain.linker.found or not (file.kind == "missing" or foreign):
            continue
        named.add(file.name)
        name = _file(file.name)
        searched = ", ".join((*file.searched, "the linker's own folders"))
        found = (Evidence("is for another processor", file.path),) if foreign else ()
        yield Finding(
            message=f"the linker does not find {name}, which {setting.name} names",
            severity=Severity.ERROR,
            evidence=(setting_evidence(setting), Evidence(f"-l{file.name}; searched {searched}", name), *found),
            consequence=f'Linking fails: "cannot find -l{file.name}".',
            fixes=(*_bring(env, file.name, env.target), Fix(f"remove -l{file.name} from {setting.name}")),
        )


def _complete(env: Environment) -> bool:
    return all(file.path for file in env.toolchain.start_files)


def _owner(env: Environment, library: Library, file: LinkFile) -> tuple[Fix, ...]:
    """Return fixes that install *file*: the module's own library, or one that a static link adds."""
    if library.alone:
        return (
            *((unset_override_fix(env, library),) if library.directed_by else ()),
            *install_fixes(env, library.module),
        )
    if file.name in _TOOLCHAIN:
        packages = cross_compiler(system(env), env.target) if env.cross else tool(system(env), "cc")
        return (fix(env, "install the whole compiler", packages),) if packages else with_zig(env)
    module = library_module(file.name, env.distro.codename)
    if module and module != library.module and any(other.kind != "missing" for other in library.files):
        return install_fixes(env, module, asked=False)
    return reinstall(env, library.module)


def _by_path(log: BuildLog) -> Iterator[Finding]:
    """Yield that a library's file is missing which the build names by its path, as CMake does."""
    hits = log.find("no-lib-file")
    hits += [
        hit for hit in log.find("ld-no-file") if is_named_by_path(hit.groups["file"]) and not hit.groups["sysroot"]
    ]
    for hit in hits[:1]:
        file = hit.groups["file"]
        lib = file.rpartition("/")[2].removeprefix("lib").rpartition(".")[0]
        target = log.target_at(hit.line) if log.cross_at(hit.line) else None
        yield finding_from_hits(
            log,
            [hit],
            f"the library {file} is not there, and the build names it by this path",
            "Linking stops: no other folder is searched for it.",
            (
                *(_fixes(log, [hit], lib, target)),
                Fix(
                    "if it is elsewhere: configure again, in an empty build folder",
                    notes="CMakeCache.txt, a package's …Targets.cmake, a .la file or a copied build folder holds the "
                    f"path: `grep -rnF {quote(file)} --include='*.cmake' --include=CMakeCache.txt .` finds it.",
                ),
            ),
        )


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker find no file of a name, without having skipped one."""
    yield from _by_path(log)
    missed: dict[tuple[str, Target | None], list[Hit]] = {}
    for link in log.links:
        target = link.target or (log.target_at(link.line) if log.cross_at(link.line) is not False else None)
        for lib, hits in missing_libraries(log, link).items():
            windows = _system(link.program, link.ld, hits) == "Windows" or "using strategy" in hits[0].text
            if re.search(rf"-l{re.escape(lib)}::\w", hits[0].text):
                continue  # cmake-target-undefined
            if lib in SANITIZERS:
                continue  # sanitizer-runtime-missing
            if windows and file_of_library(lib):
                continue  # windows-name-case
            missed.setdefault((lib, target), []).extend(hits)
    for (lib, target), hits in missed.items():
        own = (_system(link.program, link.ld, hits) for link in log.links if hits[0] in link.hits)
        if system := next(filter(None, own), ""):
            message = f"the linker does not find {_file(lib)} for {system}"
            yield finding_from_hits(log, hits, message, "Linking fails.", _abroad(lib, system, hits))
            continue
        yield finding_from_hits(
            log,
            hits,
            f"the linker does not find {_file(lib)}{f' for {target.triple}' if target else ''}",
            "Linking fails.",
            (
                *_for_zig(log, hits, lib, target),
                *((_CONDA,) if log.near(hits[0].line, "conda-linker", before=3, after=1) else ()),
                *_fixes(log, hits, lib, target),
                *((_LOCAL,) if any("rust-lld" in hit.text for hit in hits) else ()),
            ),
        )


def _system(program: str, ld: str, hits: list[Hit]) -> str:
    """Return the system that a cross linker links for, if it is not Linux: by its name, MinGW's or zig's."""
    names = f"{program} {ld} {hits[0].text}"
    if re.search(r"-mingw32|windows-gnu|(?:^|[\s/\\])ld\.exe:", names):
        return "Windows"
    return "macOS" if "apple-darwin" in program or re.search(r"\bo64-clang|-apple-darwin\S*-ld", names) else ""


def _abroad(lib: str, system: str, hits: list[Hit]) -> tuple[Fix, ...]:
    """Return the fixes for a library of another system than this one: packages of Linux do not have it."""
    if system == "macOS":
        return (
            Fix(
                "name the SDK of macOS",
                env=(("SDKROOT", "/path/to/MacOSX.sdk"),),
                notes=f"{_file(lib)} and the frameworks are in Apple's SDK, which zig and Linux do not have. On a Mac: "
                "xcrun --show-sdk-path. The images of cargo-zigbuild hold one.",
            ),
        )
    zig = "using strategy" in hits[0].text
    there = any("ld.exe" in hit.text for hit in hits)
    if python := re.fullmatch(r"python(3)(\d+)(t?)", lib):
        return _python_of_mingw(lib, f"{python[1]}.{python[2]}{python[3]}")
    if there:
        from diagnose.readers.buildlog.linking import stem  # only who reads logs needs its patterns

        return (
            Fix(
                f"bring {_file(lib)} for MinGW",
                (Command(f"pacman -Ss {quote(stem(_file(lib)))}", FixStage.PACKAGES),),
                notes=f"As lib{lib}.dll.a or lib{lib}.a: in MSYS2 the package begins with ${{MINGW_PACKAGE_PREFIX}}-, "
                "of the environment whose compiler builds (UCRT64, MINGW64). Elsewhere: its release for MinGW. -L "
                "FOLDER or LIBRARY_PATH names the folder.",
            ),
            Fix(
                f"if the project itself builds {_file(lib)}: build it first, and name its folder",
            ),
        )
    return (
        Fix(
            f"bring {_file(lib)} for Windows",
            notes=f"As lib{lib}.a or lib{lib}.dll.a of MinGW: from MSYS2, Fedora's packages mingw64-NAME, or built "
            "with the same compiler; -L names its folder. A package of this system is for Linux."
            + (" zig has import libraries of its own; a newer cargo-zigbuild fits a newer zig." if zig else ""),
        ),
    )


def _python_of_mingw(lib: str, version: str) -> tuple[Fix, ...]:
    """Return the fixes for Python's library on Windows: its two builds have it under two names."""
    return (
        Fix(
            f"with MSYS2's own Python: link python{version}, as its file is libpython{version}.dll.a",
            notes=f"{lib} is the name for Visual C++, of python.org's Python. A newer PyO3 knows MinGW's Pythons: "
            "`cargo update -p pyo3-ffi`. MSYS2's setuptools does, too, and one from PyPI in that Python does not.",
        ),
        Fix(
            f"with python.org's Python: name the folder with {lib}.lib",
            env=(("LIBRARY_PATH", "FOLDER"),),
            notes='FOLDER is libs in sys.base_prefix: `python -c "import sys; print(sys.base_prefix)"`. Or build with '
            "Visual C++, for the target x86_64-pc-windows-msvc.",
        ),
    )


#: Libraries of compilers, which no folder of the system has for zig.
_NOT_FOR_ZIG = {"atomic", "gomp", "System"}


def _for_zig(log: BuildLog, hits: list[Hit], lib: str, target: Target | None) -> tuple[Fix, ...]:
    """Return how zig finds a library: if a target is named, it searches no folder of the system."""
    if lib in _NOT_FOR_ZIG or not any("using strategy" in hit.text for hit in hits):
        return ()
    folder = f"/usr/lib/{(target or host(log)).multiarch}"
    notes = (
        "For a named target (-target, -Dtarget, cargo zigbuild) it searches none of the system's, even for the "
        "machine's own processor, so the package alone does not help. In Rust: RUSTFLAGS='-L "
        f"native={folder}'; zig build --search-prefix /usr; zig cc -L {folder}. The library there has to be for the "
        "target's processor, and for a glibc that is not newer than the target's."
    )
    return (
        Fix(f"name the folder of {_file(lib)} to zig", notes=notes),
        *((_OWN_COPY,) if builds_rust(log) or "note: error" in hits[0].text else ()),
    )


_OWN_COPY = Fix(
    "let a crate build its own copy",
    notes="Most -sys crates have a feature for it: `cargo add libz-sys --features static`; vendored, bundled.",
)
_CONDA = Fix(
    "conda's linker does not search the system's folders: install the library in the same environment",
    notes="`conda install -c conda-forge PACKAGE` (libxcb, openssl, zlib, alsa-lib, …). Or link with the system's "
    "compiler: leave the environment, or CARGO_TARGET_<TRIPLE>_LINKER=/usr/bin/gcc; then the system's packages do.",
)


def _fixes(log: BuildLog, hits: list[Hit], lib: str, target: Target | None) -> tuple[Fix, ...]:
    if lib == "System" and any("for -lSystem" in hit.text or "'System'" in hit.text for hit in hits):
        return (_MACOS_SDK,)
    if lib == "atomic" and any("using strategy" in hit.text for hit in hits):
        gnu = target.gnu if target else "TRIPLET"
        return (
            Fix(
                "link without zig for this target",
                notes=f"zig has no libatomic. GCC's cross compiler, {gnu}-gcc, has one, and a build without --zig in "
                "an image for the wanted policy links it.",
            ),
            Fix(
                "name the folder of GCC's libatomic for the target",
                notes=f"`{gnu}-gcc -print-file-name=libatomic.so` prints it: RUSTFLAGS='-L FOLDER'. The wheel then "
                "needs libatomic.so.1.",
            ),
        )
    if lib == "gomp" and any("using strategy" in hit.text for hit in hits):
        return (
            Fix(
                "name the folder of GCC's libgomp",
                notes="zig has no OpenMP library, and does not search GCC's folder: `dirname $(gcc "
                "-print-file-name=libgomp.so)` prints it, for -L. For another processor: its cross compiler's.",
            ),
            Fix("build without OpenMP, or without zig", notes="Leave -fopenmp and -lgomp out."),
        )
    if _file(lib).endswith(".lib"):
        return _on_windows(_file(lib))
    own = _own_folder(log, hits, lib)
    from diagnose.readers.buildlog.linking import stem  # only who reads logs needs its patterns

    name = stem(_file(lib)).removesuffix(".lib")
    if library_module(name) or name in _PACKAGES or name in _TOOLCHAIN:
        return advise(log, hits[0].line, _bring, lib, target)
    named = "-L FOLDER, or LIBRARY_PATH=FOLDER."
    if own:
        notes = f"The link searches {own}, a folder of the project: its library has to be built there before. {named}"
        return (Fix(f"build {_file(lib)} first, and name its folder", notes=notes),)
    built = Fix(f"if the project itself builds {_file(lib)}: build it first, and name its folder", notes=named)
    installed = advise(log, hits[0].line, _bring, lib, target)
    first = other_system(log) and not formula_of(f"lib{name}")
    return (built, *installed) if first else (*installed, built)


#: Libraries of C that Visual C++ has in its own: it has no file for them.
_NOT_ON_WINDOWS = {"m", "pthread", "dl", "rt", "util", "stdc++"}


def _on_windows(file: str) -> tuple[Fix, ...]:
    """Return the fixes for a library that Visual C++'s linker does not find."""
    name = file.removesuffix(".lib")
    if name in _NOT_ON_WINDOWS:
        return (
            Fix(
                f"do not link {name} on Windows",
                notes=f'Visual C++ has its functions in its own library. In setup.py: libraries=[] if os.name == "nt" '
                f'else ["{name}"]. In CMake: if(NOT WIN32). Another project\'s: take a release with a wheel.',
            ),
        )
    if name.endswith((".dll.a", ".a")):  # Visual C++'s linker puts .lib after what setup.py names
        return (
            Fix(
                f"give Visual C++ the library's .lib file: {name} is one of MinGW's, to which .lib was added",
                notes='In setup.py: libraries=["NAME"], where NAME.lib is in a folder of library_dirs. vcpkg and '
                "conda have such files; lib /def:NAME.def /out:NAME.lib /machine:x64 makes one for a DLL.",
            ),
        )
    return (
        Fix(
            f"install the library's development files, and name the folder of {file}",
            (Command("set LIB=FOLDER;%LIB%", FixStage.BUILD),),
            notes="In cmd; in PowerShell: $env:LIB = 'FOLDER;' + $env:LIB. "
            f"vcpkg install {name.lower()} or conda install -c conda-forge {name.lower()} may have it "
            "(%CONDA_PREFIX%\\Library\\lib). In setup.py: library_dirs. The file has to be for the same processor.",
        ),
        Fix(f"if the project itself builds {file}: build it first"),
    )


def _own_folder(log: BuildLog, hits: list[Hit], lib: str) -> str:
    """Return the folder of the project in which the link looks for *lib*; empty without a sign of one."""
    for hit in log.near(hits[0].line, "own-folder", before=3, after=3):
        if re.search(rf"(?<!\S)-l{re.escape(lib)}(?!\S)", hit.text) or len(hit.text) > _QUOTED:
            return hit.groups["folder"]
    return ""


_QUOTED = 590  # from this length on a line is cut
_MACOS_SDK = Fix(
    "name the SDK of macOS for this compiler",
    (
        Command("xcode-select --install", FixStage.TOOLCHAIN),
        Command('export SDKROOT="$(xcrun --show-sdk-path)"', FixStage.TOOLCHAIN),
    ),
    notes="libSystem is part of the SDK. Homebrew's, conda's and other compilers than Apple's do not find it by "
    "themselves.",
)
#: lld has no folders of its own: it searches those that gcc names, and /usr/local/lib is not among them.
_LOCAL = Fix(
    "if the library is in /usr/local/lib: name the folder",
    env=(("LIBRARY_PATH", "/usr/local/lib"),),
    notes="rust-lld, the default of Rust 1.90 and later on x86-64 Linux, does not search it; GNU ld does.",
)


def _file(lib: str) -> str:
    """Return the file name that the linker searches for: ``-l:`` takes a complete one."""
    return lib[1:] if lib.startswith(":") else f"lib{lib}"


def _bring(env: Environment, lib: str, target: Target | None) -> tuple[Fix, ...]:
    from diagnose.readers.buildlog.linking import stem  # only who reads logs needs its patterns

    env = env._replace(target=target or env.target)
    module = library_module(stem(_file(lib)), env.distro.codename)
    if module:
        return install_fixes(env, module)
    packages = _PACKAGES.get(lib, {}).get(env.distro.family, ())
    if packages and not env.cross:
        notes = "GCC has libquadmath for x86 and POWER only: on Arm, leave it out." if lib == "quadmath" else ""
        return (Fix(f"install {' '.join(packages)}", install(system(env), packages), notes=notes, safe=True),)
    name = _file(lib) if lib.startswith(":") else f"{_file(lib)}.so"
    return (Fix(f"install the development package that contains {name} for {env.target.triple}"),)


_FORTRAN: dict[str, tuple[str, ...]] = {"debian": ("gfortran",), "rhel": ("gcc-gfortran",), "alpine": ("gfortran",)}
#: Libraries without a .pc file → packages that hold the file for the linker, by family.
_PACKAGES: dict[str, dict[str, tuple[str, ...]]] = {
    "gfortran": _FORTRAN,
    "quadmath": _FORTRAN,
    "gomp": {"debian": ("gcc",), "rhel": ("gcc",), "alpine": ("gcc",)},
    "omp": {"debian": ("libomp-dev",), "rhel": ("libomp-devel",), "alpine": ("openmp-dev",)},
    "clang": {"debian": ("libclang-dev",), "rhel": ("clang-devel",), "alpine": ("clang-dev",)},
    "atomic": {"debian": ("gcc",), "rhel": ("libatomic",), "alpine": ("libatomic",)},
    "crypt": {"debian": ("libcrypt-dev",), "rhel": ("libxcrypt-devel",), "alpine": ("musl-dev",)},
    "c++": {"debian": ("libc++-dev",), "rhel": ("libcxx-devel",), "alpine": ("libc++-dev",)},
}
