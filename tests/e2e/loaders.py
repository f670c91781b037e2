"""Real dynamic linkers of several releases: Debian's packages of glibc and musl, unpacked and called by their path."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from e2e import archive
from e2e.cache import made

PACKAGES = "libc6,libgcc-s1,libstdc++6,musl"

# Opens its arguments as Python opens extension modules, and offers what the fixtures take from an interpreter.
OPENER = """
#include <dlfcn.h>
#include <stdio.h>
__attribute__((visibility("default"))) void *PyModule_Create2(void *definition, int version) { return definition; }
int main(int count, char **paths) {
  for (int i = 1; i < count; i++) puts(dlopen(paths[i], RTLD_NOW) ? "loaded" : dlerror());
  return 0;
}
"""


class Machine(NamedTuple):
    """A processor: its names in Debian, Debian's folders, zig and qemu; its glibc's loader and first release."""

    wheel: str
    debian: str
    folder: str
    zig: str
    musl: str
    loader: str
    qemu: str = ""
    oldest: str = "2.17"


MACHINES = {
    row.wheel: row
    for row in (
        Machine("x86_64", "amd64", "x86_64-linux-gnu", "x86_64-linux-gnu", "x86_64-linux-musl", "ld-linux-x86-64.so.2"),
        Machine(
            "aarch64",
            "arm64",
            "aarch64-linux-gnu",
            "aarch64-linux-gnu",
            "aarch64-linux-musl",
            "ld-linux-aarch64.so.1",
            "qemu-aarch64-static",
        ),
        Machine(
            "armv7l",
            "armhf",
            "arm-linux-gnueabihf",
            "arm-linux-gnueabihf",
            "arm-linux-musleabihf",
            "ld-linux-armhf.so.3",
            "qemu-arm-static",
        ),
        Machine("i686", "i386", "i386-linux-gnu", "x86-linux-gnu", "i386-linux-musl", "ld-linux.so.2"),
        Machine(
            "ppc64le",
            "ppc64el",
            "powerpc64le-linux-gnu",
            "powerpc64le-linux-gnu",
            "powerpc64le-linux-musl",
            "ld64.so.2",
            "qemu-ppc64le-static",
            oldest="2.19",
        ),
        Machine(
            "s390x", "s390x", "s390x-linux-gnu", "s390x-linux-gnu", "s390x-linux-musl", "ld64.so.1", "qemu-s390x-static"
        ),
    )
}


class Suite(NamedTuple):
    """A Debian release, its glibc, its musl, and the marks that its glibc defines."""

    name: str
    glibc: tuple[int, int]
    musl: tuple[int, int, int]
    marks: tuple[str, ...]


SUITES = (
    Suite("bullseye", (2, 31), (1, 2, 2), ()),
    Suite("bookworm", (2, 36), (1, 2, 3), ("GLIBC_ABI_DT_RELR",)),
    Suite("trixie", (2, 41), (1, 2, 5), ("GLIBC_ABI_DT_RELR", "GLIBC_ABI_GNU2_TLS", "GLIBC_ABI_DT_X86_64_PLT")),
    Suite("sid", (2, 43), (1, 2, 6), ("GLIBC_ABI_DT_RELR", "GLIBC_ABI_GNU2_TLS", "GLIBC_ABI_DT_X86_64_PLT")),
)


def root(suite: str, machine: Machine) -> Path:
    """Return a folder with the C libraries of *suite* for *machine*, in which no maintainer script ran."""
    return made(f"loaders-{suite}-{machine.debian}", PACKAGES, lambda folder: _unpack(folder, suite, machine))


def _unpack(folder: Path, suite: str, machine: Machine) -> None:
    options = [
        "--variant=extract",
        f"--architectures={machine.debian}",
        f"--include={PACKAGES}",
        "--mode=root",
        "--quiet",
    ]
    # A mirror may hold an older state of sid than its signature allows; for a C library any state will do.
    options += ['--aptopt=Acquire::Check-Valid-Until "false"'] if suite == "sid" else []
    subprocess.run(["mmdebstrap", *options, suite, str(folder), archive.mirror_of(suite)], check=True)


def opener(libc: str, machine: Machine) -> Path:
    """Return the program that opens modules, for *libc* on *machine*."""
    name = f"opener-{libc}-{machine.debian}"
    return made(name, OPENER, lambda folder: _compile(folder, libc, machine)) / "open"


def _compile(folder: Path, libc: str, machine: Machine) -> None:
    musl = machine.musl.replace("i386", "x86")  # Debian's name, zig's name
    target = [f"{machine.zig}.{machine.oldest}"] if libc == "glibc" else [musl, "-dynamic"]
    command = [sys.executable, "-m", "ziglang", "cc", "-target", *target, "-rdynamic", "-o", str(folder / "open")]
    subprocess.run([*command, "-x", "c", "-", "-ldl"], input=OPENER.encode(), check=True)


def say(inside: Path, libc: str, module: Path, machine: Machine) -> str:
    """Return what the loader of a mounted root says about opening *module* below it.

    That is "loaded", or its error without folders. Nothing of this machine but qemu is in its view.
    """
    folders = [
        folder for folder in (f"lib/{machine.folder}", f"usr/lib/{machine.folder}") if (inside / folder).is_dir()
    ]
    if libc == "glibc":
        loader = next(folder for folder in folders if (inside / folder / machine.loader).exists())
        command = [f"/{loader}/{machine.loader}", "--library-path", ":".join(f"/{folder}" for folder in folders)]
    else:
        command = ["/" + str(next(inside.glob(f"**/{machine.musl}/libc.so")).relative_to(inside))]
    for source, name in ((opener(libc, machine), f"open-{libc}"), (shutil.which(machine.qemu or "true"), "qemu")):
        if source and not (inside / name).exists():
            shutil.copy(source, inside / name)
    emulator = ["/qemu"] if machine.qemu else []
    name = f"/{module.relative_to(inside)}"
    command = ["chroot", str(inside), *emulator, *command, f"/open-{libc}", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{libc} ended with {done.returncode} on {module.name}: {done.stderr}"
    return done.stdout.strip().replace(name, module.name)
