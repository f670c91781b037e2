"""pkg-config answers, but no library of that name is where the answer points, nor where the linker looks by itself.

The ``.pc`` file is there and the library is not: files copied from a package in part, a ``prefix`` in the ``.pc`` file
that is not where the package was put, or a private library that only a static link needs.

Mend it: install the whole development package for the target, or correct the prefix.

References:
    https://sourceware.org/binutils/docs/ld/Options.html (``-l``)
"""

from __future__ import annotations

from collections.abc import Iterator

from checks._advice import reinstall
from checks._env import link_files
from diagnose.finding import Evidence, Finding, Phase, Severity
from diagnose.readers.env import Environment

PHASE = Phase.LINK

#: What comes with the compiler and the C library; whether those are there is another question.
_TOOLCHAIN = frozenset({"atomic", "c", "crypt", "dl", "gcc", "gcc_s", "m", "pthread", "resolv", "rt", "stdc++", "util"})


def env(env: Environment) -> Iterator[Finding]:
    """See which flags lead to no file at all."""
    for library, file in link_files(env):
        if file.kind != "missing" or file.name in _TOOLCHAIN:
            continue
        searched = ", ".join(file.searched) or "no folder"
        yield Finding(
            message=f"there is no lib{file.name}, to which pkg-config's answer for {library.module} leads",
            severity=Severity.ERROR,
            evidence=(
                Evidence(f"-l{file.name}; searched {searched}", library.pc)
                if library.pc
                else Evidence(f"-l{file.name}; searched {searched}", where=f"`{library.command}`"),
            ),
            consequence=f'The linker stops: "cannot find -l{file.name}".',
            fixes=reinstall(env, library.module),
        )
