"""A crate's build script refuses the version of the library that it found.

Bindings fit a range of versions. Some build scripts look at the version themselves, without pkg-config, and stop at one
that did not exist when the crate was released: hdf5-sys at a new HDF5, torch-sys at any libtorch but its own, gdal-sys
where it has no bindings for the installed GDAL.

How to fix: use the release of the crate for this version of the library, or the version of the library that the crate
names.

References:
    https://docs.rs/hdf5-metno-sys
    https://github.com/LaurentMazare/tch-rs#getting-started
    https://docs.rs/gdal-sys
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
    phase=Phase.SEARCH,
    patterns=patterns_for(
        "crate-refuses-version",
        ("Invalid H5_VERSION", r"(?P<hdf5>Invalid H5_VERSION)(?: in the header)?: \"?(?P<found>\d[\w.-]*)"),
        ("Invalid HDF5 runtime", r"(?P<runtime>Invalid HDF5 runtime version) \(expected: (?P<needs>[\d.]+)\)"),
        ("expects PyTorch", r"this (?P<torch>tch) version expects PyTorch (?P<needs>[\d.]+), got (?P<found>[\d.]+)"),
        (
            "bindings available for GDAL",
            r"[Nn]o pre-?built (?P<gdal>bindings) available for GDAL version (?P<found>\d[\d.]*)",
        ),
    ),
)
#: Group of the pattern → library, what to do with the crate, and the same with the library.
_ADVICE = {
    "hdf5": (
        "HDF5",
        "use hdf5-metno, the maintained successor of the crate hdf5, in its newest release",
        "install an older HDF5 that the crate knows (hdf5-sys 0.8: 1.12), and name its folder in HDF5_DIR",
    ),
    "runtime": (
        "HDF5",
        "let HDF5_DIR name one installation with headers and library of the same version",
        "remove the other copy from the linker's folders, as conda's or one in /usr/local",
    ),
    "torch": (
        "libtorch",
        "use the release of tch for this PyTorch, or this PyTorch for the release of tch",
        "try it with the version that is there: LIBTORCH_BYPASS_VERSION_CHECK=1",
    ),
    "gdal": (
        "GDAL",
        "use a newer release of gdal and gdal-sys, which has bindings for it",
        "generate them in the build: the feature bindgen of gdal, which needs libclang",
    ),
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See a build script compare versions."""
    for hit in log.find("crate-refuses-version")[:1]:
        said = hit.groups
        library, crate_first, library_first = next(row for group, row in _ADVICE.items() if said[group])
        crate, version = log.crate_at(hit.line)
        of = f"{crate} {version}" if crate else f"the crate for {library}"
        found = f" {said['found']}" if said["found"] else ""
        needs = f", it expects {said['needs']}" if said["needs"] else ""
        yield finding_from_hits(
            log,
            [hit],
            f"{of} refuses the {library}{found} that it finds{needs}",
            "Its build script stops.",
            (Fix(crate_first), Fix(library_first)),
        )
