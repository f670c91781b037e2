"""The crate vcpkg finds no library: no vcpkg, no such port, or none for this triplet.

Crates ask vcpkg on Windows, and some on all systems. The crate ``vcpkg`` looks for the folder in ``VCPKG_ROOT``, then
for the libraries of one triplet: for x86_64-pc-windows-msvc that is x64-windows-static-md, with ``VCPKGRS_DYNAMIC=1``
it is x64-windows, with ``+crt-static`` x64-windows-static. It has no triplet for MinGW's targets.

How to fix: install the port for that triplet, or the library in the way of the system.

References:
    https://docs.rs/vcpkg/latest/vcpkg/
    https://learn.microsoft.com/vcpkg/users/triplets
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, is_later, other_system, same_crate
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.SEARCH,
    patterns=patterns_for(
        "no-vcpkg-library",
        (
            "LibNotFound(",
            r"LibNotFound\(\"package (?P<port>[\w.+-]{1,80}) is not "
            r"installed for vcpkg triplet (?P<triplet>[\w-]{1,60})",
        ),
        ("LibNotFound(", r"(?:value: |: |^)LibNotFound\(\"(?P<port>[\w.+-]{1,80})\"\)"),
        (
            "not installed for vcpkg triplet",
            r"package (?P<port>[\w.+-]{1,80}) is not installed for vcpkg triplet (?P<triplet>[\w-]{1,60})",
        ),
        ("VcpkgNotFound(", r"VcpkgNotFound\(\"(?P<why>[^\"]{1,200})"),
        ("VcpkgInstallation(", r"VcpkgInstallation\(\"(?P<why>[^\"]{1,200})"),
        ("NotMSVC", r"`Err` value: NotMSVC(?P<mingw>)"),
        ("vcpkg installation found", r"No vcpkg installation found\.(?P<why>)"),
    ),
)


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is another way of the same crate that fails after vcpkg's."""
    return same_crate(finding, other, log) and is_later(finding, other, log)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a build script stop because vcpkg has no library for it."""
    for hit in log.find("no-vcpkg-library")[:1]:
        crate = log.crate_at(hit.line)[0] or hit.origin.crate
        port, triplet = hit.groups["port"], hit.groups["triplet"]
        whom = f"{crate} " if crate else "the build "
        linux = other_system(log) == "" and "\\" not in hit.text
        if "mingw" in hit.groups:
            message = f"{whom}asks vcpkg, which has libraries for Visual C++ only, and the target is MinGW's"
            fixes = [
                Fix(
                    "build for Visual C++",
                    (Command("rustup default stable-x86_64-pc-windows-msvc", FixStage.TOOLCHAIN),),
                    notes="Or --target x86_64-pc-windows-msvc. MSYS2 has libraries for MinGW, which pkg-config finds.",
                )
            ]
        elif port:
            wanted = f"{port}:{triplet}" if triplet else f"{port}:x64-windows-static-md"
            message = f"{whom}finds no {port} in vcpkg{f' for {triplet}' if triplet else ''}"
            fixes = [
                Fix(
                    f"install it: {wanted}",
                    (Command(f"vcpkg install {wanted}", FixStage.PACKAGES),),
                    notes="A plain `vcpkg install` takes another triplet. With VCPKGRS_DYNAMIC=1 the crate looks for "
                    "x64-windows, with -C target-feature=+crt-static for x64-windows-static.",
                )
            ]
        else:
            message = f"{whom}asks vcpkg for a library, and finds no vcpkg"
            fixes = [
                Fix(
                    "install vcpkg, and name its folder",
                    (
                        Command("git clone https://github.com/microsoft/vcpkg", FixStage.PACKAGES),
                        Command(
                            "./vcpkg/bootstrap-vcpkg.sh" if linux else ".\\vcpkg\\bootstrap-vcpkg.bat",
                            FixStage.PACKAGES,
                        ),
                    ),
                    env=(("VCPKG_ROOT", "FOLDER/vcpkg"),),
                    notes="Then `vcpkg install PORT`: what the crate looks for. A "
                    "vcpkg of the distribution has its folder "
                    "elsewhere, such as /opt/vcpkg.",
                )
            ]
        yield finding_from_hits(log, [hit], message, "Its build script stops.", fixes)
