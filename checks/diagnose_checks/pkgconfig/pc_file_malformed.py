"""A ``.pc`` file is malformed: pkg-config refuses it, or ignores a field of it.

The original pkg-config (0.29 and older) refuses a file that uses a variable before it is defined, defines one twice,
repeats a field, leaves a quote open, or compares versions with another operator than ``=``, ``!=``, ``<``, ``<=``,
``>`` and ``>=``. The build script then reports that the library was not found. pkgconf reads such files. Where a quote
is not closed, it ignores the whole field without a word; where the closing brace of a variable is missing, it takes the
rest of the line for the variable's name. The flags of that field are then missing from its answer.

How to fix: correct the file, or reinstall the package that brings it.

References:
    https://gitlab.freedesktop.org/pkg-config/pkg-config/-/blob/pkg-config-0.29.2/parse.c
    https://github.com/pkgconf/pkgconf/blob/pkgconf-2.5.1/libpkgconf/fragment.c
"""

from __future__ import annotations

from diagnose.authoring.environment import names
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library

CHECK = Check(
    since="0.1.0",
    phase=Phase.SEARCH,
    patterns=patterns_for(
        "pc-refused",
        ("' not defined in '", r"^Variable '[^']{0,200}' not defined in '(?P<path>[^']{1,300}\.pc)'"),
        (
            "Duplicate definition of variable",
            r"^Duplicate definition of variable '[^']{1,200}' in '(?P<path>[^']{1,300}\.pc)'",
        ),
        (" field occurs twice in", r"^[A-Z][A-Za-z.]{2,20} field occurs twice in '(?P<path>[^']{1,300}\.pc)'"),
        (" field into an argument vector", r"^Couldn't parse [A-Z][A-Za-z.]{2,20} field into an argument vector"),
        (
            "Unknown version comparison operator",
            r"^Unknown version comparison operator '[^']{1,100}' after package name '[^']{1,100}' "
            r"in file '(?P<path>[^']{1,300})'",
        ),
        (
            "Comparison operator but no version",
            r"^Comparison operator but no version after package name '[^']{1,100}' in file '(?P<path>[^']{1,300})'",
        ),
        (
            "Empty package name in Requires",
            r"^Empty package name in Requires or Conflicts in file '(?P<path>[^']{1,300})'",
        ),
        ("' has no ", r"^Package '[^']{1,200}' has no (?:Name|Version|Description): field"),
    ),
    env_facts=("libraries.refused", "libraries.malformed"),
)
_WHY = {
    "quote": "a quote is not closed, so pkg-config ignores the field",
    "brace": "a variable has no closing brace, so pkg-config takes the rest for its name",
    "bytes": "its bytes are not UTF-8, so the pkg-config crate panics",
}


def env(env: Environment) -> Iterator[Finding]:
    """See what pkg-config says of a file that it refuses, and the fields that it ignores or misreads."""
    refused: dict[str, list[Library]] = {}
    seen: set[str] = set()
    for library in env.libraries:
        if library.refused:
            refused.setdefault(library.refused, []).append(library)
        elif library.malformed and library.pc not in seen:
            seen.add(library.pc)
            yield _ignored(library)
    for said, libraries in refused.items():
        yield Finding(
            message=f"pkg-config refuses a .pc file that {names(libraries)} needs",
            severity=Severity.ERROR,
            evidence=(Evidence(said, where=f"`{libraries[0].command}`"),),
            consequence=f"The build script reports that {names(libraries)} was not found, although it is installed.",
            fixes=(_correct(_path(said)),),
        )


def _ignored(library: Library) -> Finding:
    fields = library.malformed
    lost = any(one.lost for one in fields)
    return Finding(
        message=f"{fields[0].field} in {library.module}.pc is malformed: {_WHY[fields[0].why]}",
        severity=Severity.ERROR if lost else Severity.WARNING,
        evidence=tuple(Evidence(f"{one.field}: {one.text[:200]}", library.pc) for one in fields),
        consequence="The build script stops with FromUtf8Error."
        if fields[0].why == "bytes"
        else "The build, or the import of the extension, fails with an undefined symbol: nothing is linked for it."
        if lost
        else "Flags of this field are missing from pkg-config's answer.",
        fixes=(_correct(library.pc),),
    )


def _path(said: str) -> str:
    last = said.split("'")[-2] if said.count("'") > 1 else ""
    return last if last.startswith("/") else ""


def _correct(path: str) -> Fix:
    return Fix(f"correct {path or 'the file'}", notes="If a package brings it, reinstall that package.")


def log(log: BuildLog) -> Iterator[Finding]:
    """See the original pkg-config refuse a file while a build script asks it."""
    for probe in log.probes:
        if probe.refused is not None:
            yield finding_from_hits(
                log,
                [probe.refused, *(hit for hit in probe.hits if hit is not probe.refused)],
                f"pkg-config refuses a .pc file that {probe.module or 'the build'} needs",
                "The library is installed. Reinstalling pkg-config has no effect.",
                (_correct(probe.refused.groups["path"]),),
            )
