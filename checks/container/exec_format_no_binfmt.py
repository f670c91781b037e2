"""This system's programs are for another processor, and nothing on this machine runs them.

A container or root of another architecture needs an emulator that the kernel knows of (binfmt_misc). Without it every
program of it stops with "exec format error". Cross compiling needs no emulator: nothing of the target is run.

Mend it: register QEMU's user emulation on the machine: ``docker run --privileged --rm tonistiigi/binfmt --install
ARCH``, docker/setup-qemu-action in a workflow, or the package ``qemu-user-static`` with ``binfmt-support``.

References:
    https://docs.kernel.org/admin-guide/binfmt-misc.html
    https://github.com/tonistiigi/binfmt
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Command, Evidence, Finding, Fix, Phase, Severity, Stage
from diagnose.readers.env import Environment

PHASE = Phase.START


def env(env: Environment) -> Iterator[Finding]:
    """See whether the programs of the root that is inspected can start."""
    emulator = env.toolchain.emulator
    if env.cross or not emulator.needed or (emulator.name and emulator.enabled):
        return
    if emulator.name:
        evidence = Evidence("registered, and disabled", emulator.path or f"/proc/sys/fs/binfmt_misc/{emulator.name}")
    else:
        evidence = Evidence(f"nothing is registered for {env.target.uname}", "/proc/sys/fs/binfmt_misc")
    architecture = env.target.oci.removeprefix("linux/").replace("/v7", "").replace("/v6", "")
    yield Finding(
        message=f"the programs here are for {env.target.uname}, and this machine runs none of those",
        severity=Severity.ERROR,
        evidence=(evidence,),
        consequence='Whatever is started in it stops: "exec format error".',
        fixes=(
            Fix(
                "register the emulator",
                (
                    Command(
                        f"docker run --privileged --rm tonistiigi/binfmt --install {architecture}", Stage.ARCHITECTURE
                    ),
                ),
                notes="On the machine that runs the container, not inside it.",
            ),
        ),
    )
