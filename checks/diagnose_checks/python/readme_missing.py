"""The readme that the project names does not exist where it is built.

``readme`` in pyproject.toml or Cargo.toml names a file that the build reads. Builds in a container often get only a
part of the project (``COPY Cargo.toml pyproject.toml src``), and ``.dockerignore`` or the ``include`` of a source
distribution can leave the file out.

How to fix: copy the file into the build, or remove ``readme``.

References:
    https://packaging.python.org/en/latest/guides/writing-pyproject-toml/#readme
"""

from __future__ import annotations

from diagnose.authoring.environment import refused
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

#: The reason that follows for a file that is there; glibc and musl word the last one differently.
_WHY = (
    r"(?<!\s)\s+Caused by: (?:failed to (?:read from|open) file `[^`]{1,400}`: )?"
    r"(?P<why>stream did not contain valid UTF-8|Is a directory|Permission denied|Symbolic link loop"
    r"|Too many levels of symbolic links)"
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.PYTHON,
    env_facts=("refusals",),
    patterns=patterns_for(
        "no-readme",
        # maturin 1.16
        (
            "eadme specified in ",
            r"Failed to read [Rr]eadme specified in (?P<by>\S{1,100}), "
            rf"which should be at (?P<file>\S.{{0,300}}?){_WHY}",
            2,
        ),
        (
            "normalize readme path",
            rf"failed to normalize readme path `(?P<file>[^`]{{1,300}})`{_WHY}",
            2,
        ),
        ("normalize readme path", r"failed to normalize readme path `(?P<file>[^`]{1,300})`"),
        ("exists, but can't be read", rf"Readme at (?P<file>\S.{{0,300}}?) exists, but can't be read{_WHY}", 2),
        (
            "eadme specified in ",
            r"Failed to read [Rr]eadme specified in (?P<by>\S{1,100}), which should be at (?P<file>\S.{0,300})$",
        ),
        ("Readme file not found (", r"Readme file not found \('(?P<file>[^']{1,300})'\)"),
        ("failed to open file `", r"^Error: failed to open file `(?P<file>\S{0,300}README[\w.]{0,20})`: No such file"),
        ("Readme path `", r"could not be installed: Readme path `(?P<file>[^`]{1,300})` does not exist"),  # Poetry
        (
            "Description file ",
            r"(?:ConfigError|Config error): Description file (?P<file>\S.{0,300}?) does not exist",
        ),  # flit
        ("Readme file does not exist", r"OSError: Readme file does not exist: (?P<file>\S.{0,300})$"),
    ),
)


_LOOP = (
    "is a symbolic link that leads back to itself",
    Fix("replace the link by the file", notes="`ls -l FILE` shows where it leads."),
)
#: What maturin says of a readme that is there → its state, and the fix.
_UNREAD = {
    "stream did not contain valid UTF-8": (
        "is not UTF-8",
        Fix(
            "convert the file to UTF-8",
            notes="`iconv -f LATIN1 -t UTF-8 FILE`, or -f UTF-16 for a file that Windows wrote, into a new file.",
        ),
    ),
    "Is a directory": ("is a folder", Fix("name the file in readme, with its folder")),
    "Permission denied": ("may not be read", Fix("let whoever builds read the file: chmod a+r FILE")),
    "Symbolic link loop": _LOOP,
    "Too many levels of symbolic links": _LOOP,
}


def env(env: Environment) -> Iterator[Finding]:
    """See that the project names a readme that does not exist."""
    yield from refused(env, "readme-missing", "maturin stops: no wheel is built.")


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is the reason that follows: maturin has one sentence for every file that it does not read."""
    at, there = (log.position(one.evidence[0]) for one in (finding, other))
    return other.check == "project-file-missing" and there - at in (0, 1)


def log(log: BuildLog) -> Iterator[Finding]:
    """See maturin or hatchling not find the readme, or not read it."""
    hits = log.find("no-readme")
    for hit in [hit for hit in hits if hit.groups["why"]][:1]:
        state, fix = _UNREAD[hit.groups["why"]]
        what = f"{hit.groups['by'] or 'the project'} names the readme {hit.groups['file']}, which {state}"
        yield finding_from_hits(log, [hit], what, "No wheel is built.", (fix,))
        return
    for hit in hits[:1]:
        file, by = hit.groups["file"], hit.groups["by"] or "pyproject.toml"
        yield finding_from_hits(
            log,
            [hit],
            f"{by} names the readme {file}, which does not exist",
            "No wheel is built.",
            (
                Fix(
                    "bring the file into the build",
                    notes="In a Dockerfile: COPY it before the build, and look into .dockerignore.",
                ),
                Fix(f"remove readme from {by}"),
            ),
        )
