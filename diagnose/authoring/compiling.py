"""Finds the crates that compile C for the target."""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Evidence, Finding, Severity
from diagnose.model.versions import version_key
from diagnose.remedies.fix import fix
from diagnose.remedies.install import AGAIN, install, system

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.cargo.build_tools import ToolNeed
    from diagnose.readers.cargo.lock import Crate
    from diagnose.readers.env import Environment
    from diagnose.readers.toolchain.toolchain_facts import Program

#: Crates whose build scripts use ``cc`` only on systems other than Linux, or hardly ever.
_ELSEWHERE = frozenset({"iana-time-zone-haiku", "libloading", "winresource"})
#: Crates whose build scripts compile or preprocess C for the target in every build from source.
_ALWAYS = frozenset({"aws-lc-sys", "blake3", "bzip2-sys", "openssl-src", "openssl-sys", "psm", "ring", "zstd-sys"})


def compiling(env: Environment) -> list[Crate]:
    """Return the project's crates that compile, or may compile, C for the target."""
    return [crate for crate in env.project.crates if "cc" in crate.dependencies and _compiles(env, crate) is not False]


def surely_compiling(env: Environment) -> list[Crate]:
    """Return the project's crates that compile C in every build."""
    return [crate for crate in compiling(env) if _compiles(env, crate)]


def _compiles(env: Environment, crate: Crate) -> bool | None:
    """Whether a crate that depends on ``cc`` compiles C for the target: None if its features decide."""
    if crate.name == "alsa-sys":  # since 0.6 it measures a struct, where that has more than one possible size
        return env.target.bits == 32 and env.target.libc == "glibc" and version_key(crate.version) >= (0, 6)
    if crate.name in _ELSEWHERE:
        return False
    return True if crate.name in _ALWAYS or crate.name in env.project.compiling else None


def missing_cxx(env: Environment) -> tuple[Program | None, ToolNeed | None]:
    """Return the C++ compiler for the target that a build script needs and that is not there, and for which crate."""
    program = next((one for one in env.build_programs if one.name == "c++" and not one.found), None)
    needs = sorted((need for need in env.project.tools if need.tool == "c++"), key=lambda need: not need.certain)
    return (program, needs[0]) if program is not None and needs else (None, None)


def cxx_evidence(program: Program) -> tuple[Evidence, ...]:
    """Return the evidence that *program*, a compiler, is not there."""
    if program.setting is not None:
        return (setting_evidence(program.setting),)
    return (Evidence("no C++ compiler in any of its folders", where="variable PATH"),)


def lacking_for_c(env: Environment) -> tuple[Program | None, str, Crate | None]:
    """Return the program that does not find what it calls to compile C, the name of that, and the crate that needs it.

    That is the compiler without ``cc1`` or ``as``, or the cc crate without ``ar``.
    """
    chain, users = env.toolchain, (*surely_compiling(env), *compiling(env))
    if not users or not chain.cc.found:
        return None, "", None
    parts = chain.parts if chain.cc.real == chain.linker.real else ()
    absent = [part.name for part in parts if part.name in ("cc1", "as") and not part.path]
    if absent:
        return chain.cc, absent[0], users[0]
    return (chain.ar, "", users[0]) if not chain.ar.found else (None, "", None)


def lacking_for_c_finding(env: Environment, packages: tuple[str, ...]) -> Iterator[Finding]:
    """Yield what :func:`lacking_for_c` returns; *packages* bring the compiler, and binutils with it."""
    program, name, crate = lacking_for_c(env)
    if program is None or crate is None:
        return
    used = Evidence(f"{crate.name} {crate.version} compiles C with the cc crate", f"{env.project.lock}:{crate.line}")
    if name:
        message = f"{program.name} does not find {name}, which it compiles C with"
        evidence = (used, Evidence(f"calls {name}, which is in none of its folders", program.path))
        said = f"{program.name}: fatal error: cannot execute '{name}': posix_spawnp: No such file or directory"
    else:
        message = f"{program.name} is not installed, which the cc crate makes libraries with"
        place = Evidence(f"no program {program.name} in any of its folders", where="variable PATH")
        evidence = (used, setting_evidence(program.setting) if program.setting else place)
        said = f'failed to find tool "{program.name}"'
    here = system(env)
    binutils = packages[0].replace("gcc", "binutils") if packages and here.family == "debian" else "binutils"
    wanted = packages[:1] if name == "cc1" else (binutils,)
    again = here.manager in AGAIN and all(env.installed(package) for package in wanted)
    commands = install(here, wanted, again=again)
    title = f"install {' '.join(wanted)}{' again' if again else ''}"
    if program.setting is not None and not name:
        title, commands = f"correct {program.setting.name}, or remove it", ()
    yield Finding(
        message=message,
        severity=Severity.ERROR if crate in surely_compiling(env) else Severity.WARNING,
        evidence=evidence,
        consequence=f"The build script of {crate.name} fails: {said}.",
        fixes=(fix(env, title, commands=commands, safe=bool(commands)),),
    )


#: Programs that run the compiler that is named after them; the cc crate's list.
_WRAPPERS = frozenset({"ccache", "distcc", "sccache", "icecc", "cachepot", "buildcache"})


def is_wrapper(program: Program) -> bool:
    """Whether *program*, which CC or CXX names first, runs the compiler that is named after it."""
    return program.name.rpartition("/")[2] in _WRAPPERS


_HOST_COMPILERS = frozenset({"", "cc", "gcc", "clang", "c++", "g++", "clang++"})


def is_kept_elsewhere(program: str) -> bool:
    """Whether *program* is a path outside the folders of the system's programs: one that a setting names."""
    folder = program.rpartition("/")[0]
    return bool(folder) and folder not in ("/bin", "/usr/bin", "/usr/local/bin")


def is_host_compiler(program: str) -> bool:
    """Whether *program* is a name of the host's compiler."""
    name = program.rpartition("/")[2]
    head, dash, version = name.rpartition("-")
    name = head if dash and version.replace(".", "").isdecimal() else name
    return name in _HOST_COMPILERS or program == "x86_64-linux-gnu-gcc"
