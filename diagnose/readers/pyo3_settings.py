"""What PyO3's build script refuses of its settings: variables, and the file that one of them names.

maturin passes them on; in a native build it sets ``PYO3_PYTHON`` itself, to the Python that it was given or found.

Source: ``impl_.rs`` of pyo3-build-config, and ``build.rs`` of pyo3-ffi, 0.18 to 0.30; each rule was met in a build.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import InputError
from diagnose.model.versions import version_key
from diagnose.readers import toml
from diagnose.readers.cargo import workspace
from diagnose.readers.project_refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.cargo.variables import Setting
    from diagnose.readers.system.root import Root
    from diagnose.readers.toolchain.toolchain_facts import Finder, Pyo3Settings

_NO_PYTHON, _TOO_OLD, _TOO_NEW = "pyo3-interpreter-not-found", "pyo3-python-too-old", "pyo3-python-too-new"
#: PyO3's release: the newest CPython 3 that it accepts, from that release on; and the same for the oldest.
_NEWEST = {"0.20": 12, "0.22": 13, "0.25": 14, "0.29": 15}
_OLDEST = {"0.18": 7, "0.29": 8, "0.30": 9}
#: The releases that were read; ``t`` for a free-threaded Python is known since that one.
_FIRST, _LAST, _FREE_THREADED = "0.18", "0.30", "0.23"
_IMPLEMENTATIONS = ("CPython", "PyPy", "GraalVM")
_CROSS = ("PYO3_CROSS", "PYO3_CROSS_LIB_DIR", "PYO3_CROSS_PYTHON_VERSION", "PYO3_CROSS_PYTHON_IMPLEMENTATION")
_PYTHONS = ("python", "pypy", "graalpy")
_FORWARD = "PYO3_USE_ABI3_FORWARD_COMPATIBILITY"


def refusals(
    finder: Finder, project: Project, python: Pyo3Settings, target: Target, *, cross: bool
) -> Iterator[Refusal]:
    """Yield what PyO3 refuses of its settings in a build of *project* for *target*."""
    settings = {setting.name: setting for setting in python.settings}
    if (setting := settings.get("PYO3_PRINT_CONFIG")) is not None and setting.value == "1":
        yield _refusal(setting, "PYO3_PRINT_CONFIG is set: PyO3 prints its settings, and stops")
        return
    lowest = lowest_abi3(project)
    if (setting := settings.get("PYO3_CONFIG_FILE")) is not None:
        if why := _of_file(finder.root, setting.value):
            yield _refusal(setting, f"PYO3_CONFIG_FILE names {setting.value or 'nothing'}, {why}")
        elif (version := _lines(finder.root, setting.value).get("version")) is not None:
            yield from _of_version(setting, version, project, lowest, settings)
        return  # the others are not looked at
    if (setting := settings.get("PYO3_NO_PYTHON")) is not None and lowest is None:
        yield _refusal(setting, "PYO3_NO_PYTHON is set, and no abi3-py3X feature of PyO3 is on")
        return
    if (setting := settings.get("PYO3_PYTHON")) is not None and project.abi3 is False:
        found = bool(setting.value) and finder.program(setting.value).found
        if not found:
            yield _refusal(setting, f"PYO3_PYTHON names {setting.value or 'nothing'}, which cannot be run")
            return
        if not any(name in os.path.basename(setting.value) for name in _PYTHONS):
            finder.root.unseen.append(f"whether {setting.value} is a Python: {setting.where}")
    if cross or any(name in settings for name in _CROSS):
        yield from _of_cross(finder.root, project, settings, lowest, target, cross=cross)


def lowest_abi3(project: Project) -> int | None:
    """Return the minor release of the ``abi3-py3X`` feature that the manifest names for PyO3, the lowest of several."""
    content = dict(project.manifests).get(project.path, {})
    named: list[object] = []
    for _, section in workspace.sections(content):
        for _, key, options in workspace.dependencies(section):
            features = options.get("features")
            if options.get("package", key) in ("pyo3", "pyo3-ffi") and isinstance(features, list):
                named += features
    for entry in toml.table(content, "features").values():
        named += [str(word).partition("/")[2] for word in entry if "/" in str(word)] if isinstance(entry, list) else []
    found = (re.fullmatch(r"abi3t?-py3([0-9]{1,3})", str(word)) for word in named)
    return min((int(one[1]) for one in found if one), default=None)


def _refusal(setting: Setting, wrong: str, cause: str = _NO_PYTHON) -> Refusal:
    return Refusal(cause, wrong[:160], f"{setting.name}={setting.value}"[:120], setting=setting)


def _release(project: Project) -> tuple[int, ...]:
    crate = project.crate("pyo3-ffi") or project.crate("pyo3")
    return version_key(crate.version)[:2] if crate is not None else ()


def _of_file(root: Root, path: str) -> str:
    """Return why PyO3 cannot take its settings from the file at *path*; empty if it can."""
    if not os.path.isabs(path):
        return "and takes an absolute path"
    if not root.is_file(path):
        return "which is a folder" if root.is_dir(path) else "which does not exist"
    text = root.head(path, _READ).decode("utf-8", "replace")
    for number, line in enumerate(text.splitlines(), 1):
        if "=" not in line:
            return f"whose line {number} is not key=value"
        key, _, value = line.partition("=")
        kind = _KEYS.get(key)
        if kind is not None and not re.fullmatch(kind, value.strip()):
            return f"whose {key} is {value.strip()[:40]!r}"
    return "" if "version" in _lines(root, path) else "which has no version="


_READ = 1 << 16
_BOOLEAN = "true|false"
#: What the values are, by key; any other key is ignored, with a warning.
_KEYS = {
    "version": r"[0-9]{1,3}\.[0-9]{1,3}",
    "implementation": "|".join(_IMPLEMENTATIONS),
    **dict.fromkeys(("shared", "abi3", "suppress_build_script_link_lines"), _BOOLEAN),
    "pointer_width": r"[0-9]{1,9}",
}


def _lines(root: Root, path: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in root.head(path, _READ).decode("utf-8", "replace").splitlines())
    return {key: value.strip() for key, _, value in pairs}


def _of_version(
    setting: Setting, version: str, project: Project, lowest: int | None, settings: dict[str, Setting]
) -> Iterator[Refusal]:
    """Yield that PyO3 does not support the Python that *setting* asks for."""
    release, (major, minor) = _release(project), map(int, version.split("."))
    if not version_key(_FIRST) <= release <= version_key(_LAST):
        return
    name = f"pyo3 {'.'.join(map(str, release))}"
    oldest = max((value for key, value in _OLDEST.items() if version_key(key) <= release), default=0)
    newest = max((value for key, value in _NEWEST.items() if version_key(key) <= release), default=99)
    if (major, minor) < (3, oldest):
        yield _refusal(
            setting, f"{setting.name} asks for Python {version}, and {name} supports 3.{oldest} on", _TOO_OLD
        )
    elif lowest is not None and (major, minor) < (3, lowest):
        yield _refusal(
            setting, f"{setting.name} asks for Python {version}, and the feature abi3-py3{lowest} is on", _TOO_OLD
        )
    elif (major, minor) > (3, newest) and not project.abi3 and _FORWARD not in settings:
        why = f"{setting.name} asks for Python {version}, and {name} supports up to 3.{newest}"
        yield _refusal(setting, why, _TOO_NEW)


def _of_cross(
    root: Root, project: Project, settings: dict[str, Setting], lowest: int | None, target: Target, *, cross: bool
) -> Iterator[Refusal]:
    version = settings.get("PYO3_CROSS_PYTHON_VERSION")
    number = ""
    if version is not None:
        free = version.value.endswith("t") and _release(project) >= version_key(_FREE_THREADED)
        number = version.value[:-1] if free else version.value
        if not re.fullmatch(_KEYS["version"], number):
            yield _refusal(version, f"{version.name} is {version.value!r}, and takes a version, as 3.12")
            return
        if free and tuple(map(int, number.split("."))) < (3, 13):
            yield _refusal(
                version, f"{version.name} is {version.value}: free-threaded Python begins with 3.13", _TOO_OLD
            )
            return
    kind = settings.get("PYO3_CROSS_PYTHON_IMPLEMENTATION")
    if kind is not None and kind.value not in _IMPLEMENTATIONS:
        yield _refusal(kind, f"{kind.name} is {kind.value!r}, and takes {', '.join(_IMPLEMENTATIONS)}")
        return
    folder = settings.get("PYO3_CROSS_LIB_DIR")
    if folder is not None and "PYO3_NO_PYTHON" not in settings:
        yield from _of_folder(root, folder, number, settings, target)
    elif version is not None and (kind is None or kind.value == "CPython"):
        yield from _of_version(version, number, project, lowest, settings)
    elif version is None and lowest is None and not cross:  # in a cross build maturin -i can name it
        asked = next(settings[name] for name in _CROSS if name in settings)
        yield _refusal(asked, f"{asked.name} asks for a cross build, and no version of Python is named")


def _of_folder(
    root: Root, folder: Setting, version: str, settings: dict[str, Setting], target: Target
) -> Iterator[Refusal]:
    """Yield that PyO3 does not find the one file with the settings of the target's Python."""
    if not folder.value or not root.is_dir(folder.value):
        yield _refusal(folder, f"PYO3_CROSS_LIB_DIR names {folder.value or 'nothing'}, which is not a folder")
        return
    found = sysconfigdata(root, folder.value, version, target.triple.partition("-")[0])
    name = settings.get("_PYTHON_SYSCONFIGDATA_NAME")
    if name is not None:
        found = [path for path in found if os.path.basename(path) == f"{name.value}.py"]
    wanted = f"{name.value}.py" if name is not None else "_sysconfigdata*.py"
    if not found:
        of = f" of Python {version}" if version else ""
        yield _refusal(folder, f"PYO3_CROSS_LIB_DIR names {folder.value}, which has no {wanted}{of}")
    elif len(found) > 1:
        names = " and ".join(os.path.basename(path) for path in found[:2])
        yield _refusal(folder, f"PYO3_CROSS_LIB_DIR names {folder.value}, which has {names}: which is meant is open")


#: How many folders are searched, and how deep: real ones have two or three levels.
_FOLDERS, _DEPTH = 64, 6


def sysconfigdata(root: Root, folder: str, version: str, architecture: str) -> list[str]:
    """Return the files that PyO3 finds in *folder* for Python *version*, empty for any, with links resolved.

    Several are reduced to those whose path names the *architecture*.
    """
    found: list[str] = []
    pending = [(folder, 0)]
    pattern = _INNER.format(version=re.escape(version) if version else "3\\.")
    for count, (place, depth) in enumerate(pending):
        if count >= _FOLDERS:
            break
        try:
            names = root.names(place)
        except InputError:
            continue
        for name in sorted(names):
            path = f"{place}/{name}"
            if name.startswith("_sysconfigdata_") and name.endswith("py"):
                found.append(path)
            fits = not name.startswith("lib.") or ("linux" in name and architecture in name)
            if depth < _DEPTH and fits and re.match(pattern, name) and root.is_dir(path):
                pending.append((path, depth + 1))
    if len(found) > 1:
        found = [path for path in found if architecture in path] or found
    return sorted({root.resolve(path) or path for path in found})


_INNER = r"(?:build|lib)$|lib\.|python{version}|pypy{version}|lib_pypy$|graalpy|lib_graalpython$"
