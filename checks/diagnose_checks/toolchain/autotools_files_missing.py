"""The files are missing that the autotools put beside configure.ac.

``config.guess``, ``install-sh``, ``ltmain.sh`` and ``Makefile.in`` are in release archives, but seldom in repositories.
A configure script that comes from a repository, or that autoconf alone has made, stops because they are absent.

How to fix: run ``autoreconf -fi``, which copies and makes them all. Or use the project's release archive instead of its
repository.

References:
    https://www.gnu.org/software/autoconf/manual/autoconf-2.72/html_node/autoreconf-Invocation.html
    https://www.gnu.org/software/automake/manual/html_node/Auxiliary-Programs.html
"""

from __future__ import annotations

from diagnose.authoring.log import distinct, finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_FILE = r"(?:[\w./-]{0,60}/)?(?:config\.(?:guess|sub|rpath)|install-sh|ltmain\.sh|missing|compile|depcomp|test-driver)"
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "no-aux-file",
        ("required auxiliary files", r"cannot find required auxiliary files?: (?P<file>[\w.-]+(?: [\w.-]+){0,8})"),
        ("cannot find install-sh", r"configure: error: cannot find (?P<file>install-sh), install\.sh"),
        ("required file", rf"error: required file ['`\"](?P<file>{_FILE})['\"] not found"),
        ("cannot run", rf"configure: error: cannot run (?:\S*sh )?(?P<file>{_FILE})\s*$"),
        ("cannot find input file", r"error: cannot find input file: [`'\"]?(?P<file>[\w./-]*Makefile\.in)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See configure or automake not find a file that autoreconf brings."""
    hits = distinct(log.find("no-aux-file"), "file")
    if not hits:
        return
    names = list(dict.fromkeys(hit.groups["file"].rpartition("/")[2] for hit in hits))
    wanted = ("autoconf", "automake", "libtool")
    yield finding_from_hits(
        log,
        hits,
        f"the autotools' {', '.join(names[:3])}{', …' if names[3:] else ''} {'are' if names[1:] else 'is'} not there",
        "The configure script stops. Repositories seldom have these files; release archives do.",
        (
            Fix(
                "let autoreconf bring them",
                (Command("autoreconf -fi", FixStage.BUILD),),
                notes="In the folder of configure.ac, instead of autoconf or automake alone.",
            ),
            *install_by_family(
                log,
                hits[0].line,
                "if autoreconf is not there: install",
                dict.fromkeys(("debian", "rhel", "alpine", "arch", "suse"), wanted),
            ),
        ),
    )
