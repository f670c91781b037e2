"""Releases that an older Rust builds, in the cache of the index that cargo keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
from readers import miniroot

from diagnose.readers.cargo import older_versions
from diagnose.readers.cargo.project_facts import Floor
from diagnose.readers.system.root import Root

ROWS = (("0.24.4", "1.83"), ("0.24.5", "1.83"), ("0.24.6", ""), ("0.25.0-alpha.1", "1.80"), ("0.25.0", "1.92"))
ROWS += (("0.25.4", "1.92"), ("0.26.0", "1.70"))


def cached(tmp_path: Path) -> Root:
    entries = [b"\3\2\0\0\0Unknown"]
    for version, rust in ROWS:
        yanked = "true" if version == "0.24.6" else "false"
        needs = f', "rust_version": "{rust}"' if rust else ""
        entries += [version.encode(), f'{{"name": "gst", "vers": "{version}"{needs}, "yanked": {yanked}}}'.encode()]
    entries += [b"{", b'{"vers": 1, "yanked": false}', b"[" * 100_000]
    miniroot.write(tmp_path / "root/.cargo/registry/index/x/.cache/3/g/gst", b"\0".join(entries))
    return Root(str(tmp_path))


@pytest.mark.parametrize(
    ("wanted", "rust", "stuck", "newest"),
    [
        ("0.25.4", "1.85.1", True, "0.26.0"),
        ("0.25", "1.85.1", True, "0.26.0"),
        ("^0.25.0", "1.60.0", True, ""),
        ("0.24", "1.85.1", False, ""),
        ("0.25", "1.92.0", False, ""),
        ("0", "1.85.1", False, ""),
        (">=0.25", "1.85.1", False, ""),  # not a caret requirement: nothing is concluded
        ("0.25.x", "1.85.1", False, ""),
        ("", "1.85.1", False, ""),
    ],
)
def test_a_requirement_that_no_older_release_fits(
    tmp_path: Path, wanted: str, rust: str, stuck: bool, newest: str
) -> None:
    floor = Floor("1.92", "", "", "gst")
    manifest = {"dependencies": {"gst": {"version": wanted} if wanted else {"path": "gst"}}}
    (found,) = older_versions.marked(cached(tmp_path), "/root/.cargo", manifest, (floor,), rust)
    assert (bool(found.stuck), found.newest) == (stuck, newest)


def test_without_a_cache_or_a_direct_requirement_nothing_is_concluded(tmp_path: Path) -> None:
    floor = Floor("1.92", "", "", "gst")
    manifest = {"dependencies": {"gst": "0.25"}}
    assert older_versions.marked(Root(str(tmp_path)), "/root/.cargo", manifest, (floor,), "1.85.1") == (floor,)
    assert older_versions.marked(cached(tmp_path), "/root/.cargo", {}, (floor,), "1.85.1") == (floor,)
    own = Floor("1.92", "", "")
    assert older_versions.marked(Root(str(tmp_path)), "/root/.cargo", manifest, (own,), "1.85.1") == (own,)
    (built,) = older_versions.marked(
        cached(tmp_path), "/root/.cargo", {"build-dependencies": {"gst": "0.25"}}, (floor,), "1.85.1"
    )
    assert (built.stuck, built.newest) == ("0.25", "")  # `cargo add` would change another table
