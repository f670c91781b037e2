"""The wheel's files are linked with another C library than its tag names.

``manylinux`` means glibc, ``musllinux`` means musl. A file that needs ``libc.so.6`` cannot be loaded where only musl is
installed, and a file that needs ``libc.musl-x86_64.so.1`` cannot be loaded on a glibc system. Whether the repair tools
reject such a wheel depends on the machine that they run on.

A file can also be linked with musl and still need functions that only glibc has (``__isoc23_strtol``, ``__memcpy_chk``,
``__cxa_thread_atexit_impl``), because one of its objects was compiled with glibc's headers. musl resolves all symbols
at load time, so the import fails as well. auditwheel does not check that.

The causes are glibc objects or a glibc Python in a build for musl, a prebuilt library that was copied in, and a wheel
that was renamed by hand.

How to fix: build the wheel, and every library in it, for its C library: in a musllinux or a manylinux container, or for
the ``-musl`` or ``-gnu`` target with a compiler for that target.

References:
    https://peps.python.org/pep-0656/
    https://peps.python.org/pep-0600/
"""

from __future__ import annotations

from diagnose.authoring.libc_demands import glibc_only_symbols
from diagnose.authoring.loader_words import MUSL
from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import bounded, has_elf, linux_tags, reachable_members, role, runs_as, some
from diagnose.authoring.wheel_libraries import needing
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity
from diagnose.model.pattern import patterns_for
from diagnose.model.targets import TARGETS
from diagnose.policies import systems
from diagnose_checks.wheel._triage import library, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(
    since="0.1.0",
    needs="tags",
    applies=has_elf,
    aliases=("glibc-symbol-in-musl-wheel",),
    log_kinds=("audit-forbidden", "musl-relocating"),
    patterns=patterns_for(
        "audit-two-libcs",
        (
            "but the libc is already set",
            r"found a dependency on (?P<one>\w+) but the libc is already set to (?P<other>\w+)",
        ),
    ),
)

_FAMILY = {"glibc": "manylinux", "musl": "musllinux"}


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See files of the wheel's architecture that need another C library than some or all of its tags promise."""
    tags = [tag for _, tag in linux_tags(wheel) if tag.libc]
    promised = {tag.libc for tag in tags}
    files = [elf for elf in wheel.elves if elf.libc and any(runs_as(elf, tag.arch) for tag in tags)]
    found = {elf.libc for elf in files}
    for libc in sorted(promised):
        wrong = [elf for elf in files if elf.libc != libc]
        # With files for both, only files that are certainly loaded and have no counterpart for this libc count.
        if libc in found:
            certain = reachable_members(wheel)
            names = {_module(elf) for elf in files if elf.libc == libc}
            wrong = [elf for elf in wrong if elf.path in certain and elf.is_extension and _module(elf) not in names]
        if wrong:
            yield _finding(wheel, libc, wrong)
    android = [one for platform in wheel.platforms if (one := systems.system(platform)) and one.name == "Android"]
    if android and len(android) == len(wheel.platforms):
        yield from _android(wheel)
    if "musl" in promised:
        yield from _glibc_functions(wheel, [elf for elf in files if elf.libc == "musl"])


def _android(wheel: Wheel) -> Iterator[Finding]:
    """See files in a wheel for Android that need the C library of a Linux distribution."""
    names = re.compile(r"libc\.so\.6|ld-linux.*|libc\.musl-.*|ld-musl-.*")
    found = needing(wheel.elves, lambda name: names.fullmatch(name) is not None)
    if found:
        first, name = found[0]
        yield Finding(
            f"is tagged {some(list(wheel.platforms), 2)}, but its files are linked with {first.libc or 'another libc'}",
            Severity.ERROR,
            bounded(Evidence(f"needs {name}", elf.path) for elf, name in found),
            f'on Android the import fails: dlopen failed: library "{name}" not found',
            (
                Fix(
                    "build it with Android's NDK",
                    notes="cibuildwheel with platform android, or maturin for a -linux-android target.",
                ),
            ),
        )


def _module(elf: Elf) -> str:
    return elf.path.rpartition("/")[0] + "/" + elf.name.partition(".")[0]


def _finding(wheel: Wheel, libc: str, wrong: list[Elf]) -> Finding:
    tags = some([text for text, tag in linux_tags(wheel) if tag.libc == libc], 2)
    other = wrong[0].libc
    soname = next((n for n in wrong[0].needed if n.startswith("libc.")), wrong[0].interp or "libc.so.6")
    meets = (
        "ld-linux…: No such file or directory, or Error relocating …: symbol not found" if libc == "musl" else soname
    )
    return Finding(
        f"is tagged {tags}, which means {libc}, but its files are linked with {other}",
        Severity.ERROR,
        bounded(Evidence(f"{role(wheel, elf)}: {_why(elf)}", elf.path) for elf in wrong),
        f"on {libc} systems the import fails: {soname}: cannot open shared object file"
        if libc == "glibc"
        else f"on musl systems (Alpine) the import fails: Error loading shared library {soname}, or {meets}",
        (
            Fix(f"build it for {libc}", notes=_build(libc, wheel.verdict.arch)),
            Fix(f"tag it as {_FAMILY[other]}, if that was intended"),
        ),
    )


# Functions that glibc's headers redirect ordinary calls to (C23 parsing, _FORTIFY_SOURCE), and others of glibc only.
_GLIBC_ONLY = re.compile(
    r"__isoc23_\w+|__cxa_thread_atexit_impl|__libc_single_threaded|gnu_get_libc_(?:version|release)"
    r"|__(?:v?(?:s|f|sn|as|d)?printf|mem(?:p?cpy|move|set)|st[rp]n?c(?:py|at)|strncat|f?gets|f?read"
    r"|realpath|getcwd|longjmp)_chk"
)


def _glibc_functions(wheel: Wheel, files: list[Elf]) -> Iterator[Finding]:
    found = [
        (elf, names)
        for elf in files
        if not any("gcompat" in name for name in elf.needed)
        and (names := [name for name in elf.undefined if _GLIBC_ONLY.fullmatch(name)])
    ]
    if found:
        every = sorted({name for _, names in found for name in names})
        elf, names = found[0]
        yield Finding(
            f"is linked with musl, but needs functions that only glibc has: {some(every)}",
            Severity.ERROR,
            bounded(Evidence(f"{role(wheel, elf)}: undefined {some(names)}", elf.path) for elf, names in found),
            f"on musl systems (Alpine) the import fails: Error relocating {elf.name}: {names[0]}: symbol not found",
            (
                Fix(
                    "compile every object with musl's headers",
                    notes="A prebuilt static library or object is the usual cause.",
                ),
            ),
        )


def _why(elf: Elf) -> str:
    for name in elf.needed:
        if name == "libc.so" or name.startswith(("libc.", "ld-")):
            return f"needs {name}"
    return f"has the loader {elf.interp}" if elf.interp else f"needs {elf.libc} versions"


def _build(libc: str, arch: str) -> str:
    triple = next((row.triple for row in TARGETS if (row.wheel, row.libc) == (arch, libc)), "")
    rust = f", or for Rust: maturin build --release --target {triple}" if triple else ""
    alone = ". maturin's --compatibility alone changes only the tag" if libc == "musl" and triple else ""
    return f"In a {_FAMILY[libc]} container{rust}{alone}."


def log(log: BuildLog) -> Iterator[Finding]:
    """See musl miss a glibc function, maturin audit a musl wheel as manylinux, auditwheel meet two C libraries."""
    for hit in log.find("audit-two-libcs")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            "a file of the wheel needs the libraries of both glibc and musl",
            "auditwheel writes no wheel. No system has both.",
            (
                Fix(
                    "build the wheel, and every library in it, in one container: manylinux or musllinux",
                    (Command("python3 -m zipfile -l WHEEL", FixStage.BUILD),),
                    notes="`readelf -d FILE | grep NEEDED` shows which file needs libc.so.6 and libc.musl-….so.1. A "
                    "library that was compiled on the other system, or a build folder shared by two containers, is "
                    "the usual cause.",
                ),
            ),
        )
    for hit in log.find("audit-forbidden"):
        names = [library(entry) for entry in listed(hit.groups["libs"])]
        if names and all(MUSL.match(name) for name in names):
            yield finding_from_hits(
                log,
                [hit],
                f"the wheel is linked with musl ({names[0]}), but maturin audits it as manylinux",
                "maturin writes no wheel. It supports musllinux from 0.12 on.",
                (
                    Fix(
                        "update maturin, which tags it musllinux",
                        (Command("python3 -m pip install --upgrade maturin", FixStage.TOOLCHAIN),),
                    ),
                    Fix("for glibc systems, build it in a manylinux container"),
                ),
            )
            return
    hits = [hit for hit in glibc_only_symbols(log) if "musl" in hit.groups["file"]]
    if hits:
        name = hits[0].groups["file"].rpartition("/")[2]
        yield finding_from_hits(
            log,
            hits,
            f"{name} is built for musl, but needs {hits[0].groups['symbol']}, which only glibc has",
            "It cannot be loaded. The audit does not detect that: musl has no symbol versions.",
            (Fix("compile every object with musl's headers", notes="A prebuilt static library is the usual cause."),),
        )
