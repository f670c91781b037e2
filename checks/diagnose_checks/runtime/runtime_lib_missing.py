"""A shared library that the module or program needs is not installed on this system.

It was linked against a library of the build system. That library's name, with its number, does not exist here: it is
not installed, or this distribution has another major version (``libssl.so.1.1`` here, ``libssl.so.3`` there).

How to fix: install the package that contains the file. If this distribution has another version, build the module here,
or use a wheel that bundles its libraries (``auditwheel repair``, maturin's default).

References:
    https://man7.org/linux/man-pages/man8/ld.so.8.html
    https://peps.python.org/pep-0513/
"""

from __future__ import annotations

import re

from diagnose.authoring.loader_words import LOADER
from diagnose.authoring.log import distinct, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.remedies.install import APT_FILE
from diagnose.tables.repaired_names import is_hashed
from diagnose_checks.runtime._triage import LIBPYTHON, foreign_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LATER)
_SONAME = re.compile(r"^(?:lib[\w.+-]+|[\w+-]+)\.so(?:\.[\w.]+)?$")


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader miss a library, except copies in a wheel, libpython and C libraries."""
    for hit in distinct(log.find("loader-no-lib", "musl-no-lib"), "lib"):
        lib = hit.groups["lib"].rpartition("/")[2]
        if (
            not _SONAME.match(lib)
            or is_hashed(lib)
            or LIBPYTHON.match(lib)
            or LOADER.match(lib)
            or lib == "libc.so.6"
            or log.near(hit.line, "libclang-unopened")
            or foreign_module(hit)
            or hit.groups["why"].startswith("Exec format")
        ):
            continue
        yield finding_from_hits(
            log,
            [hit],
            f"{lib} is not installed on this system, or in another version",
            "It cannot be loaded.",
            [
                *([_STALE] if re.search(r"/build-script-(?:build|main)\b", hit.text) else []),
                Fix(f"install the package that contains {lib}", notes=_search(log.distro_at(hit.line).manager, lib)),
                Fix("bundle it in the wheel", notes="`auditwheel repair`, or maturin without --auditwheel skip."),
            ],
        )


def _search(manager: str, lib: str) -> str:
    asks = {
        "apt": f"`{APT_FILE} {lib}` finds it.",
        "dnf": f"`dnf provides '*/{lib}'` finds it.",
        "yum": f"`yum provides '*/{lib}'` finds it.",
        "apk": f"`apk add so:{lib}` installs it.",
        "pacman": f"`pacman -F {lib}` finds it.",
        "zypper": f"`zypper what-provides '{lib}()(64bit)'` finds it.",
    }
    return asks.get(manager, f"`apt-file search {lib}`, `dnf provides '*/{lib}'` or `apk add so:{lib}`.")


#: A build script is linked against the libraries that its build found.
_STALE = Fix(
    "build again from scratch: the build script was linked on another system",
    (Command("cargo clean", FixStage.BUILD),),
    notes="Give each system and image a target folder of its own: CARGO_TARGET_DIR.",
)
