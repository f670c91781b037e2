"""Bazel has no toolchain for the platform, or finds no C++ compiler.

Bazel looks for a C++ compiler by itself, for the machine's own processor only: ``CC``, else gcc. For another one a
toolchain has to be registered, which ``--cpu`` or ``--platforms`` then selects.

How to fix: install the compiler, or register a toolchain for the platform.

References:
    https://bazel.build/extending/toolchains
    https://bazel.build/docs/cc-toolchain-config-reference
    https://bazel.build/tutorials/ccp-toolchain-config
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "bazel-no-toolchain",
        (
            "No matching toolchains found",
            r"[Nn]o matching toolchains found for types:?\s+(?P<kind>\S{1,200}?)[.,]?(?:\s|$)",
            2,
        ),
        (
            "does not contain a toolchain",
            r"does not contain a toolchain for (?:cpu|CPU) '(?P<cpu>[^']{1,60})'",
        ),
        (
            "Auto-Configuration Error: ",
            r"Auto-Configuration Error: Cannot find (?P<program>gcc) or CC(?: \([^)]{1,100}\))?(?:[ ,;]|$)",
        ),
        ("Auto-Configuration Error: ", r"Auto-Configuration Error: (?P<said>[^:]{1,200})"),
        ("find a usable C++ compiler", r"(?P<said>(?:Cannot|Unable to) find a usable C\+\+ compiler)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Bazel stop before it compiles."""
    for hit in log.find("bazel-no-toolchain")[:1]:
        said = hit.groups
        cxx = "cpp" in said["kind"] or "cc" in said["kind"]
        if said["program"]:
            families = {
                "debian": ("g++",),
                "rhel": ("gcc-c++",),
                "alpine": ("g++",),
                "arch": ("gcc",),
                "suse": ("gcc-c++",),
            }
            yield finding_from_hits(
                log,
                [hit],
                "Bazel finds no C++ compiler: neither CC nor gcc",
                "Bazel stops.",
                (
                    *install_by_family(log, hit.line, "install the compiler", families),
                    Fix("name it", env=(("CC", "/usr/bin/clang"),), notes="Then `bazel clean --expunge`."),
                ),
            )
        elif said["said"]:
            yield finding_from_hits(
                log,
                [hit],
                f"Bazel cannot set up a compiler: {said['said']}",
                "Bazel stops.",
                (Fix("correct what it names, then `bazel clean --expunge`", notes="It keeps what it found before."),),
            )
        else:
            what = said["cpu"] or said["kind"]
            register = Fix(
                "register a toolchain for that platform",
                notes="In MODULE.bazel: register_toolchains(…), of toolchains_llvm, hermetic_cc_toolchain (zig) or the "
                "project's own. --toolchain_resolution_debug='.*' shows why each was refused.",
            )
            native = Fix(
                "build on a machine of that processor",
                notes="Bazel's own search finds the machine's compiler only. "
                "Without --cpu, --config and --platforms the "
                "build is for it. An older Bazel does not know newer processors "
                "(aarch64 since 3.4, darwin_arm64 since 4.1).",
            )
            message = f"Bazel has no {'C++ ' if cxx or said['cpu'] else ''}toolchain for {what}"
            yield finding_from_hits(
                log, [hit], message, "Bazel stops.", (register, native) if cxx or said["cpu"] else (register,)
            )
