"""The wheel needs a bundled library that is not in it.

Repair tools invent names such as ``libasound-b9128502.so.2``: they copy a library into the wheel under its name plus
eight digits of its hash (torchvision's own tool writes ``libjpeg.d33e0c76.so.8``), and write that name into the module.
No system has a library of that name. A module that needs it cannot be loaded if the wheel does not contain it.

The usual cause is building twice. maturin's repair changes the module in cargo's target folder. A second ``maturin
build`` takes the changed module as it is and does not find the renamed library. With a plain linux tag, or without the
audit, it packs the module anyway.

How to fix: have cargo link the module again (``cargo clean --release -p CRATE``), and build once.

References:
    https://github.com/PyO3/maturin/tree/main/src/auditwheel
    https://github.com/pypa/auditwheel/blob/main/src/auditwheel/repair.py
"""

from __future__ import annotations

from diagnose import policies
from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import bounded, has_linux_code, missing_library_error, some
from diagnose.authoring.wheel_libraries import missing
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity
from diagnose.model.targets import TARGETS
from diagnose.tables.repaired_names import is_hashed
from diagnose_checks.wheel._triage import unlocated_libraries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="tags", applies=has_linux_code, log_kinds=("not-located",))


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See NEEDED names that only repair tools write and that the wheel has no file for."""
    needs = {name: users for name, users in missing(wheel).items() if is_hashed(name)}
    if not needs:
        return
    names = list(needs)
    yield Finding(
        f"needs {some(names)}, a bundled library that is not in the wheel",
        Severity.ERROR,
        bounded(
            (
                Evidence(f"needs {name}, a name that only a repair tool writes", users[0].path)
                for name, users in needs.items()
            ),
            "libraries",
        ),
        f"on every system: {missing_library_error(wheel, needs[names[0]][0], names[0])}",
        (_fix(wheel),),
        libraries=tuple(names),
    )


def _crate_of(wheel: Wheel) -> str:
    """Return the name of the extension's crate, which maturin's SBOM has in its file name; empty without one."""
    folder = f"{wheel.dist_info}/sboms/"
    names = [path.removeprefix(folder) for path in wheel.files if path.startswith(folder)]
    crates = [name.removesuffix(".cyclonedx.json") for name in names if name.endswith(".cyclonedx.json")]
    return crates[0] if len(crates) == 1 and re.fullmatch(r"[\w-]+", crates[0]) else ""


def _fix(wheel: Wheel) -> Fix:
    tag = policies.split(wheel.platforms[0])
    triples = [row.triple for row in TARGETS if row.wheel == tag.arch and row.libc == (wheel.verdict.libc or "glibc")]
    target = f" --target {triples[0]}" if triples else ""
    crate = _crate_of(wheel)
    package = f" -p {crate}" if crate else ""
    return Fix(
        "link the module again, then build once",
        (
            Command(f"cargo clean --release{package}{target}", FixStage.BUILD),
            Command(f"maturin build --release{target}", FixStage.BUILD),
        ),
        notes=("" if crate else "With -p CRATE it compiles only the extension again. ")
        + "For other build tools, remove their build folder.",
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See the repair look for a library under the name that an earlier repair gave it."""
    hits = [hit for hit in unlocated_libraries(log) if is_hashed(hit.groups["lib"])]
    if hits:
        target = log.target_at(hits[0].line)
        option = f" --target {target.triple}" if target and log.cross_at(hits[0].line) else ""
        finished = [hit.text for hit in log.find("mark done cargo") if hit.line < hits[0].line]
        profile = "" if any("`dev` profile" in text for text in finished) else " --release"
        yield finding_from_hits(
            log,
            hits,
            f"{hits[0].groups['lib']}, renamed by an earlier repair, is not found",
            "maturin writes no wheel; without the audit it writes a wheel that cannot be imported.",
            (
                Fix(
                    "have cargo link the module again",
                    (Command(f"cargo clean{profile}{option} -p CRATE", FixStage.BUILD),),
                    notes="CRATE stands for the extension's crate. maturin's repair changed cargo's file in place.",
                ),
            ),
        )
