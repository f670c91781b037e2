"""wheel-python-tag-mismatch on wheels for systems other than Linux: only names are compared."""

from __future__ import annotations

import pytest
from facts import found, levels, wheel

from diagnose.readers.wheel.filekind import CodeFile
from diagnose.readers.wheel.reader import Wheel


def _named(tag: str, *paths: str, arches: tuple[str, ...] = (), files: tuple[str, ...] = ()) -> Wheel:
    code = tuple(CodeFile(path, "data", arches, "library", 100) for path in paths)
    return wheel(tag)._replace(code=code, files=(*paths, *files))


@pytest.mark.parametrize(
    ("tag", "name"),
    [  # as in the wheels of pybase64, coverage, aiohttp, numpy, kiwisolver, uv and others, November 2026
        ("cp312-cp312-macosx_10_13_universal2", "demo.cpython-312-darwin.so"),
        ("cp315-cp315t-macosx_10_15_x86_64", "demo.cpython-315t-darwin.so"),
        ("cp314-cp314-ios_13_0_arm64_iphoneos", "demo.cpython-314-iphoneos.so"),
        ("cp313-cp313-ios_13_0_x86_64_iphonesimulator", "demo.cpython-313-iphonesimulator.so"),
        ("cp314-cp314-android_24_arm64_v8a", "demo.cpython-314-aarch64-linux-android.so"),
        ("cp313-cp313-android_21_x86_64", "demo.cpython-313-x86_64-linux-android.so"),
        ("cp313-cp313-pyemscripten_2025_0_wasm32", "demo.cpython-313-wasm32-emscripten.so"),
        ("cp314-cp314t-win_arm64", "demo.cp314t-win_arm64.pyd"),
        ("cp312-cp312-win32", "demo.cp312-win32.pyd"),
        ("cp312-cp312-win_amd64", "demo.cp312-win_amd64.pyd"),
        ("cp310-abi3-win_amd64", "demo.pyd"),
        ("cp310-abi3-macosx_11_0_arm64", "demo.abi3.so"),
        ("cp313-cp313-pyemscripten_2025_0_wasm32", "demo.abi3.so"),
        ("cp315-cp315-macosx_11_0_arm64", "demo.abi3-darwin.so"),
        ("cp315-abi3.abi3t-macosx_11_0_arm64", "demo.abi3t.so"),
        ("cp314-cp314-macosx_11_0_arm64", "libdemo.so"),
        ("cp314-cp314-macosx_11_0_arm64", "demo.1.2.so"),
        ("pp311-pypy311_pp73-win_amd64", "demo.pypy311-pp73-win_amd64.pyd"),
        ("graalpy312-graalpy250_312_native-macosx_11_0_arm64", "demo.graalpy250-312-native-aarch64-darwin.so"),
        ("py3-none-win_amd64", "demo.cp312-win_amd64.pyd"),
        ("cp38-none-macosx_11_0_x86_64.macosx_11_0_intel", "_demo.so"),
    ],
)
def test_names_that_are_imported(tag: str, name: str) -> None:
    assert levels("wheel-python-tag-mismatch", _named(tag, f"demo/{name}")) == []


@pytest.mark.parametrize(
    ("tag", "name", "wanted"),
    [
        ("cp313-cp313-win_arm64", "demo.cp313-win_amd64.pyd", ".cp313-win_arm64.pyd"),
        ("cp313-cp313-win_amd64", "demo.cp312-win_amd64.pyd", ".cp313-win_amd64.pyd"),
        ("cp314-cp314t-win_amd64", "demo.cp314-win_amd64.pyd", ".cp314t-win_amd64.pyd"),
        ("cp310-abi3-win_amd64", "demo.cp313-win_amd64.pyd", ".pyd"),
        ("cp314-cp314-ios_13_0_arm64_iphoneos", "demo.cpython-314-darwin.so", ".cpython-314-iphoneos.so"),
        ("cp315-cp315-ios_13_0_arm64_iphoneos", "demo.abi3-darwin.so", ".abi3.so"),
        ("cp314-cp314-macosx_11_0_arm64", "demo.abi3-darwin.so", ".abi3.so"),
        ("cp315-cp315t-macosx_11_0_arm64", "demo.abi3.so", ".cpython-315t-darwin.so"),
        ("cp310-abi3-macosx_11_0_arm64", "demo.cpython-312-darwin.so", ".abi3.so"),
        (
            "cp313-cp313-android_24_x86_64",
            "demo.cpython-313-x86_64-linux-gnu.so",
            ".cpython-313-x86_64-linux-android.so",
        ),
        (
            "cp313-cp313-emscripten_4_0_9_wasm32",
            "demo.cpython-312-wasm32-emscripten.so",
            ".cpython-313-wasm32-emscripten.so",
        ),
    ],
)
def test_names_that_are_not_imported(tag: str, name: str, wanted: str) -> None:
    (spoken,) = found("wheel-python-tag-mismatch", _named(tag, f"demo/{name}"))
    assert spoken.severity.value == "error"
    assert spoken.evidence[0].detail.endswith(f"looks for {wanted}")
    assert "No module named 'demo'" in spoken.consequence


def test_another_file_that_is_imported_is_enough() -> None:
    both = ("demo/demo.cpython-312-darwin.so", "demo/demo.abi3.so")
    assert levels("wheel-python-tag-mismatch", _named("cp313-cp313-macosx_11_0_arm64", *both)) == []


def test_a_pure_python_version_replaces_the_module() -> None:
    subject = _named("cp313-cp313-win_arm64", "demo/fast.cp313-win_amd64.pyd", files=("demo/fast.py",))
    assert levels("wheel-python-tag-mismatch", subject) == ["warning"]


def test_of_a_file_for_another_processor_only_that_is_said() -> None:
    subject = _named("cp313-cp313-win_arm64", "demo.cp313-win_amd64.pyd", arches=("amd64",))
    assert levels("wheel-python-tag-mismatch", subject) == []
