"""The Rust toolchain is older than a crate or the lock file requires.

A crate uses an edition or a feature of a newer Rust, declares a newer ``rust-version``, its build script writes
``cargo::`` (1.77), or a newer cargo wrote Cargo.lock. Cross building is not the cause: distributions and old images
have an old Rust.

How to fix: use a newer toolchain (``rustup update``; Debian 12 has ``cargo-web`` and ``rustc-web``, 1.85 or later), or
older versions of the crates, which cargo's resolver 3 selects automatically.

References:
    https://github.com/rust-lang/cargo/blob/master/CHANGELOG.md
    https://packages.debian.org/bookworm/cargo-web
    https://doc.rust-lang.org/cargo/reference/build-scripts.html#outputs-of-the-build-script
    https://doc.rust-lang.org/cargo/reference/rust-version.html
    https://doc.rust-lang.org/cargo/reference/resolver.html#rust-version
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import finding_from_hits, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.model.versions import newer, version_key
from diagnose.readers.cargo.project import LOCK_SEEN
from diagnose.readers.cargo.project_facts import Floor
from diagnose.remedies.fix import fix
from diagnose.remedies.install import InstallSystem, install, system
from diagnose.remedies.release_workflow import RUSTUP
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment

leads_to = is_later
CHECK = Check(
    since="0.1.0",
    phase=Phase.RUST,
    patterns=patterns_for(
        "rust-old",
        ("is required", r"feature `(?P<needs>edition\d+)` is required"),
        (
            "is not stabilized in this version",
            r"Cargo feature called `(?P<feature>strip|named-profiles|resolver|edition\d+|rename-dependency"
            r"|alternative-registries|profile-overrides|workspace-inheritance|sparse-registry|lints)`, but that "
            r"feature is not stabilized in this version of Cargo \((?P<has>[\d.]+)",
        ),
        ("is required", r"feature `(?P<feature>strip|named-profiles|resolver|rename-dependency)` is required"),
        (
            "does not match extension requ",
            r"error: Rust (?P<has>[\d.]+) does not match extension requirement >=?(?P<needs>[\d.]+)",
        ),
        ("unknown cargo feature", r"unknown cargo feature `(?P<needs>edition\d+)`"),
        ("lock file version", r"lock file version [`']?(?P<lock>\d)[`']? (?:requires|was found)"),
        ("inimum supported rustc", r"[Mm]inimum supported rustc version is (?P<needs>[\d.]+)"),
        ("requires rustc ", r"requires rustc (?P<needs>[\d.]+)(?: or newer)?"),
        ("is not supported by the following", r"rustc (?P<has>[\d.]+) is not supported by the following package"),
        ("unknown edition", r"unknown edition `?(?P<needs>20\d\d)"),
        ("unknown cargo edition", r"unknown cargo edition `?(?P<needs>20\d\d)"),
        (
            "only allowed on the nightly channel",
            r"(?:namespaced|weak dependency) features .{0,300}only allowed on the nightly channel",
        ),
        (
            "unsupported output in build script",
            r"^error: unsupported output in build script of `[^`]+`: `(?P<colons>cargo::)[\w-]+",
        ),
        # what rustc says of a dependency that uses what it does not have yet
        (
            "error[E0658]: ",
            r"error\[E0658\]: (?P<unstable>.{1,200}?) +--> \S{1,300}[/\\]registry[/\\]src[/\\]",
            3,
        ),
        (
            "error[E0432]: unresolved import",
            r"error\[E0432\]: unresolved import `(?P<unstable>(?:std|core|alloc)::[\w:]{1,100})` +-->"
            r" \S{1,300}[/\\]registry[/\\]src[/\\]",
            3,
        ),
        # cargo before 1.27 or so stops at what newer crates write into the index
        ("the given version requirement is invalid", r"^the given version requirement is invalid$"),
        ("failed to parse registry's info", r"failed to parse registry's information for"),
        ("this version of Cargo is older than", r"this version of Cargo is older than the `(?P<needs>20\d\d)` edition"),
    ),
    env_facts=("project.path",),
)


#: The first cargo that knows build scripts' ``cargo::KEY=VALUE``.
_COLONS = "1.77"
#: The first cargo that selects versions of crates by the Rust that they need.
_RESOLVER = "1.84"
#: The first release of Debian 12's second toolchain.
_WEB = "1.85"


def env(env: Environment) -> Iterator[Finding]:
    """See that cargo is too old for the project's lock file or edition, or for a crate's ``rust-version``."""
    rust = env.toolchain.rust
    if env.project.odd_lock is not None and rust.version and not newer(rust.version, f"{LOCK_SEEN}.99"):
        yield _odd_lock(env, env.project.odd_lock)
        return
    older = min(rust.version, rust.compiler or rust.version, key=version_key)
    floors = [floor for floor in env.project.floors if rust.version and newer(floor.version, rust.version)]
    name, version = "cargo", rust.version
    if not floors and older != rust.version:  # cargo reads the project, and refuses the rustc beside it
        lock = env.project.lock
        floors = [floor for floor in env.project.floors if newer(floor.version, older) and floor.path != lock]
        name, version = "rustc", older
    if not floors:
        return
    needs = max((floor.version for floor in floors), key=version_key)
    evidence = [Evidence(f"{floor.text}, which needs {name} {floor.version} or later", floor.path) for floor in floors]
    program = rust.cargo if name == "cargo" else rust.rustc
    evidence.append(Evidence(f"version {version}", rust.sysroot if rust.toolchain else program.path))
    if rust.chosen is not None:
        evidence.append(setting_evidence(rust.chosen))
    yield Finding(
        f"{name} {version} is too old for this project, which needs {needs}",
        Severity.ERROR,
        tuple(evidence),
        "cargo stops before it compiles anything.",
        (
            *_older_crates(env, floors),
            _fix(env, needs, any(not floor.crate for floor in floors)),
            *_older_requirements(env, floors),
        ),
    )


def _odd_lock(env: Environment, version: int) -> Finding:
    rust = env.toolchain.rust
    return Finding(
        f"cargo {rust.version} does not read version {version} of Cargo.lock",
        Severity.ERROR,
        (
            Evidence(f"version = {version}", env.project.lock),
            Evidence(f"version {rust.version}", rust.sysroot if rust.toolchain else rust.cargo.path),
        ),
        f'cargo stops: "lock file version `{version}` was found, but this version of Cargo does not understand this '
        'lock file".',
        (
            Fix(
                "let this cargo write Cargo.lock",
                (Command("cargo generate-lockfile", FixStage.BUILD),),
                notes=f"It may choose newer crates. Up to {LOCK_SEEN}, every cargo refuses this version.",
            ),
        ),
    )


def _older_crates(env: Environment, floors: list[Floor]) -> Iterator[Fix]:
    """Offer older versions of the crates, if they alone need a newer Rust and cargo can select by Rust's version."""
    crates = sorted({floor.crate for floor in floors})
    version = env.toolchain.rust.version
    if "" in crates or newer(_RESOLVER, version) or any(floor.stuck for floor in floors):
        return
    line = f"CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback cargo update {' '.join(crates)}"
    yield Fix(
        f"lock crates that Rust {version} can build",
        (Command(line, FixStage.BUILD),),
        notes="This changes Cargo.lock. Where no older version fits the requirements, a newer Rust is needed.",
    )


def _older_requirements(env: Environment, floors: list[Floor]) -> Iterator[Fix]:
    """Offer to require older releases, where the lock file cannot go lower because Cargo.toml asks for newer ones."""
    for floor in dict.fromkeys(floor for floor in floors if floor.stuck and floor.newest):
        yield Fix(
            f"require {floor.crate} {floor.newest} instead of {floor.stuck}",
            (
                Command(f"cargo add {quote(f'{floor.crate}@{floor.newest}')}", FixStage.BUILD),
                Command("CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback cargo update", FixStage.BUILD),
            ),
            notes=f"It is the newest that Rust {env.toolchain.rust.version} can build. This changes Cargo.toml and "
            "Cargo.lock, and the code may have to follow.",
        )


def _fix(env: Environment, needs: str, lock: bool) -> Fix:
    rust, here = env.toolchain.rust, system(env)
    channel = rust.chosen.value.partition("-")[0] if rust.chosen else ""
    if channel in ("stable", "beta", "nightly"):
        return fix(env, "update the toolchain", commands=(Command(f"rustup update {channel}", FixStage.TOOLCHAIN),))
    if rust.toolchain:
        where = f", which {rust.chosen.where} selects" if rust.chosen else ""
        notes = f"Instead of {rust.toolchain}{where}: run `rustup toolchain install stable`, then select it there."
        return Fix(f"select a toolchain of {needs} or later", notes=notes)
    if here.codename == "bookworm" and here.id == "debian" and not newer(needs, _WEB):
        packages = ("cargo-web", "rustc-web")
        return fix(env, f"install Debian's newer toolchain ({_WEB} or later) instead", packages, safe=False)
    return Fix(
        f"install Rust {needs} or later with rustup, or use a newer release of this distribution",
        notes="See https://rustup.rs."
        + (" If only Cargo.lock is too new, delete it and let this cargo write its own." if lock else ""),
    )


#: The first cargo that reads each version of Cargo.lock (cargo's changelog).
_LOCKS = {"3": "1.53", "4": "1.78"}
#: The first cargo of each edition.
_EDITIONS = {"2018": "1.31", "2021": "1.56", "2024": "1.85"}


#: The first cargo that has each of its features without the nightly channel (cargo's changelog).
_FEATURES = {
    "strip": "1.59",
    "named-profiles": "1.57",
    "resolver": "1.51",
    "rename-dependency": "1.31",
    "alternative-registries": "1.34",
    "profile-overrides": "1.41",
    "workspace-inheritance": "1.64",
    "sparse-registry": "1.68",
    "lints": "1.74",
    "edition2018": "1.31",
    "edition2021": "1.56",
    "edition2024": "1.85",
}


def _needed(log: BuildLog, hits: list[Hit]) -> str:
    """Return the newest Rust that any of *hits* names or implies."""
    found = []
    for hit in hits:
        found.append(_FEATURES.get(hit.groups["feature"], ""))
        edition = _EDITIONS.get(hit.groups["needs"].removeprefix("edition"), "")
        found.append(edition or hit.groups["needs"].strip(".") or _LOCKS.get(hit.groups["lock"], ""))
        found.append(_COLONS if hit.groups["colons"] else "")
    return max(filter(None, found), key=version_key, default="")


def log(log: BuildLog) -> Iterator[Finding]:
    """See cargo require a newer Rust, or rustc not know what a dependency uses."""
    hits = log.find("rust-old")
    if not hits:
        return
    needs, hit = _needed(log, hits), hits[0]
    lock, edition = hit.groups["lock"], hit.groups["needs"].removeprefix("edition") in _EDITIONS
    reason = f" (Cargo.lock has version {lock})" if lock else f" (it needs {needs})" if needs else ""
    if edition:
        reason = f" (edition {hit.groups['needs'].removeprefix('edition')} needs {needs})"
    has = next((one.groups["has"] for one in hits if one.groups["has"]), "")
    yield finding_from_hits(
        log,
        [hit],
        f"this Rust{f', {has},' if has else ''} is too old for the build{reason}",
        "cargo stops at the build script."
        if hit.groups["colons"]
        else "A dependency does not compile."
        if hit.groups["unstable"]
        else "cargo stops before it compiles anything.",
        [*_newer_rust(log, hit, needs), _pinned(hit)],
    )


def _newer_rust(log: BuildLog, hit: Hit, needs: str) -> Iterator[Fix]:
    """Yield the ways to a newer Rust: rustup, which every distribution takes; Debian's own where it is new enough."""
    distro = log.distro_at(hit.line)
    later = f" to {needs} or later" if needs else ""
    yield Fix(
        f"update the toolchain{later}, if it is from rustup",
        (Command("rustup update stable", FixStage.TOOLCHAIN),),
        notes="If a file rust-toolchain.toml, or an image such as rust:1.70, pins an older one: raise it there.",
    )
    if distro.codename == "bookworm" and needs and not newer(needs, _WEB):
        yield Fix(
            f"if it is Debian's: install its newer toolchain ({_WEB} or later)",
            install(InstallSystem("apt", "debian", "debian", codename="bookworm"), ("cargo-web", "rustc-web")),
        )
    whose = f"{distro.name}'s own" if distro.name else "the distribution's own"
    yield Fix(
        f"if it is {whose}: install Rust with rustup",
        (Command(RUSTUP, FixStage.TOOLCHAIN),),
        notes='Then put it first on PATH: . "$HOME/.cargo/env". No package of the distribution is needed for it.',
    )


def _pinned(hit: Hit) -> Fix:
    if hit.groups["lock"]:
        return Fix(
            "let this cargo write Cargo.lock, if it is yours",
            (Command("cargo generate-lockfile", FixStage.BUILD),),
            notes=f"Remove the file first. It may choose newer crates, which need a newer Rust, too; since {_RESOLVER} "
            "cargo can select by Rust's version.",
        )
    return Fix(
        "pin the crate to a version that this Rust can build",
        notes="`cargo update -p CRATE --precise VERSION`"
        + ("; in your own build.rs, write one colon: `cargo:`." if hit.groups["colons"] else ".")
        + " `cargo install`: with --locked, or --version of an older release.",
    )
