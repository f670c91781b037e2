"""The wheel bundles another copy of the library than the one that was linked.

pkg-config names the library that the linker takes. maturin and auditwheel do not ask pkg-config. They copy the file
that the dynamic loader finds for the name, first in ``LD_LIBRARY_PATH``, then in the folders of ``/etc/ld.so.conf``. If
the linked library is in a prefix of its own, the distribution's library of the same name is bundled in its place. The
build passes. The wheel contains another version, which often needs a newer glibc and lacks symbols that only the linked
library has.

How to fix: add the folder of the linked library to ``LD_LIBRARY_PATH`` of the process that repairs the wheel. With
maturin, that is the build.

References:
    https://man7.org/linux/man-pages/man8/ld.so.8.html
    https://github.com/pypa/auditwheel (``--ldpaths``, ``AUDITWHEEL_LD_LIBRARY_PATH``)
"""

from __future__ import annotations

import posixpath

from diagnose import policies
from diagnose.authoring.environment import answer_evidence
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.env import Environment

CHECK = Check(since="0.1.0", phase=Phase.AUDIT, env_facts=("libraries.files.loaded",))


def env(env: Environment) -> Iterator[Finding]:
    """See which linked libraries the loader would not take."""
    if not (env.project.crate("pyo3") or env.project.crate("pyo3-ffi")):
        return
    setting = env.variables.own("LD_LIBRARY_PATH")
    first = setting.value.split(":") if setting else []
    policy = policies.find(f"manylinux_2_17_{env.target.wheel}")
    for library, file in env.link_files():
        folder = posixpath.dirname(file.path)
        if not file.loaded or folder in first or file.elf is None:
            continue
        if policy is not None and file.elf.soname in policy.whitelist:
            continue  # every system has it: it is never bundled
        yield Finding(
            message=f"the wheel bundles {file.loaded}, but {file.path} is linked",
            severity=Severity.WARNING,
            evidence=(
                answer_evidence(library),
                Evidence(f"{file.elf.soname}, found first by the loader", file.loaded),
            ),
            consequence=(
                "maturin and auditwheel search for the library like the loader. The wheel may need a newer glibc "
                'than the linked library, and its import can fail with "undefined symbol".'
            ),
            fixes=(
                Fix(
                    "make the repair find the linked library",
                    env=(("LD_LIBRARY_PATH", ":".join((folder, *first))),),
                    notes="Export it where maturin or auditwheel runs: cargo's configuration does not reach them.",
                ),
            ),
        )
