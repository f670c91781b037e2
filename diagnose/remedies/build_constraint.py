"""Builds a package with another version of a build requirement than pip would choose."""

from __future__ import annotations

from diagnose.model.finding import Command, FixStage

FILE = "build-constraints.txt"


def build_with(requirement: str, package: str, options: str = "") -> tuple[Command, Command]:
    """Return the commands that let pip build *package* with the build requirement *requirement* (``cython<3``).

    For the environments of builds, pip before 25.3 reads the first of the two variables, and newer ones the second.
    """
    variables = f"PIP_CONSTRAINT={FILE} PIP_BUILD_CONSTRAINT={FILE}"
    return (
        Command(f"echo '{requirement}' > {FILE}", FixStage.TOOLCHAIN),
        Command(f"{variables} python3 -m pip install {options}{package}", FixStage.BUILD),
    )
