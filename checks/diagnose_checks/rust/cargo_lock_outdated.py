"""Cargo.lock does not fit Cargo.toml, and may not be changed.

With ``--locked`` or ``--frozen``, which maturin and many packages pass, cargo stops where it would have to change
Cargo.lock: a dependency or the version of the package itself was changed, and the lock file was not.

How to fix: update the lock file in the project and commit it; without ``--locked`` cargo does so itself.

References:
    https://doc.rust-lang.org/cargo/commands/cargo-build.html#manifest-options
"""

from __future__ import annotations

from diagnose.authoring.environment import refused
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
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
        "lock-outdated",
        (
            "annot update the lock file",
            r"cannot update the lock file (?P<lock>\S+) because (?P<option>--\w+) was passed",
        ),
        ("needs to be updated but", r"lock file (?P<lock>\S+) needs to be updated but (?P<option>--\w+) was passed"),
        (
            "annot create the lock file",
            r"cannot create the lock file (?P<lock>\S+) because (?P<option>--\w+) was passed",
        ),
    ),
)


def env(env: Environment) -> Iterator[Finding]:
    """See that cargo would have to change a lock file that [tool.maturin] lets it not change."""
    made = not env.project.lock
    for one in refused(env, "cargo-lock-outdated", "cargo stops before it compiles anything."):
        yield one._replace(fixes=(_WRITE if made else _UPDATE,))


_WRITE = Fix(
    "write it in the project, and commit it",
    (Command("cargo generate-lockfile", FixStage.BUILD),),
    notes="A source distribution has to contain it, too.",
)
_UPDATE = _WRITE._replace(commands=(Command("cargo update --workspace", FixStage.BUILD),))


def log(log: BuildLog) -> Iterator[Finding]:
    """See cargo refuse to change the lock file."""
    for hit in log.find("lock-outdated")[:1]:
        option = hit.groups["option"]
        made = "create" in hit.text
        yield finding_from_hits(
            log,
            [hit],
            f"Cargo.lock {'is missing' if made else 'does not fit Cargo.toml'}, and {option} forbids to write it",
            "Nothing is built.",
            (
                _WRITE if made else _UPDATE,
                Fix(
                    f"leave {option} out", notes="Then cargo may choose newer dependencies than those that were tested."
                ),
            ),
        )
