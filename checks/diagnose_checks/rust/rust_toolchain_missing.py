"""Rust is not installed, in part only, or not in the toolchain that is selected.

Wheel-building images do not include Rust. Some CI actions install it before they build, so this is not always a
mistake; but nothing builds without it, and a distribution's Rust has no standard library for most other targets.
rustup starts the toolchain that ``RUSTUP_TOOLCHAIN``, ``rust-toolchain.toml`` or its own settings select, and a program
of it may be gone: an installation that was interrupted, or an image that was copied in part.

How to fix: install Rust with rustup, or the distribution's packages for a native build; install a toolchain that is
incomplete again.

References:
    https://rust-lang.github.io/rustup/installation/other.html
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.fix import fix
from diagnose.remedies.install import system, unavailable_reason
from diagnose.remedies.rust_again import reinstalled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.cargo.variables import Setting
    from diagnose.readers.env import Environment
    from diagnose.readers.toolchain.toolchain_facts import Rust

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "rust-self-install", ("Rust not found, installing", r"^Rust not found, installing into a temporary directory")
    )
    + patterns_for(
        "rust-self-refused",
        ("Unsupported platform: ", r"^Unsupported platform: (?P<platform>\S{1,60})"),
        ("not supported by rustup", r"^Target triple not supported by rustup: (?P<platform>\S{1,60})"),
    )
    + patterns_for(
        "no-toolchain",
        ("is not installed", r"error: toolchain '(?P<toolchain>[\w.-]{1,100})' is not installed"),
        (
            "is not installed for the toolc",
            r"error: '(?P<component>[\w-]{1,60})(?:\.exe)?' is not installed for the (?:custom )?toolchain "
            r"'(?P<toolchain>[\w.-]{1,100})'",
        ),
        ("nvalid toolchain name", r"invalid toolchain name: '(?P<toml>\[toolchain\])'"),
        (
            "failed to install component",
            r"failed to install component: '(?P<broken>[\w.-]{1,100})', detected conflict: '?(?P<file>[^'\s]{1,100})",
        ),
        ("no default is configured", r"rustup could not choose a version of \S+ to run(?P<toolchain>)"),
        (
            "no default toolchain",
            r"^error: no (?:override and no )?default toolchain (?:set|configured|is configured)(?P<toolchain>)",
        ),
        ("is not installed", r"error: override toolchain '(?P<toolchain>[\w.-]{1,100})' is not installed"),
        (
            "no release found for '",
            r"no release found for '(?P<unknown>[\w.-]{1,100})'",
        ),
        ("nonexistent rust version", r"could not download nonexistent rust version `(?P<unknown>[^`]{1,100})`"),
        ("is not installable", r"error: toolchain '(?P<unknown>[\w.-]{1,100})' is not installable"),
        (
            "s unavailable for download for",
            r"components? (?P<part>'?[\w-]{1,60}'?)(?: for target '?(?P<of>[\w-]{1,60})'?)? is unavailable for "
            r"download for channel "
            r"'?(?P<channel>[\w.-]{1,60})",
        ),
        (
            "e unavailable for download for",
            r"some components (?:are )?unavailable for download for channel '?(?P<channel>[\w.-]{1,60})'?(?P<part>)",
        ),
        (
            "has no prebuilt artifacts",
            r"toolchain '(?P<channel>[\w.-]{1,100})' has no prebuilt artifacts available for target "
            r"'(?P<part>[\w-]{1,60})'",
        ),
        (
            "does not support target '",
            r"error: toolchain '[\w.-]{1,100}' does not support target '(?P<target>[^']{1,100})'"
            r"(?:; did you mean '(?P<meant>[\w-]{1,60})')?",
        ),
        (
            "does not contain component",
            r"toolchain '[\w.-]{1,100}' does not contain component '?rust-std'? for target '(?P<target>[^']{1,100})'"
            r"(?:; did you mean '(?P<meant>[\w-]{1,60})')?",
        ),
        ("missing manifest in toolchain", r"missing manifest in toolchain '(?P<half>[\w.-]{1,100})'"),
        (
            "could not rename ",
            r"error: could not rename '?(?:downloaded|component)'? file from '(?P<parallel>[^']{1,300})' to "
            r".{1,300}No such file",
        ),
        (
            "could not rename ",
            r"error: could not rename '?component'? file from '(?P<layered>[^']{1,300})' to '[^']{1,300}'"
            r"(?:: Invalid cross-device link|.{0,30}caused by: other os error)",
            2,
        ),
        ("rustup is not installed at", r"error: rustup is not installed at '(?P<home>[^']{1,300})'"),
        ("has no bin/ directory", r"invalid toolchain: the path '(?P<folder>[^']{1,300})' has no bin/ directory"),
        (
            "unknown profile name",
            r"^error: (?P<override>unknown profile name: '[^']{1,60}'; valid profile names are.{0,100})",
        ),
        ("invalid path toolchain", r"^error: (?P<override>invalid path toolchain '[^']{1,200}')"),
        (
            "cannot specify both channel",
            r"^error: (?P<override>cannot specify both channel \(.{1,200}\) and path \(.{1,200})",
        ),
        ("empty toolchain override", r"(?P<override>empty toolchain override file detected)"),
        (
            "specified in override file",
            r"^error: custom toolchain '(?P<toolchain>[^']{1,60})' specified in override file",
        ),
        (
            "toolchain properties in",
            r"could not parse override file: .{1,300}: (?P<override>missing toolchain properties)",
        ),
        ("error parsing override file", r"error parsing override file: (?P<override>\S.{0,300})"),
        ("override file", r"^(?P<override>missing toolchain properties in toolchain override file)"),
        ("unknown proxy name", r"error: unknown proxy name: '(?P<proxy>[^']{1,60})'"),
        ("install while Rust is installed", r"^error: cannot install while (?P<other>Rust) is installed"),
    )
    + patterns_for(
        "no-program",
        (
            "not found",
            r"^(?:(?:ba|da|z|k)?sh: (?:line \d+: |\d+: )?|\S{1,200}: (?:line )?\d+: |make(?:\[\d+\])?: )?"
            r"(?P<program>cargo|rustc|rustup): (?:[Cc]ommand )?not found$",
        ),
        ("env: ", r"^env: ['\"‘]?(?P<program>cargo|rustc|rustup)['\"’]?: No such file or directory"),
        ("command not found: ", r"^zsh: command not found: (?P<program>cargo|rustc|rustup)$"),
    )
    + patterns_for("rust-installed", ("Rust is installed now", r"^Rust is installed now\."))
    + patterns_for(
        "no-cargo",
        (
            "Do you have cargo in your PATH",
            r"Do you have cargo in your PATH\?\s+[Cc]aused by: (?:No such file|program not found|The "
            r"system cannot find)",
            2,
        ),
        (
            "ailed to run rustc to get the",
            r"ailed to run rustc to get the host target\s+[Cc]aused by: (?:No such file|program not found|The "
            r"system cannot find)",
            2,
        ),
        (
            "ailed to run cargo",
            r"Caused by: Failed to run cargo\s+[Cc]aused by: (?:No such file|program not found|The system cannot find)",
            2,
        ),
        # before maturin 0.8
        ("Cargo metadata failed", r"Cargo metadata failed\s+[Cc]aused by: (?:No such file|The system cannot find)", 2),
    ),
    env_facts=(
        "toolchain.rust.cargo.!found",
        "toolchain.rust.rustc.!found",
        "toolchain.rust.lacking",
        "toolchain.rust.uninstalled",
        "toolchain.rust.odd_file",
    ),
)


def env(env: Environment) -> Iterator[Finding]:
    """See that no Rust toolchain is installed."""
    rust = env.toolchain.rust
    if rust.cargo.found or rust.rustc.found:
        yield from _in_part(env, rust)
        return
    yield Finding(
        message="Rust is not installed: neither cargo nor rustc was found",
        severity=Severity.WARNING,
        evidence=(Evidence("no folder contains cargo or rustc", where="variable PATH"),),
        consequence="Nothing builds until it is installed; some CI actions do that.",
        fixes=tuple(_fixes(env)),
    )


def _in_part(env: Environment, rust: Rust) -> Iterator[Finding]:
    """Yield what is missing of a Rust that is there in part."""
    absent = next((one for one in (rust.cargo, rust.rustc) if not one.found), None)
    other = rust.rustc if rust.cargo.found else rust.cargo
    if absent is not None and not env.project.path and absent is rust.cargo:
        return  # rustc alone compiles
    if absent is not None and not any(setting.name in ("RUSTC", "build.rustc") for setting in _instead(env)):
        here = system(env)
        packages = (absent.name,) if here.family == "debian" and not rust.toolchain else ()
        title = f"install {absent.name}, of the same release"
        yield Finding(
            message=f"{absent.name} is not installed, and {other.name} is",
            severity=Severity.ERROR,
            evidence=(
                Evidence(absent.blocked or f"no folder contains {absent.name}", where="variable PATH"),
                Evidence("is there", other.path),
            ),
            consequence="Nothing builds: cargo starts rustc, and maturin starts cargo.",
            fixes=(fix(env, title, packages), Fix("install Rust with rustup", notes="See https://rustup.rs.")),
        )
    elif rust.odd_file:
        path, why = rust.odd_file
        name = path.rpartition("/")[2]
        yield Finding(
            message=f"rustup refuses {name}: {why}"[:100],
            severity=Severity.ERROR,
            evidence=(Evidence(why, path),),
            consequence="No Rust program starts: rustup reads this file first.",
            fixes=(Fix(f'write [toolchain] and channel = "stable" into {name}, or remove it'),),
        )
    elif rust.uninstalled:
        name = rust.toolchain
        yield Finding(
            message=f"the Rust toolchain {name} is selected, but not installed"
            if name
            else "rustup has no toolchain selected",
            severity=Severity.ERROR,
            evidence=(
                setting_evidence(rust.chosen)
                if rust.chosen is not None
                else Evidence("no default, no override, no rust-toolchain.toml", where="rustup's settings"),
            ),
            consequence=f"No Rust program starts: \"error: toolchain '{name}' is not installed\"."
            if name
            else 'No Rust program starts: "rustup could not choose a version of cargo to run".',
            fixes=(_select(name),),
        )
    elif rust.lacking and not _without_lld(env):
        path, why = rust.lacking[0]
        yield Finding(
            message=f"the Rust toolchain {rust.toolchain} is incomplete: {path.rpartition('/')[2]} {why}",
            severity=Severity.ERROR,
            evidence=tuple(Evidence(why, path) for path, why in rust.lacking),
            consequence="Nothing builds: cargo, rustc or the linker that rustc brings does not start.",
            fixes=(reinstalled(rust),),
        )


def _instead(env: Environment) -> Iterator[Setting]:
    yield from (one.setting for one in env.wrappers if one.setting is not None)


def _without_lld(env: Environment) -> bool:
    """Whether only the linker that rustc brings is gone, and this build links with another."""
    if not all("lld" in path for path, _ in env.toolchain.rust.lacking):
        return False
    flags = env.variables.get("RUSTFLAGS")
    texts = (flags.value if flags is not None else "", *(file.text for file in env.project.config))
    chosen = any(word in text for text in texts for word in ("linker-features", "link-self-contained"))
    return chosen or env.target.triple != "x86_64-unknown-linux-gnu"


_SELECTS = "RUSTUP_TOOLCHAIN, rust-toolchain.toml or a `rustup override` selects it."


def _select(name: str) -> Fix:
    command = f"rustup toolchain install {name}" if name else "rustup default stable"
    title = "install it" if name else "select a toolchain"
    return Fix(title, (Command(command, FixStage.TOOLCHAIN),), notes=_SELECTS if name else "")


def _fixes(env: Environment) -> Iterator[Fix]:
    here = system(env)
    if here.family == "debian" and not unavailable_reason(here, env.target):
        suffix = f":{env.target.debian}" if env.cross else ""
        packages = ("cargo", "rustc", *((f"libstd-rust-dev{suffix}",) if env.cross else ()))
        yield fix(env, f"install the distribution's packages {' and '.join(packages)}", packages, safe=False)
    yield Fix(
        "install Rust with rustup, which has every target",
        notes=f"See https://rustup.rs; then `rustup target add {env.target.triple}`.",
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See rustup not find the toolchain that is selected."""
    for hit in log.find("rust-self-install")[:1]:
        if refused := log.near(hit.line, "rust-self-refused", before=6, after=6):
            yield _of_unsupported(log, [hit, *refused[:1]], refused[0].groups["platform"])
            return
    for hit in log.find("rust-self-refused")[:1]:
        if "rustup" in hit.text:
            yield _of_unsupported(log, [hit], hit.groups["platform"])
            return
    for hit in log.find("no-cargo")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            "maturin does not find cargo: Rust is not installed, or not on PATH",
            "Nothing in Rust is built.",
            (_INSTALL,),
        )
        return
    for hit in log.find("no-program")[-1:]:
        if log.find("rust-installed", "no-rust") or log.went_on(hit):
            break  # rust-not-on-path, no-wheel-sdist-fallback; a script that looks for it
        program = hit.groups["program"]
        yield finding_from_hits(
            log,
            [hit],
            f"{program} is not found: Rust is not installed, or not on PATH",
            "Nothing in Rust is built.",
            (
                _INSTALL
                if program != "rustup"
                else _INSTALL._replace(
                    notes=f"{_INSTALL.notes} Rust of the distribution has no rustup: its targets are packages "
                    "(libstd-rust-dev:ARCH, rust-std-static-TARGET)."
                ),
            ),
        )
        return
    for hit in log.find("no-toolchain")[:1]:
        if (told := _of_component(log, hit)) is not None:
            yield told
            return
        name = hit.groups["toolchain"]
        yield finding_from_hits(
            log,
            [hit],
            f"the Rust toolchain {name} is selected, but not installed" if name else "rustup has no toolchain selected",
            "No Rust program starts.",
            (
                _select(name)._replace(
                    notes=f"{_SELECTS} sccache starts rustc by itself, and may need another than cargo does."
                )
                if name and "sccache" in hit.text
                else _select(name),
            ),
        )


def _of_unsupported(log: BuildLog, hits: list[Hit], platform: str) -> Finding:
    """Return that puccinialin, which maturin's source distribution asks for, has no Rust for this system."""
    return finding_from_hits(
        log,
        hits,
        f"Rust is not installed, and the build cannot install one for this system: it is not supported ({platform})",
        "Nothing in Rust is built.",
        (
            *((_APK,) if platform.endswith("-musl") else ()),
            Fix(
                "install Rust as the system's vendor or distribution has it, and put it on PATH",
                notes="AIX: IBM Open SDK for Rust. The BSDs: pkg install rust, pkg_add rust, pkgin install rust. "
                "illumos: pkg "
                "install rust. Alpine on a processor without rustup: apk add cargo. rustc -V and cargo -V have to "
                "work.",
            ),
            Fix(
                "take a package without Rust, or a system that has a wheel",
                notes="An older release of the package may be written in C. maturin itself is only the builder: a "
                "wheel of the "
                "wanted package needs none.",
            ),
        ),
    )


#: Alpine is the distribution of musl on processors for which rustup has no Rust.
_APK = Fix(
    "on Alpine: install its own Rust",
    (Command("apk add cargo", FixStage.PACKAGES),),
    notes="Alpine has packages of maturin too (community): apk add maturin.",
)
_INSTALL = Fix(
    "install Rust, and put it on PATH",
    (
        Command("curl -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal", FixStage.TOOLCHAIN),
        Command('export PATH="$HOME/.cargo/bin:$PATH"', FixStage.TOOLCHAIN),
    ),
    notes="If it is installed, the second command is enough. Each step of a Dockerfile or workflow has its own PATH: "
    'ENV PATH="/root/.cargo/bin:$PATH"; echo "$HOME/.cargo/bin" >> "$GITHUB_PATH".',
)


def _of_component(log: BuildLog, hit: Hit) -> Finding | None:
    """Return the finding for a toolchain that lacks a part, or whose name cannot be read."""
    component, name, file = hit.groups["component"], hit.groups["toolchain"], hit.groups["file"]
    if component:
        message = f"the Rust toolchain {name} is installed without {component}"
        fix = Fix(
            "add it",
            (Command(f"rustup component add {component}", FixStage.TOOLCHAIN),),
            notes="The profile minimal has neither rustfmt nor clippy; `components` in rust-toolchain.toml names them.",
        )
    elif hit.groups["toml"]:
        message = "the file rust-toolchain holds TOML, which this reader expects in rust-toolchain.toml only"
        fix = Fix("rename it", (Command("git mv rust-toolchain rust-toolchain.toml", FixStage.BUILD),))
    elif file:
        message = f"rustup cannot add {hit.groups['broken']}: {file} is there already"
        fix = Fix(
            "install the toolchain again, and let only one rustup run at a time",
            (
                Command("rustup toolchain uninstall stable", FixStage.TOOLCHAIN),
                Command("rustup toolchain install stable", FixStage.TOOLCHAIN),
            ),
            notes="For another toolchain than stable: its name. Two programs that start cargo at the same time, where "
            "rust-toolchain.toml names components that are not installed, do this: install them before.",
        )
    elif hit.groups["unknown"]:
        unknown = hit.groups["unknown"]
        message = f"Rust has no release {unknown}, or not for this system"
        fix = Fix(
            "name one that exists",
            notes="stable, beta, nightly, nightly-YYYY-MM-DD, 1.85 or 1.85.0. A nightly of a day that had none: take "
            f"another day. {_SELECTS}",
        )
    elif hit.groups["channel"]:
        part = hit.groups["part"].strip("'") or "a component"
        of = f" for {hit.groups['of']}" if hit.groups["of"] else ""
        message = f"the Rust toolchain {hit.groups['channel']} has no {part}{of}"
        fix = Fix(
            "take another day's nightly, or leave the component out",
            notes="https://rust-lang.github.io/rustup-components-history lists which day has which. rustup update "
            "--allow-downgrade looks for one itself; `components` in rust-toolchain.toml names them. Targets of the "
            "third "
            "tier have no ready standard library: cargo build -Z build-std.",
        )
    elif hit.groups["target"]:
        target, meant = hit.groups["target"], hit.groups["meant"]
        message = f"Rust has no standard library for a target named {target}"
        fix = Fix(
            f"add {meant}, if that is the target that you mean" if meant else "name the target as Rust does",
            (Command(f"rustup target add {meant}", FixStage.TOOLCHAIN),) if meant else (),
            notes="As in aarch64-unknown-linux-gnu, x86_64-unknown-linux-musl, aarch64-apple-darwin; `rustup target "
            "list` "
            "has all with a ready standard library.",
        )
    elif hit.groups["half"] or hit.groups["parallel"]:
        half = hit.groups["half"] or "stable"
        message = (
            f"the Rust toolchain {half} was not installed completely"
            if hit.groups["half"]
            else "two programs let rustup download the same toolchain at the same time"
        )
        fix = Fix(
            "install the toolchain again, before programs that run beside each other",
            (
                Command(f"rustup toolchain uninstall {half}", FixStage.TOOLCHAIN),
                Command(f"rustup toolchain install {half}", FixStage.TOOLCHAIN),
            ),
            notes="In CI, under another key of the cache.",
        )
    elif hit.groups["layered"]:
        message = "rustup cannot move a file: its folder is on two file systems, or in an earlier layer of the image"
        fix = Fix(
            "install the toolchain and its targets in one step, and do not update it later",
            notes="curl … | sh -s -- -y --target TARGET --component NAME in one RUN. A mount below "
            "RUSTUP_HOME/toolchains: mount "
            "RUSTUP_HOME itself. Docker's driver overlay2 of an old kernel fails so as well.",
        )
    elif hit.groups["home"]:
        message = f"rustup's program is not in {hit.groups['home']}, where CARGO_HOME says that it is"
        fix = Fix(
            "let CARGO_HOME and RUSTUP_HOME name the folders that rustup was installed into",
            unset=("CARGO_HOME", "RUSTUP_HOME"),
            notes="An image or a service may have set them elsewhere than where rustup was installed.",
        )
    elif hit.groups["folder"]:
        message = f"{hit.groups['folder']}, which is selected as a toolchain, has no folder bin"
        fix = Fix(
            "name the folder that holds bin/rustc",
            notes="rustup toolchain link NAME FOLDER; path in rust-toolchain.toml.",
        )
    elif hit.groups["override"]:
        message = "rust-toolchain.toml, or rust-toolchain, cannot be read"
        fix = Fix(
            "write it as rustup reads it",
            notes='[toolchain], then channel = "1.85", components = ["clippy"], targets = '
            '["aarch64-unknown-linux-gnu"].',
        )
    elif hit.groups["proxy"]:
        message = f"rustup's program was renamed to {hit.groups['proxy']}, and acts by its name"
        fix = Fix(
            "call the installer rustup-init", notes="On Windows rustup-init.exe, whatever the browser made of it."
        )
    elif hit.groups["other"]:
        message = "rustup does not install beside the Rust that is there"
        fix = Fix(
            "let it install anyway, into ~/.cargo and ~/.rustup",
            env=(("RUSTUP_INIT_SKIP_PATH_CHECK", "yes"),),
            notes="~/.cargo/bin then has to be before the other one in PATH. Or remove the distribution's rustc and "
            "cargo.",
        )
    else:
        return None
    return finding_from_hits(log, [hit], message, "No Rust program starts.", (fix,))
