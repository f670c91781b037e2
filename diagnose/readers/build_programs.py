"""Programs and headers that a build uses beside its compilers, as build scripts, flags and settings name them.

Sources: The Cargo Book (``build.rustc-wrapper``, ``build.rustflags``); GCC's manual (``-fuse-ld``).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.toolchain import compilers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.cargo.variables import Setting, Variables
    from diagnose.readers.system.root import Root
    from diagnose.readers.toolchain.toolchain_facts import Finder, Program


def absent_headers(place: Root, target: Target, project: Project) -> Iterator[str]:
    """Yield the headers that build scripts need for *target* and that no folder of its compiler has."""
    own = (f"/usr/include/{target.multiarch}", f"/usr/{target.gnu}/include", f"/usr/{target.gnu}/sys-root/usr/include")
    folders = (*own, "/usr/include", "/usr/local/include")
    for headers in dict.fromkeys(need.tool[1:-1] for need in project.tools if need.tool.startswith("<")):
        if not any(place.exists(f"{folder}/{header}") for header in headers.split("|") for folder in folders):
            yield headers.partition("|")[0]


def run_by_scripts(
    finder: Finder,
    variables: Variables,
    target: Target,
    host: Target,
    linker: Setting | None,
    project: Project,
) -> Iterator[Program]:
    """Yield the programs that the project's build scripts run, each once, as the build replaces them."""
    for tool in dict.fromkeys(need.tool for need in project.tools if not need.tool.startswith(("<", "$", "+"))):
        if tool == "c++":
            yield compilers.cxx_compiler(finder, variables, target, host, linker)._replace(name="c++")
            continue
        setting = variables.get(_NAMED_BY.get(tool, ""))
        program = finder.program(setting.value, setting) if setting else finder.program(tool)
        others = (finder.program(other) for other in _INSTEAD.get(tool, ()))
        program = program if program.found or setting else next((one for one in others if one.found), program)
        yield program._replace(name=tool)
        if tool == "cmake" and not variables.get("CMAKE_GENERATOR"):  # it writes the files of make
            make = (finder.program(name) for name in ("make", "gmake"))
            yield next((one for one in make if one.found), finder.program("make"))


def wrappers(finder: Finder, settings: Iterable[Setting]) -> Iterator[Program]:
    """Yield the programs that *settings* name."""
    for setting in settings:
        yield finder.program(setting.value, setting)


def fused(finder: Finder, setting: Setting | None, target: Target) -> Program | None:
    """Return the program that ``-fuse-ld=`` names, wherever a compiler for *target* searches for it."""
    if setting is None:
        return None
    name = setting.value
    names = (f"{target.gnu}-ld.{name}", f"/usr/{target.gnu}/bin/ld.{name}", name) if "/" not in name else ()
    first = finder.program(name if "/" in name else f"ld.{name}", setting)
    return next((one for one in (first, *map(finder.program, names)) if one.found), first)._replace(setting=setting)


#: The variable that names a program, and programs that do in its place.
_NAMED_BY = {"cmake": "CMAKE", "make": "MAKE", "pkg-config": "PKG_CONFIG", "protoc": "PROTOC"}
_INSTEAD = {"cmake": ("cmake3",), "make": ("gmake",)}
