"""A build for MPI finds no MPI, or an mpicc that calls a compiler which is not there.

Code for MPI is compiled with ``mpicc``, which calls the C compiler with MPI's own headers and libraries. A library
without its development package has no mpicc. conda's mpicc calls conda's own compiler, which is a package of its own.
Without mpicc, mpi4py's trial program is compiled with plain gcc, which knows nothing of MPI.

How to fix: install an MPI with its development files, and name its mpicc in ``MPICC``.

References:
    https://mpi4py.readthedocs.io/en/stable/install.html
    https://docs.open-mpi.org/en/main/building-apps/customizing-wrappers.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
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
    log_kinds=("no-header", "ld-no-lib"),
    patterns=patterns_for(
        "no-mpi",
        ("MPI programs. Check your", r"error: Cannot (?P<step>compile|link) MPI programs\. Check your configuration"),
        (
            "mpicc",
            r"(?:error: command|unable to execute) "
            r"'(?P<program>mpi(?:cc|cxx|c\+\+|f90|fort))'(?: failed)?: No such file",
        ),
        ("mpicc", r"(?:^|[\s:'\"])(?P<program>mpi(?:cc|cxx|f90|fort)): (?:command )?not found$"),
        ("find MPI library", r"Could not find MPI library for various reasons"),
    )
    + patterns_for(
        "mpi-wrapper",
        (
            "wrapper compiler was unable to",
            r"The Open MPI wrapper compiler was unable to find the specified "
            r"compiler\s+(?P<compiler>\S{1,200}) in your PATH",
            2,
        ),
    )
    + patterns_for(
        "mpi-refused",
        *(
            (anchor, rf"{words}:? ['\"]?(?P<option>-[\w=+-]{{1,80}})")
            for anchor, words in (
                ("nknown switch", "[Uu]nknown switch"),
                ("unrecognized command", "unrecognized command[- ]line option"),
                ("unknown argument", "unknown argument"),
            )
        ),
    ),
)
_PACKAGES = {
    "debian": ("libopenmpi-dev", "openmpi-bin"),
    "rhel": ("openmpi-devel",),
    "alpine": ("openmpi-dev",),
    "arch": ("openmpi",),
    "suse": ("openmpi4-devel",),
}


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is the compiler's own error in MPI's trial program, just before or after."""
    here, there = log.position(finding.evidence[0]), log.position(other.evidence[0])
    return (
        other.check in ("c-header-missing", "c-header-unknown", "native-lib-not-linked") and abs(here - there) < _TRIAL
    )


_TRIAL = 15  # lines


def log(log: BuildLog) -> Iterator[Finding]:
    """See mpi4py, a crate or CMake find no MPI, or a wrapper without its compiler."""
    for hit in log.find("mpi-wrapper")[:1]:
        compiler = hit.groups["compiler"].rstrip("'")
        conda = "conda" in compiler or "-darwin" in compiler
        env = (("OMPI_CC", "gcc"), ("OMPI_CXX", "g++"), ("OMPI_FC", "gfortran"))
        fixes = [
            Fix(
                "let it call the compiler that is there", env=env, notes="MPICH reads MPICH_CC, MPICH_CXX and MPICH_FC."
            ),
        ]
        if conda:
            fixes.append(
                Fix(
                    "install conda's compilers in the same environment",
                    (Command("conda install -c conda-forge compilers", FixStage.TOOLCHAIN),),
                )
            )
        message = f"mpicc calls {compiler}, which is not installed"
        yield finding_from_hits(log, [hit, *log.find("no-mpi")[:1]], message, "No code for MPI is compiled.", fixes)
        return
    for hit in log.find("no-mpi")[:1]:
        refused = log.near(hit.line, "mpi-refused", before=8)
        if refused and hit.groups["step"]:
            option = refused[-1].groups["option"]
            yield finding_from_hits(
                log,
                [refused[-1], hit],
                f"mpicc calls a compiler that does not know {option}, which Python's own flags give it",
                "No code for MPI is compiled.",
                (
                    Fix(
                        "let mpicc call the compiler of the kind that Python was built with",
                        env=(("OMPI_CC", "gcc"), ("MPICH_CC", "gcc")),
                        notes="`python3 -c 'import sysconfig; "
                        'print(sysconfig.get_config_var("CC"))\'` prints that one. On '
                        "a cluster: load the module of the GNU compilers instead (module load gcc openmpi).",
                    ),
                ),
            )
            return
        missing = log.near(hit.line, "no-header", "no-c-header", before=8)
        program = hit.groups["program"]
        message = (
            "the build finds no MPI: its trial program does not compile" if hit.groups["step"] else "no MPI is found"
        )
        if program:
            message = f"{program}, the compiler for MPI, is not installed or not on PATH"
        elif hit.groups["step"] == "link":
            message = "the build finds no MPI: its trial program is linked without MPI's library"
        elif missing:
            message = "the build finds no MPI: its trial program is compiled without MPI's headers"
        yield finding_from_hits(
            log,
            [*missing[-1:], hit],
            message,
            "No code for MPI is compiled.",
            (
                *install_by_family(log, hit.line, "install an MPI with its compiler", _PACKAGES),
                Fix(
                    "if one is installed: name its mpicc",
                    env=(("MPICC", "/path/to/mpicc"),),
                    notes="Enterprise Linux and Fedora: `module load mpi/openmpi-x86_64` puts it on PATH. Clusters: "
                    "`module avail mpi`. mpi4py has wheels for MPICH and Open MPI since 4.1.",
                ),
            ),
        )
        return
