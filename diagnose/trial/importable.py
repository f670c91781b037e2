"""The modules that a wheel provides, and how an import names them."""

from __future__ import annotations

import keyword

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from diagnose.readers.wheel.reader import Wheel

MAX_MODULES = 64
"""Modules of one wheel that are imported."""


def top_level(wheel: Wheel) -> list[str]:
    """Return the modules and packages that *wheel* installs at the top level, in the order of their names.

    Names that no import statement can have, such as those of folders with libraries, are not modules.
    """
    names = {name for path in wheel.files if (name := _module(path).partition(".")[0])}
    return sorted(names)[:MAX_MODULES]


def extensions(wheel: Wheel) -> list[str]:
    """Return the dotted names of the extension modules of *wheel*."""
    names = {_module(elf.path) for elf in wheel.elves if elf.is_extension}
    return sorted(names - {""})[:MAX_MODULES]


def extension_files(wheel: Wheel) -> list[str]:
    """Return the paths of the extension modules of *wheel* below the folder that it is installed in."""
    return sorted({path for elf in wheel.elves if elf.is_extension and (path := site_path(elf.path))})[:MAX_MODULES]


def site_path(path: str) -> str:
    """Return where the member *path* is installed, below the folder for modules; empty if elsewhere."""
    top, _, rest = path.partition("/")
    if top.endswith(".dist-info"):
        return ""
    if not top.endswith(".data"):
        return path
    scheme, _, path = rest.partition("/")
    return path if scheme in ("purelib", "platlib") else ""


def _module(path: str) -> str:
    """Return the dotted name of the module in the member *path*; empty if it is not a module that can be imported."""
    *folders, file = site_path(path).split("/")
    if not file.endswith((".py", ".so")):
        return ""
    words = [*folders, *([] if file == "__init__.py" else [file.partition(".")[0]])]
    return ".".join(words) if words and all(map(_importable, words)) else ""


def _importable(word: str) -> bool:
    return word.isidentifier() and not keyword.iskeyword(word)
