"""This release of openssl-sys does not support the installed OpenSSL version.

openssl-sys found OpenSSL and read its headers, so its paths are correct. An old openssl-sys rejects an OpenSSL that was
released after it. openssl-sys 0.9.112 and later rejects versions before OpenSSL 1.1.0, such as CentOS 7's 1.0.2.

How to fix: update the crate. On CentOS 7 use ``openssl11-devel`` of EPEL, the ``vendored`` feature, or a newer image.

References:
    https://github.com/sfackler/rust-openssl/blob/master/openssl-sys/CHANGELOG.md
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.workflow import Seen, finding, grouped, hook_calls, installed, once
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.model.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.workflow import Leg, Workflow

CHECK = Check(
    since="0.1.0",
    phase=Phase.SEARCH,
    patterns=patterns_for(
        "openssl-version",
        ("only compatible with OpenSSL", "This crate is only compatible with OpenSSL"),
        # a crate before 0.9.64 on OpenSSL 3, whose version number is a macro with arguments
        ("RUST_VERSION_OPENSSL_", r"pasting \"RUST_VERSION_OPENSSL_\" and \"\(\" does not give a valid"),
        ("different version of OpenSSL", "a different version of OpenSSL was found"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See openssl-sys reject the version."""
    hits = log.find("openssl-version")
    if hits:
        _, version = log.crate_at(hits[0].line)
        yield finding_from_hits(
            log,
            hits,
            f"openssl-sys {version or 'of this version'} does not support the installed OpenSSL",
            "openssl-sys and all crates that use it cannot be built.",
            [
                Fix("update the crates", (Command("cargo update -p openssl-sys -p openssl", FixStage.BUILD),)),
                Fix(
                    "build OpenSSL from source with the crate's own feature",
                    (Command("cargo add openssl --features vendored", FixStage.BUILD),),
                ),
                Fix(
                    "use an image with a supported OpenSSL",
                    notes="CentOS 7 has OpenSSL 1.0.2. Use manylinux_2_28 or later.",
                ),
            ],
        )


_FIRST_WITHOUT_1_0 = (0, 9, 112)


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See CentOS 7's OpenSSL 1.0.2 installed for a locked openssl-sys that rejects it."""
    seen = []
    has_another = once(_has_another)
    for leg, hook, spot, call in hook_calls(workflow):
        facts = hook.place.facts
        if facts is None or facts.label != "CentOS 7" or "openssl-devel" not in installed(call):
            continue
        version = _locked(leg)
        if version and not has_another(leg):
            seen.append(Seen(version, spot, f"{hook.name} installs openssl-devel, which is OpenSSL 1.0.2k", leg))
    for group in grouped(seen):
        version = group[0].key
        yield finding(
            f"openssl-sys {version} does not support the OpenSSL 1.0.2 of this image, CentOS 7",
            Severity.ERROR,
            group,
            "openssl-sys: this crate is only compatible with OpenSSL 1.1.0 and later.",
            [
                Fix("build in a newer image", notes="maturin-action: `manylinux: 2_28`, which has OpenSSL 1.1.1."),
                Fix(
                    "build OpenSSL from source with the crate's own feature",
                    (Command("cargo add openssl --features vendored", FixStage.BUILD),),
                    notes="It needs perl-core in the image.",
                ),
            ],
        )


def _locked(leg: Leg) -> str:
    """Return the version of the locked openssl-sys if it rejects 1.0.2 and nothing builds OpenSSL; else nothing."""
    project = leg.project
    crate = project.crate("openssl-sys") if project is not None else None
    if project is None or crate is None or project.locked("openssl-src") or "openssl-src" in crate.dependencies:
        return ""
    chosen = any(word.startswith(("--features", "--no-default", "-F", "--all-f")) for word in leg.words)
    return crate.version if version_key(crate.version) >= _FIRST_WITHOUT_1_0 and not chosen else ""


def _has_another(leg: Leg) -> bool:
    """Whether the leg brings an OpenSSL of its own, or says where one is."""
    words = [word for hook in leg.hooks for _, call in hook.calls for word in call.words]
    names = [setting.name for setting in leg.settings]
    options = leg.inputs.get("docker-options", ("", leg.spot))[0]
    hints = ("OPENSSL_", "openssl11", "openssl-1", "openssl-3")
    return any(hint in word for hint in hints for word in (*words, *names, options))
