"""A compiled module refuses to be loaded a second time in one process.

Many extension modules keep their state in C variables, of which a process has one set. They refuse when a second
interpreter of the process imports them (mod_wsgi, uWSGI, Ceph's manager, ``concurrent.interpreters``), or when a
program removes them from ``sys.modules`` and imports them again (``importlib.reload``, tests that clean up too much).
PyO3 and numpy say so; before, such modules crashed.

How to fix: use one interpreter for each process, and import the module once.

References:
    https://docs.python.org/3/howto/isolating-extensions.html
    https://pyo3.rs/latest/faq.html
    https://modwsgi.readthedocs.io/en/develop/user-guides/application-issues.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "loaded-twice",
        (
            "support loading in subinterp",
            r"ImportError: module (?P<module>[\w.]{1,100}) does not support loading in subinterpreters",
        ),
        ("yet support subinterpreters", r"ImportError: PyO3 modules do not yet support subinterpreters"),
        (
            "once per interpreter process",
            r"ImportError: PyO3 modules .{0,60}may only be initialized once per interpreter process",
        ),
        ("more than once per process", r"ImportError: cannot load module more than once per process"),
        (
            "is already registered!",
            r"ImportError: generic_type: type \"(?P<type>[^\"]{1,100})\" is already registered!",
        ),
    ),
)
_ONE = Fix(
    "use one interpreter for each process",
    notes="mod_wsgi: WSGIApplicationGroup %{GLOBAL}; uWSGI: single-interpreter = true; Python: processes instead of "
    "concurrent.interpreters.",
)
_ONCE = Fix(
    "do not import it a second time",
    notes="Without importlib.reload and without deleting it from sys.modules. A module that exists twice, as a copy on "
    "another path of sys.path or in a bundled program: keep one.",
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a module say that it cannot be loaded again."""
    for hit in log.find("loaded-twice")[:1]:
        name = hit.groups["module"] or "a module"
        if kind := hit.groups["type"]:
            yield finding_from_hits(
                log,
                [hit],
                f"two modules, or two copies of one, define the C++ type {kind} for Python",
                "The second one cannot be imported.",
                [_ONCE],
            )
            return
        second = "subinterpreters" in hit.text
        yield finding_from_hits(
            log,
            [hit],
            f"{name} works in the main interpreter only, and a second one of this process imports it"
            if second
            else f"{name} is loaded a second time in one process, which it does not support",
            "It cannot be imported there.",
            [_ONE] if second else [_ONE, _ONCE],
        )
