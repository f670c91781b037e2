"""The SDK of macOS has no headers for a processor that the code is compiled for.

The headers of each SDK know the processors of its time: that of macOS 10.15 and older has no arm64, newer ones have no
i386. Apple's Python asks for several at once (``-arch arm64 -arch x86_64``), so that every module fails where an older
SDK is in use. A compiler for another system (WebAssembly) that is given this SDK fails alike.

How to fix: compile for the processor of this machine alone (``ARCHFLAGS``), or use a newer Xcode.

References:
    https://developer.apple.com/documentation/apple-silicon/building-a-universal-macos-binary
    https://github.com/giampaolo/psutil/issues/1832
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "sdk-lacks-processor",
        (
            "rchitecture",
            r"/(?P<sdk>[\w.-]{1,60}\.sdk)/usr/include/\S{1,100}\.h:\d+:\d+: error: "
            r"(?:architecture not supported|[Uu]nsupported architecture)",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the SDK's own headers stop at a processor that they do not know."""
    for hit in log.find("sdk-lacks-processor")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['sdk']} has no headers for a processor that the code is compiled for",
            "No C code is compiled for it. Thousands of unknown types may follow.",
            (
                Fix(
                    "compile for the processor of this machine alone",
                    (Command('export ARCHFLAGS="-arch $(uname -m)"', FixStage.TOOLCHAIN),),
                    notes="For setuptools; then install again, with --no-cache-dir. CMake: CMAKE_OSX_ARCHITECTURES. "
                    "CFLAGS may hold a -arch, too.",
                ),
                Fix(
                    "use an SDK that has it",
                    (Command("xcrun --show-sdk-path", FixStage.TOOLCHAIN),),
                    notes="arm64 is in Xcode 12.2 and later (macOS 11's SDK): update it or the command line tools, and "
                    "unset SDKROOT and -isysroot.",
                ),
            ),
        )
