#!/usr/bin/env bash
# `maturin generate-ci github` writes a workflow that is not YAML if before-script-linux has several lines.
#
# Version: maturin 1.16.0.
# Behaviour: before-script-linux of [tool.maturin.generate-ci.github] goes into the workflow as it stands, without
#   quotes and without indentation. The second line of a script ends the mapping that holds the first one.
# Matters: the tables that `diagnose workflow --generate maturin-tables` prints have scripts of one line, with commands
#   joined by `&&`, and without a colon or a hash sign that YAML would read.
# Needs: cargo.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check maturin==1.16.0 PyYAML==6.0.3
export PATH=$work/venv/bin:$PATH
maturin --version

mkdir src
touch src/lib.rs
printf '[package]\nname = "demo"\nversion = "1.0.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n' >Cargo.toml
project='[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n[project]\nname = "demo"\nversion = "1.0.0"\n'
table='[tool.maturin]\nbindings = "cffi"\n[[tool.maturin.generate-ci.github.linux.target]]\narch = "x86_64"\n'

written() { # SCRIPT, in TOML
    printf "$project${table}before-script-linux = %s\n" "$1" >pyproject.toml
    maturin generate-ci github >release.yml 2>/dev/null
    grep -A 1 before-script release.yml
    python -c 'import yaml; yaml.safe_load(open("release.yml"))' 2>/dev/null
}

if ! written '"dnf install -y a && dnf install -y b"'; then
    echo "CHANGED: a script of one line is not YAML either"
    exit 1
fi
if written '"""\ndnf install -y a\ndnf install -y b\n"""'; then
    echo "CHANGED: a script of several lines is YAML"
    exit 1
fi
echo "a script of several lines is not YAML"
