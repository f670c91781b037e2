"""The crate llvm-sys does not find the one version of LLVM that it is made for.

Each release of llvm-sys fits one version of LLVM: 180.x fits LLVM 18, as ``LLVM_SYS_180_PREFIX`` in its message shows.
It asks that version's ``llvm-config``. A newer or older LLVM that is installed does not help.

How to fix: install the development package of that version, and name its folder. Or use the release of the crate
(inkwell: the feature ``llvm18-0``) for the LLVM that is there.

References:
    https://gitlab.com/taricorp/llvm-sys.rs#build-requirements
    https://docs.rs/inkwell/latest/inkwell/#features
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
        "no-llvm",
        (
            "No suitable version of LLVM",
            r"No suitable version of LLVM was found system-wide or pointed\s+to by LLVM_SYS_(?P<version>\d+)_PREFIX",
            2,
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See llvm-sys give up."""
    hits = log.find("no-llvm")
    if not hits:
        return
    number = hits[0].groups["version"]
    # 60 is LLVM 6.0, 100 is 10; 181 is a second series for 18.1
    version = number[0] if len(number) == 2 else number[:2]
    yield finding_from_hits(
        log,
        hits[:1],
        f"llvm-sys needs LLVM {version}, and no other version",
        "The crate cannot be compiled.",
        (
            *advise(log, hits[0].line, _install, version, f"LLVM_SYS_{number}_PREFIX"),
            Fix(
                "use the crate for the LLVM that is installed",
                notes="`llvm-config --version` prints it. With inkwell, select the feature of that version.",
            ),
        ),
    )


def _install(env: Environment, version: str, variable: str) -> list[Fix]:
    packages, prefix = _PACKAGES.get(env.distro.family, ((), ""))
    names = [package.replace("VERSION", version) for package in packages]
    commands = install(system(env), names)
    if not commands:
        return []
    notes = "If this release has no package of that version, use the crate for another one, or LLVM's own packages."
    return [Fix(f"install LLVM {version}", commands, ((variable, prefix.replace("VERSION", version)),), notes=notes)]


#: Packages and their prefix, by family: apt and dnf repositories of November 2026.
_PACKAGES = {
    "debian": (
        ("llvm-VERSION-dev", "libpolly-VERSION-dev", "libzstd-dev", "zlib1g-dev", "g++"),
        "/usr/lib/llvm-VERSION",
    ),
    "rhel": (("llvmVERSION-devel", "llvmVERSION-static", "libffi-devel", "gcc-c++"), "/usr/lib64/llvmVERSION"),
    "alpine": (("llvmVERSION-dev", "llvmVERSION-static", "libffi-dev", "zstd-static", "g++"), "/usr/lib/llvmVERSION"),
}
