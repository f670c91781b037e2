"""The extension module is linked against libpython.

A module gets Python's functions from the interpreter that imports it, so it must not need ``libpython3.X.so``. Many
interpreters (Debian's and manylinux's among them) contain Python statically and have no such file; where one exists,
the module loads a second interpreter into the process. The platform policies therefore forbid it.

How to fix: for Rust, enable PyO3's ``extension-module`` feature (``PYO3_BUILD_EXTENSION_MODULE`` in newer versions);
disable it only for tests and for programs that embed Python. For C, drop ``-lpython3.X`` and do not use the flags of
``python3-config --embed`` or of CMake's ``Python::Python`` (``Python::Module`` is the right target).

References:
    https://pyo3.rs/latest/building-and-distribution
    https://peps.python.org/pep-0513/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import bounded, has_linux_code, some, tagged_elves
from diagnose.authoring.wheel_libraries import is_libpython, needing
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.repack import inside, repack
from diagnose.remedies.visual_studio import RELEASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(
    since="0.1.0",
    needs="tags",
    applies=has_linux_code,
    log_kinds=("audit-forbidden", "ld-no-lib", "native-static", "loader-no-lib"),
    patterns=patterns_for(
        "libpython",
        ("links libpython", r"Your library links libpython \((?P<lib>[^)]{1,200})\)"),
        (
            "only supports embedding",
            r"your python installation only supports embedding the Python interpreter statically",
        ),
        ("`auto-initialize`", r"The `auto-initialize` feature is enabled, but your python installation only supports"),
    ),
)
_IMPORT_LIB = re.compile(r"(?i)python3\d*(?:_d|t)?\.lib$")
#: The loader's words about a program; of a module Python itself reports the error.
_PROGRAM = re.compile(r": error while loading shared libraries: ")
_LIB = re.compile(r"^python3(?:\.\w{1,9})?[a-z]*$")  # also 3.X, as people write it when they quote a log
# An interpreter that was copied without its library may need it.
_INTERPRETER = re.compile(r"(?:^|[\s/])python[\d.]*: error while loading")


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See extension modules, or libraries beside them, that need a libpython that the wheel lacks."""
    present = {name.rpartition("/")[2] for name in wheel.files}
    named = needing(tagged_elves(wheel), lambda name: is_libpython(name) and name not in present)
    users = [(elf, name) for elf, name in named if not elf.is_executable]
    if not users:
        return
    names = sorted({name for _, name in users})
    lines = [
        f"patchelf --remove-needed {name} {inside(wheel, [e.path for e, n in users if n == name])}" for name in names
    ]
    yield Finding(
        f"is linked against {some(names)}",
        Severity.ERROR if any(elf.is_extension for elf, _ in users) else Severity.WARNING,
        bounded(Evidence(f"needs {name}", elf.path) for elf, name in users),
        f"with an interpreter without that file: ImportError: {names[0]}: cannot open shared object file: "
        "No such file or directory",
        (
            Fix(
                "build it as an extension module",
                notes='PyO3: the feature "extension-module" in pyproject.toml, [tool.maturin] features = '
                '["pyo3/extension-module"]. CMake: Python::Module instead of Python::Python.',
            ),
            repack(wheel, "remove the entry from the finished wheel", lines),
        ),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker, PyO3, the audit or the loader miss or reject libpython."""
    hits = [
        *log.find("libpython"),
        *(hit for hit in log.find("audit-forbidden") if "libpython3" in hit.groups["libs"]),
        *(hit for hit in log.find("ld-no-lib", "native-static") if _LIB.match(hit.groups["lib"])),
        *(
            hit
            for hit in log.find("loader-no-lib")
            # Android requires what is a fault elsewhere.
            if is_libpython(hit.groups["lib"]) and "bionic" not in hit.groups and not _INTERPRETER.search(hit.text)
        ),
    ]
    imports = [hit for hit in log.find("ld-no-lib") if _IMPORT_LIB.match(hit.groups["complete"])]
    if imports and not hits:
        name = imports[0].groups["complete"]
        if name.lower().endswith("_d.lib"):
            yield finding_from_hits(
                log,
                imports,
                f"the linker does not find {name}, which only a debug build of Python has",
                "No wheel is built.",
                (RELEASE,),
            )
            return
        yield finding_from_hits(
            log,
            imports,
            f"the linker does not find {name}, Python's import library",
            "No wheel is built.",
            (
                Fix(
                    "on Windows: build with the interpreter that has it",
                    notes="maturin build -i python3.12; it is in the folder libs of the installation, which the "
                    "Python of "
                    "the Microsoft Store and embeddable ones lack. PyO3 links the version that it was configured for: "
                    "`cargo clean` after a change of the interpreter.",
                ),
                Fix(
                    "in a cross build: let PyO3 make it",
                    notes='PyO3 before 0.28: pyo3 = { …, features = ["generate-import-lib"] }; newer ones need none.',
                ),
            ),
        )
        return
    if not hits:
        return
    hits.sort(key=lambda hit: hit.line)
    loaded = all(hit.kind == "loader-no-lib" for hit in hits)
    fixes = [
        Fix(
            "build it as an extension module, without libpython",
            notes='pyproject.toml: [tool.maturin] features = ["pyo3/extension-module"]; PyO3 0.26 and later take '
            "PYO3_BUILD_EXTENSION_MODULE=1 instead. manylinux images have no libpython; python3-devel does not help.",
        ),
        Fix(
            "for a program or test that embeds Python, outside a manylinux image: install libpython",
            notes="python3-dev or python3-devel; for pyenv, PYTHON_CONFIGURE_OPTS=--enable-shared."
            + (" LD_LIBRARY_PATH must include its folder." if loaded else ""),
        ),
    ]
    what = hits[0].groups["lib"] or "libpython"
    if loaded and all(_PROGRAM.search(hit.text) for hit in hits):
        yield finding_from_hits(
            log,
            hits,
            f"the program is linked with {what}, and the loader does not find it",
            "It does not start.",
            (
                Fix(
                    "name the folder of that Python's library to the loader",
                    notes="LD_LIBRARY_PATH: the LIBDIR that `python3 -m sysconfig` prints, of the Python that it was "
                    "built with. Pythons of conda and uv have the file, pyenv's with --enable-shared; Debian has "
                    "it in libpython3.X.",
                ),
                Fix(
                    "record the folder in the program",
                    notes="A build script of the program prints cargo:rustc-link-arg=-Wl,-rpath,FOLDER.",
                ),
            ),
        )
        return
    yield finding_from_hits(
        log,
        hits,
        f"it is linked against {what if 'python' in what else 'libpython'}, which an extension module must not be",
        "It cannot be loaded." if loaded else "No wheel is built.",
        fixes,
    )
