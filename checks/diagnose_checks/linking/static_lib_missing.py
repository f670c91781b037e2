"""A static link is requested but there is no static library: the build fails, or links the shared one silently.

``<NAME>_STATIC=1`` and ``PKG_CONFIG_ALL_STATIC=1`` make the pkg-config crate ask for ``--static``. The crate links a
library statically only if it finds ``libNAME.a`` outside ``/usr``, the system's root. It links all others dynamically,
and the wheel needs a shared library that it was meant to avoid. Some distributions ship no ``.a`` files.

How to fix: build a static library for the target in a prefix of its own, and point pkg-config there. Or let the crate
build it from source.

References:
    https://docs.rs/pkg-config/latest/pkg_config/ (static linking)
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import distinct, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.readers.pkgconfig.link_metadata import system_root
from diagnose.remedies.fix import fix
from diagnose.remedies.libraries import vendored
from diagnose.remedies.package_names import library_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.AUDIT,
    log_kinds=("ld-static", "native-static"),
    env_facts=("libraries.static_by", "toolchain.crt_static"),
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether a library that is requested as static is linked as shared, or missing in a static program."""
    yield from _for_musl(env)
    root = system_root(env.variables)
    for library in env.libraries:
        if library.outcome != "found" or not library.static or library.static_by is None:
            continue
        shared = [file for file in library.files if file.kind == "shared" and not file.default]
        if not shared:
            continue
        yield Finding(
            message=f"{library.static_by.name} requests a static {library.module}, but {shared[0].path} is shared",
            severity=Severity.WARNING,
            evidence=(setting_evidence(library.static_by), Evidence("a shared library", shared[0].path)),
            consequence=f"The wheel still needs lib{shared[0].name} as a shared library.",
            fixes=(
                *vendored(env, library.module),
                Fix(
                    f"build {library.module} as a static library in a prefix of its own",
                    notes=(
                        f"Point PKG_CONFIG_LIBDIR_{env.target.env_name} to that prefix's lib/pkgconfig. "
                        f"The crate does not link libraries below {root.value if root else '/usr'} statically."
                    ),
                ),
            ),
        )


def _for_musl(env: Environment) -> Iterator[Finding]:
    """See which libraries a program for musl, which is linked statically, finds as shared ones only."""
    if env.target.libc != "musl" or not env.toolchain.crt_static or env.project.wheel:
        return  # maturin and setuptools-rust link extensions dynamically
    if not env.project.path and env.container.kind not in ("", "plain"):
        return  # an image for wheels
    shared = [
        (library, file)
        for library in env.libraries
        for file in library.files
        if library.outcome == "found" and file.kind == "shared" and not file.archive
    ]
    if not shared:
        return
    library, file = shared[0]
    names = list(dict.fromkeys(file.name for _, file in shared))
    packages = list(dict.fromkeys(_ALPINE[name] for name in names if name in _ALPINE))
    installing = packages if env.distro.family == "alpine" else []
    yield Finding(
        message=f"Rust links programs for musl statically, and lib{file.name} is there as a shared library only",
        severity=Severity.WARNING,
        evidence=(
            Evidence(f"no lib{file.name}.a beside it", file.path),
            Evidence(f"{library.module} names -l{file.name}", where=f"`{library.command}`"),
        ),
        consequence="A plain cargo build fails to link. maturin links a wheel's extension dynamically, which works.",
        fixes=(
            *([fix(env, f"install {' '.join(installing)}", installing)] if installing else []),
            Fix(
                "link the shared libraries: turn the static link off",
                env=((f"CARGO_TARGET_{env.target.cargo_env_name}_RUSTFLAGS", "-C target-feature=-crt-static"),),
                notes="Correct for an extension, and for a program that runs where it is built.",
            ),
        ),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See rustc, which has no default folders, or ld not find an archive."""
    wanted = [hit for hit in distinct(log.find("native-static", "ld-static"), "lib") if not _python(hit)]
    alpine = [hit for hit in wanted if log.distro_at(hit.line).id == "alpine" or "-alpine-linux-musl" in hit.text]
    if alpine:
        yield _on_alpine(log, alpine)
    for hit in wanted:
        lib = hit.groups["lib"]
        if hit in alpine:
            continue
        yield finding_from_hits(
            log,
            [hit],
            f"lib{lib}.a is not in the search path for static libraries",
            "Linking fails. rustc does not search the folders of shared libraries for it.",
            (
                Fix(
                    f"install or build lib{lib}.a, and name its folder",
                    env=(("RUSTFLAGS", "-L native=FOLDER"),),
                    notes="FOLDER is that folder, often lib64. Alpine has static libraries in -static packages.",
                ),
                Fix(
                    "link the shared library",
                    notes="Where a build script asks pkg-config and a variable requests static libraries: "
                    f"{(library_module(lib) or lib).upper().replace('-', '_')}_DYNAMIC=1.",
                ),
            ),
        )


def _python(hit: Hit) -> bool:
    return hit.groups["lib"].startswith("python3")


#: Library → Alpine's package with the static one (pkgs.alpinelinux.org, contents of v3.22).
_ALPINE = {
    "ssl": "openssl-libs-static", "crypto": "openssl-libs-static", "z": "zlib-static", "bz2": "bzip2-static",
    "lzma": "xz-static", "zstd": "zstd-static", "curl": "curl-static", "sqlite3": "sqlite-static",
    "ssh2": "libssh2-static",
    "xml2": "libxml2-static", "png16": "libpng-static", "png": "libpng-static", "expat": "expat-static",
    "nghttp2": "nghttp2-static", "brotlicommon": "brotli-static", "brotlidec": "brotli-static", "dbus-1": "dbus-static",
    "usb-1.0": "libusb-static", "event": "libevent-static", "gmp": "gmp-static", "ncursesw": "ncurses-static",
    "readline": "readline-static", "sodium": "libsodium-static", "lz4": "lz4-static", "jpeg": "libjpeg-turbo-static",
}  # fmt: skip


def _on_alpine(log: BuildLog, hits: list[Hit]) -> Finding:
    """Return the finding of a link for musl, which is static by default."""
    libs = [hit.groups["lib"] for hit in hits]
    packages = list(dict.fromkeys(_ALPINE[lib] for lib in libs if lib in _ALPINE))
    fixes = []
    if packages:
        line = f"apk add {' '.join(packages)}"
        fixes.append(
            Fix(f"install the static library: {' '.join(packages)}", (Command(line, FixStage.PACKAGES),), safe=True)
        )
    rest = [lib for lib in libs if lib not in _ALPINE]
    if rest:
        names = " ".join(f"lib{lib}.a" for lib in rest)
        fixes.append(
            Fix(
                f"install the package with {names}",
                notes="Alpine keeps static libraries in packages that end in -static.",
            )
        )
    fixes.append(
        Fix(
            "link the shared libraries: turn the static link off",
            env=(("RUSTFLAGS", "-C target-feature=-crt-static"),),
            notes="Correct for a Python extension, and for a program that runs on Alpine. A crate's variable that "
            "requests the shared library leaves the rest static; such a program crashes.",
        )
    )
    return finding_from_hits(
        log,
        hits,
        f"Rust links statically for musl, but lib{libs[0]}.a is missing",
        "Linking fails. Alpine's -dev packages contain only shared libraries.",
        fixes,
    )
