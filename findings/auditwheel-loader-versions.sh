#!/usr/bin/env bash
# auditwheel does not count the symbol versions of the dynamic linker itself.
#
# Version: auditwheel 6.8.2.
# Behaviour: a module that uses `__rseq_offset` needs version GLIBC_2.35 of ld-linux-x86-64.so.2 (the dynamic linker owns
#   that symbol, not libc.so.6). The wheel does not load on glibc 2.31: "version `GLIBC_2.35' not found". `auditwheel show`
#   compares only the libraries that its policies list versions for, and calls the wheel manylinux_2_5.
# Matters: a tag that auditwheel confirms can be too old by ten years.
# Needs: gcc, readelf, x86_64 with glibc 2.35 or newer.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check auditwheel==6.8.2
venv/bin/auditwheel --version

mkdir demo
# A module needs nothing of Python's headers to be seen as one: the name and the export function are enough.
cat >demo.c <<'C'
#include <stddef.h>
extern const ptrdiff_t __rseq_offset;
void *PyInit_demo(void) { return (void *)__rseq_offset; }
C
gcc -O2 -shared -fPIC -o demo.cpython-311-x86_64-linux-gnu.so demo.c
readelf --version-info demo.cpython-311-x86_64-linux-gnu.so | grep -A1 'File: '

venv/bin/python - <<'PY'
import zipfile

info, module = "demo-1.0.dist-info", "demo.cpython-311-x86_64-linux-gnu.so"
with zipfile.ZipFile("demo-1.0-cp311-cp311-linux_x86_64.whl", "w") as wheel:
    wheel.write(module)
    wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
    wheel.writestr(
        f"{info}/WHEEL",
        "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: false\nTag: cp311-cp311-linux_x86_64\n",
    )
    wheel.writestr(f"{info}/RECORD", f"{module},,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
PY
venv/bin/auditwheel show demo-1.0-cp311-cp311-linux_x86_64.whl | tee shown
tr '\n' ' ' <shown | grep -q 'following platform tag: *"manylinux_2_5_x86_64"' ||
    { echo 'CHANGED: the verdict is no longer manylinux_2_5'; exit 1; }
