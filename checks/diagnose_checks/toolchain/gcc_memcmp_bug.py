"""aws-lc refuses GCC 9 and 10.1, which miscompile memcmp.

GCC 9.1 to 9.3 and 10.1 can compile a comparison of memory so that different data seem equal (bug 95189). The build
script of aws-lc-sys compiles and runs a test for it, and stops: ``### COMPILER BUG DETECTED ###``. Ubuntu 20.04 has
such a compiler.

How to fix: compile with another compiler: clang, or GCC 9.4, 10.2 or later.

References:
    https://gcc.gnu.org/bugzilla/show_bug.cgi?id=95189
    https://aws.github.io/aws-lc-rs/requirements/index.html
"""

from __future__ import annotations

from diagnose.authoring.log import advise, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.install import install, system

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "memcmp-bug",
        (
            "memcmp related bug",
            r"Your compiler \((?P<compiler>[^)]{1,200})\) is not supported due to a memcmp related bug",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the build script of aws-lc refuse the compiler."""
    hits = log.find("memcmp-bug")
    if not hits:
        return
    crate, version = log.crate_at(hits[0].line)
    yield finding_from_hits(
        log,
        hits[:1],
        f"{f'{crate} {version}' if crate else 'aws-lc-sys'} refuses {hits[0].groups['compiler']}: it is a GCC that "
        "miscompiles memcmp",
        "Its build script stops.",
        (
            *advise(log, hits[0].line, _clang),
            Fix("use GCC 9.4, 10.2 or later", notes="A newer image; on Ubuntu 20.04 g++-10, CC=gcc-10 and CXX=g++-10."),
        ),
    )


def _clang(env: Environment) -> list[Fix]:
    variables = (("CC", "clang"), ("CXX", "clang++"))
    return [Fix("compile with clang", install(system(env), ("clang",)), variables, safe=True)]
