#!/usr/bin/env bash
# The Python binding of Hyperscan takes a literal expression to end at its first NUL byte.
#
# Version: hyperscan 0.9.1 (Python binding, with Vectorscan).
# Behaviour: with compile(literal=True), an expression of bytes that has a NUL matches what stands before it alone, wherever
#   that is, without an error. The same bytes as an escaped regular expression match whole. The C interface takes the
#   length of each literal, so that a NUL can be in one (hs_compile_lit_multi in hs_compile.h).
# Matters: a search of binary data for literal signatures finds too much, and says that it ended too early.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check hyperscan==0.9.1
venv/bin/python - <<'PY'
import hyperscan

TEXT, DATA = b"abc\0def", b"abc, abc\0def"


def ends(expression, **options):
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=[expression], ids=[0], elements=1, flags=[0], **options)
    database.scratch = hyperscan.Scratch(database)
    found = []
    database.scan(DATA, match_event_handler=lambda number, start, end, flags, context: found.append(end))
    return found


literal, escaped = ends(TEXT, literal=True), ends(rb"abc\x00def")
print("literal:", literal, "escaped:", escaped)
assert literal == [3, 8], "CHANGED: a literal does not end at a NUL any more"
assert escaped == [12], "CHANGED: an escaped NUL is not matched any more"
PY
