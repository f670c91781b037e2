"""The loaded C++ library is older than the one that the module was built with.

``libstdc++.so.6`` gains new versions (``GLIBCXX_3.4.N``, ``CXXABI_1.3.N``) with every release of gcc. The copy that is
found first counts: conda's, or a tool's, is often older than the system's.

How to fix: make the loader find the newer copy (``conda install -c conda-forge libstdcxx-ng``, or ``LD_LIBRARY_PATH``
without the old folder); or build the module with an older compiler, or with a static C++ library.

References:
    https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html
"""

from __future__ import annotations

from diagnose.authoring.libc_demands import demander, highest
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LATER, log_kinds=("glibcxx-wanted",))

_CONDA = re.compile(r"(?:ana|mini)?conda\d?/|(?:mamba|mini)forge|/envs/")


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader miss a version of libstdc++ or libgcc."""
    wanted = [hit for hit in log.find("glibcxx-wanted") if demander(hit) != "tool"]
    hits = [hit for hit in wanted if not log.near(hit.line, "tool-shadowed", before=0, after=0)]
    if not hits:
        return
    worst = highest(hits)
    library = worst.groups["libc"]
    fixes = [Fix("build the module on a system with an older C++ library", notes="For wheels: a manylinux container.")]
    if _CONDA.search(library) or _CONDA.search(worst.groups["by"]):
        fixes.insert(
            0,
            Fix(
                "update conda's copy"
                if _CONDA.search(library)
                else "install a copy into the environment, and put it first on the search path",
                (Command("conda install -y -c conda-forge libstdcxx-ng", FixStage.PACKAGES),),
                notes="" if _CONDA.search(library) else "If it has a copy: LD_LIBRARY_PATH=$CONDA_PREFIX/lib.",
            ),
        )
    else:
        fixes.insert(0, Fix("update the system's C++ library", notes="The package libstdc++6, libstdc++ or libgcc."))
    yield finding_from_hits(
        log,
        [worst, *hits],
        f"{worst.groups['by'].rpartition('/')[2] or 'it'} needs {worst.groups['version']}, which {library} lacks",
        "It cannot be loaded.",
        fixes,
    )
