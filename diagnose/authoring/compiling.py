"""Which crates compile C for the target."""

from __future__ import annotations

from diagnose.authoring.environment import numbers
from diagnose.readers.cargo.lock import Crate
from diagnose.readers.env import Environment

#: Crates that use ``cc`` for other systems than Linux only, or hardly ever (their build scripts).
_ELSEWHERE = frozenset({"iana-time-zone-haiku", "libloading", "winresource"})
#: Crates whose build scripts compile or preprocess C for the target in every build from source.
_ALWAYS = frozenset({"aws-lc-sys", "blake3", "bzip2-sys", "openssl-src", "openssl-sys", "psm", "ring", "zstd-sys"})


def compiling(env: Environment) -> list[Crate]:
    """Return the project's crates that compile C for the target, or may."""
    return [crate for crate in env.project.crates if "cc" in crate.dependencies and _compiles(env, crate) is not False]


def surely_compiling(env: Environment) -> list[Crate]:
    """Return those of them that do in every build."""
    return [crate for crate in compiling(env) if _compiles(env, crate)]


def _compiles(env: Environment, crate: Crate) -> bool | None:
    """Whether the crate, which depends on ``cc``, compiles C for the target: None if that depends on its features."""
    if crate.name == "alsa-sys":  # since 0.6 it measures a struct, where that has more than one possible size
        return env.target.bits == 32 and env.target.libc == "glibc" and numbers(crate.version) >= (0, 6)
    if crate.name in _ELSEWHERE:
        return False
    return True if crate.name in _ALWAYS else None


_HOST_COMPILERS = frozenset({"", "cc", "gcc", "clang", "c++", "g++", "clang++"})


def is_host_compiler(program: str) -> bool:
    """Whether *program* is the name of the machine's own compiler."""
    name = program.rpartition("/")[2]
    return name in _HOST_COMPILERS or program == "x86_64-linux-gnu-gcc"
