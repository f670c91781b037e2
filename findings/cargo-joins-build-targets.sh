#!/usr/bin/env bash
# cargo joins the lists of `build.target` from all configuration files, and CARGO_BUILD_TARGET adds to them.
#
# Version: cargo 1.95.0 (also seen with 1.97).
# Behaviour: `target = ["A"]` in the project and `target = ["B"]` in a parent folder select A *and* B. A string would be
#   overridden by the nearer file; a list is joined, as every array in cargo's configuration is. CARGO_BUILD_TARGET does
#   not override the lists either.
# Matters: whoever reads only the nearest file believes that one target is built.
# `cargo tree` resolves for the configured targets without compiling, so no target has to be installed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export CARGO_HOME=$work/home
unset CARGO_BUILD_TARGET
cargo --version

for name in for-arm64 for-s390x for-riscv64; do
    mkdir -p "outer/$name/src"
    printf '[package]\nname = "%s"\nversion = "0.1.0"\nedition = "2021"\n' "$name" >"outer/$name/Cargo.toml"
    : >"outer/$name/src/lib.rs"
done
mkdir -p outer/project/src outer/.cargo outer/project/.cargo
cat >outer/project/Cargo.toml <<'TOML'
[package]
name = "demo"
version = "0.1.0"
edition = "2021"
[target.'cfg(target_arch = "aarch64")'.dependencies]
for-arm64 = { path = "../for-arm64" }
[target.'cfg(target_arch = "s390x")'.dependencies]
for-s390x = { path = "../for-s390x" }
[target.'cfg(target_arch = "riscv64")'.dependencies]
for-riscv64 = { path = "../for-riscv64" }
TOML
: >outer/project/src/lib.rs
printf '[build]\ntarget = ["s390x-unknown-linux-gnu"]\n' >outer/.cargo/config.toml
printf '[build]\ntarget = ["aarch64-unknown-linux-gnu"]\n' >outer/project/.cargo/config.toml

cd outer/project
failed=0
expect() { # title, then the names of the dependencies that must be there, exactly
    local title=$1 found
    shift
    found=$(cargo tree --offline --prefix none --format '{p}' | grep -o '^for-[a-z0-9]*' | sort -u | xargs)
    echo "$title: $found"
    [ "$found" = "$*" ] || { echo "CHANGED: expected $*"; failed=1; }
}
expect "two files" for-arm64 for-s390x
CARGO_BUILD_TARGET=riscv64gc-unknown-linux-gnu expect "two files and CARGO_BUILD_TARGET" for-arm64 for-riscv64 for-s390x
exit "$failed"
