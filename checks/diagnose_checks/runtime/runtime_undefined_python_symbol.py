"""The extension was built for another Python than the one that imports it.

The interpreter lacks a function of Python's C interface: the module was built for a newer or older version, for another
implementation (PyPy, GraalPy) or for the other threading mode (free-threaded or not), and its file name or tag does not
show it; or it was compiled against a private function that was removed.

A program that loads a library which embeds Python keeps libpython's functions to that library, unless it asks for
``RTLD_GLOBAL``: then Python's own extension modules do not find them.

Android's loader looks for symbols only in the libraries that a module names itself. There, an extension has to be
linked with ``libpython``; elsewhere it must not be.

How to fix: build it for the Python that imports it, after removing old build folders. A wheel for the stable ABI uses
only functions that remain.

References:
    https://docs.python.org/3/c-api/stable.html
    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
"""

from __future__ import annotations

from diagnose.authoring.log import distinct, finding_from_hits
from diagnose.authoring.rust_programs import PROGRAM_FAILED, is_of_program
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.tables.stable_abi import stable_abi
from diagnose_checks.runtime._triage import PYTHON_SYMBOL, installed_package, undefined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    log_kinds=("loader-undefined", "musl-relocating"),
    patterns=patterns_for(
        "ldd-note",
        ("ld-musl-", r"^(?:\S*/)?(?:ldd|ld-musl-\w+\.so\.1) \(0x[0-9a-f]+\)$"),
        ("ldd (0x", r"^(?:\S*/)?ldd \(0x[0-9a-f]+\)$"),
    )
    + PROGRAM_FAILED
    + patterns_for(
        "other-python",
        # of pybind11
        (
            "Python version mismatch",
            r"Python version mismatch: module was compiled for (?:Python|version) (?P<built>[\d.]{1,10}), (?:"
            r"but|while) the "
            r"interpreter (?:version is incompatible:|is running version) (?P<runs>[\d.]{1,10})",
        ),
        # of CPython on Windows
        (
            "conflicts with this version",
            r"Module use of python(?P<dll>\w{2,6})\.dll conflicts with this version of Python",
        ),
    )
    + patterns_for("python-frame", ("/python3.", r"File \"[^\"]{0,300}/python3\.(?P<minor>\d{1,2})/")),
)
#: Lines that the functions of one file may lie apart in ldd's list.
_LISTING = 400


_LINKED = Fix(
    "link the module with libpython",
    notes="PyO3 does so for *-linux-android targets: build with --target aarch64-linux-android and the Python of that "
    "device (PYO3_CROSS_LIB_DIR). `readelf -d MODULE` then shows NEEDED libpython3.X.so.",
)


#: Modules whose distribution has another name.
_DISTRIBUTIONS = {"_cffi_backend": "cffi", "_yaml": "pyyaml", "_rust": "cryptography"}
_GLOBAL = Fix(
    "load libpython for the whole process",
    notes="The program that embeds Python has to link libpython itself, or open it with dlopen(…, RTLD_NOW | "
    "RTLD_GLOBAL) before the library that uses it.",
)


def _listed(log: BuildLog, hit: Hit) -> bool:
    """Whether *hit* is from ldd: musl's ldd lists the interpreter's functions as missing in every extension.

    Python's own error of an import has words before it, and names one symbol.
    """
    if not hit.text.startswith("Error relocating"):
        return False
    others = {
        other.groups["symbol"]
        for other in log.near(hit.line, "musl-relocating", before=_LISTING, after=_LISTING)
        if other.groups["file"] == hit.groups["file"] and other.text.startswith("Error relocating")
    }
    return len(others) > 1 or bool(log.near(hit.line, "external-note", "ldd-note", before=60))


def _of_pypy(hit: Hit, log: BuildLog, file: str) -> Finding:
    """Return the finding for a module that is PyPy's by its name, and asks for a function by CPython's name."""
    symbol = hit.groups["symbol"]
    return finding_from_hits(
        log,
        [hit],
        f"{file} was built for PyPy, and uses {symbol}: PyPy's functions are named PyPy…",
        "The module cannot be imported, and another build of the same source gives the same.",
        [
            Fix(
                "use a newer PyO3, or a newer release of the package",
                notes="In Cargo.toml, then cargo update: PyO3 learns PyPy's names with its releases, and PyPy gets "
                "functions with its own: a newer PyPy may have this one.",
            ),
            Fix(
                f"do without {symbol}",
                notes="Code in C: include PyPy's Python.h, which renames what it has.",
            ),
        ],
    )


def _since(log: BuildLog, hit: Hit) -> Finding | None:
    """Return the finding where a frame shows a Python older than the release that added the function."""
    added = stable_abi().get(hit.groups["symbol"])
    frames = log.near(hit.line, "python-frame", before=_TRACEBACK)
    here = (3, int(frames[-1].groups["minor"])) if frames else None
    if added is None or here is None or added[1] < _TOLD_BY_NAME or here >= added:
        return None
    file, wanted = hit.groups["file"].rpartition("/")[2], f"3.{added[1]}"
    package = installed_package(hit.groups["file"])
    return finding_from_hits(
        log,
        [frames[-1], hit],
        f"{file} needs {hit.groups['symbol']}, which Python's stable interface has since {wanted}: this is Python "
        f"3.{here[1]}",
        "The module cannot be imported: it was built for a newer Python.",
        (
            Fix(f"use Python {wanted} or newer, or the one that it was built with"),
            Fix(
                f"build {package or 'it'} again with this Python, if its code allows",
                (
                    (
                        Command(
                            f"python3.{here[1]} -m pip install --force-reinstall --no-cache-dir --no-binary {package} "
                            f"{package}",
                            FixStage.BUILD,
                        ),
                    )
                    if package
                    else ()
                ),
                notes="Remove old build folders first; code that calls the function without a condition does not "
                f"compile with Python 3.{here[1]}.",
            ),
        ),
    )


def _told(log: BuildLog, hit: Hit) -> Finding:
    """Return the finding where the module, or the system, says itself for which Python it is."""
    dll = hit.groups["dll"]
    built = hit.groups["built"] or (f"{dll[0]}.{dll[1:].rstrip('_dt')}" if dll else "")
    runs = hit.groups["runs"].rstrip(".")
    here = f", and this is Python {runs}" if runs else ", and another Python imports it"
    return finding_from_hits(
        log,
        [hit],
        f"a module was built for Python {built}{here}",
        "The module cannot be imported.",
        [
            Fix(
                "build it again for the Python that imports it",
                notes="Remove build/ and the old .so or .pyd first. CMake: -DPython_EXECUTABLE=… (older code: "
                "-DPYTHON_EXECUTABLE=…) names the interpreter, in an empty build folder.",
            ),
            Fix(f"import it with Python {built}"),
        ],
    )


_TRACEBACK = 40  # lines of frames before the error
_TOLD_BY_NAME = 12  # 3.12: many functions that were older joined the stable interface with it and before


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader miss a function of Python."""
    hits = [
        hit
        for hit in undefined(log)
        if PYTHON_SYMBOL.match(hit.groups["symbol"].partition("@")[0])
        and not _listed(log, hit)
        and not is_of_program(log, hit)  # extension-module-in-test
    ]
    for hit in log.find("other-python")[:1]:
        yield _told(log, hit)
        return
    for hit in distinct(hits, "symbol")[:1]:
        file = hit.groups["file"].rpartition("/")[2] or "the extension"
        if "cannot locate symbol" in hit.text:  # bionic's words
            yield finding_from_hits(
                log,
                [hit],
                f"{file} needs {hit.groups['symbol']}, and is not linked with libpython, as Android requires",
                "The module cannot be imported.",
                [_LINKED],
            )
            return
        if re.search(r"\.pypy3\d+-pp\d", file) and not hit.groups["symbol"].lstrip("_").startswith("PyPy"):
            yield _of_pypy(hit, log, file)
            return
        if "/lib-dynload/" in hit.groups["file"]:
            yield finding_from_hits(
                log,
                [hit],
                f"Python's own module {file} does not see {hit.groups['symbol']} of the Python that loads it",
                "The module cannot be imported. libpython was loaded for one library only, or is another release.",
                [_GLOBAL],
            )
            return
        if (newer := _since(log, hit)) is not None:
            yield newer
            return
        same = re.search(r"/python(3\.\d+)/(?:site|dist)-packages/\S*?\.cpython-3(\d+)-", hit.groups["file"])
        if same and same[1] == f"3.{same[2]}" and re.match(r"_Py", hit.groups["symbol"]):
            package = _DISTRIBUTIONS.get(file.partition(".")[0], installed_package(hit.groups["file"]) or "PACKAGE")
            yield finding_from_hits(
                log,
                [hit],
                f"{file} was built for this Python {same[1]}, and uses {hit.groups['symbol']}, which it has no more",
                "The module cannot be imported: its source is older than this Python.",
                [
                    Fix(
                        f"use a newer release of {package}",
                        (Command(f"python -m pip install --upgrade {package}", FixStage.BUILD),),
                        notes="Where a build installs it for itself: its lower bound is in [build-system] requires.",
                    ),
                    Fix(f"use an older Python than {same[1]}"),
                ],
            )
            return
        yield finding_from_hits(
            log,
            [hit],
            f"{file} needs {hit.groups['symbol']}, which this Python lacks: it was built for another one",
            "The module cannot be imported.",
            [
                Fix(
                    "build and install it for this interpreter",
                    (
                        Command(
                            "python -m pip install --force-reinstall --no-cache-dir --no-binary :all: PACKAGE",
                            FixStage.BUILD,
                        ),
                    ),
                    notes="Replace PACKAGE with its name. For your own project: cargo clean, then maturin develop.",
                )
            ],
        )
