"""The build failed, and no check knows why.

A tool in the log says that it gave up, nothing after it succeeded, and none of the known causes is in it. The finding
shows the last error in so many words with the lines around it, and the first one where that is another: of errors that
follow from each other the first is the cause, of a chain of "Caused by" the last.

How to fix: read the lines that are shown. A log that was cut, or that tools wrote in their short form, may not hold the
reason: run the step again with more output (``cargo build -vv``, ``pip install -v``, ``make V=1``, ``cmake --trace``).

References:
    https://doc.rust-lang.org/cargo/commands/cargo-build.html
    https://pip.pypa.io/en/stable/cli/pip/
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LATER, fallback=True)

# How each tool is made to tell more.
_VERBOSE = {
    "cargo": ("let cargo show what its build scripts print", "cargo build -vv"),
    "rust": ("let cargo show what its build scripts print", "cargo build -vv"),
    "maturin": ("let maturin and cargo show more", "maturin build -vv"),
    "pip": ("let pip show what the build backend prints", "pip install -v"),
    "uv": ("let uv show more", "uv build -v"),
    "cmake": ("let CMake show what it tries", "cmake --debug-find"),
    "make": ("let make show its commands, one at a time", "make -j1 V=1"),
    "ninja": ("let ninja show its commands, one at a time", "ninja -v -j1"),
    "meson": ("read what meson noted", "cat build/meson-logs/meson-log.txt"),
    "configure": ("read what configure noted", "cat config.log"),
    "pytest": ("run the first failing test alone", "pytest -x -vv"),
    "cargo-test": ("run the tests one at a time", "cargo test -- --test-threads=1 --nocapture"),
    "apt": ("ask apt what it knows of the package", "apt-cache policy PACKAGE"),
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See that the log ends in a failure; the run asks only where nothing else explains it."""
    first, last = log.first_error, log.last_error
    if first is None or last is None:
        return
    lines = {last.line: last.text, **dict(log.window(last.line))}
    lines.setdefault(first.line, first.text)
    evidence = tuple(Evidence(lines[line], path=f"{log.name}:{line}") for line in sorted(lines))
    tool = next((one.tool for one in reversed(log.course.processes) if one.first <= last.line), last.tool)
    title, command = (
        _VERBOSE.get(last.tool) or _VERBOSE.get(tool) or ("run the failing step again with more output", "")
    )
    yield Finding(
        f"it failed, and no check knows why; the last error, in line {last.line}: {last.text}",
        Severity.ERROR,
        evidence,
        f"The first error, in line {first.line}, may be the cause of this one: {first.text}"
        if first.line != last.line
        else "",
        (Fix(title, notes=f"As in: {command}" if command else "What it printed is not enough to name the cause."),),
    )
