"""A module was compiled for another numpy than the one that it runs with.

Extensions that use numpy's C interface fix the size of its structures. One that was compiled with numpy 1 does not
load with numpy 2; one that was compiled with a newer numpy may not load with an older one. Without any numpy, such a
module's message is the same as with another one; Python's own message above it tells that.

How to fix: update the package whose module it is: newer releases are compiled with numpy 2, which serves both. Else
install the numpy that it was made for.

References:
    https://numpy.org/doc/stable/dev/depending_on_numpy.html
    https://numpy.org/devdocs/numpy_2_0_migration_guide.html
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
    phase=Phase.LATER,
    patterns=patterns_for(
        "numpy-abi",
        ("compiled using NumPy 1.x", r"A module that was compiled using NumPy 1\.x cannot be run in(?P<two>)"),
        (
            "may indicate binary",
            r"^(?:E +)?\w{0,40}(?:Error|Exception): numpy\.(?P<type>\w{1,40}) size changed, may indicate binary "
            r"incompatibility\. "
            r"Expected (?P<want>\d{1,5}) "
            r"from C header, got (?P<have>\d{1,5})",
        ),
        (
            "module compiled against A",
            r"module compiled against A[PB]I version (?P<built>0x[0-9a-f]{1,8})"
            r" but this version of numpy is (?P<runs>0x[0-9a-f]{1,8})",
        ),
        (  # from 1.25 on
            "against NumPy C-API version",
            r"module was compiled against NumPy C-API version (?P<built>0x[0-9a-f]{1,8})(?: \([^)]{1,40}\))?"
            r" but the running NumPy has C-API version (?P<runs>0x[0-9a-f]{1,8})",
        ),
        (
            "failed to import",
            r"numpy\.(?:core|_core)\.(?:multiarray|_multiarray_umath|umath) failed to import(?! \(auto)",
        ),
        ("_ARRAY_API not found", r"AttributeError: _ARRAY_API not found"),
        ("auto-generated because", r"numpy\._?core\.multiarray failed to import \(auto-generated because"),
    )
    + patterns_for("numpy-itself", ("numpy.random", r"\bin init numpy\.(?:random\.)?\w{1,40}(?:\(\))?"))
    + patterns_for("numpy-absent", ("No module named", r"No module named '?numpy(?:'|$)")),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See an import fail because of numpy's binary interface."""
    hits = log.find("numpy-abi")
    if not hits:
        return
    absent = log.near(hits[0].line, "numpy-absent", before=_TRACEBACK, after=_TRACEBACK)
    if absent and not any(hit.groups["want"] or hit.groups["built"] or "two" in hit.groups for hit in hits):
        yield finding_from_hits(
            log,
            [*absent, *hits],
            "numpy, which a module uses, is not installed for this Python",
            "The module is not imported.",
            [Fix("install numpy", (Command("python3 -m pip install numpy", FixStage.TOOLCHAIN),))],
        )
        return
    if own := log.near(hits[0].line, "numpy-itself", before=_INIT, after=0):
        yield finding_from_hits(
            log,
            [*own, *hits],
            "two numpys are mixed: a module of numpy itself was compiled for another one than the one that is loaded",
            "numpy is not imported, nor is what uses it.",
            (
                Fix(
                    "install numpy again, and then restart Python",
                    (Command("python3 -m pip install --force-reinstall --no-deps numpy", FixStage.TOOLCHAIN),),
                    notes="A notebook or another program that had imported numpy before it was changed keeps the old "
                    "one until its kernel restarts. If it stays: two copies are on sys.path (conda's, the system's, "
                    "~/.local): `python3 -c 'import numpy; print(numpy)'`.",
                ),
            ),
        )
        return
    older = next((hit for hit in hits if _built_newer(hit)), None)
    built = int(older.groups["built"] or "0", 16) if older else 0
    wanted = "numpy>=2" if built >= _API_OF_2 else "numpy<2"
    update = Fix(
        "update the package whose module fails to load",
        (Command("python3 -m pip install --upgrade PACKAGE", FixStage.TOOLCHAIN),),
        notes="Replace PACKAGE with its name; the traceback shows it. Built from source: compile it again with numpy "
        "2.",
    )
    old = Fix("install the older numpy", (Command("python3 -m pip install 'numpy<2'", FixStage.TOOLCHAIN),))
    new = Fix(
        "update numpy",
        (Command(f"python3 -m pip install --upgrade '{wanted}'", FixStage.TOOLCHAIN),),
        notes="The module was compiled with a newer one.",
    )
    yield finding_from_hits(
        log,
        hits,
        "a module was compiled for another numpy than the one that is installed",
        "It is not imported.",
        (new, update) if older else (update, old),
    )


_INIT = 2  # lines from the frame of a module's start to the error in it
_TRACEBACK = 30  # lines: numpy's own error is printed before the one of the module
_API_OF_2 = 0x12  # numpy/_core/meson.build: C_API_VERSION
#: A type became smaller with numpy 2: its size under numpy 1, and under numpy 2.
_SHRUNK = ("dtype", "96", "88")


def _built_newer(hit: Hit) -> bool:
    """Whether *hit* shows that the module was compiled with a newer numpy than the one that is installed."""
    built, runs = hit.groups["built"], hit.groups["runs"]
    if built:
        return int(built, 16) > int(runs, 16)
    want, have = hit.groups["want"], hit.groups["have"]
    return bool(want) and int(want) > int(have) and (hit.groups["type"], want, have) != _SHRUNK
