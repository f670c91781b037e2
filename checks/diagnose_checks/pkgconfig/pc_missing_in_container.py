"""The library is installed on the runner, but the build runs in a container that does not have it.

maturin-action, cibuildwheel and cross build inside a container. An earlier ``sudo apt-get`` step installs on the
runner. The container is another distribution with its own packages. The project has the same path in both, so the log
looks like that of one machine.

How to fix: install the library where the build runs: ``before-script-linux`` of maturin-action,
``CIBW_BEFORE_ALL_LINUX`` of cibuildwheel, ``pre-build`` in ``Cross.toml``, or the same stage of the Dockerfile. Use the
package names of the image's distribution.

References:
    https://github.com/PyO3/maturin-action#inputs
    https://cibuildwheel.pypa.io/en/stable/options/#before-all
    https://github.com/cross-rs/cross/blob/main/docs/config_file.md
"""

from __future__ import annotations

from diagnose.authoring.consequences import stops_openssl
from diagnose.authoring.log import advise, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for
from diagnose.readers.env import Environment
from diagnose_checks.pkgconfig._triage import HOOK_OF, installed_outside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.SEARCH,
    patterns=(
        *patterns_for(
            "outside-note",
            ("Setting up ", r"Setting up (?P<package>[\w.+-]+)(?::\w+)? \("),
            ("is already the newest version", r"(?<![\w.+-])(?P<package>[\w.+-]+) is already the newest version"),
            ("apt-get install", r"sudo apt-get install (?P<names>[\w .:+-]+)"),
            ("apt install", r"sudo apt install (?P<names>[\w .:+-]+)"),
        ),
        *patterns_for(
            "installed-note",
            ("Setting up ", r"Setting up (?P<package>[\w.+-]+)(?::(?P<arch>\w+))? \("),
            ("is already the newest", r"^(?P<package>[\w.+-]+)(?::(?P<arch>\w+))? is already the newest version"),
        ),
        *patterns_for(
            "pc-file-note",
            (
                "/pkgconfig/",
                r"/lib(?:64)?(?:/(?P<folder>[a-z0-9_]+-linux-\w+))?/pkgconfig/(?P<module>[\w.+-]+)\.pc(?=\s|$|['\":])",
            ),
        ),
        *patterns_for("io-note", ("/io/", r"(?:^|[\s'\"`(])/io/\w")),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a library that is missing in a container, but was installed outside it before."""
    for probe in log.probes:
        installed = installed_outside(log, probe) if probe.outcome == "not-found" else []
        if not installed:
            continue
        kind = log.container_at(probe.line).kind
        where = HOOK_OF.get(kind, "the container's own script")
        yield finding_from_hits(
            log,
            [*installed[:1], *probe.hits],
            f"{probe.module} was installed outside the container that the build runs in",
            "The build script does not find it in the container.",
            advise(log, probe.line, _bring, probe.module, where, probe=probe),
        )


def _bring(env: Environment, module: str, where: str) -> list[Fix]:
    from diagnose.remedies.libraries import install_fixes

    return [fix._replace(notes=f"In {where}. {fix.notes}".strip()) for fix in install_fixes(env, module)]


leads_to = stops_openssl
