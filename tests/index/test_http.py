"""What servers may do: redirect, fail for a while, lie about lengths and ranges, send too much or too little."""

from __future__ import annotations

import base64

import pytest
from serving import Answer, reply, serving

from diagnose.index.http import Fetcher
from diagnose.model.finding import InputError

BODY = bytes(range(256)) * 40


def test_a_part_is_what_was_asked_for() -> None:
    def answer(handler) -> None:  # type: ignore[no-untyped-def]
        assert handler.headers["Range"] == "bytes=10-19"
        reply(handler, BODY[10:20], 206, Content_Range=f"bytes 10-19/{len(BODY)}", ETag='"1"')

    with serving(answer) as address:
        fetcher = Fetcher()
        part = fetcher.part(address, 10, 20, 1 << 20)
    assert (part.start, part.total, part.body, part.version) == (10, len(BODY), BODY[10:20], '"1"')
    assert fetcher.received == 10


def test_credentials_go_to_their_host_alone() -> None:
    seen = []

    def other(handler) -> None:  # type: ignore[no-untyped-def]
        seen.append(handler.headers.get("Authorization"))
        reply(handler, b"there")

    with serving(other) as elsewhere:

        def answer(handler) -> None:  # type: ignore[no-untyped-def]
            seen.append(handler.headers.get("Authorization"))
            reply(handler, b"", 302, Location=elsewhere)

        with serving(answer) as address:
            assert Fetcher().get(address.replace("//", "//me:secret@"), 100).body == b"there"
    assert seen == ["Basic " + base64.b64encode(b"me:secret").decode(), None]


def test_a_server_that_fails_for_a_while_is_asked_again() -> None:
    asked = []

    def answer(handler) -> None:  # type: ignore[no-untyped-def]
        asked.append(1)
        reply(handler, b"", 503) if len(asked) < 3 else reply(handler, b"at last")

    with serving(answer) as address:
        assert Fetcher().get(address, 100).body == b"at last"


def _says(body: bytes, status: int = 200, **headers: str) -> Answer:
    return lambda handler: reply(handler, body, status, **headers)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (_says(b"", 404), "answers 404"),
        (_says(b"x" * 2000), "has 2000 bytes, more than 1000"),
        (_says(b"x" * 20, Content_Length="5000"), "has 5000 bytes"),
        (_says(b"x" * 10, 206, Content_Range="bytes 0-9/100"), "bytes 0-9 of 100, not those asked for"),
        (_says(b"x" * 10, 206, Content_Range="bytes 10-19/*"), "does not say which bytes"),
        (_says(b"x" * 10, 206, Content_Range="bytes 19-10/100"), "does not say which bytes"),
        (_says(b"x" * 10, 206), "does not say which bytes"),
        (_says(b"x" * 4, 206, Content_Range="bytes 10-19/100"), "sent 4 of 10 bytes"),
        (_says(b"", 302, Location="/again"), "more than 5 redirects"),
        (_says(b"", 302, Location="file:///etc/passwd"), "only http and https"),
        (_says(b"", 302, Location="http://[bad"), "not an address"),
    ],
)
def test_lies_are_one_line_without_credentials(answer: Answer, reason: str) -> None:
    with serving(answer) as address, pytest.raises(InputError, match=reason) as caught:
        Fetcher().part(address.replace("//", "//me:secret@"), 10, 20, 1000)
    assert "secret" not in str(caught.value)


def test_an_answer_without_an_end_is_cut_off() -> None:
    def answer(handler) -> None:  # type: ignore[no-untyped-def]
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    with serving(answer) as address, pytest.raises(InputError, match="sends more than 100000 bytes"):
        Fetcher().get(address, 100_000)


def test_nobody_there_is_one_line() -> None:
    with serving(_says(b"")) as address:
        pass
    with pytest.raises(InputError, match="cannot connect"):
        Fetcher().get(address, 10)
