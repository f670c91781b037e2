"""What maturin and PyO3 refuse before they compile, and near misses that they take. Each was asked of maturin 1.16."""

from __future__ import annotations

from pathlib import Path

import pytest
from readers import miniroot
from roots import judged
from test_env_states import with_gcc

from diagnose.readers import env

CARGO = """\
[package]
name = "own"
version = "0.1.0"
edition = "2021"
[lib]
crate-type = ["cdylib"]
[dependencies]
pyo3 = "0.30"
"""
LOCK = 'version = 4\n[[package]]\nname = "own"\nversion = "0.1.0"\ndependencies = ["pyo3"]\n'
LOCK += '[[package]]\nname = "pyo3"\nversion = "0.30.1"\n'
PYPROJECT = """\
[build-system]
requires = ["maturin>=1.9,<2"]
build-backend = "maturin"
[project]
name = "own"
version = "0.1.0"
requires-python = ">=3.9"
"""
SETTINGS, INVALID, README = "maturin-settings-refused", "pyproject-invalid", "readme-missing"
PYTHON = "pyo3-interpreter-not-found"


def found(tmp_path: Path, pyproject: str = PYPROJECT, cargo: str = CARGO, **environ: str) -> list[str]:
    root = with_gcc(miniroot.make(tmp_path / "root"))
    miniroot.write(root / "usr/bin/gcc", miniroot.elf("amd64"), 0o755)
    miniroot.write(root / "usr/bin/python3.13", miniroot.elf("amd64"), 0o755)
    (root / "usr/bin/python3").symlink_to("python3.13")
    miniroot.write(root / "usr/lib/python3.13/encodings/__init__.py", "")
    miniroot.write(root / "opt/config.txt", "version=3.13\n")
    miniroot.write(root / "opt/odd.txt", "garbage\n")
    miniroot.write(root / "opt/lib/_sysconfigdata__linux_.py", "")
    project = tmp_path / "p"
    for name, text in (("Cargo.toml", cargo), ("Cargo.lock", LOCK), ("pyproject.toml", pyproject), ("READ.md", "")):
        miniroot.write(project / name, text)
    miniroot.write(project / "package/own/__init__.py", "")
    (project / "LATIN.md").write_bytes(b"\xe9\n")
    facts = env.read(str(root), cwd=str(project), environ={"PATH": "/usr/bin", **environ})
    result = judged(facts).findings
    return [one.check for one in result if one.check in (SETTINGS, INVALID, README, PYTHON)]


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ("", ""),
        ('readme = "NONE.md"', README),
        ('readme = "READ.md"', ""),
        ('readme = "src"', README),
        ('readme = "LATIN.md"', README),
        ('readme = { file = "NONE.md", content-type = "text/markdown" }', README),
        ('license = { file = "NONE" }', SETTINGS),
        ('license = "MIT"\nlicense-files = ["NONE*"]', ""),
        ("[project.scripts]\nx = 3", INVALID),
        ('[tool.maturin]\npython-source = "python"', SETTINGS),
        ('[tool.maturin]\npython-source = "src"', SETTINGS),  # has no folder own
        ('[tool.maturin]\npython-source = "package"', ""),
        ('[tool.maturin]\npython-source = "package"\nmodule-name = "own._native"', ""),
        ('[tool.maturin]\npython-source = "package"\nmodule-name = "other._native"', SETTINGS),
        ('[tool.maturin]\nbindings = "bin"', SETTINGS),
        ('[tool.maturin]\nstrip = "yes"', INVALID),
        ("[tool.maturin]\nstrip = true", ""),
        ('[tool.maturin]\nfeatures = "abi3"', INVALID),
        ("[tool.maturin]\nmanifest-path = 1", INVALID),
        ('[tool.maturin]\nauditwheel = "Repair"', INVALID),
        ('[tool.maturin]\nauditwheel = "warn"', ""),
        ('[tool.maturin]\nsdist-generator = "svn"', INVALID),
        ('[tool.maturin]\nsdist-generator = "git"', ""),
        ('[tool.maturin]\noffline = "x"', ""),
        ('[tool.maturin]\ndata = "none"', SETTINGS),
        ('[tool.maturin]\nmodule-name = "a-b"', SETTINGS),
        ('[tool.maturin]\nmodule-name = "other._native"', ""),
        ('[tool.maturin]\nbindings = "pyo4"', INVALID),
        ('[tool.maturin]\nbindigs = "pyo3"', ""),
        ('[tool.maturin]\ncompatibility = "manylinux9999"', INVALID),
        ('[tool.maturin]\ncompatibility = "manylinux_2_28"', ""),
        ("[tool.maturin]\ninclude = [3]", INVALID),
        ('[tool.maturin]\ninclude = ["none/**/*"]', ""),
        ('[tool.maturin]\nprofile = "nosuch"', SETTINGS),
        ('[tool.maturin]\nprofile = "release"', ""),
        ('[tool.maturin]\nfeatures = ["nosuch"]', SETTINGS),
        ('[tool.maturin]\nfeatures = ["pyo3/abi3-py39", "pyo3"]', ""),
    ],
)
def test_settings_of_maturin(tmp_path: Path, more: str, cause: str) -> None:
    assert found(tmp_path, PYPROJECT + more) == ([cause] if cause else [])


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        ('name = "own"\n', "", INVALID),
        ('"0.1.0"', '"one"', INVALID),
        ('">=3.9"', '"banana"', INVALID),
        ('">=3.9"', '">=3.9,<4, !=3.10.*"', ""),
        ('">=3.9"', '">=3.14"', PYTHON),
        ('"maturin"\n', '"setuptools.build_meta"\nx = "maturin"\n', ""),
    ],
)
def test_the_project_table(tmp_path: Path, before: str, after: str, cause: str) -> None:
    assert found(tmp_path, PYPROJECT.replace(before, after, 1)) == ([cause] if cause else [])


@pytest.mark.parametrize(
    ("line", "cause"), [('readme = "NONE"', README), ('readme = "READ.md"', ""), ('license-file = "NONE"', SETTINGS)]
)
def test_what_the_manifest_names(tmp_path: Path, line: str, cause: str) -> None:
    assert found(tmp_path, cargo=CARGO.replace("[lib]", f"{line}\n[lib]")) == ([cause] if cause else [])


@pytest.mark.parametrize(
    ("name", "value", "stops"),
    [
        ("PYO3_PYTHON", "/opt/none", True),
        ("PYO3_PYTHON", "python3.13", False),
        ("PYO3_CONFIG_FILE", "/opt/none", True),
        ("PYO3_CONFIG_FILE", "config.txt", True),
        ("PYO3_CONFIG_FILE", "/opt/odd.txt", True),
        ("PYO3_CONFIG_FILE", "/opt/config.txt", False),
        ("PYO3_CROSS_LIB_DIR", "/opt/none", True),
        ("PYO3_CROSS_LIB_DIR", "/opt/lib", False),
    ],
)
def test_variables_of_pyo3(tmp_path: Path, name: str, value: str, stops: bool) -> None:
    assert found(tmp_path, **{name: value}) == ([PYTHON] if stops else [])


@pytest.mark.parametrize("text", [PYPROJECT + "[project.urls\n", "[build-system\n", 'a = "unended\n'])
def test_what_is_not_toml_stops_every_build(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, text) == [INVALID]


def test_a_project_file_of_other_tools_stops_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, "[tool.ruff]\nline-length = 100\n") == []
