"""The wheel has an extension module without the function that Python calls to import it.

``import demo._native`` opens the file and calls ``PyInit__native`` in it: the function's name ends in the last part of
the module's name. (CPython 3.15 also accepts ``PyModExport__native``, PEP 793.) A file that is named as a module and
does not export that function cannot be imported.

The usual cause is Rust's PyO3: ``#[pymodule] fn other`` in a library that maturin calls ``native``. maturin warns about
it. A renamed file, a version script that hides all symbols, and ``-fvisibility=hidden`` without ``PyMODINIT_FUNC`` have
the same effect.

How to fix: give the function and the module one name: ``#[pymodule(name = "…")]``, or ``module-name`` in
``[tool.maturin]``.

References:
    https://docs.python.org/3/extending/building.html
    https://peps.python.org/pep-0793/
    https://www.maturin.rs/config
"""

from __future__ import annotations

from diagnose.authoring.extension_names import ExtensionName, before_mod_export, modules
from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import bounded, has_modules, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity
from diagnose.model.pattern import patterns_for
from diagnose.readers.elf.elf_parser import Elf, module_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(
    since="0.1.0",
    needs="tags",
    applies=has_modules,
    patterns=(
        *patterns_for(
            "module-export",
            (
                "does not define module export function",
                r"dynamic module does not define module export function \((?P<function>Py(?:Init|ModExport)_\w+)\)",
            ),
            # Python 2, and 3 to 3.4
            (
                "does not define init function",
                r"dynamic module does not define init function \((?P<function>(?:PyInit_|init)\w+)\)",
            ),
        ),
        *patterns_for(
            "module-export-link",  # setuptools tells Microsoft's linker to export the function
            ("PyInit_", r"error LNK2001: .{3,60}?(?P<function>PyInit_[^\s\"'“”»，。.]{1,100})"),
            ("PyInit_", r"lld-link: error: <root>: undefined symbol: (?P<function>PyInit_\S{1,100})"),
        ),
        *patterns_for(
            "module-export-warning",
            (
                "Python will fail to import this module",
                r"find the symbol .(?P<function>PyInit_\w+).(?: or .PyModExport_\w+.)? in the native "
                r"library\. Python will fail",
            ),
        ),
    ),
)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See files that are named as modules, use Python, and lack the function with their name."""
    links: dict[str, list[str]] = {}
    for link in wheel.links:
        links.setdefault(link.path, []).append(link.target)
    elves = {elf.path: elf for elf in wheel.elves}
    early = before_mod_export(wheel)
    found = []
    for module in modules(wheel):
        name = module_name(module.elf.path)
        # The search also finds the function in the libraries that the file needs.
        providers = [module.elf, *(elves[path] for path in links.get(module.elf.path, ()) if path)]
        known = [exports for elf in providers for exports in _exports(elf, early)]
        if not any(name in exports for exports in known) and _is_meant(wheel, module):
            found.append((module, name))
    if not found:
        return
    first, name = found[0]
    names = sorted({other for module, _ in found for exports in _exports(module.elf) for other in exports})
    yield Finding(
        f"has modules that do not export their init function: {some([module.elf.name for module, _ in found])}",
        Severity.ERROR,
        bounded(
            Evidence(f"no PyInit_{name} among its dynamic symbols{_instead(module.elf, early)}", module.elf.path)
            for module, name in found
        ),
        f"ImportError: dynamic module does not define module export function (PyInit_{name})",
        _later(name) if name in first.elf.mod_exports else _fixes(wheel, first, name, names),
    )


def _exports(elf: Elf, early: str = "") -> tuple[tuple[str, ...], ...]:
    """Return the names of the modules that the file exports, for Pythons that *early* is one of."""
    return (elf.init, elf.init2) if early else (elf.init, elf.mod_exports, elf.init2)


def _later(name: str) -> tuple[Fix, ...]:
    return (
        Fix(
            f"export PyInit_{name} too",
            notes=f"CPython looks for PyModExport_{name} (PEP 793) from 3.15 on. Or tag it cp315.",
        ),
    )


def _is_meant(wheel: Wheel, module: ExtensionName) -> bool:
    """Whether the file is meant to be imported: it exports another module's function, or uses Python's functions.

    Build tools also give a module's ending to plain libraries for ctypes, which do neither, and to libraries that other
    files of the wheel are linked with, which may use Python.
    """
    elf = module.elf
    if not any(_exports(elf)) and any(link.target == elf.path for link in wheel.links):
        return False
    if any(tag.python.startswith(("cp2", "py2", "pp2")) for tag in wheel.tags) or elf.broken:
        return False
    return any(_exports(elf)) or any(name.startswith(("Py", "_Py")) for name in elf.undefined)


def _instead(elf: Elf, early: str) -> str:
    if module_name(elf.path) in elf.mod_exports:
        return f", only PyModExport_{module_name(elf.path)}, which {early} does not know"
    others = [*(f"PyInit_{name}" for name in elf.init), *(f"PyModExport_{name}" for name in elf.mod_exports)]
    return f", but {some(others)}" if others else ""


def _fixes(wheel: Wheel, module: ExtensionName, name: str, others: list[str]) -> tuple[Fix, ...]:
    if wheel.generator.startswith(("maturin", "setuptools-rust")):
        rust = Fix(
            f'give the Rust function its module name: #[pymodule(name = "{name}")]',
            (Command("maturin build --release", FixStage.BUILD),) if wheel.generator.startswith("maturin") else (),
            notes=f'Or give the module that name: module-name = "{others[0]}" in [tool.maturin].' if others else "",
        )
        return (rust,)
    return (
        Fix(
            f"export PyInit_{name} from {module.elf.name}",
            notes='C, C++: declare it PyMODINIT_FUNC, which exports it, and extern "C". The part after PyInit_ is the '
            "last part of the module's name.",
        ),
    )


_REBUILD = (
    Fix(
        "if it is another's module: build or install it for this Python",
        notes="`nm -D FILE | grep -E ' T (Py)?[Ii]nit'` shows its function: initNAME is Python 2's.",
    ),
)
_FOR_PYTHON_2 = ", which Python 2 looks for: it was built for Python 3, or its function has another name"


def log(log: BuildLog) -> Iterator[Finding]:
    """See Python report that the function is missing, the linker not find it, or maturin warn about it."""
    for hit in log.find("module-export-link")[:1]:
        function = hit.groups["function"]
        name = function.removeprefix("PyInit_")
        path = "/" in name or "\\" in name
        dotted = re.sub(r"[\\/]+", ".", name)
        library = Fix(
            "if it is not a module, but a library for ctypes: export nothing",
            notes="In setup.py, a class derived from build_ext with `def get_export_symbols(self, ext): return "
            "ext.export_symbols`, in cmdclass; its functions need __declspec(dllexport). Code for Python 2 has "
            f"init{name} instead: take a release for Python 3.",
        )
        yield finding_from_hits(
            log,
            [hit],
            f"no source of the module defines {function}, which a module of that name has to export",
            "Linking fails: setuptools tells Microsoft's linker to export it. Elsewhere the import would fail.",
            (
                Fix(f'name the module with dots in setup.py: Extension("{dotted}", …)')
                if path
                else Fix(
                    f"give the module's function that name: PyInit_{name}",
                    notes=f"pybind11: PYBIND11_MODULE({name}, m). Cython: the .pyx file is called {name}, and its C "
                    "file is among the sources. SWIG: the module is called _NAME.",
                ),
                library,
            ),
        )
        return
    for hit in [*log.find("module-export"), *log.find("module-export-warning")][:1]:
        function = hit.groups["function"]
        name = function.removeprefix("PyInit_").removeprefix("PyModExport_")
        if not function.startswith("Py"):
            name = function.removeprefix("init")
        yield finding_from_hits(
            log,
            [hit],
            f"the module exports no {function}{'' if function.startswith('Py') else _FOR_PYTHON_2}",
            f"It cannot be imported: its function has another name than the file, {name}, or is for another Python.",
            (
                Fix(
                    f'give the function the name of the file: #[pymodule(name = "{name}")] in Rust, PyInit_{name} in C',
                    notes=f"pybind11: PYBIND11_MODULE({name}, m). nanobind: NB_MODULE({name}, m). Cython: the .pyx "
                    "file has that name, and the built file is not renamed. PyPy loads only what was built for PyPy.",
                ),
                Fix("give the module the function's name: module-name in [tool.maturin]"),
                *(_REBUILD if hit.kind == "module-export" else ()),
            ),
            # maturin writes the wheel anyway.
            Severity.ERROR if hit.kind == "module-export" else Severity.WARNING,
        )
