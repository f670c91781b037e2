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
    )
    + patterns_for(
        "aux-too-old",
        (
            "machine `",
            r"Invalid configuration [`'\"](?P<triple>[\w.-]{1,80})['\"]: machine "
            r"[`'\"][\w.-]{1,80}['\"] not recognized",
        ),
        ("not recognized", r"Invalid configuration [`'\"](?P<triple>[\w.-]{1,80})['\"]: .{1,80} not recognized"),
        ("cannot guess build type", r"configure: error: cannot guess build type; you must specify one(?P<triple>)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See configure or automake not find a file that autoreconf brings."""
    hits = distinct(log.find("no-aux-file"), "file")
    if old := log.find("aux-too-old"):
        triple = old[0].groups["triple"]
        yield finding_from_hits(
            log,
            old[:1],
            f"the project's config.sub does not know {triple}"
            if triple
            else "the project's config.guess does not know this machine",
            "The configure script stops: the file is older than the processor or system.",
            (
                Fix(
                    "bring newer files, and configure again",
                    (Command("cp /usr/share/misc/config.guess /usr/share/misc/config.sub .", FixStage.BUILD),),
                    notes="Debian's autotools-dev and automake, and Fedora's redhat-rpm-config (/usr/lib/rpm/redhat) "
                    "have them; beside configure, or where the old ones are (build-aux). `autoreconf -fi` brings them, "
                    "too. A misspelled --host or --target has the same message.",
                ),
                *([] if triple else [Fix("name the machine: ./configure --build=aarch64-unknown-linux-gnu")]),
            ),
        )
        return
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
