"""apt's sources are understood as apt understands them, and kept to the byte."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import need
from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.finding import InputError
from diagnose.readers.system import apt
from diagnose.readers.system.root import Root

ARCHITECTURES = ("amd64", "armhf", "arm64")

LISTS = {
    "debian": "deb http://deb.example.debian.org/debian trixie main contrib\n"
    "deb-src http://deb.example.debian.org/debian trixie main\n",
    "ubuntu": "deb [arch=amd64] http://archive.ubuntu.com/ubuntu noble main universe # ours\n"
    "deb [ arch=armhf,arm64 ] http://ports.ubuntu.com/ubuntu-ports/ noble main\n",
    "minus": "deb [arch-=armhf] http://archive.ubuntu.com/ubuntu noble main\n",
    "plus": "deb [arch=amd64 arch+=armhf] http://archive.ubuntu.com/ubuntu noble main\n",
    "wrong name": "deb [arch=amd86] http://archive.ubuntu.com/ubuntu noble main\n",
    "options": "deb [signed-by=/usr/share/keyrings/a.gpg trusted=yes lang=none] http://a.example/d x y\n",
    "unknown option": "deb [architecture=amd64 arch=armhf] http://a.example/d x y\n",
    "tabs and spaces": "  deb\thttp://a.example/d\t x   y  z \n\n\t# note\n",
    "tight bracket": "deb [arch=armhf ] http://a.example/d x y\n",
    "comment in brackets": "deb [signed-by=/a#b] http://a.example/d x y\n",
}
STANZAS = {
    "ubuntu": "# Ubuntu sources\nTypes: deb\nURIs: http://archive.ubuntu.com/ubuntu/\nSuites: noble noble-updates\n"
    "Components: main universe\nSigned-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n\n"
    "## second\nTypes: deb deb-src\nURIs: http://ports.ubuntu.com/ubuntu-ports\nSuites: noble\nComponents: main\n"
    "Architectures: armhf arm64\n",
    "disabled": "Enabled: no\nTypes: deb\nURIs: http://a.example/d\nSuites: x\nComponents: y\n",
    "wrong field": "Types: deb\nURIs: http://a.example/d\nSuites: x\nComponents: y\nArchitecture: amd64\n",
    "continued": "Types: deb\nURIs: http://a.example/d\n http://b.example/d\nSuites: x\nComponents:\n y\n# no\n z\n",
    "remove": "Types: deb\nURIs: http://a.example/d\nSuites: x\nComponents: y\nArchitectures-Remove: armhf\n",
    "case": "types: deb\nuris: http://a.example/d\nSUITES: x\nComponents: y\narchitectures: arm64\n",
    "key inside": "Types: deb\nURIs: http://a.example/d\nSuites: x\nComponents: y\n"
    "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END PGP PUBLIC KEY BLOCK-----\n",
}
FILES = [(f"{name}.list", text) for name, text in LISTS.items()]
FILES += [(f"{name}.sources", text) for name, text in STANZAS.items()]


def targets_of_apt(path: Path) -> set[tuple[str, str, str, str]]:
    """Ask the real apt which indexes it would fetch, without a network."""
    need(shutil.which("apt-get"), "there is no apt")
    done = subprocess.run(
        [
            *("apt-get", "indextargets", "-o", "Dir::Etc::sourceparts=/dev/null", "-o", f"Dir::Etc::sourcelist={path}"),
            *("-o", f"Dir::State::lists={path.parent}", "-o", "APT::Architecture=amd64"),
            *(word for name in ARCHITECTURES for word in ("-o", f"APT::Architectures::={name}")),
            *(
                "--no-release-info",
                "--format",
                "$(ARCHITECTURE) $(REPO_URI) $(RELEASE) $(COMPONENT)",
                "Created-By: Packages",
            ),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert done.returncode == 0, done.stderr
    rows = {tuple((line + " ").split(" ")[:4]) for line in done.stdout.splitlines()}
    return {(a, b, c, d) for a, b, c, d in rows if a != "all"}


@pytest.mark.parametrize(("name", "text"), FILES, ids=[name for name, _ in FILES])
def test_what_apt_would_fetch(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    file = apt.parse(str(path), text, ARCHITECTURES)
    assert file.malformed == ()
    ours = {
        (architecture, uri, suite, component)
        for source in file.sources
        if source.enabled and "deb" in source.types
        for architecture in source.architectures
        for uri in source.uris
        for suite in source.suites
        for component in source.components
    }
    assert ours == targets_of_apt(path)


@pytest.mark.parametrize(("name", "text"), FILES, ids=[name for name, _ in FILES])
def test_written_back_to_the_byte(name, text):
    assert apt.parse(name, text).text == text


LINES = [line + "\n" for _, text in FILES for line in text.splitlines()]
NOISE = st.text(alphabet="deb[]=#: \t\r\n\v\x0b\x1c\u2028é-,./", max_size=12)


@given(st.lists(st.one_of(st.sampled_from(LINES), NOISE), max_size=12), st.sampled_from(["a.list", "a.sources"]))
def test_mangled_files_are_kept_and_positions_stay_inside(pieces, name):
    text = "".join(pieces)
    file = apt.parse(name, text, ARCHITECTURES)
    assert file.text == text
    assert [source.line for source in file.sources] == sorted(source.line for source in file.sources)
    assert all(1 <= source.line <= source.end <= len(file.lines) for source in file.sources)


def test_positions_and_what_is_commented_out():
    text = "# my mirror\n\n#deb http://a.example/d x y\ndeb http://b.example/d x y\n# deb is a word here\n"
    sources = apt.parse("sources.list", text).sources
    assert [(source.line, source.enabled, source.uris) for source in sources] == [
        (3, False, ("http://a.example/d/",)),
        (4, True, ("http://b.example/d/",)),
    ]


def test_a_flat_repository():
    (one,) = apt.parse("a.list", "deb http://a.example/flat ./\n").sources
    assert (one.uris, one.suites, one.components) == (("http://a.example/flat/",), ("./",), ())


def test_options_that_apt_passes_over():
    (one,) = apt.parse("a.list", LISTS["unknown option"], ARCHITECTURES).sources
    (two,) = apt.parse("a.sources", STANZAS["wrong field"], ARCHITECTURES).sources
    assert (one.unknown, two.unknown) == (("architecture",), ("Architecture",))
    assert two.architectures == ARCHITECTURES and not two.declared


@pytest.mark.parametrize(
    "text",
    [
        *("deb\n", "deb http://a.example/d\n", "rpm http://a.example x y\n", "deb http://a.example/d ./ y\n"),
        *("deb [arch=amd64 http://a.example/d x y\n", "deb [arch=armhf]http://a.example/d x y\n"),
    ],
)
def test_what_apt_refuses(tmp_path, text):
    file = apt.parse("a.list", text)
    assert (file.sources, [line for line, _ in file.malformed]) == ((), [1])
    path = tmp_path / "a.list"
    path.write_text(text)
    with pytest.raises(AssertionError, match="could not be read"):
        targets_of_apt(path)


def make_root(path: Path, **files: str) -> Root:
    for name, text in files.items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return Root(str(path))


def test_a_whole_root(tmp_path):
    uri = "http://ports.ubuntu.com/ubuntu-ports/"
    listed = "var/lib/apt/lists/ports.ubuntu.com_ubuntu-ports_dists_noble"
    root = make_root(
        tmp_path,
        **{
            "etc/apt/sources.list": "# moved\n",
            "etc/apt/sources.list.d/ubuntu.sources": STANZAS["ubuntu"],
            "etc/apt/sources.list.d/ubuntu.sources.bak": "never read",
            "var/lib/dpkg/arch": "amd64\narmhf\n",
            f"{listed}_InRelease": "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nOrigin: Ubuntu\nSuite: noble\n"
            "Codename: noble\nVersion: 24.04\nArchitectures: arm64 armhf\nSHA256:\n 00 1 main/binary-armhf/Packages\n",
            f"{listed}_main_binary-armhf_Packages.lz4": "",
        },
    )
    found = apt.read(root, "amd64")
    assert found is not None
    assert found.architectures == ("amd64", "armhf")
    assert [file.path for file in found.files] == ["/etc/apt/sources.list", "/etc/apt/sources.list.d/ubuntu.sources"]
    assert [source.architectures for source in found.sources] == [("amd64", "armhf"), ("armhf", "arm64")]
    assert (found.indexed, found.lists) == (("armhf",), True)
    release = found.release(uri, "noble")
    assert release is not None
    assert (release.origin, release.architectures) == ("Ubuntu", ("arm64", "armhf"))


def test_lists_of_mirrors(tmp_path):
    root = make_root(
        tmp_path,
        **{
            "etc/apt/sources.list": "deb mirror+file:/etc/apt/mirrors.txt noble main\n",
            "etc/apt/mirrors.txt": "http://azure.archive.ubuntu.com/ubuntu/\tpriority:1\nhttps://archive.ubuntu.com/ubuntu/\n",
        },
    )
    found = apt.read(root, "amd64")
    assert found is not None
    assert list(map(apt.host, found.sources[0].mirrors)) == ["azure.archive.ubuntu.com", "archive.ubuntu.com"]


def test_how_apt_names_what_it_fetched():
    # names as apt 2.6 makes them in /var/lib/apt/lists
    assert apt.list_name("http://a.example/d_x/dists/y/InRelease") == "a.example_d%5fx_dists_y_InRelease"
    assert apt.list_name("https://user:pw@a.example:8080/d/") == "a.example:8080_d_"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"deb\0http", "not a text file"),
        (b"#" * (apt.SOURCES_LIMIT + 1), "larger than 1 MiB"),
        (None, "symbolic links"),
    ],
)
def test_hostile_sources_end_in_one_line(tmp_path, content, reason):
    (tmp_path / "etc/apt").mkdir(parents=True)
    path = tmp_path / "etc/apt/sources.list"
    if content is None:
        path.symlink_to("sources.list")
    else:
        path.write_bytes(content)
    with pytest.raises(InputError, match=reason) as error:
        apt.read(Root(str(tmp_path)), "amd64")
    assert str(error.value).startswith("/etc/apt/sources.list: ") and "\n" not in str(error.value)
