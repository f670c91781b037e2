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
    + patterns_for("own-folder", (" @ file://", r"(?<![\w.-])(?P<name>[A-Za-z][\w.-]{0,80}) @ file://\S"))
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
        folders = [one.groups["name"] for one in log.find("own-folder")]
        example = _likeliest(names, [*folders, package])
        own = Fix(
            f"name the {kind} that belong to it",
            notes=f'In pyproject.toml: [tool.setuptools] {key} = ["{example}"], or [] for none. '
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


#: Folders beside the package that belong to no wheel.
_ASIDE = frozenset(
    [
        "assets",
        "bench",
        "benchmarks",
        "bin",
        "config",
        "configs",
        "data",
        "dist",
        "doc",
        "docs",
        "example",
        "examples",
        "images",
        "img",
        "logs",
        "migrations",
        "models",
        "notebooks",
        "output",
        "resources",
        "scripts",
        "static",
        "templates",
        "test",
        "tests",
        "tools",
        "utils",
        "web",
    ]
)


def _likeliest(names: list[str], projects: list[str]) -> str:
    """Return the one of *names* that is called as the project, else the first that is not a usual folder beside it."""
    called = {re.sub(r"[-.]", "_", project).lower() for project in projects if project}
    own = [name for name in names if name.lower() in called] or [name for name in names if name not in _ASIDE]
    return (own or names or ["NAME"])[0]
