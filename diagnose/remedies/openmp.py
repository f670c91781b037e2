"""Links a module on macOS with OpenMP's library, which Apple's compiler does not bring."""

from __future__ import annotations

from diagnose.model.finding import Command, Fix, FixStage


def openmp_of_macos(package: str) -> Fix:
    """Return the fix for a module of *package* that uses OpenMP and does not link libomp."""
    return Fix(
        "install OpenMP's library, and build the module again with it",
        (
            Command("brew install libomp", FixStage.PACKAGES),
            Command(
                'CFLAGS="-Xpreprocessor -fopenmp -I$(brew --prefix libomp)/include" '
                'LDFLAGS="-L$(brew --prefix libomp)/lib -lomp" '
                f"python3 -m pip install --force-reinstall --no-cache-dir --no-binary {package} {package}",
                FixStage.BUILD,
            ),
        ),
        notes="The module was compiled with OpenMP, and linked without libomp. If this is the package's own wheel, "
        "it lacks "
        "libomp for everybody: link with -lomp, then delocate-wheel copies it. Another module that loads libomp first "
        "hides this.",
    )
