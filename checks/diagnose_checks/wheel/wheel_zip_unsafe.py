"""The wheel's archive has members that cannot be unpacked, or not safely.

A wheel is a zip archive of plain files below one folder. Installers reject absolute names and names that leave the
folder with ``..``. A member with a wrong checksum or truncated data stops the installation. A NUL in a name ends the
name for Python's ``zipfile``, and so for pip, but not for every other reader: the installed file is not the one that
was checked. The format does not support symbolic links: pip writes a small text file that contains the link's target,
so a linked library is not a library after the installation.

How to fix: pack wheels with a wheel tool. ``zip -y``, and some build systems for versioned libraries (``libfoo.so`` →
``libfoo.so.1``), keep links: put the file itself into the wheel, or only the name that is needed.

References:
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

from diagnose.authoring.loader_words import not_elf_error
from diagnose.authoring.wheel import bounded, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.archive import ZipFlaw
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="bytes")


#: Flaws of a member or its name that stop every installer or make it write a wrong file.
_BROKEN = frozenset({"absolute", "escaping", "nul", "crc", "size", "corrupt", "name", "overlap"})


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See unsafe names, broken data and symbolic links."""
    broken = [flaw for flaw in wheel.zip_flaws if flaw.kind in _BROKEN]
    if broken:
        names = sorted({flaw.path for flaw in broken})
        yield Finding(
            f"has members that cannot be unpacked safely: {some(names)}",
            Severity.ERROR,
            _evidence(broken),
            "installers stop: bad CRC-32, a broken zip file, or a file outside the target directory"
            if any(flaw.kind != "nul" for flaw in broken)
            else "installers write another file than the archive names, or reject it",
            (Fix("build or download the wheel again"),),
        )
    links = [flaw for flaw in wheel.zip_flaws if flaw.kind == "symlink"]
    if links:
        needed = {name for elf in wheel.elves for name in elf.needed}
        used = [flaw for flaw in links if flaw.path.rpartition("/")[2] in needed]
        yield Finding(
            f"contains symbolic links: {some([flaw.path.rpartition('/')[2] for flaw in links])}",
            Severity.ERROR if used else Severity.WARNING,
            _evidence(sorted(links, key=lambda flaw: flaw.path.rpartition("/")[2] not in needed)),
            f"ImportError: {_says(wheel, used[0].path)}"
            if used
            else "installed as text files that contain the target's name",
            (Fix("copy the files themselves (cp -L), then run `python3 -m wheel pack`"),),
        )


def _says(wheel: Wheel, path: str) -> str:
    """Return what the loader says about the text file that an installer writes."""
    size = next((file.size for file in wheel.code if file.path == path), 0)
    return not_elf_error(wheel, path.rpartition("/")[2], size)


def _evidence(flaws: list[ZipFlaw]) -> tuple[Evidence, ...]:
    return bounded((Evidence(flaw.detail, flaw.path) for flaw in flaws), "members")
