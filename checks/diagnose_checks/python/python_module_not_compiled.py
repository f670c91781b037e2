"""A module of the standard library is missing, because this Python was compiled without the library for it.

CPython builds without libraries that it does not find, and leaves out the module: ``ssl`` without OpenSSL,
``_ctypes`` without libffi, ``zlib``, ``bz2``, ``lzma``, ``sqlite3``, ``readline``, ``tkinter``. pyenv, asdf and
``make`` warn about it at the end of a long output. Then pip reaches no index, because it needs ``ssl``, or a build
stops at an import.

How to fix: install the development packages, and compile that Python again; or use a Python that is already complete:
the distribution's, uv's, or that of an official image.

References:
    https://github.com/pyenv/pyenv/wiki#suggested-build-environment
    https://devguide.python.org/getting-started/setup-building/#install-dependencies
"""

from __future__ import annotations

from diagnose.authoring.log import advise, finding_from_hits, later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.install import install, system

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

#: Module → the packages of Debian, Enterprise Linux and Alpine with the library's headers.
_PACKAGES: dict[str, dict[str, tuple[str, ...]]] = {
    "ssl": {"debian": ("libssl-dev",), "rhel": ("openssl-devel",), "alpine": ("openssl-dev",)},
    "ctypes": {"debian": ("libffi-dev",), "rhel": ("libffi-devel",), "alpine": ("libffi-dev",)},
    "zlib": {"debian": ("zlib1g-dev",), "rhel": ("zlib-devel",), "alpine": ("zlib-dev",)},
    "bz2": {"debian": ("libbz2-dev",), "rhel": ("bzip2-devel",), "alpine": ("bzip2-dev",)},
    "lzma": {"debian": ("liblzma-dev",), "rhel": ("xz-devel",), "alpine": ("xz-dev",)},
    "sqlite3": {"debian": ("libsqlite3-dev",), "rhel": ("sqlite-devel",), "alpine": ("sqlite-dev",)},
    "readline": {"debian": ("libreadline-dev",), "rhel": ("readline-devel",), "alpine": ("readline-dev",)},
    "curses": {"debian": ("libncurses-dev",), "rhel": ("ncurses-devel",), "alpine": ("ncurses-dev",)},
    "dbm": {"debian": ("libgdbm-dev",), "rhel": ("gdbm-devel",), "alpine": ("gdbm-dev",)},
}
_NAMES = "ssl|ctypes|bz2|lzma|sqlite3|curses"
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "python-incomplete",
        ("SL module is not available", r"because the (?P<module>SSL) module is not available"),
        ("module in Python is not avai", r"the (?P<module>ssl) module in Python is not available"),
        ("No module named '_", rf"^(?:E +)?(?:ModuleNotFound|Import)Error: No module named '_(?P<module>{_NAMES})'"),
        ("data; zlib not available", r"can't decompress data; (?P<module>zlib) not available"),
        # pyenv
        ("extension was not compiled", r"^ERROR: The Python (?P<module>\w{2,12}) extension was not compiled\."),
        ("module is not available", r"(?:pip|setup\.py) .{0,60}because the (?P<module>zlib) module is not available"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See pip, pyenv or an import miss a module of the standard library."""
    hits = log.find("python-incomplete")
    if not hits:
        return
    names = list(dict.fromkeys(hit.groups["module"].lower() for hit in hits))
    known = [name for name in names if name in _PACKAGES]
    yield finding_from_hits(
        log,
        hits,
        f"this Python was compiled without {' and '.join(names)}",
        "pip reaches no index without ssl; other modules cannot be imported." if "ssl" in names else "An import fails.",
        (
            *advise(log, hits[0].line, _bring, known),
            Fix(
                "use a Python that is complete",
                (Command("uv python install 3.12", FixStage.TOOLCHAIN),),
                notes="The distribution's own and those of official images are, too.",
            ),
        ),
    )


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is pip's conclusion from an index that it cannot reach."""
    return other.check in ("no-wheel-no-sdist", "build-backend-missing") and later(finding, other, log)


def _bring(env: Environment, names: list[str]) -> list[Fix]:
    here = system(env)
    packages = [package for name in names for package in _PACKAGES[name].get(here.family, ())]
    return [
        Fix(
            f"install {' '.join(packages) or 'the libraries'}, and compile that Python again",
            install(here, packages),
            notes="pyenv install --force VERSION; from source: ./configure, make and make install again.",
        )
    ]
