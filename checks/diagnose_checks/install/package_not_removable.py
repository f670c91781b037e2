"""pip cannot remove the release of a package that is installed.

To install another release, pip removes the present one. It cannot where it does not know the files: of a package that
the distribution installed (Debian's have no RECORD), that ``setup.py install`` or conda put there without a list, or
whose list is lost.

How to fix: install into a virtual environment, which leaves the system's packages alone.

References:
    https://pip.pypa.io/en/stable/cli/pip_uninstall/
    https://packaging.python.org/en/latest/specifications/recording-installed-packages/
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

_NAME = r"['\"]?(?P<package>[\w.-]{1,100}?)['\"]?(?: (?P<version>\d[\w.+!-]{0,60}))?"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "not-removable",
        ("RECORD file not found", rf"Cannot uninstall {_NAME}, RECORD file not found"),
        (
            "istutils installed project",
            rf"Cannot uninstall {_NAME}\.? (?:It is a|because it is a|as it is a) distutils installed",
        ),
        ("Cannot uninstall ", rf"^(?:[×✗x] )?Cannot uninstall {_NAME}$"),
    )
    + patterns_for("installed-by", ("was installed by ", r"package was installed by (?P<installer>[\w-]{1,40})")),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See pip stop at a package that is installed."""
    for hit in log.find("not-removable")[:1]:
        package, version = hit.groups["package"], hit.groups["version"]
        by = next((one.groups["installer"] for one in log.near(hit.line, "installed-by", before=0, after=8)), "")
        which = f"{package} {version}".rstrip()
        yield finding_from_hits(
            log,
            [hit],
            f"pip cannot remove {which}, which {by if by else 'another program'} installed without a list of its files",
            "Nothing is installed: pip takes all or none.",
            (
                Fix(
                    "install into a virtual environment",
                    (
                        Command("python3 -m venv .venv", FixStage.TOOLCHAIN),
                        Command(". .venv/bin/activate", FixStage.TOOLCHAIN),
                    ),
                    notes="Then run the same pip install in it."
                    + (" conda's own packages: conda install, or conda update." if by == "conda" else ""),
                ),
                Fix(
                    "in a container: install it beside the old one",
                    (Command(f"python3 -m pip install --ignore-installed {package}", FixStage.BUILD),),
                    notes="Python finds the newer one first; the files of the old one stay. On a system that is used, "
                    "programs of the distribution may break.",
                ),
            ),
        )
