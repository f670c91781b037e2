"""linker-glibc-too-old: an error where no Rust program links, a warning below Rust's floor, silent from there on."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnose_checks.linking import linker_glibc_too_old
from readers import miniroot
from roots import cases, look, read


@pytest.mark.parametrize(("glibc", "severity"), [("2.12", "ERROR"), ("2.16", "WARNING"), ("2.17", ""), ("2.41", "")])
def test_each_glibc(tmp_path: Path, glibc: str, severity: str) -> None:
    case = cases.CASES["native-healthy"]
    read(case, str(tmp_path))
    library = tmp_path / "root/usr/lib/x86_64-linux-gnu/libc.so.6"
    library.write_bytes(miniroot.elf("amd64") + f"GNU C Library (test) stable release version {glibc}.\n".encode())
    found = list(linker_glibc_too_old.env(look(case, str(tmp_path / "root"))))
    assert [finding.severity.name for finding in found] == ([severity] if severity else [])
