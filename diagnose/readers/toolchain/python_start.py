"""Whether a Python starts, as far as its files show it.

Source: Python's documentation (``sys.path`` initialization, ``PYTHONHOME``); ``pyvenv.cfg`` of ``venv``.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.system.native import native_target
from diagnose.readers.toolchain import program_libraries

if TYPE_CHECKING:
    from diagnose.readers.cargo.variables import Variables
    from diagnose.readers.toolchain.toolchain_facts import Finder, Program


def flaw(finder: Finder, python: Program, variables: Variables) -> str:
    """Return why *python* does not start; empty if nothing shows that: of a script, its interpreter alone is known."""
    root = finder.root
    if not python.found:
        return python.blocked
    if python.script:
        return ""
    if root.head(python.real, 4) != b"\x7fELF":
        return "is not a program"
    for one in program_libraries.unloaded(root, [python.real], native_target(root), variables):
        return f"cannot be started: {one.library}, which {one.asker} needs, {one.why}"
    version = os.path.basename(python.real)
    if not version.startswith("python3.") or not version[8:].rstrip("td").isdecimal():
        return ""
    home = variables.own("PYTHONHOME")
    prefix = home.value.partition(":")[0] if home else os.path.dirname(os.path.dirname(python.real))
    folders = [f"{prefix}/{lib}/{version}" for lib in ("lib", "lib64")]
    zipped = f"{prefix}/lib/{version.replace('.', '')}.zip"
    if any(root.exists(f"{one}/encodings/__init__.py") for one in folders) or root.exists(zipped):
        return ""
    beside = f"{os.path.dirname(python.real)}/{version}._pth"
    bare = any(root.exists(f"{one}/encodings") for one in folders)  # compiled files alone, or another form
    if bare or root.exists(beside):
        return ""
    return f"has no standard library in {prefix}/lib" + (" (PYTHONHOME)" if home else "")
