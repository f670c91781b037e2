"""A path is longer than Windows allows, or than its limit of 260 characters.

Programs on Windows open paths of at most 260 characters, until the setting LongPathsEnabled lifts that limit. Python
takes longer ones since 3.6, if the setting is on. pip unpacks archives into a temporary folder of the user, and Python
from the Microsoft Store installs packages below a folder whose own path is long: files deep in an archive then do not
fit. Windows often says only that there is no such file. MSBuild, which CMake calls for Visual Studio, writes its logs
of files (``.tlog``) at the end of such a path.

How to fix: switch long paths on, or use a folder with a short path.

References:
    https://pip.pypa.io/warnings/enable-long-paths
    https://learn.microsoft.com/en-us/windows/win32/fileio/maximum-file-path-limitation
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
        "windows-long-path",
        ("enable-long-paths", r"does not have Windows Long Path support enabled"),
        ("[WinError 206]", r"\[WinError 206\] "),
        ("(os error 206)", r"\(os error 206\)"),
        ("ilename too long", r"error: (?:unable to create file|cannot stat) \S{60,400}: Filename too long"),
        (
            "FTK1011",
            r"error FTK1011: .{0,150}?(?P<tracked>[A-Za-z]:\\[^\n]{247,600}\.tlog)",
            2,
        ),
        # Windows's own words for such a path: the file is there, and its name is not taken
        (
            "[Errno 2] No such file or dir",
            r"\[Errno 2\] No such file or directory: '"
            r"(?P<path>[A-Za-z]:\\{1,2}[^'\n]{235,600})'",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See pip, git or cargo fail at a path that is too long for Windows."""
    hits = log.find("windows-long-path")
    if hits and hits[0].groups["tracked"]:
        yield finding_from_hits(
            log,
            hits[:3],
            "a path is longer than the 260 characters that MSBuild can write its log of files to",
            "Nothing is compiled there.",
            (_BUILD_SHORT,),
        )
    elif hits:
        git = any("Filename too long" in hit.text for hit in hits)
        yield finding_from_hits(
            log,
            hits,
            "a path is longer than the 260 characters that Windows allows here",
            "The file cannot be written or opened.",
            (
                *((_GIT,) if git else ()),
                Fix(
                    "switch long paths on, as administrator",
                    (
                        Command(
                            'powershell -Command "New-ItemProperty -Path '
                            "HKLM:\\SYSTEM\\CurrentControlSet\\Control\\FileSystem -Name LongPathsEnabled -Value 1 "
                            '-PropertyType DWORD -Force"',
                            FixStage.TOOLCHAIN,
                        ),
                    ),
                    notes="Then open a new terminal. Windows 10 1607 and later have it.",
                ),
                Fix(
                    "use short folders",
                    (
                        Command("python -m venv C:\\v", FixStage.TOOLCHAIN),
                        Command("set TMP=C:\\t", FixStage.TOOLCHAIN),
                    ),
                    notes="pip unpacks into %TMP%, which has to exist. Python of the Microsoft Store installs below a "
                    "long path: that of python.org does not.",
                ),
            ),
        )


_BUILD_SHORT = Fix(
    "build in short folders",
    (
        Command("set CARGO_TARGET_DIR=C:\\t", FixStage.TOOLCHAIN),
        Command("set TMP=C:\\t", FixStage.TOOLCHAIN),
        Command("set UV_CACHE_DIR=C:\\u", FixStage.TOOLCHAIN),
    ),
    notes="The folders have to exist. uv and pip unpack below the last two. With Ninja, which comes with Visual "
    "Studio, CMake makes shorter paths and no .tlog: CMAKE_GENERATOR=Ninja.",
)
_GIT = Fix("let git write long paths", (Command("git config --system core.longpaths true", FixStage.TOOLCHAIN),))


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* reports the same file as missing."""
    return other.check == "project-file-missing"
