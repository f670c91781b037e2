"""CMake does not find nvcc, the compiler of NVIDIA's CUDA toolkit, or the toolkit around it.

The driver, which ``nvidia-smi`` belongs to, has no compiler. The toolkit's folder, such as ``/usr/local/cuda/bin``, is
not on PATH by default. For Visual Studio the toolkit brings a part of its own, which its installer only adds to the
Visual Studio that is there.

How to fix: install the toolkit, and name its nvcc in ``CUDACXX``; or build without CUDA.

References:
    https://cmake.org/cmake/help/latest/envvar/CUDACXX.html
    https://docs.nvidia.com/cuda/cuda-installation-guide-linux/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, other_system
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=(
        *patterns_for(
            "no-nvcc",
            ("No CMAKE_CUDA_COMPILER", r"^No CMAKE_CUDA_COMPILER could be found"),
            ("Failed to find nvcc", r"^Failed to find nvcc\."),
            ("No CUDA toolset found", r"^No CUDA toolset found"),
            ("nvcc'", r"No such file or directory: '(?P<path>(?:/\S{1,200}/)?nvcc)'$"),
            ("nvcc' failed: No such file", r"error: command '(?P<path>/\S{1,200}/nvcc)' failed: No such file"),
            ("Specify CUDA_TOOLKIT_ROOT_DIR", r"^Specify CUDA_TOOLKIT_ROOT_DIR$"),
            ("Unknown compiler(s): ", r"ERROR: Unknown compiler\(s\): \[+'nvcc'"),
            ("CUDA library root", r"^(?:Couldn't|Could not) find CUDA library root"),
            ("CMAKE_CUDA_COMPILER", r"^The CMAKE_CUDA_COMPILER:\s+\S{1,200}\s+is not a full path", 3),
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See CMake stop for lack of a CUDA compiler."""
    for hit in log.find("no-nvcc")[:1]:
        studio = "toolset" in hit.text
        root = "library root" in hit.text
        message = "CMake does not find nvcc, NVIDIA's CUDA compiler"
        if studio:
            message = "Visual Studio has no CUDA toolset: CMake finds no toolkit for it"
        elif root:
            message = "CMake finds an nvcc, and not the CUDA toolkit that it belongs to"
        yield finding_from_hits(
            log,
            [hit],
            message,
            "Nothing is configured.",
            (_STUDIO if studio or other_system(log) == "Windows" else _NAMED, _TOOLKIT, _WITHOUT),
        )


_NAMED = Fix(
    "if the toolkit is installed: name its nvcc",
    (
        Command("export CUDACXX=/usr/local/cuda/bin/nvcc", FixStage.TOOLCHAIN),
        Command('export PATH="/usr/local/cuda/bin:$PATH"', FixStage.TOOLCHAIN),
    ),
    notes="Then in an empty build folder: CMake remembers what it did not find. nvcc of another place may be a wrapper "
    "without its libraries.",
)
_STUDIO = Fix(
    "install the toolkit after Visual Studio, with its Visual Studio Integration",
    notes="Or copy extras\\visual_studio_integration\\MSBuildExtensions of the toolkit into "
    "Microsoft\\VC\\v170\\BuildCustomizations of Visual Studio. Ninja needs no integration: CMAKE_GENERATOR=Ninja, "
    'in a prompt "x64 Native Tools", and CUDACXX or PATH with nvcc.',
)
_TOOLKIT = Fix(
    "install the CUDA toolkit",
    notes="The driver alone has no compiler. Images nvidia/cuda:…-devel have it (those with runtime or base do not); "
    "conda: conda install -c nvidia cuda-toolkit; Debian, Ubuntu: nvidia-cuda-toolkit, or NVIDIA's repository.",
)
_WITHOUT = Fix(
    "build without CUDA",
    notes="The option that asked for it is most often in CMAKE_ARGS, as -DGGML_CUDA=on. Many projects have finished "
    "wheels for CUDA in an index of their own.",
)
