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

import re

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    patterns=patterns_for(
        "not-pic",
        (
            "can not be used when making a",
            r"(?<![^\s:])(?P<file>[^\s:]+): relocation (?P<kind>R_\w+) against .{1,300}"
            r" can not be used when making a shared",
        ),
        # a terminal broke the line
        (
            "relocation R_",
            r"(?<![^\s:])(?P<file>[^\s:]+): relocation (?P<kind>R_\w+) against .{1,300}; ?recompile with -fPIC",
            3,
        ),
        ("recompile with -fPIC", r"(?:(?<![^\s:])(?P<file>[^\s:]*[./][^\s:]*): .{0,300})?\brecompile with -fPIC"),
        ("-z notext", r"relocation (?P<relocation>R_\w+) cannot be used against .{1,300}; recompile with -fPIC"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker reject code that is not position independent."""
    hits = log.find("not-pic")
    if not hits:
        return
    file = next((hit.groups["file"] for hit in hits if hit.groups["file"]), "")
    archive = file.partition("(")[0].rpartition("/")[2]
    crate = (re.findall(r"^lib([\w-]+)-[0-9a-f]{16}\.rlib$", archive) or [""])[0].replace("_", "-")
    if re.match(r"libpython[\d.]+[a-z]*\.a$", archive):
        yield finding_from_hits(
            log,
            hits,
            f"{archive} is linked into a module, and this Python was compiled without -fPIC",
            "Linking fails: a shared library needs position independent code.",
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
            ),
        )
        return
    by_cargo = bool(crate) or bool(log.find("link-failed", "crate-failed", "crate-done"))
    target = log.target_at(hits[0].line) if by_cargo else None
    suffix = f"_{target.env_name}" if target else ""
    clean = f"`cargo clean -p {crate}`" if crate else "`cargo clean`" if by_cargo else "`make clean`"
    yield finding_from_hits(
        log,
        hits,
        f"C code in {archive or 'an object'} is linked into a shared library but was compiled without -fPIC",
        "Linking fails: a shared library needs position independent code.",
        (
            Fix(
                "compile the C code with -fPIC",
                env=((f"CFLAGS{suffix}", "-fPIC"), (f"CXXFLAGS{suffix}", "-fPIC")),
                notes=f"Then {clean}, to recompile it. With CMake, set CMAKE_POSITION_INDEPENDENT_CODE=ON; with a "
                "configure script, --with-pic.",
            ),
            *((Fix(f"use a newer release of {crate or 'the crate'}, which may set -fPIC itself"),) if by_cargo else ()),
        ),
    )
