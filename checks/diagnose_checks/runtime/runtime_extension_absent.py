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
from diagnose.tables.import_names import distribution

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

#: The usual names of compiled modules: not those of files that a build writes.
_MODULE = r"_(?!version|about|meta|build|git|generated|typing|static)[a-z]\w*"
#: Packages whose modules of these names are compiled ones.
_KNOWN = (
    r"pydantic_core|orjson|rpds|jiter|tokenizers|safetensors|tiktoken|cryptography\.hazmat\.bindings|numpy\._?core|PIL"
    r"|pandas\._libs(?:\.\w{1,40}){0,2}|psycopg2|regex|lxml|cv2|bcrypt|lightgbm|polars|grpc\._cython|zmq\.backend\.cython"
)
#: Who says it: the anchor, and the words before.
_SAID = (
    ("ModuleNotFoundError: No module", r"ModuleNotFoundError: "),
    ("Unable to import module", r"Unable to import module '[^']{1,100}': "),
    ("Original error was: ", r"Original error was: "),
)
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
            (  # maturin gives the module the name of the package, unless module-name is set
                "No module named '",
                r"^(?:E +)?ModuleNotFoundError: No module named '(?P<package>[A-Za-z]\w{0,80})\."
                r"(?P<module>(?P=package))'",
            ),
            (
                "partially initialized module",
                rf"^(?:E +)?ImportError: cannot import name '(?P<module>{_MODULE})' from partially initialized module "
                r"'(?P<package>[\w.]{1,80})'",
            ),
            (
                "annot import name '_",
                rf"^(?:E +)?ImportError: cannot import name '(?P<module>{_MODULE})'"
                r"(?: from '(?P<package>[\w.]{1,80})' \([^()]{1,400}__init__\.py\))?$",
            ),
        ),
        *patterns_for(
            "compiled-absent",
            *(
                (anchor, rf"{before}No module named '(?P<package>{_KNOWN})\.(?P<module>\w{{1,60}})'")
                for anchor, before in _SAID
            ),
            (
                "annot import name '",
                r"cannot import name '\w{1,60}' from '(?P<package>cryptography\.hazmat\.bindings)\.(?P<module>_rust)' "
                r"\(unknown location\)",
            ),
            (
                "annot import name '",
                r"cannot import name '(?P<module>etree|objectify|_imaging|multiarray|_rust|_psycopg|pq)' from "
                r"'(?P<package>lxml|PIL|numpy\.core|cryptography\.hazmat\.bindings|psycopg2|psycopg_binary)'",
            ),
            (
                "import numpy from",
                r"Error importing (?P<package>numpy): you should not try to import numpy from(?P<numpy>)",
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
    for hit in log.find("compiled-absent")[-1:]:
        yield _of_known(log, hit)
        return
    for hit in log.find("module-absent")[-1:]:
        frames = log.near(hit.line, "relative-import", before=_FRAME)
        if not frames:
            continue
        package, module = hit.groups["package"] or _imported(frames[-1].text), hit.groups["module"]
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


def _imported(statement: str) -> str:
    """Return the package that *statement*, of a traceback, imports from."""
    words = statement.split()
    return words[1].lstrip(".") or "the package" if len(words) > 1 else "the package"


def _of_known(log: BuildLog, hit: Hit) -> Finding:
    """Return the finding for a well-known package, which always has its extension: in another Python's name."""
    package, module = hit.groups["package"], hit.groups["module"]
    name = distribution(package)
    served = any(words in hit.text for words in ("Unable to import module", "/var/task"))
    for_lambda = Fix(
        "for AWS Lambda, on another system: ask pip for the files of Lambda's",
        (
            Command(
                "python3 -m pip install --platform manylinux2014_x86_64 --python-version 3.12 --only-binary=:all: "
                f"--target package {name}",
                FixStage.BUILD,
            ),
        ),
        notes="With the version of the function's runtime; manylinux2014_aarch64 for arm64.",
    )
    again = Fix(
        "install it again, with the Python and on the system that run it",
        (Command(f"python3 -m pip install --force-reinstall --no-cache-dir {name}", FixStage.BUILD),),
        notes="A folder that was copied or mounted from another system, or that PYTHONPATH names for another "
        "Python, has "
        "modules with another ending (.cpython-311-darwin.so, .cp312-win_amd64.pyd).",
    )
    return finding_from_hits(
        log,
        [hit],
        f"{package} has no module {module} for this Python and system, which is a compiled one"
        if module
        else f"the compiled modules of {package} are not beside its files, or are another Python's or system's",
        f"No import of {package.partition('.')[0]} works there.",
        (for_lambda, again) if served else (again, for_lambda),
    )
