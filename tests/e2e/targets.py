"""The targets of the end-to-end tests."""

from __future__ import annotations

from typing import NamedTuple


class Target(NamedTuple):
    """One target of the climbs, and its other names."""

    triple: str
    debian: str
    gnu: str
    qemu: str
    tag: str

    @property
    def env(self) -> str:
        """The triple as the suffix of a variable."""
        return self.triple.replace("-", "_")


ARMV7 = Target("armv7-unknown-linux-gnueabihf", "armhf", "arm-linux-gnueabihf", "arm", "armv7l")
AARCH64 = Target("aarch64-unknown-linux-gnu", "arm64", "aarch64-linux-gnu", "aarch64", "aarch64")
X86_64 = Target("x86_64-unknown-linux-gnu", "amd64", "x86_64-linux-gnu", "x86_64", "x86_64")
CROSS = (ARMV7, AARCH64)
