"""Rust was installed earlier, and the step that needs it does not find it.

rustup puts its programs into ``~/.cargo/bin`` and writes a line into the shell's profile that adds that folder to
``PATH``. The profile is read by the next login. Every command of a workflow, of cibuildwheel or of a Dockerfile runs
in a shell of its own, so ``source "$HOME/.cargo/env"`` in one of them is gone in the next.

How to fix: put ``~/.cargo/bin`` on ``PATH`` through the tool's own setting: ``CIBW_ENVIRONMENT``, ``$GITHUB_PATH``,
``ENV`` in a Dockerfile.

References:
    https://rust-lang.github.io/rustup/installation/index.html
    https://cibuildwheel.pypa.io/en/stable/options/#environment
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
    phase=Phase.START,
    log_kinds=("no-program",),
    patterns=(
        *patterns_for(
            "no-rust",
            ("find Rust compiler", r"can't find Rust compiler"),
            ("the Rust package manager, is not", r"Cargo, the Rust package manager, is not installed"),
            ("not found or not executable", r"ERROR: Program 'cargo' not found or not executable"),
        ),
        *patterns_for("rust-installed", ("Rust is installed now", r"^Rust is installed now\.")),
        *patterns_for("cibuildwheel-note", ("cibuildwheel", r"\bcibuildwheel\b|^CIBW_")),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See rustup succeed, and a later step miss Rust."""
    missed = log.find("no-rust", "no-program")
    installed = [hit for hit in log.find("rust-installed") if missed and hit.line < missed[0].line]
    if not installed:
        return
    cibuildwheel = log.find("cibuildwheel-note")
    fixes = (
        Fix(
            "in cibuildwheel: put it on PATH for every step",
            env=(("CIBW_ENVIRONMENT", 'PATH="$HOME/.cargo/bin:$PATH"'),),
            notes="On Linux, in the container; the before step then needs no `source`.",
        ),
        Fix(
            "in a workflow: put it on PATH for the steps that follow",
            (Command('echo "$HOME/.cargo/bin" >> "$GITHUB_PATH"', FixStage.TOOLCHAIN),),
        ),
        Fix("in a Dockerfile: put it on PATH", notes='ENV PATH="/root/.cargo/bin:$PATH"'),
    )
    yield finding_from_hits(
        log,
        [installed[-1], *missed],
        "Rust was installed in an earlier step, and this one does not have ~/.cargo/bin on PATH",
        "Nothing in Rust can be built.",
        fixes if cibuildwheel else (*fixes[1:], fixes[0]),
    )
