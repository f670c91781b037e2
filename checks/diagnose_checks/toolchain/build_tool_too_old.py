"""A program or module that a build runs is too old for the build.

Projects name the oldest CMake and Meson that they support, the C++ standard that they are written in, and use fields
that protoc knows since 3.15. Long-lived distributions and images have older programs: Debian 11, Ubuntu 20.04,
Enterprise Linux 8, and the compiler of CentOS 7. setuptools 71 and later take an installed ``packaging`` before their
own, which has to be 22 or later.

How to fix: CMake, Meson and Ninja come as wheels from the Python package index, in any release. A newer compiler
comes in a package of its own (``g++-12``, ``gcc-toolset-12``), with a newer image, or with conda.

References:
    https://cmake.org/cmake/help/latest/command/cmake_minimum_required.html
    https://mesonbuild.com/Reference-manual_functions.html#project_meson_version
    https://gcc.gnu.org/projects/cxx-status.html
    https://protobuf.dev/programming-guides/field_presence/
"""

from __future__ import annotations

from diagnose.authoring.log import advise, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.install import install, system

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "tool-too-old",
        (
            "or higher is required.  You",
            r"(?P<tool>CMake) (?P<needs>[\d.]+) or higher is required\.\s+You are running version (?P<have>[\d.]+)",
        ),
        (
            "or newer, found ",
            r"meson-python: error: Could not find (?P<tool>meson) version (?P<needs>[\d.]{1,20}) or newer, found "
            r"(?P<have>\d[\w.]{0,20}?)\.?$",
        ),
        (
            "no such option: --",
            r"^(?:ERROR: )?no such option: "
            r"(?P<option>--(?:break-system-packages|config-settings?|use-pep517|no-build-isolation|"
            r"group|resume-retries|dry-run|report|root-user-action|prefer-binary|use-feature|check-build-dependencies"
            r"|python))$",
        ),
        (
            "Meson version is ",
            r"ERROR: (?P<tool>Meson) version is (?P<have>\d[\w.]{0,30}) but project requires "
            r">= ?(?P<needs>[\d.]{1,30})",
        ),
        (
            "strip_trailing_zero",
            r"canonicalize_version\(\) got an unexpected keyword argument '(?P<packaging>strip_trailing_zero)'",
        ),
        ("Could not detect Ninja v", r"Could not detect (?P<tool>Ninja) v(?P<needs>[\d.]+) or newer"),
        (
            "-std=",
            r"unrecognized command[- ]line option ['\"]-std=(?P<standard>(?:c|gnu)(?:\+\+)?\w{2})['\"]",
        ),
        ("invalid value '", r"error: invalid value '(?P<standard>(?:c|gnu)\+\+\w{2})' in '-std="),
        (
            "requires the language dial",
            r"requires the language dialect \"(?P<dialect>CXX\d\d|C\d\d)\".{0,60}",
        ),
        (
            "undefined symbol: ",
            r"mold: (?:error: )?undefined symbol: \S{1,400}: (?P<mold>___tls_get_addr|_TLS_MODULE_BASE_)$",
        ),
        ("unknown type [0x13] section", r"(?P<ld>unknown type \[0x13\] section [`'\"]\.relr\.dyn)"),
        ("initialize decompress status", r"(?P<ld>unable to initialize decompress status for section [`'\"]?\.debug)"),
        ("unrecognized relocation", r"(?P<ld>unrecognized relocation (?:type )?\(?0x2[9a]\)?)"),
        (
            "no such instruction: ",
            r"Error: (?P<assembler>no such instruction): [`'\"]v[a-z0-9]{3,20} .{0,60}%[xyz]mm\d",
        ),
        ("unknown relocation: R_", r"mold: (?:error|fatal): \S{1,400}: unknown relocation: (?P<mold>R_\w{1,40})"),
        ("allow_proto3_optional", r"(?P<protoc>Unknown flag: --experimental_allow_proto3_optional)"),
        ("allow_proto3_optional", r"(?P<protoc>--experimental_allow_proto3_optional was not set)"),
        ("known to this version of CM", r"Policy \"CMP(?P<policy>\d{4})\" is not known to this version of CMake"),
        (
            " found: NO found ",
            r"^Program (?P<tool>\S{1,60}) found: NO found '?(?P<have>\d[\w.]{0,20}?)'? but need: "
            r"'[>=]{1,2} ?(?P<needs>\d[\w.]{0,20})'",
        ),
        (
            " or newer is required",
            r"^configure: error: (?P<tool>[A-Za-z][\w+-]{1,20}) (?:version )?(?P<needs>\d[\d.]{0,15}) or "
            r"(?:newer|later|higher|greater) is required(?:[,;:.]? (?:but )?(?:found|have|you have) "
            r"(?P<have>\d[\d.]{0,15}))?",
        ),
        ("Explicit 'optional' labels", r"(?P<protoc>Explicit 'optional' labels are disallowed in the Proto3 syntax)"),
    ),
)
#: Option of `pip install` → the first pip that has it (pip's release notes, November 2026).
_PIP = {
    "--no-build-isolation": "10.0",
    "--use-pep517": "19.0",
    "--prefer-binary": "18.0",
    "--use-feature": "20.2",
    "--config-settings": "22.1",
    "--config-setting": "23.1",
    "--root-user-action": "22.1",
    "--dry-run": "22.2",
    "--report": "22.2",
    "--python": "22.3",
    "--check-build-dependencies": "22.2",
    "--break-system-packages": "23.0.1",
    "--resume-retries": "25.1",
    "--group": "25.1",
}
#: The first policy of each CMake that brought any: cmake-policies(7) of CMake 4.4, read in November 2026.
_POLICIES = {
    211: "4.4", 205: "4.3", 198: "4.2", 186: "4.1", 181: "4.0", 171: "3.31", 162: "3.30", 156: "3.29", 152: "3.28",
    144: "3.27", 143: "3.26", 140: "3.25", 130: "3.24", 129: "3.23", 127: "3.22", 121: "3.21", 115: "3.20", 109: "3.19",
    103: "3.18", 98: "3.17", 95: "3.16", 89: "3.15", 82: "3.14", 76: "3.13", 73: "3.12", 72: "3.11", 70: "3.10",
}  # fmt: skip
_LAST_POLICY = 219
#: Programs that the Python package index has.
_BY_PIP = ("cmake", "meson", "ninja", "swig")
#: C++ standard → the first GCC that takes its option by that name: https://gcc.gnu.org/projects/cxx-status.html
_GCC = {
    "11": "4.7",
    "14": "5",
    "1z": "5",
    "17": "8",
    "2a": "8",
    "20": "10",
    "23": "11",
    "2b": "11",
    "26": "14",
    "2c": "14",
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See CMake, Meson, Ninja, protoc, mold or a compiler be too old."""
    for hit in log.find("tool-too-old")[:1]:
        said = hit.groups
        if option := said["option"]:
            first = _PIP[option]
            yield finding_from_hits(
                log,
                [hit],
                f"this pip does not know {option}: {first} is the first that does",
                "pip does nothing.",
                (
                    Fix(
                        "update pip",
                        (Command(f"python3 -m pip install --upgrade 'pip>={first}'", FixStage.TOOLCHAIN),),
                        notes="Or leave the option out for older systems: PIP_BREAK_SYSTEM_PACKAGES=1 as a variable is "
                        "ignored by a pip that does not know it."
                        if option == "--break-system-packages"
                        else "In an environment of its own: python3 -m venv .venv.",
                    ),
                ),
            )
        elif said["ld"] or said["assembler"]:
            yield _binutils(log, hit, "assembler" if said["assembler"] else "linker")
        elif said["mold"]:
            yield finding_from_hits(
                log,
                [hit],
                f"this mold cannot link code with {said['mold']}: newer releases, and GNU ld and lld can",
                "Linking fails.",
                (
                    Fix(
                        "link with GNU ld or lld",
                        notes="Take -fuse-ld=mold out of LDFLAGS, RUSTFLAGS or .cargo/config.toml.",
                    ),
                    Fix("update mold", notes="https://github.com/rui314/mold/releases has programs for Linux."),
                ),
            )
        elif said["packaging"]:
            yield finding_from_hits(
                log,
                [hit],
                "the installed packaging is older than 22, and this setuptools calls functions of newer ones",
                "setup.py stops.",
                (
                    Fix(
                        "update packaging",
                        (Command("python3 -m pip install --upgrade 'packaging>=22'", FixStage.TOOLCHAIN),),
                        notes="By the Python that the build runs. Where [build-system] requires names an old "
                        "packaging, raise it there.",
                    ),
                    Fix("if an old packaging is needed: use setuptools<71"),
                ),
            )
        elif said["protoc"]:
            yield _protoc(log, hit)
        elif said["standard"] or said["dialect"]:
            yield from _compiler(log, hit, said["standard"] or said["dialect"])
        else:
            tool, needs = said["tool"], said["needs"]
            have = f"is {said['have']}" if said["have"] else "is not there, or older"
            if number := int(said["policy"] or 0):
                tool, have = "CMake", f"is older than its policy CMP{number:04}"
                needs = next((first for least, first in _POLICIES.items() if number >= least), "")
                needs = needs if number <= _LAST_POLICY else ""
            yield finding_from_hits(
                log,
                [hit],
                f"{tool} {have}, and the build needs {f'{needs} or later' if needs else 'a newer one'}",
                "Nothing is configured.",
                (
                    Fix(
                        f"install a newer {tool} with pip",
                        (
                            Command(
                                f"python3 -m pip install --upgrade '{tool.lower()}{f'>={needs}' if needs else ''}'",
                                FixStage.TOOLCHAIN,
                            ),
                        ),
                        notes="Its folder has to be before /usr/bin in PATH: an environment's bin, or ~/.local/bin.",
                    )
                    if tool.lower() in _BY_PIP
                    else Fix(
                        f"install a newer {tool}",
                        notes="conda-forge has newer ones than most distributions: `conda install -c conda-forge "
                        f"{tool.lower()}`. Put its folder first in PATH.",
                    ),
                    Fix("build on a newer release of the distribution, or in a newer image"),
                ),
            )


def _binutils(log: BuildLog, hit: Hit, part: str) -> Finding:
    newer = "what a newer toolchain wrote into a library"
    what = "an instruction that the compiler wrote" if part == "assembler" else newer
    return finding_from_hits(
        log,
        [hit],
        f"the {part} is too old: it does not know {what}",
        "Binutils have to be at least as new as the compiler, and as the libraries that are linked.",
        (
            Fix(
                f"use the {part} that belongs to the compiler and the system",
                notes="`gcc -print-prog-name=ld` and `as --version` print which one it is: one of conda, of an old "
                "devtoolset or of /usr/local before /usr/bin in PATH is the usual cause. conda: conda install -c "
                "conda-forge binutils gxx_linux-64, with a sysroot of its own.",
            ),
            Fix("update binutils", notes="gcc-toolset-NN-binutils on Enterprise Linux."),
        ),
    )


def _protoc(log: BuildLog, hit: Hit) -> Finding:
    return finding_from_hits(
        log,
        [hit],
        "protoc is older than 3.15, and the build's .proto files have optional fields of proto3",
        "No code is generated from them.",
        (
            Fix(
                "install a newer protoc",
                notes="Debian 12, Ubuntu 24.04 and later have one. Else unpack protoc-VERSION-linux-x86_64.zip of "
                "https://github.com/protocolbuffers/protobuf/releases, and set PROTOC to its bin/protoc.",
            ),
        ),
    )


def _compiler(log: BuildLog, hit: Hit, standard: str) -> Iterator[Finding]:
    year = standard[-2:]
    plus = "++" in standard or "CXX" in standard
    if not plus:
        return
    first = _GCC.get(year, "")
    yield finding_from_hits(
        log,
        [hit],
        f"the compiler is older than C++{year}, in which the code is written",
        "Nothing is compiled.",
        (
            *advise(log, hit.line, _newer, first),
            Fix(
                "build on a newer release of the distribution, or in a newer image",
                notes=f"GCC takes the option from {first} on." if first else "",
            ),
        ),
    )


def _newer(env: Environment, first: str) -> list[Fix]:
    number = max(int(first.partition(".")[0] or 0), 12)
    here = system(env)
    if here.family == "debian":
        commands = install(here, [f"g++-{number}"])
        return [Fix(f"install g++-{number}", commands, (("CC", f"gcc-{number}"), ("CXX", f"g++-{number}")))]
    if here.family == "rhel":
        name = f"gcc-toolset-{number}"
        return [Fix(f"install {name}", install(here, [name]), notes=f"Then: scl enable {name} bash, and build there.")]
    return []
