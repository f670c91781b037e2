"""Cargo's configuration, the project in the working directory, and the system libraries that it needs.

Sources: The Cargo Book, configuration (which files, in which order, and which variables beat them), ``Cargo.lock``, and
the system-deps crate's documentation (``[package.metadata.system-deps]``).
"""

from __future__ import annotations

import itertools
import os

from diagnose import tables
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError
from diagnose.model.targets import Target
from diagnose.readers import toml
from diagnose.readers.cargo import workspace
from diagnose.readers.cargo.features import Features, closure, words
from diagnose.readers.cargo.variables import Setting, Variables
from diagnose.readers.system.root import TEXT_LIMIT, Root

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any


#: The crates by which a build script asks pkg-config.
_ASKING = frozenset({"pkg-config", "system-deps", "metadeps"})
#: The largest Cargo.lock that is read, in bytes.
LOCK_LIMIT = 16 << 20


class Crate(NamedTuple):
    """One package of ``Cargo.lock``: ``line`` is where its name stands, ``dependencies`` the names it lists."""

    name: str
    version: str
    line: int = 0
    dependencies: tuple[str, ...] = ()


class Need(NamedTuple):
    """A pkg-config module that the project asks for: by which crate, and where that is known from.

    ``crate`` is ``name version``. ``requirement`` is the constraint that the crate passes (``>= 1.0``) or empty.
    ``links`` is the crate's ``links`` key, by which ``[target.<triple>.<links>]`` overrides its build script.
    ``path`` is the file that says so (``Cargo.lock:line`` or ``Cargo.toml``). ``static`` is set where the crate insists
    on one way of linking, whatever the variables say. ``optional`` says that the crate can do without the module.
    ``system_libs`` says that it wants the system's folders in the answer, as the pkg-config crate does by default.
    """

    module: str
    crate: str = ""
    requirement: str = ""
    links: str = ""
    path: str = ""
    static: bool | None = None
    optional: bool = False
    system_libs: bool = True


class Override(NamedTuple):
    """A ``[target.<triple>.<links>]`` table: cargo then does not run that crate's build script at all."""

    links: str
    path: str


class ConfigFile(NamedTuple):
    """A cargo configuration file as it was read. ``own`` is False for ``$CARGO_HOME``'s, which all projects share."""

    path: str
    text: str
    own: bool = True


class Floor(NamedTuple):
    """A release of cargo that the project needs at least: ``text`` asks for it, in ``path`` (``Cargo.lock:3``)."""

    version: str
    text: str
    path: str


class Project(NamedTuple):
    """The Cargo project that holds the working directory; ``path`` is its manifest, ``lock`` its Cargo.lock.

    ``crates`` are those of Cargo.lock that a build with the default features takes, ``idle`` the others that ask
    pkg-config. ``config`` are the configuration files that cargo reads here, the nearest first. ``unknown`` are crates
    that ask pkg-config for something that is not known here. ``wheel`` says whether maturin can make a wheel of it:
    its ``pyproject.toml`` names maturin, the build takes PyO3, or the manifest wants a ``cdylib``. ``abi3`` says
    whether the manifest turns on PyO3's stable ABI, None where it does not depend on PyO3. ``floors`` are the releases
    of cargo that the lock file and the manifest need.
    """

    path: str = ""
    lock: str = ""
    crates: tuple[Crate, ...] = ()
    needs: tuple[Need, ...] = ()
    config: tuple[ConfigFile, ...] = ()
    overrides: tuple[Override, ...] = ()
    idle: tuple[Crate, ...] = ()
    unknown: tuple[str, ...] = ()
    abi3: bool | None = None
    wheel: bool = False
    floors: tuple[Floor, ...] = ()

    def crate(self, name: str) -> Crate | None:
        """Return the crate of that name that the build takes, the newest if there are several."""
        return next((crate for crate in reversed(self.crates) if crate.name == name), None)

    def locked(self, name: str) -> Crate | None:
        """Return the crate of that name that the build takes, or that it would take with another feature."""
        return self.crate(name) or next((crate for crate in self.idle if crate.name == name), None)


class Config(NamedTuple):
    """Cargo's configuration files, the nearest first, each as (path, parsed content, text)."""

    files: tuple[tuple[str, dict[str, Any], str], ...] = ()

    def find(self, *keys: str) -> Setting | None:
        """Return the nearest file's value of a key, given as the names of its tables and its own."""
        for path, content, text in self.files:
            value: Any = content
            for key in keys:
                value = value.get(key) if isinstance(value, dict) else None
            if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
                value = " ".join(value)
            if isinstance(value, str):
                return Setting(".".join(keys), value, _place(path, text, keys))
        return None

    def variables(self, process: Mapping[str, str]) -> Variables:
        """Return the variables of build scripts: *process* and the ``[env]`` tables."""
        found: dict[str, Setting] = {}
        forced = set()
        for path, content, text in reversed(self.files):
            table = content.get("env")
            for name, entry in table.items() if isinstance(table, dict) else ():
                value = entry.get("value") if isinstance(entry, dict) else entry
                if not isinstance(value, str):
                    continue
                if isinstance(entry, dict) and entry.get("relative") is True:
                    value = os.path.join(_base(path), value)
                found[name] = Setting(name, value, _place(path, text, ("env", name)))
                forced.discard(name)
                if isinstance(entry, dict) and entry.get("force") is True:
                    forced.add(name)
        return Variables(process, found, frozenset(forced))

    def linker(self, variables: Variables, target: Target) -> Setting | None:
        """Return what cargo hands to rustc as the linker for *target*; None leaves rustc its default.

        ``-C linker=`` in the flags wins, because rustc takes the last one. A configured path with a slash in it is
        relative to the folder that holds ``.cargo``.
        """
        if (flags := self._linker_flag(variables, target)) is not None:
            return flags
        own = variables.own(f"CARGO_TARGET_{target.cargo_env_name}_LINKER")
        if own is not None:
            return own
        found = self.find("target", target.triple, "linker") or self._cfg_linker(target)
        if found is not None and "/" in found.value and not found.value.startswith("/"):
            found = found._replace(value=os.path.join(_base(found.path.rpartition(":")[0] or found.path), found.value))
        return found

    def _linker_flag(self, variables: Variables, target: Target) -> Setting | None:
        """Look for ``-C linker=`` where cargo looks for flags: the first source that is set excludes the others."""
        encoded = variables.own("CARGO_ENCODED_RUSTFLAGS")
        sources = (
            encoded._replace(value=encoded.value.replace("\x1f", " ")) if encoded else None,
            variables.own("RUSTFLAGS"),
            variables.own(f"CARGO_TARGET_{target.cargo_env_name}_RUSTFLAGS"),
            self.find("target", target.triple, "rustflags"),
            variables.own("CARGO_BUILD_RUSTFLAGS"),
            self.find("build", "rustflags"),
        )
        setting = next((source for source in sources if source is not None), None)
        if setting is None:
            return None
        words = iter(setting.value.split())
        linker = ""
        for word in words:
            option = next(words, "") if word in ("-C", "--codegen") else word[2:] if word.startswith("-C") else ""
            if option.startswith("linker="):
                linker = option[len("linker=") :]
        return setting._replace(value=linker) if linker else None

    def _cfg_linker(self, target: Target) -> Setting | None:
        for path, content, text in self.files:
            table = content.get("target")
            for key, entry in table.items() if isinstance(table, dict) else ():
                linker = entry.get("linker") if isinstance(entry, dict) else None
                if isinstance(linker, str) and key.startswith("cfg(") and cfg(key, target):
                    return Setting(f"target.'{key}'.linker", linker, _place(path, text, (key, "linker")))
        return None

    def overrides(self, triple: str) -> tuple[Override, ...]:
        """Return the ``links`` values whose build scripts the configuration overrides for *triple*."""
        found = []
        for path, content, text in self.files:
            table = content.get("target")
            entry = table.get(triple) if isinstance(table, dict) else None
            for key, value in entry.items() if isinstance(entry, dict) else ():
                if isinstance(value, dict):
                    found.append(Override(key, _place(path, text, ("target", triple, key))))
        return tuple(found)


def cfg(expression: str, target: Target) -> bool:
    """Whether a ``cfg(…)`` expression holds for *target*; what cannot be told does not."""
    return _holds(expression, _known(target)) is True


def fits(platform: str, target: Target, *, build: bool = False) -> bool:
    """Whether the dependencies that a manifest has for *platform*, a ``cfg(…)`` or a triple, are needed for *target*.

    What cannot be told counts as needed. Those of a build script (*build*) are for the host: some Linux machine.
    """
    if not platform.startswith("cfg("):
        return "-linux-" in platform if build else platform == target.triple
    known = _known(target)
    if build:
        known = {name: known[name] for name in ("target_os", "target_family")}
    return _holds(platform, known) is not False


def _known(target: Target) -> dict[str, str]:
    arch, _, rest = target.triple.partition("-")
    return {
        "target_os": "linux",
        "target_family": "unix",
        "target_vendor": rest.partition("-")[0],
        "target_arch": {"i686": "x86", "powerpc64le": "powerpc64", "riscv64gc": "riscv64", "mipsel": "mips"}.get(
            arch, "mips64" if arch == "mips64el" else "arm" if arch.startswith(("arm", "thumb")) else arch
        ),
        "target_env": "musl" if target.libc == "musl" else "gnu",
        "target_endian": target.endian,
        "target_pointer_width": str(target.bits),
        "target_abi": next((abi for abi in ("eabihf", "eabi", "abi64") if target.triple.endswith(abi)), ""),
    }


def _holds(expression: str, known: Mapping[str, str]) -> bool | None:
    """Return whether *expression* holds where *known* does; None if that cannot be told."""
    tokens = _cfg_tokens(expression)
    position = 0

    def parse() -> bool | None:
        nonlocal position
        name = tokens[position] if position < len(tokens) else ""
        position += 1
        following = tokens[position] if position < len(tokens) else ""
        if following == "(" and name in ("cfg", "all", "any", "not"):
            position += 1
            values: list[bool | None] = []
            while position < len(tokens) and tokens[position] != ")":
                values.append(parse())
                if position < len(tokens) and tokens[position] == ",":
                    position += 1
            position += 1
            decides = name == "any"  # one such value is enough; otherwise one that is unknown leaves it open
            if name == "not":
                return None if None in values else not any(values)
            return decides if decides in values else None if None in values else not decides
        if following == "=":
            value = tokens[position + 1] if position + 1 < len(tokens) else ""
            position += 2
            return known[name] == value.strip('"') if name in known else None
        return {"unix": True, "windows": False, "true": True, "false": False}.get(name)

    return parse()


def _cfg_tokens(expression: str) -> list[str]:
    tokens, word, quoted = [], "", False
    for char in expression[:512]:
        if char == '"':
            quoted = not quoted
        elif not quoted and (char in "(),=" or char.isspace()):
            if word:
                tokens.append(word)
                word = ""
            if not char.isspace():
                tokens.append(char)
        else:
            word += char
    return [*tokens, word] if word else tokens


def home(root: Root, environ: Mapping[str, str]) -> str:
    """Return ``CARGO_HOME``: as set, or ``.cargo`` in the user's home; for a foreign root, in root's home."""
    if environ.get("CARGO_HOME"):
        return environ["CARGO_HOME"]
    user = environ.get("HOME") or (os.path.expanduser("~") if root.live else "/root")
    return os.path.join(user, ".cargo")


def configuration(root: Root, cwd: str, cargo_home: str) -> Config:
    """Read the configuration files that cargo merges in *cwd*, a folder of this machine, with *cargo_home* in *root*.

    Raises:
        InputError: a file is not TOML, or cargo cannot merge two of them.
    """
    here = root if root.live else Root("/")
    found: list[tuple[str, dict[str, Any], str]] = []
    folders = [(here, os.path.join(folder, ".cargo")) for folder in _upwards(os.path.realpath(cwd))]
    if (root, cargo_home) not in folders:
        folders.append((root, cargo_home))
    for place, folder in folders:
        for name in ("config", "config.toml"):  # cargo prefers the old name where both exist
            path = os.path.join(folder, name)
            text = _present(place, path)
            if text is not None:
                found.append((path, _toml(path, text), text))
                break
    for (near, content, _), (far, other, _) in itertools.combinations(found, 2):
        if key := _clash(content, other):
            raise InputError(f"{near}: cargo cannot merge {key} with that of {far}, which is of another kind")
    return Config(tuple(found))


def _clash(one: dict[str, Any], other: dict[str, Any]) -> str:
    """Return the first key that cargo refuses to merge: a table or list in one file, something else in the other."""
    for key, value in one.items():
        if key not in other:
            continue
        if isinstance(value, dict) and isinstance(other[key], dict):
            if deeper := _clash(value, other[key]):
                return f"{key}.{deeper}"
        elif any(isinstance(value, kind) is not isinstance(other[key], kind) for kind in (dict, list)):
            return str(key)
    return ""


def _upwards(folder: str) -> Iterator[str]:
    while True:
        yield folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent


def _toml(path: str, text: str) -> dict[str, Any]:
    try:
        return toml.parse(text)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None


def _base(path: str) -> str:
    """Return the folder that paths in a configuration file are relative to: the one that holds ``.cargo``."""
    return os.path.dirname(os.path.dirname(path))


def _place(path: str, text: str, keys: tuple[str, ...]) -> str:
    """Return ``path:line`` of a key."""
    line = toml.line_of(text, *keys)
    return f"{path}:{line}" if line else path


def project(root: Root, cwd: str, config: Config, cargo_home: str, target: Target) -> Project:
    """Read the project that holds *cwd* and find out which system libraries it needs.

    Raises:
        InputError: its manifest or lock file is broken.
    """
    here = root if root.live else Root("/")
    files = tuple(ConfigFile(path, text, os.path.dirname(path) != cargo_home) for path, _, text in config.files)
    overrides = config.overrides(target.triple)
    manifest = lock = ""
    for folder in _upwards(os.path.realpath(cwd)):
        if not manifest and here.is_file(os.path.join(folder, "Cargo.toml")):
            manifest = os.path.join(folder, "Cargo.toml")
        if manifest and here.exists(os.path.join(folder, "Cargo.lock")):
            lock = os.path.join(folder, "Cargo.lock")
            break
    if not manifest:
        return Project(config=files, overrides=overrides)
    locked = lock_file(lock, _present(here, lock, LOCK_LIMIT) or "") if lock else Lock()
    crates = locked.crates
    text = _present(here, manifest) or ""
    content = _toml(manifest, text)
    floors = tuple(_floors(lock, locked.version, manifest, content, text))
    needs = list(_system_deps(manifest, content, ""))
    idle: list[Crate] = []
    unknown: list[str] = []
    others = {}
    if crates:
        beside = os.path.join(os.path.dirname(lock), "Cargo.toml")
        found = workspace.manifests(here, manifest, beside, lambda path: _toml(path, _present(here, path) or ""))
        others = {workspace.name(other): other for path, other in found if path != manifest}
    reached = _reached(content, others, crates, target)
    sources = _sources(root, cargo_home, config) if crates else ()
    table = _sys_crates() if crates else {}
    named = _features((content, *others.values()), crates)
    turned_on = _turned_on(root, (content, *others.values()), [one for one in crates if one.name in reached], sources)
    for crate in crates:
        if crate.name in _ASKING or not _ASKING & set(crate.dependencies):
            continue
        if crate.name not in reached:
            idle.append(crate)
            continue
        rows = table.get(crate.name, ())
        optional = {row: _optional(row, crate, turned_on, named) for row in rows}
        asked = list(_crate_needs(root, crate, sources, optional, lock))
        needs += asked
        if not asked:
            unknown.append(f"{crate.name} {crate.version}")
    unique = tuple(dict.fromkeys(needs))
    crates = tuple(crate for crate in crates if crate.name in reached)
    abi3 = _abi3(content)
    wheel = abi3 is not None or any(crate.name == "pyo3-ffi" for crate in crates) or _cdylib(content)
    wheel = wheel or _names_maturin(here, os.path.realpath(cwd), os.path.dirname(manifest))
    return Project(manifest, lock, crates, unique, files, overrides, tuple(idle), tuple(unknown), abi3, wheel, floors)


#: The first cargo that takes a format of lock files, and that knows an edition. Sources: cargo's and Rust's changelogs.
_LOCK_VERSIONS = {3: "1.53", 4: "1.78"}
_EDITIONS = {"2021": "1.56", "2024": "1.85"}


def _floors(lock: str, version: int, manifest: str, content: dict[str, Any], text: str) -> Iterator[Floor]:
    if version in _LOCK_VERSIONS:
        yield Floor(_LOCK_VERSIONS[version], f"version = {version}", lock)
    package = content.get("package")
    edition = package.get("edition") if isinstance(package, dict) else None
    if isinstance(edition, str) and edition in _EDITIONS:
        place = _place(manifest, text, ("edition",))
        yield Floor(_EDITIONS[edition], f'edition = "{edition}"', place)


def _cdylib(manifest: dict[str, Any]) -> bool:
    library = manifest.get("lib")
    kinds = library.get("crate-type", library.get("crate_type")) if isinstance(library, dict) else None
    return isinstance(kinds, list) and "cdylib" in kinds


def _names_maturin(here: Root, cwd: str, crate: str) -> bool:
    """Whether a ``pyproject.toml`` in *cwd*, or above it up to the folder of the *crate*, names maturin."""
    for folder in _upwards(cwd):
        path = os.path.join(folder, "pyproject.toml")
        if here.is_file(path) and "maturin" in (here.text(path) or ""):
            return True
        if folder == crate:
            break
    return False


def _edges(crates: tuple[Crate, ...]) -> dict[str, set[str]]:
    edges: dict[str, set[str]] = {}
    for crate in crates:
        edges.setdefault(crate.name, set()).update(crate.dependencies)
    return edges


def _reached(
    manifest: dict[str, Any], others: Mapping[str, dict[str, Any]], crates: tuple[Crate, ...], target: Target
) -> set[str]:
    """Return the names of the locked crates that a build for *target* with the default features takes.

    Cargo.lock also has what other features, other platforms, the tests and other members of a workspace would need.
    *others* are manifests of the workspace's other packages and those in folders, by their names.
    """
    edges = _edges(crates)
    own = workspace.name(manifest)
    start = {own} if own in edges else edges.keys() - set().union(*edges.values()) | edges.keys() & others.keys()
    if not start:
        return set(edges)
    for name, other in others.items():
        if name in edges:
            edges[name] -= _left_out(other, target)
    if own in edges:
        edges[own] -= _left_out(manifest, target, _default_features(manifest))
    return closure(edges, start)


def _features(manifests: tuple[dict[str, Any], ...], crates: tuple[Crate, ...]) -> dict[str, set[str]]:
    """Return {crate: features that the manifests ask for} of their dependencies, handed on to what these depend on.

    A crate that wraps another has its features under the same names (``zstd/pkg-config`` is ``zstd-sys/pkg-config``).
    """
    edges: dict[str, set[str]] = {}
    found: dict[str, set[str]] = {}
    for manifest in manifests:
        for _, section in workspace.sections(manifest):
            for kind, key, options in workspace.dependencies(section):
                named = options.get("features")
                if kind == "dev-dependencies" or not isinstance(named, list) or not named:
                    continue
                edges = edges or _edges(crates)
                for name in closure(edges, (str(options.get("package", key)),)):
                    found.setdefault(name, set()).update(map(str, named))
    return found


def _left_out(manifest: dict[str, Any], target: Target, active: set[str] | None = None) -> set[str]:
    """Return the packages among the direct dependencies that a build for *target* does without.

    *active* are the features, None where others decide which are on.
    """
    taken: set[str] = set()
    named: set[str] = set()
    for platform, section in workspace.sections(manifest):
        for kind, key, options in workspace.dependencies(section):
            package = str(options.get("package", key))
            named.add(package)
            needed = not platform or fits(platform, target, build=kind == "build-dependencies")
            optional = options.get("optional") is True and active is not None and key not in active
            if needed and not optional and kind != "dev-dependencies":
                taken.add(package)
    return named - taken


def _default_features(manifest: dict[str, Any]) -> set[str]:
    """Return the features, and the optional dependencies, that the feature ``default`` turns on."""
    parts = (word.removeprefix("dep:").partition("/") for word in words(manifest, ("default",)))
    return {name for name, _, rest in parts if not (rest and name.endswith("?"))}


def _abi3(manifest: dict[str, Any]) -> bool | None:
    """Return whether PyO3's ``abi3`` or ``abi3-py3X`` is on: in the dependency, or behind a feature of the crate's."""
    dependencies, features = manifest.get("dependencies"), manifest.get("features")
    pyo3 = dependencies.get("pyo3") if isinstance(dependencies, dict) else None
    if pyo3 is None:
        return None
    named = pyo3.get("features") if isinstance(pyo3, dict) else None
    words = list(named) if isinstance(named, list) else []
    for entry in features.values() if isinstance(features, dict) else ():
        words += [word[5:] for word in entry if str(word).startswith("pyo3/")] if isinstance(entry, list) else []
    return any(str(word).startswith("abi3") for word in words)


def overridden(overrides: tuple[Override, ...]) -> dict[str, str]:
    """Return {``links`` value: path} of *overrides*, and ``module NAME`` for what crates of that value ask for."""
    found = {override.links: override.path for override in overrides}
    rows = (row for rows in _sys_crates().values() for row in rows) if overrides else ()
    return {**{f"module {row.module}": found[row.links] for row in rows if row.links in found}, **found}


def _present(place: Root, path: str, limit: int = TEXT_LIMIT) -> str | None:
    """Return the text of a file that cargo reads wherever it exists; None if it does not.

    Raises:
        InputError: it is there and cannot be read, or is no text, as cargo then stops too.
    """
    if not place.exists(path):
        return None
    text = place.text(path, limit)
    if text is None:
        raise InputError(f"{path}: {'is a directory' if place.is_dir(path) else 'permission denied'}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{path}: not UTF-8") from None
    return text


class Lock(NamedTuple):
    """A Cargo.lock: ``version`` is its format's, 0 where it names none, as the formats 1 and 2 do."""

    version: int = 0
    crates: tuple[Crate, ...] = ()


def lock_file(path: str, text: str) -> Lock:
    """Return what the Cargo.lock *text* holds; *path* is for messages.

    Raises:
        InputError: cargo would not take it.
    """
    return _as_written(text) or _as_toml(path, text)


#: How the lines begin that cargo writes for a package, besides those that are read.
_PASSED_OVER = ('source = "', 'checksum = "', 'replace = "')


def _as_written(text: str) -> Lock | None:
    """Read a Cargo.lock line by line, as cargo writes it; None if any line is not of that kind."""
    crates: list[Crate] = []
    fields: dict[str, str] = {}
    dependencies: list[str] = []
    start = version = 0
    within = inside = False
    for number, line in enumerate((*text.splitlines(), "[[package]]"), 1):
        if inside:
            if line == "]":
                inside = False
            elif line.startswith(' "') and line.endswith(('",', '"')) and line.count('"') == 2:
                dependencies.append(line.strip(' ",').partition(" ")[0])
            else:
                return None
        elif line == "[[package]]":
            if within:
                if len(fields) != 2:
                    return None
                crates.append(Crate(fields["name"], fields["version"], start, tuple(dependencies)))
            within, fields, dependencies = True, {}, []
        elif not line or line.startswith("#"):
            continue
        elif not within:
            if version or not line.startswith("version = ") or not line[10:].isdecimal() or len(line) > 19:
                return None
            version = int(line[10:])
        elif line == "dependencies = [" and not dependencies:
            inside = True
        elif not line.endswith('"') or line.count('"') != 2 or "\\" in line:
            return None
        elif line.startswith(('name = "', 'version = "')):
            key, _, value = line.partition(" = ")
            if key in fields:
                return None
            fields[key] = value[1:-1]
            start = number if key == "name" else start
        elif not line.startswith(_PASSED_OVER):
            return None
    return None if inside else Lock(version, tuple(crates))


def _as_toml(path: str, text: str) -> Lock:
    """Read a Cargo.lock that another hand wrote, or an older cargo."""
    content = _toml(path, text)
    version, entries = content.get("version", 0), content.get("package", [])
    if not isinstance(version, int) or not isinstance(entries, list):
        raise InputError(f"{path}: {'`version` is no number' if isinstance(entries, list) else '`package` is no list'}")
    lines = text.splitlines()
    crates: list[Crate] = []
    start = 0
    for place, entry in enumerate(entries, 1):
        table = entry if isinstance(entry, dict) else {}
        name, release, listed = table.get("name"), table.get("version"), table.get("dependencies", [])
        for key, value in (("name", name), ("version", release)):
            if not isinstance(value, str):
                raise InputError(f"{path}: package {place} has no {key}")
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise InputError(f"{path}: the dependencies of {name} are no list of strings")
        quoted = (f'"{name}"', f"'{name}'")
        found = (at for at in range(start, len(lines)) if lines[at].lstrip().startswith("name"))
        start = next((at + 1 for at in found if any(one in lines[at] for one in quoted)), start)
        crates.append(Crate(str(name), str(release), start, tuple(one.partition(" ")[0] for one in listed)))
    return Lock(version, tuple(crates))


class _Row(NamedTuple):
    version: str
    links: str
    module: str
    requirement: str
    unless: str
    static: bool | None


def _sys_crates() -> dict[str, list[_Row]]:
    """Read the table of crates that ask pkg-config."""
    path = os.path.join(os.path.dirname(tables.__file__), "sys_crates.txt")
    table: dict[str, list[_Row]] = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = ["" if word == "-" else word for word in line.split()]
            if words and not line.startswith("#"):
                name, version, links, module, requirement, unless, static = words
                row = _Row(version, links, module, _spaced(requirement), unless, {"no": False, "yes": True}.get(static))
                table.setdefault(name, []).append(row)
    return table


def _spaced(requirement: str) -> str:
    operator = requirement[: len(requirement) - len(requirement.lstrip("<>=!"))]
    return f"{operator} {requirement[len(operator) :].strip()}" if operator else requirement


def _sources(root: Root, cargo_home: str, config: Config) -> tuple[str, ...]:
    """Return the folders in which cargo has unpacked crates, or is told to find them."""
    found = []
    for path, content, _ in config.files:
        table = content.get("source")
        entries = table.values() if isinstance(table, dict) else ()
        named = (entry.get("directory") for entry in entries if isinstance(entry, dict))
        found += [os.path.join(_base(path), folder) for folder in named if isinstance(folder, str)]
    folder = os.path.join(cargo_home, "registry", "src")
    return (*found, *(os.path.join(folder, name) for name in root.names(folder)))


def _source(root: Root, crate: Crate, sources: tuple[str, ...]) -> tuple[str, dict[str, Any]] | None:
    """Return the path and the content of the manifest of *crate*, where its source is at hand."""
    for folder in (f"{source}/{name}" for source in sources for name in (f"{crate.name}-{crate.version}", crate.name)):
        path = os.path.join(folder, "Cargo.toml")
        text = root.text(path) if root.is_file(path) else None
        if text is not None:
            return path, _toml(path, text)
    return None


def _turned_on(
    root: Root, manifests: tuple[dict[str, Any], ...], crates: list[Crate], sources: tuple[str, ...]
) -> Features:
    """Return the features of *crates*, those that are built; *manifests* are the project's own."""
    own = {workspace.name(manifest): manifest for manifest in manifests}
    tables = (manifest.get("workspace") for manifest in manifests)
    shared = next((table.get("dependencies") for table in tables if isinstance(table, dict)), None)
    users: dict[str, set[str]] = {}
    by_name: dict[str, list[Crate]] = {}
    for crate in crates:
        by_name.setdefault(crate.name, []).append(crate)
        for name in crate.dependencies:
            users.setdefault(name, set()).add(crate.name)

    def load(name: str) -> dict[str, Any] | None:
        if name in own:
            return own[name]
        found = [_source(root, crate, sources) for crate in by_name.get(name, ())]
        return found[0][1] if len(found) == 1 and found[0] else None  # of two versions either may be the one

    return Features(users, load, shared if isinstance(shared, dict) else {})


def _optional(row: _Row, crate: Crate, turned_on: Features, named: Mapping[str, set[str]]) -> bool | None:
    """Whether *crate* does without the module of *row*; None where that cannot be told.

    *named* are the features by name, for when it cannot be followed who turns them on.
    """
    unless = row.unless
    if not unless.startswith(("?", "!")):
        return unless == "own" or (unless.startswith("+") and unless[1:] in crate.dependencies)
    active = turned_on.of(crate.name)
    certain = active is not None
    active = named.get(crate.name, set()) if active is None else active
    if any((word[1:] in active) is word.startswith("!") for word in unless.split(",")):
        return True
    certain = certain and _compatible(crate.version, row.version)
    return False if certain or "!" not in unless else None


def _compatible(one: str, other: str) -> bool:
    """Whether cargo takes one version for the other: the first part that is not zero decides."""
    parts = [version.split(".") for version in (one, other)]
    leading = next((place for place, part in enumerate(parts[1]) if part != "0"), 0)
    return parts[0][: leading + 1] == parts[1][: leading + 1]


def _crate_needs(
    root: Root,
    crate: Crate,
    sources: tuple[str, ...],
    rows: Mapping[_Row, bool | None],
    lock: str,
) -> Iterator[Need]:
    where = f"{lock}:{crate.line}"
    label = f"{crate.name} {crate.version}"
    links = ""
    path, content = _source(root, crate, sources) or ("", {})
    if path:
        package = content.get("package")
        links = str(package.get("links") or "") if isinstance(package, dict) else ""
        declared = list(_system_deps(path, content, label, links))
        if declared:
            yield from (need._replace(path=where) for need in declared)
            return
    for row, own in rows.items():
        if own is None:
            continue
        same = crate.version.split(".")[:2] == row.version.split(".")[:2]  # others may ask for other versions
        requirement, static = (row.requirement, row.static) if same else ("", None)
        yield Need(row.module, label, requirement, links or row.links, where, static, own)


def _system_deps(path: str, content: dict[str, Any], label: str, links: str = "") -> Iterator[Need]:
    """Yield what ``[package.metadata.system-deps]`` asks for; versions that a feature raises are left out."""
    value: Any = content
    for key in ("package", "metadata", "system-deps"):
        value = value.get(key) if isinstance(value, dict) else None
    package = content.get("package")
    if not label and isinstance(package, dict):
        label = f"{package.get('name', '')} {package.get('version', '')}".strip()
        links = str(package.get("links") or "")
    for key, entry in value.items() if isinstance(value, dict) else ():
        if key.startswith("cfg("):  # tables for other systems; those for this one are rare, and are not guessed
            continue
        if isinstance(entry, str):
            entry = {"version": entry}
        if not isinstance(entry, dict) or entry.get("optional") is True or "feature" in entry:
            continue
        version = entry.get("version")
        requirement = ""
        if isinstance(version, str) and version:
            first = version.partition(",")[0].strip()
            requirement = _spaced(first if first[:1] in ("", *"<>=!") else ">=" + first)
        module = str(entry.get("name", key))
        if module and not module.startswith("-"):  # pkg-config would take it for an option
            yield Need(module, label, requirement, links, path)
