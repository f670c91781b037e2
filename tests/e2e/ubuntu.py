"""Two archives shaped like Ubuntu's: amd64 on one server, every other architecture on another.

The packages are Debian's. As the real ones do, both Release files list all architectures, with the hashes of indexes
that the server does not have.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from e2e import archive
from e2e.cache import made

SUITE = "noble"
ARCHIVE = "http://archive.ubuntu.com/ubuntu"
PORTS = "http://ports.ubuntu.com/ubuntu-ports"
KEYRING = "/usr/share/keyrings/ubuntu-archive-keyring.gpg"
OS_RELEASE = """\
PRETTY_NAME="Ubuntu 24.04.3 LTS"
NAME="Ubuntu"
VERSION_ID="24.04"
VERSION="24.04.3 LTS (Noble Numbat)"
VERSION_CODENAME=noble
ID=ubuntu
ID_LIKE=debian
UBUNTU_CODENAME=noble
"""
FIELDS = {"Origin": "Ubuntu", "Label": "Ubuntu"}
OLDER = "1.2.14-1"


def servers() -> Path:
    """Return a folder with the servers: ``archive``, ``archive-unlisted``, ``ports`` and ``ports-older``."""
    debian = archive.debian()
    return made("ubuntu", (debian.name, FIELDS, OLDER, "by-hash"), lambda folder: _make(folder, debian))


def _make(folder: Path, debian: Path) -> None:
    names = {arch: archive.published(debian, "trixie", arch) for arch in ("amd64", "armhf", "arm64")}
    for server in ("archive", "archive-unlisted", "ports", "ports-older"):
        (folder / server).mkdir()
        (folder / server / "pool").symlink_to(debian / "pool")
    archive.publish(folder / "archive", SUITE, _all(folder / "archive", names), FIELDS, absent=("armhf", "arm64"))
    native = {"amd64": names["amd64"]}
    archive.publish(folder / "archive-unlisted", SUITE, _all(folder / "archive-unlisted", native), FIELDS)
    archive.publish(folder / "ports", SUITE, _all(folder / "ports", names), FIELDS, absent=("amd64",))
    older = _all(folder / "ports-older", names)
    older["armhf"] = [_aged(deb, folder / "ports-older") for deb in older["armhf"]]
    archive.publish(folder / "ports-older", SUITE, older, FIELDS, absent=("amd64",))


def _all(server: Path, names: dict[str, list[str]]) -> dict[str, list[Path]]:
    return {arch: [server / name for name in files] for arch, files in names.items()}


def _aged(deb: Path, server: Path) -> Path:
    """Return the package itself, or, of ALSA's, one that calls itself older."""
    if not deb.name.startswith(("libasound2t64_", "libasound2-dev_")):
        return deb
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg-deb", "--raw-extract", str(deb), folder], check=True)
        control = Path(folder, "DEBIAN", "control")
        version = deb.name.split("_")[1]
        control.write_text(control.read_text().replace(version, OLDER))
        aged = server / "aged" / deb.name.replace(version, OLDER)
        aged.parent.mkdir(exist_ok=True)
        build = ["dpkg-deb", "--build", "--root-owner-group", "-Zgzip", folder, str(aged)]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    return aged
