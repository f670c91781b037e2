"""A crate generates its bindings with libclang, which is not installed.

``bindgen`` loads libclang at build time. It is part of LLVM, not of the C compiler, and minimal images do not contain
it.

How to fix: install ``libclang-dev`` (Debian), ``clang-devel`` (RPM distributions from 8 on), ``clang-dev`` (Alpine) or
``clang`` (Arch). If it is in another folder, set ``LIBCLANG_PATH``. In a pypa image, run ``manylinux-install-clang``.

References:
    https://rust-lang.github.io/rust-bindgen/requirements.html
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import advise, finding_from_hits, sees_install
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.fix import fix
from diagnose.remedies.install import system, tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "no-libclang",
        ("nable to find libclang", r"[Uu]nable to find libclang"),
        (
            "any valid shared libraries matching",
            r"couldn't find any valid shared libraries matching: \[.{0,600}libclang",
        ),
        (
            "libclang",
            r"libclang\S{0,60}: cannot open shared object file|[Cc]ould not (?:find|locate) libclang",
        ),
    ),
    env_facts=("project.crates",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether a crate that needs libclang finds it."""
    crate = env.project.crate("clang-sys")
    if crate is None or env.toolchain.libclang:
        return
    evidence = [Evidence(f"clang-sys {crate.version}, which loads libclang", env.project.lock)]
    setting = env.variables.get("LIBCLANG_PATH")
    if setting is not None:
        evidence.append(setting_evidence(setting, f"{setting.value} contains no libclang"))
    yield Finding(
        message="bindgen needs libclang, which is not installed",
        severity=Severity.ERROR,
        evidence=tuple(evidence),
        consequence='The build script fails: "Unable to find libclang".',
        fixes=(_fix(env),),
    )


def _fix(env: Environment) -> Fix:
    here = system(env)
    if here.container in ("manylinux", "musllinux"):
        return fix(
            env, "install the image's own clang", commands=(Command("manylinux-install-clang", FixStage.PACKAGES),)
        )
    packages = tool(here, "libclang")
    if packages:
        return fix(env, f"install {' '.join(packages)}", packages)
    return fix(env, "install LLVM's libclang", notes="This system has no package of it that bindgen accepts.")


_ON_WINDOWS = Fix(
    "install LLVM, and name the folder with libclang.dll",
    (
        Command("winget install LLVM.LLVM", FixStage.TOOLCHAIN),
        Command('set "LIBCLANG_PATH=C:\\Program Files\\LLVM\\bin"', FixStage.TOOLCHAIN),
    ),
    notes="Visual Studio's own clang has it too: VC\\Tools\\Llvm\\x64\\bin. Its bits have to be those of rustc.",
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See clang-sys not find the library; libclang-broken covers one that cannot be loaded."""
    hits = [
        hit
        for hit in log.find("no-libclang")
        if ("invalid: []" in hit.text or "invalid:" not in hit.text) and not log.near(hit.line, "libclang-unopened")
    ]
    if hits:
        fixes = advise(log, hits[0].line, _fixes)
        if any("clang.dll" in hit.text for hit in hits) and all(sign.system != "msys2" for sign in log.sights):
            fixes = (_ON_WINDOWS,)
        yield finding_from_hits(
            log,
            hits,
            f"bindgen needs libclang, which is not {'found' if sees_install(fixes) else 'installed'}",
            "The bindings cannot be generated, and the crate cannot be built.",
            fixes,
        )


def _fixes(env: Environment) -> tuple[Fix, ...]:
    return (_fix(env),)
