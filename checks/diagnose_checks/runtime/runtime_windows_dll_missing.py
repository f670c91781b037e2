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

from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose_checks.runtime._triage import AT_WORK, WINDOWS, windows_reasons

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(since="0.1.0", phase=Phase.LATER, patterns=WINDOWS + AT_WORK)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Windows's loader miss a DLL."""
    reasons = windows_reasons(log)
    lacking, hits = reasons.get("procedure", []), reasons.get("missing", [])
    module = next((hit.groups["module"] for hit in [*lacking, *hits] if hit.groups["module"]), "")
    if lacking:
        library = next((hit.groups["lacking"] for hit in lacking if hit.groups["lacking"]), "")
        yield finding_from_hits(
            log,
            lacking,
            f"{library or 'a DLL'} that {_who(lacking, module)} loads lacks a function that it needs: "
            "it is another version",
            "It cannot be imported. All DLLs were found."
            if not any(map(_is_program, lacking))
            else "It does not start. All DLLs were found.",
            _OTHER_VERSION,
        )
    elif hits:
        absent = next((hit.groups["absent"].strip("?") for hit in hits if hit.groups["absent"]), "")
        file = next((hit.groups["file"] for hit in hits if hit.groups["file"]), "")
        program = any(map(_is_program, hits))
        yield finding_from_hits(
            log,
            hits,
            f"{_NAME.split(file)[-1]}, or a DLL that it needs, is not found"
            if file
            else f"{absent or 'a DLL'} that {_who(hits, module)} needs is not found",
            "It does not start." if program else "It cannot be imported.",
            _named(absent.lower()) or (_OF_CARGO if program and builds_rust(log) else _UNNAMED),
        )


_NAME = re.compile(r"[/\\]")


def _is_program(hit: Hit) -> bool:
    return bool(hit.groups["absent"] or hit.groups["status"]) and "ImportError" not in hit.text


def _who(hits: Sequence[Hit], module: str) -> str:
    return module or ("a program" if any(map(_is_program, hits)) else "a module")


_RUNTIME = Fix(
    "install the Visual C++ runtime",
    notes="https://aka.ms/vs/17/release/vc_redist.x64.exe. Images without the desktop, as Nano Server, lack more.",
)
_UNNAMED = (
    _RUNTIME,
    Fix(
        "name the folder of the DLL",
        notes="os.add_dll_directory(r'FOLDER') before the import. `dumpbin /dependents FILE.pyd`, or the program "
        "Dependencies, lists what is needed.",
    ),
    Fix(
        "bundle it in the wheel",
        (Command("delvewheel repair --add-path FOLDER -w wheelhouse WHEEL", FixStage.BUILD),),
    ),
)
_PYTHONS = Fix(
    "put Python's folder on PATH",
    notes="That of python3.dll and python3X.dll: the base interpreter's, which `python -c \"import sys; "
    'print(sys.base_prefix)"` prints, not the Scripts folder of an environment.',
)
_OF_CARGO = (
    _PYTHONS._replace(title="for a program or test with PyO3: put Python's folder on PATH"),
    Fix(
        "find out which DLL it is",
        notes="`dumpbin /dependents FILE.exe`, or the program Dependencies. A library of vcpkg is in "
        "installed\\x64-windows\\bin, MinGW's in its bin folder: PATH has to name it.",
    ),
)
_MINGW = (
    Fix(
        "put the bin folder of its MinGW or MSYS2 on PATH",
        notes="Before other folders with the same DLLs: C:\\msys64\\ucrt64\\bin, or \\mingw64\\bin.",
    ),
    Fix("link it into the program", env=(("LDFLAGS", "-static"),), notes="Or -static-libgcc -static-libstdc++."),
)


def _named(dll: str) -> tuple[Fix, ...]:
    """Return the fixes for a DLL of a known origin."""
    if re.match(r"(?:vcruntime|msvcp|concrt|vcomp|mfc|ucrtbase|api-ms-win-crt)", dll):
        return (_RUNTIME,)
    if re.match(r"python3\d*(?:_d|t)?\.dll$", dll):
        return (_PYTHONS,)
    if re.match(r"lib(?:gcc_s|stdc\+\+|winpthread|gfortran|quadmath|gomp)", dll):
        return _MINGW
    if dll.startswith("cyg"):
        return (Fix("install its package with Cygwin's setup", notes=f"`cygcheck -p {dll}` names the package."),)
    return ()


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
