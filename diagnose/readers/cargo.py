"""Cargo's configuration, the project in the working directory, and the system libraries that it needs."""

from __future__ import annotations

from typing import NamedTuple

from diagnose.readers.variables import Setting


class Crate(NamedTuple):
    """One package of ``Cargo.lock``."""

    name: str
    version: str


class Need(NamedTuple):
    """A pkg-config module that the project asks for: by which crate, and where that is known from.

    ``crate`` is ``name version``. ``requirement`` is the constraint that the crate passes (``>= 1.0``) or empty.
    ``links`` is the crate's ``links`` key, by which ``[target.<triple>.<links>]`` overrides its build script.
    ``path`` is the file that says so (``Cargo.lock:line`` or ``Cargo.toml``). ``static`` is False where the crate
    insists on dynamic linking, whatever the variables say.
    """

    module: str
    crate: str = ""
    requirement: str = ""
    links: str = ""
    path: str = ""
    static: bool | None = None


class Override(NamedTuple):
    """A ``[target.<triple>.<links>]`` table: cargo then does not run that crate's build script at all."""

    links: str
    path: str


class ConfigFile(NamedTuple):
    """A cargo configuration file as it was read. ``own`` is False for ``$CARGO_HOME``'s, which all projects share."""

    path: str
    text: str
    own: bool = True


class Project(NamedTuple):
    """The Cargo project that holds the working directory; ``path`` is its manifest, ``lock`` its Cargo.lock.

    ``config`` are the configuration files that cargo reads here, the nearest first.
    """

    path: str = ""
    lock: str = ""
    crates: tuple[Crate, ...] = ()
    needs: tuple[Need, ...] = ()
    config: tuple[ConfigFile, ...] = ()
    overrides: tuple[Override, ...] = ()

    def crate(self, name: str) -> Crate | None:
        """Return the crate of that name from Cargo.lock, the newest if there are several."""
        return next((crate for crate in reversed(self.crates) if crate.name == name), None)


class Ignored(NamedTuple):
    """A variable that looks as if it were meant for pkg-config-rs or cargo, and that neither reads.

    ``meant`` is the name that would be read, empty where that cannot be told.
    """

    setting: Setting
    meant: str = ""
