"""apt's sources rewritten: what changes, what stays, and that apt itself takes the result."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from conftest import need
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.model import targets
from diagnose.model.targets import Target
from diagnose.readers.cargo.variables import Variables
from diagnose.readers.env import Environment
from diagnose.readers.pkgconfig.pkgconfig_facts import PkgConfig
from diagnose.readers.system import apt
from diagnose.readers.system.distro import Container, Distro
from diagnose.readers.toolchain.toolchain_facts import Program, Rust, Toolchain
from diagnose.remedies import apt_sources

NOBLE = "http://archive.ubuntu.com/ubuntu"
PORTS = "http://ports.ubuntu.com/ubuntu-ports"


def row(name: str) -> Target:
    found = targets.resolve(name)
    assert found is not None
    return found


def environment(
    *files: apt.AptFile, id: str = "ubuntu", native: str = "amd64", foreign: tuple[str, ...] = ()
) -> Environment:
    none = Program("none")
    host = row(native)
    return Environment(
        root="/",
        live=False,
        host=host,
        target=host,
        distro=Distro(id=id, codename="noble" if id == "ubuntu" else "trixie", manager="apt"),
        container=Container(),
        variables=Variables({}, {}),
        pkgconfig=PkgConfig(host.triple, host.triple, none),
        toolchain=Toolchain(none, none, none, none, Rust(none, none), none),
        apt=apt.Apt(native, foreign, files),
    )


def rewritten(
    text: str, architecture: str = "armhf", style: str = "list", id: str = "ubuntu", native: str = "amd64",
    foreign: tuple[str, ...] = (),
) -> str:  # fmt: skip
    """Rewrite, and check on the way that a second run changes nothing."""
    path = f"/etc/apt/sources.list.d/x.{style}"
    known = (native, *foreign)
    file = apt.parse(path, text, known)
    assert file.text == text
    edits = apt_sources.serving(environment(file, id=id, native=native, foreign=foreign), architecture)
    after = edits[0].after if edits else text
    known = tuple(dict.fromkeys((*known, architecture))) if architecture else known
    again = environment(apt.parse(path, after, known), id=id, native=native, foreign=known[1:])
    assert [edit.after for edit in apt_sources.serving(again, architecture)] == []
    assert not list(apt_sources.unservable(again))
    return after


CASES = {
    "one-line": (
        f"deb {NOBLE} noble main universe # ours\n# deb {NOBLE} noble-backports main\n",
        f"deb [arch=amd64] {NOBLE} noble main universe # ours\ndeb [arch=armhf] {PORTS}/ noble main universe\n"
        f"# deb {NOBLE} noble-backports main\n",
    ),
    "options are kept": (
        f"deb [signed-by=/k.gpg trusted=yes] {NOBLE}/ noble main\n",
        f"deb [arch=amd64 signed-by=/k.gpg trusted=yes] {NOBLE}/ noble main\n"
        f"deb [arch=armhf signed-by=/k.gpg trusted=yes] {PORTS}/ noble main\n",
    ),
    "security, no final newline, sources": (
        f"deb http://security.ubuntu.com/ubuntu noble-security main\ndeb-src {NOBLE} noble main",
        f"deb [arch=amd64] http://security.ubuntu.com/ubuntu noble-security main\n"
        f"deb [arch=armhf] {PORTS}/ noble-security main\ndeb-src {NOBLE} noble main",
    ),
    "a country's mirror, https and a mirror by its path": (
        "deb http://de.archive.ubuntu.com/ubuntu noble main\ndeb https://mirror.example/ubuntu/ noble-updates main\n",
        f"deb [arch=amd64] http://de.archive.ubuntu.com/ubuntu noble main\ndeb [arch=armhf] {PORTS}/ noble main\n"
        f"deb [arch=amd64] https://mirror.example/ubuntu/ noble-updates main\n"
        f"deb [arch=armhf] {PORTS}/ noble-updates main\n",
    ),
    "ports is there, but unlimited": (
        f"deb [arch=amd64] {NOBLE} noble main\ndeb {PORTS} noble main\n",
        f"deb [arch=amd64] {NOBLE} noble main\ndeb [arch=armhf] {PORTS} noble main\n",
    ),
    "ports is there for another architecture": (
        f"deb [arch=amd64] {NOBLE} noble main\ndeb [arch=arm64] {PORTS} noble main\n",
        f"deb [arch=amd64] {NOBLE} noble main\ndeb [arch=arm64,armhf] {PORTS} noble main\n",
    ),
    "all is well": (
        f"deb [arch=amd64] {NOBLE} noble main\ndeb [arch=armhf] {PORTS} noble main\n",
        f"deb [arch=amd64] {NOBLE} noble main\ndeb [arch=armhf] {PORTS} noble main\n",
    ),
    "left out by name, which is right": (
        f"deb [arch-=armhf] {NOBLE} noble main\ndeb [arch=armhf] {PORTS} noble main\n",
        f"deb [arch-=armhf] {NOBLE} noble main\ndeb [arch=armhf] {PORTS} noble main\n",
    ),
    "a misspelt architecture": (
        f"deb [arch=amd86] {NOBLE} noble main\ndeb [arch=armhf] {PORTS} noble main\n",
        f"deb [arch=amd64] {NOBLE} noble main\ndeb [arch=armhf] {PORTS} noble main\n",
    ),
    "a misspelt option": (
        f"deb [architecture=amd64] {NOBLE} noble main\ndeb [arch=armhf] {PORTS} noble main\n",
        f"deb [arch=amd64] {NOBLE} noble main\ndeb [arch=armhf] {PORTS} noble main\n",
    ),
    "the wrong server": (
        f"deb [arch=amd64] {NOBLE} noble main\ndeb [arch=armhf] {NOBLE} noble main\n",
        f"deb [arch=amd64] {NOBLE} noble main\ndeb [arch=armhf] {PORTS}/ noble main\n",
    ),
    "a third party's": (
        "deb http://ppa.launchpadcontent.net/deadsnakes/ppa/ubuntu noble main\n",
        "deb [arch=amd64] http://ppa.launchpadcontent.net/deadsnakes/ppa/ubuntu noble main\n",
    ),
    "a list of mirrors": (
        "deb mirror+file:/etc/apt/apt-mirrors.txt noble main\n",
        f"deb [arch=amd64] mirror+file:/etc/apt/apt-mirrors.txt noble main\ndeb [arch=armhf] {PORTS}/ noble main\n",
    ),
    "tabs and an empty bracket": (
        f"deb\t[ ]\t{NOBLE}\tnoble\tmain\n",
        f"deb\t[ arch=amd64 ]\t{NOBLE}\tnoble\tmain\ndeb\t[ arch=armhf ]\t{PORTS}/\tnoble\tmain\n",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_line(case: str) -> None:
    before, after = CASES[case]
    assert rewritten(before) == after


def test_deb822() -> None:
    before = (
        "# Ubuntu\nTypes: deb deb-src\nURIs: http://archive.ubuntu.com/ubuntu http://mirror.example/ubuntu\n"
        "# which\nSuites: noble noble-updates\nComponents: main\n universe\nSigned-By: /k.gpg\n\n"
        "Types: deb\nEnabled: no\nURIs: http://archive.ubuntu.com/ubuntu\nSuites: noble-proposed\nComponents: main\n\n"
        "Types: deb\nURIs: http://security.ubuntu.com/ubuntu\nSuites: noble-security\nComponents: main\n"
        "Architecture: amd64"
    )
    assert rewritten(before, style="sources") == (
        "# Ubuntu\nTypes: deb deb-src\nURIs: http://archive.ubuntu.com/ubuntu http://mirror.example/ubuntu\n"
        "# which\nSuites: noble noble-updates\nComponents: main\n universe\nArchitectures: amd64\nSigned-By: /k.gpg\n\n"
        f"Types: deb\nURIs: {PORTS}/\n"
        "Suites: noble noble-updates\nComponents: main\n universe\nArchitectures: armhf\nSigned-By: /k.gpg\n\n"
        "Types: deb\nEnabled: no\nURIs: http://archive.ubuntu.com/ubuntu\nSuites: noble-proposed\nComponents: main\n\n"
        "Types: deb\nURIs: http://security.ubuntu.com/ubuntu\nSuites: noble-security\nComponents: main\n"
        "Architectures: amd64\n\n"
        f"Types: deb\nURIs: {PORTS}/\nSuites: noble-security\nComponents: main\nArchitectures: armhf\n"
    )


def test_deb822_replaces_a_folded_field() -> None:
    before = (
        f"Types: deb\nURIs: {PORTS}\nSuites: noble\nComponents: main\nArchitectures: arm64\n riscv64\nTrusted: yes\n"
    )
    after = before.replace("arm64\n riscv64", "arm64 riscv64 armhf")
    assert rewritten(before, style="sources") == after


def test_several_architectures_at_once() -> None:
    before = f"deb {NOBLE} noble main\n"
    after = rewritten(before, "armhf", foreign=("i386", "arm64"))
    assert after == f"deb [arch=amd64,i386] {NOBLE} noble main\ndeb [arch=arm64,armhf] {PORTS}/ noble main\n"


def test_from_a_ports_machine() -> None:
    before = f"deb {PORTS} noble main\n"
    assert rewritten(before, "amd64", native="arm64") == (
        f"deb [arch=arm64] {PORTS} noble main\ndeb [arch=amd64] {NOBLE}/ noble main\n"
    )


@pytest.mark.parametrize(
    "before",
    [
        "deb http://deb.example.debian.org/debian trixie main\n",
        "deb http://mirror.example/debian trixie main\ndeb https://third.example/apt stable main\n",
        "deb [arch=armhf,amd64] http://deb.example.debian.org/debian trixie main\n",
    ],
)
def test_debian_serves_everything_from_one_place(before: str) -> None:
    assert rewritten(before, id="debian") == before


def test_debian_limited_to_its_own() -> None:
    before = "deb [arch=amd64 signed-by=/k.gpg] http://deb.example.debian.org/debian trixie main\n"
    assert rewritten(before, id="debian") == before.replace("arch=amd64", "arch=amd64,armhf")


def test_a_release_that_has_left() -> None:
    before = "deb http://deb.example.debian.org/debian buster main\n"
    before += "deb http://security.example.debian.org/debian-security buster/updates main\n"
    assert rewritten(before, "", id="debian") == (
        "deb [check-valid-until=no] http://archive.debian.org/debian/ buster main\n"
        "deb [check-valid-until=no] http://archive.debian.org/debian-security/ buster/updates main\n"
    )
    assert rewritten("deb http://archive.ubuntu.com/ubuntu mantic main\n", "") == (
        "deb [check-valid-until=no] http://old-releases.ubuntu.com/ubuntu/ mantic main\n"
    )


def test_native_alone_changes_nothing() -> None:
    before = f"deb {NOBLE} noble main\ndeb http://ppa.launchpadcontent.net/x/ppa/ubuntu noble main\n"
    assert rewritten(before, "") == before


@pytest.mark.parametrize(("wrong", "right"), [("amd86", "amd64"), ("armv7", "armhf"), ("aarch64", "arm64"), ("x", "")])
def test_meant(wrong: str, right: str) -> None:
    assert apt_sources.meant(wrong) == right


@pytest.mark.parametrize("case", [*sorted(set(CASES) - {"a third party's", "options are kept"}), "deb822"])
def test_apt_takes_what_is_written(tmp_path: Path, case: str) -> None:
    need(shutil.which("apt-get"), "apt is not installed")
    style = "sources" if case == "deb822" else "list"
    stanza = f"Types: deb deb-src\nURIs: {NOBLE}\n# which\nSuites: noble noble-updates\nComponents: main\n universe"
    (tmp_path / f"x.{style}").write_text(rewritten(stanza if case == "deb822" else CASES[case][0], style=style))
    folders = {name: tmp_path / name for name in ("lists/partial", "cache/archives/partial")}
    for folder in folders.values():
        os.makedirs(folder)
    command = ["apt-get", f"-oDir::Etc::SourceParts={tmp_path}", "-oDir::Etc::SourceList=-", f"-oDir::State={tmp_path}"]
    command += [f"-oDir::Cache={tmp_path}/cache", "-oAPT::Architecture=amd64", "-oAPT::Architectures=amd64,armhf"]
    command += ["indextargets", "--no-release-info", "--format", "$(CREATED_BY) $(SITE) $(ARCHITECTURE)"]
    run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    assert (run.returncode, run.stderr) == (0, "")
    asked = {tuple(line.split()[1:]) for line in run.stdout.splitlines() if line.startswith("Packages ")}
    for site, architecture in asked:
        assert architecture == "all" or ("ports" in site) == (architecture != "amd64"), (site, architecture)
    assert {architecture for _, architecture in asked} >= {"amd64", "armhf", "all"}


OPTIONS = st.lists(
    st.sampled_from(
        ["lang=en", "arch=amd64", "arch=armhf", "arch=amd64,armhf", "arch-=armhf", "arch+=armhf", "pdiffs=no"]
    ),
    max_size=2,
    unique_by=lambda option: option[:4],
)
URIS = st.sampled_from(
    [NOBLE, f"{NOBLE}/", "http://security.ubuntu.com/ubuntu", PORTS, f"{PORTS}/", "https://third.example/apt",
     "http://ppa.launchpadcontent.net/a/b/ubuntu", "mirror+file:/etc/apt/mirrors.txt", "http://mirror.example/ubuntu/"]
)  # fmt: skip
SUITES = st.sampled_from(["noble", "noble-updates", "noble-security"])
COMMENTS = st.sampled_from(["# a comment\n", "\n", f"# deb {NOBLE} noble main\n", "#deb-src x\n", "  # \t\n"])


@st.composite
def one_line(draw: st.DrawFn) -> str:
    options = draw(OPTIONS)
    gap = draw(st.sampled_from([" ", "\t", "  "]))
    bracket = [f"[{' '.join(options)}]"] if options else []
    words = [draw(st.sampled_from(["deb", "deb", "deb-src"])), *bracket, draw(URIS), draw(SUITES), "main"]
    return gap.join(words) + draw(st.sampled_from(["", " universe", " # note", "  "])) + "\n"


@st.composite
def stanza(draw: st.DrawFn) -> str:
    fields = [
        f"Types: {draw(st.sampled_from(['deb', 'deb deb-src', 'deb-src']))}",
        f"URIs: {draw(URIS)}",
        f"Suites: {' '.join(draw(st.lists(SUITES, min_size=1, max_size=3, unique=True)))}",
        draw(st.sampled_from(["Components: main", "Components:\n main\n universe", "components: main"])),
        *draw(st.sampled_from([[], ["Architectures: amd64"], ["architectures: armhf"], ["Architectures:\n amd64"]])),
        *draw(st.sampled_from([[], ["Enabled: no"], ["# a comment", "Languages: en"], ["X-Repolib-Name: x"]])),
    ]  # fmt: skip
    return "\n".join(draw(st.permutations(fields)) if "#" not in "".join(fields) else fields) + "\n\n"


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.lists(one_line() | COMMENTS), st.lists(stanza() | COMMENTS.filter(str.strip))), st.booleans())
def test_any_file_is_fixed_once_and_keeps_other_text(parts: list[str], needed: bool) -> None:
    text = "".join(parts)
    style = "sources" if "Types:" in text else "list"
    after = rewritten(text, "armhf" if needed else "", style=style)
    lines = iter(after.splitlines())
    assert all(line in lines for line in text.splitlines() if line.lstrip().startswith("#")), after
    for part in parts:
        if ("deb-src" in part and "deb " not in part) or "Enabled: no" in part:
            assert part.strip() in after
    known = apt.parse(f"/x.{style}", text, ("amd64",))
    if not needed and not list(apt_sources.unservable(environment(known, id="ubuntu", native="amd64", foreign=()))):
        assert after == text
    if shutil.which("apt-get"):
        before, now = _apt_takes(text, style), _apt_takes(after, style)
        assert now or not before


def _apt_takes(text: str, style: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, f"x.{style}").write_text(text)
        command = ["apt-get", f"-oDir::Etc::SourceParts={folder}", "-oDir::Etc::SourceList=-", f"-oDir::State={folder}"]
        command += [
            "-oAPT::Architecture=amd64",
            "-oAPT::Architectures=amd64,armhf",
            "indextargets",
            "--no-release-info",
        ]
        return subprocess.run(command, capture_output=True).returncode == 0
