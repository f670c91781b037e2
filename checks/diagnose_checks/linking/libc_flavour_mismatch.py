"""The library is built for another C library than the target's: glibc for a musl target, or the reverse.

A distribution builds its packages for its own C library. A musl target on Debian, Ubuntu or in the rust-musl-cross
images (which are Ubuntu) cannot use them. The link fails with undefined ``__memcpy_chk``, ``__isoc23_strtol`` or
``...@GLIBC_2.17``, or it passes and the program crashes at start.

How to fix: build the library for the target's C library; a crate's ``vendored`` feature does this. Or build on a
distribution that uses this C library: Alpine or the musllinux images for musl.

References:
    https://wiki.musl-libc.org/faq.html (mixing glibc and musl)
    https://github.com/rust-cross/rust-musl-cross
"""

from __future__ import annotations

from diagnose.authoring.link_step import other_libc
from diagnose.authoring.log import advise, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.remedies.libraries import install_fixes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(since="0.1.0", phase=Phase.LINK, log_kinds=("ld-undefined",), env_facts=("other_libc_files",))


def env(env: Environment) -> Iterator[Finding]:
    """See whether a library needs the other C library."""
    reported = set()
    for library, file in env.other_libc_files:
        if file.accepted is False or library.module in reported:
            continue
        reported.add(library.module)
        yield Finding(
            message=f"{file.path} is built for {file.libc}, but {env.target.triple} is a {env.target.libc} target",
            severity=Severity.ERROR,
            evidence=(Evidence(f"needs {file.libc}", file.path),),
            consequence=(
                "Linking fails with undefined symbols of the other C library, or the output cannot be loaded."
            ),
            fixes=install_fixes(env, library.module),
        )


def log(log: BuildLog) -> Iterator[Finding]:
    """See a build for one C library miss the functions of the other."""
    for link in log.links:
        hits = other_libc(log, link)
        if not hits:
            continue
        named = log.target_at(link.line)  # a linker for glibc can link for musl
        target = named if named is not None and named.libc == "musl" else link.target or named
        symbol = hits[0].groups["symbol"].rstrip("'")
        yield finding_from_hits(
            log,
            hits,
            f"code linked for {target.triple if target else 'musl'} was compiled for another C library: {symbol}",
            "Linking fails.",
            advise(log, link.line, _own),
        )
        return


def _own(env: Environment) -> list[Fix]:
    name = f"CC_{env.target.env_name}"
    return [
        Fix(
            "compile the C parts with musl's own compiler",
            env=((name, f"{env.target.gnu}-gcc"),),
            notes="The rust-musl-cross images, Alpine and zig have one. Packages of a glibc system are incompatible.",
        )
    ]
