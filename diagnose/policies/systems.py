"""Platform tags of systems other than Linux: the format and the processors of their binary files.

Sources: "Platform compatibility tags" of the packaging specifications; PEP 730 (iOS), PEP 738 (Android), PEP 783
(Emscripten); the names of processors are those of Mach-O and PE headers in :mod:`diagnose.readers.wheel.filekind`.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import NamedTuple, re


class TaggedSystem(NamedTuple):
    """The promises of a platform tag.

    ``name`` is the system's. ``kind`` is the format of its code. ``arches`` are the processors; a file must be for each
    of them. ``machine`` is the processor of ELF files in platform tags of Android. ``built_for`` is the system that
    Mach-O files must name (:attr:`diagnose.readers.wheel.mach_o.Build.system`), ``oldest`` its oldest release.
    """

    name: str
    kind: str
    arches: tuple[str, ...]
    machine: str = ""
    built_for: str = ""
    oldest: tuple[int, int] = (0, 0)


_MACOS = {"universal2": ("x86_64", "arm64"), "intel": ("i386", "x86_64"), "universal": ("i386", "ppc")}
_ANDROID = {"arm64_v8a": "aarch64", "armeabi_v7a": "armv7l", "x86_64": "x86_64", "x86": "i686"}
_FORMS = (
    (r"macosx_(?P<major>\d+)_(?P<minor>\d+)_(?P<arch>\w+)", "macOS"),
    (r"ios_(?P<major>\d+)_(?P<minor>\d+)_(?P<arch>\w+?)_iphone(?:os|(?P<simulator>simulator))", "iOS"),
    (r"(?:win_)?(?P<arch>(?<=win_)\w+|win32)", "Windows"),
    (r"android_\d+_(?P<arch>\w+)", "Android"),
    (r"(?:emscripten_\d+_\d+_\d+|pyodide_\d+_\d+|pyemscripten_\d+_\d+)_(?P<arch>wasm32)", "Emscripten"),
)


_ANDROID_TRIPLETS = {
    "arm64_v8a": "aarch64-linux-android",
    "armeabi_v7a": "arm-linux-androideabi",
    "x86_64": "x86_64-linux-android",
    "x86": "i686-linux-android",
}


def triplet(platform: str) -> str:
    """Return the last part of extension modules' names on the system of a platform tag; empty if it is not known.

    CPython's ``configure.ac`` (SOABI_PLATFORM) and, for Windows, ``PC/pyconfig.h`` (PYD_PLATFORM_TAG).
    """
    promised = system(platform)
    if promised is None:
        return ""
    if promised.name == "Windows":
        return platform
    if promised.name == "Android":
        return _ANDROID_TRIPLETS.get(re.sub(r"^android_\d+_", "", platform), "")
    ends = {"macOS": "darwin", "iOS": "iphoneos", "iOS simulator": "iphonesimulator"}
    return ends.get(promised.built_for, "wasm32-emscripten")


def system(platform: str) -> TaggedSystem | None:
    """Return the promises of a platform tag, or None if it is for Linux, for every system or for an unknown one."""
    if platform == "any" or platform.startswith(("manylinux", "musllinux", "linux")):
        return None
    for form, name in _FORMS:
        match = re.fullmatch(form, platform)
        if match is None:
            continue
        found = match.groupdict()
        arch = found["arch"]
        if name == "Android":
            return TaggedSystem(name, "elf", (), _ANDROID.get(arch, ""))
        if name == "Windows":
            return TaggedSystem(name, "pe", ({"arm32": "arm32"}.get(arch, arch),))
        if name == "Emscripten":
            return TaggedSystem(name, "wasm", ())
        simulator = " simulator" if found.get("simulator") else ""
        oldest = (int(found["major"][:9]), int(found["minor"][:9]))
        return TaggedSystem(name, "mach-o", _MACOS.get(arch, (arch,)), built_for=name + simulator, oldest=oldest)
    return None
