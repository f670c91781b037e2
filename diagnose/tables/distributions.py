"""Which release of a distribution has what: architectures, tools, mirrors. The public source of each fact beside it."""

from __future__ import annotations

#: Architectures of a Debian suite: the suite's Release file, https://www.debian.org/releases/.
DEBIAN_ARCHITECTURES = {
    "buster": "amd64 arm64 armel armhf i386 mips mips64el mipsel ppc64el s390x",
    "bullseye": "amd64 arm64 armel armhf i386 mips64el mipsel ppc64el s390x",
    "bookworm": "amd64 arm64 armel armhf i386 mips64el mipsel ppc64el s390x",
    "trixie": "amd64 arm64 armel armhf i386 ppc64el riscv64 s390x",
    "forky": "amd64 arm64 armhf i386 loong64 ppc64el riscv64 s390x",
    "sid": "amd64 arm64 armhf i386 loong64 ppc64el riscv64 s390x",
}

#: Ubuntu's archive.ubuntu.com and security.ubuntu.com serve these, ports.ubuntu.com the rest.
UBUNTU_ARCHIVE = frozenset({"amd64", "i386"})
UBUNTU_PORTS = frozenset({"arm64", "armhf", "ppc64el", "riscv64", "s390x"})

# packages.debian.org and packages.ubuntu.com: contents of pkg-config, pkgconf and patchelf.
_UP_TO_JAMMY = {"jessie", "stretch", "buster", "bullseye", "xenial", "bionic", "focal", "jammy"}
#: Releases without pkgconf's ``<triplet>-pkg-config``; freedesktop's, which they have, wants dpkg-dev to run.
NO_PKGCONF_WRAPPER = frozenset(_UP_TO_JAMMY)
#: Releases whose own patchelf is older than the 0.14.5 that auditwheel asks for.
OLD_PATCHELF = frozenset(_UP_TO_JAMMY | {"bookworm"})
#: Releases without gcc-loongarch64-linux-gnu.
NO_LOONG64 = frozenset(_UP_TO_JAMMY | {"bookworm", "noble"})

#: Debian releases that have left the mirrors for archive.debian.org. https://www.debian.org/distrib/archive
DEBIAN_ARCHIVED = frozenset({"squeeze", "wheezy", "jessie", "stretch", "buster"})
#: Ubuntu releases that have moved to old-releases.ubuntu.com; long-term ones stay. https://wiki.ubuntu.com/Releases
UBUNTU_OLD = frozenset(
    {"artful", "cosmic", "disco", "eoan", "groovy", "hirsute", "impish", "kinetic", "lunar", "mantic"}
)

#: Debian architectures with a cross compiler, ``gcc-<triplet>``, and its ``libc6-dev-<arch>-cross``.
CROSS_COMPILERS = frozenset(
    {
        "amd64",
        "arm64",
        "armel",
        "armhf",
        "i386",
        "loong64",
        "mips64el",
        "mipsel",
        "ppc64",
        "ppc64el",
        "riscv64",
        "s390x",
    }
)
