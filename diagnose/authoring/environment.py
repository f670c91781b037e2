"""Helpers for detectors of environments."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Evidence, Finding, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.readers.cargo.variables import Setting
    from diagnose.readers.elf.library import LinkFile
    from diagnose.readers.env import Environment
    from diagnose.readers.pkgconfig.pkgconfig_facts import Candidate, Library

#: Outcomes in which pkg-config was not run, so its result is unknown.
UNASKED = ("tool-missing", "tool-failed", "cross-refused", "unknown")


def setting_evidence(setting: Setting, detail: str = "") -> Evidence:
    """Return *setting* as evidence."""
    text = detail or f"{setting.name}={setting.value}"
    return Evidence(text, path=setting.path) if setting.path else Evidence(text, where=f"variable {setting.name}")


def refused(env: Environment, cause: str, consequence: str) -> Iterator[Finding]:
    """Yield what cargo, maturin or PyO3 refuses, as *cause*: an error, or what another option can avoid."""
    for one in env.refusals:
        if one.cause != cause:
            continue
        where = one.setting.where if one.setting is not None else one.path.rpartition("/")[2].partition(":")[0]
        yield Finding(
            message=one.wrong,
            severity=Severity.ERROR if one.certain else Severity.WARNING,
            evidence=(
                setting_evidence(one.setting)
                if one.setting is not None
                else Evidence(one.quoted, one.path)
                if one.path
                else Evidence(one.quoted, where="variable PATH"),
            ),
            consequence=consequence,
            fixes=(
                Fix(f"remove {one.setting.name}, or correct it", unset=(one.setting.name,))
                if one.setting is not None and not one.setting.path
                else Fix(f"correct {where}")
                if one.certain
                else Fix("name the Python to build for", notes="maturin build --release -i python3.12"),
            ),
        )


def names(libraries: Iterable[Library]) -> str:
    """Return the modules' names, separated by commas."""
    return ", ".join(dict.fromkeys(library.module for library in libraries))


def with_outcome(env: Environment, *outcomes: str) -> list[Library]:
    """Return the libraries with one of *outcomes*."""
    return [library for library in env.libraries if library.outcome in outcomes]


def if_installing(env: Environment) -> Severity:
    """Return the severity of a broken package manager: an error if the build still lacks something."""
    tools = env.toolchain
    complete = tools.linker.found and tools.host_cc.found and all(file.path for file in tools.start_files)
    satisfied = all(library.outcome in ("found", "overridden") for library in env.libraries)
    return Severity.WARNING if complete and satisfied else Severity.ERROR


def fitting(env: Environment, library: Library) -> list[Candidate]:
    """Return the module's ``.pc`` files that exist outside the search path and may be for the target."""
    return [candidate for candidate in library.candidates if candidate.debian in ("", env.target.debian)]


def answer_evidence(library: Library) -> Evidence:
    """Return evidence for the origin of *library*'s files: pkg-config, the crate's variables, or the crate alone."""
    words = f"returns {' '.join(library.libs)}"
    if library.directed_by:
        return setting_evidence(library.directed_by[0])
    return Evidence(words, where=f"the build script of {library.crate}" if library.alone else f"`{library.command}`")


def answer_source(library: Library) -> str:
    """Return the origin of *library*'s files as text."""
    if library.directed_by:
        return " and ".join(setting.name for setting in library.directed_by)
    return library.crate if library.alone else "pkg-config"


def belongs_to_host(env: Environment, file: LinkFile) -> bool:
    """Whether *file* is for the host and not for the target."""
    if file.elf is None:
        return bool(env.cross and file.accepted is False)
    elf = file.elf
    return env.host.accepts(elf.machine, elf.bits, elf.endian, elf.flags)
