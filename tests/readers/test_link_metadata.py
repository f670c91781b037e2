"""The directives that the real pkg-config crate prints for an answer, and the reader's copy of its rules."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readers import miniroot
from readers.test_pkgconfig import HOST, probe

from diagnose.readers.pkgconfig.link_metadata import Links, links
from diagnose.readers.pkgconfig.resolver import split_flags
from diagnose.readers.system.root import Root

__all__ = ["probe"]  # a fixture


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("links")
    for name in ("in/libfoo.a", "in/libfoo.so", "in/libfoo.so.1", "in/libbar.so", "out/libfoo.a", "out/libbaz.a"):
        miniroot.write(made / name, "")
    tool = '#!/bin/sh\ncase " $* " in *modversion*) echo 1.0;; *) cat "$ANSWER";; esac\n'
    miniroot.write(made / "tool", tool, 0o755)
    return made


def told(probe: Path, folder: Path, answer: str, environ: dict[str, str]) -> tuple[list[str], list[str], list[str]]:
    """Return (libraries, those that are static, folders) as the crate tells them to cargo."""
    (folder / "answer").write_text(answer)
    tool = {"PKG_CONFIG": str(folder / "tool"), "ANSWER": str(folder / "answer"), "PROBE_METADATA": "1"}
    own = {"PATH": "/usr/bin:/bin", "HOST": HOST, "TARGET": HOST}
    done = subprocess.run([str(probe), "own"], env=own | tool | environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = [line.removeprefix("cargo:") for line in done.stdout.splitlines() if line.startswith("cargo:rustc-link")]
    libs = [line.removeprefix("rustc-link-lib=") for line in lines if line.startswith("rustc-link-lib=")]
    dirs = [line.partition("=")[2].removeprefix("native=") for line in lines if line.startswith("rustc-link-search=")]
    static = [one.removeprefix("static=") for one in libs if one.startswith("static=")]
    names = [one.removeprefix("static=") for one in libs if not one.startswith("framework=")]
    return names, static, dirs


WORDS = (
    *("-LIN", "-LOUT", "-L/usr/lib", "-lfoo", "-lbar", "-lbaz", "-l:libfoo.so", "IN/libfoo.so", "IN/libfoo.so.1"),
    *("OUT/libfoo.a", "IN/libfoo.a", "NONE/libfoo.so", "-L IN", "-l foo", "-Wl,--as-needed", "-Wl,IN/libbar.so"),
    *("-pthread", "-IIN", "IN/../out/libbaz.a", "-L", "-l", "-Wl,-rpath,IN", "word", "-DX=/a"),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(st.sampled_from(WORDS), max_size=7),
    environ=st.dictionaries(
        st.sampled_from(("PKG_CONFIG_SYSROOT_DIR", "SYSROOT")), st.sampled_from(("IN", "/", "OUT/", "")), max_size=2
    ),
    static=st.booleans(),
)
def test_any_answer(probe: Path, folder: Path, words: list[str], environ: dict[str, str], static: bool) -> None:
    def placed(text: str) -> str:
        for name, path in (("IN", folder / "in"), ("OUT", folder / "out"), ("NONE", folder / "none")):
            text = text.replace(name, str(path))
        return text

    answer = placed(" ".join(words))
    variables = {name: placed(value) for name, value in environ.items()}
    switch = {"OWN_STATIC": "1"} if static else {}
    names, statically, dirs = told(probe, folder, answer, variables | switch)
    below = variables.get("PKG_CONFIG_SYSROOT_DIR", variables.get("SYSROOT", "/usr"))
    found = links(Root("/"), split_flags(answer.encode()), below, static=static)
    assert set(found.names) == set(names)
    assert set(found.folders) == set(dirs)
    assert set(found.static) == set(statically)


@pytest.mark.parametrize(
    ("words", "lost"),
    [
        (("-lfoo", "-L/in"), []),
        (("-l:libfoo.so",), ["colon"]),
        (("/in/libfoo.so.1",), ["versioned"]),
        (("/nowhere/libfoo.so",), ["absent"]),
        (("-L", "/in", "-l", "foo"), ["split", "split"]),
        (("/in/libfoo.a",), ["archive"]),
        (("/out/libbaz.a",), []),
        (("/in/libfoo.so", "-pthread", "-Wl,-rpath,/in"), []),
    ],
)
def test_what_does_not_arrive(folder: Path, words: tuple[str, ...], lost: list[str]) -> None:
    found: Links = links(Root(str(folder)), words, "/usr", static=False)
    assert [one.kind for one in found.lost] == lost
