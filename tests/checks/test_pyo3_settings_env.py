"""What PyO3 refuses of its settings, as cargo and maturin met it with pyo3 0.27 in a Debian root with Python 3.13."""

from __future__ import annotations

from pathlib import Path

import pytest
from readers import miniroot
from roots import judged
from test_env_states import ARM, LINKER, with_gcc

from diagnose.readers import env

NO_PYTHON, OLD, NEW = "pyo3-interpreter-not-found", "pyo3-python-too-old", "pyo3-python-too-new"
VERSION, KIND, FOLDER, FILE = (
    "PYO3_CROSS_PYTHON_VERSION", "PYO3_CROSS_PYTHON_IMPLEMENTATION", "PYO3_CROSS_LIB_DIR", "PYO3_CONFIG_FILE",
)  # fmt: skip
#: {variables: the cause at which a native build stops}; empty where it passes.
NATIVE = {
    "": "",
    "PYO3_CROSS=1": NO_PYTHON,
    "PYO3_CROSS=": NO_PYTHON,
    "PYO3_NO_PYTHON=1": NO_PYTHON,
    "PYO3_NO_PYTHON=0": NO_PYTHON,
    "PYO3_NO_PYTHON=": NO_PYTHON,
    "PYO3_PRINT_CONFIG=1": NO_PYTHON,
    "PYO3_PRINT_CONFIG=0": "",
    f"{VERSION}=3.12": "",
    f"{VERSION}=3.12.1": NO_PYTHON,
    f"{VERSION}=python3.12": NO_PYTHON,
    f"{VERSION}=3": NO_PYTHON,
    f"{VERSION}=": NO_PYTHON,
    f"{VERSION}=3.5": OLD,
    f"{VERSION}=3.99": NEW,
    f"{VERSION}=3.13t": "",
    f"{VERSION}=3.12t": OLD,
    f"{VERSION}=3.12 {KIND}=PyPy": "",
    f"{VERSION}=3.12 {KIND}=pypy": NO_PYTHON,
    f"{KIND}=CPython": NO_PYTHON,
    f"{FOLDER}=/nowhere": NO_PYTHON,
    f"{FOLDER}=": NO_PYTHON,
    f"{FOLDER}=/empty": NO_PYTHON,
    f"{FOLDER}=/usr/lib/python3.13": "",
    f"{FOLDER}=/usr/lib": "",
    f"{FOLDER}=/usr/lib {VERSION}=3.12": NO_PYTHON,
    f"{FOLDER}=/usr/lib {VERSION}=3.13": "",
    f"{FOLDER}=/usr/lib _PYTHON_SYSCONFIGDATA_NAME=_sysconfigdata__nosuch": NO_PYTHON,
    f"{FOLDER}=/two": NO_PYTHON,
    f"{FOLDER}=/two {VERSION}=3.12": "",
    f"{FOLDER}=/empty PYO3_NO_PYTHON=1": NO_PYTHON,
    "PYO3_PYTHON=/nowhere/python3": NO_PYTHON,
    "PYO3_PYTHON=": NO_PYTHON,
    "PYO3_PYTHON=/usr/bin/python3": "",
    "PYO3_PYTHON=python3": "",
    "PYO3_PYTHON=python3.99": NO_PYTHON,
    f"{FILE}=/nowhere": NO_PYTHON,
    f"{FILE}=cfg": NO_PYTHON,
    f"{FILE}=": NO_PYTHON,
    f"{FILE}=/empty": NO_PYTHON,
    f"{FILE}=/cfg/good {VERSION}=x PYO3_NO_PYTHON=1": "",
}
#: {content of the file: the cause}.
FILES = {
    "version=3.12\n": "",
    "version=3.12\nfoo=1\n": "",
    "version=3.12\nimplementation=CPython\nshared=true\npointer_width=64\n": "",
    "": NO_PYTHON,
    "implementation=CPython\n": NO_PYTHON,
    "version=3.12\n\n": NO_PYTHON,
    "# of the target\nversion=3.12\n": NO_PYTHON,
    "version = 3.12\n": NO_PYTHON,
    "version=3\n": NO_PYTHON,
    "version=3.12.1\n": NO_PYTHON,
    "version=3.12\nshared=yes\n": NO_PYTHON,
    "version=3.12\nimplementation=cpython\n": NO_PYTHON,
    "version=3.12\npointer_width=x\n": NO_PYTHON,
    "version=3.6\n": OLD,
    "version=2.7\n": OLD,
    "version=3.99\n": NEW,
}
LOCK = 'version = 4\n[[package]]\nname = "own"\nversion = "0.1.0"\ndependencies = ["pyo3"]\n'


def made(tmp_path: Path, features: str = '"extension-module"', pyo3: str = "0.27.2") -> Path:
    """Make a root and a project beside it; return the root."""
    root = with_gcc(with_gcc(miniroot.make(tmp_path / "root")), gnu="arm-linux-gnueabihf")
    for name in ("python3", "python3.13"):
        miniroot.write(root / "usr/bin" / name, miniroot.elf("amd64"), 0o755)
    miniroot.write(root / "usr/lib/python3.13/_sysconfigdata__x86_64-linux-gnu.py", "build_time_vars = {}\n")
    (root / "empty").mkdir()
    for minor in (12, 13):
        miniroot.write(root / f"two/lib/python3.{minor}/_sysconfigdata__x86_64-linux-gnu.py", "")
    miniroot.write(root / "cfg/good", "version=3.12\n")
    manifest = '[package]\nname = "own"\nversion = "0.1.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n'
    manifest += f'[dependencies]\npyo3 = {{ version = "0", features = [{features}] }}\n'
    miniroot.write(tmp_path / "p/Cargo.toml", manifest)
    miniroot.write(tmp_path / "p/src/lib.rs", "")
    source = 'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
    crates = "".join(
        f'[[package]]\nname = "{name}"\nversion = "{pyo3}"\n{source}dependencies = [{needs}]\n'
        for name, needs in (("pyo3", '"pyo3-ffi"'), ("pyo3-ffi", ""))
    )
    miniroot.write(tmp_path / "p/Cargo.lock", LOCK + crates)
    return root


def causes(root: Path, variables: str, target: str | None = None) -> list[str]:
    given = dict(one.split("=", 1) for one in variables.split())
    environ = {"PATH": "/usr/bin", **LINKER, **given}
    facts = env.read(str(root), target, cwd=str(root.parent / "p"), environ=environ)
    found = [one for one in judged(facts).findings if one.check.startswith("pyo3")]
    return [one.check for one in found if one.severity.value == "error"]


@pytest.mark.parametrize("variables", NATIVE)
def test_variables_of_pyo3(tmp_path: Path, variables: str) -> None:
    assert causes(made(tmp_path), variables) == [NATIVE[variables]] * bool(NATIVE[variables])


@pytest.mark.parametrize("content", FILES)
def test_the_file_with_pyo3s_settings(tmp_path: Path, content: str) -> None:
    root = made(tmp_path)
    miniroot.write(root / "cfg/this", content)
    assert causes(root, f"{FILE}=/cfg/this") == [FILES[content]] * bool(FILES[content])


def test_a_stable_abi_needs_no_python(tmp_path: Path) -> None:
    root = made(tmp_path, '"extension-module", "abi3-py39"')
    for variables in ("PYO3_NO_PYTHON=1", "PYO3_CROSS=1", f"{VERSION}=3.99", f"{FOLDER}=/empty PYO3_NO_PYTHON=1"):
        assert causes(root, variables) == [], variables
    assert causes(root, f"{VERSION}=3.8") == [OLD]
    assert causes(root, f"{VERSION}=3.x") == [NO_PYTHON]
    assert causes(root, f"{FOLDER}=/empty") == [NO_PYTHON]
    plain = made(tmp_path / "plain", '"extension-module", "abi3"')
    assert causes(plain, "PYO3_NO_PYTHON=1") == [NO_PYTHON]


def test_a_cross_build_can_be_told_its_python_by_maturin(tmp_path: Path) -> None:
    root = made(tmp_path)
    for variables in ("", "PYO3_CROSS=1", f"{VERSION}=3.12", f"{KIND}=CPython"):
        assert causes(root, variables, ARM) == [], variables
    assert causes(root, f"{VERSION}=3.12.1", ARM) == [NO_PYTHON]
    assert causes(root, f"{FOLDER}=/empty", ARM) == [NO_PYTHON]


@pytest.mark.parametrize(
    ("pyo3", "version", "cause"),
    [
        ("0.20.3", "3.13", NEW),
        ("0.22.6", "3.13", ""),
        ("0.22.6", "3.13t", NO_PYTHON),  # not a number there
        ("0.24.2", "3.14", NEW),
        ("0.26.0", "3.14", ""),
        ("0.29.3", "3.7", OLD),
        ("0.28.3", "3.7", ""),
        ("0.30.1", "3.8", OLD),
        ("0.31.0", "3.99", ""),  # not known here
    ],
)
def test_each_release_of_pyo3_has_its_own_limits(tmp_path: Path, pyo3: str, version: str, cause: str) -> None:
    assert causes(made(tmp_path, pyo3=pyo3), f"{VERSION}={version}") == [cause] * bool(cause)
