"""The code, or its PyO3, does not support free-threaded Python.

PyO3 supports the free-threaded build from 0.23 on. There, ``GILProtected`` does not exist, so crates that use it do not
compile: ``numpy`` up to 0.23, for example. ``maturin build --find-interpreter`` also finds ``python3.13t`` in the
manylinux images, so that a project that never asked for it fails. C code that reads ``ob_refcnt`` does not compile
either: such a Python counts references in two other members.

How to fix: update the crate to a release that supports free-threaded Python, or name the interpreters to build for.

References:
    https://pyo3.rs/main/free-threading.html
    https://github.com/PyO3/rust-numpy/issues/476
    https://docs.python.org/3/howto/free-threading-extensions.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=(
        *patterns_for(
            "gil-protected",
            ("GILProtected", r"unresolved import `pyo3::sync::GILProtected`"),
            ("GILProtected", r"cannot find (?:type|struct|function)\b.{0,40}`GILProtected` in"),
        ),
        *patterns_for(
            "gil-disabled-refused",
            (
                "free-threaded ",
                r"\b(?:does not|doesn't|is not|are not) (?:yet |currently )?support(?:ed (?:on|by|in))?"
                r" (?:the )?free-threaded (?:Python|CPython|builds?\b(?! of CPython versions below)|interpreters?)",
            ),
            ("GIL disabled", r"built with the GIL disabled, which is not (?:yet )?supported by PyO3"),
        ),
        *patterns_for(
            "limited-api-refused",  # the header Python.h itself
            (
                "which is not supported by free-thr",
                r"meson-python: error: The package targets Python's (?P<meson>Limited API), which is "
                r"not supported by free-",
            ),
            ("imited API is not", r"error:? \"?The limited API is not currently supported in the free-threaded build"),
        ),
        *patterns_for(
            "refcount-absent",
            (
                "ob_refcnt",
                r"error: [`'\"](?:PyObject|(?:struct )?_object)\b.{0,60} has no member named 'ob_refcnt'",
            ),
            ("ob_refcnt", r"error: no member named 'ob_refcnt' in '(?:struct )?_object'"),
            ("ob_refcnt", r"error C2039: 'ob_refcnt': is not a member of '_object'"),
        ),
        *patterns_for(
            "free-threaded-note",
            ("thon", r"\b[Pp]ython ?3\.1\d+t\b|\bCPython 3\.1\d+t\b"),
            ("cpython-31", r"\bcpython-31\dt\b"),
            ("cp31", r"\bcp31\d-?cp?31\dt\b|\bcp31\dt\b"),
            ("free-threaded", r"free-threaded"),
        ),
    ),
)

_MESON = "python -m pip install . -Csetup-args=-Dpython.allow_limited_api=false"


def log(log: BuildLog) -> Iterator[Finding]:
    """See PyO3 refuse such a Python, or code miss what only a Python with the GIL has."""
    notes = log.find("free-threaded-note")
    counted = log.find("refcount-absent") if notes else []
    if counted:
        yield finding_from_hits(
            log,
            [*notes[:1], counted[0]],
            "this C code reads ob_refcnt, which free-threaded Python does not have",
            "It cannot be compiled.",
            (
                Fix(
                    "use a newer release of the package, or a Python with the GIL",
                    notes='cibuildwheel: skip = "cp3??t-*". pip and uv: the interpreter without t, as python3.14.',
                ),
                Fix(
                    "in your own code, write Py_REFCNT(object) and Py_SET_REFCNT(object, count)",
                    notes="A count of 1 no longer says that nothing else uses the object: "
                    "PyUnstable_Object_IsUniquelyReferenced() of 3.14 does.",
                ),
            ),
        )
        return
    used = log.find("gil-protected") if notes else []
    for hit in [*log.find("gil-disabled-refused", "limited-api-refused"), *used][:1]:
        if hit.kind == "limited-api-refused":
            meson = bool(hit.groups["meson"])
            yield finding_from_hits(
                log,
                [hit],
                "the extension is for the limited API (abi3), which this free-threaded Python does not have",
                "It cannot be compiled.",
                (
                    Fix(
                        "build it without the limited API for free-threaded Pythons",
                        (Command(_MESON, FixStage.BUILD),) if meson else (),
                        notes="setuptools: py_limited_api=not sysconfig.get_config_var('Py_GIL_DISABLED'), and no "
                        "Py_LIMITED_API then. CMake: USE_SABI only without it. PyO3's abi3 features leave it out.",
                    ),
                    Fix("use a Python with the GIL", notes="3.15 is the first free-threaded one with a stable ABI."),
                ),
            )
            return
        if (wanted := re.search(r"(?i)upgrade to free-threaded (3\.\d+) or newer to use (\w+)", hit.text)) is not None:
            yield _from_release(log, hit, wanted[1], wanted[2])
            return
        crate = log.crate_at(hit.line)[0] or (
            "PyO3" if hit.kind == "gil-disabled-refused" and "GIL disabled" in hit.text else "the package"
        )
        yield finding_from_hits(
            log,
            [*notes[:1], hit] if hit.kind == "gil-protected" else [hit],
            f"{crate} does not support free-threaded Python in this version",
            "It cannot be compiled.",
            (
                Fix(
                    "build for Python with the GIL only",
                    (Command("maturin build --release -i python3.13", FixStage.BUILD),),
                    notes="--find-interpreter also takes the free-threaded ones that an image has.",
                ),
                Fix(
                    "update it to a release that supports free-threaded Python",
                    notes="PyO3 0.23 and later do. numpy, pyo3-log and others follow it by the same minor version.",
                ),
            ),
        )


def _from_release(log: BuildLog, hit: Hit, release: str, package: str) -> Finding:
    """Return that *package* supports free-threaded Python from *release* on only, as it says itself."""
    older = f"3.{int(release.partition('.')[2]) - 1}"
    return finding_from_hits(
        log,
        [hit],
        f"{package} supports free-threaded Python from {release} on only",
        "It cannot be compiled.",
        (
            Fix(
                f"use free-threaded Python {release}, or Python {older} with the GIL",
                (Command(f"uv venv --clear --python {release}t", FixStage.TOOLCHAIN),),
                notes=f'With the GIL: --python {older}. cibuildwheel: skip = "cp{older.replace(".", "")}t-*".',
            ),
        ),
    )
