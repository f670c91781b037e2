"""CMake meets a command, or a generator expression, that it does not know.

Commands come with CMake itself, as generator expressions (``$<NAME:…>``) do, from a release on, or from a module that
``include`` or ``find_package`` reads. Where the package was not found, or the submodule with the module is not there,
its commands do not exist.

How to fix: a newer CMake for its own commands; else bring what defines the command.

References:
    https://cmake.org/cmake/help/latest/manual/cmake-commands.7.html
    https://cmake.org/cmake/help/latest/manual/cmake-generator-expressions.7.html
"""

from __future__ import annotations

from diagnose.authoring.log import advise, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.install import install, system, tool
from diagnose.remedies.submodules import fetch_submodules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.SEARCH,
    patterns=patterns_for(
        "cmake-command",
        ("Unknown CMake command", r"Unknown CMake command\s+\"(?P<command>\w{1,80})\""),
    )
    + patterns_for(
        "cmake-expression",
        (
            "rror evaluating generator expr",
            r"Error evaluating generator expression:\s+\$<(?P<name>[A-Z][A-Z_]{1,60})[^\n]{0,300}"
            r"\s+Expression did not evaluate to a known generator expression",
            7,
        ),
    ),
)
#: Generator expressions, by the release that brought them: cmake-generator-expressions(7), "New in version".
_EXPRESSIONS = {
    "COMPILE_FEATURES": "3.1",
    "COMPILE_LANGUAGE": "3.3",
    "SHELL_PATH": "3.4",
    "IF": "3.8",
    "GENEX_EVAL": "3.12",
    "IN_LIST": "3.12",
    "TARGET_EXISTS": "3.12",
    "TARGET_GENEX_EVAL": "3.12",
    "TARGET_NAME_IF_EXISTS": "3.12",
    "COMPILE_LANG_AND_ID": "3.15",
    "FILTER": "3.15",
    "REMOVE_DUPLICATES": "3.15",
    "TARGET_FILE_BASE_NAME": "3.15",
    "TARGET_FILE_PREFIX": "3.15",
    "TARGET_FILE_SUFFIX": "3.15",
    "DEVICE_LINK": "3.18",
    "HOST_LINK": "3.18",
    "LINK_LANGUAGE": "3.18",
    "LINK_LANG_AND_ID": "3.18",
    "COMMAND_CONFIG": "3.20",
    "OUTPUT_CONFIG": "3.20",
    "TARGET_RUNTIME_DLLS": "3.21",
    "LINK_GROUP": "3.24",
    "LINK_LIBRARY": "3.24",
    "PATH": "3.24",
    "PATH_EQUAL": "3.24",
    "BUILD_LOCAL_INTERFACE": "3.26",
    "COMPILE_ONLY": "3.27",
    "LIST": "3.27",
    "TARGET_IMPORT_FILE": "3.27",
    "TARGET_RUNTIME_DLL_DIRS": "3.27",
    "QUOTE": "3.30",
}
#: CMake's own commands, and its modules', by the release that brought them: cmake-commands(7), "New in version".
_SINCE = {
    "add_compile_definitions": "3.12",
    "add_link_options": "3.13",
    "cmake_host_system_information": "3.0",
    "cmake_language": "3.18",
    "cmake_path": "3.20",
    "fetchcontent_declare": "3.11",
    "fetchcontent_makeavailable": "3.14",
    "include_guard": "3.10",
    "target_compile_features": "3.1",
    "target_link_directories": "3.13",
    "target_link_options": "3.13",
    "target_precompile_headers": "3.16",
    "target_sources": "3.1",
}
#: Start of other commands → what brings them, by a name for people, and Debian's package or pip's where there is one.
_BRINGS = (
    ("pkg_check_modules", "find_package(PkgConfig), which needs pkg-config", "", ""),
    ("pkg_search_module", "find_package(PkgConfig), which needs pkg-config", "", ""),
    ("pybind11_", "pybind11", "pybind11-dev", "pybind11"),
    ("nanobind_", "nanobind", "", "nanobind"),
    ("python_extension_module", "scikit-build", "", "scikit-build"),
    ("add_cython_target", "scikit-build", "", "scikit-build"),
    ("add_f2py_target", "scikit-build", "", "scikit-build"),
    ("corrosion_", "Corrosion, which is not in the project's folder or not found", "", ""),
    ("ecm_", "KDE's extra-cmake-modules", "extra-cmake-modules", ""),
    ("qt_", "Qt 6's development files", "qt6-base-dev", ""),
    ("qt6_", "Qt 6's development files", "qt6-base-dev", ""),
    ("qt5_", "Qt 5's development files", "qtbase5-dev", ""),
    ("protobuf_generate", "find_package(Protobuf)", "libprotobuf-dev", ""),
    ("catkin_", "ROS's catkin", "catkin", ""),
    ("ament_", "ROS 2's ament", "", ""),
    ("rapids_", "RAPIDS-CMake, which the project downloads", "", ""),
    ("halide_", "Halide", "", ""),
    ("swig_add_library", "find_package(SWIG) with include(UseSWIG)", "swig", ""),
    ("cuda_add_", "find_package(CUDA), which CMake dropped in 3.27", "", ""),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See CMake stop at a command or a generator expression."""
    for hit in log.find("cmake-expression")[:1]:
        name = hit.groups["name"]
        since = _EXPRESSIONS.get(name, "")
        yield finding_from_hits(
            log,
            [hit],
            f"CMake is older than {since}, which brought the generator expression $<{name}>"
            if since
            else f"CMake does not know the generator expression $<{name}>: it is too old for the project, or the name "
            "is misspelled",
            "CMake stops, and nothing is compiled.",
            _newer(since),
        )
    for hit in log.find("cmake-command")[:1]:
        command = hit.groups["command"]
        since = _SINCE.get(command.lower(), "")
        if since:
            message = f"CMake is older than {since}, which brought the command {command}"
            fixes = _newer(since)
        else:
            message = f"CMake does not know the command {command}, as what defines it was not found"
            fixes = _fixes(log, hit.line, command)
        yield finding_from_hits(log, [hit], message, "CMake stops, and nothing is compiled.", fixes)


def _newer(since: str) -> tuple[Fix, ...]:
    """Return the fixes that bring CMake *since* or later; without a release, the newest."""
    return (
        Fix(
            "install a newer CMake with pip",
            (Command(f"python3 -m pip install {_quoted(since)}", FixStage.TOOLCHAIN),),
            notes="Its folder has to be before /usr/bin in PATH: an environment's bin, or ~/.local/bin.",
        ),
        Fix("build on a newer release of the distribution, or in a newer image"),
    )


def _quoted(since: str) -> str:
    return f"'cmake>={since}'" if since else "--upgrade cmake"


def _fixes(log: BuildLog, line: int, command: str) -> tuple[Fix, ...]:
    if match := re.fullmatch(r"(?i)(python[23]?)_add_library", command):
        return _for_python(match[1].capitalize())
    row = next((row for row in _BRINGS if command.lower().startswith(row[0])), None)
    complete = fetch_submodules(
        "complete the source",
        "Where a module of the project itself defines it: its folder cmake/ or a submodule is missing, as after "
        "a COPY that flattens folders; or the command is called before include().",
    )
    if row is None:
        return (complete,)
    _, what, debian, pip = row
    if pip:
        notes = f'In a wheel\'s build: requires = ["{pip}"] in [build-system].'
        return (
            Fix(f"install {what}", (Command(f"python3 -m pip install {pip}", FixStage.TOOLCHAIN),), notes=notes),
            complete,
        )
    if command.startswith("pkg_"):
        return (*advise(log, line, _pkg_config), Fix("call find_package(PkgConfig REQUIRED) before it"))
    first = advise(log, line, _install, debian) if debian else ()
    return (*(first or (Fix(f"bring {what}"),)), complete)


def _for_python(package: str) -> tuple[Fix, ...]:
    """Return the fixes for a function that find_package(*package*) defines, where Development is found."""
    return (
        Fix(
            "call find_package before what uses it",
            notes=f"find_package({package} 3.9 COMPONENTS Interpreter Development.Module REQUIRED), in the "
            f"CMakeLists.txt above "
            "the call, and above find_package(pybind11) or add_subdirectory of it: else pybind11 looks for Python as "
            "before CMake 3.12, which defines no such command. cmake_minimum_required(VERSION 3.18) or later.",
        ),
        Fix(
            "if it is there: let it find this Python's headers",
            notes=f"-D{package}_EXECUTABLE=PATH, or -DPYBIND11_FINDPYTHON=ON with pybind11 2.6 or later. The output of "
            "find_package names what it found; Development.Module needs Python.h.",
        ),
    )


def _pkg_config(env: Environment) -> list[Fix]:
    packages = tool(system(env), "pkg-config")
    return [Fix(f"install {' '.join(packages)}", install(system(env), packages), safe=True)] if packages else []


def _install(env: Environment, package: str) -> list[Fix]:
    if env.distro.family != "debian":
        return []
    return [Fix(f"install {package}", install(system(env), (package,)), safe=True)]
