"""Installs a wheel and its dependencies for the interpreter of a place, without running anything of them."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import zipfile
import zlib

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.trial import helpers, importable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from diagnose.readers.wheel.reader import Wheel
    from diagnose.trial.places import TrialPlace

_SECONDS = 900  # to resolve and fetch the dependencies
_MOST = 8 << 30  # bytes that a wheel may unpack to
_LEGACY = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}  # source: PEP 513, 571, 599


class NotInstalledError(Exception):
    """A wheel could not be installed. ``str()`` is the reason, in one line."""


def platforms(place: TrialPlace) -> list[str]:
    """Return the platform tags that an installer in *place* accepts, the newest first. Source: PEP 600, PEP 656."""
    arch = place.machine
    glibc = place.glibc
    found = []
    if glibc:
        found += [f"manylinux_{glibc[0]}_{minor}_{arch}" for minor in range(glibc[1], 4, -1)]
        found += [f"{name}_{arch}" for name, version in _LEGACY.items() if version <= glibc]
    elif place.libc.startswith("musl"):
        _, _, minor = place.libc_version.partition(".")
        newest = int(minor.partition(".")[0] or 2)  # where nothing tells the release: any of today's
        found += [f"musllinux_1_{minor}_{arch}" for minor in range(newest, -1, -1)]
    return [*found, f"linux_{arch}"]


def fits_platform(place: TrialPlace, wheel: Wheel) -> str:
    """Return why no installer in *place* takes *wheel*, by its platform tags; empty if one may."""
    known = {*platforms(place), "any"}
    return "" if known.intersection(wheel.platforms) else f"its tags are for {' and '.join(wheel.platforms)}"


def fits_interpreter(place: TrialPlace, wheel: Wheel) -> str:
    """Return why the interpreter of *place* does not take *wheel*, by the rest of its tags; empty if it does."""
    if not place.python:
        return "there is no interpreter in this place"
    known = {*platforms(place), "any"}
    fitting = [tag for tag in wheel.tags if tag.platform in known]
    major, minor = place.version
    own = f"{_short(place)}{major}{minor}"
    threads = "t" if place.python["threaded"] else ""
    for tag in fitting:
        named = re.fullmatch(r"cp(\d)(\d+)", tag.python, re.ASCII)
        older = named is not None and own[:2] == "cp" and (int(named[1]), int(named[2])) <= (major, minor)
        if tag.abi == "none" and (tag.python in (f"py{major}", f"py{major}{minor}", own) or older):
            return ""
        if tag.abi == "abi3" and older and not threads:
            return ""
        if tag.abi == "abi3t" and older and (major, minor) >= (3, 15):
            return ""
        if tag.python == own and tag.abi.rstrip("mu") in _abis(place):
            return ""
    wanted = " and ".join(sorted({f"{tag.python}-{tag.abi}" for tag in wheel.tags}))
    return f"its tags are for {wanted}, and the interpreter here is {own}{threads}"


def _short(place: TrialPlace) -> str:
    """Return the interpreter's short name in tags."""
    return {"cpython": "cp", "pypy": "pp"}.get(name := str(place.python["name"]), name)


def _abis(place: TrialPlace) -> list[str]:
    """Return the ABIs whose modules the interpreter imports, by their names in tags."""
    if _short(place) != "cp":
        return [str(place.python["soabi"]).replace("-", "_")]
    major, minor = place.version
    threads = "t" if place.python["threaded"] else ""
    stable = [*(() if threads else ("abi3",)), *(("abi3t",) if (major, minor) >= (3, 15) else ())]
    return [f"cp{major}{minor}{threads}", *stable]


def unpack(wheel: Wheel, folder: str) -> None:
    """Write the modules and libraries of *wheel* to *folder*, as an installer does, without its dependencies.

    Raises:
        NotInstalledError: the archive is damaged, or larger than an interpreter's modules are.
    """
    left = _MOST
    try:
        with zipfile.ZipFile(wheel.path) as archive:
            for info in archive.infolist():
                path = importable.site_path(info.filename)
                left -= info.file_size
                if left < 0:
                    raise NotInstalledError(f"it unpacks to more than {_MOST >> 30} GiB")
                if not path or info.is_dir() or ".." in path.split("/") or path.startswith("/"):
                    continue
                target = os.path.join(folder, path)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with archive.open(info) as source, open(target, "wb") as file:
                    shutil.copyfileobj(source, file)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error) as error:
        raise NotInstalledError(f"it cannot be unpacked: {error}") from None


def install(wheel: Wheel, place: TrialPlace, folder: str, find_links: Sequence[str], offline: bool) -> None:
    """Install *wheel* and its dependencies into *folder* as an installer in *place* would; wheels only.

    Raises:
        NotInstalledError: there is no pip, or a dependency cannot be had.
    """
    version = ".".join(map(str, place.version))
    options = [
        *("--target", folder, "--only-binary=:all:", "--no-compile", "--disable-pip-version-check", "--quiet"),
        *("--no-input", "--python-version", version, "--implementation", _short(place)),
        *(word for abi in (*_abis(place), "none") for word in ("--abi", abi)),
        *(word for platform in platforms(place) for word in ("--platform", platform)),
        *(word for place_ in find_links for word in ("--find-links", os.path.abspath(place_))),
        *(["--no-index"] if offline else []),
    ]
    command = [*_pip(), "install", *options, os.path.abspath(wheel.path)]
    with tempfile.TemporaryDirectory(prefix="diagnose-pip-") as scratch:  # a pip that is ended leaves its own behind
        done = helpers.run(["env", f"TMPDIR={scratch}", *command], _SECONDS)
    if done.status is None:
        raise NotInstalledError(f"its dependencies were not fetched in {_SECONDS} seconds")
    if done.status:
        raise NotInstalledError(_reason(done.errors.splitlines()) or f"pip failed with exit code {done.status}")
    os.chmod(folder, 0o755)


def _reason(lines: Iterable[str]) -> str:
    """Return what pip says of its failure: the line that names the dependency, or the last one."""
    errors = [line.removeprefix("ERROR: ").strip() for line in lines if line.startswith("ERROR: ")]
    missing = [line for line in errors if line.startswith("No matching distribution found for ")]
    if missing:
        return f"{missing[0].removeprefix('No matching distribution found for ')} cannot be installed here from a wheel"
    return errors[-1] if errors else ""


def _pip() -> list[str]:
    """Return the command of a pip: of this interpreter, of the machine, or one that uv fetches.

    Raises:
        NotInstalledError: no pip was found.
    """
    from importlib.util import find_spec

    if find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if shutil.which("uv"):
        uv = ["uv", "run", "--quiet", "--no-project", "--python", sys.executable]
        return [*uv, "--with", "pip", "python", "-m", "pip"]
    for name in ("pip", "pip3"):
        if shutil.which(name):
            return [name]
    raise NotInstalledError("there is no pip here to install it with")
