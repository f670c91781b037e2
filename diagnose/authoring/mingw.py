"""MinGW's linkers in logs: they link for Windows, where Unix's libraries do not exist.

Sources: mingw-w64's list of import libraries; the packages ``gcc-mingw-w64-*`` (Debian), ``mingw32-gcc`` and
``mingw64-gcc`` (Fedora), ``mingw-w64-gcc`` (Alpine, Arch), as of November 2026.
"""

from __future__ import annotations

from diagnose.authoring.log import install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from diagnose.model.finding import Fix
    from diagnose.readers.buildlog import BuildLog, LinkStep

#: Parts of Unix's C library that Windows has no library for; mingw-w64 has an empty libm and its own libpthread.
_UNIX = ("c", "dl", "rt", "util", "resolv", "crypt", "nsl")


def is_mingw(name: str) -> bool:
    """Whether *name* is a program of MinGW, such as ``x86_64-w64-mingw32-ld``."""
    return "-mingw32" in name


def without_unix(link: LinkStep) -> list[str]:
    """Return the libraries of Unix that a linker of MinGW does not find in *link*."""
    if not is_mingw(link.ld) and not is_mingw(link.program):
        return []
    return [name for name in _UNIX if name in link.missing]


def linker_fixes(log: BuildLog, line: int, name: str) -> tuple[Fix, ...]:
    """Return the fixes that install the MinGW program *name*."""
    bits = "32" if name.rpartition("/")[2].startswith("i") else "64"
    packages = {
        "debian": ("gcc-mingw-w64-i686" if bits == "32" else "gcc-mingw-w64-x86-64",),
        "rhel": (f"mingw{bits}-gcc",),
        "alpine": ("i686-mingw-w64-gcc" if bits == "32" else "mingw-w64-gcc",),
        "arch": ("mingw-w64-gcc",),
    }
    return install_by_family(log, line, "install the compiler for Windows", packages)
