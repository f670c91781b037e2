"""The installed OpenSSL is of a version that this openssl-sys does not know or no longer supports.

openssl-sys found OpenSSL and read its headers; so this is not about paths. An old openssl-sys refuses an OpenSSL that
came out after it; one from 0.9.112 on refuses what is older than OpenSSL 1.1.0, CentOS 7's 1.0.2 among them.

How to fix: update the crate; on CentOS 7 take ``openssl11-devel`` of EPEL, the ``vendored`` feature, or a newer image.

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
        # of OpenSSL 3's version number, which is a macro with arguments, by a crate from before 0.9.64
        ("RUST_VERSION_OPENSSL_", r"pasting \"RUST_VERSION_OPENSSL_\" and \"\(\" does not give a valid"),
        ("different version of OpenSSL", "a different version of OpenSSL was found"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See openssl-sys refuse the version."""
    hits = log.find("openssl-version")
    if hits:
        _, version = log.crate_at(hits[0].line)
        yield finding_from_hits(
            log,
            hits,
            f"openssl-sys {version or 'of this version'} does not support the OpenSSL that is installed",
            "openssl-sys cannot be built, nor anything that uses it.",
            [
                Fix("update the crates", (Command("cargo update -p openssl-sys -p openssl", Stage.BUILD),)),
                Fix(
                    "build OpenSSL from source with the crate's own feature",
                    (Command("cargo add openssl --features vendored", Stage.BUILD),),
                ),
                Fix(
                    "take an image with an OpenSSL that it supports",
                    notes="CentOS 7 has 1.0.2: manylinux_2_28 and later.",
                ),
            ],
        )
