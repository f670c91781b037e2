"""A server could not be reached, or reported an internal error.

A mirror, a registry or an index was down, slow or being updated: names do not resolve, connections time out or are
reset, the answer is 500, 502, 503 or 504, or the files of an index are inconsistent. The build itself is correct.

How to fix: run it again. If it still fails, use another mirror; in a company network, check the proxy and its
certificate.

References:
    https://wiki.debian.org/DebianRepository/Format
    https://docs.github.com/actions/using-github-hosted-runners
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.readers.buildlog.marks import Sign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_NAMES = re.compile(
    r"(?i)resolv(?:e|ing)|name resolution|getaddrinfo failed|nodename nor servname|lookup address|no such host"
    r"|name or service not known|server misbehaving|Curl error \(6\)"
)
_NO_NAMES = (
    Fix(
        "let the build reach a name server, or bring what it downloads beforehand",
        notes="Builds of packages (abuild rootbld, Nix, Yocto, OBS, mock) and `docker build --network none` have no "
        "network: run `cargo fetch` or `cargo vendor` before, then build with --offline. Docker: --network host, or "
        '"dns" in /etc/docker/daemon.json; a VPN may need both.',
    ),
)
leads_to = blocks_later_installs
_DOWN = (
    r"(?:Temporary failure|Could not (?:resolve|connect)|Connection (?:timed out|failed|refused|reset)"
    r"|Unable to connect|50[0234] |Hash Sum mismatch|File has unexpected size)"
)
_OWN = "(?:CERTIFICATE|module is not available)"  # certificate-untrusted, python-module-not-compiled
_OWN_REASON = re.compile(_OWN)
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    log_kinds=("no-versions", "pip-retries", "value-too-large"),
    patterns=patterns_for("pip-goes-on", ("Downloading from URL", r"^Downloading from URL \S"))  # to pip 6
    + patterns_for(
        "outage",
        (
            "ailed to fetch",
            rf"Failed to fetch (?P<url>\S{{1,400}})\s.{{0,400}}{_DOWN}",
        ),
        (
            "Clearsigned file isn't valid",
            r"(?:Failed to fetch (?P<url>\S{1,400})\s+)?Clearsigned file isn't valid, got 'NO(?:SPLIT|DATA)' \(does "
            r"the network require",
        ),
        ("emporary failure resolving", r"Temporary failure resolving '(?P<url>[^']+)'"),
        # of a log that ends before apt's own errors
        (
            "Err:",
            r"^Err:\d+ (?P<url>[a-z+]+:\S{1,300}) .{1,200}?\s(?:Could not connect to|Connection (?:timed "
            r"out|failed|refused|reset)"
            r"|Unable to connect to|Cannot initiate the connection|50[0234]  ?\w)",
            2,
        ),
        ("[Errno 14]", r"(?P<url>https?://\S{1,300}): \[Errno 14\] HTTPS? Error 50[0234]"),
        ("Curl error", r"Curl error \((?:6|7|28|35|52|56)\): .{0,300} for (?P<url>\S+)"),
        ("curl: (", r"curl: \((?:5|6|7|16|18|28|35|52|55|56|92)\) "),
        ("returned error: 50", r"^curl: \(22\) The requested URL returned error: 50[0234]\b"),
        # wget, of GNU and of BusyBox
        ("to resolve host address", r"^wget: unable to resolve host address ['`‘](?P<url>[^'’]{1,253})"),
        ("bad address '", r"^wget: bad address '(?P<url>[^']{1,253})'"),
        ("... failed: ", r"^Connecting to (?P<url>[^\s|]{1,253})[ |].{0,200}\.\.\. failed: (?P<wget>\w[\w ]{3,60})\.$"),
        ("ERROR 50", r"^(?:[\d-]{10} [\d:]{8} )?ERROR 50[0234]: "),
        # urllib, requests
        (
            "urlopen error [",
            r"^(?:urllib\.error\.)?URLError: <urlopen error \[(?:Errno (?:-[235]|8|10[14]|11[0-3])"
            r"|WinError 1006[01]|SSL: UNEXPECTED_EOF_WHILE_READING)\b",
        ),
        (
            "URLError: <urlopen",
            r"^(?:urllib\.error\.)?URLError: <urlopen error (?:timed out|_ssl\.c:\d+: The handshake)",
        ),
        ("HTTP Error 50", r"^(?:urllib\.error\.)?HTTPError: HTTP Error 50[0234]: "),
        ("Connection aborted.'", r"\bConnectionError: \('Connection aborted\.', "),
        ("[Errno 104] Conn", r"^(?:ConnectionResetError|OSError): \[Errno 104\] Connection reset by peer"),
        ("ProtocolError: ('Connection", r"\bProtocolError: \('Connection (?:aborted|broken)"),
        ("ead timed out", r"^HTTPS?ConnectionPool\(host='(?P<url>[^']{1,200})'.{0,100}Read timed out"),
        # zypper
        ("Error message: ", r"^Error message: (?:Could not resolve|Failed to connect|\w{1,12} timed out)"),
        (
            "dial tcp",
            r"dial tcp\b.{0,300}(?:no such host|i/o timeout|timed out|refused|unreachable|server misbehaving|reset)",
        ),
        ("net/http: ", r"net/http: (?:request canceled|TLS handshake timeout|timeout awaiting)"),
        # registries of images
        (
            "failed to do request: ",
            r"failed to do request: \w{3,6} \"(?P<url>https?://[^\"]{1,300})\": (?:EOF|context deadline "
            r"exceeded|read tcp)",
        ),
        (
            "unexpected status",
            r"unexpected status (?:code|from \w{3,5} request to) "
            r"(?P<url>https?://[^\s:]{1,200}(?::\d{1,5})?\S{0,200}?): 50[0234]\b",
        ),
        ("ontext deadline exceeded", r"^(?:ERROR: )?failed to solve: DeadlineExceeded: "),
        ("read: connection reset by", r"\bread tcp \S{1,100}: read: connection reset by peer"),
        (
            "failed to connect to",
            r"failed to connect to (?P<url>[\w.-]{1,253}): (?:Connection|Operation|Network) [^;]{1,60}; class=Os",
        ),
        ("ailed to connect to", r"fatal: unable to access '(?P<url>[^']{1,300})': Failed to connect to"),
        # libgit2 and its TLS, in cargo
        (
            "; class=",
            r"(?:SSL error: (?:received early EOF|syscall failure: .{1,80})|timed out|reset by peer|unexpected EOF)"
            r"; class=(?:Ssl|Net|Os|Http) \(\d",
        ),
        ("RPC failed; ", r"error: RPC failed; (?:curl \d+|HTTP 50[0234]|result=\d+)"),
        (
            "] Could",
            r"\[(?:6|7)\] (?:Couldn't|Could not) (?:resolve host ?name|connect to server)",
        ),
        ("imeout was reached", r"\[28\] Timeout was reached"),
        ("SSL connect error", r"\[35\] SSL connect error"),
        *(  # the rest of curl's words that cargo repeats
            (words, rf"^(?:Caused by: )?{re.escape(words)}")
            for words in (
                *("[5] Couldn't resolve proxy", "[16] Error in the HTTP2", "[18] Transferred a partial"),
                *(
                    "[52] Server returned nothing",
                    "[55] Failed sending",
                    "[56] Failure when receiv",
                    "[92] Stream error",
                ),
            )
        ),
        ("ould not resolve host", r"fatal: unable to access '(?P<url>[^']+)': Could not resolve host"),
        (
            "Max retries exceeded",
            rf"HTTPS?ConnectionPool\(host='(?P<url>[^']{{1,200}})'(?!.{{0,800}}{_OWN}).{{0,600}}Max retries exceeded",
        ),
        (
            "Read timed out",
            r"due to an OSError: HTTPS?ConnectionPool\(host='(?P<url>[^']{1,200})'.{0,100}Read timed out",
        ),
        (
            "Read timed out",
            r"ReadTimeoutError: HTTPS?ConnectionPool\(host='(?P<url>[^']{1,200})'.{0,100}Read timed out",
        ),
        (
            "read operation timed",
            r"^(?:TimeoutError|socket\.timeout|ssl\.SSLError): .{0,5}[Tt]he read operation timed out",
        ),
        ("IncompleteRead(", r"^(?:[\w.]+\.)?(?:ProtocolError|IncompleteRead): .{0,40}IncompleteRead\(\d"),
        ("emoteDisconnected", r"^(?:[\w.]+\.)?ProtocolError: \('Connection aborted\.', RemoteDisconnected"),
        ("onnection broken: Incomplete", r"OSError: \('Connection broken: IncompleteRead\("),
        # pip's newer reports of several lines
        ("rror: incomplete-download", r"^error: incomplete-download"),
        (
            "rror: connection-",
            r"^error: connection-(?:failed|timeout)\s.{0,20}(?:Failed to connect to \S{1,253} while fetching|Unable "
            r"to fetch) "
            r"(?P<url>\S{1,300})",
            3,
        ),
        ("rror: connection-", r"^error: connection-(?:failed|timeout)"),
        ("rror: proxy-connection", r"^error: proxy-connection-failed"),
        # uv
        ("due to network timeout", r"Failed to download distribution due to network timeout"),
        ("dns error: ", r"dns error: failed to lookup address information"),
        ("reading a body from", r"error reading a body from connection"),
        ("writing a body to", r"error writing a body to connection"),
        ("before message length", r"end of file before message length reached"),
        ("connection closed before", r"connection closed before message completed"),
        ("tcp connect error: ", r"tcp connect error: (?!.{0,40}deadline)"),
        ("http2 error", r"^(?:Caused by: |cause: )?http2 error\b"),
        ("attempts to connect to", r"^All attempts to connect to (?P<url>[\w.-]{1,253}) failed"),  # Poetry
        # rustup
        (
            "ould not download file from '",
            r"could not download file from '(?P<url>[^']{1,300})' to '[^']{1,300}'(?!.{0,300}status code: 4).{0,60}"
            r"(?:failed to make network request|error (?:downloading|sending|reading|decoding)|connection|timed out|"
            r"dns error|status code: 50)",
            2,
        ),
        ("component download failed for", r"component download failed for \S{1,100}(?!.{0,600}status code: 4)"),
        ("client error (Connect)", r"client error \(Connect\)(?!.{0,300}certificate)"),
        (": timed out", r"(?P<url>https?://[^\s:]{1,200}(?::\d{1,5})?[^\s:]{0,200}): timed out$"),
        ("operation timed out", r"^(?:Caused by: )?operation timed out$"),
        ("HTTP status server error", r"HTTP status server error \(50[0234] .{0,60}\) for url \((?P<url>[^)]{1,300})\)"),
        # pacman
        (
            "failed retrieving file",
            r"^error: failed retrieving file '[^']{1,200}' from (?P<url>\S{1,200}) : (?:Could not resolve|Failed to "
            r"connect"
            r"|Operation t(?:oo slow|imed out)|Connection|Resolving timed out|The requested URL returned error: 50)",
        ),
        # libmamba, Nix
        (
            "Download error (",
            r"Download error \((?:6|7|16|18|28|35|52|55|56|92)\) .{3,100}? \[(?P<url>https?://[^\]]{1,300})\]",
        ),
        (
            "unable to download '",
            r"^error: unable to download '(?P<url>[^']{1,300})': .{3,80} \((?:5|6|7|18|28|35|52|56|92)\)",
        ),
        ("unable to download '", r"^error: unable to download '(?P<url>[^']{1,300})': HTTP error 50[0234]"),
        # conda, twine
        ("CondaHTTPError: HTTP ", r"CondaHTTPError: HTTP (?:000|50[0234]) .{0,60} for url <(?P<url>[^>]{1,300})>"),
        ("HTTPError: 50", r"HTTPError: 50[0234] (?:Server Error|Internal|Bad Gateway|Service|Gateway|Backend)"),
        # pip's last attempt; the message about versions that follows only means that pip got no list
        ("connection broken by", rf"Retrying \(Retry\(total=0,.{{0,300}}connection broken by (?!.{{0,200}}{_OWN})"),
        (
            "spurious network error",
            r"spurious network error \(\d tr(?:y|ies) remaining\): (?!.{0,400}(?:too large|Out of memory))(?P<why>.*)",
        ),
        ("temporary error (try again", r"(?P<url>https?://\S{1,300}): temporary error \(try again later\)"),
        (
            "WARNING: ",
            r"WARNING: (?:Ignoring|fetching|opening|updating(?: and opening)?) "
            r"(?P<url>https?://\S{1,300}): (?!.{0,400}(?:UNTRUSTED|certificate))\S",
        ),
        # older cargo, without certificates
        ("curl error", r"^curl error: ?$"),
        ("mirror sync in progress", r"[Mm]irror sync in progress"),
        ("received unexpected HTTP status", r"received unexpected HTTP status: 50[0234]"),
        ("TLS handshake timeout", r"TLS handshake timeout"),
        # an action that picks a release from a list on GitHub
        ("candidates is not iterable", r"TypeError: (?P<url>candidates) is not iterable"),
        # CMake's file(DOWNLOAD), of FetchContent and ExternalProject
        (
            "status_string:",
            r"^status_string: \"(?:Couldn't|Could not|Failed to) "
            r"(?:resolve|connect)|^status_string: \"(?:Timeout was reached"
            r"|Failure when receiving data|SSL connect error|Server returned nothing)",
        ),
        # Bazel, and Meson's subprojects
        (
            "Error downloading [",
            r"Error downloading \[(?P<url>[^\[\],]{1,300})[^\[\]]{0,600}\] to "
            r"\S{1,400}: (?:connect timed out|Connect timed out"
            r"|Read timed out|Unknown host|Connection (?:refused|reset|timed "
            r"out)|No route|Network is unreachable|GET returned 50)",
        ),
        ("is the internet available?", r"could not get (?P<url>https?://\S{1,300}) is the internet available\?"),
    )
    + patterns_for("wget-connected", ("... connected", r"^Connecting to .{1,300}\.\.\. connected\b"))
    + patterns_for("cargo-downloads", ("Download", r"^Download(?:ed|ing) (?:crates|\d+ crates|\S+ v\d)")),
)

_ABOVE = 60  # lines
_TRIES = 8  # lines of wget's other tries
# rpm-repo-eol, container-runtime-too-old, docker-unavailable
# and, by schannel's codes, certificate-untrusted and certificate-revocation-unchecked
_NOT_THE_NETWORK = (
    r"mirrorlist\.centos\.org|thread failed to start|error during connect: |0x8009(?:032[58]|201[23])"
    r"|SEC_E_UNTRUSTED_ROOT|SEC_E_CERT_EXPIRED|CRYPT_E_"
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See package managers and registries fail to reach a server."""
    hits = [hit for hit in log.find("outage") if not re.search(_NOT_THE_NETWORK, hit.text)]
    hits = [  # it may try several addresses of one name
        hit
        for hit in hits
        if not hit.groups["wget"] or not log.near(hit.line, "wget-connected", before=0, after=_TRIES)
    ]
    for lost in log.find("no-versions"):  # of an excerpt without pip's last try
        if not hits and not lost.groups["others"] and not log.find("certificate"):
            hits = log.near(lost.line, "pip-retries", before=_ABOVE)
    going_on = [hit.line for hit in log.find("cargo-downloads")]
    going_on += [event.line for event in log.course.events if event.tool == "cargo" and event.sign is not Sign.FAILED]
    last = 0 if log.course.ending.done else max(going_on, default=0)
    if not log.course.ending.done and not any(event.sign is Sign.FAILED for event in log.course.events):
        hits = [hit for hit in hits if "remaining)" not in hit.text]  # it tries again, and the log does not show how
    hits = [hit for hit in hits if "remaining)" not in hit.text or hit.line > last]  # a later try succeeded
    overflow = log.find("value-too-large")  # cargo calls that a network error as well
    skipped = max((hit.line for hit in log.find("pip-goes-on")), default=0)
    hits = [hit for hit in hits if hit.line > skipped or not hit.text.startswith("Could not fetch URL")]
    hits = [hit for hit in hits if not log.near(hit.line, "certificate", before=4, after=4)]  # certificate-untrusted
    if portal := [hit for hit in hits if "does the network require" in hit.text]:
        yield finding_from_hits(
            log,
            portal,
            "something in the network answers in the place of apt's server, as a login page, a proxy or a filter does",
            "The download is missing.",
            [
                Fix(
                    "log in to the network, or name its proxy to apt",
                    notes='Acquire::http::Proxy "http://HOST:PORT"; in /etc/apt/apt.conf.d/proxy. `curl -I` of the '
                    "address shows "
                    "who answers. A disk that is full gives the same words.",
                )
            ],
        )
    elif hits and not overflow:
        unnamed = all(_NAMES.search(hit.text) for hit in hits)
        named = next((hit.groups["url"] for hit in hits if hit.groups["url"]), "")
        yield finding_from_hits(
            log,
            hits,
            f"the name of a server was not resolved{f': {named}' if named else ''}"
            if unnamed
            else "an action got no list of releases from GitHub"
            if named == "candidates"
            else f"{named or 'a file'} is not what the archive's index says: the mirror changed meanwhile, or a proxy "
            "keeps an old file"
            if all("Hash Sum mismatch" in hit.text or "unexpected size" in hit.text for hit in hits)
            else f"a server did not answer{f': {named}' if named else ''}",
            "The download is missing.",
            [
                *(_NO_NAMES if unnamed else ()),
                Fix(
                    "run the build again",
                    notes="If it fails again: check that the address still exists, use another mirror, "
                    "or configure the proxy.",
                ),
            ],
        )
    elif not hits and (tries := _waiting(log)):
        unnamed = all(_NAMES.search(hit.text) for hit in tries)
        yield finding_from_hits(
            log,
            tries,
            "the name of a server has not been resolved so far: the log ends while the program tries again"
            if unnamed
            else "a server has not answered so far: the log ends while the program tries again",
            "What it downloads is missing until a try succeeds.",
            _NO_NAMES
            if unnamed
            else [Fix("wait for the last try, or use another mirror", notes="pip: --retries 2 --timeout 60.")],
            Severity.WARNING,
        )


def _waiting(log: BuildLog) -> list[Hit]:
    """Return the tries to reach a server that the log ends in; none if they fail for a reason of their own."""
    tries, ending = log.find("pip-retries"), log.course.ending
    worked = max((event.line for event in log.course.events), default=0)
    if not tries or ending.done or ending.failed or tries[-1].line <= worked or _OWN_REASON.search(tries[-1].text):
        return []
    return tries
