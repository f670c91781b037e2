"""CMake does not find a library or a program that the build requires.

``find_package(X REQUIRED)`` runs CMake's own FindX module, which looks for headers and libraries, or reads an
``XConfig.cmake`` that the package installed. Run-time packages of distributions contain neither. CMake also prints
"Could NOT find" after ``--`` for packages that are optional: the build continues after those.

Wheels for manylinux have a case of their own: pypa's images have no libpython, so that the component ``Development`` is
never found there; extension modules need ``Development.Module`` only.

How to fix: install the development package of the library. For a copy elsewhere, name its folder: ``-DX_ROOT=FOLDER``,
or ``-DX_DIR=FOLDER`` for the folder of ``XConfig.cmake``.

References:
    https://cmake.org/cmake/help/latest/command/find_package.html
    https://cmake.org/cmake/help/latest/module/FindPython.html
"""

from __future__ import annotations

from diagnose.authoring.log import advise, finding_from_hits, install_by_family, other_system
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.cmake_elsewhere import elsewhere
from diagnose.remedies.install import APT_FILE, install, module, system
from diagnose.remedies.package_names import library_module
from diagnose.tables import cmake_packages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment

_LINES = 5  # of CMake's message, which it wraps
CHECK = Check(
    since="0.1.0",
    phase=Phase.SEARCH,
    patterns=patterns_for(
        "cmake-missing",
        (
            "Could NOT find ",
            r"(?:^|CMake Error at .{1,200}\(message\): )Could NOT find (?P<package>[\w.+-]+)(?![\w.+-])[^()]{0,200}"
            r"\(missing: {0,4}(?P<missing>[^)\s][^)]{0,400})\)\s+\(found\s+(?:suitable\s+)?version\s+"
            r"\"(?P<suitable>[^\"]{1,40})\"",
            _LINES,
        ),
        (
            "Could NOT find ",
            r"(?:^|CMake Error at .{1,200}\(message\): )Could NOT find (?P<package>[\w.+-]+)(?![\w.+-])[^()]{0,200}"
            r"\(missing: {0,4}(?P<missing>[^)\s][^)]{0,400})\)",
            _LINES,
        ),
        (
            "Could NOT find ",
            r"^Could NOT find (?P<package>[\w.+-]+): Found unsuitable\s+version \"(?P<found>[^\"]*)\",\s+but\s+required"
            r"\s+is\s+(?P<how>at\s+least|exact\s+version)\s+\"(?P<needs>[^\"]*)\"",
            _LINES,
        ),
        (
            "package configuration file",
            r"^Could not find a package configuration file provided by\s+\"(?P<package>[\w.+-]+)\"",
            2,
        ),
        ("found in CMAKE_MODULE_PATH", r"^No \"Find(?P<package>[\w.+-]+)\.cmake\" found in CMAKE_MODULE_PATH"),
        ("prerequisite package '", r"^Could not find prerequisite package '(?P<package>[\w.+-]{1,80})'"),
        ("requested Boost libraries", r"^Unable to find the requested (?P<package>Boost) libraries"),  # before 3.15
    )
    # the beginning of the same message, where a log has only that
    + patterns_for(
        "cmake-unprovided",
        (
            "package configuration file",
            r"^asked CMake to find a package configuration file provided by\s+\"(?P<package>[\w.+-]+)\",\s+but\s+CMake"
            r"\s+did\s+not\s+find\s+one",
            2,
        ),
    )
    + patterns_for(
        "cmake-unfit",
        (
            "file for package",
            r"^Could not find a configuration file for "
            r"package\s+\"(?P<package>[\w.+-]{1,80})\"\s+that\s+is\s+compatible"
            r"\s+with\s+requested\s+version\s+(?:range\s+)?\"(?P<needs>[^\"]{0,60})\"",
            4,
        ),
        (
            "_FOUND to FALSE",
            r"^but it set (?P<package>[\w.+-]{1,80})_FOUND to FALSE.{0,300}?Failed to find\s+\S{1,80}\s+component\s+"
            r"\"(?P<part>\w{1,80})\"",
            6,
        ),
        ("_FOUND to FALSE", r"^but it set (?P<package>[\w.+-]{1,80})_FOUND to FALSE"),
        (
            "The imported target",
            r"The imported target \"(?P<package>[\w.+:-]{1,100})\" references the "
            r"file\s+\"(?P<file>[^\"]{1,300})\"\s+but",
            6,
        ),
    )
    + patterns_for(
        "cmake-considered",
        (
            ", version: ",
            r"^(?P<file>(?:/|[A-Z]:)[^,]{1,300}\.cmake), version: (?P<found>[\w.]{1,40})(?P<bits> "
            r"\(\d\dbit\))?",
        ),
    )
    + patterns_for(
        "cmake-notfound",
        (
            "they are set to NOTFOUND",
            r"variables are used in this project, but they are set to NOTFOUND\.\s+Please set them .{1,80} CMake files:"
            r"\s+(?:/\S{0,400}/)?"
            r"(?P<variable>(?P<package>[A-Za-z][\w+.-]{0,60}?)(?:_(?:INCLUDE|LIBRAR)\w{0,40})?)(?:\s|$)",
            _LINES,
        ),
    )
    + patterns_for(
        "cmake-names",  # find_library with REQUIRED
        (
            "(find_library):",
            r"CMake Error at \S{1,300} \(find_library\):\s+Could not find (?P<variable>\w{1,80}) using the following "
            r"names: (?P<names>[\w.+-]{1,80}(?:,\s+[\w.+-]{1,80}){0,12})",
            4,
        ),
    )
    + patterns_for(
        "pypa-python",
        ("/opt/_internal/cpython", r"/opt/_internal/cpython-"),
        ("/opt/python/cp", r"/opt/python/cp3\d+-cp3"),
    )
    + patterns_for(
        "isolated-build",
        ("/pip-build-env-", r"/pip-build-env-\w"),
        ("/build-env-", r"/build-env-\w"),
        ("/builds-v", r"/builds-v\d+/"),
    )
    + patterns_for(
        "cmake-without",  # a status line: the project may do without the package
        (
            "Could NOT find ",
            r"^-- Could NOT find (?P<package>[\w.+-]+)(?![\w.+-])[^()]{0,200}"
            r"\(missing: {0,4}(?P<missing>[^)\s][^)]{0,400})\)",
            4,
        ),
        ("Could NOT find ", r"^-- Could NOT find (?P<package>[\w.+-]+)"),
        (
            "package configuration file",
            r"^Could not find a package configuration file provided by\s+\"(?P<package>[\w.+-]+)\"",
            2,
        ),
    )
    + patterns_for(
        "cmake-module-gone",
        (
            "By not providing",
            r"^By not providing "
            r"\"Find(?P<package>[\w.+-]{1,80})\.cmake\"",
        ),
    )
    + patterns_for(
        "cmake-stops",
        ("CMake Error", r"^(?:-- )?CMake Error at \S{1,300} \((?P<command>\w+)\):(?P<text>\s.{1,600})", 4),
        ("CMake Error", r"^(?:-- )?CMake Error at "),
    ),
)
_PYTHON = re.compile(r"Python(?:2|3|Libs|Interp)?$")
#: Components of FindPython3.
_PARTS = r"(?<![\w.])(?:Development(?:\.\w{1,20})?|Interpreter|Compiler|NumPy)(?![\w.])"
#: Other checks know why these are not found, or only the compiler's own error in CMake's log says it.
_ELSEWHERE = ("PkgConfig", "Threads", "OpenMP")
#: Packages of the Python package index that bring their own CMake files, and what prints their folder.
_OF_PYTHON = {
    "pybind11": "python3 -m pybind11 --cmakedir",
    "nanobind": "python3 -m nanobind --cmake_dir",
    "Torch": "python3 -c 'import torch; print(torch.utils.cmake_prefix_path)'",
}
_HEADERS = {
    "debian": ("python3-dev",),
    "rhel": ("python3-devel",),
    "alpine": ("python3-dev",),
    "arch": ("python",),
    "suse": ("python3-devel",),
}


def _needed(log: BuildLog) -> Hit | None:
    """Return the status line about a package that the error after it is about: the project could not do without."""
    for error in log.find("cmake-stops"):
        said = f"{error.groups['command']} {error.groups['text']}".lower()
        for hit in reversed(log.near(error.line, "cmake-without", before=_STATUS)):
            name = hit.groups["package"].lower()
            if hit.groups["package"].startswith(_ELSEWHERE):
                continue
            if name in said or name.rstrip("0123456789_-") in said or _follows(hit, error, said):
                return hit
    return None


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is that a command of the missing package does not exist."""
    return other.check == "cmake-command-unknown" and log.position(other.evidence[0]) >= log.position(
        finding.evidence[0]
    )


_ADJOINING = 4  # lines of a status line that is wrapped
_LACK = re.compile(r"\b(?:auto)?(?:detect|find|found|locate|missing|requires?d?|needs?|available|supported|install)")


def _follows(hit: Hit, error: Hit, said: str) -> bool:
    """Whether *error*, right below the status line *hit*, says that something lacks, and names no other package."""
    if not 0 < error.line - hit.line <= _ADJOINING or "message" not in error.groups["command"].lower():
        return False
    named = (name for name in cmake_packages.names() if len(name) > _SHORT)
    return bool(_LACK.search(said)) and not any(re.search(rf"\b{re.escape(name)}\b", said) for name in named)


_SHORT = 3  # letters of a package's name that may be another word
_STATUS = 12  # lines from a status line to an error that follows from it


def log(log: BuildLog) -> Iterator[Finding]:
    """See CMake stop because it does not find a required package."""
    if unfit := next(_unfit(log), None):
        yield unfit
        return
    for hit in log.find("cmake-missing") or log.find("cmake-unprovided"):
        if (removed := _REMOVED.get(hit.groups["package"])) and log.near(hit.line, "cmake-module-gone", before=5):
            yield _of_removed(log, hit, *removed)
            return
        package = hit.groups["package"]
        if package.startswith(_ELSEWHERE) or not log.near(hit.line, "cmake-stops", before=6):
            continue
        found, needs = hit.groups["found"], " ".join(hit.groups["needs"].split())
        if needs:
            message = f"CMake finds {package} {found}, and the build needs {needs}"
            message += "" if "exact" in hit.groups["how"] else " or later"
            fixes: tuple[Fix, ...] = (Fix(f"bring {package} {needs}, as from a newer release of the distribution"),)
        elif hit.groups["suitable"] and not _PYTHON.match(package):
            parts = " ".join(hit.groups["missing"].split()[:3])
            message = f"CMake finds {package} {hit.groups['suitable']}, and not its part {parts}"
            fixes = (*_fixes(log, hit.line, package, hit.groups["missing"]), _static(package))
        else:
            parts = " and ".join(dict.fromkeys(re.findall(_PARTS, hit.groups["missing"])[:3]))
            which = f"{package} {hit.groups['suitable']}".rstrip()
            message = (
                f"CMake finds {which} without {parts}, which the build requires"
                if parts and hit.groups["suitable"] and _PYTHON.match(package)
                else f"CMake does not find {package}{f' with {parts}' if parts else ''}, which the build requires"
            )
            fixes = _fixes(log, hit.line, package, hit.groups["missing"])
        fixes = (*fixes, elsewhere(package, hit.groups["missing"]))
        stops = log.near(hit.line, "cmake-stops", before=6)[-1:]
        yield finding_from_hits(log, [*stops, hit], message, "CMake stops, and nothing is compiled.", fixes)
        return
    needed = _needed(log)
    if needed is not None:
        package = needed.groups["package"]
        yield finding_from_hits(
            log,
            [needed, *log.near(needed.line, "cmake-stops", after=_STATUS)[:1]],
            f"CMake does not find {package}, which the project then needs",
            "CMake stops, and nothing is compiled.",
            (
                *_fixes(log, needed.line, package, needed.groups["missing"]),
                elsewhere(package, needed.groups["missing"]),
            ),
        )
        return
    for hit in log.find("cmake-names")[:1]:
        yield _of_names(log, hit)
        return
    for hit in log.find("cmake-notfound")[:1]:
        package, variable = hit.groups["package"], hit.groups["variable"]
        yield finding_from_hits(
            log,
            [hit],
            f"CMake does not find {package}: {variable} is NOTFOUND, and the build uses it",
            "CMake stops, and nothing is compiled.",
            (*_fixes(log, hit.line, package, ""), Fix(f"name a copy elsewhere: -D{variable}=PATH")),
        )


def _of_names(log: BuildLog, hit: Hit) -> Finding:
    """Return the finding for a library that the project looks for by the names of its file."""
    names, variable = re.split(r",\s+", hit.groups["names"]), hit.groups["variable"]
    bare = [re.sub(r"^lib(?=\w)|\.(?:so|a|lib)$", "", name) for name in names]
    known = next((name for name in bare if library_module(name)), bare[0])
    return finding_from_hits(
        log,
        [hit],
        f"CMake finds no library {' or '.join(dict.fromkeys(names[:3]))}, which the project requires",
        "CMake stops, and nothing is compiled.",
        (
            *(advise(log, hit.line, _library, known) or (_unknown(known, ""),)),
            Fix(
                "name a copy elsewhere",
                (Command(f"cmake -B build -D{variable}=/path/to/lib{bare[0]}.so", FixStage.BUILD),),
                notes="Or the folder above its lib: -DCMAKE_PREFIX_PATH=FOLDER. In a cross build CMake searches "
                "CMAKE_FIND_ROOT_PATH only.",
            ),
        ),
    )


def _library(env: Environment, name: str) -> list[Fix]:
    module_name = library_module(name, env.distro.codename)
    here = system(env)
    packages = tuple(filter(None, (module(here, module_name, env.target),))) if module_name else ()
    if not packages:
        return [_unknown(name, env.distro.manager)]
    debian = env.target.debian if env.distro.family == "debian" and env.cross else ""
    commands = install(here, packages, debian)
    return [Fix(f"install {' '.join(packages)}", commands, safe=True)] if commands else []


#: Modules that CMake had for a package that has no file of its own → the policy, and the CMake that brought it:
#: cmake-policies(7) of CMake 4.2.
_REMOVED = {
    "PythonInterp": ("CMP0148", "3.27"),
    "PythonLibs": ("CMP0148", "3.27"),
    "CUDA": ("CMP0146", "3.27"),
}


def _of_removed(log: BuildLog, hit: Hit, policy: str, since: str) -> Finding:
    package = hit.groups["package"]
    return finding_from_hits(
        log,
        [hit],
        f"CMake {since} and later have no Find{package}.cmake where a project asks for their behaviour ({policy})",
        "CMake stops, and nothing is compiled. The package itself may well be there.",
        (
            Fix(
                "use a newer release of the project, or of scikit-build and pybind11, that asks for the new module",
                notes=f"find_package({'CUDAToolkit' if package == 'CUDA' else 'Python'}) replaces it.",
            ),
            Fix(
                f"build with a CMake before {since}",
                (Command(f"python3 -m pip install 'cmake<{since}'", FixStage.TOOLCHAIN),),
                notes=f"Or -DCMAKE_POLICY_DEFAULT_{policy}=OLD, where the project does not set the policy "
                f"itself. In pip's "
                "isolated build: PIP_CONSTRAINT, with a file that has that line.",
            ),
        ),
    )


def _unfit(log: BuildLog) -> Iterator[Finding]:
    """Yield that CMake finds a package's files, and not of the version, with the part or file that is asked for."""
    for hit in log.find("cmake-unfit"):
        package, file, part = hit.groups["package"], hit.groups["file"], hit.groups["part"]
        consequence = "CMake stops, and nothing is compiled."
        elsewhere = Fix(f"name the folder of a copy elsewhere: -D{package}_DIR=FOLDER")
        if not log.near(hit.line, "cmake-stops", before=8):
            continue
        if file:
            from diagnose.readers.buildlog.linking import stem  # only who reads logs needs its patterns

            name = file.rpartition("/")[2]
            module = library_module(stem(name))
            fixes = advise(log, hit.line, _bring, module or stem(name)) if module else (_unknown(name, ""),)
            message = f"CMake's files of {package} name {file}, which does not exist"
            yield finding_from_hits(log, [hit], message, consequence, fixes)
        elif part:
            message = f"CMake finds {package}, and not its part {part}"
            yield finding_from_hits(log, [hit], message, consequence, (*_fixes(log, hit.line, f"{package}{part}", ""),))
        elif hit.groups["needs"] or "compatible" in hit.text:
            found = log.near(hit.line, "cmake-considered", after=9)
            have = " and ".join(dict.fromkeys(one.groups["found"] for one in found)) or "another version"
            needs = hit.groups["needs"]
            other = any(one.groups["bits"] for one in found)
            message = f"CMake finds {package} {have}, and the build needs {needs}"
            if other:
                message = f"CMake finds {package} {have}, which is for another processor than the build"
            fix = Fix(
                f"bring {package} {needs}" if not other else f"bring {package} for the processor of the build",
                notes="A newer or older release of the distribution, conda or the project's own source has it; "
                "or take a "
                f"release of the project for {package} {have}."
                if not other
                else "Visual Studio: -A x64 or -A Win32 in an empty build folder.",
            )
            yield finding_from_hits(log, [hit, *found][:4], message, consequence, (fix, elsewhere))
        else:
            message = f"CMake finds the files of {package}, and they say that something is missing"
            yield finding_from_hits(log, [hit], message, consequence, (*_fixes(log, hit.line, package, ""), elsewhere))


def _fixes(log: BuildLog, line: int, package: str, missing: str) -> tuple[Fix, ...]:
    if _PYTHON.match(package):
        return _of_python(log, line, missing)
    if package == "NumPy":
        return _numpy(log, line)
    if package in _OF_PYTHON:
        name = package.lower()
        return (
            Fix(
                f"install {name} for the Python that builds, and name its folder",
                (Command(f"python3 -m pip install {name}", FixStage.TOOLCHAIN),),
                notes=f"-D{package}_DIR=FOLDER, which `{_OF_PYTHON[package]}` prints. In a wheel's build: "
                f'requires = ["{name}"] in [build-system].',
            ),
        )
    here = log.distro_at(line)
    if not here.id and not _known(package, here.codename):
        return (_unknown(package, ""),)
    return advise(log, line, _bring, package) or (_unknown(package, here.manager),)


def _static(package: str) -> Fix:
    """Return what may be missing where the rest of *package* is found: archives have packages of their own."""
    return Fix(
        "if the project wants the static library: install that one, or ask for the shared one",
        notes="Enterprise Linux and Fedora: boost-static, openssl-static, zlib-static. CMake: "
        f"{package}_USE_STATIC_LIBS or {package.upper()}_USE_STATIC_LIBS=OFF. If it is installed: delete "
        "CMakeCache.txt.",
    )


def _known(package: str, codename: str) -> bool:
    """Whether any table names what brings CMake's *package*."""
    known = bool(cmake_packages.module(package) or cmake_packages.packages(package, "debian"))
    return known or bool(library_module(package, codename))


def _numpy(log: BuildLog, line: int) -> tuple[Fix, ...]:
    """Return the fixes for NumPy, whose headers are where its Python package is."""
    installed = Command("python3 -m pip install numpy", FixStage.TOOLCHAIN)
    if not log.near(line, "isolated-build", before=200, after=200):
        notes = 'In a wheel\'s build: requires = [..., "numpy"] in [build-system], as it may be isolated.'
        return (Fix("install NumPy for the Python that builds", (installed,), notes=notes),)
    return (
        Fix(
            "name NumPy among what the build requires",
            notes='pyproject.toml: [build-system] requires = [..., "numpy"]. The build is isolated: it sees no package '
            "of the system, or of the environment around it.",
        ),
        Fix(
            "if the project is not yours: install NumPy, and build without isolation",
            (installed, Command("python3 -m pip install --no-build-isolation PACKAGE", FixStage.BUILD)),
            notes="What else its [build-system] requires has to be installed before, too.",
        ),
    )


def _of_python(log: BuildLog, line: int, missing: str) -> tuple[Fix, ...]:
    if "NumPy" in missing and "Development" not in missing:
        return _numpy(log, line)
    headers = install_by_family(log, line, "install Python's headers, if they are missing", _HEADERS)
    if other_system(log):
        headers = (
            Fix(
                "name the folder of the Python that builds: -DPython3_ROOT_DIR=FOLDER",
                notes="Python's own installers bring headers and library; a folder without them, or of another version "
                "or processor, does not count. -DPython3_FIND_REGISTRY=NEVER and -DPython3_FIND_FRAMEWORK=NEVER keep "
                "CMake from other Pythons.",
            ),
        )
    embedded = "LIBRAR" in missing or "Embed" in missing
    pypa = bool(log.find("pypa-python")) or log.container_at(line).kind.endswith("linux")
    if not embedded or ("Development.Module" in missing and not pypa):
        return headers
    module_only = Fix(
        "ask CMake only for the headers of an extension module",
        notes="find_package(Python COMPONENTS Interpreter Development.Module REQUIRED): manylinux images have no "
        "libpython, and a wheel's module must not link it. With pybind11: set(PYBIND11_FINDPYTHON ON).",
    )
    return (module_only, *([] if pypa else headers))


def _unknown(package: str, manager: str) -> Fix:
    """Return what to do for a package that no table knows."""
    config = f"{package}Config.cmake"
    searches = {"apt": f"{APT_FILE} {config}", "dnf": f"dnf provides '*/{config}'"}
    asked = [f"`{line}`" for name, line in searches.items() if manager in ("", name)]
    ask = f"{' or '.join(asked)} asks for one. " if asked else ""
    return Fix(
        f"install the development files of {package}, or build it from source",
        notes=f"No package with them is known here. {ask}Its own build installs {config}: then name the --prefix in "
        "CMAKE_PREFIX_PATH. Projects often have an option that leaves such a part out.",
    )


def _bring(env: Environment, package: str) -> list[Fix]:
    """Return the fix that installs CMake's *package* in *env*."""
    here = system(env)
    name = cmake_packages.module(package) or library_module(package, env.distro.codename)
    names = cmake_packages.packages(package, env.distro.family)
    if not names and name:
        names = tuple(filter(None, (module(here, name, env.target),)))
    if not names:
        return [_unknown(package, env.distro.manager)]
    debian = env.target.debian if env.distro.family == "debian" and env.cross else ""
    commands = install(here, names, debian)
    return [Fix(f"install {' '.join(names)}", commands, safe=True)] if commands else []
