"""apt has no package lists here: nothing can be installed before ``apt-get update``.

Images delete ``/var/lib/apt/lists`` to be smaller. Every package is then one that "cannot be located", until the lists
are fetched again in the same step or layer. Lists that are as old as an image name files that are gone.

Mend it: ``apt-get update`` before ``apt-get install``, in one step.

References:
    https://docs.docker.com/build/building/best-practices/#apt-get
"""

from __future__ import annotations

from checks._fixes import fix
from diagnose.finding import Command, Evidence, Finding, Phase, Severity, Stage
from diagnose.named import TYPE_CHECKING
from diagnose.readers.env import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

PHASE = Phase.PACKAGES


def env(env: Environment) -> Iterator[Finding]:
    """See whether there are lists, where something is still to be installed."""
    if env.apt is None or env.apt.lists or not any(library.outcome != "found" for library in env.libraries):
        return
    yield Finding(
        message="apt has no package lists: run apt-get update before installing anything",
        severity=Severity.NOTE,
        evidence=(Evidence("holds no index of packages", "/var/lib/apt/lists"),),
        consequence='apt-get install stops: "Unable to locate package".',
        fixes=(fix(env, "fetch the lists", commands=(Command("apt-get update", Stage.UPDATE),)),),
    )
