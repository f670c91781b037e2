"""The flags for rustc hold an option that it does not have.

Cargo passes ``RUSTFLAGS`` and ``rustflags`` of its configuration to every rustc, and stops at once if one is refused:
``failed to run `rustc` to learn about target-specific information``. The cause is a misspelt name, a flag of the
compiler or linker without ``-C link-arg=`` before it, or an option of a newer Rust. A processor that LLVM does not
know (``-C target-cpu=x86_64-v3`` instead of ``x86-64-v3``) costs x86-64 and RISC-V their 64 bits: ``LLVM ERROR: 64-bit
code requested on a subtarget that doesn't support it!``

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
from diagnose.tables import rustc_options, rustc_processors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.cargo.rustc_flags import RustcOption
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
            "rustc-flags-refused",
            *(
                (anchor, rf"^error: (?P<said>{pattern})")
                for anchor, pattern in (
                    ("this option has been removed", r"`-C [\w-]{1,40}`: this option has been removed"),
                    ("` is unstable", r"`-C ?[\w=+,-]{1,80}` is unstable"),
                    (
                        "requires `-Z",
                        r"`-C ?[\w=+,-]{1,80}`(?: or `[\w-]{1,40}`)?(?: also)? requires `-Z ?unstable-options`",
                    ),
                    ("codegen option `", r"codegen option `[\w-]{1,40}` requires "),
                    ("the linker flavor `", r"the linker flavor `[\w.-]{1,40}` is unstable"),
                    ("linker flavor `", r"linker flavor `[\w.-]{1,40}` is incompatible with the current target"),
                    ("-C link-self-contained", r"only `-C link-self-contained` values [^\n]{1,120} are stable"),
                    ("-C link-self-contained", r"option `-C link-self-contained` is not supported on this target"),
                    ("value for codegen units", r"value for codegen units must be a positive non-zero integer"),
                    ("debug info level needs", r"debug info level needs to be between [^\n]{1,60}"),
                    ("requested DWARF version", r"requested DWARF version \d{1,9} is not supported"),
                    ("embed-bitcode=no` and", r"options `-C embed-bitcode=no` and `-C lto` are incompatible"),
                    ("--print=file-names", r"output of --print=file-names (?:missing|has changed)[^\n]{0,80}"),
                    ("passed to `-C profile-use", r"[Ff]ile `[^`]{1,200}` passed to `-C profile-use` does not exist"),
                    ("--error-format=json`", r"using `--json` requires also using `--error-format=json`"),
                    ("unknown print request", r"unknown print request:? `[^`]{1,80}`"),
                    ("unknown emission type", r"unknown emission type: `[^`]{1,80}`"),
                    ("unknown lint level", r"unknown lint level: `[^`]{1,80}`"),
                    ("library kind `", r"(?:unknown )?library kind `[^`]{0,80}`(?:, expected one of| is unstable)"),
                    (
                        "linking modifier `",
                        r"(?:unknown )?linking modifier `[^`]{0,80}`(?:, expected one of| is unstable)",
                    ),
                    ("renaming of the library", r"renaming of the library `[^`]{1,80}` was specified"),
                    ("invalid `--cfg` argument", r"invalid `--cfg` argument: `[^`]{1,80}`"),
                    ("unexpected `--cfg", r"unexpected `--cfg [^`]{1,80}` flag"),
                    ("multiple input filenames", r"multiple input filenames provided[^\n]{0,120}"),
                    ("given more than once", r"Option '[\w-]{1,40}' given more than once"),
                    ("Argument to option '", r"Argument to option '[\w-]{1,40}' missing"),
                    ("argument file: ", r"[Ff]ailed to load argument file: [^\n]{1,160}"),
                    ("--remap-path-prefix must", r"--remap-path-prefix must contain '=' between FROM and TO"),
                    ("stem from specified linker", r"couldn't extract file stem from specified linker"),
                    ("option with `--json`", r"cannot specify the `--color` option with `--json`"),
                    ("-Zunstable-options not", r"[\w-]{1,40} requested but -Zunstable-options not specified"),
                    ("`rustc --print=cfg`", r"failed to parse the cfg from `rustc --print=cfg`"),
                    ("unknown pass name", r"failed to run LLVM passes: unknown pass name '[^']{1,80}'"),
                )
            ),
            ("profiler_builtins", r"^error\[E0463\]: (?P<said>can't find crate for `profiler_builtins`)"),
            (
                "Unknown command line argument",
                r"^rustc -Cllvm-args=\"\.\.\.\" with: (?P<said>Unknown command line argument '[^']{1,80}')",
            ),
            (
                "must also be passed to enable",
                r"^error: (?P<said>the `-Z unstable-options` flag must also be passed to enable (?:the flag )?"
                r"`(?:check-cfg|env-set|--extern)[^`\n]{0,40}`?[^\n]{0,20})",
            ),
        ),
        *patterns_for(
            "processor-without-64-bits",
            ("64-bit code requested on", r"^(?:rustc-)?LLVM ERROR: 64-bit code requested on a subtarget that doesn't"),
            ("RV64 target requires an RV64", r"^(?:rustc-)?LLVM ERROR: RV64 target requires an RV64 CPU"),
        ),
        *patterns_for(
            "processor-unknown",
            (
                "is not a recognized processor",
                r"^'(?P<name>[^']{1,80})' is not a recognized processor for this target \(ignoring processor\)",
            ),
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
            message=f"rustc {env.toolchain.rust.compiler or env.toolchain.rust.version} does not accept {shown}",
            severity=Severity.ERROR,
            evidence=(setting_evidence(option.setting),),
            consequence=f"cargo compiles nothing: {option.refused}.",
            fixes=(_fix_of(option),),
        )
        return  # rustc names the first one only


def _fix_of(option: RustcOption) -> Fix:
    name, _, value = option.value.partition("=")
    if option.name == "-C" and name.replace("_", "-") == "target-cpu":
        return _processor_fix(value, option.setting.name)
    return _fix(name if option.name == "-C" else "", option.setting.name)


def _processor_fix(name: str, where: str) -> Fix:
    import difflib  # only who finds something needs it

    known = {one for target in ("x86_64", "riscv64", "loongarch64") for one in rustc_processors.names(target)}
    near = difflib.get_close_matches(name.lower().replace("_", "-"), sorted(known), 1)
    return Fix(
        f"correct {where}, or remove it",
        notes=f"{f'Is {near[0]} meant? ' if near else ''}`rustc --print target-cpus --target TARGET` lists the names; "
        "rustc writes them as LLVM does (x86-64-v3), gcc's are others.",
    )


def _fix(codegen: str, where: str) -> Fix:
    import difflib  # only who finds something needs it

    near = difflib.get_close_matches(codegen.replace("_", "-"), sorted(rustc_options.table()), 1) if codegen else []
    notes = f"Is {near[0]} meant? " if near and near[0] != codegen.replace("_", "-") else ""
    return Fix(
        f"correct {where}, or remove it",
        notes=f"{notes}A linker's options need `-C link-arg=`; a compiler's belong into CFLAGS.",
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See rustc refuse an option that cargo passed."""
    stopped, unknown = log.find("processor-without-64-bits"), log.find("processor-unknown")
    if stopped:
        name = unknown[-1].groups["name"] if unknown else ""
        yield finding_from_hits(
            log,
            [*unknown[-1:], *stopped[:1]],
            f"this rustc does not accept -C target-cpu={name}" if name else "-C target-cpu names a 32-bit processor",
            "rustc compiles nothing for the target.",
            (_processor_fix(name, "RUSTFLAGS, or rustflags in .cargo/config.toml"),),
        )
        return
    hits = log.find("rustc-option-unknown")
    if not hits or not (hits[0].groups["codegen"] or log.find("rustc-asked")):
        yield from _said(log)
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


def _said(log: BuildLog) -> Iterator[Finding]:
    """Yield what rustc says of its flags, where it does not name an option that it lacks."""
    for hit in log.find("rustc-flags-refused")[:1]:
        said = hit.groups["said"].strip()
        profiler = "profiler_builtins" in said
        yield finding_from_hits(
            log,
            [hit],
            f"this rustc does not accept its flags: {said}"[:100],
            "The crate is not compiled. Without RUSTFLAGS and rustflags in cargo's configuration, it is.",
            (_PROFILER if profiler else _fix("", "RUSTFLAGS, or rustflags in .cargo/config.toml"),),
        )


_PROFILER = Fix(
    "take out -C instrument-coverage and -C profile-generate, or take rustup's Rust",
    notes="They need the library profiler_builtins, which rustup's toolchains have, and some distributions' do not.",
)
