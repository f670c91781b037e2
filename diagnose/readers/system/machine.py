"""The machine that runs a build, as far as the output of the build does not show it."""

from __future__ import annotations

import os
import shutil

from diagnose.model._lazy_stdlib import NamedTuple
from diagnose.readers.system import distro
from diagnose.readers.system.distro import Distro
from diagnose.readers.system.root import Root

_PACKAGED = ("/usr/bin/", "/usr/lib/", "/usr/lib64/")


class Machine(NamedTuple):
    """What is known of the machine on which a build's commands run."""

    distro: Distro
    """Its distribution; all fields empty if it has none."""
    rustc_from: str = ""
    """``package`` or ``rustup``: what brought the rustc on PATH; empty if unknown."""


def this_machine() -> Machine:
    """Read this machine."""
    return Machine(distro.read(Root()), _rustc_from())


def _rustc_from() -> str:
    rustc = shutil.which("rustc")
    if rustc is None:
        return ""
    path = os.path.realpath(rustc)
    beside = os.path.join(os.path.dirname(rustc), "rustup")  # of which rustup's rustc is a link, of either kind
    if os.path.basename(path) == "rustup" or (os.path.exists(beside) and os.path.samefile(rustc, beside)):
        return "rustup"
    return "package" if path.startswith(_PACKAGED) else ""
