"""target-folder-not-writable follows cargo's settings, and knows what a user may write on a live machine only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from diagnose_checks.rust import target_folder_not_writable
from readers.miniroot import nobody
from roots import cases, look, read

from diagnose.readers import env


def found(facts: env.Environment) -> list[str]:
    return [finding.message for finding in target_folder_not_writable.env(facts)]


def test_a_near_miss_is_silent(tmp_path: Path) -> None:
    case = cases.CASES["native-healthy"]
    read(case, str(tmp_path))
    root = str(tmp_path / "root")
    project = tmp_path / "project"
    (project / "Cargo.toml").write_text('[package]\nname = "demo"\nversion = "0.1.0"\n')
    (project / "src").mkdir(exist_ok=True)
    (project / "src/lib.rs").write_text("")
    assert found(look(case, root, CARGO_TARGET_DIR="/etc/none/target")) == []
    (project / "target").write_text("")
    assert found(look(case, root, CARGO_TARGET_DIR="out")) == []  # another folder is named
    assert len(found(look(case, root))) == 1
    (project / ".cargo").mkdir(exist_ok=True)
    (project / ".cargo/config.toml").write_text('[build]\ntarget-dir = "out"\n')
    assert found(look(case, root)) == []
    (project / "out").mkdir()
    (project / "out/release").write_text("")
    (message,) = found(look(case, root))
    assert message.endswith("out/release is a file")
    (project / "out/release").unlink()
    (project / "out/release").symlink_to(tmp_path / "elsewhere")
    (message,) = found(look(case, root))
    assert message.endswith("out/release is a link to what does not exist")
    (tmp_path / "elsewhere").mkdir()
    assert found(look(case, root)) == []


def test_no_program_makes_a_folder_in_a_file_system_of_the_kernel(tmp_path: Path) -> None:
    if not os.path.isdir("/proc/self") or os.stat("/proc").st_dev == os.stat("/").st_dev:
        pytest.skip("/proc is not the kernel's")
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "demo"\nversion = "0.1.0"\n')
    (tmp_path / "src").mkdir()
    (tmp_path / "src/lib.rs").write_text("")
    environ = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    for folder in ("/proc/target", "/proc/self/target"):
        facts = env.read("/", None, cwd=str(tmp_path), environ={**environ, "CARGO_TARGET_DIR": folder})
        assert found(facts)[0].endswith("is a file system of the kernel")
    facts = env.read(
        "/", None, cwd=str(tmp_path), environ={**environ, "CARGO_TARGET_DIR": str(tmp_path / "proc/target")}
    )
    assert found(facts) == []


def test_what_another_user_has_left() -> None:
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can leave a folder to itself and ask as another user")
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are for one user
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "src").mkdir()
        (folder / "src/lib.rs").write_text("")
        (folder / "Cargo.toml").write_text('[package]\nname = "demo"\nversion = "0.1.0"\n')
        (folder / "Cargo.lock").write_text("version = 4\n")
        (folder / "target/release").mkdir(parents=True)
        environ = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        assert found(env.read("/", None, cwd=name, environ=environ)) == []
        with nobody():
            (message,) = found(env.read("/", None, cwd=name, environ=environ))
        assert message.endswith("target is not writable")
