"""The compiler does not find the SDK of macOS, or the SDK lacks the C headers.

Since macOS 10.14 there is no ``/usr/include``: headers and libraries are in the SDK, a folder of Xcode or of the
command line tools. Apple's compiler finds it by itself. A Python that was built on another Mac remembers the folder of
that Mac's SDK and passes it as ``-isysroot``; an update of macOS or Xcode removes old SDKs; compilers of Homebrew and
conda need ``SDKROOT``. The SDKs of iOS, tvOS, watchOS and visionOS come with Xcode alone, not with the
command line tools.

How to fix: install the command line tools again, and name the SDK that is there: ``SDKROOT``, which overrides what
Python remembers. For another system of Apple, install Xcode and select it.

References:
    https://developer.apple.com/documentation/xcode-release-notes/xcode-10-release-notes
    https://docs.python.org/3/using/configure.html#macos-options
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, other_system
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from diagnose.readers.buildlog import BuildLog, Hit

_C = (
    r"(?:stdio|stdlib|string|strings|math|assert|wchar|unistd|errno|time|signal|ctype|locale|inttypes|limits|stdint"
    r"|sys/(?:types|cdefs|stat|time|socket|resource)|TargetConditionals|Availability\w*|mach/\w+)\.h"
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    log_kinds=("no-cxx-header",),
    patterns=(
        *patterns_for(
            "no-sysroot",
            (
                "no such sysroot",
                r"(?<![\w+.-])clang[\w+.-]{0,60}: (?P<level>error|warning): no such sysroot directory: "
                r"'(?P<sdk>[^']{1,300})'",
            ),
            ("SDK that doesn't seem to exist", r"with an SDK that doesn't seem to exist: (?P<sdk>/\S.{0,300})"),
            ("xcrun: error: SDK", r"^xcrun: (?P<level>error): SDK \"(?P<sdk>macosx[\d.]{0,8})\" cannot be located"),
        ),
        *patterns_for(
            "no-xcode-sdk",
            (
                " cannot be located",
                r"^(?:xcrun|xcodebuild): error: SDK \"(?P<sdk>(?:iphone|appletv|watch|xr)(?:os|simulator)[\d.]{0,8})\" "
                r"cannot be located",
            ),
        ),
        *patterns_for(
            "no-framework",
            ("framework not found ", r"ld: framework not found (?P<framework>[\w-]{1,80})$"),
            ("ld: framework '", r"ld: framework '(?P<framework>[^']{1,80})' not found"),
            ("not found for -framework", r"framework not found for -framework (?P<framework>[\w-]{1,80})"),
            ("unable to find framework", r"unable to find framework '(?P<framework>[^']{1,80})'"),  # zig
        ),
        *patterns_for("no-sdk-header", ("file not found", rf"fatal error: '(?P<header>{_C})' file not found")),
    ),
)
_INSTALL = Fix(
    "install the command line tools again, and name their SDK",
    (
        Command("sudo rm -rf /Library/Developer/CommandLineTools", FixStage.TOOLCHAIN),
        Command("xcode-select --install", FixStage.TOOLCHAIN),
        Command('export SDKROOT="$(xcrun --show-sdk-path)"', FixStage.TOOLCHAIN),
    ),
    notes="After an update of macOS they may be half there. `xcrun --show-sdk-path` prints the SDK; with Xcode first: "
    "sudo xcode-select --switch /Applications/Xcode.app.",
)


def _of_xcode(log: BuildLog, hits: Sequence[Hit]) -> Finding:
    """Return the finding for an SDK of iOS or its like, which the command line tools never have."""
    sdk = hits[0].groups["sdk"]
    return finding_from_hits(
        log,
        hits[:2],
        f"the SDK {sdk} is not in the developer folder that is selected; Xcode has it, the command line tools do not",
        "Nothing can be compiled for that system.",
        (
            Fix(
                "select Xcode instead of the command line tools",
                (
                    Command("sudo xcode-select --switch /Applications/Xcode.app", FixStage.TOOLCHAIN),
                    Command("xcodebuild -showsdks", FixStage.TOOLCHAIN),
                ),
                notes="The second command lists the SDKs. Xcode comes from the App Store or developer.apple.com; for "
                "one build, DEVELOPER_DIR=/Applications/Xcode.app selects it. A name with a number asks for one "
                "release: the plain name takes the one that is there.",
            ),
        ),
    )


def _of_frameworks(log: BuildLog, hits: Sequence[Hit]) -> Finding:
    """Return the finding for frameworks, whose files for the linker are in the SDK alone."""
    names = list(dict.fromkeys(hit.groups["framework"] for hit in hits))
    cross = any("zig" in hit.text or "lld" in hit.text for hit in hits) or other_system(log) != "macOS"
    foreign = Fix(
        "on another system: name an SDK of macOS to the linker",
        env=(("SDKROOT", "/opt/MacOSX.sdk"),),
        notes="cargo-zigbuild and maturin --zig read SDKROOT, which is a copy of the SDK from a Mac; zig brings libc "
        "alone. The images of cargo-zigbuild and osxcross have one.",
    )
    native = Fix(
        "on a Mac: link with an SDK that has it",
        (
            Command("xcrun --show-sdk-version", FixStage.TOOLCHAIN),
            Command('export SDKROOT="$(xcrun --show-sdk-path)"', FixStage.TOOLCHAIN),
        ),
        notes='`ls "$SDKROOT/System/Library/Frameworks"` lists them. Newer ones need a newer Xcode; Apple has removed '
        "old ones: AGL, QuickTime, Carbon's parts. One of your own: -F FOLDER.",
    )
    return finding_from_hits(
        log,
        hits,
        f"the linker does not find the framework {' nor '.join(names[:3])}",
        "Linking fails: frameworks are in the SDK of macOS, or in a folder that -F names.",
        (foreign, native) if cross else (native, foreign),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See clang get a folder of an SDK that is not there, or not find a C header on macOS."""
    if frameworks := log.find("no-framework"):
        yield _of_frameworks(log, frameworks)
        return
    if absent := log.find("no-xcode-sdk"):
        yield _of_xcode(log, absent)
        return
    if log.find("bindgen-stopped"):
        return  # bindgen-target-headers-missing
    headers = log.find("no-sdk-header", "no-cxx-header")
    absent = [hit for hit in log.find("no-sysroot") if hit.groups["level"] == "error"]
    if not absent:
        absent = [hit for hit in log.find("no-sysroot") if any(header.line > hit.line for header in headers)]
    if absent:
        sdk = absent[0].groups["sdk"]
        if sdk.startswith("-"):
            yield finding_from_hits(
                log,
                absent[:1],
                f"-isysroot has no value, so that the compiler takes {sdk} for the SDK",
                "The options that follow are misread, and nothing is compiled.",
                (
                    Fix(
                        "let xcrun find the SDK",
                        (
                            Command("sudo xcode-select --reset", FixStage.TOOLCHAIN),
                            Command("xcrun --show-sdk-path", FixStage.TOOLCHAIN),
                        ),
                        notes="The value is most often the output of xcrun or xcodebuild, which failed. xcodebuild "
                        "needs Xcode, not only the command line tools: sudo xcode-select --switch "
                        "/Applications/Xcode.app.",
                    ),
                ),
            )
            return
        yield finding_from_hits(
            log,
            [*absent[:1], *headers[:1]],
            f"the SDK of macOS is not there: {sdk}",
            "The C headers are not found, and nothing is compiled.",
            (
                Fix(
                    "name the SDK that is there",
                    (Command('export SDKROOT="$(xcrun --show-sdk-path)"', FixStage.TOOLCHAIN),),
                    notes='If it is still asked for: CFLAGS="-isysroot $SDKROOT". Python remembers the SDK that it '
                    "was built with (`python3 -m sysconfig` prints -isysroot): a Python of this macOS, newly installed "
                    "by Homebrew, pyenv or uv, has the right one. conda: CONDA_BUILD_SYSROOT.",
                ),
                _INSTALL,
            ),
        )
        return
    headers = [hit for hit in headers if hit.kind == "no-sdk-header"]  # else cxx-headers-missing
    if headers and other_system(log) == "macOS" and not log.target_at(headers[0].line):
        yield finding_from_hits(
            log,
            headers[:2],
            f"the compiler does not find {headers[0].groups['header']}, a header of the SDK of macOS",
            "No C code can be compiled.",
            (
                Fix(
                    "name the SDK to the compiler",
                    (Command('export SDKROOT="$(xcrun --show-sdk-path)"', FixStage.TOOLCHAIN),),
                    notes="Compilers of Homebrew, conda and LLVM do not search it by themselves; /usr/bin/clang does. "
                    "Unset CPATH, C_INCLUDE_PATH and -nostdinc, which lead it elsewhere.",
                ),
                _INSTALL,
            ),
        )
