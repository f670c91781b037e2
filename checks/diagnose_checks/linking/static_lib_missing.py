"""A static link is asked for, and there is no static library: the shared one is linked instead, without a word.

``<NAME>_STATIC=1`` and ``PKG_CONFIG_ALL_STATIC=1`` make the pkg-config crate ask for ``--static``. It then links
statically only what it finds as ``libNAME.a``, and never what lies below the system's root, ``/usr``. Everything else
is linked dynamically, and the wheel needs a shared library that was to be avoided. Some distributions ship no ``.a`` at
all.

How to fix: build the library as a static one, for the target, in a prefix of its own, and point pkg-config there; or
let the crate build it from source.

References:
    https://docs.rs/pkg-config/latest/pkg_config/ (static linking)
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import distinct, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.readers.env import Environment
from diagnose.remedies.libraries import vendored
from diagnose.remedies.package_names import library_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.AUDIT)


def env(env: Environment) -> Iterator[Finding]:
    """See whether what was asked to be static comes out shared."""
    for library in env.libraries:
        if library.outcome != "found" or not library.static or library.static_by is None:
            continue
        shared = [file for file in library.files if file.kind == "shared" and not file.default]
        if not shared:
            continue
        yield Finding(
            message=f"{library.static_by.name} asks for a static {library.module}, and {shared[0].path} is shared",
            severity=Severity.WARNING,
            evidence=(setting_evidence(library.static_by), Evidence("a shared library", shared[0].path)),
            consequence=f"The wheel needs lib{shared[0].name} as a shared library all the same.",
            fixes=(
                *vendored(env, library.module),
                Fix(
                    f"build {library.module} as a static library in a prefix of its own",
                    notes=(
                        f"Point PKG_CONFIG_LIBDIR_{env.target.env_name} to that prefix's lib/pkgconfig. "
                        "Below /usr the crate links nothing statically."
                    ),
                ),
            ),
        )


def log(log: BuildLog) -> Iterator[Finding]:
    """See rustc, which looks nowhere by itself, or ld not find an archive."""
    for hit in distinct(log.find("native-static", "ld-static"), "lib"):
        lib = hit.groups["lib"]
        if lib.startswith("python3"):
            continue
        yield finding_from_hits(
            log,
            [hit],
            f"there is no lib{lib}.a in the folders that are searched",
            "Linking stops. A static library is not searched for where shared ones are.",
            (
                Fix(
                    f"install or build lib{lib}.a, and name its folder",
                    env=(("RUSTFLAGS", "-L native=FOLDER"),),
                    notes="FOLDER stands for it; some packages put it into lib64. Alpine has them in -static packages.",
                ),
                Fix(
                    "link the shared library",
                    notes=f"{(library_module(lib) or lib).upper().replace('-', '_')}_DYNAMIC=1.",
                ),
            ),
        )
