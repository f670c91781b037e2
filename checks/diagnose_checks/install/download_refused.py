"""A server answers that it has no such file, or asks for credentials first.

The server was reached, so this is not an outage: 404 and 410 mean that the address leads to nothing (a file that was
removed or renamed since a lock file or an index was written, or a wrong address), 401 and 403 that it wants
credentials, or others. An index that is a mirror may list files that it does not have.

How to fix: 404: make the lock file again, or take another version, address or mirror. 401, 403: give the tool the
credentials for that server.

References:
    https://docs.astral.sh/uv/concepts/authentication/http/
    https://pip.pypa.io/en/stable/topics/authentication/
    https://www.rfc-editor.org/rfc/rfc9110#name-client-error-4xx
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_URL = r"(?P<url>https?://[^\s)`>\]]{1,400})"
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    fallback=True,
    patterns=patterns_for(
        "download-refused",
        # uv and others in Rust
        ("HTTP status client error (", rf"HTTP status client error \((?P<code>4\d\d)\b[^)]{{0,60}}\) for url \({_URL}"),
        # pip
        ("HTTP error 4", rf"because of HTTP error (?P<code>4\d\d) Client Error: .{{1,100}}? for url: {_URL}"),
        # requests: conda, Poetry
        (
            "Client Error: ",
            r"(?:^|[ .])(?:HTTPError:? ?|ERROR: )?(?P<code>4\d\d) Client Error: .{0,100}? for url: "
            r"(?P<url>https?://(?!\S{1,300}/(?:legacy|pypi)/?(?:\s|$))[^\s)`>\]]{1,400})",
        ),
        (
            "CondaHTTPError: HTTP 4",
            rf"CondaHTTPError: HTTP (?P<code>4\d\d) .{{0,60}}? for url <{_URL}",
        ),
        (
            "UnavailableInvalidChannel",
            r"UnavailableInvalidChannel: HTTP (?P<code>4\d\d) .{0,60}? for channel (?P<url>\S{1,300})",
        ),
        # cargo
        (
            "HTTP response from",
            rf"failed to get successful HTTP response from `{_URL}`(?: \([^)]{{1,80}}\))?, got (?P<code>4\d\d)\b",
        ),
        ("200 response from", rf"failed to get 200 response from `{_URL}`, got (?P<code>4\d\d)\b"),
        # of these only the last line counts: a script may try several addresses
        ("returned error: 4", r"^curl: \(22\) The requested URL returned error: (?P<code>4\d\d)\b"),
        # CMake, which repeats what curl did; and git, whose own last line says the same
        ("URL returned error: 4", r"^The requested URL returned error: (?P<cmake>)(?P<code>4\d\d)\b"),
        ("HTTP Error 4", r"^(?:urllib\.error\.)?HTTPError: HTTP Error (?P<code>4\d\d): "),
        ("ERROR 4", r"^(?:[\d-]{10} [\d:]{8} )?ERROR (?P<code>4\d\d): \w"),  # wget
        ("server returned error: HT", r"^wget: server returned error: HTTP/[\d.]{1,3} (?P<code>4\d\d)\b"),
        # apt; 404 is another check's
        ("ailed to fetch", rf"^(?:E|Err|Error): ?Failed to fetch {_URL}\s+(?P<code>40[1357])\s"),
        ("' not found", r"^(?:stderr: )?fatal: repository '(?P<url>https?://[^']{1,300})' not found"),
        (
            "The requested URL returned error: 4",
            r"^(?:stderr: )?fatal: unable to access '(?P<url>[^']{1,300})': The requested URL returned error: "
            r"(?P<code>40[1347])\b",
        ),
        (
            "lack of valid authentication",
            r"An index URL \((?P<url>[^)]{1,300})\) could not be queried due to a lack of valid authentication "
            r"credentials "
            r"\((?P<code>40[13])",
            2,
        ),
        (  # since 0.9
            "returned a 40",
            r"hint: An index \((?P<url>[^)]{1,300})\) returned a (?P<code>40[13]) \w+(?: \w+)? error\.",
        ),
        # pip asks for a name, and no one answers
        ("User for ", r"^User for (?P<host>[\w.:-]{1,253}): (?:ERROR: Exception:|EOFError)"),
        (
            "Credentials not correct for",
            r"^WARNING: (?P<code>401) Error, Credentials not correct for (?P<url>https?://\S{1,300})",
        ),
    )
    + patterns_for(
        "cmake-download",
        ("error: downloading '", r"^error: downloading '(?P<url>[^']{1,300})' failed\s+status_code: 22\b", 2),
    ),
)
_CREDENTIALS = ("401", "403", "407")
_GONE = ("404", "410")


_CURL = 80  # lines of curl's log in a message of CMake
_RIGHT_AFTER = 6  # lines to the last word that repeats it


def log(log: BuildLog) -> Iterator[Finding]:
    """See a server refuse a download."""
    if any(event.tool == "twine" for event in log.course.events):
        return  # an upload: upload-refused
    if log.find("git-denied"):
        return  # git-access-denied
    for hit in log.find("download-refused")[-1:]:
        asked = log.near(hit.line, "cmake-download", before=_CURL)[-1:] if "cmake" in hit.groups else []
        if (
            not asked
            and not hit.groups["url"]
            and any(event.line > hit.line + _RIGHT_AFTER for event in log.course.standing)
        ):
            return  # a script that went on without it: another error stands
        code = hit.groups["code"] or ("404" if "repository" in hit.text else "401")
        url = next((one.groups["url"] for one in asked), hit.groups["url"])
        url = re.sub(r"//[^/@]{1,300}@", "//", url.rstrip(".,;'\""))
        what = f": {url}" if url else ""
        if code in _GONE:
            message = f"the server has no such file ({code}){what}"
            fixes: tuple[Fix, ...] = (
                Fix(
                    "look whether the address is right, and name another version or server if it is not",
                    notes="A lock file names files that may be gone since: uv lock --upgrade-package NAME, poetry "
                    "lock, cargo update -p NAME. A mirror may list files that it does not have: try the index itself.",
                ),
                Fix(
                    "if a cache still lists it: build without the cache",
                    (Command("uv cache clean", FixStage.BUILD),) if "status client error" in hit.text else (),
                    notes="pip: --no-cache-dir. conda: conda clean --index-cache.",
                ),
            )
        elif code in _CREDENTIALS:
            message = f"the server does not give it to this client ({code}){what}"
            fixes = (
                Fix(
                    "give the tool the credentials for that server",
                    notes="uv: UV_INDEX_NAME_USERNAME and UV_INDEX_NAME_PASSWORD, or uv auth login. pip: keyring, "
                    "~/.netrc or https://USER:TOKEN@… as --index-url. Poetry: poetry config http-basic.NAME USER "
                    "TOKEN. cargo: cargo login --registry NAME. In Docker: RUN --mount=type=secret. 403 without "
                    "a login is often a proxy, a firewall or a limit of the server: try the address with curl -I.",
                ),
            )
        else:
            message = f"the server refuses the request ({code}){what}"
            fixes = (
                Fix(
                    "try again later, or with a newer release of the tool",
                    notes="405, 416: a mirror that does not know the requests for parts of a file that uv makes; 429: "
                    "too many requests. `curl -I` shows whether the server answers other requests.",
                ),
            )
        yield finding_from_hits(log, [*asked, hit], message, "The download is missing.", fixes)
