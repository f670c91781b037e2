"""A static library was compiled for a newer glibc than the linker uses.

Objects in a ``.a`` name functions of libc without a version. Headers of a newer glibc turn ordinary calls into names
that an older one does not have: with the headers of 2.38, ``strtol`` becomes ``__isoc23_strtol``. A library that was
built on a newer system, often one that a ``-sys`` crate downloads, then does not link on an older one.

How to fix: build on a system whose glibc is at least as new as the library's, let the crate compile the library from
source, or use a release of it that was built on an older system. glibc itself cannot be replaced.

References:
    https://sourceware.org/glibc/wiki/Release/2.38
    https://sourceware.org/git/?p=glibc.git;a=blob;f=NEWS
"""

from __future__ import annotations

from diagnose.authoring.libc_demands import glibc_since
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.tables.libc_releases import named_releases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LINK, log_kinds=("ld-undefined",))


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker report functions of libc as undefined that a certain glibc introduced."""
    for link in log.links:
        target = link.target or log.target_at(link.line)
        if (
            (target is not None and target.libc == "musl")
            or "musl" in f"{link.program} {link.ld}"
            or log.find("zig-note")
            or "conda" in f"{link.program} {link.ld}"  # conda-sysroot-too-old
            or log.near(link.line, "ld-musl", before=30)
        ):
            continue
        wanted = [(glibc_since(hit.groups["symbol"].rstrip("'`")), hit) for hit in link.of("ld-undefined")]
        hits = [hit for since, hit in wanted if since]
        if (
            not hits
            or len(hits) * 2 < len(wanted)
            or any(
                word in hit.text
                for hit in link.hits
                for word in ("musl", "compiler_builtins")  # the latter: outline-atomics-missing
            )
        ):
            continue
        since = max(since for since, _ in wanted)
        version = ".".join(map(str, since))
        symbol = next(hit for highest, hit in wanted if highest == since).groups["symbol"].rstrip("'`")
        here = _here(log, link.line)
        if here and here >= since:
            continue
        whose = f"{', which has glibc ' + '.'.join(map(str, here)) if here else ''}"
        yield finding_from_hits(
            log,
            hits,
            f"a static library was compiled for glibc {version} or later ({symbol}), but this system's is older{whose}",
            "Linking fails. No linker option finds these symbols.",
            (
                Fix(
                    f"build on a system with glibc {version} or later",
                    notes=f"For example {_first(since)}. The output then needs that glibc at run time as well.",
                ),
                Fix("let the crate compile the library from source, or use a release for older systems"),
            ),
        )
        return


def _here(log: BuildLog, line: int) -> tuple[int, ...]:
    """Return the glibc of the distribution that the log names; () if it names no known one."""
    distro = log.distro_at(line)
    name = f"{distro.id.capitalize()} {distro.version}"
    return next((release.glibc for release in named_releases() if release.label == name), ())


def _first(since: tuple[int, ...]) -> str:
    return next(
        (release.label for release in named_releases() if release.glibc >= since), "a distribution of this year"
    )
