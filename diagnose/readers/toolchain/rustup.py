"""Reads the Rust toolchain in use and its contents: rustup's files, or a distribution's rustc.

Sources: The rustup book (which toolchain is chosen, what is fetched by itself, the lists of components' files); the
change of rustc 1.90 that links x86-64 Linux with its own lld.
"""

from __future__ import annotations

import os

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.versions import newer, version_key
from diagnose.readers import toml
from diagnose.readers.cargo.files import parsed
from diagnose.readers.cargo.variables import Setting, Variables
from diagnose.readers.system import packages
from diagnose.readers.system.root import Root
from diagnose.readers.toolchain.toolchain_facts import IMAGE_CARGO, IMAGE_RUSTUP, Finder, Program, Rust

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target

#: The first Rust that links with the lld that it brings, and the target for which it does.
OWN_LLD, LLD_TARGET = "1.90", "x86_64-unknown-linux-gnu"


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


def compiler_version(root: Root, rust: Rust) -> str:
    """Return the release of a distribution's rustc if it is not that of its cargo: Debian 12 has 1.63 and 1.65."""
    release = version_key(packages.version(root, rust.package) if rust.package and not rust.toolchain else "")
    if len(release) < 3:
        return ""
    found = ".".join(map(str, release[:3]))
    return found if found != rust.version else ""


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
    settings_text = root.text(path) or ""
    settings, overrides = _settings(settings_text)
    installed = root.names(f"{base}/toolchains")
    chosen = variables.own("RUSTUP_TOOLCHAIN")
    if chosen is not None and not chosen.value:
        chosen = None  # rustup takes an empty one for none
    asked: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()
    here = root if root.live else Root("/")
    folder = os.path.realpath(cwd)
    settled = False  # a file may select nothing, and rustup looks no further
    while chosen is None and not settled:
        if folder in overrides:
            chosen = Setting("override", overrides[folder], path)
        for name in ("rust-toolchain", "rust-toolchain.toml"):
            file = os.path.join(folder, name)
            text = here.text(file) if here.is_file(file) else None
            if chosen is None and text is not None:
                key, channel, asked, why = _toolchain_file(here, file, text)
                settled = True
                if why:
                    odd = (file, why)
                elif key == "path":
                    return _of_folder(root, cargo, rustc, Setting(key, channel, file), native)
                elif channel:
                    chosen = Setting("channel", channel, file)
                break
        if folder == os.path.dirname(folder):
            break
        folder = os.path.dirname(folder)
    if chosen is None and "default_toolchain" in settings:
        chosen = Setting("default_toolchain", settings["default_toolchain"], path)
    if odd:
        return Rust(cargo, rustc, host=native.triple, odd_file=odd)
    name = chosen.value if chosen else ""
    default_host = settings.get("default_host_triple", native.triple)
    full = _toolchain(name, default_host, installed)
    if not full:
        if chosen is None and settings_text:
            parsed(path, settings_text)  # rustup reads it as TOML
        gone = name or "none"
        if _is_channel(name) and _fetches(variables, settings):
            root.unseen.append(f"whether rustup can fetch {name}: it is selected, and not installed")
            gone = ""
        return Rust(cargo, rustc, name, default_host, "", (), chosen, asked, uninstalled=gone)
    sysroot = f"{base}/toolchains/{full}"
    host = next((full[-len(row.triple) :] for row in targets.TARGETS if full.endswith("-" + row.triple)), native.triple)
    found = Rust(cargo, rustc, full, host, sysroot, _std(root, sysroot), chosen, asked)
    version = cargo_version(root, found) if host == LLD_TARGET else ""
    own_lld = bool(version) and not newer(OWN_LLD, version)
    return found._replace(lacking=tuple(_lacking(root, sysroot, host, own_lld=own_lld)))


def _lacking(root: Root, sysroot: str, host: str, *, own_lld: bool) -> Iterator[tuple[str, str]]:
    """Yield (file, why) of the programs that a build starts, and that the toolchain's components lack.

    rustup keeps a list of the files of each component; where it has none, rustup did not install the toolchain.
    """
    for component in ("rustc", "cargo"):
        listed = root.text(f"{sysroot}/lib/rustlib/manifest-{component}-{host}") or ""
        own = f"lib/rustlib/{host}/bin"
        linkers = (f"{own}/rust-lld", f"{own}/gcc-ld/ld.lld") if own_lld else ()
        for name in (f"bin/{component}", *linkers):
            if f"\nfile:{name}\n" not in f"\n{listed}\n":
                continue
            path = f"{sysroot}/{name}"
            if not root.is_executable(path):
                yield path, "is not executable" if root.exists(path) else "is not there"
            elif not root.head(path, 1):
                yield path, "is empty"


def _is_channel(name: str) -> bool:
    """Whether rustup could fetch a toolchain of that name: a channel or a version, with a date or a host after it."""
    head = name.partition("-")[0]
    return head in ("stable", "beta", "nightly") or (head.count(".") in (1, 2) and head.replace(".", "").isdigit())


def _fetches(variables: Variables, settings: dict[str, str]) -> bool:
    """Whether rustup fetches a toolchain that is selected and not installed."""
    said = variables.own("RUSTUP_AUTO_INSTALL")
    return said.value != "0" if said is not None else settings.get("auto_install") != "disable"


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


#: The profiles of rustup's components.
_PROFILES = ("minimal", "default", "complete")


def _toolchain_file(here: Root, path: str, text: str) -> tuple[str, str, tuple[str, ...], str]:
    """Return (``channel`` or ``path``, its value, targets, why rustup refuses it) of a ``rust-toolchain`` file.

    It is a bare name, or TOML; the rules and their order are those of ``OverrideFile`` in ``src/config.rs`` of rustup.

    Raises:
        InputError: it is neither.
    """
    if not text.strip():
        return "", "", (), "it is empty"
    if len(text.splitlines()) == 1 and path.endswith("/rust-toolchain"):
        return "channel", text.strip(), (), ""
    content = parsed(path, text)
    if not isinstance(content.get("toolchain"), dict):
        return "", "", (), "it has no [toolchain]"
    table = toml.table(content, "toolchain")
    channel, folder, profile = table.get("channel"), table.get("path"), table.get("profile")
    wanted = table.get("targets")
    if all(table.get(key) is None for key in ("channel", "path", "components", "targets", "profile")):
        return "", "", (), "[toolchain] has none of its keys"
    if channel is not None and folder is not None:
        return "", "", (), "it has both channel and path"
    if isinstance(folder, str):
        absolute = folder if os.path.isabs(folder) else os.path.join(os.path.dirname(path), folder)
        there = any(here.is_dir(f"{one}/bin") for one in (absolute, folder))
        if not os.path.isabs(folder) and not there:
            return "", "", (), f"its path {folder} is not a toolchain"
        return "path", absolute, (), ""
    if isinstance(profile, str) and profile not in _PROFILES:
        return "", "", (), f"its profile {profile[:60]} is not {', '.join(_PROFILES[:2])} or {_PROFILES[2]}"
    asked = tuple(map(str, wanted)) if isinstance(wanted, list) else ()
    return "channel", str(channel or ""), asked, ""


def _of_folder(root: Root, cargo: Program, rustc: Program, chosen: Setting, native: Target) -> Rust:
    """Return the toolchain that a ``path`` names: a folder with its ``bin``."""
    if not root.is_dir(f"{chosen.value}/bin"):
        return Rust(cargo, rustc, chosen.value, native.triple, "", (), chosen, uninstalled=chosen.value)
    std = _std(root, chosen.value)
    return Rust(cargo, rustc, chosen.value, native.triple, chosen.value, std, chosen)
