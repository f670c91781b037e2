"""A Python that a tool has to use is installed, and not selected.

pyenv, asdf and mise put programs of their own (shims) into PATH, for every Python that they have installed. Such a
program starts the version that a file, a variable or the shell selects, and fails where none of these has the command.
Then the Python need not be installed again.

How to fix: select that version, too: ``pyenv local 3.12.1 3.13.0`` makes both available. Or name the Python by its
path.

References:
    https://github.com/pyenv/pyenv#switch-between-python-versions
    https://mise.jdx.dev/dev-tools/shims.html
    https://asdf-vm.com/manage/versions.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_PROGRAM = r"(?:python|pypy|pip|graalpy)[\d.]{0,10}[tw]?"
CHECK = Check(
    since="0.1.0",
    phase=Phase.PYTHON,
    patterns=patterns_for(
        "python-unselected",
        (
            "command exists in these Python",
            r"^The [`'](?P<program>[\w.-]{1,60})' command exists in these Python versions:(?P<pyenv>)"
            r"(?P<versions>(?:\s+[23]\.\d[\w.-]{0,30}){1,12})",
            8,
        ),
        (
            "command exists in these Python",
            r"^The [`'](?P<program>[\w.-]{1,60})' command exists in these Python versions:(?P<pyenv>)",
        ),
        (
            "No version is set for ",
            rf"^No version is set for command (?P<program>{_PROGRAM})(?P<asdf>)"
            r".{1,300}?(?P<versions>\s+python \d[\w.]{0,20})",
            3,
        ),
        ("No version is set for ", rf"^No version is set for command (?P<program>{_PROGRAM})$(?P<asdf>)"),
        (
            "No version is set for ",
            rf"^mise ERROR No version is set for shim: (?P<program>{_PROGRAM})(?P<mise>)"
            r".{0,100}?(?P<versions>\s+mise use -g python@\d[\w.]{0,20})",
            3,
        ),
        ("No version is set for ", rf"^mise ERROR No version is set for shim: (?P<program>{_PROGRAM})(?P<mise>)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the shim of a version manager name the versions that have the command."""
    for hit in log.find("python-unselected")[:1]:
        program = hit.groups["program"]
        versions = re.findall(r"\d[\w.-]*", hit.groups["versions"])
        manager = next(name for name in ("pyenv", "asdf", "mise") if name in hit.groups)
        having = f": {', '.join(versions[:4])} has it" if versions else ""
        yield finding_from_hits(
            log,
            [hit, *log.near(hit.line, "no-such-python", before=4)],
            f"{program} is installed, but {manager} has no version selected that has it{having}",
            "Its program in PATH stops: it stands for the selected versions only.",
            _fixes(manager, program, versions[-1] if versions else "VERSION"),
        )


def _fixes(manager: str, program: str, version: str) -> tuple[Fix, ...]:
    command, notes = {
        "pyenv": (
            f"pyenv local $(pyenv version-name | tr : ' ') {version}",
            "In the folder of the build; it writes .python-version. pyenv global selects for all folders, "
            "PYENV_VERSION "
            "for one command.",
        ),
        "asdf": (f"asdf set python {version}", "Several: asdf set python 3.12.7 3.11.8. Before 0.16: asdf local."),
        "mise": (f"mise use python@{version}", "Several: mise use python@3.12 python@3.13. -g for all folders."),
    }[manager]
    path = {
        "pyenv": f'"$(PYENV_VERSION={version} pyenv which {program})"',
        "asdf": f'"$(asdf where python {version})/bin/{program}"',
        "mise": f'"$(mise where python@{version})/bin/{program}"',
    }[manager]
    other = (
        Fix(
            "name it by its path, or name another Python that is selected",
            notes=f"{path} is its path: maturin build -i PATH, tox and nox find it in PATH. tox leaves a missing one "
            f"out "
            "with skip_missing_interpreters = true.",
        )
        if program.startswith(("python", "pypy"))
        else Fix("call it through the Python that has it", notes=f"As in PYTHON -m {program.rstrip('0123456789.')}.")
    )
    return Fix(
        f"select the version {version} beside the others", (Command(command, FixStage.TOOLCHAIN),), notes=notes
    ), other


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is what a tool says of the program in PATH that stops."""
    return (
        other.check in ("pyo3-interpreter-not-found", "python-not-installed")
        and abs(log.position(other.evidence[0]) - log.position(finding.evidence[0])) < _NEAR
    )


_NEAR = 40  # lines
