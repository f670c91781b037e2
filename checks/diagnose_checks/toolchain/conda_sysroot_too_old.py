"""conda's compiler links with an older glibc than the code needs.

conda's ``gcc_linux-64`` contains its own sysroot: the headers and link files of an old glibc, so that its output runs
on old systems. Version 2.12, the default for a long time, is older than what Rust's standard library needs (2.17 since
Rust 1.64): ``undefined reference to getauxval``.

How to fix: install a newer ``sysroot_linux-64`` into the environment.

References:
    https://conda-forge.org/docs/maintainer/knowledge_base/#using-newer-glibc
    https://blog.rust-lang.org/2022/08/01/Increasing-glibc-kernel-requirements/
"""

from __future__ import annotations

from diagnose.authoring.libc_demands import glibc_since
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LINK, log_kinds=("ld-undefined",))

#: The sysroots that conda-forge has, and the architectures' names in their packages.
_SYSROOTS = ((2, 17), (2, 28), (2, 34), (2, 39))
_MIXED = r"-conda-linux-gnu/sysroot/\S{1,100}: undefined reference to \S\w{1,60}@GLIBC_PRIVATE"
_NAMES = {"x86_64": "64", "aarch64": "aarch64", "ppc64le": "ppc64le", "s390x": "s390x"}


def log(log: BuildLog) -> Iterator[Finding]:
    """See conda's linker report functions of a newer glibc as undefined, or take parts of two."""
    private = [hit for hit in log.find("ld-undefined") if re.search(_MIXED, hit.text)]
    if private:
        yield finding_from_hits(
            log,
            private,
            "conda's linker takes parts of glibc from conda's sysroot and others from the system: "
            f"{private[0].groups['symbol']} is private to one build of glibc",
            "Linking fails.",
            (
                Fix(
                    "link with conda's own compiler, which takes all of it from its sysroot",
                    (Command("conda install -y -c conda-forge gxx_linux-64 sysroot_linux-64", FixStage.TOOLCHAIN),),
                    notes="Activate the environment again after it: CC and CXX then name that compiler.",
                ),
                Fix(
                    "use the system's linker alone",
                    notes="compiler_compat/ld of conda's Python is what the system's gcc is made to call: use another "
                    "Python, for example the distribution's, in a venv.",
                ),
            ),
        )
        return
    for link in log.links:
        program = f"{link.program} {link.ld}"
        if "-conda" not in program:
            continue
        wanted = [(glibc_since(hit.groups["symbol"].rstrip("'`")), hit) for hit in link.of("ld-undefined")]
        hits = [hit for since, hit in wanted if since]
        newest = max((since for since, _ in wanted), default=())
        sysroot = next((version for version in _SYSROOTS if version >= newest), ())
        if not hits or not sysroot:
            continue
        machine = next((name for machine, name in _NAMES.items() if f"{machine}-conda" in program), "64")
        version = ".".join(map(str, sysroot))
        symbol = hits[0].groups["symbol"].rstrip("'`")
        yield finding_from_hits(
            log,
            hits,
            f"conda's sysroot is older than glibc {'.'.join(map(str, newest))}, which introduced {symbol}",
            f"Linking fails: undefined reference to {symbol}.",
            (
                Fix(
                    f"install the sysroot of glibc {version}",
                    (
                        Command(
                            f"conda install -y -c conda-forge sysroot_linux-{machine}={version}", FixStage.TOOLCHAIN
                        ),
                    ),
                    notes=f"The output then needs glibc {version} at run time.",
                ),
            ),
        )
        return
