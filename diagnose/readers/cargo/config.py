"""Cargo's merged configuration files, and the variables that override them.

Source: The Cargo Book, configuration (which files, in which order, and which variables override them).
"""

from __future__ import annotations

import itertools
import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError
from diagnose.readers import toml
from diagnose.readers.cargo.cfg import cfg
from diagnose.readers.cargo.files import base_folder, parsed, place_of, present, upwards
from diagnose.readers.cargo.rustc_flags import options
from diagnose.readers.cargo.variables import Setting, Variables
from diagnose.readers.system.root import Root

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from diagnose.model.targets import Target


class Override(NamedTuple):
    """A ``[target.<triple>.<links>]`` table: cargo then does not run that crate's build script."""

    links: str
    """The ``links`` key of the crate."""
    path: str
    """Where the table is, as ``path:line``."""


class ConfigFile(NamedTuple):
    """A cargo configuration file. ``own`` is False for the file in ``$CARGO_HOME``, which all projects share."""

    path: str
    """As seen from inside the root."""
    text: str
    """Its whole content."""
    own: bool = True


class Config(NamedTuple):
    """Cargo's configuration files, each as (path, parsed content, text), in order of precedence.

    ``shared`` are the paths of those in ``$CARGO_HOME``, or included from there.
    """

    files: tuple[tuple[str, dict[str, Any], str], ...] = ()
    shared: frozenset[str] = frozenset()

    def find(self, *keys: str) -> Setting | None:
        """Return the value of a key, given as the names of its tables and its own, from the first file that has it.

        The elements of lists are joined over all files, those of the highest precedence last.
        """
        found: Setting | None = None
        for path, content, text in self.files:
            value: Any = content
            for key in keys:
                value = value.get(key) if isinstance(value, dict) else None
            if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
                joined = [*value, found.value] if found is not None else value
                where = found.path if found is not None else place_of(path, text, keys)
                found = Setting(".".join(keys), " ".join(joined), where)
            elif isinstance(value, str) and found is None:
                return Setting(".".join(keys), value, place_of(path, text, keys))
        return found

    def switch(self, variables: Variables, *keys: str) -> Setting | None:
        """Return the variable or key that turns a switch on, given as for :meth:`find`; None if it is off."""
        named = variables.own(f"CARGO_{'_'.join(keys).upper().replace('-', '_')}")
        if named is not None:
            return named if named.value == "true" else None
        for path, content, text in self.files:
            value = toml.table(content, *keys[:-1]).get(keys[-1])
            if isinstance(value, bool):
                return Setting(".".join(keys), "true", place_of(path, text, keys)) if value else None
        return None

    def is_list(self, *keys: str) -> bool:
        """Whether a key, given as for :meth:`find`, is a list in some file."""
        return any(isinstance(toml.table(content, *keys[:-1]).get(keys[-1]), list) for _, content, _ in self.files)

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
                    value = os.path.join(base_folder(path), value)
                found[name] = Setting(name, value, place_of(path, text, ("env", name)))
                forced.discard(name)
                if isinstance(entry, dict) and entry.get("force") is True:
                    forced.add(name)
        return Variables(process, found, frozenset(forced))

    def linker(self, variables: Variables, target: Target, *, flags: bool = True) -> Setting | None:
        """Return the linker that cargo passes to rustc for *target*; None for rustc's default.

        ``-C linker=`` in the *flags* wins, because rustc takes the last one. Build scripts learn only what is
        configured (``RUSTC_LINKER``), and with ``--target`` cargo passes no flags for themselves. A configured path
        with a slash in it is relative to the folder that contains ``.cargo``.
        """
        if flags and (named := self._linker_flag(variables, target)) is not None:
            return named
        own = variables.own(f"CARGO_TARGET_{target.cargo_env_name}_LINKER")
        if own is not None:
            return own
        found = self.find("target", target.triple, "linker") or self._cfg_linker(target)
        if found is not None and "/" in found.value and not found.value.startswith("/"):
            found = found._replace(
                value=os.path.join(base_folder(found.path.rpartition(":")[0] or found.path), found.value)
            )
        return found

    def flags(self, variables: Variables, target: Target) -> tuple[tuple[str, Setting], ...]:
        """Return the words that cargo passes to rustc, each with its source: the first kind that is set excludes all.

        Those for the target are joined, from its tables, then its variable, then tables for a ``cfg()`` that fits.
        """
        encoded = variables.own("CARGO_ENCODED_RUSTFLAGS")
        if encoded is not None:
            return tuple((word, encoded) for word in encoded.value.split("\x1f") if encoded.value)
        if (plain := variables.own("RUSTFLAGS")) is not None:
            return tuple((word, plain) for word in plain.value.split())
        own = (
            *self._words("target", target.triple, "rustflags"),
            *_split(variables.own(f"CARGO_TARGET_{target.cargo_env_name}_RUSTFLAGS")),
            *(word for key in self._fitting(target) for word in self._words("target", key, "rustflags")),
        )
        built = (*self._words("build", "rustflags"), *_split(variables.own("CARGO_BUILD_RUSTFLAGS")))
        return own or built

    def linked(self, triple: str, links: Iterable[str]) -> Iterator[tuple[str, Setting]]:
        """Yield the flags for the libraries and folders that overrides of the build scripts of *links* name."""
        for name in links:
            for key, option in (("rustc-link-search", "-L"), ("rustc-link-lib", "-l")):
                yield from ((f"{option}{word}", setting) for word, setting in self._words("target", triple, name, key))

    def _words(self, *keys: str) -> Iterator[tuple[str, Setting]]:
        """Yield the words of a list of flags from all files, the nearest one's last, or of the nearest one's string."""
        found = self.find(*keys)
        if found is not None and not self.is_list(*keys):
            yield from _split(found)
            return
        for path, content, text in reversed(self.files):
            value: Any = content
            for key in keys:
                value = value.get(key) if isinstance(value, dict) else None
            setting = Setting(".".join(keys), "", place_of(path, text, keys))
            if isinstance(value, list):
                words = [word for word in value if isinstance(word, str)]
                setting = setting._replace(value=" ".join(words))
                yield from ((word, setting) for word in words)

    def _fitting(self, target: Target) -> Iterator[str]:
        """Yield the names of the ``[target.'cfg(…)']`` tables that fit *target*, each once."""
        tables = [toml.table(content, "target") for _, content, _ in self.files]
        for key in sorted({key for table in tables for key in table if key.startswith("cfg(")}):
            if cfg(key, target):
                yield key

    def crt_static(self, variables: Variables, target: Target) -> bool | None:
        """Whether the flags want the C library linked statically (``±crt-static``); None where they say nothing."""
        flags = " ".join(word for word, _ in self.flags(variables, target))
        features = flags.replace(",", " ").replace("=", " ").split()
        said = [word for word in features if word in ("+crt-static", "-crt-static")]
        return said[-1].startswith("+") if said else None

    def fuse_ld(self, variables: Variables, target: Target) -> Setting | None:
        """Return the linker that the flags make the compiler call (``-fuse-ld=``); None for its default."""
        named = None
        for word, setting in self.flags(variables, target):
            for part in word.replace(",", " ").split():
                if name := part.partition("-fuse-ld=")[2]:
                    named = setting._replace(value=name)
        return named

    def rustc_wrappers(self, variables: Variables) -> Iterator[Setting]:
        """Yield the programs that cargo calls instead of rustc, or before it; an empty name calls none."""
        for key in ("rustc-wrapper", "rustc-workspace-wrapper", "rustc"):
            name = key.upper().replace("-", "_")
            sources = (variables.own(name), variables.own(f"CARGO_BUILD_{name}"), self.find("build", key))
            found = next((source for source in sources if source is not None), None)
            if found is not None and found.value:
                relative = "/" in found.value and not found.value.startswith("/") and found.path
                folder = base_folder(found.path.rpartition(":")[0] or found.path) if relative else ""
                yield found._replace(value=os.path.join(folder, found.value)) if relative else found

    def _linker_flag(self, variables: Variables, target: Target) -> Setting | None:
        found = None
        for option in options(self.flags(variables, target)):
            if option.name == "-C" and option.value.startswith("linker="):
                found = option.setting._replace(value=option.value[len("linker=") :])
        return found if found is not None and found.value else None

    def _cfg_linker(self, target: Target) -> Setting | None:
        found: dict[str, Setting] = {}
        for path, content, text in self.files:
            for key, entry in toml.table(content, "target").items():
                linker = entry.get("linker") if isinstance(entry, dict) else None
                if isinstance(linker, str) and key.startswith("cfg(") and key not in found and cfg(key, target):
                    found[key] = Setting(f"target.'{key}'.linker", linker, place_of(path, text, (key, "linker")))
        if len(found) > 1:
            one, other = list(found.values())[:2]
            raise InputError(f"{one.path}: cargo takes no linker from both {one.name} and {other.name}, which match")
        return next(iter(found.values()), None)

    def overrides(self, triple: str) -> tuple[Override, ...]:
        """Return the ``links`` values whose build scripts the configuration overrides for *triple*."""
        found = []
        for path, content, text in self.files:
            table = content.get("target")
            entry = table.get(triple) if isinstance(table, dict) else None
            for key, value in entry.items() if isinstance(entry, dict) else ():
                if isinstance(value, dict):
                    found.append(Override(key, place_of(path, text, ("target", triple, key))))
        return tuple(found)


def _split(setting: Setting | None) -> Iterator[tuple[str, Setting]]:
    if setting is not None:
        yield from ((word, setting) for word in setting.value.split())


def home(root: Root, environ: Mapping[str, str]) -> str:
    """Return ``CARGO_HOME``: as set, or ``.cargo`` in the user's home; for a foreign root, in root's home."""
    if environ.get("CARGO_HOME"):
        return environ["CARGO_HOME"]
    user = environ.get("HOME") or (os.path.expanduser("~") if root.live else "/root")
    return os.path.join(user, ".cargo")


def configuration(root: Root, cwd: str, cargo_home: str) -> Config:
    """Read the configuration files that cargo merges in *cwd*, a folder of this machine, with *cargo_home* in *root*.

    Raises:
        InputError: a file is not TOML, cargo cannot merge two of them, or *cargo_home* is a file.
    """
    if root.is_file(cargo_home):
        raise InputError(f"{cargo_home}: cargo needs this folder for itself, and it is a file")
    here = root if root.live else Root("/")
    found: list[tuple[str, dict[str, Any], str]] = []
    shared: set[str] = set()
    included = itertools.count(1)
    folders = [(here, os.path.join(folder, ".cargo")) for folder in upwards(os.path.realpath(cwd))]
    if (root, cargo_home) not in folders:
        folders.append((root, cargo_home))
    for place, folder in folders:
        for name in ("config", "config.toml"):  # cargo prefers the old name where both exist
            path = os.path.join(folder, name)
            text = present(place, path)
            if text is not None:
                files = list(_with_included(place, path, text, (), included))
                found += files
                if folder == cargo_home:
                    shared.update(name for name, _, _ in files)
                break
    for (near, content, _), (far, other, _) in itertools.combinations(found, 2):
        if key := _clash(content, other):
            raise InputError(f"{near}: cargo cannot merge {key} with that of {far}, which is of another kind")
    return Config(tuple(found), frozenset(shared))


#: The most levels of included files, and the most included files in all.
INCLUDE_DEPTH, INCLUDE_LIMIT = 8, 64


def _with_included(
    place: Root, path: str, text: str, above: tuple[str, ...], included: Iterator[int]
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield a file and its ``include`` files in order of precedence: the file, then its last include.

    *included* counts those of all files.
    """
    content = parsed(path, text)
    yield path, content, text
    named = content.get("include", [])
    entries = named if isinstance(named, list) else [named]
    for entry in reversed(entries):
        name = entry.get("path") if isinstance(entry, dict) else entry
        if not isinstance(name, str):
            raise InputError(f"{path}: an include that names no file")
        other = os.path.normpath(os.path.join(os.path.dirname(path), name))
        if other in (path, *above):
            raise InputError(f"{path}: cargo refuses to include {other}, which includes it")
        if len(above) > INCLUDE_DEPTH or next(included) > INCLUDE_LIMIT:
            raise InputError(f"{path}: too many included files")
        inner = present(place, other)
        if inner is not None:
            yield from _with_included(place, other, inner, (*above, path), included)
        elif not (isinstance(entry, dict) and entry.get("optional") is True):
            raise InputError(f"{path}: cargo stops, because the file that it includes, {other}, does not exist")


def _clash(one: dict[str, Any], other: dict[str, Any]) -> str:
    """Return the first key that cargo refuses to merge: a table or list in one file, another type in the other."""
    for key, value in one.items():
        if key not in other:
            continue
        if isinstance(value, dict) and isinstance(other[key], dict):
            if deeper := _clash(value, other[key]):
                return f"{key}.{deeper}"
        elif any(isinstance(value, kind) is not isinstance(other[key], kind) for kind in (dict, list)):
            return str(key)
    return ""
