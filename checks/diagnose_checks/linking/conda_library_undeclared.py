"""conda-build, or rattler-build, finds that a file links a library whose package the recipe does not require.

After the build conda-build looks at each program and library: what it links has to be in the package itself, in a
package of ``requirements: run``, or in the system. Otherwise an environment with this package may lack the library.
Most libraries come into ``run`` by the ``run_exports`` of a package in ``host``; one that came with a compiler, or with
another package, does not.

How to fix: add the package to ``requirements: host`` and ``run``; or do not link what is not used.

References:
    https://docs.conda.io/projects/conda-build/en/stable/resources/define-metadata.html
    https://conda-forge.org/docs/maintainer/knowledge_base/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.AUDIT,
    patterns=patterns_for(
        "conda-undeclared",
        (
            "not in reqs/run",
            r"^ERROR \((?P<package>[^,()]{1,100}),(?P<file>[^()]{1,300})\): \.\. but \[(?P<missing>[^\]]{1,300})\] "
            r"not in reqs/run",
        ),
        (
            "verlinking against: ",  # rattler-build's error; its warning has no colon
            r"Overlinking against: (?P<missing>[^()]{1,300}) \(file: \"?(?P<file>[^\")]{1,300})",
        ),
    )
    + patterns_for(
        "conda-unlocated",  # before 3.19
        (
            "not found in any packages",
            r"^ERROR \((?P<package>[^,()]{1,100}),(?P<file>[^()]{1,300})\): (?P<lib>\S{1,200}) not found in any "
            r"packages",
        ),
        (
            "ven know where to look for",
            r"^ERROR \((?P<package>[^,()]{1,100}),(?P<file>[^()]{1,300})\): did not find - or even know where to "
            r"look for: "
            r"(?P<lib>\S{1,200})",
        ),
    )
    + patterns_for(
        "conda-needed",
        ("Needed DSO ", r"^ERROR \([^()]{1,400}\): Needed DSO (?P<lib>\S{1,200}) found in \["),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See conda-build's check of what files link."""
    hits = log.find("conda-undeclared")
    if not hits and (unlocated := log.find("conda-unlocated")):
        yield _of_none(log, unlocated)
        return
    for hit in hits[:1]:
        packages = [name.strip(" '\"").rpartition("::")[2] for name in hit.groups["missing"].split(",")]
        needed = log.near(hit.line, "conda-needed", before=3, after=0)
        lib = f"{needed[-1].groups['lib'].rpartition('/')[2]} of " if needed else ""
        names = " or ".join(packages[:3])
        yield finding_from_hits(
            log,
            [*needed[-1:], *hits],
            f"{hit.groups['file']} links {lib}{names}, which the recipe does not require",
            "No package is written, as this one could be installed without that library.",
            (
                Fix(
                    f"add {names} to requirements: host and run in meta.yaml",
                    notes="For OpenMP: libgomp on Linux, llvm-openmp on macOS."
                    if any("openmp" in name for name in packages)
                    else "In host its run_exports may suffice.",
                ),
                Fix(
                    "if the file does not use it: do not link it",
                    env=(("LDFLAGS", "-Wl,--as-needed"),) if ".so" in lib else (),
                    notes="What is to be found on the system instead: build: missing_dso_whitelist in meta.yaml.",
                ),
            ),
        )


def _of_none(log: BuildLog, hits: list[Hit]) -> Finding:
    """Return that an older conda-build finds the libraries that a file links in no package."""
    libs = list(dict.fromkeys(hit.groups["lib"].rpartition("/")[2] for hit in hits))
    more = f" and {len(libs) - _SHOWN} more" if len(libs) > _SHOWN else ""
    return finding_from_hits(
        log,
        hits,
        f"{hits[0].groups['file']} links {', '.join(libs[:_SHOWN])}{more}, which no package of the recipe has",
        "conda-build's check of what files link fails.",
        (
            Fix(
                "add the packages of these libraries to requirements: host and run in meta.yaml",
                notes="libgfortran and libquadmath: libgfortran-ng, libgcc_s and libstdc++: libgcc-ng and "
                "libstdcxx-ng, which "
                "{{ compiler('fortran') }} and {{ compiler('c') }} in build bring.",
            ),
            Fix(
                "run a newer conda-build, and without --quiet",
                (Command("conda update -n base conda-build", FixStage.TOOLCHAIN),),
                notes="Old releases read no list of packages then. libc and libm are the system's: build: "
                "missing_dso_whitelist in meta.yaml leaves names out.",
            ),
        ),
    )


_SHOWN = 3
