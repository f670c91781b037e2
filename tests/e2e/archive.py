"""Package archives served on loopback: a slice of the real Debian archive, and whatever shape a test gives it.

The packages are Debian's own, downloaded once; the large ones are stored uncompressed. apt reaches the archives through
``http_proxy``, so the sources of a root may name any host, and nothing outside this machine is ever asked.
"""

from __future__ import annotations

import contextlib
import email.utils
import functools
import hashlib
import lzma
import os
import posixpath
import re
import shutil
import subprocess
import tempfile
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from e2e.cache import CACHE, made, say

if TYPE_CHECKING:
    from _typeshed import SupportsRead, SupportsWrite

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LARGE = 5_000_000  # bytes from which on a package is kept without its compression
DEBIAN = "http://mirror.example/debian"  # what a test root calls the slice

_ALSA = {"trixie": "libasound2t64", "bookworm": "libasound2", "bullseye": "libasound2"}


def player_packages(suite: str, *, alsa: bool) -> str:
    """Return what a root of *suite* needs in order to import an extension, with ALSA's library or without."""
    return "base-files python3 libgcc-s1" + (f" {_ALSA[suite]} libasound2-data" if alsa else "")


_PLAYER = {suite: player_packages(suite, alsa=True) for suite in _ALSA}
_CROSS = "libc6-dev libgcc-s1 libstd-rust-dev libasound2-dev libdbus-1-dev pkgconf pkg-config " + _PLAYER["trixie"]
# suite -> architecture -> packages, each with all that it depends on
WANTED: dict[str, dict[str, str]] = {
    "trixie": {
        "amd64": "apt cargo rustc gcc libc6-dev python3 python3-venv pkgconf pkg-config libasound2-dev libdbus-1-dev "
        "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross gcc-aarch64-linux-gnu libc6-dev-arm64-cross patchelf bzip2 make",
        "armhf": _CROSS,
        "arm64": _CROSS,
    },
    **{suite: dict.fromkeys(("amd64", "armhf", "arm64"), _PLAYER[suite]) for suite in ("bookworm", "bullseye")},
}


class Package(NamedTuple):
    """One binary package of an archive, as its index tells."""

    name: str
    version: str
    architecture: str
    source: str
    multi_arch: str
    filename: str
    sha256: str
    essential: bool
    stanza: str


# --- the slice of Debian ---------------------------------------------------------------------------------------------


def debian() -> Path:
    """Return the folder of the slice: ``pool``, and ``dists`` signed with :func:`signing_key`."""
    return made("debian", (WANTED, LARGE, signing_key().name), _download)


def _download(folder: Path) -> None:
    for suite, wanted in WANTED.items():
        mirror = mirror_of(suite)
        index = {arch: _index(mirror, suite, arch) for arch in wanted}
        chosen = {arch: _resolve(index[arch], suite, arch, names.split()) for arch, names in wanted.items()}
        chosen = _in_step(mirror, index, chosen)
        files = {p.filename: p.sha256 for packages in chosen.values() for p in packages}
        say(f"downloading {len(files)} packages of {suite} …")
        for filename, sha256 in files.items():
            _fetch(f"{mirror}/{filename}", folder / filename, sha256)
        publish(folder, suite, {arch: [folder / p.filename for p in chosen[arch]] for arch in wanted})


@functools.cache
def mirror_of(suite: str) -> str:
    """Return the mirror that mmdebstrap would take on this machine; its hook sees the sources before anything runs."""
    hook = 'cat "$1"/etc/apt/sources.list* >&2; exit 1'
    target = CACHE / "no-root"
    command = ["mmdebstrap", "--mode=root", "--variant=custom", f"--setup-hook={hook}", suite, str(target)]
    output = subprocess.run(command, capture_output=True, text=True).stderr
    shutil.rmtree(target, ignore_errors=True)
    found = re.search(rf"^deb (?:\[.*?\] )?(\S+?)/? {suite} ", output, re.M)
    if not found:
        raise RuntimeError(f"mmdebstrap names no mirror for {suite}: {output}")
    return found[1]


def _index(mirror: str, suite: str, arch: str) -> dict[str, list[Package]]:
    """Return every package of one architecture by name.

    The index is compared with the suite's signed Release file. One that does not match is of another age, which is
    what a mirror gives that updates one architecture later than another; it is taken as it is, and said so.
    """
    release = subprocess.run(
        ["gpgv", "--quiet", "--keyring", KEYRING, "--output", "-"],
        input=_read(f"{mirror}/dists/{suite}/InRelease"),
        capture_output=True,
    ).stdout.decode()
    name = f"main/binary-{arch}/Packages.xz"
    packed = _read(f"{mirror}/dists/{suite}/{name}")
    if f" {hashlib.sha256(packed).hexdigest()} {len(packed):>8} {name}\n" not in release:
        say(f"the mirror's {suite} index for {arch} is not the one that its Release file signs")
    found: dict[str, list[Package]] = {}
    for stanza in lzma.decompress(packed).decode().split("\n\n"):
        field: dict[str, str] = dict(re.findall(r"^([\w-]+): (.*)$", stanza, re.M))
        if not field:
            continue
        package = Package(
            field["Package"],
            field["Version"],
            field["Architecture"],
            field.get("Source", field["Package"]).partition(" ")[0],
            field.get("Multi-Arch", ""),
            field["Filename"],
            field["SHA256"],
            field.get("Essential") == "yes" or field.get("Priority") == "required",
            stanza,
        )
        found.setdefault(package.name, []).append(package)
    return found


def _resolve(index: Mapping[str, list[Package]], suite: str, arch: str, names: list[str]) -> list[Package]:
    """Let apt itself find all that *names* need, on a machine that has nothing."""
    folder = CACHE / "resolve.part"
    shutil.rmtree(folder, ignore_errors=True)
    lists = folder / "repository" / "dists" / suite / "main" / f"binary-{arch}"
    lists.mkdir(parents=True)
    (lists / "Packages").write_text("\n\n".join(p.stanza for versions in index.values() for p in versions) + "\n")
    for name in ("etc/apt", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "var/lib/dpkg"):
        (folder / name).mkdir(parents=True)
    (folder / "var/lib/dpkg/status").touch()
    (folder / "etc/apt/sources.list").write_text(
        f"deb [trusted=yes allow-insecure=yes] copy:{folder}/repository {suite} main\n"
    )
    (folder / "apt.conf").write_text(
        f'Dir "{folder}";\nDir::State::status "{folder}/var/lib/dpkg/status";\nAPT::Sandbox::User "root";\n'
        f'APT::Architecture "{arch}";\nAPT::Architectures "{arch}";\nAPT::Install-Recommends "false";\n'
        'Acquire::Languages "none";\n'
    )
    essential = {p.name for versions in index.values() for p in versions if p.essential} if "apt" in names else set()
    environment = {**os.environ, "APT_CONFIG": str(folder / "apt.conf"), "LC_ALL": "C"}
    for command in (["update"], ["install", "--simulate", *names, *sorted(essential)]):
        done = subprocess.run(["apt-get", "-q", *command], env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"apt-get {command}:\n{done.stdout}{done.stderr}")
    shutil.rmtree(folder)
    taken = re.findall(r"^Inst (\S+) \((\S+) ", done.stdout, re.M)
    return [next(p for p in index[name] if p.version == version) for name, version in taken]


def _in_step(
    mirror: str, index: Mapping[str, Mapping[str, list[Package]]], chosen: Mapping[str, list[Package]]
) -> dict[str, list[Package]]:
    """Bring all architectures to the same version of what must be of one version.

    dpkg wants ``Multi-Arch: same`` packages of one version in all architectures. Where the mirror's indexes are not
    of one age, the oldest one's version is taken for the whole source package; a mirror's pool still has it.
    """
    ages: dict[str, dict[str, str]] = {}
    for arch, packages in chosen.items():
        for package in packages:
            if package.multi_arch == "same":
                ages.setdefault(package.source, {})[arch] = package.version
    oldest = {
        source: min(versions, key=lambda arch: functools.cmp_to_key(_compare)(versions[arch]))
        for source, versions in ages.items()
        if len(set(versions.values())) > 1
    }
    result: dict[str, list[Package]] = {arch: [] for arch in chosen}
    for arch, packages in chosen.items():
        for package in packages:
            elder = index[oldest[package.source]].get(package.name) if package.source in oldest else None
            result[arch].append(_at_version(package, elder[-1].version) if elder else package)
    return result


def _at_version(package: Package, version: str) -> Package:
    """Return *package* in another version; a file's name holds the version without its epoch."""
    if version == package.version:
        return package
    now, then = (text.partition(":")[2] or text for text in (package.version, version))
    return package._replace(version=version, filename=package.filename.replace(f"_{now}_", f"_{then}_"), sha256="")


def _inflate(deb: Path) -> None:
    """Take away the compression of a package, which costs more than all the rest of its installation."""
    with tempfile.TemporaryDirectory(dir=deb.parent) as folder:
        subprocess.run(["ar", "x", str(deb)], cwd=folder, check=True)
        (packed,) = Path(folder).glob("data.tar.*")
        with open(f"{folder}/data.tar", "wb") as data:
            subprocess.run(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=data, check=True)
        packed.unlink()
        (control,) = Path(folder).glob("control.tar*")
        members = ["debian-binary", control.name, "data.tar"]  # in this order
        subprocess.run(["ar", "rc", "inflated.deb", *members], cwd=folder, check=True)
        (Path(folder) / "inflated.deb").replace(deb)


def _compare(one: str, other: str) -> int:
    if one == other:
        return 0
    return -1 if subprocess.run(["dpkg", "--compare-versions", one, "lt", other]).returncode == 0 else 1


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return bytes(answer.read())


def _fetch(url: str, path: Path, sha256: str) -> None:
    if path.exists():
        return
    data = _read(url.replace("+", "%2b"))
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise RuntimeError(f"{url}: not the file that the index names")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    if len(data) > LARGE:
        _inflate(path)


# --- publishing and serving ------------------------------------------------------------------------------------------


def signing_key() -> Path:
    """Return a folder with a key: the secret half in ``home``, which is GnuPG's, the public one in ``archive.pgp``."""
    return made("key", 2, _make_key)


def _make_key(folder: Path) -> None:
    home = folder / "home"
    home.mkdir(0o700)  # and nothing else, for apt reads the public half as a user of its own
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet"]
    subprocess.run(
        [*gpg, "--passphrase", "", "--quick-gen-key", "Test Archive", "rsa3072", "sign", "never"], check=True
    )
    with open(folder / "archive.pgp", "wb") as public:
        subprocess.run([*gpg, "--export"], stdout=public, check=True)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)


def publish(
    folder: Path,
    suite: str,
    packages: Mapping[str, Iterable[Path]],
    fields: Mapping[str, str] | None = None,
    *,
    absent: Iterable[str] = (),
) -> None:
    """Write and sign ``dists/SUITE`` below *folder*, in which the packages of each architecture already lie.

    *fields* replaces fields of the Release file. Of the *absent* architectures it has the indexes' sizes and hashes,
    but the files are not there: so does an archive whose ports live elsewhere.
    """
    dist = folder / "dists" / suite
    checked = []
    indexes = {
        f"main/binary-{arch}/Packages": "\n".join(_stanza(deb, folder) for deb in sorted(set(debs)))
        for arch, debs in packages.items()
    }
    for name, text in indexes.items():
        index = dist / name
        index.parent.mkdir(parents=True, exist_ok=True)
        index.write_text(text)
        packed = index.with_name(index.name + ".xz")
        packed.write_bytes(lzma.compress(text.encode(), preset=1))
        for file in (index, packed):
            checked.append(f" {_sha256(file)} {file.stat().st_size} {file.relative_to(dist)}")
            by_hash = index.parent / "by-hash" / "SHA256"
            by_hash.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, by_hash / _sha256(file))
        if any(name.startswith(f"main/binary-{arch}/") for arch in absent):
            shutil.rmtree(index.parent)
    release = {
        "Origin": "Debian",
        "Label": "Debian",
        "Suite": suite,
        "Codename": suite,
        "Date": email.utils.formatdate(usegmt=True),
        "Acquire-By-Hash": "yes",
        "Architectures": " ".join(packages),
        "Components": "main",
        **(fields or {}),
    }
    text = "".join(f"{name}: {value}\n" for name, value in release.items() if value)
    text += "SHA256:\n" + "".join(line + "\n" for line in checked)
    home = signing_key() / "home"
    sign = ["gpg", "--homedir", str(home), "--batch", "--yes", "--quiet", "--clearsign", "--output"]
    subprocess.run([*sign, str(dist / "InRelease")], input=text, text=True, check=True)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)


def _stanza(deb: Path, folder: Path) -> str:
    control = subprocess.run(["dpkg-deb", "--field", str(deb)], capture_output=True, text=True, check=True).stdout
    return f"{control}Filename: {deb.relative_to(folder)}\nSize: {deb.stat().st_size}\nSHA256: {_sha256(deb)}\n"


def published(folder: Path, suite: str, arch: str) -> list[str]:
    """Return the file names of all packages that ``dists/SUITE`` has for an architecture."""
    index = folder / "dists" / suite / "main" / f"binary-{arch}" / "Packages"
    return re.findall(r"^Filename: (.*)$", index.read_text(), re.M)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextlib.contextmanager
def serving(archives: Mapping[str, Path], cut: str = "") -> Iterator[str]:
    """Serve folders under the URLs that they are given for; yields the address of the proxy that does it.

    The connection ends in the middle of every file whose name begins with *cut*, unless that is empty.
    """
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Proxy, archives, cut)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class _Proxy(SimpleHTTPRequestHandler):
    """Answers requests for whole URLs, as a proxy gets them, from folders of this machine."""

    def __init__(self, archives: Mapping[str, Path], cut: str, *args: Any) -> None:
        self.archives = archives
        self.cut = cut
        super().__init__(*args)

    def translate_path(self, path: str) -> str:
        url = urllib.parse.unquote(path)
        for base, folder in self.archives.items():
            if url.startswith(base + "/"):
                return str(folder / os.path.normpath(url[len(base) :]).lstrip("/"))
        return os.devnull + "/nowhere"

    def copyfile(self, source: SupportsRead[bytes], outputfile: SupportsWrite[bytes]) -> None:
        """Send a file, or the first half of it."""
        whole = source.read()
        if self.cut and posixpath.basename(self.path).startswith(self.cut):
            whole = whole[: len(whole) // 2]
            self.close_connection = True
        outputfile.write(whole)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with the code's own words, as the servers of archives do."""
        super().send_error(code)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
