"""Cython does not translate a source file.

Cython 3 changed the language: a function of C type checks for exceptions unless it is ``noexcept``, names of Python 2
such as ``unicode`` and ``long`` are gone, and the default is Python 3. Code written for 0.29 fails with it, and code
written for 3 fails with 0.29. pip builds with the newest Cython that the package's build requirements allow. A ``.pxd``
file that is not found belongs to a package that the build needs, or to another release of it.

How to fix: build with the Cython that the code was written for, or take a newer release of the package.

References:
    https://cython.readthedocs.io/en/latest/src/userguide/migrating_to_cy30.html
    https://cython.readthedocs.io/en/latest/src/changes.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.build_constraint import build_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=(
        *patterns_for("cython-failed", ("rror compiling Cython file", r"^Error compiling Cython file:$")),
        *patterns_for(
            "cython-message",
            *(
                (f".{ending}:", rf"^(?P<file>\S{{1,300}}\.{ending}):\d{{1,6}}:\d{{1,5}}: (?P<why>\S.{{0,300}})")
                for ending in ("pyx", "pxd", "pxi")
            ),
        ),
        *patterns_for(
            "cython-gave-up",
            ("CompileError: ", r"^(?:Cython\.[\w.]{1,60}\.)?CompileError: (?P<file>\S{1,300}\.pyx)$"),
        ),
        *patterns_for("cython-noexcept", ("noexcept", r"^c(?:p)?def .{1,300}\bnoexcept\b")),
    ),
)
#: Words of Cython 3 about code that 0.29 takes, and the first release that refuses it (its changelog, November 2026).
_SINCE = (
    (r"Exception values are incompatible|Suggest adding 'noexcept'", "3"),
    (r"undeclared name not builtin: (?:unicode|basestring|xrange|unichr|raw_input|execfile|reduce|cmp)\b", "3"),
    (r"undeclared name not builtin: long\b|'long' is not a type identifier", "3.1"),
)
_EXCERPT = 16  # lines from Cython's first word to the message: a few of the source are between


def log(log: BuildLog) -> Iterator[Finding]:
    """See Cython refuse a file."""
    for begin in log.find("cython-failed")[:1]:
        told = log.near(begin.line, "cython-message", after=_EXCERPT)
        if not told:
            continue
        every = log.find("cython-message")
        hit = next((one for one in every if _since(one)), told[0])
        file, why, since = hit.groups["file"], hit.groups["why"].rstrip("."), _since(hit)
        absent = re.match(r"'([\w./]{1,200}\.pxd)' not found", why)
        shown: list[Hit] = [hit]
        if absent:
            message = f"Cython does not find {absent[1]}, which {file} asks for"
            fixes = _absent(absent[1])
        elif since:
            message = f"{file} is written for a Cython before {since}: {why}"
            fixes = _older(since)
        elif new := log.near(hit.line, "cython-noexcept", before=_EXCERPT):
            message = f"{file} is written for Cython 3, and an older one translates it"
            fixes, shown = _NEWER, [new[-1], hit]
        else:
            message = f"Cython refuses {file}: {why}"
            fixes = (*_older("3"), *_NEWER, Fix("if it is your own code: correct the line"))
        yield finding_from_hits(log, shown, message[:200], "The extension is not built.", fixes)
    if not log.find("cython-failed", "cython-message"):  # the end of a log alone
        for hit in log.find("cython-gave-up")[:1]:
            message = f"Cython refuses {hit.groups['file']}; its reason is further above, and not in this log"
            yield finding_from_hits(log, [hit], message[:200], "The extension is not built.", _older("3"))


def _since(hit: Hit) -> str:
    return next((since for words, since in _SINCE if re.search(words, hit.groups["why"])), "")


def _older(since: str) -> tuple[Fix, ...]:
    return (
        Fix(
            f"build it with a Cython before {since}",
            build_with(f"cython<{since}", "PACKAGE"),
            notes=f'In your own project: requires = ["cython<{since}"] in [build-system].',
        ),
        Fix("take a newer release of the package, which supports this Cython"),
    )


def _absent(name: str) -> tuple[Fix, ...]:
    package = name.removesuffix(".pxd").partition("/")[0].partition(".")[0]
    return (
        Fix(
            f"let the build install the package that has it: {package}",
            notes=f'requires = ["setuptools", "cython", "{package}"] in [build-system]. If it is there: its releases '
            "differ in these files, so take the one that the code was written for. A file of the project itself is "
            "missing from its source distribution if MANIFEST.in leaves *.pxd out.",
        ),
    )


_NEWER = (
    Fix(
        "build it with Cython 3",
        (Command("python3 -m pip install --upgrade 'cython>=3'", FixStage.TOOLCHAIN),),
        notes="Of a distribution's package cython3 the number is its Python's. In pyproject.toml: \"cython>=3\" in "
        "requires of [build-system].",
    ),
)
