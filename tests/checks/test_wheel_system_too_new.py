"""What Mach-O files are built for, against the tag: wheel-system-too-new, and wheel-wrong-arch for another system."""

from __future__ import annotations

import pytest
from facts import found, levels, wheel

from diagnose.readers.wheel.filekind import CodeFile
from diagnose.readers.wheel.mach_o import Build
from diagnose.readers.wheel.reader import Wheel

MODULE = "demo.cpython-312-darwin.so"


def _file(*builds: Build, path: str = MODULE) -> CodeFile:
    return CodeFile(path, "mach-o", tuple(build.arch for build in builds), "library", 100, builds)


def _tagged(platform: str, *files: CodeFile) -> Wheel:
    return wheel(f"cp312-cp312-{platform}")._replace(code=files)


@pytest.mark.parametrize(
    ("platform", "arch", "system", "oldest", "new_tag"),
    [
        ("macosx_11_0_arm64", "arm64", "macOS", (14, 0), "macosx_14_0_arm64"),
        ("macosx_10_9_x86_64", "x86_64", "macOS", (10, 13), "macosx_10_13_x86_64"),
        ("macosx_10_9_x86_64", "x86_64", "macOS", (11, 2), "macosx_11_0_x86_64"),
        ("macosx_10_9_universal2", "arm64", "macOS", (12, 0), "macosx_12_0_universal2"),
        ("macosx_11_0_arm64.macosx_15_0_arm64", "arm64", "macOS", (15, 0), "macosx_15_0_arm64"),
        ("ios_13_0_arm64_iphoneos", "arm64", "iOS", (13, 4), "ios_13_4_arm64_iphoneos"),
        ("ios_13_0_arm64_iphonesimulator", "arm64", "iOS simulator", (15, 0), "ios_15_0_arm64_iphonesimulator"),
    ],
)
def test_newer_than_promised(platform: str, arch: str, system: str, oldest: tuple[int, int], new_tag: str) -> None:
    (spoken,) = found("wheel-system-too-new", _tagged(platform, _file(Build(arch, system, oldest))))
    assert spoken.severity.value == "warning"
    assert spoken.fixes[-1].title == f"tag it as {new_tag}"
    assert spoken.evidence[0].detail == f"built for {system} {oldest[0]}.{oldest[1]} ({arch})"


@pytest.mark.parametrize(
    ("platform", "arch", "system", "oldest"),
    [
        ("macosx_11_0_arm64", "arm64", "macOS", (11, 0)),
        ("macosx_11_0_arm64", "arm64", "macOS", (11, 3)),  # tags have no minor release from 11 on
        ("macosx_10_9_universal2", "arm64", "macOS", (11, 0)),  # the first one for arm64
        ("macosx_10_16_x86_64", "x86_64", "macOS", (11, 0)),  # another name of 11.0
        ("macosx_11_0_x86_64", "x86_64", "macOS", (10, 16)),
        ("macosx_10_9_x86_64", "arm64", "macOS", (14, 0)),  # no tag is about that processor
        ("macosx_11_0_arm64", "arm64", "", (0, 0)),
        ("macosx_11_0_arm64", "arm64", "iOS simulator", (14, 0)),  # as in a wheel of compilers
        ("ios_13_0_arm64_iphonesimulator", "arm64", "iOS simulator", (14, 0)),  # the first one for arm64
        ("manylinux_2_28_aarch64", "arm64", "macOS", (26, 0)),
    ],
)
def test_what_the_tag_promises(platform: str, arch: str, system: str, oldest: tuple[int, int]) -> None:
    assert levels("wheel-system-too-new", _tagged(platform, _file(Build(arch, system, oldest)))) == []


@pytest.mark.parametrize(
    ("platform", "has", "level"),
    [
        ("macosx_11_0_arm64", "macOS", []),
        ("macosx_11_0_arm64", "", []),
        ("macosx_11_0_arm64", "iOS", ["error"]),
        ("ios_13_0_arm64_iphoneos", "iOS", []),
        ("ios_13_0_arm64_iphoneos", "iOS simulator", ["error"]),
        ("ios_13_0_arm64_iphonesimulator", "iOS", ["error"]),
        ("ios_13_0_arm64_iphonesimulator", "macOS", ["error"]),
    ],
)
def test_a_module_for_another_system_of_apple(platform: str, has: str, level: list[str]) -> None:
    subject = _tagged(platform, _file(Build("arm64", has, (13, 0))))
    assert levels("wheel-wrong-arch", subject) == level
    if level:
        (spoken,) = found("wheel-wrong-arch", subject)
        assert has in spoken.evidence[0].detail


def test_libraries_for_other_systems_of_apple_beside_the_own_are_data() -> None:
    """As compilers have them: run-time libraries for all their targets."""
    own = _file(Build("arm64", "macOS", (11, 0)), path="clang/lib/libdemo_osx.dylib")
    other = _file(Build("arm64", "iOS simulator", (14, 0)), path="clang/lib/libdemo_iossim.dylib")
    assert levels("wheel-wrong-arch", _tagged("macosx_11_0_arm64", own, other)) == ["note"]
