"""The module uses functions of a library that it does not name among those that it needs.

A shared library may be linked with undefined functions; whoever loads it has to have them. If the library that holds
them is not in its list of needed libraries (it was not on the linker's command line, stood before its user there, or
was dropped by ``--as-needed``), the loader does not load it, and the first call or the import fails.

How to fix: link the library, after the objects that use it; for Rust, let its build script say
``cargo:rustc-link-lib``. ``readelf -d FILE`` shows what is needed.

References:
    https://wiki.gentoo.org/wiki/Project:Quality_Assurance/As-needed
    https://doc.rust-lang.org/cargo/reference/build-scripts.html#rustc-link-lib
"""

from __future__ import annotations

from diagnose.authoring.libc_demands import glibc_only_symbols
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose_checks.runtime._triage import unknown_symbols, wheel_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LATER)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader miss a plain function in a module of a wheel or in a program of one's own."""
    for hit in unknown_symbols(log)[:1]:
        file, symbol = hit.groups["file"], hit.groups["symbol"]
        if hit.groups["version"] or (file.startswith(("/usr/bin/", "/usr/sbin/")) and not wheel_file(file)):
            continue  # a version's name, or the system's own program: runtime-lib-too-old, container-lib-shadowing
        if log.near(hit.line, "tool-shadowed", before=30, after=30):
            continue
        if hit.kind == "musl-relocating" and any(other.groups["file"] == file for other in glibc_only_symbols(log)):
            continue  # a file for glibc: glibc-binary-on-musl
        yield finding_from_hits(
            log,
            [hit],
            f"{file.rpartition('/')[2]} uses {symbol}, and no library that it names has it",
            "It cannot be loaded.",
            [
                Fix(
                    f"link the library that holds {symbol}",
                    notes="It has to stand after its users. `readelf -d` of the file shows what is named.",
                ),
                Fix("if it is named there, install a version that is new enough to have it"),
            ],
        )
