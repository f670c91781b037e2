"""An installed library is older than the one that the module was built against.

The module was linked against a newer version of the library: the loaded one lacks a function, or a version of its
interface (``OPENSSL_3.0.0``, ``CURL_OPENSSL_4``).

How to fix: install a newer version of that library; or build on a system with the old one; or bundle it in the wheel.

References:
    https://man7.org/linux/man-pages/man8/ld.so.8.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for
from diagnose_checks.runtime._triage import OWN_LIBRARY, unknown_symbols

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    log_kinds=("loader-undefined", "musl-relocating"),
    patterns=patterns_for(
        "version-wanted",
        (
            "version ",
            r"(?<![^\s(])(?=[^\s(]*lib[\w.+-]{1,60}\.so)(?P<file>[^\s(]+): version [`']"
            r"(?P<version>(?!GLIBC_|GLIBCXX_|CXXABI_|GCC_)[A-Z][\w.]*)' "
            r"not found(?: \(required by (?P<by>[^)]+)\))?",
        ),
    )
    + patterns_for(
        "version-not-defined",
        (
            "not defined in file",
            r"(?<![^\s:])(?P<by>[^\s:]+): symbol (?P<symbol>\w+),? version (?P<version>(?!GLIBC_\d)[A-Z][\w.]*) "
            r"not defined in file (?P<file>\S{1,200})",
        ),
    )
    + patterns_for(
        "bsd-version-wanted",
        (
            " required by ",
            r"(?<![^\s:])(?P<file>[^\s:]+\.so[\w.]{0,40}): version (?P<version>[A-Z][\w.]*) required by "
            r"(?P<by>\S{1,300}) not "
            r"(?:found|defined)",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader miss an interface's version, or a system program miss a function."""
    wanted = [hit for hit in log.find("version-wanted") if not log.near(hit.line, "tool-shadowed", before=0, after=0)]
    for hit in wanted[:1]:
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['file']} has no {hit.groups['version']}: it is older than the linked one",
            "It cannot be loaded.",
            list(OWN_LIBRARY) if "/lib-dynload/" in hit.groups["by"] else _fixes(),
        )
        return
    for hit in log.find("version-not-defined")[:1]:
        if hit.groups["version"] == "GLIBC_PRIVATE":
            yield _of_two_libcs(log, hit, hit.groups["by"])
            return
        yield finding_from_hits(
            log,
            [hit],
            f"the loaded {hit.groups['file']} has no {hit.groups['symbol']} of {hit.groups['version']}: it is too old",
            "It cannot be loaded.",
            list(OWN_LIBRARY) if "/lib-dynload/" in hit.groups["by"] else _fixes(),
        )
        return
    for hit in log.find("bsd-version-wanted")[:1]:
        system = hit.groups["version"].startswith("FBSD_")
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['file'].rpartition('/')[2]} has no {hit.groups['version']}: "
            + (
                "this FreeBSD is older than the one that it was built on"
                if system
                else "it is older than the linked one"
            ),
            "It cannot be loaded.",
            [
                Fix(
                    "upgrade FreeBSD, or take the package for this release",
                    notes="Packages are built for the oldest supported minor release: freebsd-version shows this one.",
                )
            ]
            if system
            else _fixes(),
        )
        return
    for hit in unknown_symbols(log):
        versioned = hit.groups["version"] and not hit.groups["version"].isdigit()
        if hit.groups["version"] == "GLIBC_PRIVATE":
            yield _of_two_libcs(log, hit, hit.groups["file"])
            return
        if versioned and not log.near(hit.line, "tool-shadowed"):
            yield finding_from_hits(
                log,
                [hit],
                f"the loaded library has no {hit.groups['symbol']} of {hit.groups['version']}: it is too old",
                "It cannot be loaded.",
                _fixes(),
            )
            return


def _of_two_libcs(log: BuildLog, hit: Hit, file: str) -> Finding:
    """Return that one part of glibc does not find what it needs of another, which both share."""
    return finding_from_hits(
        log,
        [hit],
        f"{file} is of another glibc than the one that runs: parts of two are mixed",
        "It cannot be loaded.",
        [
            Fix(
                "keep the folder of the other glibc off the search path",
                unset=("LD_LIBRARY_PATH", "LD_PRELOAD"),
                notes=_MIXED,
            )
        ],
    )


def _fixes() -> list[Fix]:
    return [
        Fix(
            "install a newer version of the library",
            notes="`ldd FILE` shows which copy is loaded; it may not be the system's.",
        ),
        Fix("build on a system with the old one, or bundle the library in the wheel"),
    ]


_MIXED = (
    "A program that a snap started (a terminal in an editor) inherits more: `unset GTK_PATH GIO_MODULE_DIR LOCPATH`. "
    "`LD_DEBUG=libs PROGRAM` shows who asks for the file."
)
