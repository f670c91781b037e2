"""The facts about a Cargo project, and where it is: what is read of every folder, also of one without a project."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers import toml
from diagnose.readers.cargo.config import Config, ConfigFile, Override
from diagnose.readers.cargo.files import as_far_as_parsed, upwards

if TYPE_CHECKING:
    from typing import Any

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.build_tools import ToolNeed
    from diagnose.readers.cargo.feature_names import Featureless
    from diagnose.readers.cargo.lock import Crate
    from diagnose.readers.cargo.needs import Need
    from diagnose.readers.system.root import Root


class Floor(NamedTuple):
    """The oldest cargo that the project accepts: ``text`` in ``path`` (``Cargo.lock:3``) requires it.

    ``crate`` is the locked crate whose manifest that is; empty for the project's own files.
    """

    version: str
    """The release, as ``1.78``."""
    text: str
    path: str
    crate: str = ""
    stuck: str = ""
    """The project's own requirement for the crate, if no release that fits it accepts the Rust that is there."""
    newest: str = ""
    """The newest release of a crate with ``stuck`` that accepts it, if the project names that in ``dependencies``."""


class Project(NamedTuple):
    """The Cargo project of the working directory; ``path`` is its manifest, ``lock`` its Cargo.lock.

    ``crates`` are those of Cargo.lock that a build with the default features compiles; ``idle`` are the others that use
    pkg-config. ``config`` are the configuration files that cargo reads here, the nearest first. ``unknown`` are crates
    that use pkg-config for unknown modules. ``wheel``: maturin can build a wheel of it, because its ``pyproject.toml``
    names maturin, the build contains PyO3, or the manifest has a ``cdylib``. ``abi3``: the manifest enables PyO3's
    stable ABI; None if it does not depend on PyO3. ``floors`` are the releases of cargo that the lock file and the
    manifest need. ``tools`` are programs that build scripts run. ``unlocked``: there is no Cargo.lock, but the manifest
    names dependencies. ``named`` are the modules that the build scripts of ``unknown`` crates name. ``unlisted`` are
    crates that link a library in an unknown way: they are named like one that does, and nothing else is known.
    """

    path: str = ""
    lock: str = ""
    crates: tuple[Crate, ...] = ()
    needs: tuple[Need, ...] = ()
    """The pkg-config modules that its crates request."""
    config: tuple[ConfigFile, ...] = ()
    overrides: tuple[Override, ...] = ()
    """The crates whose build scripts cargo does not run."""
    idle: tuple[Crate, ...] = ()
    unknown: tuple[str, ...] = ()
    abi3: bool | None = None
    wheel: bool = False
    floors: tuple[Floor, ...] = ()
    tools: tuple[ToolNeed, ...] = ()
    unlocked: bool = False
    named: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unlisted: tuple[str, ...] = ()
    odd_lock: int | None = None
    """The version of Cargo.lock, if no release of cargo up to ``LOCK_SEEN`` (:mod:`~.project`) reads it."""
    absent: tuple[tuple[str, str], ...] = ()
    """(file, what names it): files without which cargo does not load the project, or does not compile it."""
    unsure: tuple[str, ...] = ()
    """What cargo may refuse in the manifest, in plain words."""
    manifests: tuple[tuple[str, dict[str, Any]], ...] = ()
    """(path, content) of the manifests that cargo loads for it: its own, the workspace's, those in folders."""
    top: str = ""
    """The manifest of its workspace; its own without one."""
    members: tuple[str, ...] = ()
    """The manifests, there or not, that the workspace names as its members."""
    stranger: bool = False
    """Whether it is in the folder of a workspace and no member of it."""
    compiling: tuple[str, ...] = ()
    """The crates whose build scripts compile C in every build: its own, those of a copied library."""
    outdated: tuple[tuple[str, str], ...] = ()
    """(manifest, difference) where Cargo.lock does not say what a manifest says, so that cargo changes it."""
    featureless: tuple[Featureless, ...] = ()
    """What asks a dependency for a feature that it does not have."""
    unread_features: bool = False
    """Whether features are asked of a crate whose manifest is not there."""

    def crate(self, name: str) -> Crate | None:
        """Return the crate of that name that the build compiles, the newest of several."""
        return next((crate for crate in reversed(self.crates) if crate.name == name), None)

    def locked(self, name: str) -> Crate | None:
        """Return the crate of that name that the build compiles, or compiles with another feature."""
        return self.crate(name) or next((crate for crate in self.idle if crate.name == name), None)


def has_python_side(here: Root, cwd: str) -> bool:
    """Whether *cwd* has a ``pyproject.toml``: a wheel may be built there, if only with another manifest."""
    return here.is_file(os.path.join(os.path.realpath(cwd), "pyproject.toml"))


def names_maturin(here: Root, cwd: str) -> bool:
    """Whether the nearest ``pyproject.toml`` from *cwd* on upwards builds with maturin."""
    for folder in upwards(os.path.realpath(cwd)):
        path = os.path.join(folder, "pyproject.toml")
        if here.is_file(path):
            text = here.text(path) or ""
            own = as_far_as_parsed(path, text) if "maturin" in text else {}
            return toml.table(own, "build-system").get("build-backend") == "maturin" or bool(
                toml.table(own, "tool", "maturin")
            )
    return False


def located(here: Root, cwd: str) -> str:
    """Return the manifest of the project of *cwd*; empty without one."""
    if manifest := _manifest_path(here, os.path.realpath(cwd)):
        return manifest
    paths = (os.path.join(folder, "Cargo.toml") for folder in upwards(os.path.realpath(cwd)))
    return next((path for path in paths if here.is_file(path)), "")


def configured(config: Config, target: Target) -> Project:
    """Return what cargo's configuration alone says of a project."""
    files = tuple(ConfigFile(path, text, path not in config.shared) for path, _, text in config.files)
    return Project(config=files, overrides=config.overrides(target.triple))


def _manifest_path(here: Root, cwd: str) -> str:
    """Return maturin's ``manifest-path`` in the nearest ``pyproject.toml``; empty without one."""
    for folder in upwards(cwd):
        path = os.path.join(folder, "pyproject.toml")
        if not here.is_file(path):
            continue
        text = here.text(path) or ""
        own = as_far_as_parsed(path, text) if "maturin" in text else {}
        named = toml.table(own, "tool", "maturin").get("manifest-path")
        manifest = os.path.normpath(os.path.join(folder, named)) if isinstance(named, str) else ""
        return manifest if manifest and here.is_file(manifest) else ""
    return ""
