"""openssl-sys does not find OpenSSL for the target.

openssl-sys reads ``<TRIPLE>_OPENSSL_DIR`` and ``OPENSSL_DIR`` (and ``…_LIB_DIR`` with ``…_INCLUDE_DIR``) first, and
asks pkg-config only if these are unset. If pkg-config fails, its message is printed before the panic and names the
cause. The rust-cross images set ``<TRIPLE>_OPENSSL_DIR`` to a folder without OpenSSL. There openssl-sys never asks
pkg-config, whatever is installed.

zig does not find ``openssl/opensslconf.h``, because Debian keeps it in a multiarch include folder. ``CFLAGS_<target>``
with ``-idirafter`` adds that folder.

How to fix: install OpenSSL for the target and configure pkg-config for the target. Or use the crate's ``vendored``
feature, which builds OpenSSL, or rustls. In a rust-cross image unset the variable, or set both ``OPENSSL_LIB_DIR`` and
``OPENSSL_INCLUDE_DIR``.

References:
    https://docs.rs/openssl/latest/openssl/#automatic
    https://github.com/rust-cross/manylinux-cross/issues/132
"""

from __future__ import annotations

from diagnose.authoring.environment import with_outcome
from diagnose.authoring.log import advise, finding_from_hits
from diagnose.authoring.overrides import broken_override_finding
from diagnose.authoring.workflow import Seen, grouped, is_read, mentions, needed
from diagnose.authoring.workflow import finding as workflow_finding
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment
    from diagnose.readers.workflow import Workflow

CHECK = Check(
    since="0.1.0",
    phase=Phase.SEARCH,
    patterns=(
        *patterns_for(
            "no-openssl",
            ("find directory of OpenSSL", "Could not find directory of OpenSSL installation"),
            # the end of that message, where its beginning was not copied
            ("development packages of openssl", "Make sure you also have the development packages of openssl"),
            ("OpenSSL development headers", "Failed to find OpenSSL development headers"),
            ("find openssl via pkg-config", "Could not find openssl via pkg-config"),
            ("directory does not exist", r"OpenSSL (?:library|include) directory does not exist: (?P<folder>\S+)"),
            (
                "does not contain the required files",
                r"OpenSSL libdir at `(?P<folder>[^`]*)` does not contain the required files",
            ),
        ),
        # the build script of cryptography-cffi, to which openssl-sys named no folder
        *patterns_for(
            "openssl-unnamed", ("openssl include path", r"^(?:.{0,200}')?unable to find openssl include path")
        ),
        # the message of clang and zig; a header that gcc does not find is not installed
        *patterns_for(
            "openssl-header",
            (
                "file not found",
                r"(?<!\S)(?P<by>\S+?):\d+:\d+: fatal error: '(?P<header>openssl/[\w.]+)' file not found",
            ),
        ),
        *patterns_for(
            "openssl-dir",
            ("OPENSSL_", r"^\s*(?P<name>\w*OPENSSL_DIR)(?: = |=)(?!unset)(?P<folder>/\S*)"),
            ("OPENSSL_", r"^(?P<name>\w*OPENSSL_(?:LIB_|INCLUDE_)?DIR) ?=(?P<empty>)$"),
        ),
        *patterns_for(
            "openssl-elsewhere",
            (
                "OPENSSL_DIR unset",
                r"^(?P<triple>[A-Z0-9_]{2,20}_(?:PC_WINDOWS|APPLE|LINUX_ANDROID|UNKNOWN_(?:FREEBSD|NETBSD|OPENBSD))[A-Z0-9_]{0,20}?)"
                r"_OPENSSL_DIR unset$",
            ),
        ),
        *patterns_for("openssl-host", ("HOST = ", r"^\s*\$HOST = (?P<triple>\S+)")),
    ),
    env_facts=("libraries.!found",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether the variables that openssl-sys reads first name an existing OpenSSL."""
    for library in with_outcome(env, "misdirected"):
        if library.module == "openssl":
            yield broken_override_finding(
                env, library, "openssl-sys fails, whatever is installed: it does not ask pkg-config."
            )


def log(log: BuildLog) -> Iterator[Finding]:
    """See openssl-sys fail to find OpenSSL."""
    # cargo repeats the first line as a warning before its report, which contains the reason
    for hit in () if log.find("no-openssl") else log.find("openssl-unnamed")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            "openssl-sys found OpenSSL without the folder of its headers, which the build script of cryptography needs",
            "cryptography cannot be built.",
            (_NAMED, *advise(log, hit.line, _bring)),
        )
    hits = sorted(log.find("no-openssl"), key=lambda hit: "openssl" not in log.crate_at(hit.line)[0])
    for hit in hits[:1]:
        if "headers" in hit.text and log.find("openssl-version"):
            return  # the headers were found but not understood
        target = log.target_at(hit.line)
        headers = log.near(hit.line, "openssl-header", before=60, after=10) if "headers" in hit.text else []
        if headers:
            header, by = headers[-1].groups["header"], headers[-1].groups["by"]
            yield finding_from_hits(
                log,
                [headers[-1], hit],
                f"the compiler does not find {header}, which {by} includes",
                "openssl-sys cannot be built. Debian keeps headers that differ by architecture in multiarch include "
                "folders, which zig does not search.",
                advise(log, headers[-1].line, _include, header),
            )
            return
        preset = log.near(hit.line, "openssl-dir", before=60, after=40)
        nothing = [one for one in preset if "empty" in one.groups]
        if nothing and not hit.groups["folder"].strip("[]`'\","):
            names = list(dict.fromkeys(one.groups["name"] for one in nothing))
            yield finding_from_hits(
                log,
                [hit, *nothing],
                f"{' and '.join(names)} are set, and empty: openssl-sys takes that for a folder"
                if len(names) > 1
                else f"{names[0]} is set, and empty: openssl-sys takes that for a folder",
                "openssl-sys and all crates that use it cannot be built, whatever is installed.",
                [
                    Fix(
                        "unset them, or give them values",
                        unset=tuple(names),
                        notes="A script, a Makefile or a port may set them from a variable that is empty.",
                    )
                ],
            )
            return
        preset = [one for one in preset if "empty" not in one.groups]
        folder = hit.groups["folder"] or (preset[-1].groups["folder"] if preset else "")
        if folder:
            message = f"{folder} contains no OpenSSL, but a variable points openssl-sys there"
        else:
            message = f"openssl-sys does not find OpenSSL{f' for {target.triple}' if target else ''}"
        elsewhere = log.near(hit.line, "openssl-elsewhere", before=60, after=40)
        if elsewhere and not folder:
            prefix = elsewhere[-1].groups["triple"]
            yield finding_from_hits(
                log,
                [hit, elsewhere[-1]],
                f"openssl-sys does not find OpenSSL for {_triple(prefix)}",
                "openssl-sys and all crates that use it cannot be built.",
                _of_other_system(prefix),
            )
            return
        fixes = [_unset(preset[-1].groups["name"])] if preset else [_UNSET] if hit.groups["folder"] else []
        yield finding_from_hits(
            log,
            [hit, *preset],
            message,
            "openssl-sys and all crates that use it cannot be built.",
            [*fixes, *advise(log, hit.line, _bring)],
        )


def _triple(prefix: str) -> str:
    """Return the target that openssl-sys writes as the *prefix* of its variables: ``X86_64_PC_WINDOWS_GNU``."""
    return prefix.lower().replace("_", "-").replace("x86-64", "x86_64")


def _of_other_system(prefix: str) -> tuple[Fix, ...]:
    """Return the fixes for a target that the build machine's packages are not for."""
    return (
        Fix(
            "compile OpenSSL with the crate",
            (Command("cargo add openssl --features vendored", FixStage.BUILD),),
            notes="It needs perl, make and the target's C compiler. The feature has to be in the crate that is built, "
            "or in one that it depends on.",
        ),
        Fix(
            f"name an OpenSSL that was built for {_triple(prefix)}",
            env=((f"{prefix}_OPENSSL_DIR", "/path/to/openssl"),),
            notes="The folder has include and lib. The packages of the build machine's distribution are for itself.",
        ),
    )


def _unset(name: str) -> Fix:
    return Fix(
        f"unset {name}, so that openssl-sys asks pkg-config",
        unset=(name,),
        notes="The images of rust-cross set it to a folder without OpenSSL.",
    )


_NAMED = Fix(
    "name the folder that holds include/openssl",
    env=(("OPENSSL_DIR", "/usr"),),
    notes="/usr is right for a distribution's package; Homebrew: $(brew --prefix openssl@3). A search by pkg-config "
    "names no folder that the compiler searches by itself.",
)
_UNSET = Fix(
    "unset the variables that name it, so that openssl-sys asks pkg-config",
    unset=("OPENSSL_DIR", "OPENSSL_LIB_DIR", "OPENSSL_INCLUDE_DIR"),
    notes="Or let OPENSSL_DIR name a folder with include and lib. While they are set, an installed package is not "
    "seen. Those of one target begin with its name, as in X86_64_UNKNOWN_LINUX_GNU_OPENSSL_DIR.",
)


def _include(env: Environment, header: str) -> tuple[Fix, ...]:
    if env.distro.family != "debian" or not env.target.multiarch:
        return ()
    folder = f"/usr/include/{env.target.multiarch}"
    return (
        Fix(
            f"add {folder} to the end of the compiler's search path",
            env=((f"CFLAGS_{env.target.env_name}", f"-idirafter {folder}"),),
            notes=f"libssl-dev of the target's architecture contains {folder}/{header}.",
        ),
    )


def _bring(env: Environment) -> tuple[Fix, ...]:
    from diagnose.remedies.libraries import install_fixes

    return install_fixes(env, "openssl")


_PRESET = "ghcr.io/rust-cross/manylinux"


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a locked openssl-sys in an image that sets ``<TRIPLE>_OPENSSL_DIR`` to a folder without OpenSSL."""
    seen = []
    for leg in workflow.legs:
        crate = needed(leg).get("openssl", "")
        if not leg.place.name.startswith(_PRESET) or not crate.startswith("openssl-sys ") or not is_read(leg):
            continue
        project = leg.project
        if project is not None and project.locked("openssl-src") is None and not mentions(leg, "openssl_", "openssl-"):
            seen.append(Seen((crate, leg.target), leg.spot, f"{leg.tool} builds in {leg.place.name}", leg))
    for group in grouped(seen):
        crate, triple = group[0].key
        name = f"{triple.upper().replace('-', '_')}_OPENSSL_DIR"
        yield workflow_finding(
            f"{crate} finds no OpenSSL for {triple} in the cross image",
            Severity.WARNING,
            group,
            f"The image sets {name} to a folder without OpenSSL.",
            [
                Fix("build OpenSSL from source with the crate's own feature", notes="`vendored`, of openssl."),
                Fix("build on a runner of the target's processor", notes="There install it in before-script-linux."),
            ],
        )
