"""Finds the other things that a build loads or runs: libclang, an emulator, a Python."""

from __future__ import annotations

import os

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers.system.host import host_machine
from diagnose.readers.toolchain.toolchain_facts import Emulator, Pyo3Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.variables import Variables
    from diagnose.readers.system.root import Root


def libclang(root: Root, variables: Variables) -> Iterator[str]:
    """Yield the libclang libraries that clang-sys finds."""
    folders = []
    setting = variables.get("LIBCLANG_PATH")
    if setting is not None:
        if root.is_file(setting.value):
            yield setting.value
        folders.append(setting.value)
    for base in ("/usr/lib", "/usr/lib64", "/usr/local/lib"):
        names = root.names(base)
        folders += [f"{base}/{name}/lib" for name in names if name.startswith("llvm")]
        folders += [f"{base}/{name}" for name in names if name.endswith(("-linux-gnu", "-linux-gnueabihf"))]
        folders.append(base)
    folders += [f"/usr/local/{name}/lib" for name in root.names("/usr/local") if name.startswith("llvm")]
    for folder in folders:
        for name in root.names(folder):
            if name.startswith("libclang") and name[8:9] in (".", "-") and ".so" in name and "cpp" not in name:
                yield f"{folder}/{name}"


def emulator(root: Root, target: Target) -> Emulator:
    """Return how this machine's kernel runs programs of *target*."""
    machine = host_machine()
    row = targets.resolve(machine)
    if row is not None and (row.machine == target.machine or (machine, target.uname) == ("x86_64", "i686")):
        return Emulator()
    base = "/proc/sys/fs/binfmt_misc"
    try:
        names = sorted(os.listdir(base))
    except OSError:
        return Emulator(needed=True)
    for name in names:
        if name in ("register", "status"):
            continue
        fields: dict[str, str] = {}
        try:
            with open(f"{base}/{name}", encoding="utf-8", errors="replace") as file:
                lines = file.read(1 << 14).splitlines()
        except OSError:
            continue
        for line in lines:
            key, _, value = line.partition(" ")
            fields[key.rstrip(":")] = value.strip()
        if _matches(fields, target):
            return Emulator(
                needed=True,
                name=name,
                enabled="enabled" in fields,
                interpreter=fields.get("interpreter", ""),
                flags=fields.get("flags", ""),
                path=f"{base}/{name}",
            )
    return Emulator(needed=True)


def _matches(fields: dict[str, str], target: Target) -> bool:
    """Whether the magic bytes of a binfmt_misc entry are those of an ELF header of *target*."""
    try:
        magic = bytes.fromhex(fields.get("magic", ""))
        mask = bytes.fromhex(fields.get("mask", "")) or b"\xff" * len(magic)
    except ValueError:
        return False
    order = "little" if target.endian == "little" else "big"
    header = bytearray(b"\x7fELF" + bytes((target.bits // 32, 1 if order == "little" else 2, 1)) + b"\0" * 9)
    header += (2).to_bytes(2, order) + target.machine.to_bytes(2, order)  # type: ignore[arg-type]
    if len(magic) < 20 or len(mask) < 20 or fields.get("offset", "0") != "0":
        return False
    return all((header[i] ^ magic[i]) & mask[i] == 0 for i in range(20))


def python(root: Root, variables: Variables) -> Pyo3Settings:
    """Read PyO3's configuration for the target's Python."""
    settings = tuple(setting for setting in variables.all() if setting.name.startswith(("PYO3_", "_PYTHON_SYSCONFIG")))
    folder = next((setting.value for setting in settings if setting.name == "PYO3_CROSS_LIB_DIR"), "")
    data: list[str] = []
    if folder:
        try:
            candidates = [folder, *(f"{folder}/{name}" for name in root.names(folder) if name.startswith("python3"))]
            for place in candidates:
                data += [f"{place}/{name}" for name in root.names(place) if name.startswith("_sysconfigdata")]
        except InputError:
            data = []
    return Pyo3Settings(settings, folder if root.is_dir(folder) else "", tuple(data))
