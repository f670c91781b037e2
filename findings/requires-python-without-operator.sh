#!/usr/bin/env bash
# pip installs a wheel whose METADATA says "Requires-Python: 3.8"; uv refuses the same file.
#
# Version: pip 26.3, uv 0.13.9.
# Behaviour: the core metadata specification wants a version specifier ("==3.8", ">=3.8"), and a bare "3.8" is not one. pip logs
#   that it ignores the field and installs the wheel on any Python; uv stops with a parse error.
# Matters: a wheel that its author tested with pip alone fails for everyone who installs with uv.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pip==26.3 uv==0.13.9
venv/bin/pip --version | cut -d' ' -f1,2
venv/bin/uv --version | cut -d' ' -f1,2

venv/bin/python - <<'PY'
import zipfile

info = "demo-1.0.dist-info"
with zipfile.ZipFile("demo-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("demo.py", "")
    wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Python: 3.8\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(f"{info}/RECORD", f"demo.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
PY

failed=0
echo "\$ pip install demo-1.0-py3-none-any.whl"
venv/bin/pip install --disable-pip-version-check --no-index --target pip-out demo-1.0-py3-none-any.whl ||
    { echo "CHANGED: pip refuses the wheel"; failed=1; }
echo "\$ uv pip install demo-1.0-py3-none-any.whl"
if venv/bin/uv pip install --offline --target uv-out demo-1.0-py3-none-any.whl >uv.txt 2>&1; then
    echo "CHANGED: uv accepts the wheel"
    failed=1
fi
cat uv.txt
grep -q '3\.8' uv.txt || { echo "CHANGED: uv refuses it for another reason"; failed=1; }
exit "$failed"
