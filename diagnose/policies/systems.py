"""Platform tags of systems other than Linux: the format and the processors of their binary files.

Sources: "Platform compatibility tags" of the packaging specifications; PEP 730 (iOS), PEP 738 (Android), PEP 783
(Emscripten); the names of processors are those of Mach-O and PE headers in :mod:`diagnose.readers.wheel.filekind`.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import NamedTuple, re


class TaggedSystem(NamedTuple):
    """The promises of a platform tag.

    ``name`` is the system's. ``kind`` is the format of its code. ``arches`` are the processors; a file must be for each
    of them. ``machine`` is the processor of ELF files in platform tags of Android.
    """

    name: str
    kind: str
    arches: tuple[str, ...]
    machine: str = ""


_MACOS = {"universal2": ("x86_64", "arm64"), "intel": ("i386", "x86_64"), "universal": ("i386", "ppc")}
_ANDROID = {"arm64_v8a": "aarch64", "armeabi_v7a": "armv7l", "x86_64": "x86_64", "x86": "i686"}
_FORMS = (
    (r"macosx_\d+_\d+_(\w+)", "macOS"),
    (r"ios_\d+_\d+_(\w+?)_iphone(?:os|simulator)", "iOS"),
    (r"win_(\w+)|(win32)", "Windows"),
    (r"android_\d+_(\w+)", "Android"),
    (r"(?:emscripten_\d+_\d+_\d+|pyodide_\d+_\d+|pyemscripten_\d+_\d+)_(wasm32)", "Emscripten"),
)


def system(platform: str) -> TaggedSystem | None:
    """Return the promises of a platform tag, or None if it is for Linux, for every system or for an unknown one."""
    if platform == "any" or platform.startswith(("manylinux", "musllinux", "linux")):
        return None
    for form, name in _FORMS:
        match = re.fullmatch(form, platform)
        if match is None:
            continue
        arch = next(filter(None, match.groups()))
        if name == "Android":
            return TaggedSystem(name, "elf", (), _ANDROID.get(arch, ""))
        if name == "Windows":
            return TaggedSystem(name, "pe", ({"arm32": "arm32"}.get(arch, arch),))
        kind = "wasm" if name == "Emscripten" else "mach-o"
        return TaggedSystem(name, kind, () if kind == "wasm" else _MACOS.get(arch, (arch,)))
    return None
