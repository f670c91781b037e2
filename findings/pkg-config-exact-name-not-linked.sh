#!/usr/bin/env bash
# A -sys crate whose .pc file says `Libs: -l:libfoo.so` builds without an error, and the library is not linked.
#
# Version: pkg-config crate 0.3.34, cargo 1.95.0, any pkg-config program.
# Behaviour: `-l:NAME` asks the linker for a file of exactly that name. rustc-link-lib cannot say that, so the crate prints
#   `cargo::rustc-link-arg=-l:libfoo.so`; cargo applies link arguments to the package's own final artefacts and not to a
#   crate that depends on it. `probe()` is Ok, the cdylib links (a shared library may have undefined symbols) and has no
#   NEEDED entry for libfoo. The same .pc file with `-lfoo` links it.
# Matters: "pkg-config found it, and the build is green" does not mean that the library is linked: the import fails.
# Needs: cargo, gcc, readelf, pkg-config.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export CARGO_TARGET_DIR=$work/target PKG_CONFIG_LIBDIR=$work/pc
unset PKG_CONFIG PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
cargo --version
echo "pkg-config $(pkg-config --version)"

mkdir -p foo-sys/src demo/src pc lib
printf 'int foo(void) { return 1; }\n' >foo.c
gcc -shared -fPIC -Wl,-soname,libfoo.so -o lib/libfoo.so foo.c
cat >foo-sys/Cargo.toml <<'TOML'
[package]
name = "foo-sys"
version = "0.1.0"
edition = "2021"
links = "foo"
[build-dependencies]
pkg-config = "=0.3.34"
TOML
printf 'fn main() {\n    pkg_config::probe_library("foo").expect("foo");\n}\n' >foo-sys/build.rs
printf 'extern "C" {\n    pub fn foo() -> i32;\n}\n' >foo-sys/src/lib.rs
cat >demo/Cargo.toml <<'TOML'
[package]
name = "demo"
version = "0.1.0"
edition = "2021"
[lib]
crate-type = ["cdylib"]
[dependencies]
foo-sys = { path = "../foo-sys" }
TOML
printf '#[no_mangle]\npub extern "C" fn demo() -> i32 {\n    unsafe { foo_sys::foo() }\n}\n' >demo/src/lib.rs

failed=0
for form in -lfoo -l:libfoo.so; do
    printf 'Name: foo\nDescription: foo\nVersion: 1\nLibs: -L%s/lib %s\n' "$work" "$form" >pc/foo.pc
    rm -rf target
    cargo build --quiet --manifest-path demo/Cargo.toml
    needed=$(readelf --dynamic target/debug/libdemo.so | grep -o 'libfoo\.so' || true)
    echo "Libs: $form    built, NEEDED: ${needed:-no libfoo}"
    case $form in
        -lfoo) [ -n "$needed" ] ;;
        *) [ -z "$needed" ] ;;
    esac || { echo CHANGED; failed=1; }
done
exit "$failed"
