"""Servers on the loopback interface: honest ones, with and without ranges, and lying ones."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextlib.contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Answer each GET by *answer*; yields the address, which ends in a slash."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with contextlib.suppress(ConnectionError):
                answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reply(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    """Send *body*; the Content-Length is its own unless *headers* say otherwise."""
    told = {"Content_Length": str(len(body)), **headers}
    handler.send_response(status)
    for name, value in told.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def folder(place: Path, ranges: bool = True) -> Answer:
    """Serve the files of the folder *place*, with ranges or without."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        path = place / handler.path.partition("?")[0].rpartition("/")[2]
        if not path.is_file():
            reply(handler, b"", 404)
            return
        body = path.read_bytes()
        wanted = handler.headers.get("Range", "").removeprefix("bytes=")
        if not (ranges and wanted):
            reply(handler, body)
            return
        first, _, last = wanted.partition("-")
        start = int(first) if first else max(0, len(body) - int(last))
        stop = int(last) + 1 if first else len(body)
        reply(handler, body[start:stop], 206, Content_Range=f"bytes {start}-{stop - 1}/{len(body)}")

    return answer
