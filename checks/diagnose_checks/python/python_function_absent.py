"""C code uses a function or macro of Python that this Python does not have.

PyPy offers a part of CPython's C API only, and each release of CPython removes private functions and adds new ones. C
code of another release, or for CPython alone, then does not compile.

How to fix: use CPython where it is PyPy, a newer release of the package, or the Python that it was written for.

References:
    https://doc.pypy.org/en/latest/extending.html
    https://docs.python.org/3/c-api/stable.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.tables.stable_abi import in_every_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

#: The objects and parts of CPython's C API; numpy's PyArray_ and others' names begin alike.
_PARTS = (
    "Arg|AsyncGen|Bool|Buffer|Bytes|ByteArray|CFunction|Capsule|Cell|Code|Complex|Config|Context|Coro|Descr|Dict|Err|Eval"
    "|Exception|Float|Frame|Function|GC|GILState|Gen|Import|Instance|Int|Interpreter|InterpreterState|Iter|List|Long"
    "|Mapping|Marshal|Mem|Member|Method|Module|Number|OS|Object|Run|Sequence|Set|Slice|String|Struct|StructSequence|Sys"
    "|Thread|ThreadState|Traceback|Tuple|Type|Unicode|Unstable|Weakref"
)
_NAME = rf"_?Py(?:{_PARTS})_\w{{2,60}}|PyPy_Version"
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "python-function",
        ("error C3861: '", rf"error C3861: '(?P<name>{_NAME})': identifier not found"),
        ("error C2065: '", rf"error C2065: '(?P<name>{_NAME})': undeclared identifier"),
        ("undeclared", rf"error: '(?P<name>{_NAME})' undeclared\b"),
        ("was not declared in this sc", rf"error: '(?P<name>{_NAME})' was not declared in this scope"),
        ("implicit declaration of func", rf"error: implicit declaration of function '(?P<name>{_NAME})'"),
        ("undeclared function '", rf"error: call to undeclared function '(?P<name>{_NAME})'"),
        ("undeclared identifier '", rf"error: use of undeclared identifier '(?P<name>{_NAME})'"),
    )
    + patterns_for("pypy-note", ("pypy", r"include/pypy|[-.]pypy3\d|pypy_macros\.h|[/\\]pypy3?[\d.]{0,6}[/\\ ]")),
)
_BEFORE, _AFTER = 60, 10  # lines of one compiler's command and messages


def log(log: BuildLog) -> Iterator[Finding]:
    """See a compiler not find a name of Python's headers that is not in each Python."""
    for hit in log.find("python-function"):
        name = hit.groups["name"]
        if in_every_python(name) or log.find("python-lost"):
            continue  # its header is not included; or code-too-old-for-python
        pypy = log.near(hit.line, "pypy-note", before=_BEFORE, after=_AFTER)
        own = "pypy_macros.h" in hit.text
        cpython = Fix(
            "use CPython",
            (Command("uv venv --clear --python cpython-3.12", FixStage.TOOLCHAIN),),
            notes='cibuildwheel: skip = "pp*"; most packages with C code have no wheels for PyPy.',
        )
        newer = Fix(
            "use a newer release of the package, which may support this Python",
            notes="If it is your own code: #if PY_VERSION_HEX >= 0x030D0000, or #ifndef PYPY_VERSION, around the "
            "use. C code "
            "that Cython wrote: let a newer Cython write it again.",
        )
        if own:
            message = f"the headers of this PyPy use {name}, which they do not declare here"
            fixes: tuple[Fix, ...] = (
                Fix(
                    "use another release of PyPy, or compile without Py_LIMITED_API",
                    notes="The newest release may have it corrected.",
                ),
                cpython,
            )
        elif pypy:
            message, fixes = f"the C code uses {name}, which PyPy does not have", (cpython, newer)
        else:
            message = f"the C code uses {name}, which this Python does not have"
            fixes = (
                newer,
                Fix(
                    "use the Python that it is for",
                    notes="An older or newer release of CPython, and CPython where this is PyPy: its C API has a "
                    "part only.",
                ),
            )
        yield finding_from_hits(log, [*pypy[-1:], hit], message, "The extension is not compiled.", fixes)
        return
