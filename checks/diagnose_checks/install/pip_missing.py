"""The Python that is called has no pip.

Distributions keep pip in a package of its own, and so do the manylinux images for their system's Python: the pip of
these images is in ``/opt/python/cp312-cp312/bin``. An environment that uv makes has none either.

How to fix: install pip for this Python, or call a Python that has it. maturin-action needs pip for ``sccache: true`` in
a container.

References:
    https://packaging.python.org/en/latest/guides/installing-using-linux-tools/
    https://github.com/PyO3/maturin-action/issues/336
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=(
        *patterns_for("no-pip", ("No module named pip", r"^(?P<python>\S{0,200}python[\w.]*): No module named pip$")),
        *patterns_for("sccache-note", ("sccache", r"\bsccache\b")),
    ),
)
_PACKAGES = {
    "debian": ("python3-pip", "python3-venv"),
    "rhel": ("python3-pip",),
    "alpine": ("py3-pip",),
    "arch": ("python-pip",),
    "suse": ("python3-pip",),
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See Python not find pip."""
    for hit in log.find("no-pip")[:1]:
        python = hit.groups["python"]
        notes = "In a manylinux image: put a Python that has pip first on PATH, /opt/python/cp312-cp312/bin."
        fixes = list(install_by_family(log, hit.line, "install pip", _PACKAGES))
        fixes.append(Fix("call a Python that has pip", notes=notes))
        if log.near(hit.line, "sccache-note", before=20, after=5):
            fixes.insert(0, Fix("leave sccache out in this container", notes="maturin-action: sccache: false."))
        yield finding_from_hits(log, [hit], f"{python} has no pip", "Nothing is installed.", fixes)
