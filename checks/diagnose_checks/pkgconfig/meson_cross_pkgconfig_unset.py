"""Meson's cross file names no pkg-config for the host machine.

In a cross build Meson takes the programs for the machine that the result runs on from the cross file, or from
variables such as ``PKG_CONFIG``. It does not fall back to the ``pkg-config`` on PATH, which would answer with the build
machine's libraries. Without an entry it says "Found pkg-config: NO", however many are installed, and looks for no name.

How to fix: add the target's pkg-config to ``[binaries]`` in the cross file, and install it and the library for the
target. Where the target has none, name the plain ``pkg-config`` there, and the target's folders as
``pkg_config_libdir`` in ``[properties]``.

References:
    https://mesonbuild.com/Cross-compilation.html
    https://mesonbuild.com/Machine-files.html#binaries
    https://mesonbuild.com/Release-notes-for-1-3-0.html
"""

from __future__ import annotations

from diagnose.authoring.log import advise, finding_from_hits, names_of
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.remedies.install import install, module, system, unavailable_reason
from diagnose_checks.pkgconfig._triage import MESON, unset_in_cross_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(since="0.1.0", phase=Phase.PROBE, log_kinds=("pc-shell",), patterns=MESON)
_OLD = "Meson before 1.3 calls the entry pkgconfig."


def log(log: BuildLog) -> Iterator[Finding]:
    """See Meson look for no pkg-config in a cross build."""
    probes = [probe for probe in log.probes if unset_in_cross_file(log, probe)]
    if probes:
        yield finding_from_hits(
            log,
            [hit for probe in probes for hit in probe.hits],
            f"Meson's cross file names no pkg-config, so {names_of(probes)} cannot be found",
            "Meson stops. Installing pkg-config alone does not help: a cross build ignores the one on PATH.",
            advise(log, probes[0].line, _bring, probes[0].module),
        )


def _bring(env: Environment, name: str) -> list[Fix]:
    here = system(env)
    library = module(here, name, env.target) if name else ""
    if here.family == "debian" and env.target.multiarch and not unavailable_reason(here, env.target):
        program = f"{env.target.gnu}-pkg-config"
        packages = [f"pkgconf:{env.target.debian}", *filter(None, [library])]
        return [
            Fix(
                "add the target's pkg-config to the cross file",
                install(here, packages, env.target.debian),
                notes=f"In the cross file: [binaries] pkg-config = '{program}'. {_OLD} Then `meson setup --wipe`.",
            )
        ]
    return [
        Fix(
            "add pkg-config and the target's folders to the cross file",
            notes=f"In the cross file: [binaries] pkg-config = 'pkg-config', and [properties] pkg_config_libdir = "
            f"'FOLDER' for the pkgconfig folder with the target's libraries. {_OLD} Then `meson setup --wipe`.",
        )
    ]
