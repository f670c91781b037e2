"""The sources that real systems come with, rewritten for more architectures, and asked of the real apt.

The files are those of Ubuntu's and Debian's installers, cloud and container images, GitHub's runners and the images of
cross, in the shape in which each release has them; third parties are in their own documentation's words.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import need
from test_apt_sources import environment

from diagnose.readers.system import apt
from diagnose.readers.system.root import Root
from diagnose.remedies import apt_sources

UBUNTU_KEY = "/usr/share/keyrings/ubuntu-archive-keyring.gpg"
ARCHIVE, SECURITY = "http://archive.ubuntu.com/ubuntu/", "http://security.ubuntu.com/ubuntu/"
PORTS = "http://ports.ubuntu.com/ubuntu-ports/"

#: On archive.ubuntu.com before 25.10; ports.ubuntu.com has the rest.
UBUNTU_ARCHIVE = {"amd64", "i386"}


def _one_line(codename: str, main: str = ARCHIVE, security: str = SECURITY) -> str:
    """Return Ubuntu's ``sources.list`` up to 23.10, as cloud and container images have it."""
    return f"""\
# See http://help.ubuntu.com/community/UpgradeNotes for how to upgrade to
# newer versions of the distribution.
deb {main} {codename} main restricted
# deb-src {main} {codename} main restricted

## Major bug fix updates produced after the final release of the
## distribution.
deb {main} {codename}-updates main restricted
# deb-src {main} {codename}-updates main restricted

deb {main} {codename} universe
deb {main} {codename}-updates universe
deb {main} {codename} multiverse
deb {main} {codename}-updates multiverse
deb {main} {codename}-backports main restricted universe multiverse

deb {security} {codename}-security main restricted
deb {security} {codename}-security universe
# deb-src {security} {codename}-security universe
deb {security} {codename}-security multiverse
"""


def _deb822(codename: str, main: str = ARCHIVE, security: str = SECURITY) -> str:
    """Return Ubuntu's ``ubuntu.sources`` from 24.04 on."""
    sections = "Components: main universe restricted multiverse"
    return f"""\
# See http://help.ubuntu.com/community/UpgradeNotes for how to upgrade to
# newer versions of the distribution.

## Ubuntu distribution repository
##
## The following settings can be adjusted to configure which packages to use from Ubuntu.
Types: deb
URIs: {main}
Suites: {codename} {codename}-updates {codename}-backports
{sections}
Signed-By: {UBUNTU_KEY}

## Ubuntu security updates. Aside from URIs and Suites,
## this should mirror your choices in the previous section.
Types: deb
URIs: {security}
Suites: {codename}-security
{sections}
Signed-By: {UBUNTU_KEY}
"""


def _debian(codename: str) -> str:
    """Return ``debian.sources`` of Debian's container images from 12 on."""
    return f"""\
Types: deb
# http://snapshot.debian.org/archive/debian/20250520T000000Z
URIs: http://deb.example.debian.org/debian
Suites: {codename} {codename}-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
# http://snapshot.debian.org/archive/debian-security/20250520T000000Z
URIs: http://deb.example.debian.org/debian-security
Suites: {codename}-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""


BULLSEYE = """\
# deb http://snapshot.debian.org/archive/debian/20240110T000000Z bullseye main
deb http://deb.example.debian.org/debian bullseye main
# deb http://snapshot.debian.org/archive/debian-security/20240110T000000Z bullseye-security main
deb http://deb.example.debian.org/debian-security bullseye-security main
# deb http://snapshot.debian.org/archive/debian/20240110T000000Z bullseye-updates main
deb http://deb.example.debian.org/debian bullseye-updates main
"""
INSTALLED = """\
#deb cdrom:[Debian GNU/Linux 12.5.0 _Bookworm_ - Official amd64 NETINST with firmware 20240210-11:27]/ bookworm main

deb cdrom:[Debian GNU/Linux 12.5.0 _Bookworm_ - Official amd64 DVD Binary-1]/ bookworm main non-free-firmware
deb http://ftp.example.debian.org/debian/ bookworm main non-free-firmware
deb-src http://ftp.example.debian.org/debian/ bookworm main non-free-firmware
"""
MIRRORS = (
    "http://azure.archive.ubuntu.com/ubuntu/\tpriority:1\n"
    "https://archive.ubuntu.com/ubuntu/\tpriority:2\nhttps://security.ubuntu.com/ubuntu/\tpriority:3\n"
)
THIRD = {
    "docker.list": "deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/ubuntu "
    "noble stable\n",
    "google-chrome.list": "### THIS FILE IS AUTOMATICALLY CONFIGURED ###\n# You may comment out this entry.\n"
    "deb [arch=amd64] https://dl.google.com/linux/chrome/deb/ stable main\n",
    "microsoft-prod.list": "deb [arch=amd64,arm64,armhf signed-by=/usr/share/keyrings/microsoft-prod.gpg] "
    "https://packages.microsoft.com/ubuntu/24.04/prod noble main\n",
    "kitware.list": "deb [signed-by=/usr/share/keyrings/kitware-archive-keyring.gpg] https://apt.kitware.com/ubuntu/ "
    "noble main\n",
    "mongodb.list": "deb https://repo.mongodb.org/apt/ubuntu noble/mongodb-org/8.0 multiverse\n",
    "cloud.list": "deb http://ubuntu-cloud.archive.canonical.com/ubuntu noble-updates/flamingo main\n",
    "git-core-ubuntu-ppa-noble.sources": "Types: deb\nURIs: https://ppa.launchpadcontent.net/git-core/ppa/ubuntu/\n"
    "Suites: noble\nComponents: main\nSigned-By: \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBGYo0vEBEAC0Semxy+\n"
    " # no comment: a line of the key\n -----END PGP PUBLIC KEY BLOCK-----\n",
    "ubuntu-esm-apps.sources": "# Written by ubuntu-advantage-tools\nTypes: deb\n"
    "URIs: https://esm.ubuntu.com/apps/ubuntu\nSuites: noble-apps-security noble-apps-updates\nComponents: main\n"
    "Signed-By: /usr/share/keyrings/ubuntu-pro-esm-apps.gpg\n",
    "nodesource.sources": "Types: deb\nURIs: https://nodesource.example/node_22.x\nSuites: nodistro\nComponents: main\n"
    "Architectures: amd64\nSigned-By: /usr/share/keyrings/nodesource.gpg\n",
    "flat.list": "deb [trusted=yes] https://third.example/cuda/x86_64 /\n",
    "off.sources": f"Enabled: no\nTypes: deb\nURIs: {ARCHIVE}\nSuites: noble-proposed\nComponents: main\n",
}


class System(NamedTuple):
    """The sources of a system: files below ``/etc/apt``."""

    id: str
    files: dict[str, str]
    native: str = "amd64"
    foreign: tuple[str, ...] = ()


PARTS = "sources.list.d"
NOTE = "# Ubuntu sources have moved to /etc/apt/sources.list.d/ubuntu.sources\n"
MIRRORED = "mirror+file:/etc/apt/apt-mirrors.txt"
SYSTEMS = {
    "ubuntu-20.04 (and the images of cross)": System("ubuntu", {"sources.list": _one_line("focal")}),
    "ubuntu-22.04": System("ubuntu", {"sources.list": _one_line("jammy")}),
    "ubuntu-24.04": System("ubuntu", {"sources.list": NOTE, f"{PARTS}/ubuntu.sources": _deb822("noble")}),
    "ubuntu-24.04 with i386": System("ubuntu", {f"{PARTS}/ubuntu.sources": _deb822("noble")}, foreign=("i386",)),
    "ubuntu-24.04 on arm64": System("ubuntu", {f"{PARTS}/ubuntu.sources": _deb822("noble", PORTS, PORTS)}, "arm64"),
    "ubuntu on a cloud": System(
        "ubuntu", {"sources.list": _one_line("jammy", "http://us-east-1.ec2.archive.ubuntu.com/ubuntu/")}
    ),
    "ubuntu behind a company's mirror": System(
        "ubuntu", {"sources.list": _one_line("jammy", *["https://repo.example/artifactory/ubuntu-remote/"] * 2)}
    ),
    "runner-22.04": System(
        "ubuntu", {"sources.list": _one_line("jammy", MIRRORED, MIRRORED), "apt-mirrors.txt": MIRRORS}
    ),
    "runner-24.04": System(
        "ubuntu",
        {
            "sources.list": NOTE,
            f"{PARTS}/ubuntu.sources": _deb822("noble", MIRRORED, MIRRORED),
            "apt-mirrors.txt": MIRRORS,
            **{f"{PARTS}/{name}": text for name, text in THIRD.items()},
        },
    ),
    "debian-11": System("debian", {"sources.list": BULLSEYE}),
    "debian-12": System("debian", {f"{PARTS}/debian.sources": _debian("bookworm")}),
    "debian-13": System("debian", {f"{PARTS}/debian.sources": _debian("trixie")}),
    "debian-13, limited": System(
        "debian", {f"{PARTS}/debian.sources": _debian("trixie").replace("main\n", "main\nArchitectures: amd64\n")}
    ),
    "debian-12, installed": System("debian", {"sources.list": INSTALLED}),
}


FLAT = "$(ARCHITECTURE)"  # what is left of a form where there is no such thing


class Asked(NamedTuple):
    """One index of packages that apt would fetch."""

    uri: str
    suite: str
    component: str
    architecture: str


def asked_by_apt(root: Path, architectures: tuple[str, ...]) -> set[Asked]:
    """Return which indexes the real apt would fetch with the sources of *root*."""
    for name in ("var/lib/apt/lists/partial", "var/lib/dpkg", "var/cache/apt/archives/partial"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "var/lib/dpkg/status").touch()
    form = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ARCHITECTURE)"
    options = [
        f"-oDir={root}",
        f"-oDir::State::status={root}/var/lib/dpkg/status",
        f"-oAPT::Architecture={architectures[0]}",
    ]
    options += [f"-oAPT::Architectures::={one}" for one in architectures]
    command = ["apt-get", *options, "indextargets", "--no-release-info", "--format", form, "Created-By: Packages"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    assert (done.returncode, done.stderr) == (0, "")
    found = {Asked(*line.replace("cdrom://[", "cdrom:[").split("|")) for line in done.stdout.splitlines()}
    return {one for one in found if one.architecture not in ("all", FLAT)}


def read(root: Path, system: System, foreign: tuple[str, ...]) -> apt.Apt:
    (root / "var/lib/dpkg").mkdir(parents=True, exist_ok=True)
    (root / "var/lib/dpkg/arch").write_text("".join(f"{one}\n" for one in (system.native, *foreign)))
    found = apt.read(Root(str(root)), system.native)
    assert found is not None
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    need(shutil.which("apt-get"), "apt is not installed")
    return tmp_path


def write(root: Path, system: System) -> None:
    for name, text in system.files.items():
        path = root / "etc/apt" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize("name", SYSTEMS)
def test_apt_and_the_reader_see_the_same(root: Path, name: str) -> None:
    system = SYSTEMS[name]
    write(root, system)
    found = read(root, system, ("armhf", *system.foreign))
    assert [file.malformed for file in found.files] == [()] * len(found.files)
    for file in found.files:
        assert apt.parse(file.path, file.text).text == system.files[file.path.removeprefix("/etc/apt/")]
    ours = {
        Asked(uri, suite, component, architecture)
        for source in found.sources
        if source.enabled and "deb" in source.types
        for uri in source.uris
        for suite in source.suites
        for component in source.components  # none in a flat repository
        for architecture in source.architectures
    }
    assert ours == asked_by_apt(root, found.architectures)


@pytest.mark.parametrize("added", [("armhf",), ("armhf", "arm64"), ("amd64",)], ids="-".join)
@pytest.mark.parametrize("name", SYSTEMS)
def test_rewritten_for_more(root: Path, name: str, added: tuple[str, ...]) -> None:
    system = SYSTEMS[name]
    write(root, system)
    native, foreign = system.native, (*system.foreign, *(one for one in added if one != system.native))
    before = asked_by_apt(root, (native, *system.foreign))
    known = system.foreign
    for one in added:  # as it goes on a real system: one after the other
        if one == native:
            continue
        facts = environment(id=system.id, native=native, foreign=known)._replace(apt=read(root, system, known))
        for edit in apt_sources.serving(facts, one):
            path = root / edit.path.lstrip("/")
            assert path.read_text() == edit.before
            path.write_text(edit.after)
        known = (*known, one)
    facts = environment(id=system.id, native=native, foreign=foreign)._replace(apt=read(root, system, foreign))
    assert list(apt_sources.unservable(facts)) == []
    assert [apt_sources.unserved(facts, one) for one in foreign] == [()] * len(foreign)
    assert apt_sources.serving(facts) == ()

    after = asked_by_apt(root, (native, *foreign))
    # nothing is lost for those that were there
    assert {one for one in before if one.architecture == native} == {one for one in after if one.architecture == native}
    assert before <= after
    new = after - before
    own = {one for one in before if is_own(one)}
    if system.id == "debian":
        # everything new is from the same place
        assert {one._replace(architecture=native) for one in new} <= before
        assert {one._replace(architecture=new_one) for one in own for new_one in foreign} <= after
        return
    for one in new:
        kind = "archive" if one.architecture in UBUNTU_ARCHIVE else "ports"
        if not is_own(one):  # a third party that names the architecture itself
            assert "packages.microsoft.com" in one.uri
        elif kind == ("archive" if native in UBUNTU_ARCHIVE else "ports"):
            assert one._replace(architecture=native) in before
        else:
            assert one.uri == {"archive": ARCHIVE, "ports": PORTS}[kind]
    # suite by suite and section by section, as the system's own
    for architecture in foreign:
        assert {(one.suite, one.component) for one in own if one.architecture == native} == {
            (one.suite, one.component) for one in after if one.architecture == architecture and is_own(one)
        }
    comments = [line for text in system.files.values() for line in text.splitlines() if line.startswith("#")]
    kept = [line for name in system.files for line in (root / "etc/apt" / name).read_text().splitlines()]
    assert [line for line in kept if line.startswith("#")] == comments


@functools.cache
def is_own(asked: Asked) -> bool:
    """Whether an index is the distribution's own."""
    third = ("docker", "google", "microsoft", "kitware", "mongodb", "canonical", "launchpad", "esm.", "nodesource")
    return not any(word in asked.uri for word in (*third, "third.example", "cdrom:"))


@pytest.mark.parametrize("name", ["ubuntu-24.04", "runner-22.04", "debian-12"])
def test_native_alone_changes_nothing(root: Path, name: str) -> None:
    system = SYSTEMS[name]
    write(root, system)
    facts = environment(id=system.id, native=system.native)._replace(apt=read(root, system, ()))
    assert apt_sources.serving(facts) == ()


def test_names_that_apt_passes_over(root: Path) -> None:
    """Only what apt itself reads is read: its file names have few letters, and no dot in front."""
    names = ("a.list", "b b.list", "c+c.list", ".d.list", "e.list.save", "f_f-F.9.list", "g.sources", "h.list.bak")
    text = "deb http://{}.example/x y z\n"
    stanza = "Types: deb\nURIs: http://{}.example/x\nSuites: y\nComponents: z\n"
    system = System(
        "debian", {f"{PARTS}/{n}": (stanza if "sources" in n else text).format(str(names.index(n))) for n in names}
    )
    write(root, system)
    found = read(root, system, ())
    seen = {uri for source in found.sources for uri in source.uris}
    assert seen == {one.uri for one in asked_by_apt(root, ("amd64",))}
    assert len(seen) == 3
