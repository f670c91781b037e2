"""maturin or PyO3 cannot determine the Python to build for, or finds one of another system than the target.

An extension without an ``abi3`` feature is for one version of Python. In a container maturin searches ``/opt/python``
and ``PATH``. In a cross build it cannot run the target's Python, so it needs the version by name (``python3.12``, not a
path), or the target's ``_sysconfigdata``. A Python that it can run has to be for the Rust target: where they differ,
either ``--target`` is missing, or the Python for that target is. For Windows an interpreter is needed even with
``abi3``, for its import library, unless PyO3's feature ``generate-import-lib`` makes one.

How to fix: pass ``-i python3.12`` or ``--find-interpreter``; or enable an ``abi3-py3X`` feature, which needs no
interpreter; or, in a cross build with a target interpreter, set ``PYO3_CROSS_LIB_DIR``. cargo alone takes the version
from ``PYO3_CROSS_PYTHON_VERSION``.

References:
    https://www.maturin.rs/distribution
    https://pyo3.rs/latest/building-and-distribution.html#cross-compiling
"""

from __future__ import annotations

from diagnose.authoring.environment import refused
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.PYTHON,
    env_facts=("refusals", "cross"),
    log_kinds=("store-stub",),
    patterns=patterns_for(
        "pyo3-setting-refused",
        *(
            (anchor, rf"(?P<said>{pattern})")
            for anchor, pattern in (
                (
                    "compiling without a Python inter",
                    r"An abi3-py3\*(?: or abi3t-py3\*)? feature must be specified when compiling without a Python",
                ),
                ("failed to parse PYO3_", r"failed to parse PYO3_CROSS_PYTHON_(?:VERSION|IMPLEMENTATION)"),
                ("contents of PYO3_CONFIG_FILE", r"failed to parse contents of PYO3_CONFIG_FILE"),
                ("PYO3_CONFIG_FILE must be", r"PYO3_CONFIG_FILE must be an absolute path"),
                ("Invalid PYO3_CONFIG_FILE", r"Invalid PYO3_CONFIG_FILE"),
                ("'PYO3_CROSS_LIB_DIR=", r"failed to search the lib dir at 'PYO3_CROSS_LIB_DIR=[^']{0,200}'"),
                ("-- PYO3_PRINT_CONFIG=1 is set", r"PYO3_PRINT_CONFIG=1 is set, printing configuration and halting"),
            )
        ),
    )
    + patterns_for(
        "no-interpreter",
        (
            "any python interpreter",
            r"Couldn't find any python interpreters? with (?P<requires>[<>=~!][\w.*,<>=~! ]{1,80})"
            r"(?:\. Please|$)",
        ),
        ("any python interpreter", r"Couldn't find any python interpreters? from '(?P<from>[^']{1,200})'"),
        ("any python interpreter", r"Couldn't find any python interpreters?"),
        (
            "should be a kind of interpreter",
            r"[Pp]ython interpreter should be a kind of interpreter .{0,100}when cross-compiling(?:, got path to "
            r"interpreter: (?P<crossed>\S{1,300}))?",
        ),
        ("_sysconfigdata", r"Could not find _sysconfigdata\S* in(?: (?P<folder>\S+))?"),
        ("find a python interpreter", r"(?:Could not|Failed to|Couldn't) find (?:a|any|the) python interpreter"),
        ("list of python interpreters", r"The given list of python interpreters is invalid"),
        ("Python interpreter", r"Python interpreter [`'](?P<name>[^`']+)[`'] doesn't exist"),
        ("Failed to find a", r"Failed to find a (?:CPython|PyPy|GraalPy|python)[\w. -]{0,60} interpreter"),
        ("Python interpreter", r"failed to run the Python interpreter at (?P<name>[^\s:]+)"),
        (
            "metadata from the python interp",
            r"[Tt]rying to get metadata from the python interpreter ['\"`](?P<silent>[^'\"`]{1,200})['\"`] failed",
        ),
        ("python interpreter version", r"Invalid python interpreter version"),
        (
            "Unsupported Python interpreter",
            r"Unsupported Python interpreter(?: for cross-compilation)?: (?P<crossed>[^\s;]{1,300})",
        ),
        ("is not a valid python interpreter", r"(?<!\S)(?P<name>\S+) is not a valid python interpreter"),
        ("no Python 3.x interpreter found", r"no Python 3\.x interpreter found"),
        (
            "PYO3_CROSS_PYTHON_VERSION",
            r"(?P<variable>PYO3_CROSS_PYTHON_VERSION) or (?:either )?an abi3-py3\*(?: or abi3t-py3\*)? feature must be",
        ),
        ("Must provide PYO3_CROSS", r"Must provide (?P<folder_variable>PYO3_CROSS_LIB_DIR) environment variable"),
        ("python version have been specified", r"both major and minor python version have been specified"),
    )
    + patterns_for(
        "python-unlike-target",  # maturin, src/python_interpreter
        (
            "and the rust target",
            r"(?:platform\.system\(\)|sys\.platform) in python, (?P<system>[^,]{1,60}), and the rust target, "
            r"Target \{.{0,200}?\btriple: \"(?P<triple>[\w.-]{1,60})\"",
        ),
        (
            "and the rust target",
            r"(?:platform\.system\(\)|sys\.platform) in python, (?P<system>[^,]{1,60}), and the rust target",
        ),
    )
    + patterns_for(
        "python-skipped",
        (
            "while the Rust target is",
            r"'(?P<file>[^']{1,300})' reports a platform '[^']{1,60}' \(architecture '(?P<arch>[^']{1,30})'\), "
            r"while the Rust target is '(?P<target>[^']{1,30})'",
        ),
    )
    + patterns_for(
        "no-import-lib", ("`generate-import-lib`", r"Need a Python interpreter to compile for Windows without PyO3's")
    ),
)


def env(env: Environment) -> Iterator[Finding]:
    """See that a setting of PyO3, or requires-python, leaves no Python to build for, or that a cross build has none."""
    yield from refused(env, "pyo3-interpreter-not-found", "maturin or PyO3's build script stops: no wheel is built.")
    crate = env.project.crate("pyo3") or env.project.crate("pyo3-ffi")
    named = any(setting.name in _NAMING for setting in env.toolchain.python.settings)
    if not env.cross or crate is None or named or env.project.abi3 is not False:
        return
    yield Finding(
        message=f"PyO3 cannot determine the Python for {env.target.triple}, and no abi3 feature is on",
        severity=Severity.WARNING,
        evidence=(
            Evidence(f"{crate.name} {crate.version}, no abi3 feature", env.project.path),
            Evidence("not set", where="variables PYO3_CROSS_PYTHON_VERSION, PYO3_CROSS_LIB_DIR, PYO3_CONFIG_FILE"),
        ),
        consequence=(
            'maturin without -i fails: "Couldn\'t find any python interpreters"; '
            "cargo alone fails in PyO3's build script."
        ),
        fixes=(
            Fix(
                "build one wheel for Python 3.9 and later",
                (Command("cargo add pyo3 --features abi3-py39", FixStage.BUILD),),
                notes="The extension then uses the stable ABI only.",
            ),
            Fix(
                "give the version",
                (Command(f"maturin build --release --target {env.target.triple} -i python3.12", FixStage.BUILD),),
                env=(("PYO3_CROSS_PYTHON_VERSION", "3.12"),),
                notes="The variable is for cargo alone. Replace 3.12 with your version.",
            ),
        ),
    )


#: What PyO3 takes in a variable.
_SETTINGS = {
    "PYO3_NO_PYTHON": "Or enable a feature abi3-py3X of pyo3, with which no interpreter is needed.",
    "PYO3_CROSS_PYTHON_VERSION": "It takes MAJOR.MINOR, as 3.12 or 3.13t.",
    "PYO3_CROSS_PYTHON_IMPLEMENTATION": "It takes CPython, PyPy or GraalVM.",
    "PYO3_CROSS_LIB_DIR": "It takes the folder that holds the target's lib/python3.X.",
    "PYO3_CONFIG_FILE": "It takes an absolute path. Each line of the file is KEY=VALUE, as version=3.12.",
}


#: The variables that name the target's Python to PyO3.
_NAMING = ("PYO3_CROSS_PYTHON_VERSION", "PYO3_CROSS_LIB_DIR", "PYO3_CONFIG_FILE")


def log(log: BuildLog) -> Iterator[Finding]:
    """See maturin or PyO3's build script without an interpreter."""
    for hit in log.find("pyo3-setting-refused")[:1]:
        said = hit.groups["said"]
        named = re.search(r"PYO3_[A-Z_]{2,40}[A-Z]", said)
        name = named[0] if named else "PYO3_NO_PYTHON"
        yield finding_from_hits(
            log,
            [hit],
            f"PyO3 stops at {name}: {said}"[:100],
            "PyO3 cannot be compiled, and no wheel is built.",
            (Fix(f"unset {name}, or correct it", unset=(name,), notes=_SETTINGS.get(name, "")),),
        )
        return
    hits = log.find("no-interpreter")
    for hit in [hit for hit in hits if hit.groups["folder_variable"]][:1]:
        yield _without_folder(log, hit)
        return
    if unlike := log.find("python-unlike-target"):
        yield _unlike(log, [*hits[:1], *unlike[:1]], unlike[0])
        return
    if any(hit.groups["maturin"] for hit in log.find("python-old")):
        return  # pyo3-python-too-old
    if wanting := log.find("no-import-lib"):
        yield _of_windows(log, wanting, hits)
        return
    for hit in hits[:1]:
        target = log.target_at(hit.line)
        option = f" --target {target.triple}" if target and log.cross_at(hit.line) is not False else ""
        requires = next((one.groups["requires"] for one in hits if one.groups["requires"]), "")
        given = next((one.groups["from"] for one in hits if one.groups["from"]), "")
        silent = next((one.groups["silent"] for one in hits if one.groups["silent"]), "")
        if crossed := next((one.groups["crossed"] for one in hits if one.groups["crossed"]), ""):
            yield _crossed(log, hits, crossed, option)
            return
        stub = [note for note in log.find("store-stub") if 0 < hit.line - note.line < _NEAR]
        if silent or (stub and not requires and not given):
            yield _without_answer(log, hits, silent or "python")
            return
        yield finding_from_hits(
            log,
            hits,
            f"no Python that maturin finds meets requires-python = {requires}"
            if requires
            else f"{given} cannot be run, or is not a Python that requires-python allows"
            if given
            else "the Python to build for is not given, or cannot be found",
            "No wheel is built.",
            [
                *((_UNFIT,) if requires or given else ()),
                *_for_cargo(hits),
                Fix(
                    "give the version",
                    (Command(f"maturin build --release{option} -i python3.12", FixStage.BUILD),),
                    notes="Replace 3.12 with your version; in a cross build give a name, not a path.",
                ),
                Fix(
                    "build for all installed versions",
                    (Command(f"maturin build --release{option} --find-interpreter", FixStage.BUILD),),
                ),
                Fix(
                    "build one wheel for every Python",
                    (Command("cargo add pyo3 --features abi3-py39", FixStage.BUILD),),
                ),
            ],
        )


#: What a Python says of its system → a Rust target of that system.
_TRIPLES = {
    "emscripten": "wasm32-unknown-emscripten",
    "unknown": "wasm32-unknown-emscripten",  # what a Python for it says on the machine that builds
    "darwin": "aarch64-apple-darwin",
    "linux": "x86_64-unknown-linux-gnu",
    "windows": "x86_64-pc-windows-msvc",
    "ios": "aarch64-apple-ios",
    "android": "aarch64-linux-android",
}


def _unlike(log: BuildLog, hits: list[Hit], unlike: Hit) -> Finding:
    """Return the finding for a Python that runs, and that is for another system than cargo's target."""
    system, triple = unlike.groups["system"], unlike.groups["triple"] or "another one"
    meant = _TRIPLES.get(system, "TARGET")
    unknown = (
        "Its platform.system() says 'unknown': most often a Python for Emscripten. " if system == "unknown" else ""
    )
    return finding_from_hits(
        log,
        hits,
        f"the Python that maturin runs is for the system '{system}', and the Rust target is {triple}",
        "No wheel is built: the extension would not fit that Python.",
        (
            Fix(
                "if that Python is the one to build for: name its target",
                (Command(f"maturin build --release --target {meant} -i python3.12", FixStage.BUILD),),
                env=(("CARGO_BUILD_TARGET", meant),),
                notes=f"{unknown}The variable is for pip and other front ends, which run maturin without --target. "
                "Replace the target with that Python's own.",
            ),
            Fix(
                f"if {triple} is meant: let maturin run a Python of that system",
                notes="-i FILE, or first on PATH. On Windows that is no Python of MSYS, Cygwin or WSL.",
            ),
        ),
    )


def _of_windows(log: BuildLog, wanting: list[Hit], hits: list[Hit]) -> Finding:
    """Return the finding for a build for Windows that finds no Python whose import library it can link."""
    asked = next((hit.groups["name"] for hit in hits if hit.groups["name"]), "")
    skipped = [hit for hit in log.find("python-skipped") if hit.line < wanting[0].line]
    arch = skipped[0].groups["target"] if skipped else ""
    if skipped:
        said = skipped[0].groups
        message = f"{said['file']} is for {said['arch']}, and the Rust target is {arch}"
    else:
        message = f"maturin finds no Python{f' {asked}' if asked else ''} of the Windows target, whose library it links"
    called = {"i686": "x86", "x86": "x86", "x86_64": "x64", "aarch64": "arm64"}.get(arch, "ARCHITECTURE")
    return finding_from_hits(
        log,
        [*skipped[:1], *wanting[:1], *hits[:1]],
        message,
        "No wheel is built: without PyO3's generate-import-lib it needs an interpreter of the target, with abi3 too.",
        (
            Fix(
                f"install {f'Python {asked}' if asked else 'a Python'} for the target's processor",
                notes=f"actions/setup-python: architecture: {called}"
                + ("" if arch else " (x86 for i686, x64, arm64)")
                + ". An interpreter that -i names has to be there; take it out if it is not.",
            ),
            Fix(
                "let PyO3 make the import library",
                (Command("cargo add pyo3 --features generate-import-lib", FixStage.BUILD),),
                notes="With abi3, or a version in -i. On Linux it needs dlltool for the target.",
            ),
        ),
    )


_UNFIT = Fix(
    "take a Python that requires-python in pyproject.toml allows, or lower that",
    (Command("maturin list-python", FixStage.BUILD),),
    notes="The command shows the Pythons that maturin finds.",
)


def _crossed(log: BuildLog, hits: list[Hit], name: str, option: str) -> Finding:
    """Return the finding for a cross build that was given a program of this machine, or no known name."""
    path = "/" in name or "\\" in name
    return finding_from_hits(
        log,
        hits,
        f"maturin cross compiles, and is given the program {name} instead of the name of a version"
        if path
        else f"maturin cross compiles, and {name} is not the name of a Python that it knows",
        "No wheel is built: the target's Python cannot be run here, so a name has to say which one it is.",
        (
            Fix(
                "give the version by name",
                (Command(f"maturin build --release{option} -i python3.12", FixStage.BUILD),),
                notes="python3.12, python3.13t, pypy3.10, graalpy3.11. pip and uv give the path of their own Python: "
                "in a cross build run maturin itself.",
            ),
            Fix(
                "if no cross build is meant: let cargo build for this machine",
                unset=("CARGO_BUILD_TARGET",),
                notes="Or build.target in .cargo/config.toml, or --target.",
            ),
        ),
    )


def _without_answer(log: BuildLog, hits: list[Hit], name: str) -> Finding:
    """Return the finding for a program that maturin starts as Python, and that does not answer as one."""
    stub = [hit for hit in log.find("store-stub") if abs(hit.line - hits[0].line) < _NEAR]
    real = Fix(
        "name the real interpreter",
        (Command("maturin build --release -i C:\\Python312\\python.exe", FixStage.BUILD),) if stub else (),
        notes="`py -0p` lists the Pythons of a Windows system; in an active virtual environment it is python."
        if stub
        else f"maturin build -i PATH. `{name} -c 'import sys; print(sys.version)'` shows what that one answers.",
    )
    return finding_from_hits(
        log,
        sorted([*stub, *hits], key=lambda hit: hit.line),
        f"{name} is no Python, but Windows's link to the Microsoft Store"
        if stub
        else f"maturin runs {name}, and it does not answer as a Python does",
        "No wheel is built.",
        (
            real,
            *(
                (
                    Fix(
                        f"turn the link off, so that {name} is the Python that is installed",
                        notes="Settings, Apps, Advanced app settings, App execution aliases: python.exe "
                        "and python3.exe. "
                        "Python's own installer brings python.exe and py.exe, no python3.exe.",
                    ),
                )
                if stub
                else ()
            ),
        ),
    )


_NEAR = 12  # lines between the answer of the program and maturin's error


def _for_cargo(hits: list[Hit]) -> list[Fix]:
    """Return the fix for cargo without maturin, which sets the variable itself."""
    variable = next((hit.groups["variable"] for hit in hits if hit.groups["variable"]), "")
    return (
        [Fix("if cargo builds without maturin: set the version for PyO3", env=((variable, "3.12"),))]
        if variable
        else []
    )


def _without_folder(log: BuildLog, hit: Hit) -> Finding:
    """Return that a PyO3 before 0.16 makes a cross build without the folder of the target's Python."""
    return finding_from_hits(
        log,
        [hit],
        "PyO3 makes a cross build, and PYO3_CROSS_LIB_DIR does not name the library folder of the target's Python",
        "PyO3's build script stops: it does not know for which Python to build.",
        (
            Fix(
                "name the folder and the version of the target's Python",
                env=(("PYO3_CROSS_LIB_DIR", "/path/to/target/python/lib"), ("PYO3_CROSS_PYTHON_VERSION", "3.X")),
                notes="The folder that holds libpython3.X.so and python3.X with _sysconfigdata…py, copied from the "
                "target or unpacked from its packages; for Windows the folder with python3X.lib.",
            ),
            Fix(
                "take a newer PyO3, which needs no folder for the stable ABI",
                (Command("cargo add pyo3 --features abi3-py39,generate-import-lib", FixStage.BUILD),),
                notes="From 0.16.5 on; generate-import-lib is for Windows. In a cross build without intent: leave out "
                "--target, and a [build] target in .cargo/config.toml.",
            ),
        ),
    )
