"""The states in which a cross build of the reference crate fails, in the order in which people meet them.

Each is reached from the one before by what the build's own words, or the usual advice, tell one to do next. Commands
and variables may use the fields of :class:`e2e.ladder.Target`.
"""

from __future__ import annotations

from typing import NamedTuple

from e2e.ladder import INSTALL, Target


class State(NamedTuple):
    """A state of the root: how to get there, what the build says in it, and the cause that has to be named.

    ``variables`` and ``linker`` are all that ``.cargo/config.toml`` holds. ``says`` is in the build's output, or in the
    output of ``command`` where the failure is not the build's. ``only`` is the Debian architecture of the one target
    that has this state: on 32-bit targets alsa-sys compiles a probe, so a C compiler is missed before a linker is.
    """

    name: str
    cause: str
    says: str
    prepare: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    linker: str = ""
    command: str = ""
    only: str = ""

    def of(self, target: Target) -> State:
        """Return the state as it is for a target."""
        fields = {"env": target.env, **target._asdict()}
        return self._replace(
            says=self.says.format(**fields),
            prepare=tuple(command.format(**fields) for command in self.prepare),
            variables=tuple((name.format(**fields), value.format(**fields)) for name, value in self.variables),
            linker=self.linker.format(**fields),
            command=self.command.format(**fields),
        )


_ALLOW = (("PKG_CONFIG_ALLOW_CROSS", "1"),)
_LIBDIR = (("PKG_CONFIG_LIBDIR", "/usr/lib/{gnu}/pkgconfig"),)
_WRAPPER = (("PKG_CONFIG_{env}", "{gnu}-pkg-config"),)
_GCC = "{gnu}-gcc"
_GUARD = "pkg-config has not been configured to support cross-compilation."
_MISSING = "The system library `alsa` required by crate `alsa-sys` was not found."

STATES = (
    State(
        "foreign-arch-not-enabled",
        "apt-foreign-arch-not-enabled",
        "E: Unable to locate package libasound2-dev:{debian}",
        command="apt-get update -q && apt-get install -q -y libasound2-dev:{debian}",
    ),
    State("std-missing", "rust-std-target-missing", "error[E0463]: can't find crate for `core`"),
    State(
        "guard",
        "pkgconfig-cross-guard",
        _GUARD,
        (
            "dpkg --add-architecture {debian}",
            "apt-get update -q",
            f"{INSTALL} libstd-rust-dev:{{debian}}",
        ),
    ),
    State(
        "pkg-config-missing",
        "pkgconfig-tool-missing",
        "The pkg-config command could not be found.",
        variables=_ALLOW,
    ),
    State(
        "wrapper-missing",
        "pkgconfig-wrapper-missing",
        "Could not run `PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 {gnu}-pkg-config",
        variables=_WRAPPER,
    ),
    State("pc-missing", "pc-missing", _MISSING, (f"{INSTALL} pkg-config",), _ALLOW),
    State("pc-missing-libdir", "pc-missing", "> PKG_CONFIG_LIBDIR=/usr/lib/{gnu}/pkgconfig", (), _ALLOW + _LIBDIR),
    State(
        "compiler-missing",
        "cross-c-compiler-missing",
        'ToolNotFound: failed to find tool "{gnu}-gcc"',
        (f"{INSTALL} libasound2-dev",),
        _ALLOW,
        only="armhf",
    ),
    State(
        "headers-missing",
        "toolchain-crt-missing",
        'ToolExecError: command did not execute successfully (status code exit status: 1): "{gnu}-gcc"',
        (f"{INSTALL} gcc-{{gnu}}",),
        _ALLOW,
        _GCC,
        only="armhf",
    ),
    State(
        "linker-not-configured",
        "target-linker-not-configured",
        "elocations in generic ELF (EM: 40)",
        (f"{INSTALL} libc6-dev-{{debian}}-cross",),
        _ALLOW,
        only="armhf",
    ),
    State(
        "linker-not-configured",
        "target-linker-not-configured",
        "elocations in generic ELF (EM: 183)",
        (f"{INSTALL} libasound2-dev",),
        _ALLOW,
        only="arm64",
    ),
    State(
        "linker-missing", "cross-linker-missing", "error: linker `{gnu}-gcc` not found", (), _ALLOW, _GCC, only="arm64"
    ),
    State(
        "crt-missing",
        "toolchain-crt-missing",
        "cannot find crti.o: No such file or directory",
        (f"{INSTALL} gcc-{{gnu}}",),
        _ALLOW,
        _GCC,
        only="arm64",
    ),
    State(
        "host-library",
        "host-lib-picked-for-target",
        "/usr/lib/x86_64-linux-gnu/libasound.so: file not recognized: file format not recognized",
        (),
        _ALLOW,
        _GCC,
        only="armhf",
    ),
    State(
        "host-library",
        "host-lib-picked-for-target",
        "skipping incompatible /usr/lib/x86_64-linux-gnu/libasound.so when searching for -lasound",
        (f"{INSTALL} libc6-dev-{{debian}}-cross",),
        _ALLOW,
        _GCC,
        only="arm64",
    ),
    State(
        "library-installed-only",
        "pkgconfig-cross-guard",
        _GUARD,
        (f"{INSTALL} libasound2-dev:{{debian}}",),
        linker=_GCC,
    ),
    State(
        "library-installed-allow",
        "host-lib-picked-for-target",
        "/usr/lib/x86_64-linux-gnu/libasound.so: file not recognized: file format not recognized",
        (),
        _ALLOW,
        _GCC,
        only="armhf",
    ),
    State("libdir-without-allow", "pkgconfig-cross-guard", _GUARD, (), _LIBDIR, _GCC),
    State(
        "patchelf-missing",
        "patchelf-missing-or-old",
        "Failed to execute 'patchelf', did you install it?",
        (),
        _ALLOW + _LIBDIR,
        _GCC,
    ),
)


def states(target: Target) -> list[State]:
    """Return the states of a target."""
    return [state.of(target) for state in STATES if state.only in ("", target.debian)]


def named(output: str, target: Target) -> dict[str, str]:
    """Return the causes that a build's output speaks of, each with the line that does."""
    found = {}
    for state in states(target):
        if not state.command and state.says in output:
            found[state.cause] = next(line.strip() for line in output.splitlines() if state.says in line)
    return found
