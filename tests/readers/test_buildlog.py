"""Reading logs: text around a line does not matter, whatever the size of the log."""

from __future__ import annotations

import io
import platform
import random
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.engine import registry
from diagnose.model.pattern import patterns_for
from diagnose.readers import buildlog
from diagnose.readers.buildlog import Hit, anchors, context
from diagnose.readers.buildlog import scan as scan_module
from diagnose.readers.buildlog.anchors import Anchors
from diagnose.readers.buildlog.clean import clean, plain
from diagnose.readers.buildlog.patterns import SHARED
from diagnose.readers.buildlog.scan import Scanner

LOGS = Path(__file__).resolve().parents[2] / "fixtures" / "logs"
patterns = tuple(pattern for cause in registry.load("log") for pattern in cause.patterns)
LINE = "E: Unable to locate package libasound2-dev:armhf"


@pytest.mark.parametrize(
    "dressed",
    [
        LINE,
        f"2024-01-02T03:04:05.1234567Z {LINE}",
        f"build (armv7)\tInstall\t2024-01-02T03:04:05.1234567Z {LINE}",
        f"\x1b[31m{LINE}\x1b[0m",
        f"\x1b]0;title\x07{LINE}",
        f"[31m{LINE}[0m",
        f"^[[1m^[[31m{LINE}^[[0m^[[K",
        f"␛[1;31m{LINE}␛[m",
        f"\x1b[01;31m\x1b[K\x1b[1m{LINE}\x1b[m\x1b[K\x1b[0m",
        f"#12 3.456 {LINE}",
        f"3.456 {LINE}",
        f"3.456   {LINE}",
        f"builder-1  | {LINE}",
        f"   +wheel *failed* | {LINE}",
        f"   | {LINE}",
        f"_bk;t=1700000000000\x07{LINE}",
        f"[406](https://example.org/x#step:5:406){LINE}",
        f"##[error]{LINE}",
        f"Reading package lists... 0%\rReading package lists... Done\r{LINE}",
        f"[2024-01-02 03:04:05] {LINE}",
        f"> {LINE}",
        f"libalsa> {LINE}",
        f"cargo:warning={LINE}",
        f"warning: alsa-sys@0.3.1: {LINE}",
        f"{LINE}\r",
        f"7:26:50 PM: {LINE}",
        f"2024/01/02 03:04:05 {LINE}",
        f"Nov 26 19:26:50 builder dockerd[412]: {LINE}",
        f"Nov 26 07:26:50 PM  {LINE}",
        f"[  123s] {LINE}",
        f'Step #0 - "build": {LINE}',
        f"[Container] 2024/11/26 19:26:50.123456 {LINE}",
        f"DEBUG util.py:444:  {LINE}",
        f"remote:        {LINE}",
        f"[builder 3/5] {LINE}",
        f"       > {LINE}",
    ],
)
def test_what_others_put_around_a_line_goes(dressed: str) -> None:
    cleaned = clean(plain(dressed.encode()).decode())
    assert cleaned[-1].strip() == LINE


def test_a_text_printed_for_debugging_is_many_lines() -> None:
    line = r"""`Result::unwrap()` on an `Err` value: "`\"pkg-config\" \"alsa\"` failed\n--- stderr\nNo \'alsa\'\n" """
    assert clean(line) == [
        '`Result::unwrap()` on an `Err` value: "`"pkg-config" "alsa"` failed',
        "--- stderr",
        "No 'alsa'",
        '"',
    ]


def test_an_escaped_apostrophe_alone_is_one_as_well() -> None:
    assert clean(r"couldn\'t find [\'libclang.so\']") == ["couldn't find ['libclang.so']"]


def test_source_text_that_a_compiler_shows_is_ignored() -> None:
    assert clean('12 |     let hint = "linker `cc` not found";') == []
    assert clean("   4 | >>> RUN apt-get install libasound2-dev:armhf") == []
    assert clean(f"   | {LINE}") == [LINE]


@pytest.mark.parametrize("form", ["{} | {}", "{}: {}", "{:>4} {}", "{}\t{}"])
def test_the_numbers_of_a_viewer_go(form: str) -> None:
    text = "\n".join(form.format(number, line) for number, line in enumerate([*"abcde", LINE, ""], 376))
    found = buildlog.read_text(text, "x.log", patterns).find("apt-unlocatable")
    assert [(hit.line, hit.text) for hit in found] == [(6, LINE)]


def test_a_long_piece_of_source_text_is_no_numbered_log() -> None:
    source = "\n".join(f"{number} | {line}" for number, line in enumerate([*"abcde", LINE, ""], 376))
    text = f"error: this is wrong\n  --> src/main.rs:381:1\n   |\n{source}\n   |\n"
    assert not buildlog.read_text(text, "x.log", patterns).find("apt-unlocatable")


def test_blank_lines_within_a_message_do_not_break_it() -> None:
    found = buildlog.read_text("Symbol not found: \n\n_PyLong_AsLong\n", "x.log").find("loader-undefined")
    assert [hit.groups["symbol"] for hit in found] == ["PyLong_AsLong"]


@pytest.mark.parametrize("prefix", ["builder-1  | ", "builder-1  |"])
def test_a_prefix_before_nothing_is_a_blank_line(prefix: str) -> None:
    assert "".join(clean(prefix)).strip() == ""


def test_typographic_quotes_and_entities_are_plain() -> None:
    assert clean("‘-lasound’ and “x” &#x27;y&#x27; &lt;z&gt;") == ["'-lasound' and \"x\" 'y' <z>"]


WORDS = [pattern.anchor.encode() for pattern in (*SHARED, *patterns)]


def searched(texts: list[bytes], block: bytes) -> dict[int, list[tuple[int, bytes]]]:
    """Return where a plain search for each of *texts* finds it first in each line of *block*."""
    found: dict[int, list[tuple[int, bytes]]] = {}
    start = 0
    for line in block.split(b"\n"):
        if here := sorted((start + line.find(text), text) for text in set(texts) if text in line):
            found[start] = here
        start += len(line) + 1
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(min_size=4, max_size=80).map(lambda text: text.replace(b"\n", b"-").replace(b"\0", b"0")),
            st.sampled_from(WORDS),
        ),
        min_size=1,
        max_size=40,
    ),
    st.lists(st.binary(max_size=40), max_size=20),
    st.randoms(use_true_random=False),
)
def test_all_anchors_are_found_with_and_without_the_library(
    texts: list[bytes], noise: list[bytes], chance: random.Random
) -> None:
    # Whole texts, texts that lack a byte, and noise, also where one step of the search ends and the next begins.
    parts = [*texts, *(text[1:] for text in texts), *(text[:-1] for text in texts), *noise, *[b"\n"] * 20]
    chance.shuffle(parts)
    some = b"".join(parts)
    block = some + bytes(max((1 << 16) - len(some) - chance.randrange(80), 0)) + some
    known = searched(texts, block)
    for after in (0, len(block) + 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(anchors, "PREPARE_AFTER", after)
            patch.setattr(anchors, "PREPARE_AGAIN_AFTER", 0)
            search = Anchors(texts)
            assert search.lines(block) == known
            gone = set(texts[::2])
            left = {
                start: rest for start, here in known.items() if (rest := [one for one in here if one[1] not in gone])
            }
            rest = search.without(gone)
            assert rest.lines(block) == left
            assert rest.lines(block) == left  # the library's search is prepared again
            assert search.lines(block) == known


def test_no_anchor_has_a_line_break_or_a_nul() -> None:
    assert not [word for word in WORDS if b"\n" in word or b"\0" in word]


def test_a_text_with_a_nul_is_found_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "PREPARE_AFTER", 0)
    assert Anchors([b"one\0two"]).lines(b"one\0one\0two") == {0: [(4, b"one\0two")]}


def test_the_library_is_there_where_it_has_wheels() -> None:
    # Without it, the test above compares the plain search with itself.
    if sys.implementation.name != "cpython" or platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("hyperscan has no wheel for this Python, or not for every one of this kind")
    import hyperscan

    assert hyperscan.HS_MODE_BLOCK


def test_every_log_has_the_same_lines_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "PREPARE_AFTER", 0)
    prepared = Anchors(WORDS)
    monkeypatch.setattr(anchors, "PREPARE_AFTER", sys.maxsize)
    plain = Anchors(WORDS)
    for log in sorted(LOGS.rglob("*.log")):
        data = log.read_bytes()
        assert prepared.lines(data) == plain.lines(data), log


def scan(data: bytes, patterns: tuple[buildlog.Pattern, ...]) -> tuple[list[Hit], int]:
    scanner = Scanner(patterns)
    return list(scanner.scan(io.BytesIO(data))), scanner.lines


@pytest.mark.parametrize("offset", [0, 1, (1 << 20) - 30, (1 << 20) - 5, 1 << 20, (2 << 20) + 7])
def test_lines_are_counted_and_found_across_blocks(offset: int) -> None:
    filler = b"x" * 79 + b"\n"
    before = filler * (offset // 80) + b"y" * (offset % 80) + b"\n"
    data = before + b"here is the NEEDLE of it\n" + filler * 30000
    hits, lines = scan(data, patterns_for("found", ("NEEDLE", "the (?P<what>NEEDLE)")))
    assert [(hit.line, hit.groups["what"]) for hit in hits] == [(before.count(b"\n") + 1, "NEEDLE")]
    assert lines == data.count(b"\n")


def test_a_message_that_was_wrapped_is_read_as_one() -> None:
    patterns = patterns_for("refused", ("Binary wheel", r"Binary wheel '(?P<file>\S+)' has", 4))
    data = b"  Binary wheel\n  'demo-0.1-cp39-\n  linux_x86_64.whl' has an\n"
    (hit,), _ = scan(data, patterns)
    assert (hit.line, hit.groups["file"]) == (1, "demo-0.1-cp39-linux_x86_64.whl")


def test_windows_redirection_is_read() -> None:
    (hit,), _ = scan("\ufefferror: NEEDLE\r\n".encode("utf-16-le"), patterns_for("found", ("NEEDLE", "NEEDLE")))
    assert hit.text == "error: NEEDLE"


def test_a_flood_of_one_message_hides_no_other_and_costs_no_memory() -> None:
    patterns = (
        *patterns_for("flood", ("flooding", "flooding (?P<n>\\d+)")),
        *patterns_for("found", ("NEEDLE", "NEEDLE")),
    )
    flood = b"".join(b"this is flooding %d\n" % number for number in range(200_000))
    tracemalloc.start()
    hits, _ = scan(flood + b"a NEEDLE at last\n", patterns)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert hits[-1].kind == "found"
    assert len(hits) < 1000  # 400 of a kind, and again from its last 16 kB, which decide
    assert int(hits[-2].groups["n"]) > 199_500
    assert peak < 40 << 20


def test_lines_that_are_nearly_messages_cost_no_more_than_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of nothing but anchors is cleaned and searched as far as its size allows; its end is read still."""
    texts = list(dict.fromkeys(pattern.anchor for pattern in (*SHARED, *patterns)))
    cleaned = 0

    def count(line: str) -> list[str]:
        nonlocal cleaned
        cleaned += 1
        return clean(line)

    monkeypatch.setattr(scan_module, "clean", count)
    costs = []
    for copies in (150, 600):
        cleaned = 0
        lines = [f"{anchor} {copy}" for copy in range(copies) for anchor in texts]
        log = buildlog.read_text("\n".join([*lines, LINE, ""]), "x.log", patterns)
        assert log.hits.last_line == log.lines
        assert "wordings that filled the log without a message" in log.unseen[0]
        costs.append(cleaned)
    assert costs[0] < 45_000  # of 125 000 lines, by the free part of the budget
    assert costs[1] < 2 * costs[0]  # of 460 000 lines


def test_of_marks_that_fill_a_log_the_last_one_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    patterns = patterns_for("mark step cargo", ("Compiling", r"Compiling (?P<crate>\w+)"))
    cleaned = 0

    def count(line: str) -> list[str]:
        nonlocal cleaned
        cleaned += 1
        return clean(line)

    monkeypatch.setattr(scan_module, "clean", count)
    log = "".join(f"   Compiling crate{number}\n" for number in range(60_000))
    hits, _ = scan(log.encode(), patterns)
    assert hits[-1].groups["crate"] == "crate59999"
    assert [hit.line for hit in hits[:400]] == list(range(1, 401))
    assert cleaned < 20_000


def test_one_endless_line_is_read_in_pieces() -> None:
    patterns = patterns_for("found", ("NEEDLE", "NEEDLE"))
    hits, lines = scan(b"x" * (9 << 20) + b" NEEDLE " + b"y" * (9 << 20), patterns)
    assert [hit.line for hit in hits] == [1]
    assert len(hits[0].text) < 1000
    assert lines == 1


@pytest.mark.parametrize(
    ("beginning", "binary"),
    [
        (random.Random(1).randbytes(4000), True),
        (b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0>\0\x01\0\0\0", True),
        (b"error: \0linker cc not found\n" * 40, False),
        ("Fehler: Datei für »größer« fehlt\n".encode("latin-1") * 40, False),
        (b"\x1b[1m\x1b[31merror\x1b[0m\x07\r\x1b[K\n" * 40, False),
        (b"\r 1%\b\b\b 2%\b\b\b\n" * 40, False),
    ],
)
def test_binary_data_is_distinguished_from_strange_text(beginning: bytes, binary: bool) -> None:
    scanner = Scanner(SHARED)
    list(scanner.scan(io.BytesIO(beginning)))
    assert scanner.binary == binary


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=3000))
def test_anything_can_be_read(data: bytes) -> None:
    words = [pattern.anchor.encode() for pattern in random.Random(len(data)).sample(SHARED, 5)]
    hits, _ = scan(data + b" ".join(words) + b"\n" + data, SHARED)
    assert all(hit.line >= 1 for hit in hits)


@pytest.mark.parametrize(
    ("name", "system", "kind", "target"),
    [
        ("quay.io/pypa/manylinux2014_x86_64:latest", "centos 7 yum", "manylinux", "x86_64-unknown-linux-gnu"),
        ("quay.io/pypa/manylinux_2_28_aarch64", "almalinux 8 dnf", "manylinux", "aarch64-unknown-linux-gnu"),
        ("quay.io/pypa/musllinux_1_2_x86_64", "alpine 3.22 apk", "musllinux", "x86_64-unknown-linux-musl"),
        (
            "ghcr.io/rust-cross/manylinux2014-cross:aarch64",
            "ubuntu 22.04 apt",
            "manylinux-cross",
            "aarch64-unknown-linux-gnu",
        ),
        (
            "ghcr.io/rust-cross/rust-musl-cross:x86_64-musl",
            "ubuntu 22.04 apt",
            "rust-musl-cross",
            "x86_64-unknown-linux-musl",
        ),
        (
            "ghcr.io/cross-rs/armv7-unknown-linux-gnueabihf:0.2.5",
            "ubuntu  apt",
            "cross-rs",
            "armv7-unknown-linux-gnueabihf",
        ),
        ("docker.io/library/rust:1.70-slim-bookworm", "debian 12 apt", "plain", ""),
        ("python:3.11-alpine3.18", "alpine 3.18 apk", "plain", ""),
        ("ubuntu:22.04", "ubuntu 22.04 apt", "plain", ""),
    ],
)
def test_an_image_shows_the_distribution_the_kind_and_the_target(
    name: str, system: str, kind: str, target: str
) -> None:
    distro, container, row = context.image(name)
    assert distro is not None and container is not None
    assert (f"{distro.id} {distro.version} {distro.manager}", container.kind, row.triple if row else "") == (
        system,
        kind,
        target,
    )


@pytest.mark.parametrize(
    ("name", "known"),
    [("ubuntu:22.04", "ubuntu 22.04"), ("noble", "ubuntu 24.04"), ("debian-12", "debian 12"), ("bookworm", "debian 12"),
     ("alpine", "alpine "), ("manylinux2014", "centos 7"), ("Fedora 40", "fedora 40"), ("arch", "arch "), ("no", None)],
)  # fmt: skip
def test_what_people_call_a_distribution(name: str, known: str | None) -> None:
    distro = context.parse(name)
    assert (f"{distro.id} {distro.version}" if distro else None) == known
