"""Python does not find its standard library, or finds another installation's.

The interpreter looks for its standard library beside itself, or where ``PYTHONHOME`` says. If that folder is gone, is
another release's, or cannot be read, it cannot even start: it misses the module ``encodings``. Files of another
release on ``PYTHONPATH`` have the same effect, as has an environment whose base interpreter was updated or moved.

How to fix: unset ``PYTHONHOME`` and ``PYTHONPATH``; make the environment again; install Python again.

References:
    https://docs.python.org/3/using/cmdline.html#envvar-PYTHONHOME
    https://docs.python.org/3/c-api/init_config.html#python-path-configuration
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
    patterns=patterns_for(
        "python-home",
        ("No module named 'encodings'", r"ModuleNotFoundError: No module named 'encodings'"),
        ("load the file system codec", r"Fatal Python error: Py_Initialize: [Uu]nable to load the file system codec"),
        (
            "get the Python codec of the",
            r"Fatal Python error: init_fs_encoding: failed to get the Python codec of the file",
        ),
        ("import the site module", r"Fatal Python error: init_import_\w{1,20}: [Ff]ailed to import the site module"),
        *(
            (anchor, r"re(?:_compile|/_compiler)\.py\", line \d+, in <module>\s.{0,200}?SRE module mismatch", 3)
            for anchor in ("/sre_compile.py", "/re/_compiler.py")
        ),
        (
            "bad magic number in",
            r"(?:ImportError|Unable to import module '[^']{1,100}'): bad magic number in "
            r"'(?P<module>[\w.]{1,100})'",
        ),
    )
    + patterns_for(
        "home-note",
        ("PYTHONHOME = ", r"^PYTHONHOME = '(?P<home>[^']{1,300})'"),
        ("PYTHONPATH = ", r"^PYTHONPATH = '(?P<path>[^']{1,1000})'"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Python miss its standard library, or find another release's."""
    hits = log.find("python-home")
    if not hits:
        return
    notes = log.find("home-note")
    home = next((note.groups["home"] for note in notes if note.groups["home"]), "")
    module = hits[0].groups["module"]
    if module and len(hits) == 1:
        yield finding_from_hits(
            log,
            hits,
            f"a compiled file (.pyc) of {module} is another Python's, and its source is not beside it",
            "The module cannot be imported.",
            [
                Fix(
                    "remove such files, and install the package for this Python",
                    (Command("find . -name '*.pyc' -delete", FixStage.BUILD),),
                    notes="A .pyc file outside __pycache__ counts as the module itself. If it is all that there "
                    "is, only "
                    "the Python that wrote it can use it.",
                )
            ],
        )
        return
    yield finding_from_hits(
        log,
        [*notes[:2], *hits],
        f"Python does not find its standard library{f' below {home}, which PYTHONHOME names' if home else ''}",
        "Nothing in Python runs there.",
        [
            Fix(
                "let Python find its own library",
                unset=("PYTHONHOME", "PYTHONPATH"),
                notes="Look where they are set: a module system, ROS, a start script, the service's unit. A "
                "program that "
                "embeds Python needs the library of the release that it was linked with.",
            ),
            Fix(
                "make the environment again",
                (Command("python3 -m venv --clear .venv", FixStage.BUILD),),
                notes="If its base interpreter was updated, moved or removed. If that one itself does not "
                "start: install it "
                "again; its folder lib/python3.X has to be readable for this user.",
            ),
        ],
    )
