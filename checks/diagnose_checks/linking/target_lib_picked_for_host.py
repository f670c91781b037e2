"""Build scripts and procedural macros, which run on the host, would be linked with the target's library.

``PKG_CONFIG_PATH``, ``PKG_CONFIG_LIBDIR``, ``PKG_CONFIG`` and ``PKG_CONFIG_SYSROOT_DIR`` without a target in their name
are read for the host too: a build dependency that asks pkg-config gets the target's library, and its build script does
not link.

How to fix: give the variables the target's name, ``X_<triple>`` with underscores, or the prefix ``TARGET_``.

References:
    https://docs.rs/pkg-config/latest/pkg_config/
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.link_step import foreign_files, native, owner_of
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.readers.env import Environment
from diagnose.remedies.configuration import for_target_alone
from diagnose.remedies.fix import fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Link

CHECK = Check(since="0.1.0", phase=Phase.LINK)


def env(env: Environment) -> Iterator[Finding]:
    """See whether the host's own probes are answered with the target's files."""
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
                '"file in wrong format" in a step named (build script).'
            ),
            fixes=(
                fix(
                    env,
                    "give the variables the target's name",
                    configuration=for_target_alone(env, settings),
                    safe=False,
                ),
            ),
        )


def log(log: BuildLog) -> Iterator[Finding]:
    """See the host's linker skip or refuse the target's library in a step of the host's own."""
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
            f"{file} is the target's, and is linked into a program that the host runs",
            "A variable without the target's name sends build scripts there as well.",
            (
                Fix(
                    "give the variables the target's name",
                    notes=f"PKG_CONFIG_PATH_{suffix} instead of PKG_CONFIG_PATH, and so on; OPENSSL_DIR as "
                    f"{suffix.upper()}_OPENSSL_DIR. The host then needs its own lib{lib} as well.",
                ),
            ),
        )
        return


def _native(log: BuildLog, link: Link, file: str) -> Finding:
    folder = file.rpartition("/")[0]
    return finding_from_hits(
        log,
        [*link.of("ld-skipping", "ld-wrong-file"), *link.of("ld-no-lib")],
        f"{file} is of another architecture than this machine, for which is linked",
        "The linker passes over it or stops.",
        (
            Fix(
                f"for this machine: do not name {folder}, and install its own library",
                notes="LIBRARY_PATH, PKG_CONFIG_PATH and RUSTFLAGS reach every build; there are forms for one target "
                "only. `file` tells of which architecture a library is.",
            ),
            Fix(
                "for the library's architecture: name it as the target",
                notes="cargo build --target TRIPLE, with the target's own compiler as the linker.",
            ),
        ),
    )
