"""What the compiler of C code lacks or refuses, as files show it: the C library's headers, and options in ``CFLAGS``.

Sources: GCC's manual (directory search, option summary); ``gcc -E -v`` on Debian; GCC's ``gcc/opts-common.cc``: a GCC
holds its options, and the processors after ``-march=``, as strings; the cc crate's ``src/lib.rs`` (``envflags``).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers.system import packages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.variables import Setting, Variables
    from diagnose.readers.system.root import Root
    from diagnose.readers.toolchain.toolchain_facts import Toolchain


class AbsentHeader(NamedTuple):
    """A header of the C library that the compiler does not find.

    ``name`` is as in ``#include``; ``package`` is the Debian package that has it, if dpkg lists it.
    """

    name: str
    package: str = ""


class CFlag(NamedTuple):
    """A ``word`` that the variable ``setting`` gives the compiler.

    ``refused``: the compiler does not know it. Else that is not known.
    """

    word: str
    setting: Setting
    refused: bool


#: What every header of glibc includes, then those that much C code includes; the last two are the kernel's.
_HEADERS = (CORE := "features.h", "stdio.h", "linux/errno.h", "asm/errno.h")


def absent_headers(root: Root, tools: Toolchain, target: Target) -> Iterator[AbsentHeader]:
    """Yield the headers of the C library for *target* that its compiler, a GCC in the usual place, does not find."""
    usual = tools.sysroot or "/usr/lib" in tools.link_dirs or f"/usr/{target.gnu}/lib" in tools.link_dirs
    own = tools.cc.found and tools.cc_target == target.gnu == tools.linker_target
    if not own or not usual or target.libc != "glibc" or "clang" in tools.cc.real:
        return
    folders = [f"{tools.sysroot}/usr/include"]
    if not tools.sysroot:
        folders = [f"/usr/{target.gnu}/include", f"/usr/include/{target.multiarch}", "/usr/include"]
        folders.append("/usr/local/include")
    for name in _HEADERS:
        if not any(root.exists(f"{folder}/{name}") for folder in folders):
            owners = (packages.owner(root, f"{folder}/{name}", "") for folder in folders)
            yield AbsentHeader(name, next(filter(None, owners), ""))


def flags(root: Root, tools: Toolchain, variables: Variables, target: Target, host: Target) -> Iterator[CFlag]:
    """Yield the words in ``CFLAGS`` and its relatives that the compiler for *target* refuses, or may."""
    program = next((part.path for part in tools.parts if part.name == "cc1"), "")
    judged = program if tools.cc.found and tools.cc.real == tools.linker.real else ""
    kind = "HOST" if target.triple == host.triple else "TARGET"
    names = ("CFLAGS", f"{kind}_CFLAGS", f"CFLAGS_{target.env_name}", f"CFLAGS_{target.triple}")
    for setting in filter(None, map(variables.get, names)):
        for word in setting.value.split():
            if word.startswith("--") and not word.startswith(_LONG):
                yield CFlag(word, setting, False)
            if not word.startswith(("-m", "-f")) or word in _USUAL:
                continue
            known = _knows(root, judged, word) if judged else None
            if known is not True:
                yield CFlag(word, setting, known is False and word.startswith("-m"))


#: Options that every GCC and clang has had for long.
_USUAL = frozenset(
    [
        "-fPIC", "-fpic", "-fPIE", "-fpie", "-fno-strict-aliasing", "-fno-omit-frame-pointer", "-fomit-frame-pointer",
        "-ffunction-sections", "-fdata-sections", "-fvisibility=hidden", "-fstack-protector-strong", "-fcommon",
        "-fno-common", "-fwrapv", "-fexceptions",
    ]
)  # fmt: skip
#: Long options that every GCC and clang has.
_LONG = ("--sysroot", "--param", "--std=", "--include", "--verbose", "--help", "--version")
#: Options whose value is the name of a processor, with features behind a plus.
_PROCESSOR = ("-march=", "-mtune=", "-mcpu=")


def _knows(root: Root, program: str, word: str) -> bool | None:
    """Whether the GCC whose compiler proper is *program* has the option *word*; None if its files do not show it.

    The strings of a program may share their ends, so that more may seem to be there, and never less.
    """
    name, equals, value = word.partition("=")
    negative = f"-{name[1]}{name[5:]}" if name[2:5] == "no-" else name
    if not any(_holds(root, program, one + equals) for one in (name, negative)):
        return False
    if not word.startswith(_PROCESSOR):
        return True if not equals else None
    if value == "native":
        return None
    parts = value.split("+")
    return all(_holds(root, program, part) or (part[:2] == "no" and _holds(root, program, part[2:])) for part in parts)


def _holds(root: Root, program: str, text: str) -> bool:
    return bool(root.find(program, text.encode("utf-8", "replace") + b"\0", 1))
