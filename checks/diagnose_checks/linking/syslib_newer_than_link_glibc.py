"""The library needs a newer glibc than the target's toolchain links with.

A cross toolchain contains its own glibc: 2.17 in the manylinux2014 cross images, whose system is Ubuntu 22.04. A
library of that system needs symbol versions that the toolchain's glibc does not have. GNU ld refuses to link a program
with it. A shared library, such as a Python extension, links without a warning and fails in the audit or when it is
loaded.

How to fix: use a library that was built with that toolchain, or one from a release whose glibc is not newer. Or use a
newer toolchain.

References:
    https://github.com/rust-cross/manylinux-cross
    https://sourceware.org/binutils/docs/ld/Options.html (``--allow-shlib-undefined``)
"""

from __future__ import annotations

from diagnose.authoring.link_step import versioned
from diagnose.authoring.log import advise, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.remedies.libraries import build_from_source_fix, vendored
from diagnose.remedies.package_names import library_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(since="0.1.0", phase=Phase.LINK, log_kinds=("ld-undefined",), env_facts=("newer_glibc_files",))


def env(env: Environment) -> Iterator[Finding]:
    """Compare the glibc that the library needs with the linker's."""
    chain = env.toolchain
    for library, file in env.newer_glibc_files:
        if file.accepted is False:
            continue
        yield Finding(
            message=f"{file.path} needs glibc {file.glibc}, but the linker for {env.target.triple} has {chain.glibc}",
            severity=Severity.ERROR,
            evidence=(
                Evidence(f"needs GLIBC_{file.glibc}", file.path),
                Evidence(f"glibc {chain.glibc} in {chain.sysroot or '/'}", where=f"linker {chain.linker.name}"),
            ),
            consequence=(
                f'A program does not link: "undefined reference to ...@GLIBC_{file.glibc}"; an extension module links, '
                f"and the wheel needs glibc {file.glibc} at run time."
            ),
            fixes=(*vendored(env, library.module), build_from_source_fix(env, library.module)),
        )


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker lack a glibc version that a shared library of the system needs."""
    from diagnose.readers.buildlog.linking import stem  # only who reads logs needs its patterns

    for link in log.links:
        # lib-newer-libstdcxx, and functions that tell no version: parts of one glibc call those of another
        hits = [hit for hit in versioned(log, link) if not re.search("@GLIBC(?:XX_|_PRIVATE)", hit.text)]
        target = link.target or log.target_at(link.line)
        if not hits or (target is not None and target.libc == "musl"):
            continue
        file = next((hit.groups["file"] for hit in hits if hit.groups["file"]), "a shared library")
        symbol = hits[0].groups["symbol"].rstrip("'")
        yield finding_from_hits(
            log,
            hits,
            f"{file} was built for a newer glibc than the linker has: {symbol}",
            "Linking fails. Only the version of the library is wrong.",
            advise(log, link.line, _older, stem(file)),
        )
        return


def _older(env: Environment, lib: str) -> list[Fix]:
    module = library_module(lib, env.distro.codename)
    own = [*vendored(env, module), build_from_source_fix(env, module)] if module else []
    return [
        Fix(
            "use a toolchain and a sysroot of the same release as the library",
            notes="Use the distribution's own cross compiler, or an image of that release.",
        ),
        *own,
    ]
