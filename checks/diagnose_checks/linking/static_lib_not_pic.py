"""C code was compiled without ``-fPIC``, and is to be linked into a shared library.

A Python extension and every ``cdylib`` is a shared library, which is loaded at any address. Code in it has to be
position independent. C and C++ that a crate's build script compiles by hand, through make or CMake, or that comes as
a ready-made ``.a``, often is not; Rust's own code, and what the cc crate compiles, always is.

How to fix: compile that code with ``-fPIC``: ``CFLAGS`` and ``CXXFLAGS`` for make,
``CMAKE_POSITION_INDEPENDENT_CODE=ON`` for CMake, ``--with-pic`` for configure scripts; or take a newer release of the
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
            r"(?P<file>[^\s:]+): relocation (?P<kind>R_\w+) against .{1,300} can not be used when making a shared",
        ),
        ("recompile with -fPIC", r"(?:(?P<file>[^\s:]+): )?.{0,300}\brecompile with -fPIC"),
        ("-z notext", r"relocation (?P<relocation>R_\w+) cannot be used against .{1,300}; recompile with -fPIC"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker refuse code that is not position independent."""
    hits = log.find("not-pic")
    if not hits:
        return
    file = next((hit.groups["file"] for hit in hits if hit.groups["file"]), "")
    archive = file.partition("(")[0].rpartition("/")[2]
    crate = re.sub(r"^lib|-[0-9a-f]{16}\.rlib$|\.(?:a|rlib|o)$", "", archive)
    target = log.target_at(hits[0].line)
    suffix = f"_{target.env_name}" if target else ""
    yield finding_from_hits(
        log,
        hits,
        f"C code in {archive or 'an object'} was compiled without -fPIC, and is linked into a shared library",
        "Linking stops: a shared library takes position independent code only.",
        (
            Fix(
                "compile the C code with -fPIC",
                env=((f"CFLAGS{suffix}", "-fPIC"), (f"CXXFLAGS{suffix}", "-fPIC")),
                notes=f"Then `cargo clean -p {crate.replace('_', '-')}`, so that it is compiled again. A build through "
                "CMake takes it from CMAKE_POSITION_INDEPENDENT_CODE=ON.",
            ),
            Fix(f"take a newer release of {crate.replace('_', '-') or 'the crate'}, which may compile it so itself"),
        ),
    )
