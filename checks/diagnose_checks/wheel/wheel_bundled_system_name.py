"""The wheel bundles a library under the name that Python's own modules, or other packages, load.

The loader identifies libraries by their SONAME: it does not search for a name that is already loaded. ``import ssl``
loads the system's ``libssl.so.3``. A module that is loaded later and needs ``libssl.so.3`` gets that copy, even if its
wheel bundles another one. If the two differ, functions are missing, or the same structure has two layouts. Conversely,
a wheel that is imported first gives its copy to Python's modules.

The same holds for two packages that bundle one library under its plain name, with glibc and with musl: the copy that is
loaded first serves both. For libraries that many packages bundle, such as OpenMP's, the finding is a note.

For this reason repair tools add a hash to the name (``libssl-6c82be34.so.3``).

How to fix: let ``auditwheel repair`` bundle the library, or rename it with patchelf and update the files that need it.

References:
    https://github.com/pypa/auditwheel
    https://man7.org/linux/man-pages/man8/ld.so.8.html
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, has_linux_code, loadable_elves, loaded_late, project_key, role, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Severity
from diagnose.remedies.repack import inside, repack
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="tags", applies=has_linux_code)


#: Library that CPython is linked with on Debian, Fedora and Alpine → the module that loads it.
_STANDARD = {
    r"libssl\.so\.\S+": "ssl",
    r"libcrypto\.so\.\S+": "ssl and hashlib",
    r"libsqlite3\.so\.0": "sqlite3",
    r"libffi\.so\.\d+": "ctypes",
    r"liblzma\.so\.5": "lzma",
    r"libbz2\.so\.1(?:\.0)?": "bz2",
    r"libz\.so\.1": "zlib",
    r"libexpat\.so\.1": "pyexpat",
    r"libuuid\.so\.1": "uuid",
    r"libmpdec\.so\.\d+": "decimal",
    r"lib(?:readline|history)\.so\.\d+": "readline",
    r"lib(?:ncursesw?|tinfow?|panelw?)\.so\.\d+": "curses",
    r"libgdbm(?:_compat)?\.so\.\d+": "dbm.gnu",
    r"lib(?:tcl|tk)8\.\d\.so": "tkinter",
}

#: Libraries that wheels of many projects bundle. Source: 240 popular wheels for x86_64, 2026-11.
_COMMON = (
    r"lib(?:gomp|omp|iomp5|openblas|blas|lapack|gfortran|quadmath|tbb(?:malloc)?|stdc\+\+|protobuf"
    r"|abseil_dll|curl|xml2|"
    r"xslt|jpeg|turbojpeg|png16|tiff|webp|freetype|hdf5|netcdf|gdal|proj|geos|geos_c|usb-1\.0|zmq|sodium|avcodec|"
    r"avformat|avutil|swscale|swresample|icu\w+|boost_\w+|fmt|re2|grpc)\.so(?:\.\S+)?"
)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See bundled libraries with the plain SONAME of a library that Python's modules or other packages load."""
    users: dict[str, list[str]] = {}
    for link in wheel.links:
        if link.target:
            users.setdefault(link.target, []).append(link.path)
    bundled = [elf for elf in loadable_elves(wheel) if elf.path in users and not elf.is_extension]
    found = [(elf, module) for elf in bundled if (module := _loads(elf.soname or elf.name))]
    yield from _common(wheel, bundled, users)
    if not found:
        return
    names = [elf.soname or elf.name for elf, _ in found]
    yield Finding(
        f"bundles {some(names)} under the name that Python's own modules load",
        Severity.WARNING,
        bounded(
            Evidence(f"{role(wheel, elf)}: the system's copy comes with {module}", elf.path) for elf, module in found
        ),
        f"after `import {found[0][1].split()[0]}` the system's {names[0]} serves both: undefined symbol, or a crash",
        (repack(wheel, "rename the bundled copies", _renames(wheel, [elf for elf, _ in found], users)),),
        libraries=tuple(names),
    )


def _common(wheel: Wheel, bundled: list[Elf], users: dict[str, list[str]]) -> Iterator[Finding]:
    """See libraries that other projects bundle too; not those of a project that provides the library to others."""
    late = loaded_late(wheel)
    found = [elf for elf in bundled if elf.path in late and re.fullmatch(_COMMON, elf.soname or elf.name)]
    found = [elf for elf in found if project_key(wheel.name) not in elf.name]
    if found:
        names = [elf.soname or elf.name for elf in found]
        yield Finding(
            f"bundles {some(names)} under a name that other packages use too",
            Severity.NOTE,
            bounded(Evidence(role(wheel, elf), elf.path) for elf in found),
            f"if another package has loaded a {names[0]}, that copy serves this wheel's modules too",
            (repack(wheel, "rename the bundled copies", _renames(wheel, found, users)),),
            libraries=tuple(names),
        )


def _loads(name: str) -> str:
    return next((module for pattern, module in _STANDARD.items() if re.fullmatch(pattern, name)), "")


def _renames(wheel: Wheel, elves: list[Elf], users: dict[str, list[str]]) -> list[str]:
    """Return the commands that add the wheel's name to the libraries' names and update the files that need them.

    One line per library, whose last step renames the file: a fix of another finding still names it as it was.
    """
    lines = []
    moved: dict[str, str] = {}
    for elf in elves:
        old, new = elf.path, elf.path[: -len(elf.name)] + _new(wheel, elf)
        name, paths = quote(_new(wheel, elf)), [moved.get(path, path) for path in sorted(set(users[elf.path]))]
        steps = (
            f"patchelf --set-soname {name} {inside(wheel, [old])}",
            f"patchelf --replace-needed {quote(elf.soname or elf.name)} {name} {inside(wheel, paths)}",
            f"mv {inside(wheel, [old, new])}",
        )
        lines.append(f"test ! -e {inside(wheel, [old])} || {{ {' && '.join(steps)}; }}")
        moved[old] = new
    return lines


def _new(wheel: Wheel, elf: Elf) -> str:
    stem, dot, rest = (elf.soname or elf.name).partition(".so")
    return f"{stem}-{wheel.name.lower()}{dot}{rest}"
