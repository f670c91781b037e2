"""A program of Cygwin or MSYS2 cannot start another one: Windows does not give it the same memory again.

Cygwin imitates ``fork``: the child has to have every DLL at the address where the parent has it. A DLL at a changed
address, a virus scanner that adds its own, Windows's forced randomisation of addresses, or two versions of
``msys-2.0.dll`` in one PATH break that. The message "Resource temporarily unavailable" is about that, and no limit.

How to fix: give the DLLs fixed addresses again (rebase), and update Cygwin or MSYS2 in one go.

References:
    https://cygwin.com/cygwin-ug-net/highlights.html#ov-hi-process-problems
    https://cygwin.com/faq.html#faq.using.fixing-fork-failures
    https://www.msys2.org/docs/updating/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "cygwin-fork",
        ("child_info_fork::abort", r"child_info_fork::abort: (?P<file>\S{1,300}\.dll)?"),
        ("dofork: child", r"\bdofork: child -?\d{1,9} - "),
        (" - died waiting for ", r"\bfork: child \d{1,9} - died waiting for "),
        ("cygheap base mismatch detec", r"cygheap base mismatch detected"),
    ),
)


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is how a program reports it: a DLL that fails, a process that is not started."""
    return other.check in ("runtime-windows-dll-unfit", "program-crashed") and not later(other, finding, log)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Cygwin's own report of a failed fork."""
    hits = log.find("cygwin-fork")
    if not hits:
        return
    file = next((hit.groups["file"] for hit in hits if hit.groups["file"]), "")
    name = file.replace("\\", "/").rpartition("/")[2]
    msys = "msys" in "".join(hit.text.lower() for hit in hits)
    update = Fix(
        "update everything at once, with no program of it running",
        (Command("pacman -Syuu", FixStage.PACKAGES),),
        notes="In a new MSYS2 window; once more if it asks to be closed. Then autorebase.bat in MSYS2's folder, where "
        "there is one (32 bit).",
    )
    rebase = Fix(
        "give the DLLs fixed addresses again",
        (Command("C:\\cygwin64\\bin\\dash.exe -c '/usr/bin/rebaseall -v'", FixStage.TOOLCHAIN),),
        notes="With all of Cygwin's programs and services ended; setup-x86_64.exe does it after each update, too.",
    )
    yield finding_from_hits(
        log,
        hits,
        f"a program of {'MSYS2' if msys else 'Cygwin'} cannot start another "
        f"one{f': {name} is not where it was' if name else ''}",
        "What it was to run does not run. No limit of processes is reached, whatever the error's words.",
        (
            *((update, rebase) if msys else (rebase, update)),
            Fix(
                "look for what else changes addresses",
                notes="Windows security: exploit protection, forced randomisation of images (mandatory ASLR) off "
                "for its "
                "folder. A second Git, Cygwin or MSYS2 earlier on PATH; a virus scanner. Fewer jobs (-j1) make it "
                "rarer.",
            ),
        ),
    )
