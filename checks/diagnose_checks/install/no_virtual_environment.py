"""The installer refuses to write into the system's Python.

Distributions mark their Python as externally managed (PEP 668): pip and uv then install into environments only. uv and
``maturin develop`` look for an environment and stop without one. An older pip tries, and may lack the permission.

How to fix: make an environment, and install with its Python. In a container that is thrown away, the mark may be
overridden.

References:
    https://packaging.python.org/en/latest/specifications/externally-managed-environments/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "no-environment",
        ("externally-managed-environ", r"^error: externally-managed-environment"),
        ("is externally managed", r"The interpreter at (?P<uv>\S{1,300}) is externally managed"),
        ("No virtual environment found", r"No virtual environment found(?P<uv>)"),
        (
            "perform a '--user' install",
            r"^ERROR: Can not perform a '--user' install\. User site-packages are (?P<user>not visible|disabled)",
        ),
        ("NotWritableError: The current", r"^(?P<conda>(?:Environment)?NotWritableError): The current user"),
        ("EnvironmentNotWritable", r"(?P<conda>EnvironmentNotWritableError)"),
        ("Both VIRTUAL_ENV and CONDA", r"(?P<two>Both VIRTUAL_ENV and CONDA_PREFIX are set)"),
        ("find a virtualenv or conda", r"(?P<maturin>Couldn't find a virtualenv or conda environment)"),
        (
            "ermission denied",
            r"Could not install packages due to an \w{1,40}: \[Errno 13\] Permission denied: '(?P<file>[^']{1,300})'",
        ),
        # of setuptools and old releases of pip, which do not say what they were at
        (
            "ermission denied",
            r"^(?:error|OSError|PermissionError): (?:could not create|\[Errno 13\] Permission denied:) "
            r"'(?P<file>/[^']{0,250}/(?:site|dist)-packages/[^']{0,250})'(?P<terse>)",
        ),
        ("an activated virtualenv", r"^ERROR: Could not find an activated virtualenv \(required\)(?P<required>)"),
        (
            "ermission denied",
            r"^(?:error: |Caused by: )failed to create (?:file|directory) `(?P<file>[^`]{1,300})`: Permission denied",
        ),
    )
    + patterns_for(
        "installs-note",
        ("running install", r"^running install"),
        ("packages", r"^(?:copying|creating) \S.{0,300}-packages"),
        ("/pip/", r"[\\/]pip[\\/](?:_internal|req|wheel|commands|basecommand)"),
        ("os.py", r"line \d{1,6}, in makedirs$"),
        ("setup.py install", r"Running setup\.py install"),
        ("import setuptools", r"-c \"import setuptools.{0,2000} install\b"),
    ),
)


_ABOVE = 60  # lines of a traceback


def log(log: BuildLog) -> Iterator[Finding]:
    """See pip, uv or maturin ask for an environment."""
    for hit in log.find("no-environment")[:1]:
        file = hit.groups["file"]
        if "terse" in hit.groups and not log.near(hit.line, "installs-note", before=_ABOVE, after=_ABOVE):
            continue  # a file that this user may not read
        if hit.groups["conda"]:
            yield _of_conda(log, hit)
            return
        if file.endswith((".whl", ".tar.gz", ".zip")):
            yield _unreadable(log, hit)
            return
        if hit.groups["two"]:
            yield finding_from_hits(
                log,
                [hit],
                "maturin develop finds two environments, conda's and a virtual one, and chooses neither",
                "Nothing is installed.",
                (
                    Fix("for the virtual environment", unset=("CONDA_PREFIX",)),
                    Fix("for conda's: leave the other", (Command("deactivate", FixStage.TOOLCHAIN),)),
                ),
            )
            return
        if "required" in hit.groups:
            yield finding_from_hits(
                log,
                [hit],
                "pip is set to install into an active virtual environment only, which is missing",
                "Nothing is installed.",
                (
                    Fix(
                        "make an environment, and install into it",
                        (
                            Command("python3 -m venv .venv", FixStage.TOOLCHAIN),
                            Command(". .venv/bin/activate", FixStage.TOOLCHAIN),
                        ),
                    ),
                    Fix(
                        "allow it for this command",
                        env=(("PIP_REQUIRE_VIRTUALENV", "0"),),
                        notes="`pip config list` shows where require-virtualenv is set.",
                    ),
                ),
            )
            return
        if hit.groups["user"]:
            yield finding_from_hits(
                log,
                [hit],
                "pip is to install for the user, and runs in a virtual environment, which has no such place",
                "Nothing is installed.",
                (
                    Fix(
                        "install into the environment: leave --user out",
                        unset=("PIP_USER",),
                        notes="user = true may be in pip.conf.",
                    ),
                ),
            )
            return
        uv = hit.text.startswith("error: ") and "externally-managed-environment" not in hit.text and not file
        yield finding_from_hits(
            log,
            [hit],
            f"pip may not write {file}"
            if file
            else "maturin develop finds no virtual environment to install into"
            if hit.groups["maturin"]
            else "the Python that would be changed belongs to the system"
            if "xternally" in hit.text
            else "uv finds no virtual environment",
            "Nothing is installed.",
            (
                Fix(
                    "make an environment, and install into it",
                    (
                        Command("uv venv", FixStage.TOOLCHAIN),
                        Command(". .venv/bin/activate", FixStage.TOOLCHAIN),
                    )
                    if uv
                    else (
                        Command("python3 -m venv .venv", FixStage.TOOLCHAIN),
                        Command(". .venv/bin/activate", FixStage.TOOLCHAIN),
                    ),
                    notes="Activate it in every later step, too, or put its bin folder first on PATH.",
                ),
                Fix(
                    "in a container that is thrown away: allow it",
                    env=(("UV_SYSTEM_PYTHON", "1"),) if uv else (("PIP_BREAK_SYSTEM_PACKAGES", "1"),),
                    notes="On other systems it can damage programs of the distribution."
                    + (" uv also needs UV_BREAK_SYSTEM_PACKAGES=1 if that Python is externally managed." if uv else ""),
                )
                if not file and not hit.groups["maturin"]
                else Fix(
                    "build a wheel instead, and install that where it is needed",
                    notes="As in: maturin build --release.",
                ),
            ),
        )


def _unreadable(log: BuildLog, hit: Hit) -> Finding:
    """Return that pip may not read the archive that it is to install."""
    file = hit.groups["file"]
    return finding_from_hits(
        log,
        [hit],
        f"pip may not read {file}: it belongs to another user",
        "Nothing is installed.",
        (
            Fix(
                "give the file to the user who installs it, or let everyone read it",
                notes=f"In a Dockerfile: COPY --chown=USER, or COPY --chmod=644; else: chmod a+r {file}.",
            ),
        ),
    )


def _of_conda(log: BuildLog, hit: Hit) -> Finding:
    """Return that this user may not write conda's environment."""
    return finding_from_hits(
        log,
        [hit],
        "this user may not write conda's environment",
        "Nothing is installed.",
        (
            Fix(
                "make an environment of your own, and install into it",
                (
                    Command("conda create -y -n work python", FixStage.TOOLCHAIN),
                    Command("conda activate work", FixStage.TOOLCHAIN),
                ),
                notes="Its folder is in ~/.conda/envs, or where CONDA_ENVS_PATH says.",
            ),
            Fix(
                "if it is yours: take it back from root",
                notes="After `sudo conda …`: sudo chown -R $USER FOLDER, with the folder of the message.",
            ),
        ),
    )
