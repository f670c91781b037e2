"""Visual C++'s linker finds no library with a function of Windows, or of a well-known library.

Each library with functions of Windows has to be named, as any other one: ``ws2_32.lib`` for sockets, ``crypt32.lib``
for certificates. An archive (``.lib`` with objects inside, such as a static ``libcrypto.lib`` or one that Rust wrote)
does not name what it needs: who links it has to.

How to fix: name the library: ``libraries=[…]`` of an Extension, ``target_link_libraries`` of CMake,
``cargo:rustc-link-lib`` of a build script.

References:
    https://learn.microsoft.com/en-us/cpp/error-messages/tool-errors/linker-tools-error-lnk2019
    https://learn.microsoft.com/en-us/windows/win32/apiindex/windows-api-list
    https://doc.rust-lang.org/cargo/reference/build-scripts.html#rustc-link-lib
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.authoring.symbol_owners import of_windows, owner
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

# English, Spanish, French, German, Chinese, Japanese, Portuguese, Italian, Russian; a symbol of a DLL in any language
_UNRESOLVED = (
    r"(?:unresolved external symbol|símbolo externo|symbole externe non résolu|externes Symbol|无法解析的外部符号"
    r"|外部シンボル|símbolo externo não resolvido|simbolo esterno|внешний символ)"
)
_NAME = r"(?P<symbol>[A-Za-z_]\w{2,100})"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    log_kinds=("msvc-machine",),
    patterns=(
        *patterns_for(
            "msvc-unresolved",
            ("LNK2001: ", r"error LNK2001: .{0,90}?\b(?P<symbol>__imp_\w{3,100})"),
            ("LNK2019: ", r"error LNK2019: .{0,90}?\b(?P<symbol>__imp_\w{3,100})"),
            ("LNK2001: ", rf"error LNK2001: .{{0,12}}{_UNRESOLVED} [\"“]?{_NAME}"),
            ("LNK2019: ", rf"error LNK2019: .{{0,30}}{_UNRESOLVED} [\"“]?{_NAME}"),
        ),
        *patterns_for("lld-link-unresolved", ("lld-link: ", rf"lld-link: error: undefined symbol: {_NAME}")),
    ),
)
#: What a library is called on Windows, where that is not its name for ``-l``.
_CALLED = {"ssl": "libssl", "crypto": "libcrypto", "z": "zlib", "GL": "opengl32", "glfw": "glfw3", "curl": "libcurl",
           "png": "libpng16", "xml2": "libxml2", "usb-1.0": "libusb-1.0", "expat": "libexpat", "pq": "libpq",
           "ffi": "libffi", "git2": "git2", "lzma": "liblzma", "GLEW": "glew32", "vulkan": "vulkan-1", "uv": "uv",
           "zmq": "libzmq", "hidapi-hidraw": "hidapi", "mysqlclient": "libmysql"}  # fmt: skip
_UNIX = frozenset({"m", "pthread", "dl", "rt", "stdc++", "gcov", "quadmath", "gfortran", "gomp"})
_MOST = 4  # libraries that are reported


def log(log: BuildLog) -> Iterator[Finding]:
    """See functions unresolved that libraries of Windows, or well-known ones, bring."""
    if log.find("msvc-machine"):
        return  # msvc-objects-mixed: the library is there, and for another processor
    found: dict[str, list[Hit]] = {}
    for hit in log.find("msvc-unresolved", "lld-link-unresolved"):
        lib = _library(hit)
        if lib and lib not in _UNIX:
            found.setdefault(lib, []).append(hit)
    if not found:
        yield from _of_a_crate(log)
        return
    hits = [hit for group in found.values() for hit in group[:1]]
    if "kernel32" in found:
        yield finding_from_hits(
            log,
            [*found["kernel32"][:2], *hits][:4],
            f"the linker gets no kernel32.lib for this processor: {_symbol(found['kernel32'][0])} is not found",
            "No program can be linked for Windows.",
            (
                Fix(
                    "take the libraries of the Windows SDK for the processor of the build",
                    (Command("vcvarsall.bat x64", FixStage.TOOLCHAIN),),
                    notes='Or a new prompt "x64 Native Tools". The variable LIB names their folders: one that ends '
                    "in x86 or arm64 holds files that the linker passes over. rustc finds them by itself where LIB "
                    "is not set.",
                ),
            ),
        )
        return
    if "ssl" in found:  # OpenSSL's two libraries, of one cause
        found.pop("crypto", None)
    names = [_file(lib) for lib in found][:_MOST]
    archived = next((match["archive"] for hit in hits if (match := _ARCHIVE.search(hit.text))), "")
    first = next(iter(found.values()))[0]
    windows = [lib for lib, group in found.items() if of_windows(_symbol(group[0])) == lib]
    yield finding_from_hits(
        log,
        hits,
        f"{_symbol(first)} is a function of {names[0]}.lib, and no file that is linked has it",
        f"Linking fails: unresolved external symbol. Not linked: {', '.join(f'{name}.lib' for name in names)}.",
        _of_archive(names, archived) if archived else _fixes(log, names, bool(windows) and len(windows) == len(found)),
    )


#: An object of a crate in the link, and one in an archive that Rust wrote for a program in C.
_RLIB = re.compile(r"(?:^|[\s\\/])lib(?P<crate>\w{1,80})-[0-9a-f]{16}\.rlib\(")
_ARCHIVE = re.compile(r"(?:^|[\s\\/])(?P<archive>[\w.-]{1,80})\.lib\([^)]{1,200}\.rcgu\.o\)")


def _of_a_crate(log: BuildLog) -> Iterator[Finding]:
    """Yield that a crate calls functions of a DLL whose library is not known, and that the link does not get."""
    calls: dict[str, list[Hit]] = {}
    if log.find("msvc-dll-function"):
        return  # msvc-objects-mixed
    for hit in log.find("msvc-unresolved"):
        symbol = hit.groups["symbol"]
        if (rlib := _RLIB.search(hit.text)) and symbol.startswith("__imp_") and not _OTHERS.match(_plain(symbol)):
            calls.setdefault(rlib["crate"], []).append(hit)
    for crate, hits in calls.items():
        names = list(dict.fromkeys(map(_symbol, hits)))
        yield finding_from_hits(
            log,
            hits[:3],
            f"the crate {crate} calls functions of a native library that the link does not get: {names[0]}"
            + (f" and {len(names) - 1} more" if len(names) > 1 else ""),
            "Linking fails: __imp_ marks functions of a DLL, for which the linker needs its import library (.lib).",
            (
                Fix(
                    "let the -sys crate link its library",
                    (Command("cargo tree -i CRATE-sys", FixStage.BUILD),),
                    notes=f"Look in the readme of {crate} and its -sys crate for what Windows needs: a feature that "
                    "builds the library (vendored, bundled, static), vcpkg with VCPKG_ROOT, or a variable that names a "
                    "folder. A later release, or the crate's repository, may link it where the published one does not.",
                ),
                Fix(
                    "name the import library",
                    env=(("RUSTFLAGS", "-L native=FOLDER -l NAME"),),
                    notes="FOLDER holds NAME.lib, for the processor of the target and for Visual C++. Of a DLL alone, "
                    "`dumpbin /exports` and `lib /def:` make one.",
                ),
            ),
        )
        return


#: Functions of Python, and of Rust and C++ by their mangling.
_OTHERS = re.compile(r"_?Py|_ZN|_R[A-Z]|\?")


def _library(hit: Hit) -> str:
    """Return the library of the unresolved function; empty if unknown, or if it may be the project's own."""
    symbol = hit.groups["symbol"]
    plain = _plain(symbol)
    imported = symbol.startswith("__imp_") or plain != plain.lower()  # else connect and send are of anybody
    return (of_windows(plain) if imported else "") or owner(plain)


def _plain(symbol: str) -> str:
    """Return a function's own name: without the mark of a DLL's, and the underscore of 32 bits."""
    plain = symbol.removeprefix("__imp_")
    return plain.removeprefix("_") if symbol.startswith("__imp__") and not plain.startswith("__") else plain


def _symbol(hit: Hit) -> str:
    return _plain(hit.groups["symbol"])


def _file(lib: str) -> str:
    return _CALLED.get(lib, lib)


def _of_archive(names: list[str], archive: str) -> list[Fix]:
    """Return the fix for a program in C that links the archive *archive* of a Rust crate."""
    files = " ".join(f"{name}.lib" for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    return [
        Fix(
            f"name {files} for the program that links {archive}.lib",
            notes=f"Visual Studio: Linker, Input, Additional Dependencies. CMake: target_link_libraries(NAME PRIVATE "
            f"{' '.join(names)}). setup.py: Extension(…, libraries=[{listed}]). An archive that Rust wrote does not "
            "name what it needs: `cargo rustc --crate-type staticlib -- --print native-static-libs` prints all.",
        )
    ]


def _fixes(log: BuildLog, names: list[str], all_of_windows: bool) -> list[Fix]:
    listed = ", ".join(f'"{name}"' for name in names)
    lines = " ".join(f'println!("cargo:rustc-link-lib={name}");' for name in names)
    files = " ".join(f"{name}.lib" for name in names)
    setup = (
        f"setup.py: Extension(…, libraries=[{listed}]). CMake: target_link_libraries(NAME PRIVATE {' '.join(names)}). "
        f"By hand: {files} on link's command."
    )
    fix = Fix(f"link {files}", notes=setup)
    if builds_rust(log):
        fix = Fix(
            f"link {files}",
            env=(("RUSTFLAGS", " ".join(f"-l {name}" for name in names)),),
            notes=f"To keep it: {lines} in build.rs. This variable replaces the rustflags of .cargo/config.toml.",
        )
        if all_of_windows:
            archive = "An archive that Rust wrote needs them, too: `rustc --print native-static-libs --crate-type "
            title = "for a program in C that links Rust's archive: name the same"
            return [fix, Fix(title, notes=f"{archive}staticlib` prints all. {setup}")]
        return [fix]
    if all_of_windows:
        return [fix]
    return [
        fix,
        Fix(
            "if it is linked: take the file that the headers are for",
            notes="A static library has no __imp_ functions: define what its headers ask for (CURL_STATICLIB, "
            "XML_STATIC, LIBXML_STATIC, …), or link the import library of its DLL. Its processor and release have to "
            f"be those of the build: `dumpbin /headers {names[0]}.lib` and `dumpbin /linkermember:1` print them.",
        ),
    ]
