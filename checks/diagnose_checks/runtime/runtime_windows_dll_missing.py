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
from diagnose_checks.runtime._triage import WINDOWS, windows_reasons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LATER, patterns=WINDOWS)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Windows's loader miss a DLL."""
    reasons = windows_reasons(log)
    lacking, hits = reasons.get("procedure", []), reasons.get("missing", [])
    module = next((hit.groups["module"] for hit in [*lacking, *hits] if hit.groups["module"]), "")
    if lacking:
        yield finding_from_hits(
            log,
            lacking,
            f"a DLL that {module or 'a module'} loads lacks a function that it needs: it is another version",
            "It cannot be imported. All DLLs were found.",
            _OTHER_VERSION,
        )
    elif hits:
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


_OTHER_VERSION = (
    Fix(
        "find the older DLL that is loaded, and remove it or its folder from PATH",
        (Command("where.exe NAME.dll", FixStage.TOOLCHAIN),),
        notes="The program Dependencies, with the .pyd, shows the function in red and the DLL that lacks it. Usual "
        "places: System32, another Python or conda in PATH, a package that brings the same DLL.",
    ),
    Fix(
        "install the module and the packages whose DLLs it uses in versions that fit",
        (Command("python -m pip install --force-reinstall --no-cache-dir PACKAGE", FixStage.BUILD),),
        notes="An extension for PyTorch has to be built again for the installed PyTorch.",
    ),
    Fix(
        "if Windows's own DLL lacks it: use a newer Windows, or an older release of the package",
        notes="Rust has needed Windows 10 since 1.78 (ProcessPrng), Python 3.9 and later Windows 8.1.",
    ),
)
