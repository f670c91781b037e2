"""Crates that find a library through variables of their own, before or without pkg-config, and crates that guess it.

Sources: the build scripts of openssl-sys 0.9.118 (``find_normal.rs``), libpulse-sys 1.23.0, libseccomp-sys 0.3.0,
libsqlite3-sys 0.40.0, mysqlclient-sys 0.5.2, pcap 2.5.0, pcsc-sys 1.3.0 and pq-sys 0.7.8, as published.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from diagnose.model.targets import Target
    from diagnose.readers.cargo.variables import Setting, Variables
    from diagnose.readers.system.root import Root


class Way(NamedTuple):
    """How one crate finds its library itself. In names, ``@`` is the target's triple in upper case with underscores.

    ``lib_dir`` are the names of the variable for the folder of the ``libs``; the first one that is set is used.
    ``include`` are those for the folder of the ``header``; without it, ``lib_dir`` has no effect. ``prefix`` are those
    for a folder that contains both. ``strict``: the build script fails if the folder or its expected content is
    missing. ``alone``: the crate links the ``libs`` by name if pkg-config has no answer. ``guarded``: it still fails if
    the pkg-config crate refuses to ask for another architecture. ``asks``: it asks pkg-config at all.
    """

    libs: tuple[str, ...]
    lib_dir: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()
    header: str = ""
    strict: bool = False
    alone: bool = False
    guarded: bool = False
    asks: bool = True


def never_asking() -> frozenset[str]:
    """Return the crates that find their library without pkg-config."""
    return frozenset(name for name, way in WAYS.items() if not way.asks)


WAYS = {
    # the run-time library suffices; the development package's symlink is not needed
    "libpulse-sys": Way((":libpulse.so.0",), alone=True, guarded=True),
    # asks pkg-config first; the variables matter where that has no answer
    "mysqlclient-sys": Way(("mysqlclient",), ("MYSQLCLIENT_LIB_DIR", "MYSQLCLIENT_LIB_DIR_@")),
    "libseccomp-sys": Way(("seccomp",), ("LIBSECCOMP_LIB_PATH",), alone=True, asks=False),
    "libsqlite3-sys": Way(("sqlite3",), ("SQLITE3_LIB_DIR",), alone=True),
    "openssl-sys": Way(
        ("ssl", "crypto"),
        ("@_OPENSSL_LIB_DIR", "OPENSSL_LIB_DIR"),
        ("@_OPENSSL_INCLUDE_DIR", "OPENSSL_INCLUDE_DIR"),
        ("@_OPENSSL_DIR", "OPENSSL_DIR"),
        header="openssl/opensslv.h",
        strict=True,
    ),
    "pcap": Way(("pcap",), ("LIBPCAP_LIBDIR",), alone=True),
    "pcsc-sys": Way(("pcsclite",), ("PCSC_LIB_DIR",)),
    "pq-sys": Way(("pq",), ("PQ_LIB_DIR_@", "PQ_LIB_DIR"), strict=True, alone=True),
}


#: Variables that forbid a crate to build its own copy of the library; it fails without the system's. Their names, and
#: whether "0" disables them. From libgit2-sys 0.18.8, openssl-sys 0.9.118 and zstd-sys 2.1.3.
_INSISTING = {
    "libgit2-sys": (("LIBGIT2_NO_VENDOR",), True),
    "openssl-sys": (("@_OPENSSL_NO_VENDOR", "OPENSSL_NO_VENDOR"), True),
    "zstd-sys": (("ZSTD_SYS_USE_PKG_CONFIG",), False),
}


class Direction(NamedTuple):
    """The folders that variables (``settings``) name for a library, and the missing files (``lacking``)."""

    settings: tuple[Setting, ...]
    folders: tuple[str, ...]
    lacking: tuple[str, ...] = ()


def way(crate: str) -> Way | None:
    """Return how *crate* (``name version``) finds its library itself; None if it only asks pkg-config."""
    return WAYS.get(crate.partition(" ")[0])


def find(way: Way, root: Root, variables: Variables, target: Target) -> Direction | None:
    """Return the folders that variables name in a build for *target*; None if the crate asks pkg-config."""
    lib_dir, include, prefix = (_first(variables, names, target) for names in (way.lib_dir, way.include, way.prefix))
    if lib_dir is not None and (include is not None or not way.include):
        prefix = None
    elif prefix is None:
        return None
    folders = [lib_dir.value] if lib_dir else []
    if not folders and prefix:
        folders = [path for name in ("lib64", "lib") if root.is_dir(path := f"{prefix.value}/{name}")]
    headers = include.value if include else f"{prefix.value}/include" if prefix else ""
    lacking: list[str] = []
    if way.strict:
        lacking = [f"no folder {folder}" for folder in folders if not root.is_dir(folder)]
        if not folders and prefix:
            lacking.append(f"neither {prefix.value}/lib64 nor {prefix.value}/lib")
        # compilers search the system's own folder, too
        if way.header and not any(root.is_file(f"{folder}/{way.header}") for folder in (headers, "/usr/include")):
            lacking.append(f"no {headers}/{way.header}")
        if way.header and not lacking:  # such a crate also checks the libraries
            lacking = [f"no lib{lib} in {', '.join(folders)}" for lib in way.libs if not _has(root, folders, lib)]
    return Direction(tuple(one for one in (lib_dir, include, prefix) if one), tuple(folders), tuple(lacking))


class SystemDeps(NamedTuple):
    """What variables of the system-deps crate say of one module.

    ``no_pkg_config`` keeps it from asking; ``libs`` and ``folders`` replace those of the answer, unless they are None;
    ``static`` asks for ``--static``; ``internal`` is ``auto`` or ``always`` where the crate may build its own copy.
    ``settings`` are the variables.
    """

    settings: tuple[Setting, ...] = ()
    no_pkg_config: bool = False
    libs: tuple[str, ...] | None = None
    folders: tuple[str, ...] | None = None
    static: Setting | None = None
    internal: str = ""


def system_deps(key: str, variables: Variables) -> SystemDeps:
    """Return what ``SYSTEM_DEPS_…`` variables say of the module that system-deps calls *key* (its 9.0.1)."""
    name = f"SYSTEM_DEPS_{_shouty(key)}"
    lib, search, ask = (variables.get(f"{name}_{part}") for part in ("LIB", "SEARCH_NATIVE", "NO_PKG_CONFIG"))
    links = (variables.get(one) for one in (f"{name}_LINK", "SYSTEM_DEPS_LINK"))
    internal = variables.first(f"{name}_BUILD_INTERNAL", "SYSTEM_DEPS_BUILD_INTERNAL")
    return SystemDeps(
        tuple(one for one in (ask, lib, search, internal) if one is not None),
        ask is not None,
        tuple(lib.value.split()) if lib else None,
        tuple(filter(None, search.value.split(":"))) if search else None,
        next((one for one in links if one is not None and one.value == "static"), None),
        internal.value if internal is not None and internal.value in ("auto", "always") else "",
    )


def _shouty(key: str) -> str:
    """Return *key* in upper case, its words joined by underscores, as the heck crate splits them."""
    found = ""
    for place, char in enumerate(key):
        if not char.isalnum():
            found += "_" if found and not found.endswith("_") else ""
            continue
        after_lower = place and key[place - 1].islower()
        before_lower = place and key[place - 1].isupper() and key[place + 1 : place + 2].islower()
        found += "_" if char.isupper() and (after_lower or before_lower) else ""
        found += char.upper()
    return found.strip("_")


def insists(crate: str, variables: Variables, target: Target) -> bool:
    """Whether a variable forbids *crate* (``name version``) to build its own copy of the library."""
    return forbidding(crate, variables, target) is not None


def forbidding(crate: str, variables: Variables, target: Target) -> Setting | None:
    """Return the variable that forbids *crate* (``name version``) to build its own copy of the library."""
    names, zero = _INSISTING.get(crate.partition(" ")[0], ((), False))
    setting = _first(variables, names, target)
    return None if setting is not None and zero and setting.value == "0" else setting


def _first(variables: Variables, names: tuple[str, ...], target: Target) -> Setting | None:
    return variables.first(*(name.replace("@", target.cargo_env_name) for name in names))


def _has(root: Root, folders: list[str], lib: str) -> bool:
    return any(root.is_file(f"{folder}/lib{lib}{suffix}") for folder in folders for suffix in (".so", ".a"))
