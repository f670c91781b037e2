"""Advice out of a log is for the place where the log was written, as far as the log, or the caller, tells it."""

from __future__ import annotations

import pytest
from logs import FOLDER, judged

CROSS = FOLDER / "ladder" / "armhf-host-library.log"


def titles(distro: str | None) -> list[str]:
    (finding,) = judged(CROSS, distro=distro).findings
    return [fix.title for fix in finding.fixes]


def test_where_nothing_tells_the_distribution_every_alternative_says_whose_it_is() -> None:
    assert [title.partition(":")[0] for title in titles(None)] == [
        "Debian, Ubuntu",
        "Enterprise Linux, Fedora",
        "Alpine",
    ]


@pytest.mark.parametrize("distro", ["almalinux:9", "fedora:42", "alpine:3.22", "opensuse", "archlinux"])
def test_a_manager_without_foreign_packages_is_not_asked_for_one(distro: str) -> None:
    assert [title.partition(",")[0] for title in titles(distro)] == [
        "build alsa for armv7-unknown-linux-gnueabihf yourself"
    ]


def test_debian_installs_the_targets_library() -> None:
    assert (
        titles("debian:13")[0] == "install libasound2-dev:armhf, which holds alsa.pc for armv7-unknown-linux-gnueabihf"
    )
