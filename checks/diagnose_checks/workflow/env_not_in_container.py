"""A variable is set for maturin-action, which does not pass it into the container that builds.

The action passes only variables with certain names (``CARGO_``, ``CC``, ``CFLAGS``, ``RUST``, ``TARGET_`` …). Those of
pkg-config and of openssl-sys are not among them: in the container, the build script does not see them.

How to fix: export the variable in ``before-script-linux``, which runs in the same shell as the build, or pass it with
``docker-options: -e NAME=value``.

References:
    https://github.com/PyO3/maturin-action/blob/v1.51.0/src/index.ts
    https://github.com/PyO3/maturin-action/issues/69
"""

from __future__ import annotations

from diagnose.authoring.workflow import Seen, finding, grouped
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity
from diagnose.readers.workflow.maturin_action import forwarded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow import Leg, Workflow

CHECK = Check(since="0.1.0", phase=Phase.PROBE)
_PKG_CONFIG = ("PKG_CONFIG", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "PKG_CONFIG_SYSROOT_DIR", "PKG_CONFIG_ALLOW_CROSS")
_OPENSSL = ("OPENSSL_DIR", "OPENSSL_LIB_DIR", "OPENSSL_INCLUDE_DIR", "OPENSSL_STATIC", "OPENSSL_NO_VENDOR")


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a variable that a locked crate reads, set outside the container only."""
    seen = []
    for leg in workflow.legs:
        if leg.tool != "maturin-action" or leg.place.kind != "image" or leg.project is None:
            continue
        options = leg.inputs.get("docker-options", ("", leg.spot))[0]
        for setting in leg.settings:
            name = setting.name
            if not setting.sure or forwarded(name) or name in options or _exported(leg, name):
                continue
            crate = _reader(leg, name)
            if crate:
                seen.append(Seen((name, crate), setting.spot, f"{name} is set here", leg))
    for group in grouped(seen):
        name, crate = group[0].key
        value = next((s.value for s in group[0].leg.settings if s.name == name and s.value is not None), "VALUE")
        yield finding(
            f"{name} is set on the runner, and does not reach the container",
            Severity.WARNING,
            group,
            f"{crate} does not see it there.",
            [Fix("export it in before-script-linux", env=((name, value),), notes="Or docker-options: -e NAME=value.")],
        )


def _exported(leg: Leg, name: str) -> bool:
    calls = (call for hook in leg.hooks if hook.place.kind == "image" for _, call in hook.calls)
    return any(word.startswith(f"{name}=") for call in calls for word in call.words)


def _reader(leg: Leg, name: str) -> str:
    """Return the crate of the build that reads the variable *name*; empty without one."""
    project = leg.project
    if project is None:
        return ""
    if name in _OPENSSL:
        return "openssl-sys" if project.crate("openssl-sys") is not None else ""
    asks = any(not need.optional for need in project.needs) and project.crate("pkg-config") is not None
    return "pkg-config" if name in _PKG_CONFIG and asks else ""
