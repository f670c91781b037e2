"""Attacks the readers of a system's files: ``python3 dev.py fuzz root SECONDS [SEED]``.

Every input is a small root in memory, in which one or two of the files are changed that ``env --root`` reads: package
databases, os-release, the loader's and apt's configuration, fetched Release files, repositories of RPM systems.
"""

# ruff: noqa: E501  (an input is one piece of text)
from __future__ import annotations

import random
from collections.abc import Callable

from diagnose.model import targets
from diagnose.readers.elf import ld_so, library
from diagnose.readers.system import apt, distro, packages

from . import apt as sources
from . import engine

STATUS = "Package: {0}\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nVersion: 1:2-3\n\n"
FILES = {
    "/etc/os-release": 'ID=debian\nID_LIKE="a b"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME=\'Debian 12\'\n',
    "/etc/centos-release": "CentOS release 6.10 (Final)\n",
    "/var/lib/dpkg/status": "".join(STATUS.format(name) for name in ("dpkg", "libc6", "libasound2-dev")),
    "/var/lib/dpkg/arch": "amd64\narmhf\n",
    "/lib/apk/db/installed": "P:musl\nV:1.2.5-r0\nA:x86_64\n\nP:zlib\nV:1\n\n",
    "/var/lib/pacman/local/glibc-2.40-1/desc": "",
    "/etc/ld.so.conf": "include /etc/ld.so.conf.d/*.conf\n/usr/local/lib\nhwcap 0 x\n/opt/lib=libc6\n",
    "/etc/ld.so.conf.d/a.conf": "/usr/lib/x, /usr/lib/y # comment\ninclude ../ld.so.conf\n",
    "/etc/apt/sources.list": sources.LISTS[1],
    "/etc/apt/sources.list.d/a.sources": sources.STANZAS[0],
    "/etc/apt/mirrors": "http://deb.example/debian\tpriority:1\n",
    "/var/lib/apt/lists/deb.example_debian_dists_bookworm_InRelease": "Origin: Debian\nSuite: stable\nArchitectures: a b\n",
    "/var/lib/apt/lists/deb.example_debian_dists_bookworm_main_binary-armhf_Packages": "Package: a\n",
    "/etc/yum.repos.d/a.repo": "[main]\n[base]\nname=a\nbaseurl=http://a.example/$releasever\n  http://b\nenabled=1\n",
    "/usr/lib/libx.so": "/* GNU ld script */\nGROUP ( /lib/libx.so.6 AS_NEEDED ( /lib/ld.so ) )\n",
    "/usr/lib/libz.a": "!<arch>\n" + "a.o/".ljust(48) + "20".ljust(10) + "`\n" + "\x7fELF\2\1\1".ljust(20, "\0"),
    "/lib/x86_64-linux-gnu/libc.so.6": "\x7fELF\0GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n",
}
KNOWN = (
    "ID", "VERSION_ID", "Package", "Status", "install ok installed", "Architecture", "amd64", "P", "V", "include",
    "/etc/ld.so.conf", "hwcap", "enabled", "[base]", "baseurl", "GROUP", "INPUT", "/usr/lib/libx.so", *sources.KNOWN,
)  # fmt: skip


def kind() -> engine.Kind:
    """Return the kind of input: the files of a root."""
    plain = {path: text.encode("latin-1") for path, text in FILES.items()}
    paths = tuple(plain)
    target = targets.resolve("x86_64-unknown-linux-gnu")
    assert target is not None
    distro._glibc_banner = distro._glibc_banner.__wrapped__  # type: ignore[attr-defined]  # it keeps every root

    def make(chance: random.Random) -> object:
        files = dict(plain)
        for _ in range(chance.choice((1, 1, 2))):
            path = paths[int(chance.random() * len(paths))]
            if chance.random() < 0.03:
                files.pop(path, None)
            elif chance.random() < 0.3:
                files[path] = engine.flip(chance, plain[path])
            else:
                files[path] = engine.words(chance, FILES[path], KNOWN).encode("utf-8", "surrogateescape")
            if chance.random() < 0.03:
                files[path.rpartition("/")[0] + "/" + chance.choice(engine.NASTY).replace("/", "")] = b"x"
        if chance.random() < 0.5:
            files.pop("/var/lib/dpkg/status", None)
        return files

    def read(value: object) -> None:
        assert isinstance(value, dict)
        place = engine.Memory(value)
        distro.read(place, "x86_64-linux-gnu")
        packages.native(place)
        packages.installed(place)
        packages.repositories(place)
        packages.version(place, "dpkg")
        ld_so.folders(place, target)
        for name in ("/usr/lib/libx.so", "/usr/lib/libz.a"):
            if place.head(name, 4) != b"\x7fELF" and place.head(name, 8) != b"!<arch>\n":
                library.inspect(place, "x", name, target)
            elif place.head(name, 8) == b"!<arch>\n":
                library._member(value.get(name, b""), name)
        apt.read(place, "amd64")

    return engine.Kind("root", make, read)


def main(seconds: float = 60, seed: int = 0, say: Callable[[str], object] = print) -> int:
    """Read mutated roots for *seconds*; return 1 if one of them failed, else 0."""
    return engine.campaign(kind(), seconds, seed, say)
