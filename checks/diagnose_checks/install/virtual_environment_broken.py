"""The virtual environment's own Python is gone, or its files are incomplete.

A virtual environment holds no interpreter: its ``python`` is a link to the one that made it, and ``pyvenv.cfg`` names
that one's folder. If it is updated to another release, removed, or if the folder of the environment comes from
another machine, image or cache, the link leads nowhere.

How to fix: make the environment again. Do not copy one into an image, or keep one in a cache, without its
interpreter.

References:
    https://docs.python.org/3/library/venv.html
    https://docs.astral.sh/uv/pip/environments/
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
        "broken-environment",
        ("Broken virtual environment", r"Broken virtual environment:? `(?P<place>[^`]{1,300})`"),
        ("Broken virtualenv", r"Broken virtualenv: `(?P<place>[^`]{1,300})`"),
        ("Broken symlink at ", r"Broken symlink at `(?P<place>[^`]{1,300})`"),
        (
            "failed to canonicalize path",
            r"failed to canonicalize path `(?P<place>[^`]{1,300}/bin/python[\d.]{0,8})`: No such file",
        ),
        (
            "query Python interpreter at",
            r"Failed to query Python interpreter at `(?P<place>[^`]{1,300})`\s+Caused by: No such file",
            2,
        ),
        (
            "is not a valid Python environ",
            r"Project virtual environment directory `(?P<place>[^`]{1,300})` cannot be used because",
        ),
        (
            "virtual environment found in",
            r"^The virtual environment found in (?P<place>\S{1,300}) seems to be broken(?P<poetry>)",
        ),
        ("No Python at ", r"^No Python at ['\"]{1,2}(?P<place>[^'\"]{1,300})['\"]{1,2}$"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See uv, Poetry or the environment's own start program miss the interpreter."""
    for hit in log.find("broken-environment")[:1]:
        place = hit.groups["place"]
        poetry = "poetry" in hit.groups
        uv = not poetry and not hit.text.startswith("No Python at")
        yield finding_from_hits(
            log,
            [hit],
            f"the Python at {place}, which made the virtual environment, is gone"
            if hit.text.startswith("No Python at")
            else f"the virtual environment's interpreter, or its settings, are gone: {place}",
            "Nothing can be run or installed in it.",
            [
                Fix(
                    "make the environment again",
                    (
                        (
                            Command("poetry env remove --all", FixStage.TOOLCHAIN),
                            Command("poetry install", FixStage.BUILD),
                        )
                        if poetry
                        else (Command("uv venv --clear", FixStage.TOOLCHAIN),)
                        if uv
                        else (Command("python3 -m venv --clear .venv", FixStage.TOOLCHAIN),)
                    ),
                    notes="Then install into it again. In a CI cache: the key has to name the version of Python; in a "
                    "Dockerfile: a COPY --from of an environment needs the interpreter at the same path, and "
                    ".dockerignore "
                    "keeps your own .venv out.",
                )
            ],
        )
