"""cargo refuses its own configuration.

cargo reads ``.cargo/config.toml`` in the current folder and in every folder above it, then the one in
``$CARGO_HOME``, and merges them. It stops where two files give one key values of different types, where a file named
by ``include`` does not exist, where a value has the wrong type, where a file is not TOML, and where two ``cfg(…)``
tables that both apply name a linker.

How to fix: correct the file that cargo names. A linker in ``[target.<triple>]`` takes precedence over those of
``cfg(…)`` tables. ``optional = true`` lets cargo skip an included file that does not exist.

References:
    https://doc.rust-lang.org/cargo/reference/config.html#hierarchical-structure
    https://doc.rust-lang.org/cargo/reference/config.html#targetcfglinker
"""

from __future__ import annotations

from diagnose.authoring.environment import refused
from diagnose.authoring.log import finding_from_hits, host
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.RUST,
    env_facts=("refusals",),
    patterns=(
        *patterns_for(
            "config-two-linkers",
            (
                "several matching instances of ",
                r"several matching instances of [`'\"]target\.'cfg\(\.\.\)'\.(?P<key>linker|runner)",
            ),
        ),
        *patterns_for(
            "config-match",
            (" match ", r"^(?:first|second) match `(?P<cfg>[^`]{1,200})` located in (?P<file>\S.{0,300})$"),
        ),
        *patterns_for(
            "config-merge",
            (
                "ailed to merge ",
                r"failed to merge (?:config )?value from `(?P<file>[^`]{1,300})` into `(?P<other>[^`]{1,300})`: "
                r"expected (?P<wants>[\w ]{1,30}), but found (?P<found>[\w ]{1,30})",
            ),
            (
                "ailed to merge ",
                r"failed to merge key `(?P<key>[^`]{1,200})` between (?P<other>\S{1,300}) and (?P<file>\S{1,300})",
            ),
            ("ailed to merge ", r"failed to merge configuration at `(?P<file>[^`]{1,300})`"),
        ),
        *patterns_for(
            "config-include",
            (
                "ailed to load config include",
                r"failed to load config include `(?P<included>[^`]{1,300})` from `(?P<file>[^`]{1,300})`",
            ),
        ),
        *patterns_for(
            "config-unread",
            ("ailed to read configuration file", r"failed to read configuration file `(?P<file>[^`]{1,300})`"),
        ),
        *patterns_for(
            "config-value",
            (
                "could not load config key",
                r"error in (?P<file>[^\s:][^:\n]{0,300}): could not load config key `(?P<key>[^`]{1,200})`",
            ),
        ),
        *patterns_for(
            "config-source",
            (
                "find a configured source with",
                r"could not find a configured source with the name `(?P<name>[^`]{1,200})` when attempting to lookup "
                r"`(?P<source>[^`]{1,200})`(?: \((?:defined|configuration) in `?(?P<file>[^`)]{1,300}))?",
                3,
            ),
            (
                "cycle of `replace-with` sources",
                r"detected a cycle of `replace-with` sources, the source `(?P<source>[^`]{1,200})` is eventually "
                r"replaced with itself(?: \((?:defined|configuration) in `?(?P<file>[^`)]{1,300}))?",
                3,
            ),
        ),
        *patterns_for(
            "config-jobs",
            ("jobs may not be 0", r"^error: (?P<wrong>jobs may not be 0)$"),
            (
                "Number of parallel jobs",
                r"^error: could not parse `(?P<value>[^`]{0,200})`\. Number of parallel jobs should be",
            ),
        ),
        *patterns_for(
            "config-syntax",
            (
                "could not parse TOML configuration",
                r"could not parse TOML configuration in `(?P<file>[^`]{1,300})`",
            ),
        ),
    ),
)

_NEAR = 12  # lines of one chain of cargo's "Caused by"


def env(env: Environment) -> Iterator[Finding]:
    """See values in cargo's configuration and variables at which it stops."""
    yield from refused(env, "cargo-config-refused", "cargo stops before it compiles anything.")


def log(log: BuildLog) -> Iterator[Finding]:
    """See cargo refuse a file of its configuration."""
    for hit in log.find("config-two-linkers")[:1]:
        key = hit.groups["key"]
        matches = log.near(hit.line, "config-match", before=0, after=2)
        names = " and ".join(match.groups["cfg"] for match in matches) or "two cfg(…) tables"
        target = log.target_at(hit.line) or host(log)
        yield finding_from_hits(
            log,
            [hit, *matches],
            f"{names} both apply to the target, and both set {key}",
            "cargo stops before anything is built.",
            (
                Fix(
                    f"set the {key} of the target itself",
                    env=((f"CARGO_TARGET_{target.cargo_env_name}_{key.upper()}", "cc"),)
                    if key == "linker" and not log.cross_at(hit.line)
                    else (),
                    notes=f"[target.{target.triple}] {key} takes precedence over both.",
                ),
                Fix(f"remove {key} from one of the tables"),
            ),
        )
        return
    for hit in log.find("config-include")[:1]:
        unread = log.near(hit.line, "config-unread", before=0, after=_NEAR)
        file = unread[0].groups["file"] if unread else hit.groups["included"]
        yield finding_from_hits(
            log,
            [hit, *unread],
            f"cargo cannot read {file}, which {hit.groups['file']} includes",
            "cargo stops before anything is built.",
            (
                Fix(
                    "create the file, or correct its path",
                    notes="A relative path begins at the folder of the file that includes it.",
                ),
                Fix(
                    "let cargo skip it where it is missing",
                    notes=f'Write include = [{{ path = "{hit.groups["included"]}", optional = true }}].',
                ),
            ),
        )
        return
    for hit in log.find("config-source")[:1]:
        said = hit.groups
        wrong = f"there is no source {said['name']}" if said["name"] else "the sources stand for each other in a circle"
        yield finding_from_hits(
            log,
            [hit],
            f"replace-with of {said['source']} in cargo's configuration: {wrong}",
            "cargo reads no crate.",
            (
                Fix(
                    "define the source, or remove replace-with",
                    notes=f"[source.{said['name'] or 'NAME'}] with directory, registry or git, in "
                    f"{said['file'] or 'the same file'}; `cargo vendor` prints both tables.",
                ),
            ),
        )
        return
    for hit in log.find("config-jobs")[:1]:
        value = hit.groups["value"]
        yield finding_from_hits(
            log,
            [hit],
            f"cargo does not take {value} for the number of jobs"
            if value
            else "cargo does not take 0 for the number of jobs",
            "cargo stops before it compiles anything.",
            (
                Fix(
                    "name a number of jobs, or none",
                    notes="-j, CARGO_BUILD_JOBS or [build] jobs has it; without any, cargo takes all processors.",
                ),
            ),
        )
        return
    merges = log.find("config-merge")
    for hit in [hit for hit in merges if hit.groups["wants"]][:1] or merges[:1]:
        yield finding_from_hits(log, [hit], _merged(hit, merges), "cargo stops before anything is built.", _ONE_TYPE)
        return
    for hit in [*log.find("config-syntax"), *log.find("config-value")][:1]:
        key = hit.groups["key"]
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['file']}: {f'the value of {key} is not valid' if key else 'it is not valid TOML'}",
            "cargo stops before anything is built.",
            (Fix("correct the place that cargo names", notes='The last "Caused by" names it.'),),
        )
        return


_ONE_TYPE = (
    Fix(
        "give the key the same type in both files",
        notes="cargo reads the configuration of every folder above, and of ~/.cargo.",
    ),
)


def _merged(hit: Hit, merges: list[Hit]) -> str:
    """Return what does not fit, from the innermost of cargo's messages."""
    said = hit.groups
    keys = [merge.groups["key"] for merge in merges if merge.groups["key"] and merge.line <= hit.line]
    key = ".".join(keys[:4]) or "a key"
    if said["wants"]:
        return f"{key} is {said['wants']} in {said['other']}, and {said['found']} in {said['file']}"
    return f"{key} has different types in the files that cargo merges, {said['file']} among them"
