"""The development link ``libNAME.so`` points to a file that is not there.

``-lNAME`` needs ``libNAME.so``, which in a development package is a link to the runtime library's ``libNAME.so.N``. The
link is left pointing to nothing when the runtime package was removed by force, when files were copied out of a package
without the other, or when a sysroot was copied with absolute links.

How to fix: install the two packages of the target's architecture again.

References:
    https://www.debian.org/doc/debian-policy/ch-sharedlibs.html
"""

from __future__ import annotations

from diagnose.authoring.environment import link_files
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Phase, Severity
from diagnose.readers.env import Environment
from diagnose.remedies.libraries import reinstall

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECK = Check(since="0.1.0", phase=Phase.LINK)


def env(env: Environment) -> Iterator[Finding]:
    """See which links lead nowhere."""
    for library, file in link_files(env):
        if file.kind != "dangling":
            continue
        end = f"a link to {file.real}, which does not exist" if file.real else "a link to nothing"
        yield Finding(
            message=f"{file.path} is {end}",
            severity=Severity.ERROR,
            evidence=(Evidence(end, file.path),),
            consequence=f'The linker stops: "cannot find -l{file.name}", although pkg-config finds {library.module}.',
            fixes=reinstall(env, library.module),
        )
