"""The library interface: each command that reports, as a function that returns the report.

The names in :mod:`diagnose` itself are stable; import them from there: ``import diagnose``, then
``diagnose.wheel("dist/demo-1.0-….whl")``. No configuration file is read, nothing is printed, no input is executed. An
input that cannot be read is a result with an ``error``; the others are judged.
"""

from __future__ import annotations

import os
import sys

from diagnose.cli.errors import UsageError
from diagnose.cli.options import Selection
from diagnose.cli.report import chosen, inspect, log_patterns
from diagnose.engine.run import Report, Result
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    Path = str | os.PathLike[str]

FORMATS = ("text", "json", "jsonl", "github", "markdown", "html", "sarif", "junit")
"""What :func:`render` takes."""


def wheel(*paths: Path, select: Iterable[str] = (), ignore: Iterable[str] = (), fail_on: str = "error") -> Report:
    """Judge the wheels at *paths*: files, in this process, one after the other.

    Args:
        paths: The wheels, or conda packages. A folder is not searched.
        select: Only these checks: ids or prefixes; empty means all.
        ignore: Not these checks.
        fail_on: The lowest severity that makes :meth:`Report.exit_code` 1: ``error``, ``warning``, ``note``,
            ``unknown`` or ``never``.

    Raises:
        ValueError: an id is unknown, no check is left, or *fail_on* has another value.
    """
    from diagnose.readers.wheel import conda, reader

    selection = _selection("wheel", select, ignore)

    def judged(path: str) -> Result:
        read = conda.read if path.endswith(".conda") else reader.read
        return inspect("wheel", os.path.basename(path) or path, lambda: read(path), reader.facts, selection)

    return _report([judged(os.fspath(path)) for path in paths], fail_on)


def env(
    root: Path = "/",
    *,
    target: str | None = None,
    libs: Iterable[str] = (),
    policy: str | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    fail_on: str = "error",
) -> Report:
    """Judge the machine, or the root filesystem in the folder *root*, as a place to build.

    Args:
        root: The folder; ``/`` is this machine, with the variables of this process.
        target: The architecture to build for, by any of its names; None: what cargo would build for.
        libs: The pkg-config modules that the build needs; empty: those of ``Cargo.lock`` in the working directory.
        policy: The platform tag to build for, such as ``manylinux2014``.
        select: Only these checks: ids or prefixes; empty means all.
        ignore: Not these checks.
        fail_on: As for :func:`wheel`.

    Raises:
        ValueError: as for :func:`wheel`, or *policy* is not a platform tag.
    """
    from diagnose import policies
    from diagnose.readers import env as reader
    from diagnose.readers.system import host

    selection = _selection("env", select, ignore)
    if policy and (why := policies.refusal(policy)):
        raise ValueError(f"policy: {why}")
    place, modules = os.fspath(root), tuple(libs)

    def read() -> reader.Environment:
        if place == "/":
            host.require_linux()
        return reader.read(place, target=target, libs=modules, policy=policy)

    name = "this machine" if place == "/" else place
    return _report([inspect("env", name, read, reader.facts, selection)], fail_on)


def log(
    source: Path | BinaryIO,
    *,
    target: str | None = None,
    distro: str | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    fail_on: str = "error",
) -> Report:
    """Find the cause in the log of a failed build.

    Args:
        source: The file, or a binary stream that is read to its end.
        target: The architecture that was built for, where the log does not name it.
        distro: The distribution that it was built on, such as ``ubuntu:22.04``.
        select: Only these checks: ids or prefixes; empty means all.
        ignore: Not these checks.
        fail_on: As for :func:`wheel`.

    Raises:
        ValueError: as for :func:`wheel`.
    """
    from diagnose.readers import buildlog as reader

    selection = _selection("log", select, ignore)
    patterns = log_patterns(selection)
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        name, stream = os.path.basename(path), None
    else:
        name = path = "log"
        stream = source
    result = inspect("log", name, lambda: reader.read(path, patterns, target, distro, stream), reader.facts, selection)
    return _report([result], fail_on)


def workflow(*paths: Path, select: Iterable[str] = (), ignore: Iterable[str] = (), fail_on: str = "error") -> Report:
    """Judge the CI workflows of the repositories, or the single workflow files, at *paths*.

    Args:
        paths: Folders of repositories, or workflow files.
        select: Only these checks: ids or prefixes; empty means all.
        ignore: Not these checks.
        fail_on: As for :func:`wheel`.

    Raises:
        ImportError: PyYAML is not installed (the extra ``workflow``).
        ValueError: as for :func:`wheel`.
    """
    from diagnose.readers.workflow import nodes

    if not nodes.available():
        raise ImportError("workflow needs PyYAML: install crosslink-diagnose[workflow], or PyYAML beside it")
    from diagnose.cli.commands.workflow_command import examined

    selection = _selection("workflow", select, ignore)
    return _report([result for path in paths for result, _ in examined(os.fspath(path), selection)], fail_on)


def render(report: Report, format: str = "text") -> str:
    """Return *report* as the command line prints it; *format* is one of :data:`FORMATS`, text without colours.

    Raises:
        ValueError: there is no such format.
    """
    if format not in FORMATS:
        raise ValueError(f"no format is named {format!r}; there are {', '.join(FORMATS)}")
    if format == "text":
        from diagnose.reports import text
        from diagnose.reports.style import Style

        return text.render(report, Style())
    name = f"diagnose.reports.{format}"
    __import__(name)
    rendered: str = sys.modules[name].render(report)
    return rendered


def _selection(kind: str, select: Iterable[str], ignore: Iterable[str]) -> Selection:
    selection = Selection(select=tuple(select), ignore=tuple(ignore))
    try:
        chosen(kind, selection)
    except UsageError as error:
        raise ValueError(str(error).removeprefix("--")) from None
    return selection


def _report(results: list[Result], fail_on: str) -> Report:
    if fail_on in ("never", "unknown"):
        return Report(tuple(results), None if fail_on == "never" else Severity.ERROR, unknown=fail_on == "unknown")
    return Report(tuple(results), Severity(fail_on))


__all__ = ["FORMATS", "Evidence", "Finding", "Fix", "Outcome", "Report", "Result", "Severity"]
__all__ += ["env", "log", "render", "wheel", "workflow"]
