"""macOS refuses to load a module: it is for another processor, or a library that it names is not there.

Modules for Intel processors do not load in a Python for Apple silicon, and the reverse; a Python that was installed
for Intel runs under Rosetta and installs Intel's wheels. Libraries are named by their place on the machine that
linked them, or by ``@rpath``, which has to lead to them.

How to fix: install everything for one processor again, from the Python on. Who builds the wheel bundles its libraries
with delocate.

References:
    https://developer.apple.com/documentation/apple-silicon/about-the-rosetta-translation-environment
    https://github.com/matthew-brett/delocate
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "runtime-macos-module-unfit",
        (
            "incompatible architecture",
            r"incompatible architecture \(have '(?P<have>[\w,]{1,40})', need '(?P<need>\w{1,20})'\)",
        ),
        ("incompatible architecture", r"(?P<wrapped>incompatible architecture)"),
        ("but wrong architecture", r"mach-o, but (?P<wrong>wrong architecture)"),
        ("Library not loaded: ", r"Library not loaded: (?P<library>\S{1,300})"),
    ),
)
_PROCESSOR = (
    Fix(
        "install the package again for this Python",
        (Command("python3 -m pip install --force-reinstall --no-cache-dir PACKAGE", FixStage.BUILD),),
        notes="`python3 -c 'import platform; print(platform.machine())'` prints the processor. Make the environment "
        "again with "
        "a Python for this machine; a terminal under Rosetta, or Homebrew in /usr/local, gives Intel's.",
    ),
)
_LIBRARY = (
    Fix(
        "install the library where it is looked for",
        notes="Homebrew: the formula of that library; DYLD_LIBRARY_PATH names other folders. An upgrade may have "
        "removed the "
        "version: reinstall what needs it.",
    ),
    Fix("bundle it in the wheel", (Command("delocate-wheel -w wheelhouse WHEEL", FixStage.BUILD),)),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See macOS's loader refuse a file."""
    # libclang-broken has bindgen's words
    hits = [hit for hit in log.find("runtime-macos-module-unfit") if "libclang" not in hit.text]
    if hits:
        library = hits[0].groups["library"]
        have = next((hit.groups["have"] for hit in hits if hit.groups["have"]), "")
        need = next((hit.groups["need"] for hit in hits if hit.groups["need"]), "")
        yield finding_from_hits(
            log,
            hits,
            f"macOS does not find {library}, which a module or program needs"
            if library
            else f"the module is for {have}, and this Python is for {need}"
            if need
            else "the module is for another processor than this Python",
            "It cannot be loaded.",
            (*(_LIBRARY if library else _PROCESSOR),),
        )
