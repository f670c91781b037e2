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
