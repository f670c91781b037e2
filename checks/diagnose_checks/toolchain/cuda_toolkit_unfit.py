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

    from diagnose.readers.buildlog import BuildLog

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
        ("unsupported clang version!", r"unsupported clang version! clang version must be less than (?P<clang>\d+)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See PyTorch or nvcc refuse a version."""
    for hit in log.find("cuda-unfit")[:1]:
        said = hit.groups
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
