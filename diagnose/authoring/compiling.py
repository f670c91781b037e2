"""Finds the crates that compile C for the target."""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.model.finding import Evidence
from diagnose.model.versions import version_key
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
    return True if crate.name in _ALWAYS else None


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


_HOST_COMPILERS = frozenset({"", "cc", "gcc", "clang", "c++", "g++", "clang++"})


def is_host_compiler(program: str) -> bool:
    """Whether *program* is a name of the host's compiler."""
    name = program.rpartition("/")[2]
    return name in _HOST_COMPILERS or program == "x86_64-linux-gnu-gcc"
