"""This pkgconf has a bug that makes an ordinary query fail.

pkgconf 2.0.0 does not answer ``--modversion`` for several packages, or for a package with a version constraint. The
library is installed, but build scripts treat the failure as "not found".

How to fix: install pkgconf 2.0.1 or later.

References:
    https://github.com/pkgconf/pkgconf/blob/master/NEWS
    https://github.com/rust-lang/pkg-config-rs/issues/150
"""

from __future__ import annotations

from diagnose.authoring.log import advise, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.SEARCH,
    patterns=patterns_for(
        "pkgconf-bug",
        ("--modversion", r"--modversion (?:specified|requested|used) with (?:other options or )?multiple packages"),
        ("--modversion", r"can only query (?:the )?version of one package with --modversion"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See pkgconf's own message."""
    hits = log.find("pkgconf-bug")
    if hits:
        yield finding_from_hits(
            log,
            hits,
            "this pkgconf cannot answer --modversion for such a query",
            "The build script reports that an installed library was not found.",
            advise(log, hits[0].line, _update),
        )


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is the build script's report of the same failure."""
    return other.check in ("pc-missing", "openssl-not-found-cross")


def _update(env: Environment) -> list[Fix]:
    from diagnose.remedies.install import install, system, tool

    here = system(env)
    names = tool(here, "pkg-config")
    return [Fix("update pkgconf to 2.0.1 or later", install(here, names), safe=True)] if names else []
