"""C code that is linked into a shared library was compiled without ``-fPIC``.

A Python extension and every ``cdylib`` is a shared library, which can be loaded at any address. Its code must be
position independent. C and C++ code that a build script compiles through make or CMake, or that comes as a prebuilt
``.a``, often is not. Rust's own code and code that the cc crate compiles always is.

How to fix: compile that code with ``-fPIC``: ``CFLAGS`` and ``CXXFLAGS`` for make,
``CMAKE_POSITION_INDEPENDENT_CODE=ON`` for CMake, ``--with-pic`` for configure scripts. Or use a newer release of the
crate.

References:
    https://gcc.gnu.org/onlinedocs/gcc/Code-Gen-Options.html (``-fPIC``)
    https://cmake.org/cmake/help/latest/variable/CMAKE_POSITION_INDEPENDENT_CODE.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    patterns=patterns_for(
        "not-pic",
        (
            "can not be used when making a",
            r"(?<![^\s:])(?P<file>[^\s:]+): relocation (?P<kind>R_\w+) against .{1,300}"
            r" can not be used when making a (?:shared|(?P<pie>PIE))",
        ),
        # a terminal broke the line
        (
            "relocation R_",
            r"(?<![^\s:])(?P<file>[^\s:]+): relocation (?P<kind>R_\w+) against .{1,300}; ?recompile with -fPIC",
            3,
        ),
        (
            "recompile with -fPI",
            r"(?:(?<![^\s:])(?P<file>(?=[^\s:]{0,300}[./])[^\s:]{1,600}): .{0,300})?"
            r"(?<!for -fpic, please )\brecompile with -fPI(?:C|(?P<pie>E))",
        ),
        ("recompile object files with", r"\brecompile object files with -fPIC\b"),  # lld to 8
        ("has dynamic relocations", r"ld: read-only segment has dynamic relocations"),
        ("used with -shared", r"relocation (?P<relocation>R_\w+) against .{1,300} cannot be used with -shared"),
        ("-z notext", r"relocation (?P<relocation>R_\w+) cannot be used against .{1,300}; recompile with -fPIC"),
    )
    + patterns_for(
        "shared-link",
        (" -shared", r"\s[\"']?-shared\b"),
        ('"-shared"', '"-shared"'),
        (" -dynamiclib", r"\s-dynamiclib\b"),
    )
    # lld names the file in the lines below
    + patterns_for(
        "not-pic-file",
        (">>> defined in", r">>> defined in (?P<file>\S{1,600})"),
        (" in archive ", r"^>>> .{1,600} in archive (?P<file>\S{1,600})$"),
    ),
)


_BELOW = 6  # lines from lld's message to the file that it is about
_WHY = "Linking fails: what can be loaded at any address needs position independent code."
_NO_PIE = Fix(
    "link the program at a fixed address",
    env=(("RUSTFLAGS", "-C relocation-model=static"),),
    notes="For programs and tests only, not for modules: rustc then passes -no-pie.",
)


def _into(hits: list[Hit]) -> str:
    """Return what the code is linked into, in words."""
    return "into a position independent program" if hits[0].groups["pie"] else "into a shared library"


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker reject code that is not position independent."""
    hits = [hit for hit in log.find("not-pic") if "against symbol 'errno'" not in hit.text]  # thread-local-mismatch
    if not hits:
        return
    named = [hit.groups["file"] for hit in hits if hit.groups["file"] and not re.search("lld$|:$", hit.groups["file"])]
    below = [place.groups["file"] for place in _places(log, hits)]
    file = next((one for one in (*named, *below) if ".a" in one), next(iter((*named, *below)), ""))
    archive = file.partition("(")[0].rpartition("/")[2]
    crate = (re.findall(r"^lib([\w-]+)-[0-9a-f]{16}\.rlib$", archive) or [""])[0].replace("_", "-")
    if re.match(r"libpython[\d.]+[a-z]*\.a$", archive):
        yield finding_from_hits(
            log,
            hits,
            f"{archive} is linked {_into(hits)}, and this Python was compiled without -fPIC",
            _WHY,
            (
                Fix(
                    "build with a Python that has a shared libpython",
                    notes="A distribution's own, or one that was configured with --enable-shared: pyenv does so with "
                    "PYTHON_CONFIGURE_OPTS=--enable-shared.",
                ),
                Fix(
                    "do not link libpython into the module",
                    notes="A module finds Python's functions in the interpreter. Old python3-config --libs and "
                    "setup.cfg may name it.",
                ),
                *((_NO_PIE,) if hits[0].groups["pie"] else ()),
            ),
        )
        return
    if any(_RUST in hit.text for hit in (*hits, *_places(log, hits))):
        yield _of_rust(log, hits)
        return
    if any("R_WASM_" in hit.text for hit in hits):
        yield _of_wasm(log, hits)
        return
    if file.endswith(".o") and not hits[0].groups["pie"] and not log.find("shared-link", "link-failed", "crate-failed"):
        yield _perhaps_a_program(log, hits, archive)
        return
    by_cargo = bool(crate) or bool(log.find("link-failed", "crate-failed", "crate-done"))
    target = log.target_at(hits[0].line) if by_cargo else None
    suffix = f"_{target.env_name}" if target else ""
    clean = f"`cargo clean -p {crate}`" if crate else "`cargo clean`" if by_cargo else "`make clean`"
    yield finding_from_hits(
        log,
        hits,
        f"C code in {archive or 'an object'} is linked {_into(hits)} but was compiled without -fPIC",
        _WHY,
        (
            Fix(
                "compile the C code with -fPIC",
                env=((f"CFLAGS{suffix}", "-fPIC"), (f"CXXFLAGS{suffix}", "-fPIC")),
                notes=f"Then {clean}, to recompile it. With CMake, set CMAKE_POSITION_INDEPENDENT_CODE=ON; with a "
                "configure script, --with-pic.",
            ),
            *((_NO_PIE,) if hits[0].groups["pie"] and by_cargo else ()),
            *((Fix(f"use a newer release of {crate or 'the crate'}, which may set -fPIC itself"),) if by_cargo else ()),
        ),
    )


def _perhaps_a_program(log: BuildLog, hits: list[Hit], name: str) -> Finding:
    """Return the finding for an object in a link whose command is not known: older linkers say the same of programs."""
    return finding_from_hits(
        log,
        hits,
        f"{name} was compiled without -fPIC or -fPIE, and is linked into a shared library or a position independent "
        "program",
        _WHY,
        (
            Fix(
                "of a program (no -shared in the command): link it without PIE",
                env=(("LDFLAGS", "-no-pie"),),
                notes="Debian, Ubuntu, Gentoo's hardened and other compilers link programs as PIE by default, and "
                "objects with -fno-pie, or of another compiler, do not fit that. gcc before 6 calls it -nopie in "
                "Gentoo. Of a build such as GCC's own: a later release passes -no-pie itself.",
            ),
            Fix(
                "of a shared library: compile the C code with -fPIC",
                env=(("CFLAGS", "-fPIC"), ("CXXFLAGS", "-fPIC")),
                notes="Then `make clean`, to recompile it. With CMake, set CMAKE_POSITION_INDEPENDENT_CODE=ON; with a "
                "configure script, --with-pic.",
            ),
        ),
    )


def _of_wasm(log: BuildLog, hits: list[Hit]) -> Finding:
    """Return the finding for a side module of Emscripten, as Pyodide loads: C's or Rust's code may be the one."""
    return finding_from_hits(
        log,
        hits,
        "an object without -fPIC is linked into a side module of Emscripten",
        _WHY,
        (
            Fix(
                "for Rust: build the standard library with the module",
                (
                    Command("rustup toolchain install nightly --component rust-src", FixStage.TOOLCHAIN),
                    Command("cargo +nightly build -Z build-std --target wasm32-unknown-emscripten", FixStage.BUILD),
                ),
                env=(("RUSTFLAGS", "-C relocation-model=pic -C link-arg=-sSIDE_MODULE=2"),),
                notes="Rust's own for this target was compiled without -fPIC. Pyodide names the nightly that fits: "
                "`pyodide config get rust_toolchain`.",
            ),
            Fix(
                "for C and C++: compile with -fPIC, the libraries too",
                env=(("CFLAGS", "-fPIC"), ("CXXFLAGS", "-fPIC")),
                notes="Then build again from nothing. Emscripten's ports: embuilder build --pic NAME.",
            ),
        ),
    )


_RUST = ".rcgu.o"


def _places(log: BuildLog, hits: list[Hit]) -> list[Hit]:
    """Return the lines in which lld names the files that *hits* are about."""
    return [place for hit in hits for place in log.near(hit.line, "not-pic-file", after=_BELOW)]


def _of_rust(log: BuildLog, hits: list[Hit]) -> Finding:
    """Return the finding for code that rustc compiled for a fixed address."""
    return finding_from_hits(
        log,
        hits,
        f"Rust code is linked {_into(hits)} but was compiled for a fixed address",
        _WHY,
        (
            Fix(
                "let rustc compile position independent code",
                env=(("RUSTFLAGS", "-C relocation-model=pic"),),
                notes="It is the default: look for relocation-model=static in RUSTFLAGS and .cargo/config.toml. Of "
                "another backend than LLVM: turn its own position independent code on.",
            ),
        ),
    )
