"""Cargo cannot put a crate into its workspace.

A crate below the folder of a workspace has to be one of its members, or be excluded. A crate that inherits from its
workspace (``version.workspace = true``) needs that workspace's Cargo.toml above it, and the key in it. Source
distributions that hold only the crate, copies of one folder in a Dockerfile, and a project that was unpacked inside
another one break this.

How to fix: add the crate to ``members`` or to ``exclude``; bring the workspace's Cargo.toml into the build.

References:
    https://doc.rust-lang.org/cargo/reference/workspaces.html
"""

from __future__ import annotations

from diagnose.authoring.environment import refused
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.RUST,
    env_facts=("refusals",),
    patterns=patterns_for(
        "workspace-refused",
        (
            "in a workspace when it's not",
            r"current package believes it's in a workspace when it's not:\s+current:\s+(?P<crate>\S{1,300})"
            r"\s+workspace:\s+(?P<root>\S{1,300})",
            3,
        ),
        ("in a workspace when it's not", r"current package believes it's in a workspace when it's not"),
        ("ultiple workspace roots found", r"multiple workspace roots found in the same workspace(?P<several>)"),
        (
            "member of the wrong workspace",
            r"package `(?P<crate>[^`]{1,300})` is a member of the wrong workspace(?P<wrong>)",
        ),
        ("in this workspace:", r"^error: two packages named `(?P<crate>[^`]{1,100})` in this workspace"),
        ("failed to find a workspace root", r"failed to find a workspace root(?P<absent>)"),
        (
            "was not found in `workspace",
            r"`(?:dependency\.)?(?P<key>[\w-]{1,100})` was not found in `workspace\.(?P<table>[\w.-]{1,60})`",
        ),
        ("was not defined", r"`workspace\.(?P<table>[\w.-]{1,60})` was not defined"),
    ),
)


def env(env: Environment) -> Iterator[Finding]:
    """See a crate that inherits from a workspace what that does not have."""
    yield from refused(env, "cargo-workspace-refused", "cargo compiles nothing.")


def log(log: BuildLog) -> Iterator[Finding]:
    """See cargo refuse a crate of a workspace."""
    for hit in log.find("workspace-refused")[:1]:
        groups = hit.groups
        if "believes" in hit.text:
            crate = groups["crate"] or "the crate"
            message = f"{crate} is below the workspace {groups['root'] or 'of another project'}, and not a member of it"
            fixes = (
                Fix(
                    "add it to members, or to exclude, in the workspace's Cargo.toml",
                    notes="Or an empty [workspace] in the crate's own Cargo.toml, if it stands alone. A source "
                    "distribution that lost its members: build it with a newer maturin.",
                ),
            )
        elif "roots" in hit.text:
            message = "a member of the workspace has a [workspace] of its own"
            fixes = (Fix("remove [workspace] from one of the two, or add the inner one to exclude of the outer"),)
        elif "wrong workspace" in hit.text:
            message = f"{groups['crate']} names another workspace than the one that has it as a member"
            fixes = (Fix("remove package.workspace from it, or correct the path", notes="Or take it out of members."),)
        elif "two packages named" in hit.text:
            message = f"two members of the workspace have the name {groups['crate']}"
            fixes = (
                Fix(
                    "rename one of them, or add its folder to exclude",
                    notes="A copy of the crate, as in vendor, counts.",
                ),
            )
        elif groups["table"]:
            key = f"{groups['key']} in " if groups["key"] else ""
            message = f"a crate inherits from its workspace, which has no {key}[workspace.{groups['table']}]"
            fixes = (Fix("add it to the workspace's Cargo.toml, or write the value in the crate's own"),)
        else:
            message = "a crate inherits from its workspace, and no Cargo.toml with [workspace] is above it"
            fixes = (
                Fix(
                    "bring the workspace's Cargo.toml into the build",
                    notes="In a Dockerfile: COPY the whole workspace. A source distribution without it: build it with "
                    "a newer maturin, from the workspace. Another project's: take its wheel, or another release.",
                ),
            )
        yield finding_from_hits(log, [hit], message, "cargo compiles nothing.", fixes)
