"""``workflow --generate``: the reader finds nothing in the text; targets that cannot be built are left out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from diagnose.cli import fast
from diagnose.engine import registry
from diagnose.engine.run import Result, run_checks
from diagnose.readers import workflow

HERE = Path(__file__).resolve().parents[2]
KEPT = HERE / "crate" / ".github" / "workflows" / "release.yml"
ALL = ("x86_64", "i686", "aarch64", "armv7", "ppc64le", "s390x", "riscv64", "x86_64-unknown-linux-musl")


def crate(folder: Path, dependencies: str = "", features: str = "", name: str = "demo-wheel") -> Path:
    folder.mkdir(exist_ok=True)
    manifest = (
        f'[package]\nname = "demo"\nversion = "1.0.0"\n[lib]\ncrate-type = ["cdylib"]\n[dependencies]\n{dependencies}\n'
    )
    (folder / "Cargo.toml").write_text(manifest + features)
    lock = 'version = 4\n\n[[package]]\nname = "demo"\nversion = "1.0.0"\n'
    if dependencies:
        lock += 'dependencies = ["openssl-sys"]\n\n[[package]]\nname = "openssl-sys"\nversion = "0.9.117"\n'
        lock += 'dependencies = ["pkg-config"]\n\n[[package]]\nname = "pkg-config"\nversion = "0.3.32"\n'
    (folder / "Cargo.lock").write_text(lock)
    (folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n[build-system]\nrequires = ["maturin"]\n')
    return folder


def generated(folder: Path, *arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = fast.run(["workflow", "--generate", "maturin", *arguments, str(folder)])
    found = capsys.readouterr()
    return status, found.out, found.err


def judged(folder: Path, text: str) -> Result:
    path = folder / ".github" / "workflows" / "release.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    repository = workflow.Repository(str(folder))
    (name,) = repository.workflows()
    checks = registry.load("workflow")
    return run_checks("workflow", name, lambda: workflow.read(name, repository), workflow.facts, checks)


def test_the_reference_crate_keeps_what_is_generated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "crate"
    shutil.copytree(HERE / "crate", folder, ignore=shutil.ignore_patterns("target", ".github", ".*_cache"))
    status, text, err = generated(folder, capsys=capsys)
    assert (status, err) == (0, "")
    assert text == KEPT.read_text()
    result = judged(folder, text)
    assert result.error is None and result.findings == () and result.unseen == ()
    legs = {leg["target"]: leg for leg in result.facts["legs"]}
    assert [leg["builds_in"] for leg in legs.values()] == ["image"] * 2
    assert all(leg["published"] and leg["tag"].startswith("manylinux_2_28_") for leg in legs.values())
    assert text.count("dnf install -y alsa-lib-devel") == 2


def test_every_target_of_a_crate_without_libraries(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = crate(tmp_path / "a")
    asked = [word for name in ALL for word in ("--target", name)]
    status, text, err = generated(folder, *asked, capsys=capsys)
    assert (status, err) == (0, "") and "--find-interpreter" in text
    result = judged(folder, text)
    assert result.error is None and result.findings == () and result.unseen == ()
    assert len(result.facts["legs"]) == len(ALL)
    assert {leg["tag"] for leg in result.facts["legs"]} >= {"manylinux_2_28_s390x", "musllinux_1_2_x86_64"}


def test_a_library_that_no_cross_image_has_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = crate(tmp_path / "a", 'openssl-sys = "0.9"')
    status, text, err = generated(folder, "--target", "x86_64", "--target", "s390x", capsys=capsys)
    assert status == 1 and "dnf install -y openssl-devel" in text and "target: s390x" not in text
    assert "left out: s390x-unknown-linux-gnu: its cross image has no packages for the target" in err
    assert judged(folder, text).findings == ()


def test_a_crate_below_the_root_of_its_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".git").mkdir()
    status, text, _ = generated(crate(tmp_path / "inner"), capsys=capsys)
    assert status == 0 and "working-directory: inner\n" in text and "path: inner/dist/*.whl" in text


@pytest.mark.parametrize(
    ("arguments", "change", "reason"),
    [
        (["--target", "m68k"], "", "no Linux target is named m68k"),
        (["--target", "loongarch64"], "", "none of the targets can be built"),
        ([], "Cargo.lock", "no Cargo.toml with its Cargo.lock"),
        ([], "pyproject.toml", "names no project that maturin can build"),
        ([], "name", "names no project that maturin can build"),
    ],
)
def test_wrong_inputs(
    arguments: list[str], change: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = crate(tmp_path / "a", name="x\\n  evil: y" if change == "name" else "x")
    if "." in change:
        (folder / change).unlink()
    status, text, err = generated(folder, *arguments, capsys=capsys)
    assert status == 2 and text == "" and reason in err


def test_a_target_needs_generate(capsys: pytest.CaptureFixture[str]) -> None:
    assert fast.run(["workflow", "--target", "x86_64"]) == 2
    assert "--target needs --generate" in capsys.readouterr().err
