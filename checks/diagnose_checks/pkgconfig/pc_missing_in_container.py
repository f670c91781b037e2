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
from diagnose.authoring.workflow import Seen, finding, grouped, image_calls, installed, is_read, mentions, needed
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import PROBE_KINDS, patterns_for
from diagnose.remedies.package_names import called_here, module_of
from diagnose.tables import distributions
from diagnose_checks.pkgconfig._triage import HOOK_OF, installed_outside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment
    from diagnose.readers.workflow import Leg, Workflow

CHECK = Check(
    since="0.1.0",
    phase=Phase.SEARCH,
    log_kinds=PROBE_KINDS,
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


_ABSENT = {"openssl": "ssl", "alsa": "asound", "dbus-1": "dbus", "libudev": "udev", "libpulse": "pulse"}
"""Modules that no image of the table has, and a part of the names of all packages that bring them."""
_INSTALL = {"dnf": "dnf install -y", "yum": "yum install -y", "apt-get": "apt-get install -y", "apk": "apk add"}


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a library that a locked crate needs, installed on the runner only, where the leg builds in a container."""
    seen = []
    for leg in workflow.legs:
        needs = needed(leg)
        if leg.place.kind != "image" or leg.place.facts is None or not needs or not is_read(leg):
            continue
        brought = {module: _brought(leg, module) for module in needs if module in _ABSENT}
        for hook in leg.hooks:
            for spot, call in hook.calls if hook.place.kind == "host" else ():
                for package in () if call.guarded else installed(call):
                    module = module_of(package)
                    if not brought.get(module, True):
                        key = (module, package, needs[module], leg.place.facts.label)
                        seen.append(Seen(key, spot, f"installs {package} on the runner", leg))
    for group in grouped(seen):
        module, package, crate, label = group[0].key
        yield finding(
            f"{package} is installed on the runner, and the build runs in a container, {label}",
            Severity.ERROR,
            group,
            f"{crate} does not find {module} in the container.",
            [_install_there(group[0].leg, package)],
        )


def _brought(leg: Leg, module: str) -> bool:
    calls = image_calls(leg)
    return mentions(leg, module, _ABSENT[module]) or any(
        module_of(package) == module for _, _, call in calls for package in installed(call)
    )


def _install_there(leg: Leg, package: str) -> Fix:
    facts = leg.place.facts
    manager = next((one for one in _INSTALL if facts is not None and one in facts.managers), "")
    if facts is None or facts.cross or not manager:
        return Fix(
            "build the library from source, or build on a runner of the target's processor",
            notes="A cross image has no library for the target: take the crate's feature `vendored` where it has one.",
        )
    row = distributions.distributions().get(facts.distribution)
    name = called_here(package, row.family if row else "") or package
    where = {"maturin-action": "before-script-linux", "cibuildwheel": "before-all"}.get(leg.tool, "the container")
    return Fix(f"install it in {where}", (Command(f"{_INSTALL[manager]} {name}", FixStage.PACKAGES),))
