"""The policy data: equal to auditwheel's, and with the order that the verdict depends on."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest

from diagnose import policies
from diagnose.policies import update

ARCHES = ("x86_64", "i686", "aarch64", "armv7l", "ppc64le", "ppc64", "s390x", "riscv64", "loongarch64")


def test_data_is_the_installed_auditwheels() -> None:
    for name, content in update.derive().items():
        with open(os.path.join(os.path.dirname(policies.__file__), name), encoding="utf-8") as file:
            assert file.read() == content


@pytest.mark.parametrize("arch", ARCHES)
def test_glibc_policies_are_what_auditwheel_builds(arch: str) -> None:
    from auditwheel.architecture import Architecture
    from auditwheel.libc import Libc
    from auditwheel.policy import WheelPolicies

    theirs = {p.name: p for p in WheelPolicies(libc=Libc.GLIBC, arch=Architecture(arch)) if p.priority}
    ours = {policy.tag: policy for policy in policies.load("glibc", arch)}
    assert list(ours) == sorted(theirs, key=lambda name: -theirs[name].priority)
    for tag, policy in ours.items():
        assert policy.whitelist == theirs[tag].whitelist
        assert policy.blacklist == theirs[tag].blacklist
        assert policy.tags[1:] == theirs[tag].aliases
        bare = {family: {v.partition("_")[2] for v in vs} for family, vs in policy.symbol_versions.items()}
        assert bare == {family: set(versions) for family, versions in theirs[tag].symbol_versions.items()}


@pytest.mark.parametrize("arch", ["x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64", "loongarch64"])
def test_musl_policies_are_what_auditwheel_builds(arch: str) -> None:
    from auditwheel.architecture import Architecture
    from auditwheel.libc import Libc
    from auditwheel.policy import WheelPolicies

    for policy in policies.load("musl", arch):
        theirs = WheelPolicies(libc=Libc.MUSL, arch=Architecture(arch), musl_policy=policy.name).highest
        assert (policy.tag, policy.whitelist, policy.blacklist) == (theirs.name, theirs.whitelist, theirs.blacklist)


@pytest.mark.parametrize("libc", ["glibc", "musl"])
@pytest.mark.parametrize("arch", ARCHES)
def test_a_newer_policy_allows_all_that_an_older_one_allows(libc: str, arch: str) -> None:
    """The verdict judges each shortfall for itself, which is only right for such an order."""
    for older, newer in pairwise(policies.load(libc, arch)):
        assert older.whitelist <= newer.whitelist
        for library, symbols in newer.blacklist.items():
            assert symbols <= older.blacklist.get(library, frozenset())
        for family, versions in newer.symbol_versions.items():
            assert older.symbol_versions.get(family, frozenset()) <= versions
        assert older.symbol_versions.keys() <= newer.symbol_versions.keys()


@pytest.mark.parametrize(
    ("platform", "family", "policy", "arch"),
    [
        ("manylinux1_x86_64", "manylinux", "manylinux_2_5", "x86_64"),
        ("manylinux2010_i686", "manylinux", "manylinux_2_12", "i686"),
        ("manylinux2014_ppc64le", "manylinux", "manylinux_2_17", "ppc64le"),
        ("manylinux_2_28_x86_64", "manylinux", "manylinux_2_28", "x86_64"),
        ("manylinux_2_99_riscv64", "manylinux", "manylinux_2_99", "riscv64"),
        ("musllinux_1_2_armv7l", "musllinux", "musllinux_1_2", "armv7l"),
        ("linux_armv6l", "linux", "linux", "armv6l"),
        ("any", "any", "", ""),
        ("win_amd64", "win", "", ""),
        ("macosx_11_0_arm64", "macosx", "", ""),
        ("manylinux2015_x86_64", "manylinux", "", ""),
    ],
)
def test_platform_tags_are_taken_apart(platform: str, family: str, policy: str, arch: str) -> None:
    assert policies.split(platform) == (family, policy, arch)


def test_find_knows_both_spellings() -> None:
    found = policies.find("manylinux2014_s390x")
    assert found is not None
    assert found == policies.find("manylinux_2_17_s390x")
    assert found.tags == ("manylinux_2_17_s390x", "manylinux2014_s390x")
    assert found.libc_version == (2, 17)
    assert policies.find("manylinux_2_99_s390x") is None
    assert policies.find("manylinux1_aarch64") is None
    assert policies.find("linux_x86_64") is None
