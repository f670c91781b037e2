"""The compiler for the target is installed, but the target's C library is not.

``crti.o``, ``Scrt1.o`` and ``stdio.h`` are in the development files of the C library, ``crtbeginS.o`` and ``libgcc`` in
the compiler's package. Debian's cross compiler only recommends the C library, so ``apt-get install
--no-install-recommends gcc-<triplet>`` omits it. With ``-m32``, x86-64's own compiler needs all of these files for 32
bits as well.

How to fix: install the target's C library: ``libc6-dev-<arch>-cross`` in Debian and Ubuntu, ``libc6-dev`` or
``musl-dev`` natively, ``gcc-multilib`` or ``glibc-devel.i686`` for ``-m32``.

References:
    https://gcc.gnu.org/onlinedocs/gccint/Initialization.html
"""

from __future__ import annotations

from diagnose.authoring.compiling import compiling, surely_compiling
from diagnose.authoring.link_step import NOT_ON_MACOS, wants_libc_script, without_toolchain
from diagnose.authoring.log import advise, finding_from_hits, host, install_by_family, other_system
from diagnose.authoring.mingw import without_unix
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.readers.toolchain.c_compiling import CORE
from diagnose.remedies.fix import fix, with_zig
from diagnose.remedies.install import AGAIN, cross_compiler, system, tool
from diagnose.remedies.visual_studio import BUILD_TOOLS, CARGO_XWIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.buildlog import BuildLog, Hit, LinkStep
    from diagnose.readers.env import Environment
    from diagnose.readers.toolchain.toolchain_facts import Program, StartFile

_NO_HEADER = patterns_for(
    "no-c-header",
    # the C library is there, and not for the word size or the way to call functions that is asked for
    (
        "No such file or directory",
        r"^(?P<from>\S{1,300}/include/\S{1,100}\.h):\d+(?::\d+)?: fatal error: "
        r"(?P<header>(?:sys|bits|gnu|asm)/[\w.-]+\.h): No such file",
    ),
    (
        "No such file or directory",
        r"fatal error: (?P<header>(?:std(?:io|lib|int|def|arg|bool)|string|assert|errno|limits|features|math|unistd)\.h"
        r"|(?:sys/(?!(?:cdefs|queue|tree)\.h)|bits/|gnu/(?!libc-version))[\w.-]+\.h): No such file or directory",
    ),
    # clang's words; under bindgen bindgen-target-headers-missing has them
    ("file not found", r"fatal error: '(?P<header>(?P<clang>(?:bits|gnu)/[\w.-]+\.h))' file not found"),
    (
        "file not found",
        r"fatal error: '(?P<header>(?P<resource>(?:std(?:def|arg|bool|align|atomic|noreturn)|float|limits|iso646)\.h))'"
        r" file not found",
    ),
    # alsa-sys hides the compiler's message about a program that includes hardly any headers
    ("time64_control.o", r"command did not execute successfully .{0,600}time64_control\.o"),
)
# Libraries of Visual C++ and of the Windows SDK, which every program for Windows is linked with.
_WINDOWS = (
    r"(?P<library>(?:kernel32|user32|gdi32|advapi32|ntdll|ws2_32|userenv|bcrypt|shell32|ole32|oleaut32|uuid|dbghelp"
    r"|winspool|comdlg32|synchronization|legacy_stdio_definitions|oldnames|(?:lib)?(?:msvcrt|ucrt"
    r"|vcruntime|cpmt|cmt)d?)\.lib)"
)
_OTHERS = (
    # CMake compiles a program that includes it
    *patterns_for(
        "cmake-no-pthread",
        ("pthread.h - not found", r"Looking for (?:include file )?(?P<header>pthread\.h) - not found"),
    ),
    *patterns_for(
        "cmake-no-threads",
        ("NOT find Threads", r"^(?:CMake Error at .{1,200}\(message\): )?Could NOT find Threads \(missing: "),
    ),
    *patterns_for("half-words", ("-m32", r"(?:^|[\s\"'=])-m32(?=$|[\s\"'])")),
    *patterns_for(
        "no-windows-library",
        ("fatal error LNK1", rf"fatal error LNK1(?:181|104): cannot open (?:input )?file '{_WINDOWS}'"),
        ("could not open", rf"lld-link\S{{0,40}}: error: could not open '{_WINDOWS}'"),
    ),
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.LINKER,
    log_kinds=("ld-no-lib", "ld-no-file", "dso-missing"),
    patterns=(*_NO_HEADER, *_OTHERS),
    env_facts=("toolchain.start_files.!path", "toolchain.host_start_files.!path", "hazards.libc_headers"),
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether the linker has the start files of a program, and that of build scripts as well."""
    chain, here = env.toolchain, system(env)
    packages = cross_compiler(here, env.target) if env.cross else tool(here, "cc")
    files = chain.start_files
    hazards, scripts = env.hazards, _severity_for_host(env)
    only_program = not env.cross and [file.name for file in files if not file.path] == ["Scrt1.o"]
    if not only_program or hazards.program or scripts is not None:
        severity = Severity.ERROR if not only_program or hazards.program or scripts is None else scripts
        yield from _missing(env, chain.linker, files, env.target, packages, severity)
    if env.cross and scripts is not None:
        yield from _missing(env, chain.host_linker, chain.host_start_files, env.host, tool(here, "cc"), scripts)
    if all(file.path for file in chain.start_files):  # else the same packages bring the headers, too
        yield from _headers(env, packages)


def _severity_for_host(env: Environment) -> Severity | None:
    """Return how sure it is that a program for this machine is linked, a build script or a macro; None if it is not."""
    if env.libraries or not env.project.path or env.hazards.host_code:
        return Severity.ERROR
    return None if env.hazards.host_code is False else Severity.WARNING


def _headers(env: Environment, packages: tuple[str, ...]) -> Iterator[Finding]:
    """See that the compiler does not find the C library's headers, and a crate compiles C."""
    absent, users = env.hazards.libc_headers, surely_compiling(env) or compiling(env)
    if not absent or not users:
        return
    here, crate = system(env), users[0]
    owners = tuple(dict.fromkeys(one.package for one in absent if one.package))
    again = bool(owners) and here.manager in AGAIN
    wanted = owners or packages[-1:]
    yield Finding(
        message=f"{env.toolchain.cc.name} does not find {absent[0].name}, a header of the C library",
        severity=Severity.ERROR if surely_compiling(env) and absent[0].name == CORE else Severity.WARNING,
        evidence=(
            Evidence(f"finds no {' and no '.join(one.name for one in absent)}", env.toolchain.cc.path),
            Evidence(f"{crate.name} {crate.version} compiles C", f"{env.project.lock}:{crate.line}"),
        ),
        consequence=f"C code that includes it is not compiled: {absent[0].name}: No such file or directory.",
        fixes=(fix(env, f"install {' '.join(wanted)}{' again' if again else ''}", wanted, again=again),)
        if wanted
        else with_zig(env),
    )


#: The files that GCC itself brings.
_OF_GCC = frozenset({"crtbeginS.o", "crtendS.o", "libgcc.a", "libgcc_s.so"})


def _missing(
    env: Environment,
    linker: Program,
    files: tuple[StartFile, ...],
    target: Target,
    packages: tuple[str, ...],
    severity: Severity,
) -> Iterator[Finding]:
    unloaded = {one.library for one in env.toolchain.unloaded}  # runtime-lib-missing
    missing = [file.name for file in files if not file.path and file.name not in unloaded]
    if not linker.found or not missing:
        return
    here = system(env)
    again = here.manager in AGAIN and bool(packages) and all(env.installed(package) for package in packages)
    if again and here.family == "debian":
        packages = _owners(env, missing, target, packages)
    inner = not _OF_GCC.isdisjoint(missing)
    named = " ".join(packages) if again or inner else packages[-1] if packages else ""
    title = f"install {named}{' again' if again else ''}"
    said = missing[0]
    if said == "libgcc_s.so" or (said.startswith("lib") and said.endswith(".a") and "/" not in said):
        said = f"-l{said[len('lib') :].partition('.')[0]}"
    empty = [file.empty for file in files if file.empty]
    only = len(empty) == len(missing)
    static = next((file.instead for file in files if file.name == missing[0]), "")
    if static and len(missing) == 1 and target.triple == env.target.triple and _may_be_static(env):
        yield _static_libc(env, linker, static, packages)
        return
    yield Finding(
        message=f"{', '.join(missing)} of {target.triple}, which {linker.name} links with, {_are(missing)} empty"
        if only
        else f"{linker.name} does not find {', '.join(missing)} of {target.triple}",
        severity=severity,
        evidence=tuple(Evidence("is empty", path) for path in empty)
        if only
        else (Evidence(f"does not find {', '.join(missing)}", linker.path),),
        consequence="Linking fails, or the programs that build scripts are crash when they start."
        if only
        else f'Linking fails: "cannot find {said}: No such file or directory".',
        fixes=(fix(env, title, packages, again=again),) if packages else with_zig(env),
    )


def _may_be_static(env: Environment) -> bool:
    """Whether a library can be linked with the static C library: not on x86-64, whose loader has the thread's data."""
    return not env.hazards.program and env.target.wheel != "x86_64"


def _static_libc(env: Environment, linker: Program, static: str, packages: tuple[str, ...]) -> Finding:
    """Return that the linker puts the whole C library into the extension."""
    return Finding(
        message=f"{linker.name} does not find libc.so of {env.target.triple}, and links libc.a",
        severity=Severity.WARNING,
        evidence=(Evidence("is linked instead", static), Evidence("does not find libc.so", linker.path)),
        consequence="The extension gets a C library of its own beside the one of Python: it may crash.",
        fixes=(fix(env, f"install {packages[-1]} again", packages, again=True),) if packages else with_zig(env),
    )


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _owners(env: Environment, missing: list[str], target: Target, packages: tuple[str, ...]) -> tuple[str, ...]:
    """Return Debian's packages of the *missing* files: the compilers' own only depend on those of GCC's files."""
    cross = "" if target.triple == env.host.triple else f"-{target.debian}-cross"
    folders = [place for place in env.toolchain.link_dirs if "/gcc" in place] if not cross or env.cross else []
    version = folders[0].rpartition("/")[2] if folders else ""
    found = [f"libgcc-s1{cross}"] if any(name.startswith("libgcc_s.so.") for name in missing) else []
    if version.isdigit() and not _OF_GCC.isdisjoint(missing):
        found.append(f"libgcc-{version}-dev{cross}")
    return tuple(found) or packages


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker not find start files, the C library or the compiler's library, or the compiler a C header."""
    for hit in log.find("no-c-header")[:1]:
        target = log.target_at(hit.line)
        name = hit.groups["header"] or "the C library's headers"
        if hit.groups["clang"] and log.find("bindgen-stopped"):
            continue
        if name in _FLOATS:
            yield finding_from_hits(
                log,
                [hit],
                f"the compiler does not find {name}: its options and its C library pass floats in different ways",
                "No C code can be compiled. The file exists only in a C library of that kind.",
                _FLOATS[name],
            )
            continue
        if re.match("gnu/stubs-(?!32)", name):
            kind = name.removeprefix("gnu/stubs-").removesuffix(".h")
            yield finding_from_hits(
                log,
                [hit],
                f"the compiler does not find {name}: this C library is not for the ABI {kind}",
                "No C code can be compiled. The file exists only in a C library of that ABI.",
                (
                    Fix(
                        "compile with the ABI of the C library",
                        notes="RISC-V: -mabi=lp64d with -march=rv64gc, which distributions use; the name of the "
                        "stubs-….h that is there says which it is.",
                    ),
                    Fix(f"use a toolchain whose C library was built for {kind}, or for all (--enable-multilib)"),
                ),
            )
            continue
        if hit.groups["resource"]:
            if not log.find("bindgen-stopped"):
                yield finding_from_hits(
                    log,
                    [hit],
                    f"{name}, a header of clang itself, is not found by the program that uses libclang",
                    "No C code can be read.",
                    (
                        *install_by_family(log, hit.line, "install clang, with its own headers", _CLANG),
                        Fix(
                            "name the folder to it",
                            notes="`clang -print-resource-dir` prints it: -I FOLDER/include, or -resource-dir FOLDER. "
                            "The headers have to be of the version of the libclang that is loaded.",
                        ),
                    ),
                )
            continue
        if hit.groups["clang"]:  # a native clang finds them where its stdio.h is
            yield finding_from_hits(
                log,
                [hit],
                f"clang does not find {name}: it reads the host's C headers for another target",
                "No C code can be compiled for that target.",
                (*((_OWN,) if target is None else advise(log, hit.line, _bring)), _SYSROOT),
            )
            continue
        glibcs = target is not None and target.libc == "musl" and hit.groups["from"].startswith("/usr/include/")
        yield finding_from_hits(
            log,
            [hit],
            f"the compiler does not find {name}{f' for {target.triple}' if target else ''}"
            + (": it reads the headers of another C library in /usr/include" if glibcs else ""),
            "No C code can be compiled.",
            (
                *(
                    _for_32_bits(log, hit.line, "stubs-32" in name or hit.groups["from"].startswith("/usr/include/"))
                    or advise(log, hit.line, _bring)
                ),
                *(
                    (_CONDA_CC,)
                    if hit.groups["from"].startswith("/usr/include/")
                    and any(one.system == "conda" for one in log.sights)
                    else ()
                ),
            ),
        )
    header = log.find("cmake-no-pthread")
    for hit in [hit for hit in log.find("cmake-no-threads") if header and not log.went_on(hit)][:1]:
        yield finding_from_hits(
            log,
            [*header[:1], hit],
            "CMake cannot compile a program with pthread.h, a header of the C library",
            "CMake finds no threads, and stops. The header is not installed, or the compiler works in no program.",
            (
                *advise(log, hit.line, _bring),
                Fix(
                    "if it is installed: read why CMake's own trial failed",
                    (Command("cat build/CMakeFiles/CMakeError.log", FixStage.BUILD),),
                    notes="From CMake 3.26: CMakeConfigureLog.yaml. The reason may be an option in CFLAGS, or a "
                    "sysroot without headers.",
                ),
            ),
        )
        return
    for hit in log.find("dso-missing")[:1]:
        if wants_libc_script(hit):
            yield finding_from_hits(
                log,
                [hit],
                "the linker does not find libc.so, which names the C library and its loader",
                "No program can be linked: it took libc.a, which lacks what the loader has.",
                advise(log, hit.line, _bring, log.target_at(hit.line)),
            )
            return
    if windows := log.find("no-windows-library"):
        yield finding_from_hits(
            log,
            windows,
            f"the linker does not find {windows[0].groups['library']} of Visual C++ and the Windows SDK",
            "No program for Windows can be linked.",
            (BUILD_TOOLS._replace(title=f"on Windows: {BUILD_TOOLS.title}, and the Windows SDK"), CARGO_XWIN),
        )
    for link in log.links:
        if names := without_unix(link):
            yield finding_from_hits(
                log,
                [hit for hit in link.of("ld-no-lib") if hit.groups["lib"] in names],
                f"MinGW links for Windows, which has no library {', '.join(f'-l{name}' for name in names)}",
                "No program or DLL can be linked.",
                (Fix("link it on Unix only", notes=_UNIX_ONLY),),
            )
            return
        apple = [hit for hit in link.of("ld-no-lib") if hit.groups["lib"] in NOT_ON_MACOS]
        if apple and other_system(log) == "macOS":
            lib = apple[0].groups["lib"]
            yield finding_from_hits(
                log,
                apple,
                f"macOS has no library -l{lib}",
                "No program or library can be linked.",
                (_NOT_LINKED if lib in ("rt", "crypt") else _LIBCXX,),
            )
            return
        hits = without_toolchain(link)
        if hits:
            names = list(dict.fromkeys(hit.groups["file"] or f"-l{hit.groups['lib']}" for hit in hits))
            target = link.target or log.target_at(link.line)
            yield finding_from_hits(
                log,
                hits,
                f"the linker does not find {', '.join(names[:4])}{f' of {target.triple}' if target else ''}",
                "No program can be linked.",
                (_CXX_OF_BSD,)
                if names == ["-lstdc++"] and any(one.system in ("freebsd", "openbsd") for one in log.sights)
                else (_CONDA_LD,)
                if any("compiler_compat/ld" in hit.text for hit in hits)
                else _for_32_bits(log, link.line, _passes_over_itself(link))
                or _beside_the_system(hits)
                or advise(log, link.line, _bring, target, any("stdc++" in name for name in names)),
            )
            return


def _beside_the_system(hits: list[Hit]) -> tuple[Fix, ...]:
    """Return the fixes for a compiler in a folder of its own, which a distribution's packages do not complete."""
    folder = r"(/(?!usr/)\S{1,300}?)/bin/\.\./lib/gcc/([\w.-]{1,60})/"
    found = next(filter(None, (re.match(folder, hit.text) for hit in hits)), None)
    if found is None:
        return ()
    return (
        Fix(
            "name the folder of the target's sysroot that has these files",
            (Command("find SYSROOT -name crt1.o", FixStage.TOOLCHAIN),),
            notes=f"A sysroot of Debian's has them in usr/lib/MULTIARCH, as usr/lib/{found[2]}, where the compiler of "
            f"{found[1]} looks only if it was built so: --sysroot=SYSROOT -B SYSROOT/usr/lib/MULTIARCH -L the same and "
            "-Wl,-rpath-link. Links with absolute paths in it have to be made relative.",
        ),
        Fix("if the sysroot lacks them: install the C library's development files on the machine that it is copied of"),
    )


def _for_32_bits(log: BuildLog, line: int, sure: bool) -> tuple[Fix, ...]:
    """Return fixes that install the 32-bit half of x86-64's own compiler if the build needs it."""
    target = log.target_at(line)
    if target is not None and target.wheel not in ("x86_64", "i686"):
        return ()
    if host(log).wheel != "x86_64" or not (sure or log.near(line, "half-words", before=_REACH)):
        return ()
    return install_by_family(log, line, "install the 32-bit half of the compiler and the C library", _MULTILIB)


_CONDA_CC = Fix(
    "if conda's compiler compiles: keep it out of /usr/include",
    unset=("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH"),
    notes="x86_64-conda-linux-gnu-cc has the C library's headers in its own sysroot (sysroot_linux-64), and does not "
    "search the distribution's folder for the processor. Without -I/usr/include, or with the system's own gcc, the "
    "headers are of one C library. `echo $CC` tells which one compiles.",
)
_CONDA_LD = Fix(
    "link with the system's linker instead of conda's",
    (Command('mv "$CONDA_PREFIX/compiler_compat/ld" "$CONDA_PREFIX/compiler_compat/ld.conda"', FixStage.TOOLCHAIN),),
    notes="conda's Python passes -B …/compiler_compat to gcc, and that linker does not search the system's folders. Or "
    "take conda's compilers, which fit it: conda install -c conda-forge gxx_linux-64; or name the folder in LDFLAGS: "
    "-L/usr/lib/x86_64-linux-gnu.",
)
_LIBCXX = Fix(
    "link LLVM's C++ library",
    env=(("MACOSX_DEPLOYMENT_TARGET", "11.0"),),
    notes="GNU's libstdc++ went with Xcode 10. LDFLAGS=-lc++ for -lstdc++; a deployment target before 10.9, which an "
    "old Python or a Makefile asks for, means the old library.",
)
_CXX_OF_BSD = Fix(
    "link LLVM's C++ library, which is the system's",
    env=(("CXXSTDLIB", "c++"),),
    notes="-lc++ for -lstdc++: FreeBSD and OpenBSD have no libstdc++ in the base system. The variable is for crates "
    "that use the cc crate; a build script that prints cargo:rustc-link-lib=stdc++ itself has to be changed, or a "
    "release taken that knows the system.",
)
_NOT_LINKED = Fix(
    "do not link it on macOS",
    notes="Its functions are in libSystem. CMake: if(NOT APPLE); Meson: cc.find_library('NAME', required: false); "
    "setup.py: sys.platform.",
)
_UNIX_ONLY = (
    "These libraries are parts of Unix's C library. CMake: if(NOT WIN32) around target_link_libraries; Meson: "
    "cc.find_library('NAME', required: false); a build script in Rust: look at CARGO_CFG_WINDOWS; setup.py: os.name."
)
_OWN = Fix(
    "compile with the target's own compiler",
    notes="CC_<target>=PREFIX-gcc for crates, CC for make. Pass --target NAME here for its packages.",
)
_SYSROOT = Fix(
    "name the folder of the target's C library to clang",
    notes="CFLAGS_<target>='--target=TRIPLE --sysroot=SYSROOT' for crates; without it clang searches /usr/include.",
)


def _same_floats(kind: str, other: str, triple: str) -> tuple[Fix, ...]:
    return (
        Fix(
            "compile with the options of the C library",
            notes=f"The options ask for {kind} floats, and the C library here has the other kind. Remove -mfloat-abi, "
            f"-march and -mfpu from CFLAGS and the toolchain file, or set -mfloat-abi={other}.",
        ),
        Fix(
            "use the compiler and C library of the target",
            notes=f"For {kind} floats: {triple}, in Debian gcc-{triple} with its libc6-dev.",
        ),
    )


#: 32-bit ARM has one C library for each way to pass floats, and one of these headers is in each (glibc's stubs.h).
_FLOATS = {
    "gnu/stubs-hard.h": _same_floats("hard", "soft", "arm-linux-gnueabihf"),
    "gnu/stubs-soft.h": _same_floats("soft", "hard", "arm-linux-gnueabi"),
}
_CLANG = {"debian": ("clang",), "rhel": ("clang",), "alpine": ("clang",), "arch": ("clang",), "suse": ("clang",)}
_CXX = {"rhel": ("gcc-c++",), "alpine": ("g++", "musl-dev"), "suse": ("gcc-c++",)}
_REACH = 40  # lines from a compiler's command to its error message
_MULTILIB = {
    "debian": ("gcc-multilib",),
    "rhel": ("gcc", "glibc-devel.i686", "libgcc.i686"),
    "suse": ("gcc-32bit", "glibc-devel-32bit"),
    "arch": ("lib32-glibc", "lib32-gcc-libs"),
}


def _passes_over_itself(link: LinkStep) -> bool:
    """Whether the native linker skips its own compiler's library, because it links for the other word size."""
    own = "/gcc/x86_64-linux-gnu/" in " ".join(file for _, file in link.skipped)
    return own and not link.program and link.ld.endswith("/ld") and link.target is None


def _bring(env: Environment, target: Target | None = None, cxx: bool = False) -> tuple[Fix, ...]:
    """Return what brings the compiler's files for *target* or else the log's, and with *cxx* C++'s."""
    env = env._replace(target=target or env.target)
    packages = cross_compiler(system(env), env.target) if env.cross else tool(system(env), "cc")
    if cxx and packages:
        packages = (packages[0].replace("gcc", "g++"), *packages[1:]) if env.distro.family == "debian" else packages
        packages = _CXX.get(env.distro.family, packages)
    return (fix(env, f"install {' '.join(packages)}", packages),) if packages else with_zig(env)
