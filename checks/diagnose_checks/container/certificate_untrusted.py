"""A server's certificate is not trusted.

The system has no list of certificate authorities (slim images without ca-certificates), a company's proxy answers
with a certificate of its own, or the clock is wrong. Every language brings its own list: pip, uv, cargo and curl read
different variables.

How to fix: install ca-certificates. Behind a proxy, add its authority's certificate to the system, and name that file
to the tools.

References:
    https://pip.pypa.io/en/stable/topics/https-certificates/
    https://docs.astral.sh/uv/concepts/authentication/certificates/
    https://doc.rust-lang.org/cargo/reference/config.html#httpcainfo
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
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
        "certificate",
        (
            "CERTIFICATE_VERIFY_FAILED",
            r"CERTIFICATE_VERIFY_FAILED\]?:? ?certificate verify failed(?:: (?P<why>[\w ,'-]{1,100}))?",
        ),
        ("invalid peer certificate", r"invalid peer certificate: (?P<why>\w{1,60})"),
        ("SSL certificate problem", r"SSL certificate problem: (?P<why>[\w ,'-]{1,100})"),
        ("certificate verification fail", r"(?:server|Server) certificate verification failed"),
        ("ertificate verification failed", r"Certificate verification failed: (?P<why>[\w ,'.-]{1,100})"),
        ("SSL certificate is invalid", r"[Tt]he SSL certificate is invalid"),
        ("with the SSL CA cert", r"\[77\] Problem with (?:the )?SSL CA cert"),
        ("curl: (58) ", r"^curl: \(58\) (?P<own>\S.{0,200})"),
        ("error setting certificate", r"error setting certificate (?:verify locations|file)"),
        ("class=Net (12)", r"(?:curl error: +)?(?:curl error: )?^; class=Net \(12\)$"),
        # schannel, the TLS of Windows
        ("0x80090325", r"\(0x80090325\) - (?P<why>[^.]{1,100})"),
        ("SEC_E_UNTRUSTED_ROOT", r"SEC_E_UNTRUSTED_ROOT"),
        ("0x80090328", r"\(0x80090328\)(?: - (?P<why>[^.]{1,100}))?"),
        ("SEC_E_CERT_EXPIRED", r"SEC_E_(?P<why>CERT_EXPIRED)"),
        ("x509: certificate", r"x509: certificate (?P<why>[\w ]{1,60})"),
        ("rror: ssl-verification-failed", r"^error: ssl-verification-failed"),  # pip
        ("certificate verify failed:", r"\berror:[0-9A-F]{8}:SSL routines:\w{1,80}:certificate verify failed:"),  # apk
        ("server certificate not", r"TLS: server certificate not trusted"),
        ("cannot verify ", r"^ERROR: cannot verify \S{1,200}'s certificate"),
        ("SELF_SIGNED_CERT_IN_CHAIN", r"(?P<why>SELF_SIGNED_CERT_IN_CHAIN)"),
        ("UNABLE_TO_GET_ISSUER_CERT", r"UNABLE_TO_GET_ISSUER_CERT"),
    ),
)
_WINDOWS = Fix(
    "behind a proxy of your company: add its certificate to those that Windows trusts",
    (Command("certutil -addstore -f Root PROXY.cer", FixStage.TOOLCHAIN),),
    notes="schannel, the TLS of Windows, reads no other list; cargo takes a file instead with CARGO_HTTP_CAINFO, curl "
    "with --cacert.",
)
_PACKAGES = dict.fromkeys(("debian", "rhel", "alpine", "arch", "suse"), ("ca-certificates",))


def log(log: BuildLog) -> Iterator[Finding]:
    """See a download fail because of a certificate."""
    hits = [hit for hit in log.find("certificate") if "WARNING: Retrying" not in hit.text] or log.find("certificate")
    if not hits:
        return
    if own := next((hit.groups["own"] for hit in hits if hit.groups["own"]), ""):
        yield finding_from_hits(
            log,
            hits,
            f"curl cannot use the client certificate that its options name: {own[:60]}",
            "The server is not asked.",
            (
                Fix(
                    "name the files that are there, with their kind",
                    (Command("curl --cert FILE.pem --key KEY.pem ADDRESS", FixStage.BUILD),),
                    notes="--cert-type P12 for a .p12 or .pfx; --pass where the key has a password. Without such a "
                    "server: take cert out of ~/.curlrc.",
                ),
            ),
        )
        return
    none = all(re.search(r"SSL CA cert|verify locations|certificate file|class=Net", hit.text) for hit in hits)
    why = next((hit.groups["why"].strip() for hit in hits if hit.groups["why"]), "")
    if re.search("expired|not yet valid|NotValidYet", why, re.I):
        fixes: tuple[Fix, ...] = (
            Fix(
                "check the clock of this machine, then update its certificates",
                notes="The server's own may be too old.",
            ),
        )
    elif any(word in hit.text for hit in hits for word in ("schannel", "SEC_E_")):
        fixes = (_WINDOWS,)
    else:
        proxy = Fix(
            "behind a proxy of your company: name its certificate to the tools",
            env=(
                ("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"),
                ("PIP_CERT", "/etc/ssl/certs/ca-certificates.crt"),
                ("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt"),
                ("CARGO_HTTP_CAINFO", "/etc/ssl/certs/ca-certificates.crt"),
            ),
            notes="Add it to that file first: copy it to /usr/local/share/ca-certificates/NAME.crt and call "
            "update-ca-certificates (Enterprise Linux: /etc/pki/ca-trust/source/anchors, update-ca-trust). In a "
            "Dockerfile, do so before the first download.",
        )
        install = install_by_family(log, hits[0].line, "install certificates", _PACKAGES)
        fixes = (proxy, *install) if re.search("self.signed", why, re.I) else (*install, proxy)
    yield finding_from_hits(
        log,
        hits,
        "no certificates are there to judge a server's by"
        if none
        else f"a server's certificate is not trusted{f': {why}' if why else ''}",
        "The download is missing.",
        fixes,
    )
