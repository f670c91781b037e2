"""The modules that crates request from pkg-config, from their own metadata or from a table.

Source: the system-deps crate's documentation (``[package.metadata.system-deps]``).
"""

from __future__ import annotations

import os

from diagnose import tables
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, cache
from diagnose.model.finding import InputError
from diagnose.model.versions import version_key
from diagnose.readers.cargo.files import base_folder, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from diagnose.readers.cargo.config import Config, Override
    from diagnose.readers.cargo.features import Features
    from diagnose.readers.cargo.lock import Crate
    from diagnose.readers.system.root import Root


SOURCES_LIMIT = 200
"""Folders of sources in cargo's configuration: every crate is looked for in each."""


class Need(NamedTuple):
    """A pkg-config module that the project needs: the crate that requests it, and the source of that fact.

    ``crate`` is ``name version``. ``requirement`` is the constraint that the crate passes (``>= 1.0``), or empty.
    ``links`` is the crate's ``links`` key, by which ``[target.<triple>.<links>]`` overrides its build script. ``path``
    is the source (``Cargo.lock:line`` or ``Cargo.toml``). ``static`` is set if the crate requires one kind of linking,
    whatever the variables are. ``optional``: the crate works without the module. ``system_libs``: it requests the
    system's folders in the answer, as the pkg-config crate does by default. ``key`` is the system-deps crate's name of
    the module; empty for other crates.
    """

    module: str
    """pkg-config's name of it, without a constraint."""
    crate: str = ""
    requirement: str = ""
    links: str = ""
    path: str = ""
    static: bool | None = None
    optional: bool = False
    system_libs: bool = True
    key: str = ""
    others: tuple[str, ...] = ()
    """Modules that the crate accepts in place of ``module``, in the order in which it asks; mostly none."""
    native: bool = False
    """Whether the crate asks in native builds only; how it searches in a cross build is unknown."""
    also: str = ""
    """A second constraint on the version (``< 1.10.0``); empty without one."""


class CrateRow(NamedTuple):
    """One line of the table of crates that ask pkg-config; ``others`` are modules that it accepts instead."""

    version: str
    links: str
    module: str
    requirement: str
    unless: str
    static: bool | None
    system_libs: bool = True
    others: tuple[str, ...] = ()


@cache
def sys_crates() -> dict[str, list[CrateRow]]:
    """Read the table of crates that ask pkg-config."""
    path = os.path.join(os.path.dirname(tables.__file__), "sys_crates.txt")
    table: dict[str, list[CrateRow]] = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = ["" if word == "-" else word for word in line.split()]
            if words and not line.startswith("#"):
                name, version, links, module, needs, unless, static, system = words
                insists = {"no": False, "yes": True}.get(static)
                module, *others = module.split("|")
                row = CrateRow(version, links, module, _spaced(needs), unless, insists, system != "no", tuple(others))
                table.setdefault(name, []).append(row)
    return table


@cache
def no_library() -> frozenset[str]:
    """Return the names of crates that are named like those that link a library of the system, and link none."""
    path = os.path.join(os.path.dirname(tables.__file__), "no_library.txt")
    with open(path, encoding="utf-8") as file:
        return frozenset(line.split()[0] for line in file if not line.startswith("#"))


def asker(module: str) -> str:
    """Return the name of the only crate in the table that requests *module*; empty if no or several crates do."""
    found = {name for name, rows in sys_crates().items() for row in rows if module in (row.module, *row.others)}
    return found.pop() if len(found) == 1 else ""


def asked_for(text: str) -> Need:
    """Return what the user asks for with ``--lib`` *text*: a module, with a constraint or without.

    Raises:
        InputError: it is not the name of a module.
    """
    text = text.strip()
    end = next((place for place, sign in enumerate(text) if sign in " <>=!"), len(text))
    module, rest = text[:end], text[end:].strip()
    if not module or module.startswith("-") or not all(sign.isalnum() or sign in "._+-:@/%," for sign in module):
        # An option, or a name that a shell would split in a printed command.
        raise InputError(f"{text!r}: not the name of a pkg-config module")
    version = rest.lstrip("<>=!")
    operator = rest[: len(rest) - len(version)]
    need = asked_by(module, asker(module))
    return need._replace(requirement=f"{operator} {version.strip()}".strip(), static=None)


def asked_by(module: str, crate: str) -> Need:
    """Return the need of *crate* for *module* by the table; without a crate, that of a plain pkg-config query."""
    row = next((row for row in sys_crates().get(crate, ()) if module in (row.module, *row.others)), None)
    return (
        Need(module) if row is None else Need(module, links=row.links, static=row.static, system_libs=row.system_libs)
    )


def overridden(overrides: tuple[Override, ...]) -> dict[str, str]:
    """Return {``links`` value: path} of *overrides*, and ``module NAME`` for the modules of crates with that value."""
    found = {override.links: override.path for override in overrides}
    rows = (row for rows in sys_crates().values() for row in rows) if overrides else ()
    return {**{f"module {row.module}": found[row.links] for row in rows if row.links in found}, **found}


def _spaced(requirement: str) -> str:
    operator = requirement[: len(requirement) - len(requirement.lstrip("<>=!"))]
    return f"{operator} {requirement[len(operator) :].strip()}" if operator else requirement


def source_folders(root: Root, cargo_home: str, config: Config) -> tuple[str, ...]:
    """Return the folders of unpacked crates, of cargo itself and from its configuration."""
    found: list[str] = []
    for path, content, _ in config.files:
        table = content.get("source")
        entries = table.values() if isinstance(table, dict) else ()
        named = (entry.get("directory") for entry in entries if isinstance(entry, dict))
        found += [os.path.join(base_folder(path), folder) for folder in named if isinstance(folder, str)]
        if len(found) > SOURCES_LIMIT:
            raise InputError(f"{path}: more than {SOURCES_LIMIT} folders of sources")
    folder = os.path.join(cargo_home, "registry", "src")
    return (*found, *(os.path.join(folder, name) for name in root.names(folder)))


def source_of(root: Root, crate: Crate, sources: tuple[str, ...]) -> tuple[str, dict[str, Any]] | None:
    """Return the path and the content of the manifest of *crate*, if its source is available."""
    path, text = manifest_of(root, crate, sources)
    return (path, parsed(path, text)) if path else None


def manifest_of(root: Root, crate: Crate, sources: tuple[str, ...]) -> tuple[str, str]:
    """Return the path and the text of the manifest of *crate*, if its source is available; else empty texts.

    ``cargo vendor`` leaves the version out of the name of the newest release's folder.
    """
    for source in sources:
        for name in (f"{crate.name}-{crate.version}", crate.name):
            path = f"{source}/{name}/Cargo.toml"
            text = root.text(path) if root.is_file(path) else None
            if text is not None and (name != crate.name or f'\nversion = "{crate.version}"' in text):
                return path, text
    return "", ""


def is_optional(row: CrateRow, crate: Crate, turned_on: Features, named: Callable[[str], set[str]]) -> bool | None:
    """Whether *crate* does not need the module of *row*; None if unknown.

    *named* returns the features of a crate by its name, for those whose dependents are unknown.
    """
    unless = row.unless
    if not unless.startswith(("?", "!")):
        return unless == "own" or (unless.startswith("+") and unless[1:] in crate.dependencies)
    active = turned_on.of(crate.name)
    certain = active is not None
    active = named(crate.name) if active is None else active
    if any((word[1:] in active) is word.startswith("!") for word in unless.split(",")):
        return True
    certain = certain and _compatible(crate.version, row.version)
    return False if certain or "!" not in unless else None


def _compatible(one: str, other: str) -> bool:
    """Whether cargo accepts one version for the other: the first non-zero part decides."""
    parts = [version.split(".") for version in (one, other)]
    leading = next((place for place, part in enumerate(parts[1]) if part != "0"), 0)
    return parts[0][: leading + 1] == parts[1][: leading + 1]


def crate_needs(
    root: Root,
    crate: Crate,
    sources: tuple[str, ...],
    rows: Mapping[CrateRow, bool | None],
    lock: str,
) -> Iterator[Need]:
    """Yield the needs of *crate*, by its manifest in *sources* or by *rows*, each with whether it is optional."""
    where = f"{lock}:{crate.line}"
    label = f"{crate.name} {crate.version}"
    links = ""
    path, content = source_of(root, crate, sources) or ("", {})
    if path:
        package = content.get("package")
        links = str(package.get("links") or "") if isinstance(package, dict) else ""
        # some declare modules, and build their own copy without a look at them
        asks = not rows or any(row.module for row in rows)
        declared = list(system_deps(path, content, label, links)) if asks else []
        if declared:
            yield from (need._replace(path=where) for need in declared)
            return
    for row, own in rows.items():
        if own is None or not row.module:
            continue
        same = crate.version.split(".")[:2] == row.version.split(".")[:2]  # other crates may request other versions
        requirement, static = (row.requirement, row.static) if same else ("", None)
        also = ""
        if row.requirement == _OWN:
            requirement, also = _own_range(crate.version)
        system_libs = row.system_libs and "system-deps" not in crate.dependencies
        linked = links or row.links
        yield Need(
            row.module,
            label,
            requirement,
            linked,
            where,
            static,
            own,
            system_libs,
            others=row.others,
            native=row.unless == "native",
            also=also,
        )


#: In the table: the releases of the library that the crate's own version names behind its plus.
_OWN, _OWN_SINCE = "= +", (0, 15)


def _own_range(version: str) -> tuple[str, str]:
    """Return the two constraints of a crate with a *version* such as ``0.18.8+1.9.7``."""
    own, _, library = version.partition("+")
    parts = library.split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts) or version_key(own)[:2] < _OWN_SINCE:
        return "", ""
    return f">= {library}", f"< {parts[0]}.{int(parts[1]) + 1}.0"


def system_deps(path: str, content: dict[str, Any], label: str, links: str = "") -> Iterator[Need]:
    """Yield the needs in ``[package.metadata.system-deps]``; versions that a feature raises are omitted."""
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
        if module and not module.startswith("-"):  # pkg-config parses it as an option
            yield Need(module, label, requirement, links, path, system_libs=False, key=str(key))
