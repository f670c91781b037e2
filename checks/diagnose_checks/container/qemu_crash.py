"""A program crashes in the emulator, not by itself.

Images of another architecture run under qemu-user. Older releases of it crash in programs that run well on real
machines: compilers, Java, Node, Go, threads of apt's helpers. The message begins with ``qemu``, or with the name under
which the kernel starts it (``aarch64-binfmt-P``).

How to fix: use a newer emulator, or a machine of that architecture.

References:
    https://github.com/tonistiigi/binfmt
    https://docs.github.com/actions/reference/runners/github-hosted-runners
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "qemu-crash",
        ("qemu: uncaught target", r"^qemu: uncaught target signal (?P<signal>\d+)"),
        ("QEMU internal SIG", r"(?:^|\S: )QEMU internal (?P<internal>SIG[A-Z]{3,6})\b"),
        ("Assertion `", r"^qemu-\w{2,12}(?:-static)?: \S{1,200}\.c:\d{1,6}: \w{1,80}: Assertion `"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See qemu-user report a crash."""
    hits = log.find("qemu-crash")
    if hits:
        yield finding_from_hits(
            log,
            hits,
            "a program crashed in qemu, the emulator of another processor",
            "The step fails, here or at another place each time.",
            (
                Fix(
                    "use a newer emulator",
                    (Command("docker run --privileged --rm tonistiigi/binfmt --install all", FixStage.TOOLCHAIN),),
                    notes="docker/setup-qemu-action with image: tonistiigi/binfmt:latest does the same.",
                ),
                Fix(
                    "build on a machine of that architecture, or cross compile",
                    notes="GitHub: runs-on: ubuntu-24.04-arm. Signal 9 and failures under load are a lack of memory.",
                ),
            ),
        )
