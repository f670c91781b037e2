"""The tables from which maturin's own generator writes a workflow: a plan in, TOML out.

Source: maturin 1.16, ``generate-ci github``. It puts ``before-script-linux`` into the workflow as it stands, so that
the script has to be one line that YAML takes without quotes.
"""

from __future__ import annotations

import json

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.remedies.release_plan import PlannedLeg

_ALIASES = {"powerpc64le": "ppc64le", "riscv64gc": "riscv64"}


def tables(legs: Sequence[PlannedLeg]) -> str:
    """Return ``[tool.maturin.generate-ci.github]`` with one table for each leg."""
    blocks = [
        "[tool.maturin.generate-ci.github]\n"
        "trusted-publishing = true\n"
        'publishing-environment = "pypi"\n'
        'args = "--locked"\n'
    ]
    for leg in sorted(legs, key=lambda leg: leg.target.libc == "musl"):
        arch = leg.target.triple.partition("-")[0]
        exports = (f"export {name}={value}" for name, value in leg.script.variables)
        cells = {
            "arch": _ALIASES.get(arch, arch),
            "runner": leg.runner,
            "manylinux": leg.manylinux,
            "container": leg.image if leg.named else "",
            "before-script-linux": " && ".join((*leg.script.lines, *exports)),
        }
        family = "musllinux" if leg.target.libc == "musl" else "linux"
        lines = [f"{name} = {json.dumps(value)}" for name, value in cells.items() if value]
        blocks.append(f"[[tool.maturin.generate-ci.github.{family}.target]]\n" + "\n".join(lines) + "\n")
    return "\n".join(blocks)
