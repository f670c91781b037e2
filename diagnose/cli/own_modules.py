"""Imports this project's own modules from their compiled files, whose places are known.

A command starts with about 150 small modules. Python's general machinery looks for each of them as built in, as frozen,
as an extension and as source, and then works out the name of its compiled file: 0.29 million instructions for an empty
module, against 0.1 million here, and an eighth of all that ``env`` takes. Whatever is not as expected is left to that
machinery: a module that is not compiled, or older than its source; compiled files of another form, or elsewhere; a zip
file.
"""

from __future__ import annotations

import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

OWN = ("diagnose.", "diagnose_checks.")


class CompiledModule:
    """Finds one module by its compiled file, and runs it: finder and loader of PEP 451."""

    def __init__(self, code: CodeType) -> None:
        self._code = code

    @classmethod
    def find_spec(cls, name: str, path: Sequence[str] | None, target: object = None) -> ModuleSpec | None:
        """Return the spec of a compiled module, or package, of ours; None leaves it to the next finder."""
        if path is None or not name.startswith(OWN):
            return None
        place = f"{path[0]}{os.sep}{name.rpartition('.')[2]}"
        folder = None
        code = _code(place + ".py")
        if code is None:
            folder, place = place, f"{place}{os.sep}__init__"
            code = _code(place + ".py")
        if code is None:
            return None
        spec: ModuleSpec = _ModuleSpec(name, cls(code), origin=place + ".py")
        spec.has_location, spec.cached = True, _compiled(place + ".py")
        spec.submodule_search_locations = None if folder is None else [folder]
        return spec

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to the machinery."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code."""
        exec(self._code, module.__dict__)


_machinery = sys.modules["_frozen_importlib_external"]
_ModuleSpec = sys.modules["_frozen_importlib"].ModuleSpec
_HEAD = _machinery.MAGIC_NUMBER + bytes(4)  # flags 0: compiled from the source of the time and size that follow
_SUFFIX = f".{sys.implementation.cache_tag}.pyc"
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0)


def _compiled(source: str) -> str:
    folder, _, name = source.rpartition(os.sep)
    return f"{folder}{os.sep}__pycache__{os.sep}{name[:-3]}{_SUFFIX}"


def _code(source: str) -> CodeType | None:
    """Return the code of the module in *source*, None if it is not compiled as it is now."""
    try:
        stat = os.stat(source)
        file = os.open(_compiled(source), _FLAGS)
    except OSError:
        return None
    try:
        data = os.read(file, os.fstat(file).st_size)
    finally:
        os.close(file)
    stamp = (int(stat.st_mtime) & 0xFFFFFFFF) | (stat.st_size & 0xFFFFFFFF) << 32
    if data[:16] != _HEAD + stamp.to_bytes(8, "little"):
        return None
    code: CodeType = marshal.loads(memoryview(data)[16:])
    return code


def install() -> None:
    """Ask this finder first, where compiled files have their ordinary names."""
    if not sys.flags.optimize and sys.pycache_prefix is None and sys.implementation.cache_tag:
        sys.meta_path.insert(0, CompiledModule)
