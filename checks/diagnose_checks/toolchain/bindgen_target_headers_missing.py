"""bindgen reads the host's C headers with the target's settings.

libclang parses the headers for the target, but does not know the folder of the target's own headers. It reads the
host's ``/usr/include``, which lacks the files for another word size or architecture (``gnu/stubs-32.h``). Or it does
not find its own headers (``stddef.h``) at all.

How to fix: pass the folder of the target's headers in ``BINDGEN_EXTRA_CLANG_ARGS_<triple>``. For ``stddef.h``, install
clang itself, which contains the headers that libclang needs. ``gcc-multilib`` only hides the error behind the wrong
headers.

References:
    https://github.com/rust-lang/rust-bindgen#environment-variables
    https://clang.llvm.org/docs/CrossCompilation.html
"""

from __future__ import annotations

from diagnose.authoring.log import advise, finding_from_hits, host, other_system
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment

_SYSTEM = (
    r"(?:gnu|bits|asm|asm-generic|sys)/[\w./+-]+|std(?:arg|def|int|bool|io|lib|atomic)\.h|limits\.h"
    r"|features\.h|string\.h"
    r"|errno\.h|float\.h|math\.h|time\.h|wchar\.h|inttypes\.h|assert\.h"
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=(
        *patterns_for("clang-header", ("file not found", rf"fatal error: '(?P<header>{_SYSTEM})' file not found")),
        *patterns_for(
            "bindgen-stopped",
            ("enerate bindings", r"(?:[Uu]nable to|[Ff]ailed to|[Cc]ould(?: not|n't)) generate bindings"),
            ("err: true", r"fatal error: .{1,300}, err: true$"),  # bindgen before 0.64
            ("ClangDiagnostic", "ClangDiagnostic"),
            ("bindgen", r"bindgen(?:-[\d.]+)?/(?:src/)?lib\.rs"),
        ),
    ),
)
# Headers of libclang itself, in the package clang.
_CLANGS_OWN = ("stddef.h", "stdarg.h", "stdbool.h", "float.h", "limits.h", "stdatomic.h")


def log(log: BuildLog) -> Iterator[Finding]:
    """See libclang not find a header of the C library when bindgen runs it."""
    hits = log.find("clang-header")
    if not hits or not log.find("bindgen-stopped"):
        return
    header = hits[0].groups["header"]
    target = log.target_at(hits[0].line)
    here = f" for {target.triple}" if target else ""
    yield finding_from_hits(
        log,
        hits,
        f"bindgen does not find {header}: it does not know the folder of the C headers{here}",
        "The bindings cannot be generated, and the crate cannot be built.",
        _fixes(log, hits[0], header),
    )


def _fixes(log: BuildLog, hit: Hit, header: str) -> list[Fix]:
    target, machine = log.target_at(hit.line), host(log)
    if other_system(log) == "macOS" and not (target and target.multiarch):
        return [_SDK]
    if target is None and header.startswith("gnu/stubs-"):  # named by the word size that the compiler builds for
        return [
            Fix(
                "pass the folder of the target's headers to bindgen",
                notes="bindgen reads the host's headers for another word size. gcc-multilib only hides that. Set "
                "BINDGEN_EXTRA_CLANG_ARGS_<target>=--sysroot=SYSROOT. Pass --target NAME here for the whole line.",
            )
        ]
    if target is None or target.triple == machine.triple:
        fixes = advise(log, hit.line, _clang) if header in _CLANGS_OWN else ()
        return [*fixes, Fix("install the C library's headers", notes="libc6-dev, glibc-devel or musl-dev.")]
    name = f"BINDGEN_EXTRA_CLANG_ARGS_{target.env_name}"
    if target.multiarch and not log.container_at(hit.line).kind.startswith("manylinux"):
        value = f"--sysroot=/usr/{target.gnu} -I/usr/{target.gnu}/include"
        notes = f"The folder of libc6-dev-{target.debian}-cross."
    else:
        value, notes = "--sysroot=SYSROOT", f"`{target.gnu}-gcc -print-sysroot` prints SYSROOT."
    return [Fix("pass the folder of the target's headers to bindgen", env=((name, value),), notes=notes)]


def _clang(env: Environment) -> list[Fix]:
    from diagnose.remedies.install import install, system

    names = ("clang-devel",) if env.distro.family in ("rhel", "suse") else ("clang",)
    return [Fix(f"install {names[0]}, with its own headers", install(system(env), names), safe=True)]


_SDK = Fix(
    "name the SDK of macOS, and use a libclang with its own headers",
    (
        Command("xcode-select --install", FixStage.TOOLCHAIN),
        Command('export SDKROOT="$(xcrun --show-sdk-path)"', FixStage.TOOLCHAIN),
        Command('export BINDGEN_EXTRA_CLANG_ARGS="-isysroot $SDKROOT"', FixStage.TOOLCHAIN),
    ),
    notes="stdarg.h, stddef.h and stdbool.h are the compiler's own: LIBCLANG_PATH has to name a libclang of Xcode, the "
    "command line tools or Homebrew's llvm, whose folder lib/clang is beside it.",
)
