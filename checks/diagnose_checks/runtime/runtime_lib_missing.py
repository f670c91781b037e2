"""A shared library that the module or program needs is not installed on this system.

It was linked against a library of the build system. That library's name, with its number, does not exist here: it is
not installed, or this distribution has another major version (``libssl.so.1.1`` here, ``libssl.so.3`` there).

Compilers, linkers and cargo have libraries of their own (rustc's ``librustc_driver``, ld's ``libbfd``). If one is gone
or cut off, because an installation was interrupted or an image was copied in part, the program does not start.

Or it is installed, and not found: below ``/usr/local/lib`` until ``ldconfig`` has run, in another package's folder
until that is imported (torch's), or in a driver, which no image contains (``libcuda.so.1``).

How to fix: install the package that contains the file; if a compiler or Rust lacks it, install that again. If this
distribution has another version, build the module here, or use a wheel that bundles its libraries (``auditwheel
repair``, maturin's default).

References:
    https://man7.org/linux/man-pages/man8/ld.so.8.html
    https://peps.python.org/pep-0513/
"""

from __future__ import annotations

from diagnose.authoring.loader_words import LOADER
from diagnose.authoring.log import distinct, finding_from_hits, install_by_family, other_system
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.fix import fix
from diagnose.remedies.install import APT_FILE, system
from diagnose.remedies.rust_again import reinstalled
from diagnose.tables import homebrew
from diagnose.tables.library_words import WORDS
from diagnose.tables.repaired_names import is_hashed
from diagnose.tables.runtime_packages import packages
from diagnose.tables.shared_libraries import another_wheels
from diagnose_checks.runtime._triage import LIBPYTHON, foreign_module, is_android

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment
    from diagnose.readers.toolchain.toolchain_facts import Unloaded

_PUT = r"(?P<folder>/[^\s:'\"]{1,200})/(?P<lib>lib[\w.+-]{1,80}\.so[\w.]{0,40})['\"]?$"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    log_kinds=("loader-no-lib", "musl-no-lib"),
    patterns=patterns_for(
        "library-put",
        ("-- Installing: ", rf"-- (?:Installing|Up-to-date): {_PUT}"),  # CMake
        ("install: ", rf"libtool: install: .{{0,400}}\s{_PUT}"),
    )
    + patterns_for("library-linked", (" -L/", r" (?P<arguments>-L/\S{1,200}(?: -[lLW]\S{1,200}){1,40})"))
    + patterns_for(
        "nix-note",
        ("/nix/store/", r"/nix/store/\w{32}-"),
        ("nix-shell", r"^\[?nix-shell\b"),
        ("nix run ", r"(?:^|\s)nix run \S"),
        ("nix develop", r"(?:^|\s)nix develop\b"),
    )
    + patterns_for(
        "library-by-name",
        # of cffi, for a name that is not a file's
        (
            "ctypes.util.find_library()",
            r"cannot load library '(?P<name>[\w.+-]{1,60})': .{1,300}ctypes\.util\.find_library\(\) did not manage",
        ),
        *((anchor, f"{pattern}(?P<of_{number}>)") for number, (anchor, pattern, _) in enumerate(WORDS)),
    ),
    env_facts=("toolchain.unloaded",),
)
#: A program's own log of a library that it can do without: glog's lines of a lower level than error.
_LOGGED = re.compile(r"^[DIVW](?:\d{4})? .{0,60}\S{1,200}\.(?:cc|cpp|cu|h|py):\d{1,6}\] ")
_SONAME = re.compile(r"^(?:lib[\w.+-]+|[\w+-]+)\.so(?:\.[\w.]+)?$")


def env(env: Environment) -> Iterator[Finding]:
    """See that a program of the build cannot be started."""
    for one in env.toolchain.unloaded:
        name, lib = one.program.rpartition("/")[2], one.library.rpartition("/")[2]
        absent = one.why == "is not there"
        yield Finding(
            message=f"{name} cannot start: {lib}, which {_asks(one)} needs, {one.why.partition(' (')[0]}",
            severity=Severity.ERROR,
            evidence=(
                Evidence(f"needs {lib}", one.asker),
                Evidence("is in no folder of the loader" if absent else one.why, where=one.library),
            ),
            consequence=f'The build stops: "{name}: error while loading shared libraries: {lib}".',
            fixes=(_again(env, one),),
        )


def _asks(one: Unloaded) -> str:
    return "it" if one.asker == one.program else one.asker.rpartition("/")[2]


def _again(env: Environment, one: Unloaded) -> Fix:
    rust, lib = env.toolchain.rust, one.library.rpartition("/")[2]
    if rust.toolchain and one.program.startswith(f"{rust.sysroot}/") and _is_rusts(lib):
        return reinstalled(rust)
    here = system(env)
    if one.package and here.manager == "apt":
        return fix(env, f"install {one.package} again", (one.package,), again=True)
    if known := packages().get(lib, {}).get(here.family):
        return fix(env, f"install {known[0]}", known)
    return Fix(f"install the package that contains {lib}", notes=_search(here.manager, lib))


def _is_rusts(lib: str) -> bool:
    return lib.startswith(("librustc_driver", "libLLVM", "libstd-"))


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader miss a library, except copies in a wheel, libpython and C libraries."""
    named = 0
    for hit in distinct(log.find("loader-no-lib", "musl-no-lib"), "lib"):
        lib = hit.groups["lib"].rpartition("/")[2]
        if LIBPYTHON.match(lib) and _INTERPRETER.search(hit.text):
            yield _of_interpreter(log, hit, lib)
            continue
        if lib.startswith(_MUSL):
            yield _of_musl(log, hit, lib)
            continue
        if (
            not _SONAME.match(lib)
            or is_hashed(lib)
            or (LIBPYTHON.match(lib) and not is_android(hit))
            or LOADER.match(lib)
            or (lib == "libc.so.6" and not is_android(hit))
            or log.near(hit.line, "libclang-unopened")
            or foreign_module(hit)
            or _LOGGED.match(hit.text)
            or hit.groups["why"].startswith(("Exec format", "Too many open"))
        ):
            continue
        named += 1
        yield finding_from_hits(
            log,
            [hit],
            _message(log, hit, lib),
            "It cannot be loaded.",
            _fixes(log, hit, lib),
        )
    for hit in () if named else log.find("library-by-name")[:1]:
        yield _of_name(log, hit)


def _of_name(log: BuildLog, hit: Hit) -> Finding:
    """Return that a package does not find the library that it opens itself, by its name or in its own words."""
    number = next((int(group.removeprefix("of_")) for group in hit.groups if group.startswith("of_")), -1)
    stem = hit.groups["name"].removeprefix("lib").partition(".so")[0]
    names = (name for name in packages() if name.startswith((f"lib{stem}.so", f"lib{stem.replace('-0', '')}.so")))
    lib = WORDS[number][2] if number >= 0 else next(names, f"lib{stem}.so")
    install = Fix(f"install the package that contains {lib}", notes=_search(log.distro_at(hit.line).manager, lib))
    system = other_system(log)
    formula = homebrew.formula_of(lib)
    if system == "macOS" and formula:
        fixes = [
            Fix(
                f"install {formula} with Homebrew",
                (Command(f"brew install {formula}", FixStage.PACKAGES),),
                notes="Not found then: Python is for the other processor, or DYLD_FALLBACK_LIBRARY_PATH has to name "
                "/opt/homebrew/lib, which Pythons other than Homebrew's do not search.",
            )
        ]
    elif system:
        fixes = [Fix(f"install the library for {system}, and put its folder on PATH")]
    else:
        fixes = _installed(log, hit.line, lib, install) or [install]
    return finding_from_hits(
        log,
        [hit],
        f"a Python package opens the C library {lib.partition('.so')[0]}, and does not find it",
        "The package cannot be imported, or not used: pip installs no C library for it.",
        fixes,
    )


_FOR_NIX = (
    Fix(
        "name the library's folder of the store for the loader",
        notes="Nix has no /usr/lib, where wheels look. In shell.nix or flake.nix: LD_LIBRARY_PATH = "
        "lib.makeLibraryPath [ stdenv.cc.cc.lib zlib ]; stdenv.cc.cc.lib has libstdc++.so.6, zlib libz.so.1, libGL "
        "libGL.so.1. `nix-locate --top-level lib/NAME` (nix-index) finds others. On NixOS: programs.nix-ld.",
    ),
    Fix("take the package of nixpkgs", notes="python3.withPackages (ps: [ ps.NAME ]) needs no wheel."),
)
#: The names of glibc's own libraries: Android's are called libc.so, libm.so and libdl.so.
_GLIBC = frozenset({"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "ld-linux-aarch64.so.1"})
_FOR_ANDROID = (
    Fix(
        "bring all of Termux's packages to one state",
        (Command("pkg upgrade -y", FixStage.PACKAGES),),
        notes="Its libraries change their names with their releases. Then install what the program belongs to again; "
        "`apt-file search LIBRARY` (pkg install apt-file) finds the package of a library.",
    ),
    Fix(
        "build it in Termux, or install Termux's package",
        (Command("pkg install python-NAME", FixStage.PACKAGES),),
        notes="Wheels with manylinux or linux in their name are for glibc: proot-distro runs a distribution with it.",
    ),
)
_FOR_BSD = (
    Fix(
        "bring all packages to the state of this system",
        notes="FreeBSD: pkg upgrade -f; OpenBSD: pkg_add -u; NetBSD: pkgin full-upgrade. An upgrade of the system, or "
        "of one package, takes away libraries that others were linked with. Then build what is not a package again.",
    ),
    Fix(
        "install the package that contains it",
        notes="FreeBSD: `pkg provides LIBRARY` (pkg install pkg-provides); OpenBSD: `pkglocate LIBRARY`.",
    ),
)
_MUSL = ("libc.musl-", "ld-musl-")


def _of_musl(log: BuildLog, hit: Hit, lib: str) -> Finding:
    """Return that glibc's loader has to load a file that was built on Alpine."""
    return finding_from_hits(
        log,
        [hit],
        f"a file is for musl (it needs {lib}), and this system has glibc",
        "It cannot be loaded.",
        [
            Fix(
                "install the package on this system, where pip takes its wheel for glibc",
                notes="Do not copy site-packages or node_modules from an Alpine image into one with glibc, or mount "
                "them there: both stages of a Dockerfile need the same C library.",
            ),
            Fix("run it in an Alpine image"),
        ],
    )


_INTERPRETER = re.compile(r"(?:^|[\s/])(?P<name>python[\d.]*): error while loading")


def _of_interpreter(log: BuildLog, hit: Hit, lib: str) -> Finding:
    """Return that a Python of --enable-shared does not find its own library."""
    found = _INTERPRETER.search(hit.text)
    return finding_from_hits(
        log,
        [hit],
        f"{found['name'] if found else 'python3'} does not find {lib}, its own library",
        "This Python does not start.",
        [
            Fix(
                "let the loader read its folders again",
                (Command("ldconfig", FixStage.PACKAGES),),
                notes="As root. Enterprise Linux and Fedora do not search /usr/local/lib: echo /usr/local/lib > "
                "/etc/ld.so.conf.d/local.conf before it.",
            ),
            Fix("if it is in another folder: name it", env=(("LD_LIBRARY_PATH", "PREFIX/lib"),)),
        ],
    )


def _put(log: BuildLog, hit: Hit, lib: str) -> str:
    """Return the folder into which the log shows *lib* installed, or from which linked, before; else nothing."""
    notes = [note for note in log.find("library-put") if note.line < hit.line]
    put = (n.groups["folder"] for n in reversed(notes) if _stem(n.groups["lib"]) == _stem(lib))
    return next(put, "") or _linked(log, hit, lib)


def _linked(log: BuildLog, hit: Hit, lib: str) -> str:
    """Return the one folder, other than the system's, that a linker before *hit* searched for *lib*."""
    for note in log.find("library-linked"):
        words = note.groups["arguments"].split()
        folders = {word[2:].rstrip("/") for word in words if word.startswith("-L/")}
        own = [folder for folder in folders if not folder.startswith(("/usr/lib", "/lib"))]
        if note.line < hit.line and len(own) == 1 and f"-l{lib.partition('.so')[0].removeprefix('lib')}" in words:
            return own[0]
    return ""


def _stem(lib: str) -> str:
    return ".".join(lib.partition(".so")[0::2]).split(".")[0] + ".so" + lib.partition(".so")[2][:2]


def _origin(lib: str) -> str:
    """Return what brings *lib*, if in most cases that is not a package of a distribution."""
    return "" if re.match(r"lib(?:Qt|tbb|OpenCL|pyside|shiboken|ze_)", lib) else another_wheels(lib, ())


def _message(log: BuildLog, hit: Hit, lib: str) -> str:
    if is_android(hit):
        if lib in _GLIBC:
            return f"Android's loader does not find {lib}: the file is for glibc, which Android does not have"
        return f"Android's loader does not find {lib}"
    if "bsd" in hit.groups:
        return f"the loader does not find {lib}"
    if hit.groups["why"].startswith(_FORBIDDEN):
        return f"{lib} exists, and this user may not read it, or a folder above it"
    if _RUSTS_OWN.match(lib):
        return f"{lib}, a library of Rust itself, is not found"
    if folder := _put(log, hit, lib):
        return f"{lib} is in {folder}, where the loader does not look for it"
    if origin := _origin(lib):
        return f"the loader does not find {lib}, which {origin}"
    return f"{lib} is not installed on this system, or in another version"


def _fixes(log: BuildLog, hit: Hit, lib: str) -> list[Fix]:
    if is_android(hit):
        return list(_FOR_ANDROID[lib in _GLIBC :])
    if "bsd" in hit.groups:
        return [*_FOR_BSD]
    if hit.groups["why"].startswith(_FORBIDDEN):
        return [_READABLE]
    if _RUSTS_OWN.match(lib):
        return _of_rust(hit)
    if log.find("nix-note"):
        return [*_FOR_NIX]
    if folder := _put(log, hit, lib):
        if folder.startswith(("/usr/local/lib", "/usr/lib", "/lib")):
            title = "let the loader read its folders again"
            notes = f"As root. If that is not enough: echo {folder} > /etc/ld.so.conf.d/local.conf before it."
            return [Fix(title, (Command("ldconfig", FixStage.PACKAGES),), notes=notes)]
        return [Fix("name the folder for the loader", env=(("LD_LIBRARY_PATH", folder),))]
    install = Fix(f"install the package that contains {lib}", notes=_search(log.distro_at(hit.line).manager, lib))
    origin = _origin(lib).partition("comes with ")[2]
    if "NVIDIA driver" in origin:
        return [
            Fix(
                "run it on a machine with the NVIDIA driver, and give the container the GPU",
                notes="docker run --gpus all, with NVIDIA's container toolkit. The driver is never part of an image; "
                "a build needs the library's stub only, which the CUDA toolkit has in lib64/stubs.",
            ),
            Fix("use the package's release for the CPU, where there is no such GPU"),
        ]
    if origin == "torch":
        return [
            Fix("import torch before the module", notes="That loads the libraries of torch's own folder."),
            Fix(
                "install the torch that the module was built with",
                notes="The name and number of its libraries change with its release, and with its CUDA.",
            ),
        ]
    if origin:
        return [Fix(f"install {origin}, in the release that the module was built with"), install]
    return [
        *([_STALE] if re.search(r"/build-script-(?:build|main)\b", hit.text) else []),
        *_installed(log, hit.line, lib, install),
        Fix("bundle it in the wheel", notes="`auditwheel repair`, or maturin without --auditwheel skip."),
    ]


_FORBIDDEN = ("Permission denied", "Operation not permitted")
_READABLE = Fix(
    "let this user read it",
    notes="`namei -l FILE` lists the rights of every folder above it: each needs x, the file r. Under SELinux: "
    "restorecon -v FILE. LD_LIBRARY_PATH must not name another user's folder.",
)
#: rustc's own libraries: their names have the hash, or the release, of one build.
_RUSTS_OWN = re.compile(r"lib(?:rustc_driver|std|test)-[0-9a-f]{16}\.so$|libLLVM\S*-rust-")
#: Programs that rustup installs: one that does not find its own library is damaged.
_RUSTS = re.compile(r"(?:^|[\s/])(?:rustc|rustdoc|cargo|rustfmt|cargo-fmt|cargo-clippy): error while loading")


def _of_rust(hit: Hit) -> list[Fix]:
    """Return the fixes for a program that needs rustc's own libraries: it is Rust's, or was linked with them."""
    if _RUSTS.search(hit.text):
        return [
            Fix(
                "install the toolchain again",
                (
                    Command("rustup toolchain uninstall TOOLCHAIN", FixStage.TOOLCHAIN),
                    Command("rustup toolchain install TOOLCHAIN", FixStage.TOOLCHAIN),
                ),
                notes="TOOLCHAIN is the one that `rustup show` names as active. A distribution's Rust: install its "
                "package again. A program that was copied alone out of its toolchain finds nothing.",
            ),
        ]
    return [
        Fix(
            "name the folders of Rust's libraries",
            (
                Command(
                    'export LD_LIBRARY_PATH="$(rustc --print sysroot)/lib:$(rustc --print target-libdir)"',
                    FixStage.BUILD,
                ),
            ),
            notes="The numbers in its name are of one release: rustc has to be the one that built the program. `cargo "
            "run` and `cargo test` set the variable themselves.",
        ),
        Fix(
            "link Rust's library into the program",
            notes='Without -C prefer-dynamic in RUSTFLAGS; crate-type = ["cdylib"] instead of ["dylib"] for what '
            "another language or system loads. Rust's libraries are not bundled: no other build has the same ones.",
        ),
    ]


def _installed(log: BuildLog, line: int, lib: str, install: Fix) -> list[Fix]:
    """Return the fixes that bring *lib* to the system; *install* is the one for a library that no table knows."""
    if known := packages().get(lib):
        headless = "opencv-python-headless needs no GL: install it instead of opencv-python."
        return [*install_by_family(log, line, "install its package", known, headless if lib == "libGL.so.1" else "")]
    for pattern, title, notes in _GONE:
        if re.match(pattern, lib):
            return [Fix(title, notes=notes)]
    return [install]


#: Libraries that current distributions have no more: (pattern, fix, notes).
_GONE = (
    (
        r"lib(?:ssl|crypto)\.so\.1\.1$",
        "take a release, or build one, for OpenSSL 3",
        "Debian 12, Ubuntu 22.04 and Enterprise Linux 9 have no OpenSSL 1.1 any more, but EL 9's compat-openssl11. "
        "Images of the release before have it.",
    ),
    (
        r"lib(?:ssl|crypto)\.so\.1(?:0|\.0\.\d)$",
        "take a newer release of the program, built for OpenSSL 3",
        "No supported distribution has this OpenSSL any more.",
    ),
)


def _search(manager: str, lib: str) -> str:
    asks = {
        "apt": f"`{APT_FILE} {lib}` finds it.",
        "dnf": f"`dnf provides '*/{lib}'` finds it.",
        "yum": f"`yum provides '*/{lib}'` finds it.",
        "apk": f"`apk add so:{lib}` installs it.",
        "pacman": f"`pacman -F {lib}` finds it.",
        "zypper": f"`zypper what-provides '{lib}()(64bit)'` finds it.",
    }
    return asks.get(manager, f"`apt-file search {lib}`, `dnf provides '*/{lib}'` or `apk add so:{lib}`.")


#: A build script is linked against the libraries that its build found.
_STALE = Fix(
    "build again from scratch: the build script was linked on another system",
    (Command("cargo clean", FixStage.BUILD),),
    notes="Give each system and image a target folder of its own: CARGO_TARGET_DIR.",
)
