"""How Microsoft's compiler, linker and libraries come to a machine."""

from __future__ import annotations

from diagnose.model.finding import Command, Fix, FixStage

BUILD_TOOLS = Fix(
    "install Visual Studio's Build Tools, with C++",
    notes="In the installer: Desktop development with C++. Then open a new terminal. As in: winget install "
    "Microsoft.VisualStudio.2022.BuildTools, with --override '--passive --add "
    "Microsoft.VisualStudio.Workload.VCTools --includeRecommended'.",
)
CARGO_XWIN = Fix(
    "on Linux or macOS: cross compile with cargo-xwin",
    (Command("cargo install cargo-xwin", FixStage.TOOLCHAIN),),
    notes="maturin build --target x86_64-pc-windows-msvc then uses it; it downloads Microsoft's files and asks for "
    "their licence (XWIN_ACCEPT_LICENSE=1).",
)
RELEASE = Fix(
    "build the release configuration",
    notes="CMake: --config Release, or -DCMAKE_BUILD_TYPE=RelWithDebInfo for debugging. In debug ones _DEBUG makes "
    "pyconfig.h ask for python3*_d.lib. For a debug program with the release Python: include pybind11's header, or "
    'undefine _DEBUG, before Python.h. The library itself: Python\'s installer, option "Download debug binaries", and '
    "that Python's python_d.exe.",
)


def sdk_tool(name: str) -> tuple[Fix, ...]:
    """Return the fixes for the Windows SDK's program *name*, which is not on PATH where compiler and linker are."""
    return (
        Fix(
            f"put the folder of {name} on PATH",
            (Command(f'where /R "%ProgramFiles(x86)%\\Windows Kits" {name}', FixStage.TOOLCHAIN),),
            notes="In cmd. Take bin\\VERSION\\x64 for a 64-bit build, x86 for a 32-bit one. Visual Studio's developer "
            "prompt (vcvarsall.bat x64) puts it there; set DISTUTILS_USE_SDK=1 and MSSdk=1 in it for setuptools. "
            "The settings of Visual C++ 2015 miss a Windows SDK that has its programs in a folder of its version.",
        ),
        Fix(
            "if it is nowhere: install the Windows SDK",
            notes="In Visual Studio's installer: Individual components, Windows 11 SDK (or 10).",
        ),
    )
