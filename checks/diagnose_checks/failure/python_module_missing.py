"""A Python module is not installed for the Python that imports it.

Each Python, and each virtual environment, has its own modules: what another one has does not count. A requirement for
tests is often missing in the new environment in which a wheel is tested. A module of the project itself is missing if
the project is not installed there, or if its wheel does not contain it.

How to fix: install it with ``python -m pip``, with the Python that imports it, and add it to the requirements.

References:
    https://docs.python.org/3/tutorial/modules.html#the-module-search-path
    https://packaging.python.org/en/latest/tutorials/installing-packages/
"""

from __future__ import annotations

import sys

from diagnose.authoring.log import builds_rust, finding_from_hits, install_by_family, is_last
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.tables.import_names import distribution

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_NAME = r"(?P<module>[A-Za-z_]\w{0,60}(?:\.\w{1,60}){0,6})"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    fallback=True,
    patterns=patterns_for(
        "module-missing",
        (
            "No module named",
            rf"^(?:E +)?(?:ModuleNotFound|Import)Error: No module named '?{_NAME}'?(?:; '[\w.]{{1,80}}' is not "
            rf"a package)?$",
        ),
        ("No module named", rf"(?P<python>(?<!\S)\S{{0,200}}python[\d.w]{{0,8}}(?:\.exe)?): No module named {_NAME}$"),
        ("No module named", rf"Unable to import module '[^']{{1,100}}': No module named '{_NAME}'(?P<serverless>)"),
        ("No module named", rf"Failed to execute script .{{1,200}}: No module named '{_NAME}'(?P<frozen>)"),
        (
            "distribution was not found",
            r"DistributionNotFound: The '(?P<dist>[A-Za-z][\w.-]{0,80})[^']{0,100}' distribution was not found",
        ),
        (
            "package metadata was found",
            r"PackageNotFoundError: No package metadata was found for (?P<dist>[A-Za-z][\w.-]{0,80})",
        ),
    )
    + patterns_for("put-note", ("Successfully installed ", r"^Successfully installed (?P<names>\S.{0,4000})")),
)
_TKINTER = {
    "debian": ("python3-tk",), "rhel": ("python3-tkinter",), "alpine": ("python3-tkinter",),
}  # fmt: skip


def log(log: BuildLog) -> Iterator[Finding]:
    """See Python miss a module, where no other check knows the reason."""
    hits = log.find("module-missing")
    if not hits or not is_last(log, hits):
        return
    hit = hits[-1]
    module, dist = hit.groups["module"], hit.groups["dist"]
    top = module.partition(".")[0]
    if top in ("tkinter", "_tkinter"):
        yield finding_from_hits(
            log,
            [hit],
            "this Python has no tkinter, which distributions have in a package of its own",
            "The import fails.",
            install_by_family(log, hit.line, "install it", _TKINTER),
        )
        return
    if top in sys.stdlib_module_names:
        return
    name = dist or distribution(module)
    others = dict.fromkeys(one.groups["module"] for one in hits if one.groups["module"] not in ("", module))
    also = f" (nor {', '.join([*others][:3])})" if others else ""
    yield finding_from_hits(
        log,
        [hit, *hits[:-1]],
        f"the distribution {dist} is not installed for the Python that asks for it"
        if dist
        else f"{hit.groups['python'] or 'this Python'} has no module {module}{also}",
        "The program stops there.",
        _fixes(log, hit, module or dist, name),
    )


def _fixes(log: BuildLog, hit: Hit, module: str, name: str) -> list[Fix]:
    if "frozen" in hit.groups:
        return [
            Fix(
                "let PyInstaller take the module into the program",
                (Command(f"pyinstaller --hidden-import {module} SCRIPT.py", FixStage.BUILD),),
                notes="It sees import statements only; the module has to be installed where PyInstaller runs.",
            )
        ]
    python = hit.groups["python"] or "python"
    installed = _installed(log, hit, name)
    own = Fix(
        "if it is the project itself: install it, and look into the wheel",
        (Command("maturin develop" if builds_rust(log) else f"{python} -m pip install .", FixStage.BUILD),),
        notes="`python -m zipfile -l WHEEL` lists what a wheel has. Tests that import the project's folder need "
        "pytest's "
        "--import-mode=importlib, or a layout with src.",
    )
    again = Fix(
        f"the log installs {name}: do that with the Python that imports it",
        (Command(f"{python} -m pip install {name}", FixStage.BUILD),),
        notes=f"`{python} -m pip show -f {name}` tells where it is, and whether it has that module.",
    )
    if not name or module.endswith("._version"):
        return [own]
    note = "Its name on the index may be another one than the module's."
    if "." in module:
        note = f"If it is installed: {module} belongs to another release of it, newer or older."
    first = (
        again
        if installed
        else Fix(
            f"install {name} for that Python",
            (Command(f"{python} -m pip install {name}", FixStage.BUILD),),
            notes=f"{note} For tests: add it to their requirements (cibuildwheel: test-requires)."
            if not hit.groups["dist"]
            else "",
        )
    )
    return [first, own]


def _installed(log: BuildLog, hit: Hit, name: str) -> bool:
    """Whether the log shows *name* installed before."""
    wanted = re.sub(r"[-_.]+", "-", name).lower()
    notes = [note.groups["names"].lower() for note in log.find("put-note") if note.line < hit.line]
    return any(re.sub(r"[-_.]+", "-", word).startswith(f"{wanted}-") for note in notes for word in note.split())
