"""cargo refuses a value in Cargo.toml.

cargo reads the manifest before anything else, and those of the workspace and of crates in folders with it. It stops at
text that is not TOML, at names, versions and types that it does not allow, at a program that ``default-run`` names and
that does not exist, at features that are not there, and at values of profiles.

How to fix: correct the key that cargo names.

References:
    https://doc.rust-lang.org/cargo/reference/manifest.html
    https://doc.rust-lang.org/cargo/reference/profiles.html
    https://doc.rust-lang.org/cargo/reference/features.html
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

#: Why cargo refuses a manifest, in the words of 1.63 to 1.95; other reasons are causes of their own.
_REASONS = (
    r"invalid character |package name cannot be empty|missing field `(?:package\.)?(?:name|package|version)`"
    r"|library target names? cannot|default-run target |(?:binary|example|test|benchmark) target "
    r"|found duplicate \w+ name|dependency \([^)]{1,100}\) specif|dev-dependencies are not allowed to be optional"
    r"|failed to parse the version requirement|failed to parse `|`panic` setting of|`resolver` setting `(?![123]`)"
    r"|package specifies that it links to|feature `[^`]{1,100}` includes `(?!dep:[^`]{1,100}` which)"
    r"|replacements must specify|manifest is missing either|(?:this )?virtual manifest|no `package` section found"
    r"|unexpected (?:end of input|character)|(?:invalid type|unknown variant|duplicate key)\b"
    r"|expected a version like|[Tt]he package `[^`]{1,100}` (?:has|was|depends)|`[^`]{1,100}` is not a valid"
    r"|cannot have both|key `[^`]{1,100}` (?:is|cannot)|the name `"
)
_FILE = r"`(?P<file>(?![^`]{0,300}[/\\]registry[/\\](?:src|cache)[/\\])[^`]{1,300})`"
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    env_facts=("refusals",),
    patterns=(
        *patterns_for(
            "manifest-refused",
            (
                "failed to parse manifest at",
                rf"failed to parse manifest at {_FILE}\s+(?:[Cc]aused by:\s+)?(?P<reason>(?:{_REASONS}).{{0,200}})",
                4,
            ),
            (
                "failed to parse manifest at",  # cargo before 1.80
                rf"failed to parse manifest at {_FILE}\s+[Cc]aused by:\s+could not parse input as TOML\s+"
                r"[Cc]aused by:\s+(?P<reason>(?!missing field `workspace).{1,200})",
                7,
            ),
            (
                "an `inherits` directive",
                r"error: (?P<reason>profile `[^`]{1,100}` is missing an `inherits` directive)(?P<file>)",
            ),
            (
                "but that profile is not defined",
                r"error: (?P<reason>profile `[^`]{1,100}` inherits from `[^`]{1,100}`, but that profile is not defined)"
                r"(?P<file>)",
            ),
        ),
        *patterns_for(
            "manifest-refused",  # rustc's words, of what cargo hands on
            ("unknown crate type: ", r"^error: (?P<reason>unknown crate type: `[^`]{1,100}`)(?P<file>)"),
            (
                "optimization level needs to be between",
                r"^error: (?P<reason>optimization level needs to be between .{1,100})(?P<file>)",
            ),
        ),
        *patterns_for(
            "manifest-place", ("Cargo.toml:", r"^--> (?P<file>(?:\S{1,300}[/\\])?Cargo\.toml):(?P<row>\d+):")
        ),
        *patterns_for(
            "manifest-reason",
            ("invalid type: ", r"(?:^|: )error: (?P<reason>invalid type: .{1,300})"),
            ("unknown variant ", r"(?:^|: )error: (?P<reason>unknown variant .{1,200})"),
            ("duplicate key", r"(?:^|: )error: (?P<reason>duplicate key.{0,200})"),
            ("invalid ", r"(?:^|: )error: (?P<reason>invalid .{1,300})"),
            ("cannot be empty", r"(?:^|: )error: (?P<reason>\S.{0,60}cannot be empty.{0,200})"),
            ("expected ", r"(?:^|: )error: (?P<reason>(?:\S.{0,200})?\bexpected .{1,200})"),
            ("while parsing ", r"(?:^|: )error: (?P<reason>\S.{0,100} while parsing .{1,200})"),
            ("is not a dependency", r"(?:^|: )error: (?P<reason>feature `.{1,200} is not a dependency)"),
            ("missing ", r"(?:^|: )error: (?P<reason>missing .{1,200})"),
            ("unclosed ", r"(?:^|: )error: (?P<reason>unclosed .{1,200})"),
        ),
    ),
)
_STOPS = "cargo stops before it compiles anything."
_REACH = 5  # lines from a reason to the place that it is about


def env(env: Environment) -> Iterator[Finding]:
    """See what cargo does not accept in a manifest that it reads."""
    yield from refused(env, "cargo-manifest-refused", "cargo stops before it compiles anything.")


def log(log: BuildLog) -> Iterator[Finding]:
    """See cargo refuse a manifest."""
    for hit in log.find("manifest-refused")[:1]:
        file, reason = hit.groups["file"].replace("\\", "/"), hit.groups["reason"]
        name = "/".join(file.split("/")[-2:]) if file else "Cargo.toml"
        yield finding_from_hits(log, [hit], f"cargo refuses {name}: {reason}"[:160], _STOPS, (_fix(name),))
        return
    for place in log.find("manifest-place"):
        reasons = log.near(place.line, "manifest-reason", before=_REACH)
        if reasons:
            name, row, reason = place.groups["file"], place.groups["row"], reasons[-1].groups["reason"]
            yield finding_from_hits(
                log,
                [reasons[-1], place],
                f"cargo refuses {name}, line {row}: {reason}"[:160],
                _STOPS,
                (_fix(f"line {row} of {name}"),),
            )
            return


def _fix(place: str) -> Fix:
    return Fix(f"correct {place}"[:80], notes="`cargo metadata --no-deps` tries it without a build.")
