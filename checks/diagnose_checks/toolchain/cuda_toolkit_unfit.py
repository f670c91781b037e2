"""The CUDA toolkit does not fit PyTorch, or the compiler does not fit the toolkit.

PyTorch's extensions are compiled with the toolkit of the same major version as PyTorch's own; ``nvcc`` accepts the
C++ compilers of its time only. Distributions and images bring other versions of each.

How to fix: install the toolkit that PyTorch was built with, or the PyTorch for the toolkit; name an older compiler
for ``nvcc``.

References:
    https://pytorch.org/get-started/locally/
    https://docs.nvidia.com/cuda/cuda-installation-guide-linux/#host-compiler-support-policy
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "cuda-unfit",
        (
            "The detected CUDA version",
            r"The detected CUDA version \((?P<toolkit>[\d.]+)\) mismatches the version that was used to compile\s+"
            r"PyTorch \((?P<torch>[\d.]+)\)",
            2,
        ),
        (
            "unsupported GNU version!",
            r"unsupported GNU version! gcc versions later than (?P<gcc>\d+) are not supported",
        ),
        ("no kernel image is available", r"(?P<gpu>no kernel image is available for execution on the device)"),
        (
            "Unsupported gpu architecture",
            r"nvcc fatal\s{0,4}: Unsupported gpu architecture '(?:compute|sm)_(?P<arch>\w{0,8})'",
        ),
        # before CUDA 7.5
        (
            "unsupported GNU version!",
            r"unsupported GNU version! gcc (?P<since>\d{1,3})(?:\.(?P<minor>\d{1,3}))? and up are not supported",
        ),
        (
            "unsupported Microsoft Visual Studio",
            r"unsupported Microsoft Visual Studio version! Only (?:the )?versions? "
            r"(?:between )?(?P<studio>\d{4} and \d{4}|\d{4}[^!]{0,60}?)"
            r" (?:\(inclusive\) )?are supported",
        ),
        (
            "nvcc fatal",
            r"nvcc fatal\s{0,4}: The version \('(?P<is>[\d.]{1,12})'\) of the "
            r"host compiler \('(?P<who>[^']{1,40})'\) is not",
        ),
        ("nvcc fatal", r"nvcc fatal\s{0,4}: Host compiler targets unsupported OS(?P<os>)"),
        ("nvcc fatal", r"nvcc fatal\s{0,4}: Value '(?P<standard>c\+\+\d\w)' is not defined for option 'std'"),
        ("unsupported clang version!", r"unsupported clang version! clang version must be less than (?P<clang>\d+)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See PyTorch or nvcc refuse a version."""
    for hit in log.find("cuda-unfit")[:1]:
        said = hit.groups
        if "gpu architecture" in hit.text:
            yield _of_architecture(log, hit)
            continue
        if other := _other(log, hit):
            yield other
            return
        if said["torch"]:
            short = said["toolkit"].replace(".", "")
            message = f"the CUDA toolkit is {said['toolkit']}, and PyTorch was compiled with {said['torch']}"
            fixes = (
                Fix(
                    f"build with the toolkit {said['torch']}",
                    env=(("CUDA_HOME", f"/usr/local/cuda-{said['torch']}"),),
                    notes="Where it is installed beside the other one; in conda: conda install -c nvidia "
                    f"cuda-toolkit={said['torch']}.",
                ),
                Fix(
                    f"install the PyTorch for CUDA {said['toolkit']}",
                    notes=f"PyTorch's own index has it as cu{short}; pytorch.org names the command. Then build the "
                    "extension without isolation, so that it sees this PyTorch.",
                ),
            )
        elif said["gpu"]:
            message = "this build of PyTorch has no code for the GPU here"
            fixes = (
                Fix(
                    "install a PyTorch for this GPU",
                    notes="Newer GPUs need a newer CUDA (`nvidia-smi` names the newest that the driver takes); old "
                    "ones an older PyTorch. torch.cuda.get_arch_list() prints what is inside.",
                ),
                Fix(
                    "compile extensions for it",
                    env=(("TORCH_CUDA_ARCH_LIST", "native"),),
                    notes="Or its compute capability, as 8.6.",
                ),
            )
        else:
            name, newest = ("gcc", said["gcc"]) if said["gcc"] else ("clang", str(int(said["clang"]) - 1))
            plus = "g++" if name == "gcc" else "clang++"
            message = f"nvcc supports {name} up to {newest}, and the compiler here is newer"
            fixes = (
                Fix(
                    f"let nvcc call {name} {newest}",
                    env=(("NVCC_PREPEND_FLAGS", f"-ccbin {plus}-{newest}"), ("CUDAHOSTCXX", f"{plus}-{newest}")),
                    notes=f"Debian, Ubuntu: apt-get install {plus}-{newest}. CMake reads CUDAHOSTCXX.",
                ),
                Fix("use a newer CUDA toolkit"),
            )
        yield finding_from_hits(log, [hit], message, "Nothing is compiled for the GPU.", fixes)


#: C++ standard → the first CUDA toolkit whose nvcc has it: the release notes of each.
_STANDARDS = {"c++11": "7.0", "c++14": "9.0", "c++17": "11.0", "c++20": "12.0"}


def _other(log: BuildLog, hit: Hit) -> Finding | None:
    """Return the finding where nvcc names no newest version that it supports, or the standard is what it lacks."""
    said = hit.groups
    newer = Fix("use a newer CUDA toolkit")
    if said["standard"]:
        first = _STANDARDS.get(said["standard"], "")
        message = (
            f"this nvcc does not know the standard {said['standard']}{f': CUDA {first} and later do' if first else ''}"
        )
        fix = Fix(
            f"use CUDA {first} or later" if first else newer.title, notes="`nvcc --version` prints the one in use."
        )
        return finding_from_hits(log, [hit], message, "Nothing is compiled for the GPU.", (fix,))
    if said["since"]:
        minor = f".{said['minor']}" if said["minor"] else ""
        name = f"gcc {said['since']}{minor}"
        message = f"nvcc supports no {name} or later, and the compiler here is one"
        older = Fix(
            f"let nvcc call a GCC before {name.removeprefix('gcc ')}",
            env=(("NVCC_PREPEND_FLAGS", "-ccbin g++-4.8"), ("CUDAHOSTCXX", "g++-4.8")),
            notes="NVCC_PREPEND_FLAGS is read since CUDA 11.5: an older nvcc takes -ccbin on its command line.",
        )
        return finding_from_hits(log, [hit], message, "Nothing is compiled for the GPU.", (newer, older))
    if said["studio"] or "os" in said or said["who"]:
        who = said["who"]
        message = (
            f"nvcc does not support this {who}, version {said['is']}"
            if who
            else (
                "nvcc does not support this Visual Studio"
                + (
                    f": {said['studio']} are"
                    if said["studio"]
                    else ": it is newer than the toolkit, or compiles for 32 bits"
                )
            )
        )
        host = Fix(
            "install a Visual Studio that the toolkit supports, beside the other one",
            notes="Its build tools suffice (MSVC v143 or v142 in the installer). Open the x64 prompt of that version: "
            "vcvars64.bat -vcvars_ver=14.38. NVCC_PREPEND_FLAGS=-allow-unsupported-compiler tries it anyway.",
        )
        if who and who != "cl":
            host = Fix(
                "let nvcc call a compiler that it supports",
                env=(("NVCC_PREPEND_FLAGS", "-ccbin g++"),),
                notes="A -ccbin in the project's own flags comes first: take it out.",
            )
        return finding_from_hits(log, [hit], message, "Nothing is compiled for the GPU.", (host, newer))
    return None


#: Architecture → the first CUDA toolkit with it, and the first without; empty as long as newer ones have it.
#: https://docs.nvidia.com/cuda/archive/ (release notes), as of November 2026.
_ARCHITECTURES = {
    **dict.fromkeys(("10", "11", "12", "13"), ("1.0", "7.0")),
    **dict.fromkeys(("20", "21"), ("3.0", "9.0")),
    "30": ("4.2", "11.0"), "32": ("6.0", "11.0"), "35": ("5.0", "12.0"), "37": ("6.5", "12.0"),
    "50": ("6.0", "13.0"), "52": ("6.5", "13.0"), "53": ("6.5", "13.0"),
    "60": ("8.0", "13.0"), "61": ("8.0", "13.0"), "62": ("8.0", "13.0"),
    "70": ("9.0", "13.0"), "72": ("9.2", "13.0"),
    "75": ("10.0", ""), "80": ("11.0", ""), "86": ("11.1", ""), "87": ("11.4", ""), "89": ("11.8", ""),
    "90": ("11.8", ""), "90a": ("12.0", ""), "100": ("12.8", ""), "101": ("12.8", "13.0"), "103": ("12.9", ""),
    "120": ("12.8", ""), "121": ("12.9", ""),
}  # fmt: skip
_LISTS = (
    "PyTorch's extensions read TORCH_CUDA_ARCH_LIST (as 8.6), CMake CMAKE_CUDA_ARCHITECTURES (as 86) or CUDAARCHS; "
    "others have -gencode in setup.py or a Makefile."
)


def _of_architecture(log: BuildLog, hit: Hit) -> Finding:
    name = hit.groups["arch"]
    first, without = _ARCHITECTURES.get(name, ("", ""))
    number = name.rstrip("af")
    if not number.isdigit():
        return finding_from_hits(
            log,
            [hit],
            f"the build names no GPU architecture to nvcc: compute_{name}",
            "Nothing is compiled for the GPU. The build could not ask a GPU for its architecture.",
            (Fix("name the architecture of the GPU", env=(("TORCH_CUDA_ARCH_LIST", "8.6"),), notes=_LISTS),),
        )
    span = f"CUDA {first} {f'to before {without}' if without else 'and later'} have it" if first else ""
    newer = Fix(
        f"compile with CUDA {first or 'of that GPU'}{f' to before {without}' if without else ' or later'}",
        notes="`nvcc --version` prints which one is used: of conda, /usr/bin (the distribution's) or /usr/local/cuda. "
        "CUDA_HOME and PATH choose it. PyTorch has to be for the same major version.",
    )
    dotted = f"{number[:-1]}.{number[-1]}"
    leave = Fix(
        f"leave {dotted} out of the architectures",
        env=(("TORCH_CUDA_ARCH_LIST", "7.5;8.0+PTX"),) if not without else (),
        notes=f"{_LISTS} With +PTX the driver compiles the code for newer GPUs.",
    )
    return finding_from_hits(
        log,
        [hit],
        f"this nvcc does not know the GPU architecture {dotted} (compute_{name}){f': {span}' if span else ''}",
        "Nothing is compiled for the GPU.",
        (leave, newer) if without else (newer, leave),
    )
