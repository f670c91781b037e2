"""Reads the Rust toolchain in use and its contents: rustup's files, or a distribution's rustc."""

from __future__ import annotations

import os

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.versions import version_key
from diagnose.readers import toml
from diagnose.readers.cargo.variables import Setting, Variables
from diagnose.readers.system import packages
from diagnose.readers.system.root import Root
from diagnose.readers.toolchain.toolchain_facts import IMAGE_CARGO, IMAGE_RUSTUP, Finder, Program, Rust

if TYPE_CHECKING:
    from diagnose.model.targets import Target


def rust(finder: Finder, variables: Variables, cwd: str, native: Target) -> Rust:
    """Find the toolchain of cargo and rustc in *cwd*, from rustup's files or the distribution's."""
    root = finder.root
    cargo, rustc = finder.program("cargo"), finder.program("rustc")
    folder = os.path.dirname(cargo.path or rustc.path)
    proxies = folder == f"{IMAGE_CARGO}/bin" and root.is_file(f"{IMAGE_RUSTUP}/settings.toml")
    if folder and (proxies or root.is_executable(f"{folder}/rustup")):
        return _rustup(finder, variables, cwd, native, cargo, rustc)
    host, sysroot = native.triple, ""
    std: tuple[str, ...] = ()
    if rustc.found:
        sysroot = os.path.dirname(os.path.dirname(rustc.real))
        std = _std(root, sysroot)
        if host not in std:
            host = next((one for one in std if _same_machine(one, native)), host)
    package = packages.owner(root, rustc.real, "rustc") if rustc.found else ""
    return Rust(cargo, rustc, "", host, sysroot, std, package=package)


def cargo_version(root: Root, rust: Rust) -> str:
    """Return the release of *rust*'s cargo, from rustup's or dpkg's files; empty if unknown.

    These files contain the version of the crate ``cargo``, which differs from the program's: 0.96.0 prints 1.95.0.
    """
    if rust.toolchain:
        head = root.head(f"{rust.sysroot}/lib/rustlib/multirust-channel-manifest.toml", 512)
        found = head.partition(b'[pkg.cargo]\nversion = "')[2].partition(b" ")[0]
    else:
        package = packages.owner(root, rust.cargo.real, "cargo") if rust.cargo.found else ""
        found = packages.version(root, package).encode() if package else b""
    release = version_key(found.decode("ascii", "replace"))
    if len(release) < 3:
        return ""
    major, minor, patch = release[:3]
    return f"1.{minor - 1}.{patch}" if major == 0 else f"{major}.{minor}.{patch}"


def _same_machine(triple: str, native: Target) -> bool:
    row = targets.resolve(triple)
    return row is not None and (row.machine, row.bits, row.libc) == (native.machine, native.bits, native.libc)


def _std(root: Root, sysroot: str) -> tuple[str, ...]:
    """Return the triples below ``lib/rustlib`` that have a standard library."""
    base = f"{sysroot}/lib/rustlib"
    return tuple(
        name
        for name in root.names(base)
        # what compiles; the run-time package of a distribution has only the .so
        if any(file.startswith("libstd-") and file.endswith(".rlib") for file in root.names(f"{base}/{name}/lib"))
    )


def _rustup(finder: Finder, variables: Variables, cwd: str, native: Target, cargo: Program, rustc: Program) -> Rust:
    root = finder.root
    own = variables.own("RUSTUP_HOME")
    home = variables.own("HOME")
    base = own.value if own else f"{home.value if home else '/root'}/.rustup"
    if not own and not root.is_dir(base) and (cargo.path or rustc.path).startswith(f"{IMAGE_CARGO}/"):
        base = IMAGE_RUSTUP
    path = f"{base}/settings.toml"
    settings, overrides = _settings(root.text(path) or "")
    installed = root.names(f"{base}/toolchains")
    chosen = variables.own("RUSTUP_TOOLCHAIN")
    asked: tuple[str, ...] = ()
    here = root if root.live else Root("/")
    folder = os.path.realpath(cwd)
    while chosen is None:
        if folder in overrides:
            chosen = Setting("override", overrides[folder], path)
        for name in ("rust-toolchain", "rust-toolchain.toml"):
            file = os.path.join(folder, name)
            text = here.text(file) if here.is_file(file) else None
            if chosen is None and text is not None:
                channel, asked = _toolchain_file(text)
                if channel:
                    chosen = Setting("channel", channel, file)
        if folder == os.path.dirname(folder):
            break
        folder = os.path.dirname(folder)
    if chosen is None and "default_toolchain" in settings:
        chosen = Setting("default_toolchain", settings["default_toolchain"], path)
    name = chosen.value if chosen else ""
    default_host = settings.get("default_host_triple", native.triple)
    full = _toolchain(name, default_host, installed)
    if not full:
        return Rust(cargo, rustc, name, default_host, "", (), chosen, asked)
    sysroot = f"{base}/toolchains/{full}"
    host = next((full[-len(row.triple) :] for row in targets.TARGETS if full.endswith("-" + row.triple)), native.triple)
    return Rust(cargo, rustc, full, host, sysroot, _std(root, sysroot), chosen, asked)


def _toolchain(name: str, host: str, installed: list[str]) -> str:
    """Return the installed toolchain of *name*; a channel alone means the one for this host."""
    if name in installed or not name:
        return name
    if f"{name}-{host}" in installed:
        return f"{name}-{host}"
    named = (one for one in installed if one.startswith(name + "-") and targets.resolve(one[len(name) + 1 :]))
    return next(named, "")


def _settings(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return rustup's settings and its folder overrides; rustup writes one key per line."""
    settings: dict[str, str] = {}
    overrides: dict[str, str] = {}
    table = settings
    for line in text.splitlines():
        if line.startswith("["):
            table = overrides if line.strip() == "[overrides]" else {}
        key, sign, value = line.partition(" = ")
        if sign:
            table[key.strip().strip("\"'")] = value.strip().strip("\"'")
    return settings, overrides


def _toolchain_file(text: str) -> tuple[str, tuple[str, ...]]:
    """Return (channel, targets) of a ``rust-toolchain`` file: a bare name, or TOML."""
    if "[" not in text:
        words = text.split()
        return (words[0], ()) if len(words) == 1 else ("", ())
    try:
        table = toml.table(toml.parse(text), "toolchain")
    except ValueError:
        return "", ()
    wanted = table.get("targets")
    return str(table.get("channel") or ""), tuple(map(str, wanted)) if isinstance(wanted, list) else ()
