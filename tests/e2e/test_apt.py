"""Ubuntu's two servers and the real apt: what it says, what `diagnose env` reads in the files, and what then works."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from e2e import archive, ubuntu
from e2e.conftest import Keep
from e2e.ladder import ARMV7, Builder, Workshop, causes, finding
from e2e.ubuntu import ARCHIVE, KEYRING, PORTS, SUITE

LIST = "/etc/apt/sources.list"
DEB822 = "/etc/apt/sources.list.d/ubuntu.sources"
INSTALL = "apt-get install -q -y --no-install-recommends"


def one_line(uri: str, options: str = "") -> str:
    """Return an entry in the old style."""
    return f"deb [{options + ' ' if options else ''}signed-by={KEYRING}] {uri} {SUITE} main\n"


def stanza(uri: str, option: str = "") -> str:
    """Return an entry in the new style."""
    extra = f"{option}\n" if option else ""
    return f"Types: deb\nURIs: {uri}\nSuites: {SUITE}\nComponents: main\n{extra}Signed-By: {KEYRING}\n"


class Case(NamedTuple):
    """Sources, what ``apt-get update`` and ``apt-get install`` do with them, and the cause that has to be named.

    The log shows the same cause, or ``log``: of some cases nothing is in it (empty), or less than in the files.
    """

    name: str
    sources: str
    cause: str
    update: str = ""  # in its output, where it fails
    install: str = ""  # in its output, where the update did not fail
    package: str = "libasound2-dev:armhf"
    before: str = "true"  # a command that passes before that
    log: str | None = None
    added: bool = True  # whether dpkg knows armhf
    archive: str = "archive"
    ports: str = "ports"
    fixed: bool = True  # whether a change on this side of the wire can help
    terminal: bool = False  # whether to keep what apt says on a terminal, too, which is more

    @property
    def file(self) -> str:
        """Where sources of this style lie."""
        return DEB822 if self.sources.startswith("Types:") else LIST


_NOT_FOUND = f"E: Failed to fetch {ARCHIVE}/dists/{SUITE}/main/binary-armhf/Packages  404  Not Found"
_UNLOCATED = "E: Unable to locate package libasound2-dev"
_NO_INDEX = "apt-foreign-arch-not-enabled"  # all that a silent update leaves to be seen
_SKEW = "libasound2-dev:armhf : Depends: libasound2t64:armhf (= "

CASES = (
    Case("404", one_line(ARCHIVE), "apt-foreign-arch-404", update=_NOT_FOUND, terminal=True),
    Case("404-deb822", stanza(ARCHIVE), "apt-foreign-arch-404", update=_NOT_FOUND),
    Case(
        "unlisted",
        one_line(ARCHIVE),
        "apt-foreign-arch-404",
        install=_UNLOCATED,
        archive="archive-unlisted",
        log=_NO_INDEX,
        terminal=True,
    ),
    Case(
        "unlisted-deb822",
        stanza(ARCHIVE),
        "apt-foreign-arch-404",
        install=_UNLOCATED,
        archive="archive-unlisted",
        log=_NO_INDEX,
    ),
    Case(
        "amd86",
        one_line(ARCHIVE, "arch=amd86") + one_line(PORTS, "arch=armhf"),
        "apt-wrong-arch-name",
        install=f"{_UNLOCATED}:amd64",
        log="",
        terminal=True,
        package="libasound2-dev:amd64",  # without the architecture it is the target's that is installed
    ),
    Case(
        "amd86-deb822",
        stanza(ARCHIVE, "Architectures: amd86"),
        "apt-wrong-arch-name",
        install=_UNLOCATED,
        log=_NO_INDEX,
    ),
    Case(
        "option",
        stanza(ARCHIVE, "Architecture: amd64") + "\n" + stanza(PORTS, "Architectures: armhf"),
        "apt-wrong-option-name",
        update=_NOT_FOUND,
        log="apt-foreign-arch-404",
    ),
    Case(
        "ports-unrestricted",
        one_line(ARCHIVE, "arch=amd64") + one_line(PORTS),
        "apt-foreign-arch-404",
        update=f"E: Failed to fetch {PORTS}/dists/{SUITE}/main/binary-amd64/Packages  404  Not Found",
    ),
    Case(
        "ports-unrestricted-deb822",
        stanza(ARCHIVE, "Architectures: amd64") + "\n" + stanza(PORTS),
        "apt-foreign-arch-404",
        update=f"E: Failed to fetch {PORTS}/dists/{SUITE}/main/binary-amd64/Packages  404  Not Found",
    ),
    Case(
        "not-added",
        one_line(ARCHIVE, "arch=amd64") + one_line(PORTS, "arch=armhf"),
        "apt-foreign-arch-not-enabled",
        install="package architecture (armhf) does not match system (amd64)",
        added=False,
    ),
    Case(
        "not-added-deb822",
        stanza(ARCHIVE),
        "apt-foreign-arch-not-enabled",
        install="E: Unable to locate package libasound2-dev:armhf",
        added=False,
    ),
    Case(
        "left-out",
        one_line(ARCHIVE, "arch=amd64"),
        "apt-foreign-arch-not-enabled",
        install="E: Unable to locate package libasound2-dev:armhf",
    ),
    Case(
        "left-out-deb822",
        stanza(ARCHIVE, "Architectures-Remove: armhf"),
        "apt-foreign-arch-not-enabled",
        install="E: Unable to locate package libasound2-dev:armhf",
    ),
    Case(
        "skew",
        one_line(ARCHIVE, "arch=amd64") + one_line(PORTS, "arch=armhf"),
        "apt-multiarch-version-skew",
        before=f"{INSTALL} libasound2-dev",
        install=_SKEW,
        ports="ports-older",
        fixed=False,
    ),
    Case(
        "ports-path",
        one_line(ARCHIVE, "arch=amd64") + one_line("http://ports.ubuntu.com/ubuntu", "arch=armhf"),
        "apt-foreign-arch-404",
        update=f"E: The repository 'http://ports.ubuntu.com/ubuntu {SUITE} Release' does not have a Release file.",
    ),
)


@contextlib.contextmanager
def machine(workshop: Workshop, case: Case) -> Iterator[Builder]:
    """Mount a root that calls itself Ubuntu and has the case's sources."""
    servers = ubuntu.servers()
    hosts = {ARCHIVE: servers / case.archive, PORTS: servers / case.ports}
    with archive.serving(hosts) as proxy, workshop.root() as root:
        root.environment["http_proxy"] = proxy
        root.file("/etc/os-release").unlink()
        root.file("/etc/os-release").write_text(ubuntu.OS_RELEASE)
        root.file(KEYRING).write_bytes((archive.signing_key() / "archive.pgp").read_bytes())
        root.check("rm -r /etc/apt/sources.list.d/debian.sources /var/lib/apt/lists && apt-get update -q")
        root.file(case.file).write_text(case.sources)
        if case.added:
            root.check("dpkg --add-architecture armhf")
        yield root


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_sources(workshop: Workshop, keep: Keep, case: Case) -> None:
    with machine(workshop, case) as root:
        update = root.run("apt-get update -q")
        log = update.output
        assert (update.code, case.update in update.output) == (100 if case.update else 0, True), update.output
        if case.install:
            root.check(case.before)
            install = root.run(f"{INSTALL} {case.package}")
            log += install.output
            assert install.code == 100
            assert case.install in install.output, install.output
        told = case.cause if case.log is None else case.log
        keep(f"apt-{case.name}", told, log)
        if case.terminal:
            words = root.on_terminal(f"apt-get update; {INSTALL.replace(' -q', '')} {case.package}")
            keep(f"apt-{case.name}-terminal", told or case.cause, words)
            assert re.search("doesn't support architecture|Working", words), words
        outside = root.outside(ARMV7, "--lib", "alsa")
        inside = root.inside(ARMV7, "--lib", "alsa")
        assert case.cause in causes(outside)
        assert causes(outside) == causes(inside)
        if case.fixed:
            root.apply(finding(outside, case.cause)["fixes"][0])
            root.check("apt-get update -q")
            root.check(f"{INSTALL} libasound2-dev:armhf && {INSTALL} --simulate libdbus-1-dev")
            assert case.cause not in causes(root.outside(ARMV7, "--lib", "alsa"))
