"""Fetches pages and parts of files by HTTP: bounded in size, time and redirects, with retries.

urllib3 has the protocol, its connections and the retries; what a server says of itself is checked here: the length, the
range, whether the file changed between two requests.
"""

from __future__ import annotations

import os
import time
from urllib.parse import urljoin, urlsplit, urlunsplit

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError

if TYPE_CHECKING:
    from typing import Any

MAX_REDIRECTS = 5
TIMEOUT = 30
"""Seconds to connect, and between two pieces of an answer."""
SLOWEST = 20_000
"""Bytes a second, below which an answer is given up, after the first minute."""
STEP = 1 << 18


class HttpAnswer(NamedTuple):
    """What a server sent.

    ``address`` is where it came from in the end. ``start`` is the position of the first byte, ``total`` the size of the
    whole file; both are those of the whole where the server knows no ranges. ``version`` is the file's ETag or date of
    change; empty without one.
    """

    address: str
    kind: str
    """The media type, in lower case."""
    body: bytes
    start: int
    total: int
    version: str


def shown(address: str) -> str:
    """Return *address* without user name, password, query and fragment: in messages and rows."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
        host = parts.hostname or ""
    except ValueError:
        return address.partition("://")[0] + "://(unreadable)"
    if not parts.scheme:
        return address
    return urlunsplit((parts.scheme, (f"[{host}]" if ":" in host else host) + port, parts.path, "", ""))


class Fetcher:
    """A pool of connections, which counts what it receives (``received``, in bytes)."""

    def __init__(self) -> None:
        self.received = 0
        self._pool: Any = None

    def get(self, address: str, limit: int, headers: dict[str, str] | None = None) -> HttpAnswer:
        """Fetch the whole answer at *address*, of at most *limit* bytes.

        Raises:
            InputError: it cannot be fetched, or is larger.
        """
        return self._get(address, limit, headers or {})

    def part(self, address: str, start: int, stop: int, limit: int) -> HttpAnswer:
        """Fetch the bytes from *start* to before *stop*; a negative *start* counts from the end, without a *stop*.

        Where the server knows no ranges it is the whole file, of at most *limit* bytes.

        Raises:
            InputError: it cannot be fetched, is larger, or is not what was asked for.
        """
        wanted = f"bytes={start}-{stop - 1}" if start >= 0 else f"bytes={start}"
        return self._get(address, limit, {"Range": wanted, "Accept-Encoding": "identity"}, start, stop)

    def _get(self, address: str, limit: int, headers: dict[str, str], start: int = 0, stop: int = 0) -> HttpAnswer:
        import urllib3

        name = shown(address)
        where, secret = _split(address)
        try:
            for _ in range(MAX_REDIRECTS + 1):
                _check(where, name)
                own = dict(headers, **(urllib3.make_headers(basic_auth=secret) if secret else {}))
                reply = self._connections().request(
                    "GET", where, headers=own, redirect=False, preload_content=False, timeout=TIMEOUT
                )
                try:
                    target = reply.headers.get("Location", "") if 300 <= reply.status < 400 else ""
                    if not target:
                        return self._answer(reply, where, name, limit, start, stop)
                finally:
                    reply.close()
                further, its_own = _split(urljoin(where, target))
                if urlsplit(where).scheme == "https" and urlsplit(further).scheme != "https":
                    raise InputError(f"{name}: refused, redirects from https to {urlsplit(further).scheme}")
                same = urlsplit(further)[:2] == urlsplit(where)[:2]
                where, secret = further, its_own or (secret if same else "")
        except urllib3.exceptions.HTTPError as error:
            raise InputError(f"{name}: {_reason(error)}") from None
        except ValueError:
            raise InputError(f"{name}: not an address that can be fetched") from None
        raise InputError(f"{name}: more than {MAX_REDIRECTS} redirects")

    def _connections(self) -> Any:
        if self._pool is None:
            import urllib3

            retries = urllib3.Retry(
                4, redirect=False, status_forcelist=(429, 500, 502, 503, 504), backoff_factor=0.3,
                respect_retry_after_header=False, raise_on_status=False,
            )  # fmt: skip
            proxy = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY") or os.environ.get("http_proxy")
            options: dict[str, Any] = {"retries": retries, "maxsize": 4}
            self._pool = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
        return self._pool

    def _answer(self, reply: Any, where: str, name: str, limit: int, start: int, stop: int) -> HttpAnswer:
        if reply.status not in (200, 206):
            raise InputError(f"{name}: the server answers {reply.status} {reply.reason or ''}".rstrip())
        first, total = 0, -1
        if reply.status == 206:
            first, last, total = _range(reply.headers.get("Content-Range", ""), name)
            asked = (max(total + start, 0), total) if start < 0 else (start, stop)
            if (first, last + 1) != asked:
                raise InputError(f"{name}: the server sends bytes {first}-{last} of {total}, not those asked for")
            limit = min(limit, last + 1 - first)
        elif (length := reply.headers.get("Content-Length", "")).isdecimal() and int(length) > limit:
            raise InputError(f"{name}: refused, has {length} bytes, more than {limit}")
        body = self._body(reply, name, limit)
        if reply.status == 206 and len(body) != limit:
            raise InputError(f"{name}: the server sent {len(body)} of {limit} bytes")
        kind = reply.headers.get("Content-Type", "").lower()
        version = reply.headers.get("ETag") or reply.headers.get("Last-Modified") or ""
        return HttpAnswer(where, kind, body, first, len(body) if total < 0 else total, version)

    def _body(self, reply: Any, name: str, limit: int) -> bytes:
        began = time.monotonic()
        body = bytearray()
        for piece in reply.stream(STEP, decode_content=True):
            self.received += len(piece)
            body += piece
            if len(body) > limit:
                raise InputError(f"{name}: refused, sends more than {limit} bytes")
            if time.monotonic() - began > 60 + len(body) / SLOWEST:
                raise InputError(f"{name}: the server sends less than {SLOWEST} bytes a second")
        return bytes(body)


def _split(address: str) -> tuple[str, str]:
    """Return *address* without credentials, and these as ``user:password``.

    Raises:
        ValueError: it is not an address.
    """
    parts = urlsplit(address)
    secret, at, host = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme, host, parts.path, parts.query, "")), secret if at else ""


def _check(address: str, name: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        raise InputError(f"{name}: refused, only http and https are fetched, not {parts.scheme or 'this'}")
    if not parts.hostname:
        raise InputError(f"{name}: names no host")


def _range(text: str, name: str) -> tuple[int, int, int]:
    """Return first, last and total of a Content-Range.

    Raises:
        InputError: it is not one.
    """
    unit, _, rest = text.partition(" ")
    span, _, total = rest.partition("/")
    first, _, last = span.partition("-")
    numbers = (first, last, total)
    if unit != "bytes" or not all(part.isdecimal() and len(part) < 16 for part in numbers):
        raise InputError(f"{name}: the server does not say which bytes it sends")
    low, high, size = map(int, numbers)
    if not low <= high < size:
        raise InputError(f"{name}: the server does not say which bytes it sends")
    return low, high, size


def _reason(error: Exception) -> str:
    """Return in words why a request failed; urllib3's own words have the address, with its query."""
    cause = getattr(error, "reason", None) or error
    words = {
        "NewConnectionError": "cannot connect", "NameResolutionError": "cannot resolve the host's name",
        "ConnectTimeoutError": "cannot connect in time", "ReadTimeoutError": "the server stopped answering",
        "ProtocolError": "the connection broke", "IncompleteRead": "the connection broke",
        "ResponseError": "the server keeps answering with errors", "SSLError": "the server's certificate is not valid",
        "LocationParseError": "not an address that can be fetched", "DecodeError": "the answer is damaged",
    }  # fmt: skip
    name = type(cause).__name__
    return words.get(name, f"cannot be fetched ({name})")
