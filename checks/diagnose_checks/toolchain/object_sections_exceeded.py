"""An object file or a library for Windows would have more parts than its format allows.

Object files for Windows have 65 279 sections at most unless an option asks for the big form. Code with many templates
or inline functions, and debug builds, have one for each function. A DLL and an import library hold 65 535 functions
or objects.

How to fix: write the big form of objects: ``/bigobj``, or ``-Wa,-mbig-obj`` with GCC.

References:
    https://learn.microsoft.com/cpp/build/reference/bigobj-increase-number-of-sections-in-dot-obj-file
    https://sourceware.org/binutils/docs/as/i386_002dOptions.html (``-mbig-obj``)
    https://learn.microsoft.com/cpp/error-messages/tool-errors/linker-tools-error-lnk1189
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "too-many-sections",
        ("exceeded object file format", r"error C1128: number of sections exceeded object file format limit(?P<msvc>)"),
        ("file too big", r"[Ff]atal error: can't (?:write|close) .{0,300}: '?[Ff]ile too big'?"),
        (": too many sections (", r"(?:as|as\.exe): .{0,300}: too many sections \(\d+\)"),
        ("too many sections", r"\.(?:o|obj): (?:error: )?too many sections"),
    )
    + patterns_for(
        "too-many-exports",
        ("library limit of 65535", r"fatal error LNK1189: library limit of 65535 objects exceeded"),
        ("export ordinal too large", r"error: export ordinal too large: \d+"),
        ("too many exported symbols", r"error: too many exported symbols \((?:max|got)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a compiler or linker for Windows reach the limit of the format."""
    for hit in log.find("too-many-sections")[:1]:
        msvc = "msvc" in hit.groups
        option = "/bigobj" if msvc else "-Wa,-mbig-obj"
        flags = (("CL", "/bigobj"),) if msvc else (("CFLAGS", option), ("CXXFLAGS", option))
        yield finding_from_hits(
            log,
            [hit],
            "the object file has more sections than its format allows",
            "The file is not compiled.",
            (
                Fix(
                    f"let the compiler write big objects: {option}",
                    env=flags,
                    notes="In CMake: target_compile_options(TARGET PRIVATE "
                    + option
                    + "). A build with -O1 or more has fewer.",
                ),
            ),
        )
        return
    for hit in log.find("too-many-exports")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            "the library has more functions or objects than its format allows: 65535",
            "Linking fails.",
            (
                Fix(
                    "export less",
                    notes="Name what is exported (__declspec(dllexport), a .def file) instead of all: CMake's "
                    "WINDOWS_EXPORT_ALL_SYMBOLS and MinGW's "
                    "--export-all-symbols take everything. Or split the library.",
                ),
            ),
        )
        return
