"""The states in which a cross build of the reference crate fails, in the order in which people meet them.

Each is reached from the one before by the next step that the build's output, or the usual advice, suggests. Commands
and variables may use the fields of :class:`e2e.ladder.Target`.
"""

from __future__ import annotations

from typing import NamedTuple

from e2e.ladder import INSTALL, Target


class State(NamedTuple):
    """A state of the root: the way to it, the build's output in it, and the expected cause.

    ``variables`` and ``linker`` are all that ``.cargo/config.toml`` holds. ``says`` is in the build's output, or in the
    output of ``command`` where the failure is not the build's. ``only`` is the Debian architecture of the one target
    that has this state: on 32-bit targets alsa-sys compiles a probe, so a C compiler and its headers are missed before
    a linker and the files that it adds. ``first`` says that nothing was compiled for the target before, ``fixed`` that
    the fix of the state before leads to it.
    """

    name: str
    cause: str
    says: str
    prepare: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    linker: str = ""
    command: str = ""
    only: str = ""
    first: bool = False
    fixed: bool = False

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


LONG = 120  # characters

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
    State("std-missing", "rust-std-target-missing", "error[E0463]: can't find crate for `core`", first=True),
    State(
        "guard",
        "pkgconfig-cross-guard",
        _GUARD,
        fixed=True,
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
        "linker-misnamed",
        "cross-c-compiler-missing",
        'ToolNotFound: failed to find tool "armv7-linux-gnueabihf-gcc"',
        (),
        _ALLOW,
        "armv7-linux-gnueabihf-gcc",  # as the triple suggests; from such a linker's name the cc crate takes its own
        only="armhf",
    ),
    State(
        "linker-missing",
        "cross-linker-missing",
        "error: linker `arm-linux-gnueabihf-gcc-12` not found",
        (),
        _ALLOW,
        "arm-linux-gnueabihf-gcc-12",  # that of the last release of Debian
        only="armhf",
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


# What other builds than those of the states say.
_OTHERS = (("pc-missing", "The system library `dbus-1` required by crate `libdbus-sys` was not found."),)


def line_of(output: str, cause: str, target: Target) -> str:
    """Return the line in which a build's output shows a cause; it is an error if no line does."""
    says = [state.says for state in states(target) if state.cause == cause and not state.command]
    says += [text for other, text in _OTHERS if other == cause]
    said = [text for text in says if text in output]
    assert said, f"nothing in it speaks of {cause}:\n{output}"
    return excerpt(output, said[0])


def excerpt(output: str, text: str) -> str:
    """Return the first line that has *text* in it, or as much of it as fits into a table."""
    line = next(line.strip() for line in output.splitlines() if text in line)
    start = max(0, line.index(text) - 20) if len(line) > LONG else 0
    return ("… " if start else "") + line[start : start + LONG] + (" …" if len(line) > start + LONG else "")
