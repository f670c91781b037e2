"""A module that builds the package is not installed.

``pyproject.toml`` names the build backend and its requirements. pip, uv and ``build`` install them into an isolated
environment. With ``--no-build-isolation`` they use the installed modules instead. A ``setup.py`` that imports a module
outside ``[build-system] requires`` fails in the same way (setuptools 82 has no ``pkg_resources`` any more), and so
does one that runs a command of another package: ``bdist_wheel`` came from ``wheel`` before setuptools 70.1,
``build_rust`` comes from ``setuptools-rust``.

How to fix: install the modules in ``[build-system] requires``, or remove ``--no-build-isolation``. If the package
itself does not name the module, install it first and build without isolation.

References:
    https://packaging.python.org/en/latest/specifications/pyproject-toml/#pyproject-build-system-table
    https://pip.pypa.io/en/stable/cli/pip_install/#cmdoption-no-build-isolation
"""

from __future__ import annotations

import shlex

from diagnose.authoring.log import finding_from_hits, later
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.build_constraint import build_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

#: A command of setup.py that another package brings, and that package.
_COMMANDS = {
    "bdist_wheel": "wheel",
    "egg_info": "setuptools",
    "develop": "setuptools",
    "build_rust": "setuptools-rust",
    "compile_catalog": "babel",
    "build_sphinx": "sphinx",
}
_BACKEND = (
    r"(?:pkg_resources|mesonpy|setuptools_rust|setuptools_scm|setuptools|wheel|maturin|flit_core"
    r"|hatchling|poetry|pdm|scikit_build_core"
    r"|skbuild|Cython|pybind11|numpy|cffi|nanobind|versioneer|hatch_vcs|cmake|ninja"
    r"|torch|tensorflow|jax|scipy|packaging|psutil|jinja2|yaml|requests|six|distro|pkgconfig|pbr|extension_helpers"
    r"|setuptools_git_versioning|sipbuild|pyqtbuild|pythran|mypyc|mako|tomli|toml|attr|babel|cppy"
    r"|certifi|incremental|puccinialin)\b"
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "no-backend",
        ("annot import '", rf"(?:BackendUnavailable: )?Cannot import '(?P<module>{_BACKEND})"),
        (
            "No module named",
            rf"ModuleNotFoundError: No module named '(?P<module>{_BACKEND})(?:\.build_meta|\.build|\.api)?'",
        ),
        ("No module named", rf"No module named (?P<module>{_BACKEND})(?:\.[\w.]{{1,60}})?$"),
        ("is not available", rf"Backend '(?P<module>{_BACKEND})[\w.:]*' is not available"),
        # what a setup.py says itself that catches the ImportError
        (
            " import ",
            r"(?:[Ff]ailed to|[Cc]ould not|[Uu]nable to|[Cc]annot|[Cc]an't) import (?:the )?(?:Python )?"
            rf"(?:module |package )?['\"`]?(?P<module>{_BACKEND})(?:['\"`] |['\"`]?(?:[.,!](?:\s|$)|$))",
        ),
    )
    + patterns_for(
        "no-module",
        (
            "No module named '",
            r"^(?:ModuleNotFound|Import)Error: No module named '"
            r"(?P<module>[A-Za-z]\w{0,60})(?P<part>\.[\w.]{1,60})?'",
        ),
    )
    + patterns_for(
        "hook-frame",
        ("setup.py", r"^(?:File \"[^\"]{1,300}[\\/]setup\.py\", line \d+|File \"setup\.py\", line \d+)"),
        ("File ", r"^File \"<string>\", line \d+, in <module>$"),
        (
            "in get_requires_for_build",
            r"in (?:get_requires_for_build_\w+|prepare_metadata_for_build_\w+|build_wheel"
            r"|build_editable)$",
        ),
    )
    + patterns_for(
        "build-hook-note",
        ("get_requires_for_build", "get_requires_for_build"),
        ("prepare_metadata", "prepare_metadata"),
        ("build_wheel", "build_wheel"),
        ("setup.py", r"\bsetup\.py\b"),
        ("Getting requirements to build", "Getting requirements to build"),
        ("BackendUnavailable", "BackendUnavailable"),
    )
    + patterns_for(
        "setup-alone",
        (
            "setup.py ",
            r"^(?:[$+>#] ?)?(?P<python>(?:/\S{1,200}/)?python[\d.]{0,6})(?: -\w){0,3} (?:\S{1,200}/)?setup\.py [a-z]",
        ),
    )
    + patterns_for("moved-backend", ("poetry.masonry", r"(?:No module named|Backend|import) '(?P<old>poetry\.masonry)"))
    + patterns_for(
        "unmet-requirement",  # python -m build --no-isolation
        (
            "et dependencies",
            r"^ERROR:? Unmet dependencies[^:]{0,300}:\s+(?P<module>[\w.-]{1,100})(?P<asked>[^\s;]{0,60}).{0,200}?"
            r"found: (?P<found>\S.{0,40}?)\s*$",
            4,
        ),
        (
            " dependencies:",
            r"^ERROR:? (?:Missing|Unmet) dependencies:\s+(?P<module>[\w.-]{1,100})(?P<asked>[^\s;]{0,60})",
            2,
        ),
    )
    + patterns_for(
        "unmet-chain",  # a requirement of a requirement
        (
            " -> ",
            r"^(?P<by>[A-Za-z][\w.-]{0,100})\S{0,60} -> .{0,300}?"
            r"(?P<module>[A-Za-z][\w.-]{0,100})(?P<asked>[^\s;>-][^\s;]{0,60})?$",
        ),
    )
    + patterns_for(
        "no-setup-command",
        ("invalid command '", rf"(?:^|SystemExit: )error: invalid command '(?P<command>{'|'.join(_COMMANDS)})'"),
    )
    + patterns_for(
        "old-setuptools",
        (
            "has no attribute 'build_editable'",
            r"module '(?P<module>[\w.]{1,100})'(?: from '[^']{1,400}'>)? has no attribute '(?P<hook>build_editable)'",
        ),
        ("has no attribute '__legacy__'", r"module 'setuptools\.build_meta' has no attribute '(?P<hook>__legacy__)'"),
    )
    + patterns_for(
        "uv-build-note",
        ("/builds-v", r"/builds-v\d+/"),
        ("The build backend returned", "^error: The build backend returned"),
    )
    + patterns_for(
        "launcher-note", ("/bin/", r"File \"(?P<path>\S{1,300}/bin/(?P<program>cmake|ninja|meson))\", line \d+")
    )
    + patterns_for("no-isolation-note", ("--no-build-isolation", r"--no-build-isolation|--no-isolation")),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a front end not find the build backend, or a setup.py not find its helper."""
    for hit in log.find("no-setup-command")[:1]:
        command = hit.groups["command"]
        package = _COMMANDS[command]
        yield finding_from_hits(
            log,
            [hit],
            f"setup.py does not know {command}: {package} is not installed in its environment",
            "The package is not built.",
            _of_command(command, package),
        )
    for hit in log.find("old-setuptools")[:1]:
        if (module := hit.groups["module"]) not in ("", "setuptools.build_meta"):
            yield finding_from_hits(
                log,
                [hit],
                f"the back end {module} that the build finds makes no editable installations",
                "The package is not built.",
                (
                    Fix(
                        "install it as it is, without -e",
                        (Command("python3 -m pip install .", FixStage.BUILD),),
                        notes="tox: package = wheel, or use_develop = false.",
                    ),
                    Fix(
                        "take a release of the back end that can",
                        notes="Raise it in [build-system] requires: pbr>=6, poetry-core>=1.0.8, flit-core>=3.4, "
                        "setuptools>=64.",
                    ),
                ),
            )
            return
        yield finding_from_hits(
            log,
            [hit],
            "the build finds a setuptools that is too old for it",
            "The package is not built. setuptools builds editable installations since version 64.",
            (
                Fix(
                    "let the isolated build see only what it installs",
                    unset=("PYTHONPATH",),
                    notes="An older setuptools is found before: in PYTHONPATH, conda's or the user's site-packages, or "
                    "a sitecustomize. uv and pip install the newest by themselves.",
                ),
                Fix("ask for a newer one", notes='requires = ["setuptools>=64"] in [build-system].'),
            ),
        )
        return
    for hit in log.find("unmet-requirement")[:1]:
        module, found = hit.groups["module"], hit.groups["found"]
        other = found not in ("", "not installed")
        chains = [] if other else log.near(hit.line, "unmet-chain", before=0, after=_CHAINS)
        asked = [f"{one.groups['module']}{one.groups['asked']}" for one in (hit, *chains)]
        needs = "".join(
            f", and {chain.groups['by']} needs {what}" for chain, what in zip(chains, asked[1:], strict=True)
        )
        yield finding_from_hits(
            log,
            [hit, *chains],
            f"the build needs {module}{hit.groups['asked']}, and its environment has {found}"
            if other
            else f"the build needs {asked[0]}{needs}: not in its environment, or in another version"
            if needs
            else f"the build needs {module}{hit.groups['asked']}, which is not installed in its environment",
            "The package is not built: without isolation, what it requires has to be there.",
            (
                Fix(
                    "let the build install what it requires",
                    (Command("python3 -m build", FixStage.BUILD),),
                    notes="Without --no-isolation and -n.",
                ),
                Fix(
                    "install it before the build",
                    (
                        Command(
                            "python3 -m pip install " + " ".join(f"'{one}'" for one in asked),
                            FixStage.TOOLCHAIN,
                        ),
                    ),
                    notes="For the Python that runs build. In a distribution's package it is a requirement of the "
                    "build; --skip-dependency-check leaves the look out.",
                ),
            ),
        )
        return
    for hit in log.find("moved-backend")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            "the project names the back end poetry.masonry.api, which Poetry no longer has",
            "The package is not built.",
            (
                Fix(
                    "name the back end of today in pyproject.toml",
                    notes='[build-system] requires = ["poetry-core>=1.0.0"], build-backend = '
                    '"poetry.core.masonry.api". Another project\'s: take a newer release, or its wheel.',
                ),
            ),
        )
        return
    missed = [
        hit
        for hit in log.find("no-backend")
        if log.near(hit.line, "launcher-note", before=3)
        or "Cannot import" in hit.text
        or "is not available" in hit.text
        or log.near(hit.line, "build-hook-note", before=40, after=15)
    ]
    if not missed:
        yield from _unlisted(log)
    for hit in missed[:1]:
        module = hit.groups["module"]
        launchers = [note for note in log.near(hit.line, "launcher-note", before=3) if note.groups["program"] == module]
        if launchers:
            path = launchers[0].groups["path"]
            yield finding_from_hits(
                log,
                [launchers[0], hit],
                f"{path} is a script of the Python package {module}, which the isolated build does not see",
                "The package is not built.",
                _of_launcher(module, path),
            )
            return
        isolated = not log.find("no-isolation-note")
        uv = bool(log.near(hit.line, "uv-build-note", before=40, after=40))
        alone = log.near(hit.line, "setup-alone", before=_HOOK, after=0)
        yield finding_from_hits(
            log,
            [*log.find("no-isolation-note")[:1], hit],
            f"the build needs the module {module}, which is not installed in its environment",
            "The package is not built.",
            _of_script(module, alone[-1].groups["python"])
            if alone
            else _of_module(module, isolated, uv, legacy="__legacy__" in hit.text and "is not available" in hit.text),
        )


_CHAINS = 8  # lines of what build lists
_HOOK = 8  # lines from a frame of the build to the error in it
#: Modules that others report: of older Pythons, of Python 2, and Python's own.
_OTHERS = (
    "distutils|imp|asyncore|asynchat|smtpd|cgi|cgitb|pipes|telnetlib|lib2to3|crypt|ConfigParser"
    "|StringIO|cStringIO|urllib2"
    "|urlparse|Queue|HTMLParser|httplib|cPickle|__builtin__|Tkinter|_ctypes|_ssl|_sqlite3|_bz2|_lzma|_tkinter|pip"
)


def _unlisted(log: BuildLog) -> Iterator[Finding]:
    """See setup.py, or a back end in the project itself, import a module of any name."""
    failed = log.find("build-hook-note", "uv-build-note")
    for hit in log.find("no-module")[-1:]:
        module = hit.groups["module"]
        frames = log.near(hit.line, "hook-frame", before=_HOOK)
        if not frames or not failed or re.fullmatch(_OTHERS, module):
            continue
        if part := hit.groups["part"]:
            # Python imports the package first, and would name that if it were not there
            if f"{module}{part}" != "numpy.distutils":  # code-too-old-for-python
                yield _of_part(log, frames[-1], hit, module, part)
            continue
        yield finding_from_hits(
            log,
            [frames[-1], hit],
            f"the build imports {module}, which is not in its environment",
            "The package is not built.",
            (
                Fix(
                    "install it where the build runs, and build without isolation",
                    (
                        Command(f"python3 -m pip install setuptools wheel {module}", FixStage.TOOLCHAIN),
                        Command("python3 -m pip install --no-build-isolation PACKAGE", FixStage.BUILD),
                    ),
                    notes=f"Its distribution may have another name than {module}. In your own project: add it to "
                    "requires in [build-system].",
                ),
                Fix(
                    f"if {module} is a file of the project itself: build from its repository",
                    notes="The source distribution lacks it, or its folder is not on the path: backend-path in "
                    "[build-system], or sys.path in setup.py.",
                ),
            ),
        )


def _of_part(log: BuildLog, frame: Hit, hit: Hit, module: str, part: str) -> Finding:
    """Return that the *module* is there, and its *part* is not."""
    return finding_from_hits(
        log,
        [frame, hit],
        f"the build imports {module}{part}: {module} is there, and has no such part",
        "The package is not built.",
        (
            Fix(
                f"take the release of {module} that has it",
                notes=f"In [build-system] requires, with a bound: newer releases take parts away and add others. "
                f"`python3 -m pip index versions {module}` lists the releases. Or take a newer release of the package.",
            ),
            Fix(
                f"if another {module} is found first: remove it, or build from a folder without it",
                notes=f"A file {module}.py or a folder {module} beside setup.py, or in PYTHONPATH, hides the package.",
            ),
        ),
    )


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is the setup script's conclusion from a program that does not start."""
    launcher = any(note.line == log.position(finding.evidence[0]) for note in log.find("launcher-note"))
    return launcher and other.check == "build-tool-missing" and later(finding, other, log)


def _of_launcher(module: str, path: str) -> tuple[Fix, ...]:
    """Return the fixes for a script at *path* whose package *module* is outside of the build's environment."""
    return (
        Fix(
            f"remove that script, and install {module} from the distribution",
            (Command(f"python3 -m pip uninstall -y {module}", FixStage.TOOLCHAIN),),
            notes=f"Then `apt-get install {module}` (dnf, apk). If {path} is left, another Python's pip removes it.",
        ),
        Fix(
            "build without isolation",
            (Command("python3 -m pip install --no-build-isolation PACKAGE", FixStage.BUILD),),
            notes="Replace PACKAGE with its name. The package's build requirements have to be installed before.",
        ),
    )


def _of_module(module: str, isolated: bool, uv: bool, legacy: bool = False) -> tuple[Fix, ...]:
    """Return the fixes for a missing *module*; *isolated* builds have an environment of their own.

    A *legacy* package has no [build-system]: pip, build and Poetry install setuptools for it by themselves.
    """
    if legacy and isolated:
        return (
            Fix(
                "run it again, with room on the disk and without the cache",
                (
                    Command("df -h", FixStage.TOOLCHAIN),
                    Command("poetry cache clear --all --no-interaction PyPI", FixStage.BUILD),
                ),
                notes="The tool installs setuptools for such a package by itself. An install that was cut, by a full "
                "disk or a "
                "network, leaves one that cannot be imported. Update the tool, too: pipx upgrade poetry.",
            ),
            Fix(
                "install the package by pip into the environment before",
                (Command("python3 -m pip install --use-pep517 PACKAGE", FixStage.BUILD),),
                notes="Replace PACKAGE with its name: it shows whether the package or the tool is the reason.",
            ),
        )
    requirement = _NAMES.get(module, module.replace("_", "-"))
    pip = "uv pip" if uv else "python3 -m pip"
    listed = "[build-system] requires in pyproject.toml lists all required modules."
    if not isolated:
        commands = (Command(f"{pip} install {requirement}", FixStage.TOOLCHAIN),)
        return (Fix(f"install {requirement} where the build runs", commands, notes=listed),)
    others = (
        f' For another project\'s: [tool.uv.extra-build-dependencies] with PACKAGE = ["{requirement}"].' if uv else ""
    )
    if module == "pkg_resources":
        return (
            Fix(
                "build it with a setuptools that has pkg_resources",
                build_with("setuptools<82", "PACKAGE"),
                notes="Replace PACKAGE with its name. setuptools 82 has taken it away; a package of the distribution "
                "(python3-pkg-resources) is not seen by a build in isolation.",
            ),
            Fix(
                "add it to pyproject.toml, or use importlib.metadata and importlib.resources instead",
                notes=f'requires = ["setuptools<82"] in [build-system].{others}',
            ),
        )
    beside = "setuptools wheel " if module in _HELPERS else ""
    return (
        Fix("add it to pyproject.toml", notes=f'requires = ["{requirement}"] in [build-system].{others}'),
        Fix(
            f"install {requirement} where the build runs, and build without isolation",
            (
                Command(f"{pip} install {beside}{shlex.quote(requirement)}", FixStage.TOOLCHAIN),
                Command(f"{pip} install --no-build-isolation PACKAGE", FixStage.BUILD),
            ),
            notes=f"Replace PACKAGE with its name. {listed}",
        ),
    )


def _of_script(module: str, python: str) -> tuple[Fix, ...]:
    """Return the fixes for a setup.py that *python* itself runs: pyproject.toml does not count there."""
    requirement = _NAMES.get(module, module.replace("_", "-"))
    return (
        Fix(
            f"install {requirement} for the Python that runs setup.py",
            (Command(f"{python} -m pip install {shlex.quote(requirement)}", FixStage.TOOLCHAIN),),
            notes="Or the distribution's package: python3-setuptools, on Arch python-setuptools. Python 3.12 and later "
            "bring none."
            if module == "setuptools"
            else "In an environment (venv) where pip refuses the system's Python.",
        ),
        Fix(
            "let pip run it",
            (Command(f"{python} -m pip install .", FixStage.BUILD),),
            notes=f'It installs what [build-system] requires in pyproject.toml: requires = ["{requirement}"].',
        ),
    )


def _of_command(command: str, package: str) -> tuple[Fix, ...]:
    install = Fix(
        f"install {package} for the Python that runs setup.py",
        (Command(f"python3 -m pip install --upgrade {package}", FixStage.TOOLCHAIN),),
        notes="setuptools 70.1 and later bring bdist_wheel themselves." if command == "bdist_wheel" else "",
    )
    isolated = Fix(
        "let pip build it in an environment that it makes",
        (Command("python3 -m pip wheel --no-deps --use-pep517 .", FixStage.BUILD),),
        notes=f"With {package} in [build-system] requires of pyproject.toml." if package != "wheel" else "",
    )
    return install, isolated


#: Modules that a setup.py uses besides setuptools.
_HELPERS = {"setuptools_rust", "setuptools_scm", "Cython", "pybind11", "numpy", "cffi", "versioneer"}
_NAMES = {
    "pkg_resources": "setuptools<82",
    "mesonpy": "meson-python",
    "skbuild": "scikit-build",
    "Cython": "cython",
    "pybind11": "pybind11",
    "yaml": "pyyaml",
    "attr": "attrs",
    "sipbuild": "sip",
    "pyqtbuild": "pyqt-builder",
    "mypyc": "mypy",
}
