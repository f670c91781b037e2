"""setuptools finds several packages or modules beside setup.py, and does not choose.

A project that does not name its packages has them found by setuptools. Since version 61 it refuses a folder with
several that may be packages, because some of them, such as data or scripts, are perhaps not meant. Older releases of
setuptools built such projects without them.

How to fix: name the packages in ``pyproject.toml`` or ``setup.py``. Who installs somebody else's package builds it with
setuptools 60, or takes a newer release.

References:
    https://setuptools.pypa.io/en/latest/userguide/package_discovery.html
    https://setuptools.pypa.io/en/latest/history.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.build_constraint import build_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "flat-layout-refused",
        (
            "discovered in a flat-layout",
            r"error: Multiple top-level (?P<kind>packages|modules) discovered in a flat-layout: "
            r"\[(?P<names>[^\]]{0,1000})(?:\]|$)",
        ),
    )
    + patterns_for(
        "collected-sdist", (".tar.gz", r"(?:Downloading|Using cached) (?P<file>[A-Za-z]\S{0,150})\.tar\.gz\b")
    ),
)
_SHOWN = 4  # names in the message


def log(log: BuildLog) -> Iterator[Finding]:
    """See setuptools refuse to choose."""
    for hit in log.find("flat-layout-refused")[:1]:
        kind, names = hit.groups["kind"], re.findall(r"'([^']{1,100})'", hit.groups["names"])
        listed = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        key = "packages" if kind == "packages" else "py-modules"
        sdists = [one.groups["file"] for one in log.find("collected-sdist") if one.line < hit.line]
        package = next((one.groups["package"] for one in log.find("failed-package", "pip-source")), "")
        package = package or (re.sub(r"-\d[^-]*$", "", sdists[-1]) if sdists else "")
        own = Fix(
            f"name the {kind} that belong to it",
            notes=f'In pyproject.toml: [tool.setuptools] {key} = ["{names[0] if names else "NAME"}"], or [] for none. '
            "In setup.py: the argument of that name.",
        )
        other = Fix(
            "build it with an old setuptools" if package else "the package of others: build it with setuptools 60",
            build_with("setuptools<61", package or "PACKAGE"),
            notes="It needs Python 3.11 or older. A newer release of the package may need none of this.",
        )
        yield finding_from_hits(
            log,
            [hit],
            f"setuptools finds several {kind} ({listed}), and the project does not say which belong to it",
            "Nothing is built.",
            (other, own) if package else (own, other),
        )
