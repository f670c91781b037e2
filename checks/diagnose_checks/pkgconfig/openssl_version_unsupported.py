"""This release of openssl-sys does not support the installed OpenSSL version.

openssl-sys found OpenSSL and read its headers, so its paths are correct. An old openssl-sys rejects an OpenSSL that was
released after it. openssl-sys 0.9.112 and later rejects versions before OpenSSL 1.1.0, such as CentOS 7's 1.0.2.

How to fix: update the crate. On CentOS 7 use ``openssl11-devel`` of EPEL, the ``vendored`` feature, or a newer image.

References:
    https://github.com/sfackler/rust-openssl/blob/master/openssl-sys/CHANGELOG.md
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, Phase, Stage
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

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
                Fix("update the crates", (Command("cargo update -p openssl-sys -p openssl", Stage.BUILD),)),
                Fix(
                    "build OpenSSL from source with the crate's own feature",
                    (Command("cargo add openssl --features vendored", Stage.BUILD),),
                ),
                Fix(
                    "use an image with a supported OpenSSL",
                    notes="CentOS 7 has OpenSSL 1.0.2. Use manylinux_2_28 or later.",
                ),
            ],
        )
