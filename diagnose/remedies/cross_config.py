"""Cross.toml for a crate: the image of each target, the packages that are installed in it, the variables that it gets.

Sources: cross-rs/cross v0.2.5, ``docs/cross_toml.md``, ``docker/`` (the images split Ubuntu's sources themselves) and
``src/docker/shared.rs`` (``passthrough`` takes NAME=VALUE).
"""

from __future__ import annotations

import json

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.remedies.leg_script import LegScript, ready
from diagnose.remedies.release_plan import PlannedCrate, PlannedLeg
from diagnose.tables import ci

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.model.targets import Target

_RELEASE = "0.2.5"


def leg(crate: PlannedCrate, target: Target) -> PlannedLeg | str:
    """Return how cross builds for *target*: in the image of its release."""
    image = f"ghcr.io/cross-rs/{target.triple}:{_RELEASE}"
    facts = ci.image(image)
    if facts is None:
        return f"nothing is known of {image}"
    version = f"{facts.distribution} {facts.version}"
    if "openssl" in crate.needs and facts.version == "16.04":
        script = LegScript(missing=f"the OpenSSL of {version} is 1.0.2, which openssl-sys refuses since 0.9.112")
    else:
        script = ready(facts, "x86_64", target, crate.needs, crate.vendors_openssl, has_ports=True)
    return PlannedLeg(target, "", image, True, facts.target, script, "", False)


def text(legs: Sequence[PlannedLeg], command: str) -> str:
    """Return the file; *command* is the one that wrote it."""
    blocks = [f"# Written by `{command}`.\n"]
    for one in legs:
        name = one.target.triple
        lines = [f"[target.{name}]", f'image = "{one.image}"']
        if one.script.lines:
            steps = "".join(f"    {json.dumps(line)},\n" for line in ("set -e", *one.script.lines))
            lines.append(f"pre-build = [\n{steps}]")
        if one.script.variables:
            given = "".join(f"    {json.dumps(f'{key}={value}')},\n" for key, value in one.script.variables)
            lines += ["", f"[target.{name}.env]", f"passthrough = [\n{given}]"]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)
