"""rust-std-damaged looks at every archive of the host and the target, and accepts those that are whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnose_checks.rust import rust_std_damaged
from roots import cases, look, read

WHOLE = cases.tree.ARCHIVE


def test_a_near_miss_is_silent(tmp_path: Path) -> None:
    case = cases.CASES["native-healthy"]
    read(case, str(tmp_path))
    folder = tmp_path / "root/usr/lib/rustlib/x86_64-unknown-linux-gnu/lib"
    other = tmp_path / "root/usr/lib/rustlib/armv7-unknown-linux-gnueabihf/lib"
    other.mkdir(parents=True)
    (other / "libstd-0.rlib").write_text(WHOLE[:-1])  # of a target that is not built for
    (folder / "libodd-0.rlib").write_text(WHOLE.replace("4         `\nrust", "3         `\nrst\n"))  # padded
    (folder / "libstd-0.so").write_text("")
    assert list(rust_std_damaged.env(look(case, str(tmp_path / "root")))) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("\x7fELF", "is not an archive"),
        (WHOLE[:8], "holds nothing"),
        (WHOLE[:30], "is damaged at byte 8"),
        (WHOLE[:-1], "ends at byte 71, within a member that ends at byte 72"),
        (WHOLE + "libother.o", "is damaged at byte 72"),
        (WHOLE.replace("`", "'"), "is damaged at byte 8"),
        (None, "is not there"),
    ],
)
def test_an_archive_that_is_not_whole(tmp_path: Path, text: str | None, why: str) -> None:
    case = cases.CASES["native-healthy"]
    read(case, str(tmp_path))
    file = tmp_path / "root/usr/lib/rustlib/x86_64-unknown-linux-gnu/lib/libcore-0.rlib"
    file.unlink()
    if text is not None:
        file.write_text(text)
    (finding,) = rust_std_damaged.env(look(case, str(tmp_path / "root")))
    assert finding.evidence[0].detail == why
    assert "for crate `core`" in finding.consequence or "find crate for `core`" in finding.consequence
    assert [command.line for command in finding.fixes[0].commands][-1] == (
        "apt-get install -y --reinstall libstd-rust-dev"
    )
