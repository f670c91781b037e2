"""The wheel needs a library that it does not contain and that no policy allows from the system.

An extension that is linked against a shared library records the library's name (``NEEDED``), and the dynamic linker
must find a file of that name when the module is imported. A manylinux or musllinux policy lists the few libraries that
every system has. All others have to be in the wheel. ``auditwheel repair``, and maturin when it builds, copy them
there. Without that step the wheel works only where the library happens to be installed.

Libraries of a driver or of another installed wheel (CUDA, torch, Qt) stay outside on purpose; for those the finding is
a note. So it is for those that must not be bundled (libasound, OpenGL, PipeWire; see ``wheel-bundled-hazard``): users
have to install them, so the installation notes must name them. For libraries of which it depends, it is a warning; so
it is where only plugins, tools, or some of the libraries that other programs open, need it.

A musl wheel that was not linked on Alpine may need musl as ``libc.so``. musl's loader resolves that name itself, so the
wheel works. auditwheel knows only Alpine's name (``libc.musl-x86_64.so.1``), and reports a plain linux wheel.

How to fix: copy the library into the wheel with ``auditwheel repair``, or with maturin without ``--auditwheel skip``.
Or link it statically.

References:
    https://peps.python.org/pep-0513/
    https://github.com/pypa/auditwheel
"""

from __future__ import annotations

from diagnose.authoring.libc_demands import LIBC
from diagnose.authoring.loader_words import LOADER
from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import (
    bounded,
    has_linux_code,
    is_sample,
    missing_library_error,
    promised,
    role,
    some,
    tagged_elves,
    ways_to_load,
)
from diagnose.authoring.wheel_libraries import expected_from, is_libpython, missing
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.repack import AFTER_REPAIR, inside, repack, repair
from diagnose.remedies.shell_quoting import quote
from diagnose.tables.repaired_names import is_hashed
from diagnose.tables.shared_libraries import hazard
from diagnose_checks.wheel._triage import library, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(
    since="0.1.0",
    needs="tags",
    applies=has_linux_code,
    aliases=("wheel-external-lib-needs-copy", "wheel-forbidden-lib"),
    log_kinds=("audit-forbidden",),
    patterns=(
        *patterns_for(
            "audit-needs-copy",
            (
                "requires copying the",
                r"requires copying the (?:following|above external) librar(?:ies|y)(?::? ?(?P<libs>\[.{0,2000}\]))?",
            ),
            ("--auditwheel=check", r"Can ?not repair the wheel because `--auditwheel=check` is specified"),
        ),
        *patterns_for("external-note", (" => ", r"^\s*(?P<lib>lib[\w.+-]+\.so[\w.]*) => ")),
    ),
)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See NEEDED names that no policy allows and that the wheel does not contain; one finding for each severity."""
    needs = {
        name: [elf for elf in users if not is_sample(elf)]
        for name, users in missing(wheel).items()
        if not is_hashed(name)
    }
    ways = ways_to_load(wheel)
    groups: dict[Severity, list[_Lack]] = {}
    for name, users in needs.items():
        if users:
            sure = all(not way.isdisjoint(elf.path for elf in users) for way in ways)
            reason = expected_from(wheel, name, users)
            danger = hazard(name)
            if reason or (danger and danger.serious):  # wheel-bundled-hazard asks for exactly this
                severity = Severity.NOTE
            elif not sure or danger or promised(wheel) is None:
                severity = Severity.WARNING
            else:
                severity = Severity.ERROR
            groups.setdefault(severity, []).append(_Lack(name, users, reason, sure))
    outside = [lack.name for lack in groups.get(Severity.NOTE, ())]
    for severity in Severity:
        if severity in groups:
            yield _finding(wheel, severity, groups[severity], outside)
    yield from _musl_itself(wheel)


def _musl_itself(wheel: Wheel) -> Iterator[Finding]:
    """See musl needed as libc.so, a name that its loader resolves and the policies do not list."""
    promise = promised(wheel)
    if promise is None or wheel.verdict.libc != "musl":
        return
    named = next(name for name in promise[1].whitelist if name.startswith("libc.musl-"))
    users = [elf for elf in tagged_elves(wheel) if "libc.so" in elf.needed]
    if users:
        paths = inside(wheel, [elf.path for elf in users])
        yield Finding(
            f"needs musl as libc.so, a name that auditwheel does not know ({named})",
            Severity.NOTE,
            bounded(Evidence("needs libc.so", elf.path) for elf in users),
            f"every musl system resolves it, but auditwheel reports linux_{wheel.verdict.arch}",
            (
                repack(
                    wheel,
                    "use the policy's name, to satisfy auditwheel",
                    [f"patchelf --replace-needed libc.so {named} {paths}"],
                ),
            ),
            libraries=("libc.so",),
        )


class _Lack(NamedTuple):
    """A missing library: the files that need it, who else provides it, and whether it is needed in any case."""

    name: str
    users: list[Elf]
    reason: str
    sure: bool


def _finding(wheel: Wheel, severity: Severity, group: list[_Lack], outside: list[str]) -> Finding:
    names = [lack.name for lack in group]
    evidence = bounded((_evidence(wheel, lack) for lack in group), "libraries")
    error = missing_library_error(wheel, group[0].users[0], names[0])
    if severity is Severity.NOTE:
        message = f"depends on {some(names)} from outside the wheel"
        fixes: tuple[Fix, ...] = (_declare(names),)
        return Finding(
            message, severity, evidence, f"where that is not installed: {error}", fixes, libraries=tuple(names)
        )
    absent = "which is not in the wheel" if len(names) == 1 else "which are not in the wheel"
    some_need = "needs" if any(lack.sure for lack in group) else "some of its files need"
    repairing = _repair(wheel, names, [elf for lack in group for elf in lack.users], outside)
    fixes = (repairing, _declare(names))
    if all(hazard(name) for name in names):
        fixes = (_declare(names), repairing)
    return Finding(
        f"{some_need} {some(names)}, {absent}",
        severity,
        evidence,
        f"where it is not installed: {error}",
        fixes,
        libraries=tuple(names),
    )


def _evidence(wheel: Wheel, lack: _Lack) -> Evidence:
    first, *others = lack.users
    names = [elf.name for elf in others]
    also = f", as {names[0]} does" if len(names) == 1 else f", as {some(names, 2)} do" if names else ""
    why = f"; {lack.reason}" if lack.reason else ""
    return Evidence(f"{role(wheel, first)}: needs {lack.name}{also}{why}", first.path)


def _repair(wheel: Wheel, names: list[str], users: Iterable[Elf], outside: list[str]) -> Fix:
    # maturin audits the library that it builds, not prebuilt libraries of the project.
    built = wheel.generator.startswith("maturin") and all(elf.is_extension for elf in users)
    notes = (
        "Run it where the wheel was built: it copies the libraries found there. For another architecture, or an older "
        "system's libraries, name their folder in AUDITWHEEL_LD_LIBRARY_PATH (before auditwheel 6.7: LD_LIBRARY_PATH). "
        f"{AFTER_REPAIR}"
    )
    notes += " maturin does the same without `--auditwheel skip`." if built else ""
    return repair(wheel, f"copy {some(names)} into the wheel", notes, _patterns(outside))


def _patterns(names: list[str]) -> list[str]:
    """Return *names*, with a large family (``libQt6Core.so.6`` …) as one pattern that auditwheel accepts."""
    families: dict[str, list[str]] = {}
    for name in names:
        families.setdefault(name[:6], []).append(name)
    return [
        pattern
        for start, family in families.items()
        for pattern in ([f"{start}*"] if len(family) > 3 and len(start) == 6 else family)
    ]


def _declare(names: list[str]) -> Fix:
    return Fix(
        "leave it outside; document it as a requirement",
        notes="Name the package that provides it. Repair the rest with: auditwheel repair "
        + " ".join(f"--exclude {quote(name)}" for name in _patterns(names)),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See maturin reject external libraries, or stop because it would have to copy them."""
    for hit in log.find("audit-needs-copy", "audit-forbidden"):
        names = [library(entry) for entry in listed(hit.groups["libs"])]
        names += [one.groups["lib"] for one in log.near(hit.line, "external-note", before=12, after=6)]
        names = [name for name in dict.fromkeys(names) if not is_libpython(name)]
        if (not names and hit.groups["libs"]) or any(re.match(LIBC, name) or LOADER.match(name) for name in names):
            continue  # of libpython, of too new symbols, or of the tool's own mistake others speak
        what = some(names) if names else "shared libraries"
        yield finding_from_hits(
            log,
            [hit],
            f"the wheel needs {what}, which the policy does not allow",
            "maturin writes no wheel.",
            (
                Fix(
                    "copy them into the wheel",
                    (Command("maturin build --release --auditwheel repair", FixStage.BUILD),),
                    notes="maturin before 0.12 cannot: run `auditwheel repair` on its wheel.",
                ),
                Fix("link them statically, or remove the dependency"),
            ),
        )
        return
