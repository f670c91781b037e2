"""Windows does not find a DLL that a module needs.

The message does not name the DLL. Since Python 3.8 the folders of PATH are not searched for it, only the module's
own, the system's, and those that ``os.add_dll_directory`` names. On fresh machines it is often the Visual C++
runtime.

How to fix: install the Visual C++ redistributable; name the folder of other DLLs. Who builds the wheel bundles them
with delvewheel.

References:
    https://docs.python.org/3/library/os.html#os.add_dll_directory
    https://github.com/adang1345/delvewheel
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
    phase=Phase.LATER,
    patterns=patterns_for(
        "runtime-windows-dll-missing",
        (
            "DLL load failed",
            r"ImportError: DLL load failed(?: while importing (?P<module>\w{1,80}))?: (?:The specified module|\S)",
        ),
        ("[WinError 126]", r"\[WinError 126\] "),
        ("[WinError 1114]", r"\[WinError 1114\] "),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Windows's loader miss a DLL."""
    hits = log.find("runtime-windows-dll-missing")
    if hits:
        module = next((hit.groups["module"] for hit in hits if hit.groups["module"]), "")
        yield finding_from_hits(
            log,
            hits,
            f"a DLL that {module} needs is not found" if module else "a DLL that a module needs is not found",
            "It cannot be imported.",
            (
                Fix(
                    "install the Visual C++ runtime",
                    notes="https://aka.ms/vs/17/release/vc_redist.x64.exe. Images without the desktop, as Nano "
                    "Server, lack more.",
                ),
                Fix(
                    "name the folder of the DLL",
                    notes="os.add_dll_directory(r'FOLDER') before the import. `dumpbin /dependents FILE.pyd`, or the "
                    "program "
                    "Dependencies, lists what is needed.",
                ),
                Fix(
                    "bundle it in the wheel",
                    (Command("delvewheel repair --add-path FOLDER -w wheelhouse WHEEL", FixStage.BUILD),),
                ),
            ),
        )
