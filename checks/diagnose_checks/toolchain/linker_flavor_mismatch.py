"""rustc passes a compiler's options to a linker, or a linker's options to a compiler.

rustc passes options either to a compiler (``-Wl,--as-needed``) or to a linker (``--as-needed``). It infers which one
from the target and from the name of the configured program. A wrapper called ``…-ld.sh`` gets a linker's options, even
if it calls gcc, and one called ``link`` Microsoft's. ``linker = "ld"`` or ``"mold"`` gets a compiler's.

How to fix: name the compiler, ``gcc`` or ``clang``, as the linker, and select the linker with ``-C
link-arg=-fuse-ld=…``. Give a wrapper a name that does not end in ``ld``.

References:
    https://doc.rust-lang.org/rustc/codegen-options/index.html#linker-flavor
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.link_step import native, wants_gcc
from diagnose.authoring.log import finding_from_hits, host
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity
from diagnose.model.pattern import LINKER_KINDS, patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINKER,
    log_kinds=("link-failed", *LINKER_KINDS),
    patterns=patterns_for(
        "wrong-flavor",
        (
            "unrecognized command",
            r"(?<!\S)(?=\S*(?:gcc|g\+\+|cc))(?P<program>\S+): error: unrecognized command[- ]line option "
            r"'(?P<option>--(?:as-needed|eh-frame-hdr|version-script\S*|gc-sections"
            r"|no-undefined-version|start-group))'",
        ),
        (
            "unknown command line option",
            r"(?P<program>mold): fatal: unknown command line option: (?P<option>-(?:Wl,\S+|m64|fuse-ld\S*))",
        ),
        (
            "unknown argument",
            r"(?P<program>(?:ld\.|rust-)?lld): (?:error|warning): unknown argument "
            r"'(?P<option>-(?:Wl,[^']+|m64|fuse-ld[^']*))'",
        ),
        (
            "unrecognized option",
            r"(?<!\S)(?P<program>\S*\bld(?:\.bfd)?): unrecognized option "
            r"'(?P<option>-(?:Wl,[^']+|fuse-ld[^']*|nodefaultlibs))'",
        ),
        (
            "unrecognised emulation",
            r"(?<!\S)(?P<program>\S*\bld(?:\.bfd)?): unrecognised emulation mode: (?P<option>64)",
        ),
    ),
    env_facts=("toolchain.linker.setting", "toolchain.host_linker.setting"),
)


#: Linkers by the names of their programs; rustc takes a program of any other name for a compiler.
_LINKERS = frozenset({"ld", "ld.bfd", "ld.gold", "gold", "ld.lld", "lld", "mold", "ld.mold", "wild", "ld.wild"})
#: Names, without an ending, of programs that rustc takes for linkers of other systems.
_FOREIGN = frozenset({"link", "lld-link", "wasm-ld", "rust-lld", "llvm-bitcode-linker"})


def env(env: Environment) -> Iterator[Finding]:
    """See whether what is configured as the linker is a linker, or a script that rustc takes for one."""
    for program, target in ((env.toolchain.linker, env.target), (env.toolchain.host_linker, env.host)):
        setting = program.setting
        if setting is None or not program.found:
            continue
        name = program.name.rpartition("/")[2]
        stem = re.sub(r"(?:-\d[\d.]*|\.\w+)$", "", name)
        linker = name in _LINKERS or re.sub(r"-\d[\d.]*$", "", name) in _LINKERS or name.endswith(("-ld", "-ld.bfd"))
        foreign = stem in _FOREIGN
        if not linker and not foreign and not stem.endswith("-ld") and stem != "ld":
            continue
        if "lld" in name and target.libc == "musl":
            continue  # Rust brings the start files and the C library for musl, so that lld links by itself
        own = f"{target.gnu}-gcc" if env.cross and target.triple == env.target.triple else "cc"
        short = re.sub("^.*[.-]", "", name)
        why = "of its name" if foreign else "its name ends in ld"
        yield Finding(
            message=f"{program.name} is a linker, and rustc needs a compiler to call one"
            if linker
            else f"rustc takes {program.name} for a linker, because {why}",
            severity=Severity.ERROR if linker or foreign else Severity.WARNING,
            evidence=(setting_evidence(setting),),
            consequence="Linking fails: the C library's start files and folders are known to the compiler only."
            if linker
            else "Linking fails: it gets the options of a linker for another system."
            if foreign
            else "It gets a linker's options, such as --as-needed, which a compiler does not know.",
            fixes=(
                Fix(
                    "name the compiler as the linker",
                    env=((f"CARGO_TARGET_{target.cargo_env_name}_LINKER", own),),
                    notes=f"To link with {short} still: -C link-arg=-fuse-ld={short} in the flags."
                    if linker and short in ("gold", "lld", "mold", "wild")
                    else "A wrapper script around it needs a name that rustc knows for no linker, such as cc.sh.",
                ),
            ),
        )
        if target.triple == env.host.triple:
            return


def log(log: BuildLog) -> Iterator[Finding]:
    """See a compiler get a linker's options, or the reverse, or a bare linker miss the compiler's own library."""
    for link in log.links:
        hits = wants_gcc(link)
        if hits and (link.for_host or native(log, link)):
            yield finding_from_hits(
                log,
                [*log.near(link.line, "link-failed"), *hits],
                f"{link.program} is set as the linker, which is not a compiler: rustc needs gcc or clang",
                "The linker alone does not find the compiler's own libraries. Nothing is linked.",
                [
                    Fix(
                        "name the compiler as the linker",
                        env=((f"CARGO_TARGET_{host(log).cargo_env_name}_LINKER", "cc"),),
                        notes="This variable replaces [target.<triple>] linker of .cargo/config.toml.",
                    )
                ],
            )
            return
    for hit in log.find("wrong-flavor")[:1]:
        program, option = hit.groups["program"].rpartition("/")[2], hit.groups["option"]
        compiler = option.startswith("--")
        target = log.target_at(hit.line)
        own = f"{target.gnu}-gcc" if target and log.cross_at(hit.line) else "cc"
        name = (target or host(log)).cargo_env_name
        message = (
            f"{program} is a compiler, but rustc calls it as a linker: it does not know {option}"
            if compiler
            else f"{program} is a linker, but rustc calls it as a compiler: it does not know {option}"
        )
        fixes = [
            Fix(
                "name the compiler as the linker",
                env=((f"CARGO_TARGET_{name}_LINKER", own),),
                notes="Give a wrapper script a name that does not end in ld."
                if compiler
                else f"To keep {program} as the linker: -C link-arg=-fuse-ld={re.sub('^.*[.-]', '', program)}.",
            )
        ]
        yield finding_from_hits(
            log, [*log.near(hit.line, "link-failed", before=12), hit], message, "Linking fails.", fixes
        )
