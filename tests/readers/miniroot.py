"""A root as small as it gets, in which the real pkgconf runs: Debian's layout, ALSA for three architectures.

Its program files are this machine's own, so nothing is downloaded; its libraries are bare ELF headers.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from diagnose.model import targets

ARCHITECTURES = ("amd64", "armhf", "arm64")
SEARCH = (
    "/usr/local/lib/{0}/pkgconfig:/usr/local/lib/pkgconfig:/usr/local/share/pkgconfig:"
    "/usr/lib/{0}/pkgconfig:/usr/lib/pkgconfig:/usr/share/pkgconfig"
)
PC = """\
prefix=/usr
libdir=${{prefix}}/lib/{multiarch}
includedir=${{prefix}}/include

Name: {name}
Description: {name}, for {multiarch}
Version: {version}
Requires: {requires}
Libs: -L${{libdir}} -l{lib}
Libs.private: -lm -ldl
Cflags: -I${{includedir}}
"""


def elf(architecture: str) -> bytes:
    """Return the header of a shared library for a Debian architecture, or any other name."""
    row = targets.resolve(architecture)
    assert row is not None
    order = "<" if row.endian == "little" else ">"
    ident = b"\x7fELF" + bytes((row.bits // 32, 1 if order == "<" else 2, 1)) + bytes(9)
    wide = row.bits == 64
    flags = {"hard-float EABI": 0x5000400, "soft-float EABI": 0x5000200}.get(row.flags.meaning, row.flags.values[-1])
    layout = f"{order}HHIQQQIHHHHHH" if wide else f"{order}HHIIIIIHHHHHH"
    sizes = (64, 56, 0, 64, 0, 0) if wide else (52, 32, 0, 40, 0, 0)
    return ident + struct.pack(layout, 3, row.machine, 1, 0, 0, 0, flags, *sizes)


def write(path: Path, text: str | bytes, mode: int = 0o644) -> Path:
    """Write one file, and the folders above it; a manifest of a crate gets the source that it implies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name == "Cargo.toml":
        (path.parent / "src").mkdir(exist_ok=True)
        (path.parent / "src/lib.rs").touch()
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return path


#: An archive with one small member.
ARCHIVE = f"!<arch>\n{'lib.rmeta/':16}{'0':12}{'0':6}{'0':6}{'644':8}{'4':10}`\nrust"


def std(folder: Path) -> Path:
    """Fill *folder*, the ``lib`` of a target of Rust, with a standard library; return the library proper."""
    for name in ("core", "alloc"):
        write(folder / f"lib{name}-0.rlib", ARCHIVE)
    return write(folder / "libstd-0.rlib", ARCHIVE)


def module(root: Path, name: str, lib: str, version: str, architecture: str, requires: str = "") -> None:
    """Install a ``-dev`` package: a ``.pc`` file and the library that it names."""
    row = targets.resolve(architecture)
    assert row is not None
    text = PC.format(multiarch=row.multiarch, name=name, version=version, lib=lib, requires=requires)
    write(root / f"usr/lib/{row.multiarch}/pkgconfig/{name}.pc", text)
    write(root / f"usr/lib/{row.multiarch}/lib{lib}.so.2", elf(architecture))
    link = root / f"usr/lib/{row.multiarch}/lib{lib}.so"
    link.unlink(missing_ok=True)
    link.symlink_to(f"lib{lib}.so.2")


def real_pkgconf() -> str | None:
    """Return this machine's pkgconf, if it is one that such a root could have."""
    return shutil.which("pkgconf") if sys.platform == "linux" and os.uname().machine == "x86_64" else None


def make(root: Path) -> Path:
    """Fill *root*: Debian 13 on amd64 with armhf and arm64, pkgconf and its wrappers, a gcc for armhf."""
    for name in ("bin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    write(root / "dev/null", "")
    write(
        root / "etc/os-release",
        'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n',
    )
    write(
        root / "var/lib/dpkg/status",
        "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.22.21\n\n",
    )
    write(root / "var/lib/dpkg/arch", "\n".join(ARCHITECTURES) + "\n")
    write(root / "etc/apt/sources.list", "deb http://deb.example.debian.org/debian trixie main\n")
    write(root / "usr/bin/apt-get", elf("amd64"), 0o755)
    for name in ("x86_64-linux-gnu-gcc-14", "arm-linux-gnueabihf-gcc-14", "ar"):
        write(root / f"usr/bin/{name}", elf("amd64"), 0o755)
    for link, to in (
        ("cc", "gcc"),
        ("gcc", "x86_64-linux-gnu-gcc-14"),
        ("arm-linux-gnueabihf-gcc", "arm-linux-gnueabihf-gcc-14"),
        ("pkg-config", "pkgconf"),
        ("arm-linux-gnueabihf-pkg-config", "pkgconf"),
        ("aarch64-linux-gnu-pkg-config", "pkgconf"),
    ):
        (root / "usr/bin" / link).symlink_to(to)
    for architecture in ARCHITECTURES:
        row = targets.resolve(architecture)
        assert row is not None
        module(root, "alsa", "asound", "1.2.14", architecture)
        personality = f"Triplet: {row.gnu}\nDefaultSearchPaths: {SEARCH.format(row.multiarch)}\n"
        if architecture != "amd64":
            write(root / f"usr/share/pkgconfig/personality.d/{row.gnu}.personality", personality)
    program = real_pkgconf()
    if program is None:
        strings = b"\0pkgconf\0001.8.1\0" + SEARCH.format("x86_64-linux-gnu").encode() + b"\0"
        write(root / "usr/bin/pkgconf", elf("amd64") + strings, 0o755)
    else:
        install(root, program)
    return root


@functools.cache  # a property test asks again and again
def install(root: Path, program: str) -> None:
    """Copy a program of this machine, and the libraries that it needs, to where they are."""
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=True)
    words = done.stdout.split()
    for path in {program, *(word for word in words if word.startswith("/"))}:
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            shutil.copy2(os.path.realpath(path), place)


def run(root: Path, argv: list[str], environ: dict[str, str]) -> str:
    """Run a program in *root* with exactly *environ*, and return what it prints."""
    enter = ["chroot", str(root)]
    if os.geteuid() != 0:
        enter = ["unshare", "--map-root-user", *enter]
    command = ["env", "-i", *(f"{name}={value}" for name, value in environ.items()), *argv]
    install(root, shutil.which("env") or "/usr/bin/env")
    done = subprocess.run([*enter, *command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """Be a user who may not read what root keeps to itself."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
