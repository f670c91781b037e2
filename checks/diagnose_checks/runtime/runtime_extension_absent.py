"""The compiled module of a package is not beside its Python files.

A package of Python files and an extension (``package/_package.cpython-312-….so``) imports the extension from its own
folder. In a checkout the folder with the sources comes first on ``sys.path`` and has no extension, unless it was built
in place: it shadows the installed package. An installed package lacks it where the wheel was built without it, for
another Python, or where the module's name puts it elsewhere. Some imports end with the words "circular import" then.

How to fix: run from another folder, or keep the package in a folder such as ``src`` or ``python``; or build the
extension in place.

References:
    https://www.maturin.rs/project_layout#mixed-rustpython-project
    https://packaging.python.org/en/latest/discussions/src-layout-vs-flat-layout/
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

#: The usual names of compiled modules: not those of files that a build writes.
_MODULE = r"_(?!version|about|meta|build|git|generated|typing|static)[a-z]\w*"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=(
        *patterns_for(
            "module-absent",
            (
                "No module named '",
                r"^(?:E +)?ModuleNotFoundError: No module named '(?P<package>[A-Za-z]\w*(?:\.\w+){0,3})\."
                rf"(?P<module>{_MODULE})'",
            ),
            (
                "partially initialized module",
                rf"^(?:E +)?ImportError: cannot import name '(?P<module>{_MODULE})' from partially initialized module "
                r"'(?P<package>[\w.]{1,80})'",
            ),
        ),
        *patterns_for(
            "relative-import",
            ("from .", r"^from \.+(?:\w+)? import |^from \.+_\w+ import "),
            ("import _", r"^from [A-Za-z][\w.]* import _\w+|^import [A-Za-z]\w*\._\w+"),
        ),
    ),
)
_FRAME = 4  # lines from the statement to the error


def log(log: BuildLog) -> Iterator[Finding]:
    """See a package's own files not find its extension."""
    for hit in log.find("module-absent")[-1:]:
        frames = log.near(hit.line, "relative-import", before=_FRAME)
        if not frames:
            continue
        package, module = hit.groups["package"], hit.groups["module"]
        top = package.partition(".")[0]
        rust = builds_rust(log)
        build = "maturin develop" if rust else "python -m pip install -e ."
        yield finding_from_hits(
            log,
            [frames[-1], hit],
            f"{package} has no module {module} beside its files, which is usually a compiled one"
            if "No module named" in hit.text
            else f"{package} has neither a module {module} beside its files nor, yet, such a name in itself",
            f"No import of {top} works there.",
            (
                Fix(
                    "see which folder is imported, and its files",
                    (
                        Command(
                            f"python -c \"import importlib.util as u, os; p = u.find_spec('{top}').origin; "
                            'print(p, os.listdir(os.path.dirname(p)))"',
                            FixStage.BUILD,
                        ),
                    ),
                    notes="The sources: run from another folder, or move them into src (maturin: python-source = "
                    '"python"). site-packages, with a module of another Python\'s name: install the package again.',
                ),
                Fix(
                    "build the module for this Python, beside the sources",
                    (Command(build, FixStage.BUILD),),
                    notes=f'maturin puts it there with module-name = "{package}.{module}" in [tool.maturin].'
                    if rust
                    else f"The extension has to be declared as {package}.{module}.",
                ),
            ),
        )
