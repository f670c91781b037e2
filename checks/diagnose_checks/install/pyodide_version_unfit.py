"""A wheel for Pyodide was built for another version of it, or is used outside of it.

Each Pyodide is built with one Emscripten and one Python, and takes wheels for these only. Their tag names the
version: ``emscripten_3_1_58_wasm32``, ``pyodide_2024_0_wasm32``, and by PEP 783 ``pyemscripten_2025_0_wasm32``. A
micropip that is older than a form of the tag does not know it, and takes the wheel for none.

How to fix: build the wheel for the Pyodide that is used, or use the one that it was built for.

References:
    https://peps.python.org/pep-0783/
    https://pyodide.org/en/stable/usage/faq.html#why-can-t-micropip-find-a-pure-python-wheel-for-a-package
    https://pyodide-build.readthedocs.io/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "pyodide-unfit",
        (
            "Wheel was built with Emscripten",
            r"Wheel was built with Emscripten v(?P<wheel>\S{1,40}) but Pyodide "
            r"was built with Emscripten v(?P<pyodide>\S{1,40})",
        ),
        (
            "platform '",
            r"Wheel platform '(?P<tag>(?:py)?(?:emscripten|pyodide)\w{1,60})'"
            r" is not compatible with Pyodide's platform "
            r"'(?P<has>\w{1,60})'",
        ),
        (
            "is not a supported wheel on",
            r"(?P<file>[\w.+-]{1,120}-(?P<tag>(?:py)?(?:emscripten|pyodide)_\w{1"
            r",60})\.whl) is not a supported wheel on this",
        ),
        (
            "mscripten version",
            r"[Ii]ncorrect Emscripten version (?P<have>[\d.]{1,20})\. Need Emscripten version (?P<needs>[\d.]{1,20})",
        ),
        (
            "wheel with unsupported tag",
            r"would build wheel with unsupported tag \('(?P<python>\w{2,20})', '(?P<abi>\w{2,20})', "
            r"'(?P<built>(?:py)?emscripten_\w{1,60})'\)",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See micropip or pip refuse a wheel for Pyodide, and pyodide build another Emscripten."""
    for hit in log.find("pyodide-unfit")[:1]:
        said = hit.groups
        build = Fix(
            "build it with the pyodide-build of that Pyodide",
            (
                Command("pip install pyodide-build", FixStage.TOOLCHAIN),
                Command("pyodide xbuildenv install VERSION", FixStage.TOOLCHAIN),
            ),
            notes="VERSION is Pyodide's own, as 0.27.7; `pyodide config get "
            "emscripten_version` then prints the Emscripten "
            "that the build needs. cibuildwheel: CIBW_PLATFORM=pyodide, and CIBW_PYODIDE_VERSION.",
        )
        if said["needs"]:
            message = f"pyodide build needs Emscripten {said['needs']}, and {said['have']} is active"
            fixes: tuple[Fix, ...] = (
                Fix(
                    f"activate Emscripten {said['needs']}",
                    (
                        Command(f"./emsdk install {said['needs']}", FixStage.TOOLCHAIN),
                        Command(f"./emsdk activate {said['needs']}", FixStage.TOOLCHAIN),
                    ),
                    notes="In emsdk's folder; then `source ./emsdk_env.sh` in the shell that builds.",
                ),
            )
        elif said["built"]:
            other = said["python"] != said["abi"] and said["abi"] not in ("abi3", "none")
            why = f"{said['python']} runs the build with the settings of {said['abi']}"
            message = f"the build makes a wheel for {said['built']}, which this Pyodide does not take" + (
                f": {why}" if other else ""
            )
            fixes = (
                Fix(
                    "use the Emscripten and the Python of one Pyodide",
                    (
                        Command("pyodide config get emscripten_version", FixStage.TOOLCHAIN),
                        Command("pyodide config get python_version", FixStage.TOOLCHAIN),
                    ),
                    notes="emsdk: ./emsdk install VERSION, ./emsdk activate VERSION, and source ./emsdk_env.sh. Run "
                    "pyodide-build with that Python; after an update remove its old cross-build environment (.pyodide-"
                    "xbuildenv) and build again.",
                ),
                build,
            )
        elif said["file"]:
            message = f"{said['file']} is for Pyodide ({said['tag']}), and this Python is not that one"
            fixes = (
                Fix(
                    "install it in Pyodide, with micropip or `pyodide venv`",
                    notes="For this machine's own Python take another wheel, or the source.",
                ),
                build,
            )
        else:
            wheel, has = said["wheel"] or said["tag"], said["pyodide"] or said["has"]
            message = f"the wheel is for the Emscripten of another Pyodide: {wheel}, and this one has {has}"
            use = Fix("use the Pyodide that it was built for", notes="Its release notes name Emscripten's version.")
            fixes = (build, use)
        yield finding_from_hits(
            log, [hit], message, "No wheel is built." if said["built"] else "The package is not installed.", fixes
        )
