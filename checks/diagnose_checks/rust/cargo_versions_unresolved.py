"""Cargo finds no versions of the dependencies that fit together.

Before anything is compiled, cargo selects a version of each crate. It gives up where no version in the registry fits a
requirement (a mirror or vendored copy that is behind, a yanked release, a typo), where two requirements exclude each
other (as two crates that link the same C library), or where a crate lacks a feature that is asked for.

How to fix: the message names the package that asks; change its requirement, or update the crate that brings it.

References:
    https://doc.rust-lang.org/cargo/reference/resolver.html
    https://doc.rust-lang.org/cargo/reference/resolver.html#troubleshooting
"""

from __future__ import annotations

import os

from diagnose.authoring.environment import refused, setting_evidence
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment

_CRATE = r"[`'](?P<crate>[\w-]{1,60})"
CHECK = Check(
    since="0.1.0",
    phase=Phase.RUST,
    patterns=(
        *patterns_for(
            "cargo-unresolved",
            (
                "failed to select a version for",
                rf"failed to select a version for (?:the requirement )?{_CRATE}"
                r"(?: = \"[\^~>=]{0,2} ?(?P<least>[0-9]{1,9}(?:\.[0-9]{1,9}){0,2})\")?",
            ),
            ("no matching package", rf"no matching packages? (?:named )?{_CRATE}[^`']{{0,60}}[`'] found"),
            (
                "the selected packages contains",
                r"none of the selected packages contains (?:this|these) features?: (?P<features>[\w/-]{1,60}"
                r"(?:, (?!did)[\w/-]{1,60}){0,9})(?:, did you mean: (?P<meant>[\w/-]{1,60}))?",
            ),
            ("cyclic package dependency", r"cyclic package dependency: package `(?P<crate>[\w-]{1,60}) v"),
            ("searched package name", r"searched package name: `(?P<crate>[\w-]{1,60})`"),
            ("no matching version", rf"no matching version [`'][^`']{{1,60}}[`'] found for package {_CRATE}"),
        ),
        *patterns_for(
            "cargo-why",
            ("links to the native library", r"links to the native library [`'](?P<native>[^`']{1,60})[`']"),
            ("does not have these features", r"features?:? [`'](?P<feature>[^`']{1,60})[`'].{0,100} does not have"),
            ("does not have feature", r"does not have features? [`'](?P<feature>[^`']{1,60})[`']"),
            ("does not have that feature", r"does not have (?P<feature>that feature)"),
            ("is yanked", r"version \S{1,40} is (?P<yanked>yanked)"),
            ("candidate versions found", r"candidate versions found which didn't match: (?P<others>\S.{0,100})"),
            ("previously selected package", r"previously selected package [`'](?P<other>[\w-]{1,60}) v"),
            ("which is replacing registry", r"\(which is (?P<mirror>replacing) registry"),
            ("location searched: ", r"location searched: (?P<folder>directory source)"),
            ("--offline", r"(?P<offline>without the offline flag|[`']--offline)"),
            ("required by package", r"required by package [`'](?P<asker>[\w-]{1,60}) v(?P<version>[^`'\s]{1,40})"),
        ),
    ),
    env_facts=("lacking", "refusals"),
)
_REACH = 40  # lines of the message


def env(env: Environment) -> Iterator[Finding]:
    """See that a crate is another than is asked for, lacks a feature, or that cargo gets its source from nowhere."""
    yield from refused(env, "cargo-versions-unresolved", "cargo stops before it compiles anything.")
    lacking = env.lacking
    if lacking is None or not lacking.crates:
        return
    first = lacking.crates[0]
    more = f", and {len(lacking.crates) - 1} more" if len(lacking.crates) > 1 else ""
    why = f"is not in {lacking.folders[0]}" if lacking.replaced else "is not in cargo's cache, and cargo is offline"
    evidence = [
        Evidence(f"{crate.name} {crate.version}", f"{env.project.lock}:{crate.line}") for crate in lacking.crates[:8]
    ]
    fix = _vendor(os.path.relpath(lacking.folders[0], env.cwd)) if lacking.replaced else _fetch(env.target.triple)
    yield Finding(
        message=f"the source of {first.name} {first.version} {why}{more}",
        severity=Severity.ERROR,
        evidence=(setting_evidence(lacking.setting), *evidence),
        consequence="cargo compiles nothing: "
        + (f"no matching package named `{first.name}` found." if lacking.replaced else "it downloads no crate."),
        fixes=(fix,),
    )


def _fetch(triple: str) -> Fix:
    return Fix(
        "fetch the crates with a network first",
        (Command(f"CARGO_NET_OFFLINE=false cargo fetch --locked --target {triple}", FixStage.BUILD),),
        notes="Or let cargo be online: remove net.offline, CARGO_NET_OFFLINE or --offline.",
    )


def _vendor(folder: str) -> Fix:
    return Fix(
        f"bring the crates of Cargo.lock into {folder}",
        (Command(f"cargo vendor --locked {quote(folder)}", FixStage.BUILD),),
        notes="It needs a network, and removes crates from the folder that Cargo.lock does not name.",
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See cargo give up the selection of versions."""
    for hit in log.find("cargo-unresolved")[:1]:
        if log.near(hit.line, "rust-old", after=_REACH):
            return  # rust-toolchain-too-old
        crate = hit.groups["crate"]
        if "cyclic package" in hit.text:
            yield finding_from_hits(
                log, [hit], f"{crate} depends on itself", "cargo stops before it compiles anything.", (_CIRCLE,)
            )
            return
        if features := hit.groups["features"]:
            yield _without_features(log, hit, features)
            return
        why = log.near(hit.line, "cargo-why", after=_REACH)
        said = {name: value for one in (*reversed(why), hit) for name, value in one.groups.items() if value}
        reason, fixes = _reason(crate, said)
        yield finding_from_hits(log, [hit, *why[:3]], reason, "cargo stops before it compiles anything.", fixes)


def _without_features(log: BuildLog, hit: Hit, features: str) -> Finding:
    """Return the finding for features on the command line that the program or library does not have."""
    meant = f" Cargo supposes {hit.groups['meant']}." if hit.groups["meant"] else ""
    return finding_from_hits(
        log,
        [hit],
        f"--features names {features}, which the package does not have",
        "cargo stops before it compiles anything.",
        (
            Fix(
                "give features that this release has",
                (Command("cargo metadata --no-deps --format-version 1", FixStage.BUILD),),
                notes=f"[features] in its Cargo.toml lists them; other releases have others.{meant}",
            ),
        ),
    )


_CIRCLE = Fix(
    "move what both packages need into a third one",
    notes="The lines after the message name the packages of the circle. Only a dev-dependency may close one.",
)
_MIRROR = "A mirror of the registry may be behind, or the version not be published."


def _are_older(others: str, least: str) -> bool:
    """Whether all versions that cargo names, the newest first, are older than *least*."""
    newest = re.match(r"\d+(?:\.\d+){0,2}", others)
    return bool(newest and least) and _numbers(newest[0]) < _numbers(least)  # type: ignore[index]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part[:9]) for part in version.split("."))


def _reason(crate: str, said: dict[str, str]) -> tuple[str, tuple[Fix, ...]]:
    asker = said.get("asker", "")
    by = f", as {asker} {said.get('version', '')} asks" if asker else ""
    update = Fix(
        f"update {asker or 'what depends on it'}",
        (Command(f"cargo update -p {asker}", FixStage.BUILD),) if asker else (),
        notes=f"Or change the requirement for {crate} in the Cargo.toml that the message names.",
    )
    if "native" in said:
        return f"two versions of the crate for the C library {said['native']} are asked for; only one can be linked", (
            Fix(
                f"let all crates ask for one version of {crate}",
                (Command(f"cargo tree -i {crate}", FixStage.BUILD),),
                notes="It shows who asks for which; update the crates whose requirement is behind.",
            ),
            update,
        )
    if "feature" in said:
        return f"{crate} does not have the feature that is asked for{by}", (
            Fix(f"correct the features of {crate} in Cargo.toml", notes="The page of its release lists those it has."),
            update,
        )
    if "offline" in said:
        return f"cargo is offline, and does not have {crate}", (
            Fix(
                "let cargo download it",
                notes="Leave --offline and CARGO_NET_OFFLINE out; or run `cargo fetch` before.",
            ),
            Fix(
                "where a package's build has no network: bring all crates with the sources",
                (Command("cargo vendor", FixStage.BUILD),),
                notes="With the network, and again after each change of Cargo.lock, for the whole workspace. It prints "
                "the [source] tables for .cargo/config.toml that let cargo read the folder vendor. rpm, Debian, Yocto "
                "and Nix have tools of their own for that.",
            ),
        )
    if "mirror" in said or "folder" in said:
        return f"the copy of the registry that cargo uses has no version of {crate} that fits{by}", (
            Fix(
                "bring the copy up to date",
                (Command("cargo vendor", FixStage.BUILD),) if "folder" in said else (),
                notes="[source.…] replace-with in .cargo/config.toml names it: a mirror may be behind, and a vendored "
                "folder is made by `cargo vendor` for one Cargo.lock.",
            ),
            update,
        )
    if "yanked" in said:
        return f"the only version of {crate} that fits was yanked{by}", (update,)
    if "other" in said:
        return f"two requirements for {said['other']} exclude each other{by}", (
            Fix(
                "find who asks for which version",
                (Command(f"cargo tree -i {said['other']}", FixStage.BUILD),),
                notes="Then update the crate whose requirement is behind.",
            ),
            update,
        )
    if "others" in said and _are_older(said["others"], said.get("least", "")):
        newest = said["others"].partition(",")[0]
        return f"this cargo sees no {crate} {said['least']} or later in its index{by}: the newest is {newest}", (
            Fix(
                "update Rust: cargo passes by versions that it is too old for",
                (Command("rustup update stable", FixStage.TOOLCHAIN),),
                notes=f"cargo before 1.60 ignores crates with features of the form dep:NAME. {_MIRROR}",
            ),
            update,
        )
    if "others" in said:
        return f"no version of {crate} fits the requirement{by}: there are {said['others'].rstrip('., ')}", (
            update,
            Fix("update the index, if the version is new", notes=f"Without --offline. {_MIRROR}"),
        )
    return f"cargo finds no {crate} that fits{by}", (
        Fix(
            f"correct the name and the source of {crate} in Cargo.toml",
            notes="Crates of a private registry: registry = …; of a repository: git = ….",
        ),
        update,
        Fix(
            "in an offline or vendored build: add the crate to those that it brings along",
            notes=f"`cargo vendor` again, for the present Cargo.lock. OpenEmbedded: crate://crates.io/{crate}/VERSION "
            "in SRC_URI, which `bitbake -c update_crates RECIPE` (inherit cargo-update-recipe-crates) or `cargo "
            "bitbake` writes; a recipe's registry has no other crates. Nix: a new cargoHash or cargoLock.",
        ),
    )
