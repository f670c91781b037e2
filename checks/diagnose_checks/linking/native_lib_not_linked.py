"""Code calls a function of a library that the linker is not given.

A ``-sys`` crate only declares the functions. Its build script has to name the library for the linker
(``cargo:rustc-link-lib``). It does not where a ``[target.<triple>.<links>]`` table replaces the script, where a
variable such as ``ALSA_NO_PKG_CONFIG`` turns its search off, or where the crate has no such script. A Makefile has to
name it with ``-l``, behind the objects and archives that use it: the linker reads from left to right, and many
distributions drop a library that nothing before it needs. A static library needs the libraries that it uses itself
named as well: its archive does not contain their names. A library that is linked and lacks the function is of another
release than the headers.

How to fix: name the library for the linker, behind its users. If it is an archive that calls the function, ask
pkg-config with ``--static``.

References:
    https://sourceware.org/binutils/docs/ld/Options.html (``-l``)
    https://doc.rust-lang.org/cargo/reference/build-scripts.html#rustc-link-lib
    https://doc.rust-lang.org/cargo/reference/build-scripts.html#overriding-build-scripts
"""

from __future__ import annotations

from string import ascii_lowercase

from diagnose.authoring.link_step import (
    LIBC_PARTS,
    Naming,
    early_libraries,
    in_archive,
    named_by_driver,
    names_library,
    wants_libc_script,
)
from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.authoring.symbol_owners import OWNERS, owner, release
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit, LinkStep

_COMPILER = r"(?:[\w.]+-)*(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|ld|gfortran)(?:-\d[\d.]*)?"

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    log_kinds=("ld-undefined",),
    patterns=(
        # rustc's command: one kind for each library, as a line can name them all
        *(
            pattern
            for lib, _ in OWNERS
            if lib not in LIBC_PARTS
            for pattern in patterns_for(f"linked-lib {lib}", (f'"-l{lib}"', rf'"-l{re.escape(lib)}"'))
        ),
        # that of make, CMake and libtool, which compiles nothing; from its first library on
        *patterns_for(
            "driver-link",
            *(
                (
                    f" -l{letter}",
                    r"^(?:: && |cd \S{1,300} && |libtool: link: |(?:\S{1,100}/)?ccache )?(?:\S{1,300}/)?"
                    rf"{_COMPILER}(?=\s)(?!.{{0,4000}}\s-[cSE]\s).{{0,20000}}?(?P<libs>\s-l\w.{{0,2000}})",
                )
                for letter in (*ascii_lowercase, *"GSXQI")
            ),
        ),
        *patterns_for(
            "undeclared-function",
            ("implicit declaration of func", r"implicit declaration of function [`'\"](?P<symbol>\w{1,100})"),
        ),
        # configure's, CMake's and Meson's own trials, whose failure is an answer
        *patterns_for(
            "link-trial",
            ("conftest", r"\bconftest[\w.]{0,40}\.(?:c|cc|cpp|o)\b"),
            ("cmTC_", r"\bcmTC_\w+"),
            ("CMakeTmp", r"/CMakeFiles/CMakeTmp\b"),
            ("CMakeScratch", r"/CMakeFiles/CMakeScratch\b"),
            ("/testfile.c", r"/testfile\.c"),
        ),
        *patterns_for(
            "dso-missing",
            (
                "undefined reference to symbol",
                r"undefined reference to symbol '(?P<symbol>[^'@\s]{1,300})(?:@[^'\s]{1,100})?'\s+"
                r"(?:\S{1,100}: )?(?P<file>\S{1,300}): error adding symbols: DSO missing from command line",
                2,
            ),
            (
                "DSO missing from command line",
                r"(?:^|\s)(?P<file>\S{1,300}): error adding symbols: DSO missing from command line(?P<symbol>)",
            ),
        ),
        *patterns_for(
            "ld-referrer",
            (">>> ", r"^>>> {2,20}\S{1,300}\.a\(\S{1,200}\)"),
        ),
        *patterns_for("link-command", ('"-lc"', '"-lc"'), ('"-lgcc_s"', '"-lgcc_s"')),  # rustc's is complete
    ),
)
_MOST = 4  # libraries that are reported


def log(log: BuildLog) -> Iterator[Finding]:
    """See a function of a well-known library undefined in a link whose command does not name the library."""
    for hit in log.find("dso-missing")[:1]:
        if wants_libc_script(hit):
            return  # toolchain-crt-missing
        file = hit.groups["file"].rpartition("/")[2]
        if re.match(r"ld(?:-linux|-musl|64|\.so)", file):
            yield _of_the_loader(log, hit, file)
            return
        lib = re.split(r"\.(?:so|a)\b", file.removeprefix("lib"))[0]
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['symbol']} is a function of {file}, which is not linked"
            if hit.groups["symbol"]
            else f"a function of {file} is used, which is not linked",
            "Linking fails: the linker finds it through another library, and does not use it without being asked.",
            _fixes(lib, "", True)[:1] if builds_rust(log) else [_by_make(lib)],
        )
        return
    for link in log.links:
        if gnu := [hit for hit in link.of("ld-undefined") if re.fullmatch(_GNU_ICONV, _symbol(hit))]:
            yield _of_iconv(log, link, gnu)
            return
        found: dict[str, list[Hit]] = {}
        for hit in [] if link.of("ld-needed") else link.of("ld-undefined"):
            lib = owner(_symbol(hit))
            if lib and not _known(log, link, lib) and not _elsewhere(log, hit, lib):
                found.setdefault(lib, []).append(hit)
        if "ssl" in found and "crypto" in found:  # OpenSSL's two libraries, of one cause
            found["ssl"] += found.pop("crypto")
        ordered = {lib: hits for lib, hits in found.items() if _order(log, lib, hits) is Naming.EARLY}
        for lib, hits in list((ordered or found).items())[: 1 if ordered else _MOST]:
            yield _finding(log, link, lib, hits)
        if found:
            return
        if finding := _all_early(log, link):
            yield finding
            return


#: What GNU libiconv's iconv.h calls its functions; a C library's own, and Apple's, have no such prefix.
_GNU_ICONV = r"_?libiconv(?:_open|_open_into|_close|ctl)?"


def _of_iconv(log: BuildLog, link: LinkStep, hits: list[Hit]) -> Finding:
    """Return the finding for code that GNU libiconv's header compiled, and another iconv is linked with."""
    return finding_from_hits(
        log,
        [*log.near(link.line, "link-failed"), *hits],
        "the code was compiled with GNU libiconv's iconv.h, and the system's own iconv is linked",
        "Linking fails: GNU's functions have the prefix libiconv, which the system's lack.",
        (
            Fix(
                "compile with the system's header: keep the folder of the other iconv.h out of the search",
                unset=("CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH"),
                notes="Look in CFLAGS and CPPFLAGS, too, for -I/opt/local/include (MacPorts), /usr/local/include, "
                "Homebrew's opt/libiconv or conda's include. Then compile again: cargo clean.",
            ),
            Fix(
                "or link the library of that header",
                notes="-L of the lib folder beside that include folder, before the system's, and -liconv. With Rust: "
                "RUSTFLAGS='-L native=FOLDER -l iconv'.",
            ),
        ),
    )


def _order(log: BuildLog, lib: str, hits: list[Hit]) -> Naming:
    """Return whether the command that make printed names *lib*: nothing is known of rustc's, and of a library's own."""
    shared = bool(re.search(_SHARED, hits[0].text))  # a library that should name what it needs itself
    return Naming.UNKNOWN if builds_rust(log) or shared else named_by_driver(log, hits[0].line, lib)


def _all_early(log: BuildLog, link: LinkStep) -> Finding | None:
    """Return the finding for a command that names all its libraries before the code, and then lacks any function."""
    undefined = [hit for hit in link.of("ld-undefined") if not log.near(hit.line, "link-trial", before=12, after=1)]
    if not undefined or link.wrong or link.missing or builds_rust(log) or re.search(_SHARED, undefined[0].text):
        return None
    libs = [lib for lib in early_libraries(log, undefined[0].line) if lib not in LIBC_PARTS and lib != "stdc++"]
    if not libs:
        return None
    symbol = _symbol(undefined[0]).partition("(")[0]
    named = " ".join(f"-l{lib}" for lib in libs[:3])
    own = Fix(f"if {symbol} is the project's own: add the file that defines it to the command")
    return finding_from_hits(
        log,
        undefined,
        f"the command names its libraries ({named}) before the code, and {symbol} stays undefined",
        f"Linking fails: undefined symbol {symbol}.",
        (_behind(libs[0]), own),
    )


def _behind(lib: str) -> Fix:
    return Fix(
        f"name -l{lib} behind the objects and archives that use it",
        notes="The linker reads from left to right, and with --as-needed, the default of Debian, Ubuntu and others, "
        "it drops a library that nothing before needs. In make: $(LDLIBS) after $(OBJS), and not in LDFLAGS.",
    )


def _symbol(hit: Hit) -> str:
    return hit.groups["symbol"].rstrip("'`\"")


def _elsewhere(log: BuildLog, hit: Hit, lib: str) -> bool:
    """Whether *hit* is of a trial, or of what another check knows: an archive without the C library, a foreign file."""
    if log.near(hit.line, "link-trial", before=12, after=1):
        return True
    if re.search(rf"\blib{re.escape(lib)}\.a\b", _referrer(log, hit)):
        return True  # the library's own archive misses a part of itself: it is linked
    if log.near(hit.line, "macos-foreign-file", before=60) or ("::" in hit.text and log.find("libcxx-wanted")):
        return True  # macos-file-other-processor, cxx-library-mismatch
    if lib not in LIBC_PARTS:
        return False
    target = log.target_at(hit.line)
    return in_archive(log, hit) or builds_rust(log) or (target is not None and target.libc == "musl")


def _referrer(log: BuildLog, hit: Hit) -> str:
    """Return what asks for the symbol, as lld and mold print it in the lines below."""
    return " ".join(one.text for one in log.near(hit.line, "ld-referrer", after=3))


def _finding(log: BuildLog, link: LinkStep, lib: str, hits: list[Hit]) -> Finding:
    symbol = _symbol(hits[0]).partition("(")[0]
    rust = builds_rust(log)
    complete = bool(log.near(link.line, "link-command", before=1, after=12))
    naming = _order(log, lib, hits)
    releases = release(symbol)
    of = f"OpenSSL {releases}" if releases else f"lib{lib}"
    state = {
        Naming.ABSENT: "which is not linked",
        Naming.EARLY: f"and -l{lib} comes before what uses it",
        Naming.NAMED: f"and the lib{lib} that is linked lacks it",
    }.get(naming, "which is not linked" if complete else "and no file that is linked has it")
    if rust:
        archive = next((match["archive"] for hit in hits if (match := re.search(_ARCHIVE, hit.text))), "")
        fixes = _fixes(lib, archive, complete)
        target = log.target_at(hits[0].line)
        windows = (target is not None and "windows" in target.triple) or "mingw" in " ".join(hit.text for hit in hits)
        if own := _OWN_COPY.get(lib):
            crate, feature = own
            fixes.insert(
                1 if archive else 0,
                Fix(
                    f"let the crate compile lib{lib} itself",
                    (Command(f"cargo add {crate} --features {feature}", FixStage.BUILD),),
                    notes="It needs a C compiler for the target. If your project depends on it through another crate, "
                    "this turns the feature on for both, as long as they use one version.",
                ),
            )
        if releases.startswith("before"):
            fixes = list(_OLD_OPENSSL)
        if windows:
            fixes = [
                fix._replace(notes=f"{_OF_WINDOWS} {fix.notes}") if fix.title == f"link lib{lib}" else fix
                for fix in fixes
            ]
    else:
        fixes = _of_make(lib, naming, releases, any(_symbol(hit) in _undeclared(log) for hit in hits), "::" in symbol)
    return finding_from_hits(
        log,
        [*log.near(link.line, "link-failed"), *hits],
        f"{symbol} is a function of {of}, {state}",
        f"Linking fails: undefined symbol {symbol}.",
        fixes,
    )


#: Where Rust's code is of the time before the OpenSSL that is linked.
_OLD_OPENSSL = (
    Fix(
        "update the crates that call OpenSSL: the one that is linked is newer, and has no such function any more",
        (Command("cargo update -p openssl-sys", FixStage.BUILD),),
        notes="And libgit2-sys, curl-sys and others that use it; `cargo tree -i openssl-sys` shows who needs them. "
        "openssl-sys 0.9 and libgit2-sys of 2018 and later know OpenSSL 1.1. For a program: take its newest release.",
    ),
    Fix(
        "give the build an OpenSSL 1.0",
        env=(("OPENSSL_DIR", "/path/to/openssl-1.0"),),
        notes="Distributions and Homebrew no longer have it: build it from source. It gets no fixes for security.",
    ),
)


def _undeclared(log: BuildLog) -> set[str]:
    """Return the functions that the headers did not declare either."""
    return {hit.groups["symbol"] for hit in log.find("undeclared-function")}


def _of_the_loader(log: BuildLog, hit: Hit, file: str) -> Finding:
    """Return the finding for a function of the dynamic loader, which comes with the C library only."""
    return finding_from_hits(
        log,
        [hit],
        f"{hit.groups['symbol'] or 'a function'} is in the C library's loader, {file}, which is not linked",
        "Linking fails. No program names the loader itself: libc names it.",
        (
            Fix(
                "link with the compiler, and the C library last",
                notes="gcc, and not ld; without -nostdlib, -nodefaultlibs and -Wl,--no-copy-dt-needed-entries. With "
                "archives behind the implicit -lc: -Wl,--no-as-needed -lc at the end (rustc: "
                "RUSTFLAGS='-C link-arg=-Wl,--no-as-needed,-lc').",
            ),
            Fix(
                "of a static link (-static, +crt-static): link no shared library",
                notes="A .so among the files brings the loader into a program that has none. Name its .a file, or link "
                "dynamically.",
            ),
        ),
    )


_SHARED = r"\.so[\d.]*: undefined reference"
_ARCHIVE = r"lib(?P<archive>[\w.+-]+)\.a\("
#: What CMake and Meson call a library that has no target of its own name.
_CMAKE = {
    "crypto": "find_package(OpenSSL REQUIRED), OpenSSL::Crypto",
    "ssl": "find_package(OpenSSL REQUIRED), OpenSSL::SSL",
    "pthread": "find_package(Threads REQUIRED), Threads::Threads",
    "gomp": "find_package(OpenMP REQUIRED), OpenMP::OpenMP_C",
    "dl": "${CMAKE_DL_LIBS}",
    "z": "find_package(ZLIB REQUIRED), ZLIB::ZLIB",
    "curl": "find_package(CURL REQUIRED), CURL::libcurl",
}
_BLAS = "OpenBLAS has it too (-lopenblas), and Debian's libblas has cblas's functions (-lblas). "
_ABOUT = {
    "cblas": _BLAS,
    "lapack": _BLAS,
    "intl": "On a Mac: brew install gettext, of the Homebrew for the build's processor (/opt/homebrew for "
    "arm64, /usr/local "
    "for x86-64), and no folders of the other one in CPATH, LDFLAGS and CPPFLAGS. ",
    "readline": "On a Mac -lreadline is Apple's libedit, which lacks some: brew install readline, and -L and -I of "
    "/opt/homebrew/opt/readline. ",
    "stdc++fs": "GCC 8 and older have std::filesystem apart. With GCC 9 and later: link with g++ of the version that "
    "compiled. ",
    "boost_system": "Boost 1.69 and later need no such library: compile everything with one Boost. ",
}
#: A crate that can compile the library itself, and its feature for that (the crates' Cargo.toml).
_OWN_COPY = {
    "sqlite3": ("rusqlite", "bundled"),
    "z": ("libz-sys", "static"),
    "ssl": ("openssl", "vendored"),
    "crypto": ("openssl", "vendored"),
    "curl": ("curl", "static-curl"),
    "git2": ("git2", "vendored-libgit2"),
    "pq": ("pq-sys", "bundled"),
    "mysqlclient": ("mysqlclient-sys", "bundled"),
    "lzma": ("lzma-sys", "static"),
    "bz2": ("bzip2-sys", "static"),
    "dbus-1": ("dbus", "vendored"),
    "usb-1.0": ("rusb", "vendored"),
}
_OF_WINDOWS = "The library has to be there for the Windows target: -L FOLDER of a lib*.a, or *.lib, for it."
_FLAG = {"pthread": "-pthread", "gomp": "-fopenmp", "gcov": "--coverage"}


def _by_make(lib: str) -> Fix:
    flag = _FLAG.get(lib, f"-l{lib}")
    cmake = _CMAKE.get(lib, "")
    found, _, name = cmake.rpartition(", ")
    before = f"{found}, then " if found else ""
    variable = f"LDFLAGS={flag}" if lib in _FLAG else f"LDLIBS={flag} or LIBS={flag}"
    return Fix(
        f"link lib{lib}",
        notes=f"{_ABOUT.get(lib, '')}{flag} behind the objects and libraries that use it. make, configure: {variable}; "
        f"CMake: {before}target_link_libraries(NAME PRIVATE {name or lib}); Extension of setuptools: "
        + (f'extra_compile_args and extra_link_args=["{flag}"].' if lib in _FLAG else f'libraries=["{lib}"].'),
    )


_CXX = (
    "Of a C++ library the names hold its release and types: another compiler, C++ standard or "
    "_GLIBCXX_USE_CXX11_ABI changes them. "
)


def _of_make(lib: str, naming: Naming, releases: str, undeclared: bool, cxx: bool) -> list[Fix]:
    """Return the fixes for a link without rustc: what its command shows decides which comes first."""
    order = _behind(lib)
    about = _CXX if cxx else ""
    place = "pkg-config --libs, -L and LIBRARY_PATH decide which file is linked: -Wl,--trace prints it."
    other = Fix(
        f"link the lib{lib} whose headers compiled the code",
        notes=f"A library of another release, or built without that part, lacks functions. {about}{place}",
    )
    if releases and undeclared:
        other = Fix(
            f"build with OpenSSL {releases}, or take a release of the program for the installed OpenSSL",
            notes="The installed headers do not declare the function either. `openssl version` prints the release.",
        )
    elif releases:
        other = Fix(
            "link the OpenSSL whose headers compiled the code",
            notes=f"The code asks for a function of OpenSSL {releases}: two installations may be mixed. {place}",
        )
    by_order = {
        Naming.ABSENT: [_by_make(lib)],
        Naming.EARLY: [order],
        Naming.NAMED: [order] if lib in LIBC_PARTS else [other] if releases else [other, order],
    }
    fixes = by_order.get(naming, [_by_make(lib), order if lib in LIBC_PARTS else other])
    if releases and other not in fixes:
        fixes.append(other)
    return [other, *(fix for fix in fixes if fix is not other)] if releases and undeclared else fixes


def _known(log: BuildLog, link: LinkStep, lib: str) -> bool:
    """Whether rustc's command names the library, or the linker missed or skipped it: then others know the cause."""
    if lib in link.missing or any(lib == skipped for skipped, _ in link.skipped) or link.wrong:
        return True
    return names_library(log, link, lib)


def _fixes(lib: str, archive: str, complete: bool) -> list[Fix]:
    fixes = [
        Fix(
            f"link lib{lib}",
            env=(("RUSTFLAGS", f"-l {lib}"),),
            notes=f'To keep it: println!("cargo:rustc-link-lib={lib}"); in build.rs. This variable replaces the '
            "rustflags of .cargo/config.toml.",
        ),
        Fix(
            "let the -sys crate's build script run",
            notes="Remove a [target.<triple>.<links>] table for it from .cargo/config.toml, and a variable such as "
            "ALSA_NO_PKG_CONFIG.",
        ),
    ]
    if not complete:  # the excerpt does not show the linker's command
        older = Fix(
            f"if the linker's command names it (-l{lib}): use a newer lib{lib}",
            notes="A library that is older than the code lacks its newer functions. The log does not show the command.",
        )
        fixes.insert(1, older)
    if archive:
        static = Fix(
            f"ask pkg-config for the libraries that lib{archive}.a uses",
            env=(("PKG_CONFIG_ALL_STATIC", "1"),),
        )
        fixes.insert(0, static)
    return fixes
