"""The development file ``libNAME.so`` leads to a file that does not exist, or that is not a library.

``-lNAME`` needs ``libNAME.so``. In a development package that is a symlink to the runtime library ``libNAME.so.N``, or
a linker script that names it. That library is absent if the runtime package was removed by force, if files were copied
from only one of the two packages, or if a sysroot was copied with absolute symlinks. An interrupted download or a full
disk leaves a library that is cut, or empty: GNU ld takes an empty file for an empty script, and links nothing.

How to fix: reinstall both packages for the target's architecture.

References:
    https://www.debian.org/doc/debian-policy/ch-sharedlibs.html
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Phase, Severity
from diagnose.remedies.libraries import reinstall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.elf.library import LinkFile
    from diagnose.readers.env import Environment
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library

CHECK = Check(since="0.1.0", phase=Phase.LINK, env_facts=("libraries.files.!usable",))


def env(env: Environment) -> Iterator[Finding]:
    """See which symlinks dangle."""
    for library, file in env.link_files():
        if file.kind == "unreadable":
            yield _unreadable(env, library, file)
        if file.kind != "dangling":
            continue
        end = f"a symlink to {file.real}, which does not exist" if file.real else "a dangling symlink"
        if file.members:
            end = f"a linker script that names {file.members[0]}, which does not exist"
        yield Finding(
            message=f"{file.path} is {end}",
            severity=Severity.ERROR,
            evidence=(Evidence(end, file.path),),
            consequence=f'Linking fails: "cannot find -l{file.name}", although pkg-config finds {library.module}.',
            fixes=reinstall(env, library.module),
        )


def _unreadable(env: Environment, library: Library, file: LinkFile) -> Finding:
    """Return that *file* exists and is neither a library nor a linker script."""
    broken = file.elf.broken if file.elf is not None else ()
    why = broken[0] if broken else "neither an ELF file, an archive nor a linker script"
    return Finding(
        message=f"{file.path} is not a library",
        severity=Severity.ERROR,
        evidence=(Evidence(why, file.path),),
        consequence=f'Linking fails ("file too short", "cannot find -l{file.name}"), or nothing is linked.',
        fixes=reinstall(env, library.module),
    )
