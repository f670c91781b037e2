"""Windows finds the DLLs of a module, but cannot run one of them.

The message gives one of three reasons, in the language of the user. "Initialization routine failed": a DLL that was
loaded stops while it starts, often because an older Visual C++ runtime, or another copy of OpenMP, is already in the
process, or because the processor lacks instructions that it uses. "Not a valid Win32 application": the module, or a DLL
that it needs, is for another processor, or of 32 instead of 64 bits. "Application Control policy": the administrator
allows signed files only.

How to fix: update the Visual C++ runtime, and remove other copies of the DLL from PATH; install the package with the
Python that imports it.

References:
    https://learn.microsoft.com/en-us/windows/win32/debug/system-error-codes--1000-1299-
    https://learn.microsoft.com/en-us/windows/win32/debug/system-error-codes--0-499-
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose_checks.runtime._triage import AT_WORK, WINDOWS, windows_reasons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=WINDOWS
    + AT_WORK
    + patterns_for(
        "so-on-windows",
        *(
            (call, rf"{call}\(.{{0,300}}?(?P<file>[\w.+-]{{1,80}}\.so(?:\.\d+){{0,3}})['\"]")
            for call in ("CDLL", "PyDLL", "WinDLL", "LoadLibrary")
        ),
    ),
)
_INSTALL_AGAIN = Fix(
    "install the package with the Python that imports it",
    (
        Command("python -c \"import struct; print(struct.calcsize('P') * 8)\"", FixStage.TOOLCHAIN),
        Command("python -m pip install --force-reinstall --no-cache-dir PACKAGE", FixStage.BUILD),
    ),
    notes="The first command prints 64 or 32. If the module fits: a DLL that it needs is of the other kind, which "
    "`where.exe NAME.dll` finds in PATH.",
)
#: Reason → what is wrong with the DLLs of {module}, and the fixes.
_TOLD = {
    "processor": (
        "{module}, or a DLL that it needs, is for another processor than this Python, or of other than its bits",
        (_INSTALL_AGAIN,),
    ),
    "policy": (
        "a policy of this Windows does not let {module} run",
        (Fix("let the administrator allow the files, or use a folder that the policy allows"),),
    ),
    "start": (
        "a DLL that {module} needs is found, but fails when it starts",
        (
            Fix(
                "install the newest Visual C++ runtime",
                notes="https://aka.ms/vs/17/release/vc_redist.x64.exe. A program that loaded an older msvcp140.dll "
                "before, as some bring their own, makes newer modules fail.",
            ),
            Fix(
                "import the module first, and remove other copies of its DLLs from PATH",
                (Command('python -c "import MODULE"', FixStage.TOOLCHAIN),),
                notes="If that alone works, another module of the program loads a DLL that does not fit it: mostly "
                "OpenMP's (libiomp5md.dll), OpenSSL's, or CUDA's of another version.",
            ),
            Fix("if the processor is old: use an older release, or one built without AVX"),
        ),
    ),
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See Windows's loader refuse a DLL that it found."""
    reasons = windows_reasons(log)
    for reason, (told, fixes) in _TOLD.items():
        if hits := reasons.get(reason, []):
            if reason == "processor" and (shared := log.near(hits[0].line, "so-on-windows", before=_FRAME)):
                yield _of_linux(log, [shared[-1], *hits], shared[-1].groups["file"])
                return
            module = next((hit.groups["module"] for hit in hits if hit.groups["module"]), "")
            module = module or ("a program" if hits[0].groups["status"] else "a module")
            meets = "It does not start." if module == "a program" else "It cannot be imported."
            yield finding_from_hits(log, hits, told.format(module=module), meets, fixes)
            return


_FRAME = 6  # lines from the call to the error


def _of_linux(log: BuildLog, hits: list[Hit], file: str) -> Finding:
    return finding_from_hits(
        log,
        hits,
        f"{file} is a library for Linux, and Windows loads only its own DLLs",
        "It cannot be loaded.",
        [
            Fix(
                "build the library for Windows, as a .dll, or get that file from its project",
                notes="The code that loads it has to name the .dll there: by sys.platform.",
            ),
            Fix("run the program on Linux", notes="On Windows: WSL, or a container."),
        ],
    )
