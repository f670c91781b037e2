"""Crates that compile C find no compiler for the target.

The ``cc`` crate uses ``CC_<triple>``, ``TARGET_CC`` or ``CC``. Without any of them it derives a name from the triple,
such as ``aarch64-linux-gnu-gcc``. It does not read cargo's ``linker`` setting. A crate with a ``vendored`` feature
needs such a compiler.

How to fix: install the distribution's cross compiler, which has the name that the cc crate derives. Or name another
compiler in ``CC_<triple>``.

References:
    https://docs.rs/cc/latest/cc/#external-configuration-via-environment-variables
"""

from __future__ import annotations

from diagnose.authoring.compiling import (
    compiling,
    cxx_evidence,
    is_host_compiler,
    is_wrapper,
    lacking_for_c_finding,
    missing_cxx,
    surely_compiling,
)
from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import advise, builds_rust, distinct, finding_from_hits, install_by_family
from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.configuration import Configuration
from diagnose.remedies.fix import fix, with_zig
from diagnose.remedies.install import cross_compiler, install, system
from diagnose_checks.toolchain._triage import tools_missed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    log_kinds=("ld-generic-elf",),
    patterns=patterns_for(
        "no-tool",
        ("ailed to find tool", r"[Ff]ailed to find tool\. Is [`'](?P<tool>[^`']+)[`'] installed"),
        ("ailed to find tool", r"[Ff]ailed to find tool \"(?P<tool>[^\"]+)\""),
        ("not installed?", r"[Ii]s [`'](?P<tool>[^`']+)[`'] not installed\?"),
        ("compiler not found", r"[Cc]ompiler not found: (?P<tool>\S+)"),
        # aws-lc-sys: its compiler was not started at all
        ('COMPILER: "', r'COMPILER: "(?P<tool>[^"\s]{1,300})"\s*ARGS: .{0,3000}?EXECUTED: false', 3),
        (
            "ailed to execute",
            r"failed to execute \[?\"(?P<tool>[^\"]{1,200})\".{0,1000}(?:No such file|NotFound|os error 2)",
        ),
        # the driver is there, and the compiler proper is not
        (
            "cc1': ",
            r"(?P<tool>[\w.-]{1,60}-linux-\w{1,30}-(?:gcc|cc)): (?:fatal )?error:? "
            r"(?P<part>trying to exec|cannot execute) ['`]cc1':",
        ),
        (
            "'as': ",
            r"(?P<tool>[\w.-]{1,60}-linux-\w{1,30}-(?:gcc|cc|g\+\+)): (?:fatal )?error:? "
            r"(?P<part>trying to exec|cannot execute) 'as': ",
        ),
        ("_COMPILER:", r"The CMAKE_C(?:XX)?_COMPILER:\s+(?P<tool>\S+)\s+is not a full path and was not found", 5),
        (
            "No such file",
            r"(?:^|[\s:])(?P<tool>[\w.]+-linux-\w+-(?:gcc|g\+\+|cc)|musl-gcc): No such file or directory$",
        ),
        (
            "No such file",
            r"error: (?P<setuptools>\[Errno 2\]) No such file or directory: "
            r"'(?P<tool>[\w.]+-linux-\w+-(?:gcc|g\+\+|cc))'",
        ),
        (
            "No such file",
            r"(?P<setuptools>unable to execute|command) '(?P<tool>[\w.]+-linux-\w+-(?:gcc|g\+\+|cc))'"
            r"(?: failed)?: No such",
        ),
        (
            "not found",
            r"(?:^|[\s:])(?P<tool>[\w.]+-linux-\w+-(?:gcc|g\+\+|cc|ar|ranlib)|musl-gcc): (?:command )?not found$",
        ),
    ),
    env_facts=("cross",),
)
_COMPILER = r"(?:gcc|g\+\+|cc|c\+\+|clang(?:\+\+)?)(?:-\d+)?$"


def env(env: Environment) -> Iterator[Finding]:
    """See whether a crate that compiles C or C++ finds a compiler for the target."""
    yield from _cxx(env)
    compiler, linker = env.toolchain.cc, env.toolchain.linker
    users, sure = compiling(env), surely_compiling(env)
    if env.cross:
        yield from lacking_for_c_finding(env, cross_compiler(system(env), env.target))
    if not env.cross or compiler.found or not users or is_wrapper(compiler):
        return
    if not sure and (linker.setting is None or not linker.found):
        return  # the linker is missed in any case, and comes with the compiler
    names = cross_compiler(system(env), env.target)
    own = f"{env.target.gnu}-gcc"
    variables = () if compiler.name == own else ((f"CC_{env.target.env_name}", own),)
    fixes = (
        (fix(env, f"install {' '.join(names)}", configuration=Configuration(variables, names)),)
        if names
        else with_zig(env)
    )
    crate = (sure or users)[0]
    used = Evidence(f"{crate.name} {crate.version} compiles C with the cc crate", f"{env.project.lock}:{crate.line}")
    yield Finding(
        message=f"no C compiler for {env.target.triple}: {compiler.name} is not installed",
        severity=Severity.ERROR if sure else Severity.WARNING,
        evidence=(used, setting_evidence(compiler.setting)) if compiler.setting else (used,),
        consequence=f"The build script of {crate.name} fails: failed to find tool, is `{compiler.name}` installed?",
        fixes=fixes,
    )


def _cxx(env: Environment) -> Iterator[Finding]:
    program, need = missing_cxx(env)
    if program is None or need is None or not env.cross:
        return
    names = cross_compiler(system(env), env.target)
    own = f"g++-{names[0].removeprefix('gcc-')}" if names and names[0].startswith("gcc-") else ""
    fixes = (fix(env, f"install {own}", (own, *names)),) if own else with_zig(env)
    yield Finding(
        message=f"there is no C++ compiler for {env.target.triple}, which the build script of {need.crate} needs",
        severity=Severity.ERROR if need.certain else Severity.WARNING,
        evidence=(Evidence(f"{need.crate} compiles C++", need.path), *cxx_evidence(program)),
        consequence=f"The build script of {need.crate} stops. A C compiler alone is not enough.",
        fixes=fixes,
    )


def _for_the_host(log: BuildLog) -> Iterator[Finding]:
    """Yield that the target's linker got C code that the host's compiler compiled."""
    for link in log.links:
        target = link.target
        archives = [file for file in link.wrong if re.search(r"\.(?:rlib|a)\b", file)]
        if target is None or not archives or not link.machines or target.machine in link.machines:
            continue
        archive = archives[0].rpartition("/")[2].partition("(")[0]
        own = f"{target.gnu}-gcc"
        if not builds_rust(log):
            yield finding_from_hits(
                log,
                link.of("ld-generic-elf"),
                f"C code in {archive} was compiled for another processor than {target.triple}",
                "Linking fails. The library was built with another compiler than the one that links.",
                (
                    Fix(
                        f"build {archive} for {target.triple}, with the compiler that links",
                        notes=f"configure: --host={target.gnu} CC={own}; CMake: -DCMAKE_C_COMPILER={own}, or the "
                        "toolchain file of the project that uses it, in an empty build folder; make: make clean, then "
                        f"CC={own} AR={target.gnu}-ar. `readelf -h` of a member of the archive names its processor.",
                    ),
                ),
            )
            return
        yield finding_from_hits(
            log,
            link.of("ld-generic-elf"),
            f"C code in {archive} was compiled for another processor than {target.triple}",
            "Linking fails. The crate's build script ran the host's compiler.",
            (
                Fix(
                    f"compile it with {own}",
                    env=((f"CC_{target.env_name}", own), (f"CXX_{target.env_name}", f"{target.gnu}-g++")),
                    notes="Then `cargo clean`, to recompile it. A plain CC or CFLAGS that names the host's compiler "
                    "applies to all targets: unset it. With CMake, the crate takes a toolchain file: "
                    f"CMAKE_TOOLCHAIN_FILE_{target.env_name}.",
                ),
            ),
        )
        return


def _archivers(log: BuildLog) -> Iterator[Finding]:
    """Yield that the program is missing which puts a crate's objects into an archive for the target."""
    for hit in distinct(tools_missed(log), "tool"):
        name = hit.groups["tool"].rpartition("/")[2]
        if not re.search(r"-linux-\w{1,30}-(?:gcc-)?(?:ar|ranlib)$", name):
            continue
        target = log.target_at(hit.line) or targets.resolve(re.sub(r"-(?:gcc-)?(?:ar|ranlib)$", "", name))
        variable = f"AR_{target.env_name}" if target else "AR_<target>"
        yield finding_from_hits(
            log,
            [hit],
            f"{name} is not installed, which packs a crate's C objects{f' for {target.triple}' if target else ''}",
            "C code of a crate is compiled, and cannot be linked. The compiler's package brings it.",
            _of_android(variable)
            if "-android" in name
            else (
                *advise(log, hit.line, _compiler, name, target),
                Fix(
                    "if the compiler is there: name its archiver",
                    env=((variable, "llvm-ar"),),
                    notes="llvm-ar of any LLVM packs objects for every target. A variable that names another one "
                    f"({variable}, TARGET_AR, AR) counts before.",
                ),
            ),
        )
        return


def _of_android(variable: str) -> tuple[Fix, ...]:
    """Return the fixes for the archiver of a build in Termux, or with the NDK, which has had LLVM's only since 23."""
    return (
        Fix(
            "in Termux: install binutils, which has it",
            (Command("pkg install -y binutils", FixStage.PACKAGES),),
        ),
        Fix(
            "elsewhere: name the archiver of the NDK",
            env=((variable, "$ANDROID_NDK_HOME/toolchains/llvm/prebuilt/linux-x86_64/bin/llvm-ar"),),
            notes="In Termux: llvm-ar of its package llvm. The NDK has no TRIPLE-ar since 23.",
        ),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See the cc crate not find the compiler that it derived or that a variable names, or take the host's."""
    yield from _for_the_host(log)
    yield from _archivers(log)
    for hit in distinct(tools_missed(log), "tool"):
        compiler = hit.groups["tool"]
        if is_host_compiler(compiler) or not re.search(_COMPILER, compiler):
            continue
        named = log.target_at(hit.line)
        target = named or targets.resolve(re.sub(rf"-{_COMPILER}", "", compiler.rpartition("/")[2]))
        name = f" for {target.triple}" if target else ""
        language = "C++" if _is_cxx(compiler) else "C"
        if hit.groups["setuptools"]:
            own = install_by_family(log, hit.line, "install the native compiler", {"debian": ("gcc", "libc6-dev")})
            yield finding_from_hits(
                log,
                [hit],
                f"no C compiler{name}: {compiler} is not installed",
                "No extension in C can be built. Debian's Python calls the native compiler by such a name.",
                (*own, *advise(log, hit.line, _cross, target)),
            )
            continue
        if hit.groups["part"]:
            other = targets.resolve(re.sub(rf"-{_COMPILER}", "", compiler.rpartition("/")[2]))
            wrong = named is not None and other is not None and other.wheel != named.wheel
            yield finding_from_hits(
                log,
                [hit],
                f"{compiler} is installed in part: it does not find cc1, which compiles C"
                + (f"; and it is not a compiler for {named.triple}" if wrong and named else ""),
                "C code of a crate cannot be compiled.",
                (
                    *(() if wrong else (_complete(compiler),)),
                    *advise(log, hit.line, _compiler, f"{target.gnu}-gcc" if target else compiler, target),
                    *((Fix("correct the variable that names it", notes=_UNSET[1]),) if wrong else ()),
                ),
            )
            continue
        yield finding_from_hits(
            log,
            [hit],
            f"no {language} compiler{name}: {compiler} is not installed",
            f"{language} code of a crate cannot be compiled. Cargo's linker setting has no effect on that.",
            (
                *advise(log, hit.line, _compiler, compiler, target),
                *(() if named else (Fix(f"for a native build: {_UNSET[0]}", notes=_UNSET[1]),)),
            ),
        )


def _complete(compiler: str) -> Fix:
    """Return how a cross compiler without its own programs is repaired."""
    return Fix(
        f"install {compiler.rpartition('/')[2]} again, with all its parts",
        (Command(f"{compiler} -print-prog-name=cc1", FixStage.TOOLCHAIN),),
        notes="The command prints a path where cc1 is there, and the bare name where it is not. A toolchain that was "
        "copied in part, or whose folders were moved apart, does not find its own programs.",
    )


def _cross(env: Environment, target: Target | None) -> list[Fix]:
    names = cross_compiler(system(env), target) if target else ()
    title = f"to cross-compile{f' for {target.triple}' if target else ''}: install {' '.join(names)}"
    return [Fix(title, install(system(env), names), safe=True)] if names else []


_UNSET = ("unset the variable that names it", "CC, CC_<target>, TARGET_CC.")


def _is_cxx(program: str) -> bool:
    return re.search(r"\+\+(?:-\d+)?$", program) is not None


def _is_archiver(program: str) -> bool:
    return program.endswith(("-ar", "-ranlib"))


#: What brings ``musl-gcc``, by family; Alpine's own gcc is one.
_MUSL_GCC = {"debian": "musl-tools", "rhel": "musl-gcc", "arch": "musl", "suse": "musl-tools"}


def _compiler(env: Environment, name: str, target: Target | None) -> tuple[Fix, ...]:
    env = env._replace(target=target or env.target)
    if name.rpartition("/")[2] in ("musl-gcc", f"{env.host.wheel}-linux-musl-gcc") and _MUSL_GCC.get(env.distro.family):
        package = _MUSL_GCC[env.distro.family]
        called = name.rpartition("/")[2] == "musl-gcc"
        settings = () if called else ((f"CC_{env.target.env_name}", "musl-gcc"),)
        return (
            fix(
                env,
                f"install {package}, which brings musl-gcc",
                configuration=Configuration(settings, (package,)),
                notes="It compiles C for musl, and finds no library that is not built for musl: of OpenSSL, use the "
                "crate's own (feature vendored) or rustls. C++ needs another compiler.",
            ),
        )
    if not env.cross:
        return (Fix(_UNSET[0], notes=_UNSET[1]),)
    names = cross_compiler(system(env), env.target)
    if not names:
        return with_zig(env)
    own, variable = f"{env.target.gnu}-gcc", "CC"
    if _is_cxx(name):
        own, variable = f"{env.target.gnu}-g++", "CXX"
        names = (names[0].replace("gcc-", "g++-", 1), *names[1:])
    variables = () if name == own or _is_archiver(name) else ((f"{variable}_{env.target.env_name}", own),)
    return (fix(env, f"install {' '.join(names)}", configuration=Configuration(variables, names)), *with_zig(env))
