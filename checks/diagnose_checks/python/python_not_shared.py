"""This Python has no shared library of itself, which a program that embeds Python needs.

CPython's own build makes a static interpreter unless ``--enable-shared`` is given; pyenv's does the same, and the
manylinux images have no libpython at all. PyInstaller packs the library. An extension module needs none.

How to fix: use a Python with the library: the distribution's, uv's, or one that is built with ``--enable-shared``.

References:
    https://docs.python.org/3/using/configure.html#cmdoption-enable-shared
    https://pyinstaller.org/en/stable/development/venv.html
    https://github.com/pyenv/pyenv/wiki#how-to-build-cpython-with---enable-shared
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.PYTHON,
    patterns=patterns_for(
        "no-shared-python",
        (
            "Python library not found: ",
            r"(?:OSError|IOError|PythonLibraryNotFoundError): Python library not found: (?P<names>\S.{0,200})",
        ),
        ("ERROR: Python library not", r"^\d{1,9} ERROR: Python library not found!"),
        ("without its shared library", r"(?:ERROR: |SystemExit: )Python was built without a shared library(?P<names>)"),
    ),
)
_PACKAGES = {
    "debian": ("python3-dev",), "rhel": ("python3-devel",), "suse": ("python3-devel",), "arch": ("python",),
    "alpine": ("python3-dev",),
}  # fmt: skip


def log(log: BuildLog) -> Iterator[Finding]:
    """See PyInstaller miss the shared library of Python."""
    for hit in log.find("no-shared-python")[:1]:
        names = hit.groups["names"].split(",")[0].strip()
        first = Fix(
            "take a Python that has it",
            (Command("uv venv --python-preference only-managed .venv", FixStage.TOOLCHAIN),),
            notes="uv's own Pythons have the library. Then install the tool and the project's requirements there.",
        )
        pyenv = Fix(
            "with pyenv: build it again, shared",
            (Command("PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install --force VERSION", FixStage.TOOLCHAIN),),
            notes="Replace VERSION. On macOS: --enable-framework. Make the virtual environment again afterwards.",
        )
        own = install_by_family(
            log,
            hit.line,
            "if it is the distribution's Python: install its library",
            _PACKAGES,
            "A python3.X of its own has libpython3.X-dev.",
        )
        yield finding_from_hits(
            log,
            [hit],
            f"this Python has no shared library{f' ({names})' if names else ''}: it was built without --enable-shared",
            "A program that contains Python cannot be made with it.",
            (first, pyenv, *own),
        )
