"""The wheel gets another copy of the library than the one that was linked.

pkg-config tells the linker which library to take. maturin and auditwheel do not ask it: they copy into the wheel what
the dynamic loader would find for the name, first in ``LD_LIBRARY_PATH``, then in the folders of ``/etc/ld.so.conf``. A
library in a prefix of its own is linked, and the distribution's, of the same name, is bundled. The build passes; the
wheel has another version, often one that needs a newer glibc, and what only the linked one has is missing when it is
imported.

How to fix: put the folder of the linked library into ``LD_LIBRARY_PATH`` of the process that repairs the wheel, which
for maturin is the build.

References:
    https://man7.org/linux/man-pages/man8/ld.so.8.html
    https://github.com/pypa/auditwheel (``--ldpaths``, ``AUDITWHEEL_LD_LIBRARY_PATH``)
"""

from __future__ import annotations

import posixpath

from diagnose import policies
from diagnose.authoring.environment import answer_evidence, link_files
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.readers.env import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECK = Check(since="0.1.0", phase=Phase.AUDIT)


def env(env: Environment) -> Iterator[Finding]:
    """See which linked libraries the loader would not take."""
    if not (env.project.crate("pyo3") or env.project.crate("pyo3-ffi")):
        return
    setting = env.variables.own("LD_LIBRARY_PATH")
    first = setting.value.split(":") if setting else []
    policy = policies.find(f"manylinux_2_17_{env.target.wheel}")
    for library, file in link_files(env):
        folder = posixpath.dirname(file.path)
        if not file.loaded or folder in first or file.elf is None:
            continue
        if policy is not None and file.elf.soname in policy.whitelist:
            continue  # every system has it: it is never bundled
        yield Finding(
            message=f"the wheel gets {file.loaded}, and not {file.path}, which is linked",
            severity=Severity.WARNING,
            evidence=(
                answer_evidence(library),
                Evidence(f"{file.elf.soname}, found first by the loader", file.loaded),
            ),
            consequence=(
                "maturin and auditwheel look for the library where the loader does. The wheel may need a newer glibc "
                "than the linked library does, and lack what only that one has: undefined symbol."
            ),
            fixes=(
                Fix(
                    "let the repair find the library that was linked",
                    env=(("LD_LIBRARY_PATH", ":".join((folder, *first))),),
                    notes="Export it where maturin or auditwheel runs: cargo's configuration does not reach them.",
                ),
            ),
        )
