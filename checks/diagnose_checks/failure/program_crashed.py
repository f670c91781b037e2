"""A program crashed, and the log does not show why.

The kernel ended it because it used memory that is not its own (SIGSEGV, SIGBUS; on Windows an access violation), or
divided by zero (SIGFPE). A shell reports it in words, others by a number: 139 is 128 and the signal 11, Python prints
-11, Windows 0xC0000005. Such a crash is a fault of compiled code: of the program, of an extension module, or of a
library that does not fit them.

How to fix: find out where it crashes. ``faulthandler`` shows the Python code that called what crashed, a debugger the
function itself.

References:
    https://docs.python.org/3/library/faulthandler.html
    https://man7.org/linux/man-pages/man7/signal.7.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, is_last
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_SIGNALS = r"(?P<signal>[Ss]egmentation fault|[Bb]us error|[Ff]loating point exception)"
_DUMPED = r"(?:\s+\(core dumped\))?"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    fallback=True,
    patterns=patterns_for(
        "crashed",
        *(
            (
                anchor,
                rf"(?:^|^\S{{1,300}}: line \d{{1,6}}:\s+\d{{1,9}} ){_SIGNALS}{_DUMPED}(?:"
                rf"\s+(?P<program>\S.{{0,300}}))?$",
            )
            for anchor in ("egmentation fault", "us error", "loating point exception")
        ),
        (
            "zsh: ",
            r"zsh: (?P<signal>segmentation fault|bus error|floating point exception)(?:\s+(?P<program>\S.{0,300}))?$",
        ),
        (" *** [", rf"make(?:\[\d+\])?: \*\*\* \[(?P<program>[^\]]{{1,300}})\] {_SIGNALS}"),
        ("(signal: ", r"`(?P<program>[^`]{1,600})` \(signal: (?:7|8|11), (?P<signal>SIG\w+)"),
        (
            "died with <Signals",
            r"Command '?(?P<program>.{1,300}?)'? died with <Signals\.(?P<signal>SIG(?:SEGV|BUS|FPE)): \d",
        ),
        *(
            (
                anchor,
                r"(?:exit(?:ed with)?(?: code| status)?:?|FAIL code|non-zero code:) (?P<number>139|136|135|-11|-8)\b",
            )
            for anchor in ("exit", " code")
        ),
    ),
    log_kinds=("windows-load",),
)
_NUMBERS = {
    "139": "Segmentation fault", "-11": "Segmentation fault", "136": "Floating point exception",
    "-8": "Floating point exception", "135": "Bus error",
}  # fmt: skip
_PYTHON = re.compile(r"\b(?:python[\d.]*|pytest|py\.test|tox|nox|unittest)\b")


def log(log: BuildLog) -> Iterator[Finding]:
    """See a shell, cargo, Python or a runner report that a program crashed."""
    hits = [*log.find("crashed"), *(hit for hit in log.find("windows-load") if _is_crash(hit.groups["status"]))]
    if not hits or not is_last(log, sorted(hits, key=lambda one: one.line)):
        return
    hit = next((one for one in hits if one.groups["program"]), hits[0])
    signal = next((one.groups["signal"] for one in hits if one.groups["signal"]), "")
    signal = signal or next(
        (_NUMBERS[one.groups["number"]] for one in hits if one.groups["number"]), "access violation"
    )
    program = _unquoted(hit.groups["program"])
    said = " ".join(one.text for one in hits)
    yield finding_from_hits(
        log,
        [hit, *(one for one in hits if one is not hit)],
        f"{program[:60] or 'a program'} crashed ({signal})",
        "It ends at once. The log does not show what it was doing.",
        _of_python(said) if _PYTHON.search(said) or not program else _of_cargo(said),
    )


def _unquoted(program: str) -> str:
    """Return *program* without the quotes and brackets around it and its words, which may end in a quote."""
    text = program.strip()
    if text.startswith("[") and text.endswith("]"):  # a list of Python
        return text[1:-1].replace("', '", " ").strip("'")
    quoted = text[:1] in ("'", '"') and text.endswith(text[0]) and text.count(text[0]) == 2
    return text[1:-1] if quoted else text


def _is_crash(status: str) -> bool:
    return bool(status) and int(status, 0) & 0xFFFFFFFF in (0xC0000005, 0xC0000374, 0xC00000FD)


def _of_python(said: str) -> list[Fix]:
    test = "tox" in said or "pytest" in said
    command = "python -X faulthandler -m pytest -p no:xdist -x -v" if test else "python -X faulthandler PROGRAM"
    return [
        Fix(
            "let Python show where it crashes",
            (Command(command, FixStage.BUILD),),
            notes="Or PYTHONFAULTHANDLER=1 in the environment. The lines `File …` name the Python code that called the "
            "extension which crashes; for its own functions: gdb --batch -ex run -ex bt --args python …",
        ),
        Fix(
            "install the extension again, for the versions that are here",
            notes="Compiled parts fit the numpy, Qt, torch or C++ library that they were built with.",
        ),
    ]


def _of_cargo(said: str) -> list[Fix]:
    find = (
        Fix(
            "find the test that crashes",
            (Command("cargo test -- --test-threads=1 --nocapture", FixStage.BUILD),),
            notes="The last one that is named. Rust's own code crashes only in unsafe blocks and in libraries of C.",
        ),
    )
    return [
        *(find if "/deps/" in said or "\\deps\\" in said else ()),
        Fix(
            "let a debugger show where",
            notes="gdb --batch -ex run -ex bt --args PROGRAM …; in a container: install gdb.",
        ),
    ]
