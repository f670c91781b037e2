"""Alpine's repositories are inconsistent: a package requires a library version that none of them has.

The package exists, but was built against a library (``so:libX.so.N``) of another release. That happens while ``edge``
is being rebuilt, or when repositories of a stable release and of ``edge`` are mixed.

How to fix: use repositories of one release only. On ``edge``, try again later.

References:
    https://wiki.alpinelinux.org/wiki/Repositories
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose_checks.apk._triage import VIRTUAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_BREAKS = (
    "breaks: ",
    rf"(?:(?<!\S)(?P<old>[\w.+-]{{1,100}}): )?breaks: (?!world\[|{VIRTUAL})(?P<by>[\w+][\w.+-]{{0,100}})"
    r"\[(?P<needs>[\w.+-]{1,100}[=~][^\]]{1,100})\]",
    2,
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for("apk-breaks", _BREAKS)
    + patterns_for("apk-release", ("/alpine/", r"^fetch \S{1,200}/alpine/(?P<release>edge|v[\d.]+)/")),
    log_kinds=("apk-unknown", "apk-wanted-by", "ld-undefined"),
)
leads_to = blocks_later_installs


def log(log: BuildLog) -> Iterator[Finding]:
    """See apk miss a library that a package, not the user, requires."""
    yield from _at_link(log)
    for hit in log.find("apk-breaks")[:1]:
        old, needs = hit.groups["old"], hit.groups["needs"]
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['by']} needs {needs}, and {old or 'an older one'} is installed or asked for",
            "apk installs none of the requested packages.",
            [
                *_one_release(log, hit.line),
                Fix(
                    "bring the installed packages to the repository's versions first",
                    (Command("apk upgrade --no-cache", FixStage.UPDATE),),
                    notes="In the same RUN, or with a newer base image. A version in /etc/apk/world (name=version) "
                    "keeps a package back: remove it there.",
                ),
            ],
        )
        return
    for hit in log.find("apk-unknown"):
        wanted = log.near(hit.line, "apk-wanted-by", after=2)[:1]
        if hit.groups["package"].startswith("so:") and wanted and "world[" not in wanted[0].groups["by"]:
            yield finding_from_hits(
                log,
                [hit, *wanted],
                f"{wanted[0].groups['by']} needs {hit.groups['package'].removeprefix('so:')}, which no repository has",
                "apk installs none of the requested packages.",
                [
                    Fix(
                        "use the repositories of one release",
                        notes="/etc/apk/repositories: all lines v3.N, or all edge. On edge, try again later.",
                    )
                ],
            )
            return


def _one_release(log: BuildLog, line: int) -> list[Fix]:
    """Return the fix for repositories of several releases, if apk fetches such shortly before *line*."""
    notes = log.near(line, "apk-release", before=12, after=0)
    if len({note.groups["release"] for note in notes}) < 2:
        return []
    return [
        Fix(
            "use the repositories of one release",
            notes="/etc/apk/repositories, and --repository: all lines v3.N, or all edge. An image of alpine:edge for "
            "packages that only edge has.",
        )
    ]


#: Functions that musl has got since 2018, which libraries of newer releases of Alpine use: its release notes.
_OF_NEWER_MUSL = (
    r"(?:getrandom|getentropy|explicit_bzero|memfd_create|mlock2|glob64|secure_getenv|renameat2|reallocarray|gettid"
    r"|copy_file_range|qsort_r|pthread_getname_np|tcgetwinsize|statx|preadv2|pwritev2)$"
)


def _at_link(log: BuildLog) -> Iterator[Finding]:
    """See a library of the system want a function of the C library that the installed musl lacks."""
    for link in log.links:
        for hit in link.of("ld-undefined"):
            file = hit.groups["file"]
            symbol = hit.groups["symbol"].rstrip("'`\"")
            if not re.match(r"\S*/usr/lib/lib[^/]+\.so", file) or not re.match(_OF_NEWER_MUSL, symbol):
                continue
            distro = log.distro_at(hit.line)
            if "alpine" in f"{link.ld} {hit.text}" or distro.id == "alpine":
                name = file.rpartition("/")[2]
                yield finding_from_hits(
                    log,
                    [hit],
                    f"{name} needs {symbol}, which this musl lacks: packages of two releases are mixed",
                    "Linking fails, or programs do not start.",
                    [
                        Fix(
                            "use the repositories of one release, and bring everything to it",
                            (Command("apk upgrade --available", FixStage.UPDATE),),
                            notes="/etc/apk/repositories: all lines v3.N, or all edge; no @edge or --repository of "
                            "another release. A newer image of the wanted release is cleaner.",
                        )
                    ],
                )
                return
