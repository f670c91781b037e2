"""make wants to run the automake that made the build files, and another version is installed, or none.

``Makefile.in``, ``aclocal.m4`` and ``configure`` carry the version of automake that made them. If one of their sources
seems newer, make runs ``missing aclocal-1.16`` to make them again. git gives all files the time of the checkout, so
they often seem newer although nothing was changed. Other versions of automake do not have programs of that name.

How to fix: make the build files again with the automake that is installed: ``autoreconf -fi``, then ``configure``.

References:
    https://www.gnu.org/software/automake/manual/html_node/CVS.html
    https://www.gnu.org/software/automake/manual/html_node/maintainer_002dmode.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "automake-version",
        ("is missing on your system", r"'(?P<tool>(?:aclocal|automake)-(?P<version>1\.\d+))' is missing on your"),
        (
            "version mismatch",
            r"version mismatch\. {1,2}This is (?P<tool>[Aa]utomake) \S+",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See make not find the automake that made its files, or find another one."""
    hits = log.find("automake-version")
    if not hits:
        return
    said = hits[0].groups
    what = f"{said['tool']} is not installed" if said["version"] else "another automake is installed"
    yield finding_from_hits(
        log,
        hits,
        f"{what}: the build files were made with that version, and make wants to make them again",
        "make stops before it compiles anything.",
        (
            Fix(
                "make the build files again with the automake that is installed",
                (Command("autoreconf -fi", FixStage.BUILD),),
                notes="In the folder of configure.ac; then run ./configure again. Projects with that option build "
                "without it after `./configure --disable-maintainer-mode`.",
            ),
            *install_by_family(
                log,
                hits[0].line,
                "if autoreconf is not there: install",
                dict.fromkeys(("debian", "rhel", "alpine", "arch", "suse"), ("autoconf", "automake", "libtool")),
            ),
        ),
    )
