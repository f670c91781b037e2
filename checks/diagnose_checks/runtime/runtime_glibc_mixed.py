"""A library of one system is loaded by a program of another, whose glibc is older.

Nix and Guix give each program a glibc of its own, and snaps bring the one of their base. A library from elsewhere must
not need a newer one: of a later revision of nixpkgs (in ``LD_PRELOAD``, or in a virtual environment that an earlier
``python3`` made), of the system around (in ``LD_LIBRARY_PATH``), or of Nix in a program of the system. The loader names
both paths.

How to fix: take the program and the library from the same place, of the same revision.

References:
    https://nix.dev/guides/faq.html
    https://guix.gnu.org/manual/en/html_node/Invoking-guix-shell.html
    https://snapcraft.io/docs/classic-confinement
"""

from __future__ import annotations

from diagnose.authoring.libc_demands import demander, home_of
from diagnose.authoring.log import distinct, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LATER, log_kinds=("glibc-wanted", "glibcxx-wanted"))

_NOTHING_ELSE = Fix(
    "let no variable add libraries from elsewhere",
    unset=("LD_PRELOAD", "LD_LIBRARY_PATH"),
    notes="Where something sets them on purpose, it has to name libraries of the program's own revision.",
)
_BY_HOME = {
    "Nix": Fix(
        "take the program and its libraries from one revision of nixpkgs, and make virtual environments again",
        notes="One `nixpkgs` input in flake.lock, which the others follow; no channel beside it. A .venv keeps the "
        "python3 that made it: remove it after each update.",
    ),
    "Guix": Fix(
        "take the program and its libraries from one revision of Guix, with nothing of the system around",
        (Command("guix shell --pure -m manifest.scm", FixStage.BUILD),),
        notes="Update all profiles together: guix pull, guix package --upgrade.",
    ),
    "a snap": Fix(
        "start it outside the snap",
        notes="A terminal inside a program that is a snap, as Visual Studio Code can be, passes the snap's variables "
        "on: open another one.",
    ),
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader give a glibc of one place to a library of another, or of another revision."""
    hits = [hit for hit in log.find("glibc-wanted", "glibcxx-wanted") if demander(hit) == "stranger"]
    if hits:
        found, by = hits[0].groups["libc"], hits[0].groups["by"]
        homes = [home_of(found), home_of(by)]
        other = f"another revision of {homes[0]}" if homes[0] == homes[1] else homes[1]
        runtime = found.rpartition("/")[2].partition(".so")[0]
        yield finding_from_hits(
            log,
            [hits[0], *distinct(hits, "by")],
            f"{by.rpartition('/')[2]}, of {other}, needs a newer {runtime} than the program's, of {homes[0]}",
            "It cannot be loaded.",
            [*(_BY_HOME[home] for home in dict.fromkeys(homes) if home in _BY_HOME), _NOTHING_ELSE],
        )
