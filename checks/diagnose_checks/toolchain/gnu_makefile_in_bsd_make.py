"""BSD's make reads a Makefile that is written for GNU make.

On FreeBSD, OpenBSD, NetBSD and DragonFly ``make`` is BSD's. It knows neither ``ifeq`` and ``define`` nor most functions
of GNU make, and stops at the first line that it cannot read: "Need an operator", "Missing dependency operator",
"Invalid line type". Build scripts of packages, gems and crates often call plain ``make``.

How to fix: install GNU make, which is called ``gmake`` there, and let the build call it: ``MAKE=gmake``.

References:
    https://docs.freebsd.org/en/books/porters-handbook/special/#using-gmake
    https://www.gnu.org/software/make/manual/html_node/Conditional-Syntax.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_WHERE = r"\"(?P<file>[^\"]{1,300})\",? line (?P<line>\d{1,7}): "
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "bsd-make",
        ("Need an operator", rf"^(?:b?make(?:\[\d+\])?: )?{_WHERE}Need an operator"),
        ("Missing dependency operator", rf"^(?:b?make(?:\[\d+\])?: )?{_WHERE}Missing dependency operator"),
        ("Invalid line ", rf"^(?:b?make(?:\[\d+\])?: )?{_WHERE}Invalid line "),
        ("Malformed conditional", rf"^(?:b?make(?:\[\d+\])?: )?{_WHERE}Malformed conditional"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See BSD's make refuse lines of a Makefile."""
    hits = log.find("bsd-make")
    if not hits:
        return
    first = hits[0].groups
    yield finding_from_hits(
        log,
        hits[:3],
        f"make here is BSD's, and {first['file']} is written for GNU make: it cannot read line {first['line']}",
        "Nothing is compiled.",
        (
            Fix(
                "let the build call GNU make",
                (Command("pkg install -y gmake", FixStage.PACKAGES),),
                env=(("MAKE", "gmake"),),
                notes="OpenBSD: pkg_add gmake; NetBSD: pkgin install gmake. gem and other installers take the variable "
                "MAKE (or make); a build script that calls `make` by its name needs a folder first on PATH in which "
                "make is a link to gmake.",
            ),
            Fix(
                "if a configure script wrote it: look at its first error",
                notes="A variable or a file that it left empty makes such lines, too (config.log).",
            ),
        ),
    )
