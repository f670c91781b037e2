"""conda's packages need another system than this one: a newer glibc or macOS, a driver, or a processor.

``__glibc``, ``__osx``, ``__cuda``, ``__archspec``, ``__linux``, ``__unix`` and ``__win`` are virtual packages: conda
makes them by looking at the machine, and no channel has them. A package that needs ``__glibc >=2.28`` was built
on a system with that C library.

How to fix: use a system that has it, or an older build of the package. ``conda info`` lists the virtual packages. Where
conda finds less than there is, as in the build of an image that later gets a GPU, ``CONDA_OVERRIDE_CUDA`` and its likes
set a version.

References:
    https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-virtual.html
    https://conda-forge.org/docs/maintainer/knowledge_base/#requiring-newer-macos-sdks
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

_NAME = r"(?P<package>__(?:glibc|osx|cuda|archspec|linux|unix|win))"
_NEEDS = r"(?: ?(?P<needs>[=<>!~*\d][^\s'\]]{0,60}(?: [=<>!~]\S{1,40})?))?"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=(
        *patterns_for(
            "virtual-missing",
            (
                "nothing provides",
                rf"nothing provides (?:requested )?{_NAME}{_NEEDS}(?: needed by (?P<by>\S{{1,120}}))?",
            ),
            # the tree of libmamba
            ("missing on the system", rf"{_NAME}{_NEEDS} ?,? which is missing on the system"),
            ("No candidates were found", rf"No candidates were found for {_NAME}{_NEEDS}"),
            # conda's own solver
            ("[version='", rf"-> {_NAME}\[version='(?P<needs>[^']{{1,60}})'\]"),
        ),
        *patterns_for(  # in an exported file
            "conda-fixed-build",
            (
                "nothing provides requested",
                r"nothing provides requested (?!__)[\w.-]{1,80} ==?[\w.]{1,40} "
                r"\w{1,60}_\d{1,5}\b",
            ),
        ),
        *patterns_for(
            "virtual-excuse",
            ("ncompatible with your system", r"found to be incompatible with your system"),
        ),
    ),
)
_ABOVE = 40  # lines of an explanation
#: Virtual package → (what lacks, the first fix and its notes).
_MEANING = {
    "__glibc": (
        "this system's C library is older, or not glibc",
        "use a newer system or image",
        "glibc 2.28: Debian 10, Enterprise Linux 8; 2.34: Enterprise Linux 9; 2.35: Ubuntu 22.04. `ldd "
        "--version` shows this "
        "one. A very old conda does not find its version: conda update -n base conda.",
    ),
    "__osx": (
        "this macOS is older, or it is another system",
        "update macOS",
        "`sw_vers` shows the version.",
    ),
    "__cuda": (
        "conda finds no driver of NVIDIA here that is as new",
        "install or update NVIDIA's driver",
        "`nvidia-smi` shows the newest CUDA that it serves. An image that is built without a GPU: "
        "CONDA_OVERRIDE_CUDA=12.4, "
        "with the version of the machine that it runs on. Without a GPU: a build for CPUs.",
    ),
    "__archspec": (
        "this processor is older, or another one",
        "use a newer machine, or a build for older processors",
        "Emulators often have the smallest processor only.",
    ),
}
_OTHER = (
    "it is for another system",
    "take a package for this system",
    "The platform of the environment may be another one: conda config --show subdir.",
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See conda miss a virtual package."""
    for hit in log.find("virtual-missing")[:1]:
        solver = log.near(hit.line, "virtual-excuse", before=_ABOVE)
        if "[version=" in hit.text and not solver:
            continue  # conda lists requirements that are met, too
        name, needs = hit.groups["package"], hit.groups["needs"].strip(" ,")
        state, title, notes = _MEANING.get(name, _OTHER)
        by = hit.groups["by"]
        fixed = [
            one for one in log.near(hit.line, "conda-fixed-build", before=_ABOVE, after=_ABOVE) if one.line != hit.line
        ]
        if len(fixed) >= _MANY and name in ("__unix", "__linux", "__win", "__osx", "__glibc"):
            yield _of_export(log, [hit, *fixed], name)
            return
        yield finding_from_hits(
            log,
            [*solver[-1:], hit],
            f"{by or 'a package'} needs {name} {needs}".rstrip() + f": {state}",
            f"Nothing is installed. {name} is not a package of a channel: conda makes it from the system.",
            (
                Fix(title, notes=notes),
                Fix(
                    "see what conda finds here, and ask for an older build",
                    (Command("conda info", FixStage.TOOLCHAIN),),
                    notes="Older releases of a package often need less; conda search --info PACKAGE "
                    "lists what each build "
                    "needs.",
                ),
            ),
        )


_MANY = 3  # packages with a build that an exported environment fixes


def _of_export(log: BuildLog, hits: list[Hit], name: str) -> Finding:
    """Return that an environment file names the builds of another system."""
    return finding_from_hits(
        log,
        hits,
        "the environment file fixes the builds of another system, which this one cannot have",
        f"Nothing is installed. {name} is not a package of a channel: conda makes it from the system.",
        (
            Fix(
                "export the environment without builds, on the machine that has it",
                (Command("conda env export --from-history > environment.yml", FixStage.TOOLCHAIN),),
                notes="Versions with a build (h5eee18b_0) exist for one system only, and many packages for Linux, "
                "macOS or "
                "Windows alone: take those out.",
            ),
            Fix("use the system that the file is for", notes="On Windows: WSL, or a container of Linux."),
        ),
    )
