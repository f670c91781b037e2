"""A small program that opens extension modules where no interpreter can import them: ``opener.c``.

It is compiled for the C library of the place, by a compiler of this machine, together with the symbols that an
interpreter would provide: what those do is not tried, whether the loader accepts the modules is.
"""

from __future__ import annotations

import os
import shutil
import subprocess

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import InputError
from diagnose.readers.system import distro
from diagnose.readers.system.root import Root

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.model.targets import Target
    from diagnose.readers.wheel.reader import Wheel

_SYMBOL = re.compile(r"(?:_|Graal)?Py[A-Za-z0-9_]*", re.ASCII)  # PyPy's are PyPy…, GraalPy's GraalPy…
_SECONDS = 120  # to compile
_OPTIONS = ("-O1", "-w", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-rdynamic", "-nodefaultlibs")


def interpreter_symbols(wheel: Wheel) -> list[str]:
    """Return the symbols that the code of *wheel* expects from an interpreter: those with the prefixes of Pythons."""
    wanted = {name for elf in wheel.elves for name in (*elf.undefined, *elf.undefined_weak)}
    return sorted(name for name in wanted if _SYMBOL.fullmatch(name))


def build(root: str, target: Target, symbols: Iterable[str], folder: str) -> str:
    """Compile the program for the C library of *target* in the folder *root*; return its path, in *folder*.

    Raises:
        InputError: no such C library, no compiler, or one that fails.
    """
    inside = Root(root)
    path, _ = distro.c_library(inside, target.multiarch, target.libc)
    if not path:
        raise InputError(f"{root}: has no {target.libc} for {target.wheel}")
    compiler = _compiler(target)
    names = ["libc.so"] if target.libc == "musl" else ["libc.so.6", "libdl.so.2"]
    sources = [path, path.replace("libc.so.6", "libdl.so.2")][: len(names)]
    libraries = []
    for name, source in zip(names, sources, strict=True):
        data = inside.head(source, distro.LIBC_LIMIT)
        if data:  # glibc 2.34 and newer need no libdl
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
            libraries.append(f"-l:{name}")
    stubs, program = os.path.join(folder, "symbols.c"), os.path.join(folder, "opener")
    with open(stubs, "w", encoding="ascii") as text:
        text.writelines(f"char {name}[512];\n" for name in symbols)
    code = os.path.join(os.path.dirname(__file__), "opener.c")
    loader = [f"-Wl,--dynamic-linker={path}"] if target.libc == "musl" else []
    link = ["-Wl,--allow-shlib-undefined", *loader, f"-L{folder}", *libraries]
    command = [compiler, *_OPTIONS, code, stubs, "-o", program, *link]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"{compiler}: {error}") from None
    if done.returncode:
        said = next((line for line in done.stderr.splitlines() if "error" in line), f"exit code {done.returncode}")
        raise InputError(f"{compiler} cannot compile a loader for {target.wheel}: {said}")
    return program


def _compiler(target: Target) -> str:
    """Return a compiler for *target*.

    Raises:
        InputError: there is no compiler; the message says how to install one, in Debian's names.
    """
    gnu = next(row.gnu for row in targets.TARGETS if row.wheel == target.wheel and row.libc == "glibc")
    own = ["cc", "gcc"] if os.uname().machine == target.uname else []
    for name in (*own, f"{gnu}-gcc"):
        found = shutil.which(name)
        if found:
            return found
    package = "gcc libc6-dev" if own else f"gcc-{gnu}"
    raise InputError(f"there is no compiler to build a loader for {target.wheel} (apt-get install {package})")
