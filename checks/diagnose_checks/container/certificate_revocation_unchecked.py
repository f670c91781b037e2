"""Windows cannot ask whether a server's certificate was revoked.

schannel, the TLS of Windows, asks the authority of each certificate whether it was revoked, and refuses the connection
without an answer. A company's proxy that answers with certificates of its own names no server for that, or a firewall
keeps the question from it. cargo and curl call that an SSL connect error, and cargo a spurious network error.

How to fix: tell the tool not to insist on an answer.

References:
    https://doc.rust-lang.org/cargo/reference/config.html#httpcheck-revoke
    https://curl.se/docs/manpage.html#--ssl-revoke-best-effort
    https://learn.microsoft.com/en-us/windows/win32/seccrypto/common-hresult-values
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = blocks_later_installs
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "revocation",
        ("0x8009201", r"schannel: .{0,200}\(0x8009201(?P<code>[23])\)"),  # CRYPT_E_NO_REVOCATION_CHECK, …_OFFLINE
        ("CRYPT_E_", r"CRYPT_E_(?:NO_REVOCATION_CHECK|REVOCATION_OFFLINE)"),
    ),
)
_CARGO = Fix(
    "let cargo connect without the answer",
    env=(("CARGO_HTTP_CHECK_REVOKE", "false"),),
    notes="Or in ~/.cargo/config.toml: [http] check-revoke = false.",
)
_CURL = Fix(
    "let curl connect without the answer",
    (Command("curl --ssl-revoke-best-effort ADDRESS", FixStage.BUILD),),
    notes="Or a line with ssl-revoke-best-effort in ~/.curlrc (_curlrc in %APPDATA%).",
)
_GIT = Fix(
    "let git connect without the answer",
    (Command("git config --global http.schannelCheckRevoke false", FixStage.BUILD),),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See schannel refuse a connection for want of an answer."""
    hits = log.find("revocation")
    if not hits:
        return
    told = " ".join(hit.text for hit in hits)
    curl = "curl: (" in told
    first = _GIT if "unable to access" in told else _CURL if curl else _CARGO
    yield finding_from_hits(
        log,
        hits,
        "Windows cannot check whether the server's certificate was revoked, and refuses the connection",
        "The download is missing.",
        (first, *(fix for fix in (_CARGO, _CURL, _GIT) if fix is not first)),
    )
