"""Build scripts and procedural macros, which run on the host, are linked with the target's library.

The host's builds also read ``PKG_CONFIG_PATH``, ``PKG_CONFIG_LIBDIR``, ``PKG_CONFIG`` and ``PKG_CONFIG_SYSROOT_DIR``
without a target in the name. A build dependency that asks pkg-config gets the target's library, and its build script
does not link.

How to fix: add the target to the names of the variables: ``X_<triple>`` with underscores, or the prefix ``TARGET_``.

References:
    https://docs.rs/pkg-config/latest/pkg_config/
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.link_step import foreign_files, native, owner_of
from diagnose.authoring.log import finding_from_hits, host
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.pattern import LINKER_KINDS
from diagnose.remedies.configuration import for_target_alone
from diagnose.remedies.fix import fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, LinkStep
    from diagnose.readers.env import Environment

CHECK = Check(since="0.1.0", phase=Phase.LINK, log_kinds=LINKER_KINDS, env_facts=("host_libraries",))


def env(env: Environment) -> Iterator[Finding]:
    """See whether pkg-config answers the host's own probes with the target's files."""
    decided = env.host_pkgconfig
    if not env.cross or decided is None or env.container.kind == "cross-rs":
        return  # cross-rs images are made so, and hardly any build script needs a library itself
    chosen = (decided.program.setting, decided.libdir, decided.path, decided.sysroot)
    settings = [setting for setting in chosen if setting is not None]
    for library in env.host_libraries:
        wrong = [file for file in library.files if file.accepted is False and file.elf is not None]
        theirs = [
            f for f in wrong if f.elf and env.target.accepts(f.elf.machine, f.elf.bits, f.elf.endian, f.elf.flags)
        ]
        if not theirs or not settings:
            continue
        yield Finding(
            message=f"pkg-config answers build scripts, which run on the host, with the target's {library.module}",
            severity=Severity.NOTE,
            evidence=(
                *(setting_evidence(setting) for setting in settings),
                Evidence(f"code for {env.target.triple}", theirs[0].path),
            ),
            consequence=(
                "A build script or procedural macro that needs this library does not link: "
                '"file in wrong format" in a step that cargo names (build script).'
            ),
            fixes=(
                fix(
                    env,
                    "add the target to the names of the variables",
                    configuration=for_target_alone(env, settings),
                    safe=False,
                ),
            ),
        )


def log(log: BuildLog) -> Iterator[Finding]:
    """See the host's linker skip or reject the target's library in a step for the host."""
    for link in log.links:
        files = foreign_files(log, link) if link.for_host or native(log, link) else {}
        if not files:
            continue
        lib, file = next(iter(files.items()))
        if not link.for_host:
            if owner_of(log, file) is None and lib != "c":
                yield _native(log, link, file)
            continue
        target = log.target_at(link.line)
        suffix = target.env_name if target else "<target>"
        yield finding_from_hits(
            log,
            [*link.of("ld-skipping", "ld-wrong-file"), *link.of("ld-no-lib")],
            f"{file} is the target's, but is linked into a program that the host runs",
            "Build scripts, too, read a variable without the target's name.",
            (
                Fix(
                    "add the target to the names of the variables",
                    notes=f"PKG_CONFIG_PATH_{suffix} instead of PKG_CONFIG_PATH, {suffix.upper()}_OPENSSL_DIR for "
                    f"OPENSSL_DIR. The host then needs its own lib{lib} as well.",
                ),
            ),
        )
        return


def _native(log: BuildLog, link: LinkStep, file: str) -> Finding:
    folder = file.rpartition("/")[0]
    here = Fix(
        f"for this machine: remove {folder} from the search path, and install the native library",
        notes="LIBRARY_PATH, PKG_CONFIG_PATH and RUSTFLAGS affect every build. Use the variants for one "
        "target. `file` prints the architecture of a library.",
    )
    there = Fix(
        "for the library's architecture: build for that target",
        notes="Run cargo build --target TRIPLE, with the target's own compiler as the linker.",
    )
    named = re.search(_TRIPLE, file)  # a folder of another machine's files is not searched by chance
    return finding_from_hits(
        log,
        [*link.of("ld-skipping", "ld-wrong-file"), *link.of("ld-no-lib")],
        f"{file} has another architecture than this machine, for which {link.ld or 'the linker'} links",
        "The linker skips it or fails.",
        (there, here) if named and named[1] != host(log).gnu else (here, there),
    )


_TRIPLE = r"/(\w+-linux-\w+)/"
