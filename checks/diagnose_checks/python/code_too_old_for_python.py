"""The code uses what this Python, or its setuptools, no longer has.

Python 3.12 has no ``distutils`` and no ``imp``, 3.13 no ``cgi`` and ``pipes``; every release takes away functions
that were deprecated before. C code that reads the interpreter's structures, as old Cython writes it, does not compile
with a newer release. Old releases of packages are built from source on a new Python, because they have no wheel for
it.

How to fix: use a newer release of the package, or an older Python. C code that Cython wrote: let a newer Cython write
it again.

References:
    https://docs.python.org/3/whatsnew/
    https://setuptools.pypa.io/en/stable/history.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.build_constraint import build_with
from diagnose.tables.stable_abi import in_every_python

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from diagnose.readers.buildlog import BuildLog, Hit

_MODULES = {
    "3.12": "distutils|imp|asynchat|asyncore|smtpd",
    "3.13": "aifc|audioop|cgi|cgitb|crypt|imghdr|lib2to3|mailcap|msilib|nntplib|pipes|sndhdr|spwd|telnetlib|uu|xdrlib",
}
#: (module, names, first release without them); modules and names as CPython 3.7 to 3.13 have them, 2026-11.
_NAMES = (
    ("pkgutil", "ImpImporter|ImpLoader", "3.12"),
    ("pkgutil", "find_loader|get_loader", "3.14"),
    ("configparser", "SafeConfigParser", "3.12"),
    (
        "collections",
        "Mapping|MutableMapping|Sequence|MutableSequence|Iterable|Iterator|Callable|Hashable|Set|MutableSet|Sized",
        "3.10",
    ),
    ("inspect", "getargspec|formatargspec", "3.11"),
    ("asyncio", "coroutine", "3.11"),
    ("ast", "Num|Str|Bytes|NameConstant|Ellipsis", "3.14"),
    ("locale", "format", "3.12"),
    ("unittest", "makeSuite|findTestCases", "3.13"),
    ("importlib", "find_loader", "3.12"),
    ("ssl", "match_hostname|wrap_socket", "3.12"),
    ("platform", "linux_distribution|dist", "3.8"),
    ("time", "clock", "3.8"),
    ("base64", "encodestring|decodestring", "3.9"),
    ("fractions", "gcd", "3.9"),
)
#: Members of the interpreter's structures, and functions, that C code no longer finds, or with other parameters:
#: (names, first release without), as the headers of CPython 3.8 to 3.13 have them, 2026-11.
_MEMBERS = (
    ("ob_digit|use_tracing|wstr", "3.12"),
    ("curexc_type|curexc_value|curexc_traceback", "3.12"),
    ("exc_type|exc_value|exc_traceback", "3.7"),
    (
        "frame|recursion_depth|f_code|f_lasti|f_localsplus|f_valuestack|f_back|f_globals|co_varnames|co_cellvars|"
        "co_freevars|co_code",
        "3.11",
    ),
    ("tp_print", "3.9"),
)
_FUNCTIONS = (
    (
        "_PyUnicode_get_wstr_length|PyUnicode_GET_SIZE|PyUnicode_AS_UNICODE|PyUnicode_AsUnicode|PyUnicode_FromUnicode|"
        "PyUnicode_AS_DATA",
        "3.12",
    ),
    (
        "PyEval_CallObject|PyEval_CallObjectWithKeywords|_PyErr_ChainExceptions|_PyLong_AsByteArray|"
        "_PyInterpreterState_GetConfig|PyCFunction_Call",
        "3.13",
    ),
    ("_PyUnicode_EqualToASCIIString", "3.13"),
    ("_PyGen_Send", "3.10"),
    ("_PyDict_SetItem_KnownHash|_PyGen_SetStopIterationValue", "3.13"),
    ("Py_UNICODE", "3.16"),
)
#: Built-in names and modules that only Python 2 has.
_BUILTINS_2 = "unicode|xrange|raw_input|basestring|execfile|unichr"
_MODULES_2 = "ConfigParser|StringIO|cStringIO|urllib2|urlparse|Queue|HTMLParser|httplib|cPickle|__builtin__|Tkinter"
_NAME = "|".join(names for _, names, _ in _NAMES)
_MODULE = "|".join(_MODULES.values())
_MEMBER = "|".join(names for names, _ in _MEMBERS)
_FUNCTION = "|".join(names for names, _ in _FUNCTIONS)
_MODULES_WITH_NAMES = "|".join(dict.fromkeys(module for module, _, _ in _NAMES))
_STRUCTURES = (
    r"(?:PyUnicodeObject|PyASCIIObject|PyLongObject|PyThreadState|_?PyCFrame|PyFrameObject|PyCodeObject|PyTypeObject|PyBytesObject|"
    r"_longobject|_ts|_frame|_cframe|_typeobject)"
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=(
        *patterns_for(
            "python-lost",
            (
                "No module named '",
                rf"^(?:E +)?ModuleNotFoundError: No module named '(?P<module>{_MODULE})(?P<part>\.[\w.]{{1,60}})?'",
            ),
            (
                "has no attribute '",
                rf"AttributeError: module '(?P<owner>{_MODULES_WITH_NAMES})' has no attribute '(?P<name>{_NAME})'",
            ),
            (
                "annot import name '",
                rf"ImportError: cannot import name '(?P<name>{_NAME})' from '(?P<owner>{_MODULES_WITH_NAMES})'",
            ),
            (
                "multiple exception types must",
                r"SyntaxError: (?P<python2>multiple exception types must be "
                r"parenthesized)",
            ),
            (
                "Missing parentheses in call to",
                r"SyntaxError: Missing parentheses in call to (?P<python2>'(?:print"
                r"|exec)')",
            ),
            ("' is not defined", rf"^NameError: name '(?P<python2>{_BUILTINS_2})' is not defined"),
            (
                "No module named '",
                rf"^(?:E +)?(?:ModuleNotFound|Import)Error: No module named '(?P<python2>{_MODULES_2})'",
            ),
            ("LNK2019: ", r"error LNK2019: .{3,60} (?:__imp_)?(?P<linked>_?Py[A-Z][A-Za-z]{2,20}_\w{2,60})"),
            ("numpy.distutils", r"^(?:E +)?ModuleNotFoundError: No module named 'numpy\.(?P<numpy>distutils)'"),
            ("use_2to3 is invalid", r"setup command: (?P<setuptools>use_2to3) is invalid"),
            ("from 'setuptools'", r"ImportError: cannot import name '(?P<setuptools>Feature)' from 'setuptools'"),
            ("'dry_run'", r"TypeError: (?P<setuptools>new_compiler\(\)) got an unexpected keyword argument 'dry_run'"),
            ("cython_sources", r"^AttributeError: (?P<cython>cython_sources)$"),
            (
                "longintrepr.h",
                r"error: .{0,10}(?P<header>longintrepr\.h).{0,3}: No such file|'(?P<clang>longintrepr\.h)' file not "
                r"found|error C1083: .{3,60}'(?P<msvc>longintrepr\.h)'",
            ),
            (
                "has no member named",
                rf"error: [`'\"].{{0,10}}{_STRUCTURES}\b.{{0,80}} has no member named [`'\"](?P<member>{_MEMBER})['\"]",
            ),
            ("no member named '", rf"error: no member named '(?P<member>{_MEMBER})' in '(?:struct )?{_STRUCTURES}'"),
            (
                "incomplete t",
                r"error: .{0,80}incomplete (?:definition of )?type '?(?:struct )?(?P<frame>_frame|PyFrameObject)\b",
            ),
            ("too ", rf"error: too (?:few|many) arguments to function [`'\"](?P<function>{_FUNCTION})['\"]"),
            (
                "implicit declaration of func",
                rf"error: implicit declaration of function [`'\"](?P<function>{_FUNCTION})['\"]",
            ),
            (
                "lvalue required as left op",
                r"error: lvalue required as left operand of assignment\s+(?:\d+\s+)?"
                r"(?:\|\s*)?(?P<assigned>Py_(?:TYPE|SIZE|REFCNT)) ?\(",
                2,
            ),
            (
                "expression is not assignable",
                r"error: expression is not assignable\s+(?:\d+\s+)?"
                r"(?:\|\s*)?(?P<assigned>Py_(?:TYPE|SIZE|REFCNT)) ?\(",
                2,
            ),
            ("undeclared function '", rf"error: call to undeclared function '(?P<function>{_FUNCTION})'"),
            ("was not declared in this sc", rf"error: '(?P<function>{_FUNCTION})' was not declared in this scope"),
            ("is not a member of '", rf"error C2039: '(?P<member>{_MEMBER})': is not a member of '{_STRUCTURES}'"),
        ),
        # Clang names the function in its note only
        *patterns_for(
            "call-refused", ("arguments to function call", r"error: too (?:few|many) arguments to function call\b")
        ),
        *patterns_for(
            "python-declared", ("declared here", rf"note: '(?P<function>{_FUNCTION})' (?:has been )?declared here")
        ),
        *patterns_for(
            "no-pkg-resources",
            ("pkg_resources", r"^(?:E +)?ModuleNotFoundError: No module named 'pkg_resources(?:\.[\w.]{1,60})?'"),
        ),
        *patterns_for(
            "package-frame",
            ("-packages", r"File \"[^\"]{0,300}(?:site|dist)-packages[\\/](?P<package>[A-Za-z0-9]\w{0,60})[\\/.]"),
        ),
        *patterns_for("distribution-python", ("/usr/lib/python3.", r"File \"/usr/lib/python3\.(?P<minor>\d{1,2})/")),
        *patterns_for(
            "pip-isolated",
            ("pip-build-env-", r"[\\/]pip-build-env-\w{1,20}[\\/]"),
            ("Getting requirements to build", r"Getting requirements to build (?:wheel|editable) did not run"),
            ("pkg_resources", r"[\\/](?:\.tmp\w{6}|builds-v\d)[\\/].{0,100}(?P<old>pkg_resources)"),  # of uv
        ),
        *patterns_for(
            "pip-source",
            ("pip-", r"[\\/]pip-(?:install|wheel)-\w{1,20}[\\/]+(?P<package>[\w.-]{1,80}?)_[0-9a-f]{32}"),
        ),
        *patterns_for(
            "failed-package",
            ("Failed to fetch wheel: ", r"Failed to fetch wheel: (?P<package>[\w.-]{1,100}?)(?:==|$)"),
            ("ailed building wheel for", r"[Ff]ailed building wheel for (?P<package>[\w.-]{1,100})"),
            ("ailed to build `", r"Failed to (?:download and )?build `(?P<package>[^`@=]{1,100}?)(?:==| @ |`)"),
            ("ailed to build '", r"Failed to build '(?P<package>[^']{1,100})' when"),
            ("installing build dependencies", r"installing build dependencies for (?P<package>[\w.-]{1,100})"),
            ("): Failed", r"Installing (?P<package>[\w.-]{1,100}) \([^)]{1,60}\): Failed"),
            ("This error originates from", r"likely not a problem with poetry but with (?P<package>[\w.-]{1,100})"),
        ),
    ),
)
_DISTUTILS = {"debian": ("python3-distutils",)}


def log(log: BuildLog) -> Iterator[Finding]:
    """See code that was written for an older Python fail."""
    yield from _without_pkg_resources(log)
    for hit in (log.find("python-lost") or _declared(log))[:1]:
        groups = hit.groups
        since, what = _lost(groups)
        unlinked = {one.groups["linked"] for one in log.find("python-lost")} - {""}
        if (not what and not groups["python2"]) or len(unlinked) > _UNLINKED or any(map(in_every_python, unlinked)):
            continue  # python-lib-not-linked
        distribution = log.near(hit.line, "distribution-python", before=40)
        # Debian's own package has the folder and not its modules; without the folder Python names the folder only.
        split = bool(groups["part"])
        if groups["module"] == "distutils" and (split or (distribution and int(distribution[-1].groups["minor"]) < 12)):
            yield finding_from_hits(
                log,
                [*distribution[-1:], hit],
                "Debian's and Ubuntu's Python has distutils in a package of its own, which is not installed",
                "setup.py stops.",
                install_by_family(log, hit.line, "install distutils", _DISTUTILS),
            )
            return
        frames = log.near(hit.line, "package-frame", before=_TRACEBACK)
        if any(_OF_PIP in frame.text.replace("\\", "/") for frame in frames):
            yield finding_from_hits(
                log,
                [hit],
                f"this pip is too old for Python {since}: it uses {what}, which that no longer has",
                "pip does not start.",
                (
                    Fix(
                        "install the pip that comes with this Python",
                        (Command("python3 -m ensurepip --upgrade", FixStage.TOOLCHAIN),),
                        notes="Where a distribution left ensurepip out: its package python3-pip, or "
                        "https://bootstrap.pypa.io/get-pip.py. `python3 -m pip` takes that one, not another Python's.",
                    ),
                ),
            )
            return
        if groups["python2"]:
            package = _failed(log, hit)
            yield finding_from_hits(
                log,
                [hit],
                f"{package or 'the code'} is written for Python 2",
                "No Python 3 can run it.",
                (
                    Fix(
                        "take another package, or a release for Python 3",
                        notes="Often the name is not the wanted package's: turtle, tkinter and argparse come with "
                        "Python, and old projects have successors under another name.",
                    ),
                    Fix("if it is your own code: convert it", notes="2to3 came with Python up to 3.12: lib2to3."),
                ),
            )
            return
        package = _failed(log, hit)
        name = package or "PACKAGE"
        newer = Fix(
            f"use a newer release of {package or 'the package that fails'}",
            (Command(f"python3 -m pip install --upgrade {name}", FixStage.TOOLCHAIN),),
            notes="Something asks for the old one: a fixed version in the project, a lock file, or another package.",
        )
        fixes = [newer]
        isolated = bool(log.find("uv-build-note")) or bool(log.near(hit.line, "pip-isolated", before=6))
        isolated = isolated or _in_hook(log, hit)
        if (groups["name"] == "ImpImporter" or (groups["module"] == "distutils" and not package)) and not isolated:
            fixes.insert(
                0,
                Fix(
                    "update pip and setuptools, which may be too old",
                    (Command("python3 -m pip install --upgrade pip setuptools", FixStage.TOOLCHAIN),),
                    notes="setuptools brings a distutils of its own.",
                ),
            )
        if groups["setuptools"]:
            fixes.append(
                Fix(
                    "build it with an old setuptools",
                    build_with(f"setuptools<{_setuptools(groups)}", name),
                )
            )
        elif groups["cython"]:
            fixes.append(
                Fix(
                    "build it with Cython 0.29",
                    build_with("cython<3", name),
                )
            )
        elif groups["linked"]:
            fixes.append(
                Fix(
                    "take the PyO3, Cython or numpy of this Python, or an older Python",
                    notes="The function was removed since: for PyO3, cargo add pyo3@0.29. A debug build of Python, or "
                    "one for another processor, lacks names, too.",
                )
            )
        elif groups["numpy"]:
            fixes.insert(
                0,
                Fix(
                    "for f2py: give it Meson, which it uses instead",
                    (Command("python3 -m pip install --upgrade 'numpy>=1.26' meson ninja", FixStage.TOOLCHAIN),),
                ),
            )
            fixes.append(Fix("use Python 3.11 or older, and numpy 1"))
        else:
            before = f"3.{int(since.partition('.')[2]) - 1}"
            notes = "Its C code was written by an old Cython, or by hand for that Python." if _is_c(groups) else ""
            fixes.append(Fix(f"use Python {before} or older", notes=notes))
        kind = next((name for name in _OWNERS if groups[name]), "")
        who = package or "the code"
        if groups["name"] == "ImpImporter" and isolated:
            who = f"the old setuptools that {package or 'the package'} asks for"
        owner = f"Python {since}" if since else _OWNERS.get(kind, f"setuptools {_setuptools(groups)}")
        refused = [*_refusal(log, hit), hit]
        other = "arguments to function" in refused[0].text
        yield finding_from_hits(
            log,
            refused,
            f"{who} uses {what}, {f'whose parameters changed in {owner}' if other else f'which {owner} no longer has'}",
            "The package is not built, or not imported.",
            fixes,
        )
        return


def _declared(log: BuildLog) -> list[Hit]:
    """Return Clang's notes about Python's functions that belong to a refused call."""
    return [note for note in log.find("python-declared") if _refusal(log, note)]


def _refusal(log: BuildLog, note: Hit) -> list[Hit]:
    """Return the refused call that Clang's *note* is about; nothing if *note* is an error itself."""
    return log.near(note.line, "call-refused", before=_QUOTED)[-1:] if note.kind == "python-declared" else []


_QUOTED = 8  # lines that Clang quotes between an error and its note


def _in_hook(log: BuildLog, hit: Hit) -> bool:
    """Whether pip asked the build backend when *hit* was printed, in an environment of that build's own."""
    asked = [one for one in log.near(hit.line, "pip-isolated", after=_REPORT) if "did not run" in one.text]
    return bool(asked) and not log.find("no-isolation-note")


_REPORT = 30  # lines from a backend's error to pip's report of it
_OF_PIP = "-packages/pip/_vendor/pkg_resources"
_TRACEBACK = 4  # lines from the frame that imports to the error


def _without_pkg_resources(log: BuildLog) -> Iterator[Finding]:
    """See an installed package miss pkg_resources when it runs; within a build it is build-backend-missing."""
    for hit in log.find("no-pkg-resources")[:1]:
        if log.near(hit.line, "build-hook-note", "uv-build-note", "launcher-note", before=40, after=15):
            continue
        frames = log.near(hit.line, "package-frame", before=_TRACEBACK)
        package = frames[-1].groups["package"] if frames else ""
        if package in ("setuptools", "pip", "poetry", "pyproject_hooks") or log.near(
            hit.line, "pip-isolated", before=_BACKEND
        ):
            yield _isolated_setup(log, hit)
            return
        yield finding_from_hits(
            log,
            [hit],
            f"{package or 'the program'} imports pkg_resources, which setuptools 82 and later no longer have",
            "It does not start. An environment of uv, or of Python 3.12 and later, has no setuptools at all.",
            (
                Fix(
                    "install a setuptools that has it",
                    (Command("python3 -m pip install 'setuptools<82'", FixStage.TOOLCHAIN),),
                    notes="An environment of uv: uv pip install 'setuptools<82'; in your own project it belongs to the "
                    "dependencies.",
                ),
                Fix(
                    f"use a newer release of {package or 'the package that imports it'}",
                    notes="importlib.resources and importlib.metadata replace it.",
                ),
            ),
        )
        return


_BACKEND = 12  # lines from the backend's first frame in the environment of the build to the error


def _isolated_setup(log: BuildLog, hit: Hit) -> Finding:
    """Return that a package's setup.py imports pkg_resources in an environment of the build's own."""
    package = _failed(log, hit)
    name = package or "PACKAGE"
    return finding_from_hits(
        log,
        [hit],
        f"setup.py of {package or 'the package'} imports pkg_resources, which setuptools 82 and later no longer have",
        "It is not built. The build has an environment of its own, with the newest setuptools: an install outside of "
        "it "
        "changes nothing.",
        (
            Fix(
                "build it with an older setuptools",
                build_with("setuptools<82", name),
                notes='uv: build-constraint-dependencies = ["setuptools<82"] in [tool.uv], or uv pip install '
                "--build-constraints FILE.",
            ),
            Fix(
                f"take a wheel, or a newer release, of {name}",
                (Command(f"python3 -m pip install --only-binary {name} {name}", FixStage.BUILD),),
                notes="The command before may have asked for a build: --no-binary. In your own project: remove the "
                "import, or "
                'requires = ["setuptools<82"] in [build-system].',
            ),
        ),
    )


#: Group → what no longer has the thing.
_OWNERS = {"linked": "this Python", "cython": "Cython 3"}
_UNLINKED = 3  # functions of Python from which on its library is not linked at all


def _failed(log: BuildLog, hit: Hit) -> str:
    """Return the package whose build failed: named by its installer, else the last source distribution before *hit*."""
    if named := next((one.groups["package"] for one in log.find("failed-package", "pip-source")), ""):
        return named
    sources = [one.groups["sdist"] for one in log.find("sdist-note") if one.line < hit.line]
    return re.sub(r"-\d[\w.+!]*\.(?:tar\.gz|zip)$", "", sources[-1]) if sources else ""


def _is_c(groups: Mapping[str, str]) -> bool:
    return any(groups[name] for name in ("header", "clang", "member", "frame", "function"))


def _setuptools(groups: Mapping[str, str]) -> str:
    """Return the first release of setuptools without it."""
    return "81" if "(" in groups["setuptools"] else "58"


def _lost(groups: Mapping[str, str]) -> tuple[str, str]:
    """Return the first release that lacks the thing that *groups* name, and its name; empty texts if unknown."""
    if module := groups["module"]:
        return next(since for since, names in _MODULES.items() if module in names.split("|")), f"the module {module}"
    if name := groups["name"]:
        rows = (since for owner, names, since in _NAMES if owner == groups["owner"] and name in names.split("|"))
        since = next(rows, "")
        return since, f"{groups['owner']}.{name}" if since else ""
    if groups["header"] or groups["clang"] or groups["msvc"]:
        return "3.11", "longintrepr.h"
    if groups["frame"]:
        return "3.11", "the members of PyFrameObject"
    for key, table in (("member", _MEMBERS), ("function", _FUNCTIONS)):
        if name := groups[key]:
            return next(since for names, since in table if name in names.split("|")), name
    if groups["assigned"]:
        return "3.10" if groups["assigned"] == "Py_REFCNT" else "3.11", f"an assignment to {groups['assigned']}()"
    if groups["linked"]:
        return "", groups["linked"]
    if groups["numpy"]:
        return "3.12", "numpy.distutils"
    if groups["setuptools"]:
        return "", f"setuptools' {groups['setuptools']}{' with dry_run' if '(' in groups['setuptools'] else ''}"
    return ("", "Cython's cython_sources") if groups["cython"] else ("", "")
