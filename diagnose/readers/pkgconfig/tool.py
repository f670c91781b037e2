"""Identifies a pkg-config program and its compiled-in defaults from its files, without running it.

Sources: pkgconf's ``cli/main.c`` (``deduce_personality``) and ``libpkgconf/personality.c``; Debian's
``/usr/share/pkg-config-crosswrapper`` of the freedesktop implementation.
"""

from __future__ import annotations

import os

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.system.root import Root

#: The most bytes of a program or its library that are searched.
PROGRAM_LIMIT = 4 << 20
_SONAMES = range(3, 12)  # of libpkgconf, from pkgconf 1.6 on
_PERSONALITIES = ("/usr/share/pkgconfig/personality.d", "/etc/pkgconfig/personality.d")
# Where pkgconf 2 and newer look before: XDG_DATA_HOME and XDG_DATA_DIRS by default.
_XDG = ("/root/.local/share/pkgconfig/personality.d", "/usr/local/share/pkgconfig/personality.d")


class Tool(NamedTuple):
    """The identity and the defaults of a pkg-config program.

    ``implementation`` is ``pkgconf``, ``pkg-config`` (freedesktop's), ``u-config`` or empty, for a script that does
    more than set variables and for any other program. ``default_path`` is its default search path for ``.pc`` files and
    ``origin`` the file that contains it. ``sets`` are the variables that a wrapper script always overrides. ``broken``
    is the reason why it answers no query. ``system_libs`` are the folders that it omits from an answer by default.
    ``sysroot`` and ``static`` are its defaults where neither a variable nor an option sets them.
    """

    implementation: str = ""
    version: str = ""
    default_path: tuple[str, ...] = ()
    origin: str = ""
    sets: tuple[tuple[str, str], ...] = ()
    broken: str = ""
    system_libs: tuple[str, ...] = ()
    sysroot: str = ""
    static: bool = False


def identify(root: Root, path: str, real: str, place: Root | None = None) -> Tool:
    """Identify the program at *path* (*real* with links resolved); *place* is where that lies, if not in *root*."""
    data = (place or root).head(real, PROGRAM_LIMIT)
    if not data.startswith(b"\x7fELF"):
        return _script(root, path, real, data)
    named = any(
        name in data for name in (b"libpkgconf.so", b"\0pkgconf\0")
    )  # the library that it loads, and the output of --about
    implementation = "pkgconf" if named else "u-config" if b"u-config " in data else "pkg-config"
    texts = [(real, data), *(_library(root, real) if implementation == "pkgconf" else ())]
    compiled = ((found, place) for place, content in texts if (found := _compiled_path(content)))
    default, origin = next(compiled, ((), ""))
    if not named and not default and b"PKG_CONFIG_" not in data:
        return Tool()  # another program
    system = next((found for _, content in texts if (found := _system_libs(content))), ())
    tool = Tool(implementation, _version(data), default, origin, system_libs=system)
    return _personality(root, path, tool) if implementation == "pkgconf" else tool


def _library(root: Root, real: str) -> Iterator[tuple[str, bytes]]:
    """Yield the libpkgconf files of the program's prefix; newer releases compile the defaults into the library."""
    prefix = os.path.dirname(os.path.dirname(real))
    folders = [f"{prefix}/lib", f"{prefix}/lib64"]
    folders += [f"{prefix}/lib/{row.multiarch}" for row in targets.TARGETS if row.multiarch and row.libc == "glibc"]
    for path in (f"{folder}/libpkgconf.so.{version}" for folder in folders for version in _SONAMES):
        if root.is_file(path):
            yield path, root.head(path, PROGRAM_LIMIT)
            return


def _strings(data: bytes, part: bytes) -> Iterator[bytes]:
    """Yield the C strings of *data* that contain *part*."""
    position = data.find(part)
    while position >= 0:
        start = data.rfind(b"\0", 0, position) + 1
        end = data.find(b"\0", position)
        end = len(data) if end < 0 else end
        yield data[start:end]
        position = data.find(part, end)


def _compiled_path(data: bytes) -> tuple[str, ...]:
    """Return the search path among the strings of a program: absolute folders, all called ``pkgconfig``."""
    for text in _strings(data, b"/pkgconfig"):
        folders = text.split(b":")
        if len(text) < 4096 and all(one.startswith(b"/") and one.endswith(b"/pkgconfig") for one in folders):
            return tuple(one.decode("utf-8", "surrogateescape") for one in folders)
    return ()


def _system_libs(data: bytes) -> tuple[str, ...]:
    """Return the folders of libraries that are compiled into a program: absolute, in folders called ``lib…``."""
    for text in _strings(data, b"/lib"):
        folders = text.decode("ascii", "replace").split(":")
        if len(text) < 4096 and all(map(_of_libraries, folders)):
            return tuple(folders)
    return ()


def _of_libraries(folder: str) -> bool:
    parts = folder.split("/")
    return folder.startswith("/") and ".so" not in folder and any(part.startswith("lib") for part in parts[-2:])


def _version(data: bytes) -> str:
    """Return the one string of a program that looks like a release number."""
    found = set()
    for part in (b"\x000.", b"\x001.", b"\x002.", b"\x003."):
        position = data.find(part)
        while position >= 0:
            end = data.find(b"\0", position + 1)
            text = data[position + 1 : end].decode("ascii", "replace")
            if end - position < 16 and text.count(".") == 2 and text.replace(".", "").isdigit():
                found.add(text)
            position = data.find(part, position + 1)
    return found.pop() if len(found) == 1 else ""


def _personality(root: Root, path: str, tool: Tool) -> Tool:
    """Apply the personality that the program's own name selects: ``<triplet>-pkg-config``."""
    prefix, found, _ = os.path.basename(path).partition("-pkg")
    if not found:
        return tool
    if not prefix.replace("-", "").replace("_", "").isalnum():
        return tool
    from diagnose.readers.pkgconfig import pcfile  # the files have the same form

    newer = tool.version[:1] in ("2", "3")
    for folder in (*(_XDG if newer else ()), *_PERSONALITIES):
        file = f"{folder}/{prefix}.personality"
        text = root.text(file, pcfile.FILE_LIMIT)
        if text is None:
            continue
        lines = [(key.lower(), value) for key, sign, value in pcfile.fields(text) if sign == ":"]
        values = dict(lines)
        paths, system = (
            tuple(folder for key, value in lines if key == wanted for folder in value.split(":") if folder)
            for wanted in ("defaultsearchpaths", "systemlibrarypaths")  # a second line adds to the first
        )
        static = "wantdefaultstatic" in values  # before 3.0 any value counts, "false" too
        if tool.version.startswith("3."):
            static = values.get("wantdefaultstatic", "").lower() in ("true", "yes", "1")
        sysroot = values.get("sysrootdir", "")
        return tool._replace(default_path=paths, origin=file, system_libs=system, sysroot=sysroot, static=static)
    return tool


def _script(root: Root, path: str, real: str, data: bytes) -> Tool:
    if os.path.basename(real) == "pkg-config-crosswrapper":
        return _debian_wrapper(root, path, real)
    given = _assignments(data)
    if given is None:
        return Tool()
    program, variables = given
    inner = root.which(program, "/usr/local/bin:/usr/bin:/bin")
    if not inner or root.resolve(inner) == real:
        return Tool()
    behind = identify(root, inner, root.resolve(inner) or inner)
    if not behind.implementation:
        return Tool()
    sets = {**dict(behind.sets), **{name: value for name, value, always in variables if always}}
    libdir = next((value for name, value, always in variables if name == "PKG_CONFIG_LIBDIR" and not always), None)
    if libdir is not None:
        behind = behind._replace(default_path=tuple(filter(None, libdir.split(":"))), origin=real)
    return behind._replace(sets=tuple(sorted(sets.items())))


_SETTABLE = ("PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "PKG_CONFIG_SYSROOT_DIR")


def _assignments(data: bytes) -> tuple[str, list[tuple[str, str, bool]]] | None:
    """Parse a shell script that only sets variables and then runs another program, as most wrappers do.

    Returns the program, and (variable, value, whether it overrides a set variable) of each variable; None for any other
    script.
    """
    if not data.startswith(b"#!") or b"\0" in data or len(data) > 1 << 14:
        return None
    variables: list[tuple[str, str, bool]] = []
    lines = [line.strip() for line in data.decode("utf-8", "surrogateescape").splitlines()]
    for line in (line for line in lines if line and not line.startswith("#")):
        words = line.split()
        inline = [word for word in words[:-3] if "=" in word]  # set for that program only
        if words[-3:-2] == ["exec"] and len(inline) == len(words) - 3 and words[-1] in ('"$@"', '${1+"$@"}'):
            taken = [_assignment(word) for word in inline]
            if None in taken:
                return None
            variables += [one for one in taken if one is not None and one[0] in _SETTABLE]
            return words[-2].strip("\"'"), variables
        if line.startswith("export ") and all(word in _SETTABLE for word in words[1:]):
            continue  # exported after it was set
        assigned = _assignment(line.removeprefix("export "))
        if assigned is None:
            return None
        name, value, always = assigned
        if name in _SETTABLE and (always or name == "PKG_CONFIG_LIBDIR"):
            variables.append((name, value, always))
        elif name in _SETTABLE:
            return None  # a default of the path or the sysroot: rare, and not worth a rule
    return None


def _assignment(text: str) -> tuple[str, str, bool] | None:
    """Split ``NAME=value``, as in :func:`_assignments`; None for a value that only a shell can evaluate."""
    name, equals, value = text.partition("=")
    value = value.strip("\"'")
    always = True
    if value.startswith("${" + name) and value.endswith("}"):
        rest = value[len(name) + 2 : -1]
        always, value = False, rest[2:] if rest.startswith(":-") else rest[1:] if rest.startswith("-") else "$"
    if not equals or any(sign in value for sign in "$`\\;&|<>") or not name.isidentifier():
        return None
    return name, value, always


def _debian_wrapper(root: Root, path: str, real: str) -> Tool:
    triplet = os.path.basename(path).removesuffix("-pkg-config")
    if not root.is_executable("/usr/bin/dpkg-architecture"):
        return Tool("pkg-config", broken="Please install dpkg-dev to use pkg-config when cross-building")
    multiarch = "i386" + triplet[4:] if triplet.startswith(("i486-", "i586-", "i686-")) else triplet
    folders = (
        f"/usr/local/lib/{multiarch}/pkgconfig",
        f"/usr/local/{triplet}/lib/pkgconfig",
        "/usr/local/share/pkgconfig",
        f"/usr/lib/{multiarch}/pkgconfig",
        f"/usr/{triplet}/lib/pkgconfig",
        "/usr/share/pkgconfig",
    )
    inner = root.which("pkg-config", "/usr/local/bin:/usr/bin:/bin")
    behind = identify(root, inner, root.resolve(inner) or inner) if inner and inner != path else Tool()
    return behind._replace(default_path=folders, origin=real)
