"""What maturin and PyO3 refuse in ``pyproject.toml``, in ``Cargo.toml`` and in variables, before anything is compiled.

Sources: maturin's guide (configuration) and the pyproject.toml specification of packaging.python.org; PyO3's guide
(cross compiling); maturin 1.16 and PyO3 0.30, asked for each.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, cache, re
from diagnose.model.finding import InputError
from diagnose.readers import pyo3_settings, requirements, toml
from diagnose.readers.cargo.files import parsed, place_of, present
from diagnose.readers.project_refusal import Refusal
from diagnose.readers.toolchain import python_start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.cargo.variables import Variables
    from diagnose.readers.system.root import Root
    from diagnose.readers.toolchain.toolchain_facts import Finder, Pyo3Settings


_SETTINGS, _INVALID, _README = "maturin-settings-refused", "pyproject-invalid", "readme-missing"
_PYTHON, _FILE = "pyo3-interpreter-not-found", "project-file-missing"
_BINDINGS = ("pyo3", "pyo3-ffi", "cffi", "uniffi", "bin")
_PROFILES = ("dev", "release", "test", "bench", "debug")
# The keys of [tool.maturin] that take one type: the structure ToolMaturin of src/pyproject_toml.rs of maturin 1.16.
_TYPES = (
    *((key, bool, "true or false") for key in ("strip", "skip-auditwheel", "no-default-features", "all-features")),
    *((key, bool, "true or false") for key in ("frozen", "locked")),
    *((key, list, "a list") for key in ("features", "unstable-flags", "config", "rustc-args", "python-packages")),
    *((key, str, "a string") for key in ("module-name", "python-source", "manifest-path", "profile")),
)
_WORDS = {"auditwheel": ("repair", "check", "skip", "warn"), "sdist-generator": ("cargo", "git")}
_SPECIFIER = re.compile(r"\s{0,20}(?:===|==|!=|~=|<=|>=|<|>)\s{0,20}[vV]?\d[\w.*+!-]{0,100}\s{0,20}")
_MANYLINUX = re.compile(r"manylinux(?:1|2010|2014|_\d{1,4}_\d{1,4})")
#: Where manylinux images have many Pythons, of which the build command takes one.
_PYTHONS = "/opt/python"
#: As much of a readme is looked at.
_READ = 1 << 20
_RELEASE = re.compile(r"(>=|~=|<|==)\s{0,20}3\.(\d{1,4})(?:\.0|\.\*)?")


def refusals(
    finder: Finder,
    here: Root,
    cwd: str,
    project: Project,
    python: Pyo3Settings,
    variables: Variables,
    target: Target,
    *,
    cross: bool,
) -> Iterator[Refusal]:
    """Yield what stops a wheel of *project*, which is in the system *here*."""
    content = dict(project.manifests).get(project.path, {})
    if project.wheel:
        yield from _of_manifest(here, project.path, content)
    path = next((one for one in _places(cwd, project.path) if here.is_file(one)), "")
    text = (present(here, path) or "") if path else ""
    own: dict[str, Any] = {}
    try:
        own = parsed(path, text) if text else {}
    except InputError as error:
        yield _unreadable(path, text, str(error).removeprefix(f"{path}: "))
    settings = toml.table(own, "tool", "maturin")
    if toml.table(own, "build-system").get("build-backend") == "maturin" or settings:
        yield from _of_build_system(path, text, own)
        yield from _of_project(here, path, text, own)
        yield from _of_settings(here, path, text, settings, content)
        yield from _of_crate(here, path, text, settings, project)
    if project.crate("pyo3-ffi") is not None or project.crate("pyo3") is not None:
        yield from pyo3_settings.refusals(finder, project, python, target, cross=cross)
    if project.wheel and not cross and project.abi3 is False and not python.settings:
        yield from _of_interpreter(finder, path, text, toml.table(own, "project").get("requires-python"), variables)


def _unreadable(path: str, text: str, reason: str) -> Refusal:
    """Return that ``pyproject.toml`` is not TOML: every build back end reads it first."""
    at = re.search(r"line (\d{1,7})", reason)
    lines = text.splitlines()
    number = int(at[1]) if at else 0
    quoted = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    place = f"{path}:{number}" if quoted else path
    return Refusal(_INVALID, f"pyproject.toml is not TOML: {reason}"[:160], quoted[:120] or "pyproject.toml", place)


def _places(cwd: str, manifest: str) -> Iterator[str]:
    yield os.path.join(os.path.realpath(cwd), "pyproject.toml")
    yield os.path.join(os.path.dirname(manifest), "pyproject.toml")


def _of_manifest(here: Root, path: str, content: dict[str, Any]) -> Iterator[Refusal]:
    package = toml.table(content, "package")
    for key, cause in (("readme", _README), ("license-file", _SETTINGS)):
        named = package.get(key)
        state = _state(here, os.path.join(os.path.dirname(path), named), key) if isinstance(named, str) else ""
        if state:
            yield Refusal(cause, f"Cargo.toml names {named} as {key}, which {state}", f'{key} = "{named}"', path)


def _state(here: Root, path: str, key: str) -> str:
    """Return why maturin cannot read the file at *path*; empty if it can."""
    if not here.is_file(path):
        return "is a folder" if here.is_dir(path) else "does not exist"
    try:
        here.head(path, _READ).decode() if key == "readme" else ""
    except UnicodeDecodeError as error:
        return "is not UTF-8" if error.start < _READ - 4 else ""
    return ""


def _of_build_system(path: str, text: str, own: dict[str, Any]) -> Iterator[Refusal]:
    """Yield what keeps pip and maturin from reading what the build requires, and the project."""
    system = own.get("build-system")
    if not isinstance(system, dict) or "requires" not in system:
        wrong = "[build-system] has no requires" if isinstance(system, dict) else "there is no [build-system]"
        yield Refusal(_INVALID, f"pyproject.toml: {wrong}", "maturin", place_of(path, text, ("build-system",)))
    for keys, value in _requirements(own):
        for one in value if isinstance(value, list) else ():
            if isinstance(one, str) and not requirements.is_valid(one):
                wrong = f"pyproject.toml: {'.'.join(keys)} has {one!r}, which is not a requirement"
                yield Refusal(_INVALID, wrong[:160], f"{keys[-1]}: {one}"[:120], place_of(path, text, keys))
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            wrong = f"pyproject.toml: {'.'.join(keys)} has to be a list of strings"
            yield Refusal(_INVALID, wrong[:160], f"{keys[-1]} = {value!r}"[:120], place_of(path, text, keys))


def _requirements(own: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], object]]:
    for keys in (("build-system", "requires"), ("project", "dependencies")):
        table = toml.table(own, keys[0])
        if keys[1] in table:
            yield keys, table[keys[1]]
    for name, value in toml.table(own, "project", "optional-dependencies").items():
        yield ("project", "optional-dependencies", name), value


def _of_crate(here: Root, path: str, text: str, settings: dict[str, Any], project: Project) -> Iterator[Refusal]:
    """Yield that the crate is not there, or that its lock file may not be changed and has to be."""
    named, folder = settings.get("manifest-path"), os.path.dirname(path)
    if isinstance(named, str) and not here.is_file(os.path.join(folder, named)):
        wrong = f"[tool.maturin] manifest-path names {named}, which does not exist"
        place = place_of(path, text, ("tool", "maturin", "manifest-path"))
        yield Refusal(_FILE, wrong[:160], f"manifest-path = {named!r}"[:120], place)
    elif not project.path and not here.exists(os.path.join(folder, "rust/Cargo.toml")):
        yield Refusal(_FILE, "there is no Cargo.toml beside pyproject.toml, which names maturin", "maturin", path)
    option = next((one for one in ("locked", "frozen") if settings.get(one) is True), "")
    if option and project.path and (not project.lock or project.outdated):
        why = project.outdated[0][1] if project.lock else "there is no such file"
        wrong = f"[tool.maturin] {option} lets cargo not change Cargo.lock, and it has to: {why}"
        place = place_of(path, text, ("tool", "maturin", option))
        yield Refusal("cargo-lock-outdated", wrong[:160], f"{option} = true", place)


def _of_project(here: Root, path: str, text: str, own: dict[str, Any]) -> Iterator[Refusal]:
    project = own.get("project")
    if not isinstance(project, dict):
        return
    folder = os.path.dirname(path)

    @cache
    def quote(key: str) -> str:
        return f"{key} = {project[key]!r}"[:120] if key in project else "[project]"

    def invalid(wrong: str, key: str) -> Refusal:
        quoted = quote(key)
        return Refusal(_INVALID, f"pyproject.toml: {wrong}", quoted, place_of(path, text, ("project", key)))

    if "name" not in project:
        yield invalid("[project] has no name", "name")
    version, requires = project.get("version", "0"), project.get("requires-python", "")
    if not isinstance(version, str) or not requirements.is_version(version):
        yield invalid(f"project.version {version!r} is not a version"[:120], "version")
    if not isinstance(requires, str) or (
        requires.strip() and not all(_SPECIFIER.fullmatch(part) for part in requires.rstrip(", ").split(","))
    ):
        yield invalid(f"requires-python {requires!r} is not a version specifier"[:120], "requires-python")
    for table in ("scripts", "gui-scripts", "urls"):
        for name, value in toml.table(project, table).items():
            if not isinstance(value, str):
                yield invalid(f"project.{table}.{name} has to be a string"[:120], table)
    for key, cause in (("readme", _README), ("license", _SETTINGS)):
        value = project.get(key)
        file = value.get("file") if isinstance(value, dict) else value if key == "readme" else None
        state = _state(here, os.path.join(folder, file), key) if isinstance(file, str) else ""
        if state:
            wrong = f"pyproject.toml names {file} as {key}, which {state}"
            yield Refusal(cause, wrong, f"{key}: {file}", place_of(path, text, ("project", key)))


def _of_settings(here: Root, path: str, text: str, table: dict[str, Any], content: dict[str, Any]) -> Iterator[Refusal]:
    folder = os.path.dirname(path)

    @cache
    def quote(key: str) -> str:
        return f"{key} = {table[key]!r}"[:120]

    def refused(key: str, wrong: str, cause: str = _SETTINGS) -> Refusal:
        quoted = quote(key)
        return Refusal(cause, f"[tool.maturin] {wrong}"[:160], quoted, place_of(path, text, ("tool", "maturin", key)))

    for key in ("python-source", "data"):
        named = table.get(key)
        if isinstance(named, str) and not here.is_dir(os.path.join(folder, named)):
            yield refused(key, f"{key} names {named}, which does not exist")
    for key, wrong in _odd_values(table):
        yield refused(key, wrong, _INVALID)
    if name := _absent_package(here, folder, table, content):
        yield refused("python-source", f"python-source names {table['python-source']}, which has no folder {name}")
    module = table.get("module-name")
    if table.get("bindings") == "bin" and content and not _has_program(here, path, table, content):
        yield refused("bindings", "bindings is bin, and the crate has no program")
    if isinstance(module, str) and "-" in module:
        yield refused("module-name", f"module-name {module} has a hyphen, which Python cannot import")
    bindings = table.get("bindings", "pyo3")
    if bindings not in _BINDINGS:
        yield refused("bindings", f"bindings {bindings} is not one of {', '.join(_BINDINGS)}", _INVALID)
    compatibility = table.get("compatibility", "off")
    named = compatibility if isinstance(compatibility, list) else [compatibility]
    for one in named:
        if isinstance(one, str) and one.startswith("manylinux") and not _MANYLINUX.fullmatch(one):
            yield refused("compatibility", f"compatibility {one} is not a tag that maturin knows", _INVALID)
    for key in ("include", "exclude"):
        entries = table.get(key, [])
        good = isinstance(entries, list) and all(isinstance(one, (str, dict)) for one in entries)
        if not good:
            yield refused(key, f"{key} has to be a list of patterns", _INVALID)
    profile = table.get("profile")
    if isinstance(profile, str) and profile not in (*_PROFILES, *toml.table(content, "profile")):
        if "workspace" in toml.table(content, "package") or not toml.table(content, "package"):
            return  # the workspace's manifest may have it
        yield refused("profile", f"profile {profile} is not a profile of Cargo.toml")
    features = table.get("features")
    known = _features(content)
    for one in features if isinstance(features, list) and known is not None else ():
        if isinstance(one, str) and "/" not in one and one not in known:
            yield refused("features", f"features names {one}, which Cargo.toml does not have")


def _odd_values(table: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (key, why) of the values in [tool.maturin] that are of another type, or another word, than it takes."""
    for key, kind, wanted in _TYPES:
        if key in table and not isinstance(table[key], kind):
            yield key, f"{key} has to be {wanted}"
    for key, known in _WORDS.items():
        if isinstance(table.get(key), str) and table[key] not in known:
            yield key, f"{key} {table[key]} is not one of {', '.join(known)}"


def _absent_package(here: Root, folder: str, table: dict[str, Any], content: dict[str, Any]) -> str:
    """Return the Python package that the folder of ``python-source`` lacks; empty if it is there."""
    module, source = table.get("module-name"), table.get("python-source")
    if not isinstance(source, str) or not here.is_dir(os.path.join(folder, source)):
        return ""
    name = module.partition(".")[0] if isinstance(module, str) else _library(content)
    return "" if here.is_dir(os.path.join(folder, source, name)) else name


def _library(content: dict[str, Any]) -> str:
    """Return the name of a crate's library; empty if its manifest does not say it."""
    name = toml.table(content, "lib").get("name") or toml.table(content, "package").get("name", "")
    return name.replace("-", "_") if isinstance(name, str) else ""


def _has_program(here: Root, path: str, table: dict[str, Any], content: dict[str, Any]) -> bool:
    """Whether the crate may have a program: one that its manifest names, or a file that cargo finds by itself."""
    manifest = table.get("manifest-path", "Cargo.toml")
    folder = os.path.dirname(os.path.join(os.path.dirname(path), manifest if isinstance(manifest, str) else ""))
    found = here.exists(os.path.join(folder, "src/main.rs")) or here.exists(os.path.join(folder, "src/bin"))
    return found or "bin" in content or not toml.table(content, "package")


def _features(content: dict[str, Any]) -> set[str]:
    """Return the features of a manifest, with those that optional dependencies imply."""
    found = {"default", *toml.table(content, "features")}
    sections = (content, *toml.table(content, "target").values())
    for section in sections:
        for kind in ("dependencies", "build-dependencies"):
            found.update(toml.table(section, kind))
    return found


def _of_interpreter(finder: Finder, path: str, text: str, requires: object, variables: Variables) -> Iterator[Refusal]:
    """Yield that the Python that maturin takes without ``-i`` is not there, does not run, or is too old."""
    if finder.root.is_dir(_PYTHONS):
        return
    tried = [finder.program(name) for name in ("python3", "python")]
    python = next((one for one in tried if one.found or one.blocked), None)
    if python is None:
        wrong = "no python3 on PATH, which maturin builds for without -i"
        yield Refusal(_PYTHON, wrong, "no folder of PATH has python3", certain=False)
        return
    if flaw := python_start.flaw(finder, python, variables):
        wrong = f"{python.path or python.name}, which maturin builds for without -i, {flaw}"
        home = variables.own("PYTHONHOME") if "PYTHONHOME" in flaw else None
        yield Refusal(_PYTHON, wrong[:160], f"{python.name} {flaw}"[:120], setting=home, certain=home is not None)
        return
    name = os.path.basename(python.real)
    minor = name.removeprefix("python3.")
    refusing = _excluding(requires, int(minor)) if minor.isdecimal() else ""
    if refusing:
        wrong = f"requires-python asks for {refusing}, and python3 is {name.removeprefix('python')}"
        place = place_of(path, text, ("project", "requires-python"))
        others = (number for number in range(_OLDEST, _NEWEST) if not _excluding(requires, number))
        other = any(finder.program(f"python3.{number}").found for number in others)
        yield Refusal(_PYTHON, wrong, f"requires-python = {requires!r}"[:120], place, certain=not other)


#: The releases of Python 3 that may be beside another one, for ``maturin build -i``.
_OLDEST, _NEWEST = 6, 30


def _excluding(requires: object, minor: int) -> str:
    """Return the part of *requires* that does not allow any Python 3 of this *minor* release; empty without one."""
    for part in requires.split(",") if isinstance(requires, str) else ():
        if (said := _RELEASE.fullmatch(part.strip())) is None:
            continue
        sign, number = said[1], int(said[2])
        if (sign in (">=", "~=") and minor < number) or (sign == "<" and minor >= number):
            return part.strip()
        if sign == "==" and minor != number:
            return part.strip()
    return ""
