"""Where wheels are: folders, lists, pages of an index in both forms; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pace
import pytest
from serving import reply, serving

from diagnose.index import locations
from diagnose.index.http import Fetcher, shown
from diagnose.index.locations import Location, locate
from diagnose.model.finding import InputError

DIGEST = "a" * 64


def _found(source: str) -> list[Location]:
    return list(locate(source, Fetcher()))


def test_folders_are_searched_and_sorted(tmp_path: Path) -> None:
    for name in ("b/x.whl", "a/z.whl", "a/y.whl", "a/notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"12345")
    assert [Path(one.place).relative_to(tmp_path).as_posix() for one in _found(str(tmp_path))] == [
        "a/y.whl",
        "a/z.whl",
        "b/x.whl",
    ]
    assert {one.size for one in _found(str(tmp_path))} == {5}


def test_lists_have_paths_and_addresses(tmp_path: Path) -> None:
    listed = tmp_path / "wheels.txt"
    listed.write_text(f"# ours\n\n{tmp_path}/x.whl\nhttps://index.example/y.whl#sha256={DIGEST}\n")
    assert _found(str(listed)) == [
        Location(f"{tmp_path}/x.whl"),
        Location("https://index.example/y.whl", sha256=DIGEST),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("x.tar.gz\n", r"wheels\.txt:1: not a wheel's path or address: x\.tar\.gz"),
        ("ok.whl\n" + "x" * 9000, r"wheels\.txt:2: not a list of wheels"),
        ("# nothing\n", "no wheel"),
    ],
)
def test_other_lists_are_one_line(content: str, reason: str, tmp_path: Path) -> None:
    listed = tmp_path / "wheels.txt"
    listed.write_text(content)
    with pytest.raises(InputError, match=reason):
        _found(str(listed))


@pytest.mark.parametrize("form", ["json", "html"])
def test_an_index_is_read_in_both_forms(form: str) -> None:
    pages = {
        "/simple/": {"projects": [{"name": "Demo.Project"}]},
        "/simple/demo-project/": {
            "files": [
                {
                    "filename": "demo_project-1-py3-none-any.whl",
                    "url": "../../files/demo_project-1-py3-none-any.whl",
                    "hashes": {"sha256": DIGEST},
                    "size": 7,
                    "upload-time": "2026-03-01T10:00:00Z",
                },
                {"filename": "demo_project-1.tar.gz", "url": "../../files/demo_project-1.tar.gz", "hashes": {}},
            ]
        },
    }
    texts = {
        "/simple/": '<a href="/simple/demo-project/">Demo.Project</a> <a href="https://elsewhere.example/x/">x</a>',
        "/simple/demo-project/": f'<a href="../../files/demo_project-1-py3-none-any.whl#sha256={DIGEST}">w</a>'
        '<a href="../../files/demo_project-1.tar.gz">s</a>',
    }

    def answer(handler) -> None:  # type: ignore[no-untyped-def]
        if form == "json":
            body, kind = json.dumps(pages[handler.path]), "application/vnd.pypi.simple.v1+json"
        else:
            body, kind = texts[handler.path], "text/html; charset=utf-8"
        reply(handler, body.encode(), Content_Type=kind)

    with serving(answer) as address:
        place = f"{address}files/demo_project-1-py3-none-any.whl"
        known = (7, DIGEST, "2026-03-01") if form == "json" else (0, DIGEST, "")
        assert _found(f"{address}simple/") == [Location(place, *known)]
        assert _found(f"{address}simple/demo-project/") == [Location(place, *known)]


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{", b'{"files": [{}]}', b'{"files": 7}', b'{"projects": [{"name": "../../x"}]}', b"[" * 100_000],
)
def test_what_is_no_index_is_one_line(body: bytes) -> None:
    with (
        serving(lambda handler: reply(handler, body, Content_Type="application/json")) as address,
        pytest.raises(InputError, match="not a page of a simple index"),
    ):
        _found(address)


@pytest.mark.parametrize("source", ["ftp://index.example/simple/", "file:///etc/", "gopher://x/"])
def test_other_schemes_are_refused(source: str) -> None:
    with pytest.raises(InputError, match="only http and https"):
        _found(source)


def test_credentials_are_never_shown() -> None:
    assert shown("https://me:secret@index.example:8443/a/b.whl?token=1#x") == "https://index.example:8443/a/b.whl"
    assert Location("https://me:secret@index.example/b%20c.whl?t=1").label == "https://index.example/b%20c.whl"
    assert Location("https://me:secret@index.example/b%2Bc.whl?t=1").file_name == "b+c.whl"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<A class=x HREF = "a&amp;b.whl" >', ["a&b.whl"]),
        ("<a\nhref='a.whl'/><a href=b.whl>", ["a.whl", "b.whl"]),
        ('<!-- <a href="a.whl"> --><a href="b.whl">', ["b.whl"]),
        ('<!-- <a href="a.whl">', []),
        ('<a href="a.whl', []),
        ('<abbr href="a.whl"><area href="b.whl"><a title="<a href=c.whl>" href="d.whl">', ["d.whl"]),
        ("<a href><a = href=a.whl><a><<a href=b.whl>", ["b.whl"]),
        ('<base href="/x/"><a href="a.whl">', ["x/a.whl"]),
        ('<base href="http://["><a href="a.whl">', ["a.whl"]),
        ('<a href="http://[/a.whl"><a href="b.whl">', ["b.whl"]),
    ],
)
def test_links_of_a_page(text: str, found: list[str]) -> None:
    with serving(lambda handler: reply(handler, text.encode(), Content_Type="text/html")) as address:
        try:
            places = [one.place.removeprefix(address) for one in _found(address)]
        except InputError as error:
            assert str(error).endswith(": no wheel")
            places = []
    assert places == found


@pytest.mark.parametrize(
    "part", ["<a ", "<!--", "<a href=", '<a href="', "<", "</", "<!", "<?", "<a href='x\"", "&", "<a " + " " * 50, "="]
)
def test_a_page_takes_time_in_proportion(part: str) -> None:
    with pace.within(2):
        assert len(list(locations._links(part * (2_000_000 // len(part))))) < 2


@pytest.mark.parametrize(
    "page",
    [
        "[" * 100_000, "1" * 5000, "[]", "{}", '{"files": [{}]}', '{"files": [{"filename": "a.whl", "url": 7}]}',
        '{"files": [{"filename": "a.whl", "url": "http://[/a.whl"}]}', '{"projects": [{"name": "../x"}]}',
        '{"files": 7}', '{"files": [{"filename": "a.whl", "url": "a.whl", "hashes": []}]}', "\ud800", "NaN",
    ],
)  # fmt: skip
def test_a_page_in_json_that_is_none(page: str) -> None:
    body = page.encode("utf-8", "surrogatepass")
    with (
        serving(lambda handler: reply(handler, body, Content_Type="application/json")) as address,
        pytest.raises(InputError) as refusal,
    ):
        _found(address)
    assert "\n" not in str(refusal.value)


def test_sizes_that_are_none() -> None:
    sizes = [10**30, -1, True, "7", 1.5, None, 7]
    files = [{"filename": "a.whl", "url": f"a{n}.whl", "size": size} for n, size in enumerate(sizes)]
    body = json.dumps({"files": files}).encode()
    with serving(lambda handler: reply(handler, body, Content_Type="application/json")) as address:
        assert [one.size for one in _found(address)] == [0, 0, 0, 0, 0, 0, 7]


def test_addresses_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not an address"):
        _found("http://[x/")
    listed = tmp_path / "wheels.txt"
    listed.write_text("http://[x/a.whl\n")
    with pytest.raises(InputError, match=r"wheels\.txt:1: .*not an address"):
        _found(str(listed))
    listed.write_bytes(b"a\0b.whl\n")
    assert _found(str(listed)) == [Location("a\0b.whl")]
