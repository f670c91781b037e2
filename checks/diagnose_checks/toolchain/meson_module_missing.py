"""The Meson that runs has no module of the name that the project imports.

``import('features')`` in NumPy's build files asks for a module that only NumPy's own copy of Meson has: its source
distribution brings it in ``vendored-meson``, and pip uses it. A Meson that is called by hand, of whatever release,
lacks it. Other modules came with some release of Meson: ``fs`` with 0.53, ``wayland`` with 0.62.

How to fix: let pip build NumPy, or call its own Meson; for another module, use a newer Meson.

References:
    https://github.com/numpy/meson
    https://mesonbuild.com/Module-reference.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "meson-module",
        ("does not exist", r"meson\.build:\d+:\d+: ERROR: Module [\"'](?P<module>[\w-]{1,60})[\"'] does not exist"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Meson not know a module."""
    for hit in log.find("meson-module")[:1]:
        module = hit.groups["module"]
        numpys = module == "features"
        newer = Fix(
            f"use a Meson that has {module}",
            (Command("python3 -m pip install --upgrade meson", FixStage.TOOLCHAIN),),
            notes="`meson --version` shows which one runs. Modules of projects' own copies of Meson are in none.",
        )
        own = (
            Fix(
                "let pip or build run it: they use NumPy's own Meson",
                (Command("python3 -m pip install .", FixStage.BUILD),),
                notes="In NumPy's folder. From a clone of the repository: git submodule update --init first.",
            ),
            Fix(
                "by hand: call the Meson that NumPy brings",
                (Command("python3 vendored-meson/meson/meson.py setup build", FixStage.BUILD),),
            ),
        )
        yield finding_from_hits(
            log,
            [hit],
            f"Meson has no module '{module}'" + (": only NumPy's own copy of Meson has it" if numpys else ""),
            "Nothing is configured.",
            own if numpys else (newer,),
        )
