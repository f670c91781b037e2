"""The flags for rustc hold an option that it does not have.

Cargo passes ``RUSTFLAGS`` and ``rustflags`` of its configuration to every rustc, and stops at once if one is refused:
``failed to run `rustc` to learn about target-specific information``. The cause is a misspelt name, a flag of the
compiler or linker without ``-C link-arg=`` before it, or an option of a newer Rust.

How to fix: correct the option. A linker's option needs ``-C link-arg=``, and gcc's ``-Wl,`` before it.

References:
    https://doc.rust-lang.org/rustc/codegen-options/index.html
    https://doc.rust-lang.org/rustc/command-line-arguments.html
    https://doc.rust-lang.org/cargo/reference/config.html#buildrustflags
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.readers.cargo import rustc_flags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.RUST,
    patterns=(
        *patterns_for(
            "rustc-option-unknown",
            ("unknown codegen option", r"^(?:error: )?unknown codegen option: `(?P<codegen>[\w-]{1,80})`"),
            (
                "for codegen option `",
                r"^error: incorrect value `(?P<value>[^`]{1,80})` for codegen option `(?P<of>[\w-]{1,80})`",
            ),
            (
                "level needs to be between",
                r"^error: optimization level needs to be between .{1,40} was `(?P<value>[^`]{1,80})`",
            ),
            ("error: Unrecognized option: '", r"^error: Unrecognized option: '(?P<option>[^']{1,80})'"),
        ),
        *patterns_for(
            "rustc-asked", ("to learn about target-specific", r"failed to run `rustc` to learn about target-specific")
        ),
    ),
    env_facts=("refused",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See that the flags for the target hold an option that rustc does not have."""
    for option in env.refused:
        if option.name == "-Z":
            continue
        shown = " ".join(filter(None, (option.name, option.value)))
        yield Finding(
            message=f"rustc {env.toolchain.rust.version} does not accept {shown}",
            severity=Severity.ERROR,
            evidence=(setting_evidence(option.setting),),
            consequence=f"cargo compiles nothing: {option.refused}.",
            fixes=(_fix(option.value.partition("=")[0] if option.name == "-C" else "", option.setting.name),),
        )
        return  # rustc names the first one only


def _fix(codegen: str, where: str) -> Fix:
    import difflib  # only who finds something needs it

    near = difflib.get_close_matches(codegen.replace("_", "-"), sorted(rustc_flags.CODEGEN), 1) if codegen else []
    notes = f"Is {near[0]} meant? " if near and near[0] != codegen.replace("_", "-") else ""
    return Fix(
        f"correct {where}, or remove it",
        notes=f"{notes}A linker's options need `-C link-arg=`; a compiler's belong into CFLAGS.",
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See rustc refuse an option that cargo passed."""
    hits = log.find("rustc-option-unknown")
    if not hits or not (hits[0].groups["codegen"] or log.find("rustc-asked")):
        return
    groups = hits[0].groups
    shown = groups["codegen"] and f"-C {groups['codegen']}"
    shown = shown or (f"-C {groups['of'] or 'opt-level'}={groups['value']}" if groups["value"] else groups["option"])
    yield finding_from_hits(
        log,
        hits[:1],
        f"this rustc does not accept {shown}",
        "cargo compiles nothing.",
        (_fix(groups["codegen"] or "", "RUSTFLAGS, or rustflags in .cargo/config.toml"),),
    )
