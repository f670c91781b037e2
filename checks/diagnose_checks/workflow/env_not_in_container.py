"""A variable is set on the runner, and the tool does not pass it into the container that builds.

maturin-action passes only variables with certain names (``CARGO_``, ``CC``, ``CFLAGS``, ``RUST``, ``TARGET_`` …),
and cross only ``CARGO_``, ``CROSS_``, ``RUSTFLAGS`` and those that ``passthrough`` names. Those of pkg-config and
of openssl-sys are not among them: in the container, the build script does not see them. The build need not fail:
the container may have the library by other means, so this is a warning.

How to fix: for maturin-action, export the variable in ``before-script-linux``, which runs in the same shell as the
build, or pass it with ``docker-options: -e NAME=value``. For cross, name it in Cross.toml.

References:
    https://github.com/PyO3/maturin-action/blob/v1.51.0/src/index.ts
    https://github.com/cross-rs/cross/blob/main/docs/environment_variables.md
    https://github.com/PyO3/maturin-action/issues/69
"""

from __future__ import annotations

from diagnose.authoring.workflow import Seen, finding, grouped, reader_of
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity
from diagnose.readers.workflow.maturin_action import forwarded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.workflow import Leg, Workflow

CHECK = Check(since="0.1.0", phase=Phase.PROBE)


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a variable that a locked crate reads, set outside the container only."""
    seen = []
    for leg in workflow.legs:
        if leg.tool not in ("maturin-action", "cross") or leg.place.kind != "image" or leg.project is None:
            continue
        inside = _exported(leg) | _named(leg)
        passes = forwarded if leg.tool == "maturin-action" else _crosses
        options = leg.inputs.get("docker-options", ("", leg.spot))[0]
        for setting in leg.settings:
            name = setting.name
            if not setting.sure or passes(name) or name in options or name in inside:
                continue
            crate = reader_of(leg, name)
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
            [_fix(group[0].leg.tool, name, value)],
        )


def _fix(tool: str, name: str, value: str) -> Fix:
    if tool == "cross":
        return Fix("name it in Cross.toml", notes=f'`[build.env] passthrough = ["{name}"]`')
    return Fix("export it in before-script-linux", env=((name, value),), notes="Or docker-options: -e NAME=value.")


def _crosses(name: str) -> bool:
    """Whether cross passes the variable *name* by itself."""
    own = ("RUSTFLAGS", "RUSTDOCFLAGS", "TERM", "PKG_CONFIG_ALLOW_CROSS")  # its images set the last
    return name.startswith(("CARGO_", "CROSS_")) or name in own


def _named(leg: Leg) -> set[str]:
    """Return the variables that Cross.toml, or a variable of cross's own, names: all if that one is unknown."""
    words = leg.inputs.get("passthrough", ("", leg.spot))[0].split()
    lists = [setting.value for setting in leg.settings if setting.name.endswith("_ENV_PASSTHROUGH")]
    if any(not text for text in lists):
        return {setting.name for setting in leg.settings}
    return {word.partition("=")[0] for text in (*words, *lists) for word in (text or "").split()}


def _exported(leg: Leg) -> set[str]:
    calls = (call for hook in leg.hooks if hook.place.kind == "image" for _, call in hook.calls)
    return {word.partition("=")[0] for call in calls for word in call.words if "=" in word}
