"""The project excludes a library by a name that matches none, and the wheel has a copy of it.

``auditwheel repair --exclude PATTERN`` leaves a library outside the wheel, such as a driver's, one of the sound system,
or one that another wheel brings. auditwheel compares the pattern with the whole name that files need: ``libcublas.so``
does not match ``libcublas.so.12``. Then nothing is excluded, without a message: the library is copied, and the wheel
may be hundreds of megabytes larger, or carry a library that must not be bundled.

maturin has no option for this. Its ``exclude`` leaves out files of the project; the libraries that it copies into the
wheel are others.

The patterns are those in the ``pyproject.toml`` that the settings come from (``[tool.diagnose]``): in cibuildwheel's
``repair-wheel-command``, and in maturin's ``exclude``. Where the library is not in the wheel, but needed under a
similar name, the finding is a note.

How to fix: write the pattern so that it matches the whole name, with a ``*`` at its end, and in quotes for the shell.
With maturin, build with ``--auditwheel skip``, and repair the wheel with auditwheel.

References:
    https://github.com/pypa/auditwheel
    https://cibuildwheel.pypa.io/en/stable/options/#repair-wheel-command
    https://www.maturin.rs/config.html
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded
from diagnose.model import globs
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.tables.repaired_names import is_hashed, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.exclude_pattern import ExcludePattern
    from diagnose.readers.wheel.reader import Wheel


def _has_patterns(wheel: Wheel) -> bool:
    return bool(wheel.excludes)


CHECK = Check(since="0.1.0", applies=_has_patterns)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See patterns that match no needed name although a library with the same stem is needed."""
    if not wheel.excludes:
        return
    needed = {name: elf.path for elf in reversed(wheel.elves) for name in elf.needed}
    by_stem: dict[str, list[str]] = {}
    for name in sorted(needed):
        by_stem.setdefault((plain(name)).partition(".so")[0], []).append(name)
    for one in wheel.excludes:
        names = by_stem.get(one.stem(), []) if one.known() else []
        copies = [name for name in names if is_hashed(name)]
        if copies if one.tool == "maturin" else names and not _matches(one, names):
            yield _finding(one, copies or names, needed, bool(copies))


def _matches(one: ExcludePattern, names: list[str]) -> bool:
    return any(globs.fits(plain(name), one.pattern) for name in names)


def _finding(one: ExcludePattern, names: list[str], needed: dict[str, str], copied: bool) -> Finding:
    library = plain(names[0])
    setting = f"--exclude {one.pattern}" if one.tool == "auditwheel" else f"maturin's exclude: {one.pattern}"
    state = "has a copy of" if copied else "needs"
    why = f"auditwheel compares {one.pattern} with the whole name {library}"
    if one.tool == "maturin":
        why = "maturin's exclude leaves out files of the project, not the libraries that it copies"
    return Finding(
        f"{state} {library}, which {one.pattern} does not exclude",
        Severity.WARNING if copied else Severity.NOTE,
        bounded(
            [
                Evidence(setting, where=one.place),
                *(Evidence(f"needs {name}", path=needed[name]) for name in names),
            ]
        ),
        why + ("; the library is in the wheel" if copied else "; a repair would copy the library"),
        (_fix(one, library),),
        libraries=tuple(dict.fromkeys(plain(name) for name in names)),
    )


def _fix(one: ExcludePattern, library: str) -> Fix:
    pattern = f"'{library.partition('.so')[0]}.so*'"
    if one.tool == "auditwheel":
        return Fix("exclude the whole name", notes=f"In {one.place}: --exclude {pattern}")
    return Fix(
        "repair the wheel with auditwheel",
        notes=f"Build with maturin's --auditwheel skip; then: auditwheel repair --exclude {pattern}",
    )
