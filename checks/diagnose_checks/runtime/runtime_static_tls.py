"""The loader has no room left for a library's thread-local variables.

A library that was compiled for the initial-exec model of thread-local storage needs a place in a small area that
glibc sets aside when a program starts. Libraries that are loaded later share what is left of it. libgomp, jemalloc
and OpenBLAS are such; the more of them a program imports, and the later, the likelier it fails. musl loads none of
them later at all. Before 2.22, glibc also counted such libraries, and loaded no more than 14 of them.

How to fix: import the module that brings the named library first, before everything else; or give glibc more room by
``GLIBC_TUNABLES``. Who builds the library compiles it with ``-ftls-model=global-dynamic``.

References:
    https://sourceware.org/glibc/manual/latest/html_node/Dynamic-Linking-Tunables.html
    https://bugs.launchpad.net/ubuntu/+source/glibc/+bug/1973091
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "static-tls",
        (
            "in static TLS block",
            r"(?<![^\s:'\"])(?P<lib>[^\s:'\"]+\.so[\w.]{0,40}): cannot allocate memory in static TLS block",
        ),
        (
            "in static TLS block",
            r"cannot allocate memory in static TLS block|^(?:al?locate )?memory in static TLS "
            r"block",
        ),
        # of FreeBSD; of Android
        (
            "static Thread Local Storage",
            r"(?<![^\s:'\"])(?P<lib>[^\s:'\"]+\.so[\w.]{0,40}): No space available for static Thread Local "
            r"Storage(?P<bsd>)",
        ),
        (
            "using IE access model",
            r"TLS symbol \"(?P<symbol>[^\"]{1,200})\" in dlopened \"[^\"]{1,300}\" referenced from "
            r"\"(?P<lib>[^\"]{1,300})\" "
            r"using IE access model(?P<bionic>)",
        ),
        ("any more object with static TLS", r"dlopen: cannot load any more object with static TLS(?P<slots>)"),
        (
            "initial-exec TLS resolves",
            r"(?:Error relocating (?P<lib>\S+): )?(?<!\S)(?P<symbol>\S+)"
            r": initial-exec TLS resolves to dynamic definition",
        ),
    )
    + patterns_for(
        "static-tls-cut",
        (": cannot", r"(?<![^\s:'\"])(?P<lib>[^\s:'\"]+\.so[\w.]{0,40}): cannot(?: allocate)?$"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a loader refuse a library for its thread-local storage."""
    for hit in log.find("static-tls")[:1]:
        cut = [one.groups["lib"] for one in log.near(hit.line, "static-tls-cut", before=1)]
        lib = (hit.groups["lib"] or "".join(cut[:1])).rpartition("/")[2] or "a library"
        if "slots" in hit.groups:
            yield finding_from_hits(
                log,
                [hit],
                "this glibc is older than 2.22 and loads no more libraries with static thread-local storage",
                "The module cannot be imported after so many others.",
                (
                    Fix(
                        "import the module of this error first, before all others",
                        notes="Or let the loader take its library at the start: LD_PRELOAD with its path.",
                    ),
                    Fix("run it on a system with glibc 2.22 or later", notes="glibc itself cannot be replaced."),
                ),
            )
            return
        if "bsd" in hit.groups:
            yield finding_from_hits(
                log,
                [hit],
                f"{lib} is loaded when the room for static thread-local storage is used up",
                "It cannot be imported in this order.",
                (
                    Fix(
                        "import the module that brings it first, before all others",
                        notes=f"Or let the loader take {lib} at the start: LD_PRELOAD with its path.",
                    ),
                    Fix(
                        "give the loader more room",
                        env=(("LD_STATIC_TLS_EXTRA", "4096"),),
                        notes="FreeBSD 13 and later.",
                    ),
                ),
            )
            return
        if hit.groups["symbol"]:
            loader = "Android's loader" if "bionic" in hit.groups else "musl"
            yield finding_from_hits(
                log,
                [hit],
                f"{lib} was compiled for initial-exec TLS, which {loader} takes at the start of a program only",
                "It cannot be imported.",
                (
                    Fix("run it in an image with glibc", notes="For example Debian's -slim images, not -alpine."),
                    Fix(
                        "compile it with the dynamic model",
                        env=(("CFLAGS", "-ftls-model=global-dynamic"),),
                        notes="jemalloc: --disable-initial-exec-tls, feature disable_initial_exec_tls of the crate. "
                        "Go's -buildmode=c-shared has no such option: musl loads its libraries at the start only.",
                    ),
                    Fix("load it at the start", notes=f"LD_PRELOAD names {lib}."),
                ),
            )
            return
        yield finding_from_hits(
            log,
            [hit],
            f"{lib} is loaded when the room for static thread-local storage is used up",
            "It cannot be imported in this order.",
            (
                Fix(
                    "give glibc more room",
                    env=(("GLIBC_TUNABLES", "glibc.rtld.optional_static_tls=16384"),),
                    notes="glibc reads it from 2.32 on.",
                ),
                Fix(
                    "import the module that brings it first, before all others",
                    notes=f"Or let the loader take {lib} at the start: LD_PRELOAD with its path.",
                ),
            ),
        )
