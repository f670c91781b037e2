"""The wheel needs a library that is neither in it nor promised by every system.

An extension that is linked against a shared library records the library's name (``NEEDED``), and the dynamic linker
must find a file of that name when the module is imported. A manylinux or musllinux policy lists the few libraries that
every system has; all others have to travel inside the wheel. ``auditwheel repair``, and maturin when it builds, copy
them there. If that step was left out, the wheel works only where somebody happened to install the library.

Libraries that belong to a driver or to another installed wheel (CUDA, torch, Qt) are left outside on purpose; the
finding then is a note. For the few that work badly as a private copy (see ``wheel-bundled-hazard``) it is a warning:
there is no good place for them, so the users have to be told what to install.

References: https://peps.python.org/pep-0513/, https://github.com/pypa/auditwheel
"""

from __future__ import annotations

from collections.abc import Iterator

from checks.data.shared_libraries import hazard
from checks.wheel._external import expected_from, is_hashed, missing
from checks.wheel._wheel import bounded, is_sample, loaded, own, promised, quote, role, some
from diagnose.finding import Command, Evidence, Finding, Fix, Severity, Stage
from diagnose.readers.elf import Elf
from diagnose.readers.wheel import Wheel

ALIASES = ("wheel-external-lib-needs-copy", "wheel-forbidden-lib")


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See NEEDED names that no policy allows and the wheel does not answer; one finding per severity."""
    needs = {
        name: users for name, users in missing(wheel).items() if not is_hashed(name) and not all(map(is_sample, users))
    }
    certain = loaded(wheel) or {elf.path for elf in own(wheel)}
    groups: dict[Severity, list[tuple[str, list[Elf], str]]] = {}
    for name, users in needs.items():
        reason = expected_from(wheel, name, users)
        sure = any(elf.path in certain for elf in users)
        if reason:
            severity = Severity.NOTE
        elif not sure or hazard(name) or promised(wheel) is None:
            severity = Severity.WARNING
        else:
            severity = Severity.ERROR
        groups.setdefault(severity, []).append((name, users, reason))
    for severity in Severity:
        if severity in groups:
            yield _finding(wheel, severity, groups[severity])


def _finding(wheel: Wheel, severity: Severity, group: list[tuple[str, list[Elf], str]]) -> Finding:
    names = [name for name, _, _ in group]
    evidence = []
    for name, users, reason in group:
        paths = [elf.path.rpartition("/")[2] for elf in users]
        also = f", as {some(paths[1:], 2)} do" if len(paths) > 2 else f", as {paths[1]} does" if len(paths) == 2 else ""
        why = f"; {reason}" if reason else ""
        evidence.append(Evidence(f"{role(wheel, users[0])}: needs {name}{also}{why}", users[0].path))
    lib = names[0]
    if severity is Severity.NOTE:
        message = f"counts on {some(names)} from outside the wheel"
        consequence = f"imports only where that is installed; else: ImportError: {lib}: cannot open shared object file"
        return Finding(message, severity, bounded(evidence, "libraries"), consequence, (_declare(names),))
    absent = "which is not in the wheel" if len(names) == 1 else "which are not in the wheel"
    message = f"needs {some(names)}, {absent}"
    consequence = (
        f"where it is not installed: ImportError: {lib}: cannot open shared object file: No such file or directory"
    )
    if not any(elf.path in loaded(wheel) for _, users, _ in group for elf in users) and loaded(wheel):
        message = f"plugins or tools in it need {some(names)}, {absent}"
        consequence = f"what needs it does not start where it is not installed: {lib}: cannot open shared object file"
    hazards = sorted(name for name in names if hazard(name))
    fixes = (_declare(names), _repair(wheel, names)) if hazards and len(hazards) == len(names) else (
        _repair(wheel, names),
    )  # fmt: skip
    return Finding(message, severity, bounded(evidence, "libraries"), consequence, fixes)


def _repair(wheel: Wheel, names: list[str]) -> Fix:
    return Fix(
        f"copy {some(names)} into the wheel",
        (Command(f"auditwheel repair {quote(wheel.path)}", Stage.BUILD),),
        notes="Run it where the wheel was built: it copies the libraries that it finds there. For another architecture "
        "name their folder in LD_LIBRARY_PATH. maturin does the same by itself unless told `--auditwheel skip`.",
    )


def _declare(names: list[str]) -> Fix:
    options = " ".join(f"--exclude {name}" for name in names[:8])
    return Fix(
        "leave it outside, and say so in the installation notes",
        notes=f"Name the package that brings it. Repair the rest with: auditwheel repair {options}",
    )
