"""The lock file does not fit the project, and may not be changed.

``uv sync --locked``, ``poetry install``, ``pdm install --frozen-lockfile`` and ``pipenv install --deploy`` refuse a
lock file that was made before the last change of pyproject.toml. ``uv sync --frozen`` refuses to work without one.

How to fix: make the lock file again with the tool's own command, and commit it.

References:
    https://docs.astral.sh/uv/concepts/projects/sync/
    https://python-poetry.org/docs/cli/#lock
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
        "python-lock",
        ("needs to be updated, but", r"lockfile at `(?P<uv>[^`]{1,300})` needs to be updated, but"),
        (
            "unsupported schema version",
            r"(?:lockfile at `|Failed to parse `)(?P<newer>[^`]{1,300})`,? (?:which )?uses an unsupported schema",
        ),
        ("ailed to parse `", r"Failed to parse `(?P<broken>[^`]{0,200}\.lock)`"),
        ("nable to find lockfile at", r"Unable to find lockfile at `(?P<none>[^`]{1,300})`"),
        ("poetry.lock", r"pyproject\.toml changed significantly since (?P<poetry>poetry\.lock) was last generated"),
        ("poetry.lock", r"(?P<poetry>poetry\.lock) is not up to date with pyproject\.toml"),
        ("lock file is not compatible", r"The lock file is not compatible with the current version of (?P<old>Poetry)"),
        ("ock file hash doesn't match", r"(?P<pdm>Lock file) hash doesn't match pyproject"),
        ("The lock file is outdated", r"(?P<pdm>The lock ?file) is outdated"),
        ("Pipfile.lock (", r"Your (?P<pipenv>Pipfile\.lock) \(\w{1,64}\)\s+is out of date", 2),
        ("ock-file not up-to-date", r"(?P<pixi>lock-file) not up-to-date with the (?:project|workspace)"),
    ),
)
_COMMANDS = {
    "uv": "uv lock",
    "none": "uv lock",
    "poetry": "poetry lock",
    "pdm": "pdm lock",
    "pipenv": "pipenv lock",
    "pixi": "pixi lock",
}
_FILES = {"uv": "uv.lock", "poetry": "poetry.lock", "pdm": "pdm.lock", "pipenv": "Pipfile.lock", "pixi": "pixi.lock"}


def log(log: BuildLog) -> Iterator[Finding]:
    """See uv, Poetry, PDM, pipenv or pixi refuse the lock file."""
    for hit in log.find("python-lock")[:1]:
        if broken := hit.groups["broken"]:
            yield finding_from_hits(
                log,
                [hit],
                f"uv cannot read {broken}",
                "Nothing is installed.",
                (
                    Fix(
                        "make the lock file from nothing",
                        (Command("rm -f uv.lock", FixStage.BUILD), Command("uv lock", FixStage.BUILD)),
                        notes="uv keeps no version that the old file had. A merge, or an edit by hand, may have "
                        "broken it: the "
                        "last good one is in the history (git checkout REVISION -- uv.lock). Or another uv wrote it: "
                        "update uv.",
                    ),
                ),
            )
            return
        if newer := hit.groups["newer"]:
            yield finding_from_hits(
                log,
                [hit],
                f"{newer} has a format that this uv does not know: a newer one wrote it",
                "Nothing is installed.",
                (
                    Fix(
                        "use the uv that wrote it, or a newer one",
                        (Command("python3 -m pip install --upgrade uv", FixStage.TOOLCHAIN),),
                        notes="uv self update, where uv was installed by itself.",
                    ),
                ),
            )
            return
        tool = next((name for name in (*_COMMANDS, "old") if hit.groups[name]), "uv")
        if tool == "old":
            yield finding_from_hits(
                log,
                [hit],
                "poetry.lock has a format that this Poetry does not know",
                "Nothing is installed.",
                (
                    Fix(
                        "use the Poetry that wrote it, or a newer one",
                        (Command("python3 -m pip install --upgrade poetry", FixStage.TOOLCHAIN),),
                        notes="The first line of poetry.lock names the version.",
                    ),
                ),
            )
            return
        command = _COMMANDS[tool]
        absent = tool == "none"
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['none']} does not exist where the build runs"
            if absent
            else f"{_FILES[tool]} does not fit pyproject.toml"
            if tool != "pipenv"
            else "Pipfile.lock does not fit Pipfile",
            "Nothing is installed.",
            (
                Fix(
                    "make the lock file, and bring it into the build" if absent else "make the lock file again",
                    (Command(command, FixStage.BUILD),),
                    notes="Commit it; in a Dockerfile, COPY it."
                    if absent
                    else "Commit it with the change of the project.",
                ),
            ),
        )
