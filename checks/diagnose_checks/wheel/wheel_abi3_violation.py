"""The wheel is tagged for the stable ABI, but uses functions outside it.

``cp39-abi3`` promises every CPython from 3.9 on. That holds only for functions of the limited API, and only for those
that it contained in 3.9: a later Python may lack the others, and an earlier one may not have had them yet. Installers
trust the tag. The module then fails to import, or crashes.

How to fix: have the compiler enforce the limited API: define ``Py_LIMITED_API`` as the lowest version for C, C++ and
Cython (3.1 or later), or enable the feature ``abi3-py39`` for PyO3. setuptools' ``py_limited_api=True`` alone only
changes the file name.

References:
    https://docs.python.org/3/c-api/stable.html (the list of functions is abi3info's)
"""

from __future__ import annotations

from diagnose import policies
from diagnose.authoring.extension_names import API
from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import bounded, has_stable_abi_code, some, tagged_elves
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.repack import retag
from diagnose.tables.stable_abi import stable_abi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(
    since="0.1.0",
    needs="tags",
    applies=has_stable_abi_code,
    patterns=patterns_for(
        "abi3-audit",
        ("non_abi3_symbols", r"\"non_abi3_symbols\": \[(?P<symbols>\"[^\]]{0,2000})"),
        ("future_abi3_objects", r"\"future_abi3_objects\": \{(?P<newer>\"[^}]{0,2000})"),
        (
            "ABI violations found",
            r"(?:\b\d+ ABI version mismatches|ersion mismatches) and [1-9]\d* ABI violations found",
        ),
        ("ABI version mismatches", r"\b[1-9]\d* ABI version mismatches"),
        ("has non-ABI3 symbols", r"(?<!\S)(?P<table>\S{1,300}\.(?:so|pyd|dylib)) has non-ABI3 symbols"),
        ("BI violations", r"\bhas [1-9]\d* ABI violations|\b[1-9]\d* ABI violations found"),
    ),
)


_STABLE = re.compile(r"\.abi3t?[.-]")
_CPYTHON = re.compile(r"cp(\d)(\d*)")


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See undefined Python symbols outside the stable ABI, or added to it after the lowest tagged version."""
    versions = [
        match for tag in wheel.tags if tag.abi in ("abi3", "abi3t") and (match := _CPYTHON.fullmatch(tag.python))
    ]
    if not versions:
        return
    files = [
        (elf, names)
        for elf in tagged_elves(wheel)
        if _counts(elf) and (names := list(filter(API.fullmatch, elf.undefined)))
    ]
    if not files:
        return
    base = min((int(match[1]), int(match[2] or 0)) for match in versions)
    added = stable_abi()
    # Another library of the wheel may define such functions on top of the limited API, as Qt's bindings do.
    strange = _companions(wheel)
    sealed = [(elf, names) for elf, names in files if not any(map(strange, elf.needed))]
    outside = [(elf, sorted(name for name in names if name not in added)) for elf, names in sealed]
    newer = [(elf, sorted(name for name in names if added.get(name, base) > base)) for elf, names in files]
    evidence = [Evidence(f"uses {some(names)}, not in the stable ABI", elf.path) for elf, names in outside if names]
    evidence += [
        Evidence(f"uses {some([f'{name} (since {_text(added[name])})' for name in names])}", elf.path)
        for elf, names in newer
        if names
    ]
    if not evidence:
        return
    first = next(names[0] for _, names in (*outside, *newer) if names)
    fixes = [
        Fix(
            "compile for the limited API",
            notes=f"C: -DPy_LIMITED_API=0x{base[0]:02x}{base[1]:02x}0000; PyO3: the feature abi3-py{base[0]}{base[1]}.",
        )
    ]
    if any(names for _, names in outside):
        foreign = sorted({name for _, names in outside for name in names})
        message = f"is tagged abi3, but uses {some(foreign)} outside the stable ABI"
    else:
        highest = max(added[name] for _, names in newer for name in names)
        message = f"is tagged cp{base[0]}{base[1]}-abi3, but uses functions added to the stable ABI in {_text(highest)}"
        title = f"tag it for Python {_text(highest)} and newer"
        fixes.append(retag(wheel, title=title, python=f"cp{highest[0]}{highest[1]}"))
    yield Finding(
        message,
        Severity.ERROR,
        bounded(evidence),
        f"on a Python without it: ImportError: undefined symbol: {first}",
        tuple(fixes),
        symbols=tuple(name for _, names in (*outside, *newer) for name in names),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See abi3audit report a violation."""
    hits = log.find("abi3-audit")
    if not hits:
        return
    tables = [text for hit in hits if hit.groups["table"] for _, text in log.window(hit.line)]
    listed = "\n".join(tables) + " ".join(hit.groups["symbols"] + hit.groups["newer"] for hit in hits)
    symbols = list(dict.fromkeys(re.findall(r"\b_?Py\w+", listed)))
    if symbols and all(symbol.startswith("PyModExport_") for symbol in symbols):
        yield finding_from_hits(
            log,
            hits,
            f"abi3audit mistakes the module's own {symbols[0]} for a function outside the stable ABI",
            "The audit fails although the wheel meets its tag.",
            (
                Fix(
                    "update abi3audit to a release that supports PEP 793",
                    (Command("python3 -m pip install --upgrade abi3audit", FixStage.TOOLCHAIN),),
                    notes="0.0.26 does not support it. Until a release does, skip the audit of this wheel.",
                ),
            ),
        )
        return
    which = f" ({', '.join(symbols[:3])})" if symbols else ""
    yield finding_from_hits(
        log,
        hits,
        f"the wheel is tagged abi3, but uses functions outside the stable ABI{which}",
        "On a Python without them the import fails: undefined symbol.",
        (
            Fix(
                "compile for the limited API",
                notes="C and C++: define Py_LIMITED_API as the lowest version (0x03090000); PyO3: feature abi3-py39.",
            ),
            Fix("do not tag it abi3", notes="A wheel without the limited API is for one version of Python."),
        ),
    )


def _counts(elf: Elf) -> bool:
    return _STABLE.search(elf.name) is not None or (elf.is_extension and elf.name.count(".") == 1)


def _companions(wheel: Wheel) -> Callable[[str], bool]:
    """Return a predicate for libraries that may define such functions: those that use Python, and unknown ones."""
    python = {elf.name for elf in wheel.elves if any(map(API.fullmatch, elf.undefined))}
    known = policies.load(wheel.verdict.libc, wheel.verdict.arch) if wheel.verdict.libc else ()
    harmless = {elf.name for elf in wheel.elves} | (known[-1].whitelist if known else frozenset())
    return lambda name: name in python or (name not in harmless and not name.startswith("ld"))


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
