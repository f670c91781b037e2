"""Rust's standard library for the target is not installed in the toolchain in use.

The compiler generates code for every target, but the standard library is installed per target and per toolchain: one
that was added to ``stable`` is missing where a ``rust-toolchain.toml``, ``sudo`` or a distribution's rustc selects
another.

How to fix: run ``rustup target add`` in the project's folder, so that it changes the toolchain in use; with the
distribution's rustc, install its package for the target. Debian and Ubuntu have several compilers, each with its own
standard library: ``rustc`` needs ``libstd-rust-dev:ARCH``, ``rustc-web`` ``libstd-rust-web-dev:ARCH``, ``rustc-1.80``
``libstd-rust-1.80-dev:ARCH``. Installing the one of another compiler makes apt remove the compiler in use.

References:
    https://rust-lang.github.io/rustup/cross-compilation.html
    https://packages.debian.org/bookworm/rustc-web
    https://packages.ubuntu.com/noble-updates/rustc-1.80
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import advise, finding_from_hits
from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.fix import fix
from diagnose.remedies.install import system, unavailable_reason
from diagnose_checks.rust._triage import WORDINGS, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

# rustc suggests `rustup target add` whatever its origin, so only these lines show it.
CHECK = Check(
    since="0.1.0",
    phase=Phase.RUST,
    patterns=(
        *WORDINGS,
        *patterns_for(
            "rustc-of-rustup",
            ("rustup/toolchains/", r"rustup/toolchains/"),
            ("info: ", r"^info: (?:syncing channel|latest update|downloading component|installing component)"),
        ),
        *patterns_for(
            "rustc-of-distribution",
            ("/usr/lib/rust", r"/usr/lib/rust(?:lib|-1\.\d+)/"),
            ("(built from a source tarball)", r"rustc 1\..{0,200}\(built from a source tarball\)"),
            ("/usr/src/rustc-", r"/usr/src/rustc-1\."),
        ),
        *patterns_for("rustc-without-rustup", ("Rustup is not being used", r"Rustup is not being used")),
        *patterns_for(
            "std-not-offered",
            ("is not available for ", r"rust-std is not available for (?P<triple>[\w.-]{1,60})"),
        ),
    ),
    env_facts=("without_std",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See that the standard library is not installed."""
    rust = env.toolchain.rust
    absent = next(iter(env.without_std), None)
    if not rust.rustc.found or absent is None or (absent is env.host and not rust.package):
        return
    own = f"{rust.rustc.path} of {rust.package}" if rust.package else rust.rustc.path
    used = f"toolchain {rust.toolchain}" if rust.toolchain else own
    has = ", ".join(rust.std) or "no target"
    evidence = [Evidence(f"{used} has {has}", f"{rust.sysroot}/lib/rustlib" if rust.sysroot else rust.rustc.path)]
    if rust.chosen is not None:
        evidence.append(setting_evidence(rust.chosen))
    yield Finding(
        message=f"{used} has no standard library for {absent.triple}",
        severity=Severity.ERROR,
        evidence=tuple(evidence),
        consequence='Nothing compiles: "error[E0463]: can\'t find crate for `core`" or "for `std`".'
        if absent is env.target
        else 'No build script compiles: "error[E0463]: can\'t find crate for `std`".',
        fixes=(_fix(env._replace(target=absent)),),
    )


def _fix(env: Environment) -> Fix:
    triple, rust = env.target.triple, env.toolchain.rust
    if rust.toolchain:
        return fix(env, f"add {triple} to the toolchain in use", commands=(_rustup(triple),))
    if package := _package(env, rust.package):
        return fix(env, f"install {package}, of the same release as {rust.package}", (package,))
    reason = f"This distribution packages no standard library for {triple}."
    if system(env).family == "debian" and not rust.package:
        reason = f"{rust.rustc.path} belongs to no package, so no package has a matching standard library."
    return fix(
        env,
        "install Rust with rustup, which has every target",
        notes=f"{reason} See https://rustup.rs, then `rustup target add {triple}`.",
    )


def _package(env: Environment, compiler: str) -> str:
    """Return the package of the target's standard library for the rustc of package *compiler*; empty if unknown."""
    here = system(env)
    if here.family != "debian" or unavailable_reason(here, env.target) or not compiler.startswith("rustc"):
        return ""
    suffix = "" if env.target.debian == here.native else f":{env.target.debian}"
    return f"libstd-rust{compiler.removeprefix('rustc')}-dev{suffix}"


def _rustup(triple: str) -> Command:
    return Command(f"rustup target add {triple}", FixStage.TOOLCHAIN)


def log(log: BuildLog) -> Iterator[Finding]:
    """See rustc miss `core` or `std` for a target that the log does not add."""
    for triple, hits in missing(log).items():
        if any(hit.groups["triple"] == triple and hit.line < hits[0].line for hit in log.find("rust-std")):
            continue
        yield finding_from_hits(
            log,
            hits,
            f"the standard library for {triple or 'the target'} is not installed",
            "Nothing compiles.",
            _for_log(log, hits[0].line, triple),
        )


#: Parts of the names of rustc's own targets (rustc --print target-list, 1.91).
_SYSTEMS = re.compile(
    r"-(?:linux|windows|darwin|ios|tvos|watchos|visionos|macabi|android|freebsd|netbsd|openbsd|dragonfly|solaris|illumos"
    r"|none|uefi|wasi\w*|emscripten|unknown|fuchsia|redox|haiku|hermit|vxworks|nto|aix|hurd|cygwin|xous|sgx|psp|psx|vita"
    r"|3ds|switch|cuda|espidf|nuttx|rtems|sim|elf|trusty|teeos|zkvm|lynxos|cygwin|l4re|uclibc|newlib|ohos|eabi|amdhsa)"
)


def _is_custom(triple: str) -> bool:
    """Whether *triple* is the name of a target file of the project (``x86_64-blog_os.json``): rustc has none such."""
    return bool(triple) and targets.resolve(triple) is None and not _SYSTEMS.search(triple)


def _built_with_it(triple: str) -> Fix:
    return Fix(
        "let cargo build the standard library, which Rust does not offer for this target",
        (
            Command("rustup toolchain install nightly --component rust-src", FixStage.TOOLCHAIN),
            Command(f"cargo +nightly build --release -Z build-std --target {triple}", FixStage.BUILD),
        ),
        notes="A target file of your own: --target NAME.json, or build-std in [unstable] of .cargo/config.toml; "
        "-Z build-std=core,alloc where there is no system."
        if _is_custom(triple)
        else f"cross: build-std = true below [target.{triple}] in Cross.toml, and cross +nightly.",
    )


def _for_log(log: BuildLog, line: int, triple: str) -> tuple[Fix, ...]:
    """Return the fix with rustup, with the distribution's package, or both if the log does not show which applies."""
    row = targets.resolve(triple) if triple else log.target_at(line)
    name = triple or (row.triple if row else "TARGET")
    if any(hit.groups["triple"] == triple for hit in log.find("std-not-offered")) or _is_custom(triple):
        return (_built_with_it(triple),)
    by_rustup = Fix(f"add {name} to the toolchain in use", (_rustup(name),) if name != "TARGET" else (), safe=True)
    if log.find("rustc-without-rustup"):
        return (
            Fix(
                "put the Rust of rustup first on PATH, and add the target to it",
                (Command('export PATH="$HOME/.cargo/bin:$PATH"', FixStage.TOOLCHAIN), _rustup(name)),
                notes="https://rustup.rs installs it. Homebrew's and most distributions' rustc have their own system's "
                "target alone: `brew uninstall rust`, or leave its folder behind rustup's on PATH.",
            ),
        )
    if row is None or log.find("rust-std", "rustc-of-rustup"):  # what is of another system only rustup has
        return (by_rustup,)
    known = bool(log.find("rustc-of-distribution"))
    if not known and log.machine is not None and log.distro_at(line) == log.machine.distro:
        if log.machine.rustc_from == "rustup":
            return (by_rustup,)
        known = log.machine.rustc_from == "package"
    by_package = advise(log, line, _packaged, row, known)
    if not by_package:
        return (by_rustup,)
    if known:
        return by_package
    return (by_rustup._replace(title=f"if rustc is from rustup: {by_rustup.title}"), *by_package)


def _packaged(env: Environment, target: Target, known: bool) -> list[Fix]:
    env = env._replace(target=target)
    package = _package(env, "rustc")
    if not package:
        return []
    condition = "" if known else "if rustc is Debian's or Ubuntu's: "
    notes = "For other compilers: rustc-web libstd-rust-web-dev, rustc-1.80 libstd-rust-1.80-dev."
    return [fix(env, f"{condition}install {package}, of the same release as rustc", (package,), notes=notes)]
