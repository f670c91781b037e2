"""Distributions, their C libraries, and the images that roots look like."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import need
from readers import miniroot

from diagnose.model.finding import InputError
from diagnose.readers.system import distro
from diagnose.readers.system.root import Root

ALMA = (
    'NAME="AlmaLinux"\nID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="8.10"\nPRETTY_NAME="AlmaLinux 8.10"\n'
)
ALPINE = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME="Alpine Linux v3.22"\n'
UBUNTU = 'PRETTY_NAME="Ubuntu 22.04.5 LTS"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\n'
GLIBC = b"\x7fELF\0GNU C Library (Ubuntu GLIBC 2.%d-0ubuntu3.8) stable release version 2.%d.\nCopyright\0"
MUSL = b"\x7fELF\0musl libc (x86_64)\nVersion %s\nDynamic\0001.2.5\0"


def tree(path: Path, files: dict[str, str | bytes], *programs: str) -> Root:
    for name, content in files.items():
        miniroot.write(path / name, content)
    for program in programs:
        miniroot.write(path / program, b"\x7fELF", 0o755)
    return Root(str(path))


@pytest.mark.parametrize(
    ("release", "programs", "family", "manager"),
    [
        (UBUNTU, ("usr/bin/apt-get",), "debian", "apt"),
        (ALMA, ("usr/bin/dnf", "usr/bin/yum"), "rhel", "dnf"),
        ("ID=centos\nID_LIKE='rhel fedora'\nVERSION_ID=7\n", ("usr/bin/yum",), "rhel", "yum"),
        (ALPINE, ("sbin/apk",), "alpine", "apk"),
        ("ID=arch\n", ("usr/bin/pacman",), "arch", "pacman"),
        ("ID=opensuse-leap\nID_LIKE='suse opensuse'\n", ("usr/bin/zypper",), "suse", "zypper"),
        ("", ("usr/bin/microdnf",), "rhel", "dnf"),
    ],
)
def test_families(tmp_path, release, programs, family, manager):
    found = distro.read(tree(tmp_path, {"etc/os-release": release}, *programs))
    assert (found.family, found.manager) == (family, manager)


def test_os_release_is_followed_inside_the_root(tmp_path):
    root = tree(tmp_path, {"usr/lib/os-release": UBUNTU})
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").symlink_to("/usr/lib/os-release")
    found = distro.read(root)
    assert (found.id, found.version, found.codename, found.name) == ("ubuntu", "22.04", "jammy", "Ubuntu 22.04.5 LTS")


@pytest.mark.parametrize(
    ("files", "libc"),
    [
        ({"lib/x86_64-linux-gnu/libc.so.6": GLIBC % (35, 35)}, ("glibc", "2.35", "/lib/x86_64-linux-gnu/libc.so.6")),
        ({"lib64/libc.so.6": GLIBC % (17, 17)}, ("glibc", "2.17", "/lib64/libc.so.6")),
        ({"lib/ld-musl-x86_64.so.1": MUSL}, ("musl", "1.2.5", "/lib/ld-musl-x86_64.so.1")),
        ({"lib64/libc.so.6": b"\x7fELF nothing of the kind"}, ("", "", "")),
        ({"lib64/libc.so.6": b""}, ("", "", "")),
    ],
)
def test_the_c_library_says_its_version(tmp_path, files, libc):
    found = distro.read(tree(tmp_path, files), "x86_64-linux-gnu")
    assert (found.libc, found.libc_version, found.libc_path) == libc


def test_the_version_of_this_machine():
    need(os.confstr and "CS_GNU_LIBC_VERSION" in os.confstr_names, "this machine has no glibc")
    from diagnose.readers import env

    here = env.read(cwd="/").distro
    assert f"{here.libc} {here.libc_version}" == os.confstr("CS_GNU_LIBC_VERSION")


@pytest.mark.parametrize(
    ("files", "environ", "kind", "policy"),
    [
        ({"lib64/libc.so.6": GLIBC % (28, 28), "opt/_internal/x": ""}, {}, "manylinux", "manylinux_2_28"),
        ({"lib64/libc.so.6": GLIBC % (17, 17)}, {"AUDITWHEEL_PLAT": "x"}, "manylinux", "manylinux2014"),
        ({"lib64/libc.so.6": GLIBC % (28, 28)}, {"AUDITWHEEL_POLICY": "manylinux_2_28"}, "manylinux", "manylinux_2_28"),
        ({"lib/ld-musl-x86_64.so.1": MUSL, "opt/_internal/x": ""}, {}, "musllinux", "musllinux_1_2"),
        ({"usr/aarch64-unknown-linux-gnu/aarch64-unknown-linux-gnu/sysroot/x": ""}, {}, "manylinux-cross", ""),
        ({}, {"TARGET_SYSROOT": "/usr/x"}, "manylinux-cross", ""),
        ({"usr/local/musl/aarch64-unknown-linux-musl/lib/x": ""}, {}, "rust-musl-cross", ""),
        ({}, {"RUST_MUSL_CROSS_TARGET": "aarch64-unknown-linux-musl"}, "rust-musl-cross", ""),
        ({"linux-runner": ""}, {}, "cross-rs", ""),
        ({}, {"CROSS_SYSROOT": "/usr/aarch64-linux-gnu"}, "cross-rs", ""),
        ({".dockerenv": ""}, {}, "plain", ""),
        ({"usr/bin/x": ""}, {}, "", ""),
    ],
)  # fmt: skip
def test_images(tmp_path, files, environ, kind, policy):
    root = tree(tmp_path, files)
    found = distro.container(root, environ, distro.read(root))
    assert (found.kind, found.policy, bool(found.evidence)) == (kind, policy, bool(kind))


def test_a_loop_for_os_release(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").symlink_to("os-release")
    with pytest.raises(InputError, match=r"^/etc/os-release: too many levels of symbolic links$"):
        distro.read(Root(str(tmp_path)))
