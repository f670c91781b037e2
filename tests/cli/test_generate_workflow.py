"""``workflow --generate``: the reader finds nothing in the text; targets that cannot be built are left out."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from conftest import need

from diagnose.cli import fast
from diagnose.engine import registry
from diagnose.engine.run import Result, run_checks
from diagnose.readers import toml, workflow
from diagnose.readers.workflow import nodes

HERE = Path(__file__).resolve().parents[2]
KEPT = HERE / "crate" / ".github" / "workflows" / "release.yml"
KINDS = ("maturin", "cibuildwheel", "uv")
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


def generated(
    folder: Path, *arguments: str, capsys: pytest.CaptureFixture[str], kind: str = "maturin"
) -> tuple[int, str, str]:
    status = fast.run(["workflow", "--generate", kind, *arguments, str(folder)])
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


def own_crate(folder: Path) -> Path:
    ignored = shutil.ignore_patterns("target", ".github", ".*_cache")
    return Path(shutil.copytree(HERE / "crate", folder / "crate", ignore=ignored))


def test_the_reference_crate_keeps_what_is_generated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = own_crate(tmp_path)
    command = KEPT.read_text().partition("`")[2].partition("`")[0].split()
    status, text, err = generated(folder, *command[4:], capsys=capsys)
    assert (status, err) == (0, "")
    assert text == KEPT.read_text()
    result = judged(folder, text)
    assert result.error is None and result.findings == () and result.unseen == ()
    legs = result.facts["legs"]
    assert len(legs) == 9 and all(leg["builds_in"] == "image" and leg["published"] for leg in legs)
    tags = {leg["tag"] for leg in legs}
    assert tags >= {"manylinux_2_28_x86_64", "manylinux_2_35_armv7l", "musllinux_1_2_aarch64"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_target_of_a_crate_with_a_library(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = own_crate(tmp_path)
    asked = [word for name in ALL for word in ("--target", name)]
    status, text, err = generated(folder, *asked, capsys=capsys, kind=kind)
    assert (status, err) == (0, "") and "--locked" in text
    result = judged(folder, text)
    assert result.error is None and result.findings == () and result.unseen == ()
    assert len(result.facts["legs"]) == len(ALL)
    assert {leg["target"] for leg in result.facts["legs"]} >= {"s390x-unknown-linux-gnu", "x86_64-unknown-linux-musl"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_generated_passes_the_schema_and_zizmor(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both run offline: the schema is the one in check-jsonschema's package."""
    folder = own_crate(tmp_path)
    asked = [word for name in ALL for word in ("--target", name)]
    text = generated(folder, *asked, capsys=capsys, kind=kind)[1]
    file = tmp_path / "release.yml"
    file.write_text(text)
    tools = Path(sysconfig.get_path("scripts"))
    schema = [tools / "check-jsonschema", "--builtin-schema", "vendor.github-workflows"]
    for command in (schema, [tools / "zizmor", "--offline", "--no-progress", "--no-config"]):
        need(command[0].exists(), f"not installed: {command[0].name}")
        done = subprocess.run([*command, file], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


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
    assert "left out: s390x-unknown-linux-gnu: ghcr.io/rust-cross/manylinux_2_28-cross:s390x: its OPENSSL_DIR" in err
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


def test_the_tables_of_maturins_own_generator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The script is one line that YAML takes without quotes: maturin 1.16 puts it into the workflow as it stands."""
    folder = own_crate(tmp_path)
    asked = [word for name in ALL for word in ("--target", name)]
    status, text, _ = generated(folder, *asked, capsys=capsys, kind="maturin-tables")
    assert status == 0
    tables = toml.parse(text)["tool"]["maturin"]["generate-ci"]["github"]
    rows = tables["linux"]["target"] + tables["musllinux"]["target"]
    assert [row["arch"] for row in rows] == [*ALL[:-1], "x86_64"]
    for row in rows:
        value = nodes.parse(f"before-script-linux: {row['before-script-linux']}\n", "x")
        assert isinstance(value, nodes.Table)
        assert value.text("before-script-linux") is not None
        assert value.entries["before-script-linux"].text == row["before-script-linux"]


def test_the_tables_are_added_once_and_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = own_crate(tmp_path)
    before = (folder / "pyproject.toml").read_text()
    diff = generated(folder, "--diff", capsys=capsys, kind="maturin-tables")[1]
    assert diff.startswith("--- a/pyproject.toml\n") and "+[tool.maturin.generate-ci.github]\n" in diff
    assert generated(folder, "--apply", capsys=capsys, kind="maturin-tables")[0] == 2  # no one agrees
    assert (folder / "pyproject.toml").read_text() == before
    assert generated(folder, "--apply", "--yes", capsys=capsys, kind="maturin-tables")[0] == 0
    toml.parse((folder / "pyproject.toml").read_text())
    status, _, err = generated(folder, "--apply", "--yes", capsys=capsys, kind="maturin-tables")
    assert status == 2 and "has [tool.maturin.generate-ci] already" in err
    assert fast.run(["undo"]) == 0
    assert (folder / "pyproject.toml").read_text() == before


def test_a_workflow_that_was_written_by_hand_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = own_crate(tmp_path)
    file = folder / ".github" / "workflows" / "release.yml"
    assert generated(folder, "--apply", "--yes", capsys=capsys)[0] == 0
    assert file.read_text().startswith("# Written by")
    assert generated(folder, "--apply", "--yes", "--target", "armv7", capsys=capsys)[0] == 0
    assert "armv7" in file.read_text()
    assert fast.run(["undo"]) == 0 and not file.exists()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("name: mine\n")
    status, _, err = generated(folder, "--apply", "--yes", capsys=capsys)
    assert status == 2 and "was not written by diagnose" in err
    assert file.read_text() == "name: mine\n"


def test_cross_gets_its_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The images of cross split Ubuntu's sources themselves; one for its own processor needs no other names."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = own_crate(tmp_path)
    asked = [word for name in ("x86_64", "armv7", "riscv64") for word in ("--target", name)]
    status, text, _ = generated(folder, *asked, capsys=capsys, kind="cross")
    assert status == 0
    targets = toml.parse(text)["target"]
    row = targets["armv7-unknown-linux-gnueabihf"]
    assert row["image"] == "ghcr.io/cross-rs/armv7-unknown-linux-gnueabihf:0.2.5"
    assert row["pre-build"] == [
        "set -e",
        "dpkg --add-architecture armhf",
        "apt-get update",
        "apt-get install -y --no-install-recommends pkg-config libasound2-dev:armhf",
    ]
    name = "armv7_unknown_linux_gnueabihf"
    assert row["env"]["passthrough"] == [
        f"PKG_CONFIG_ALLOW_CROSS_{name}=1",
        f"PKG_CONFIG_LIBDIR_{name}=/usr/lib/arm-linux-gnueabihf/pkgconfig:/usr/share/pkgconfig",
    ]
    assert targets["x86_64-unknown-linux-gnu"]["pre-build"][-1].endswith("--no-install-recommends libasound2-dev")
    assert "env" not in targets["x86_64-unknown-linux-gnu"]
    assert generated(folder, *asked, "--apply", "--yes", capsys=capsys, kind="cross")[0] == 0
    build = "cross build --release --target armv7-unknown-linux-gnueabihf"
    result = judged(folder, f"jobs: {{a: {{runs-on: ubuntu-24.04, steps: [{{run: {build}}}]}}}}\n")
    assert result.findings == () and result.unseen == ()
    assert result.facts["legs"][0]["distribution"] == "Ubuntu 16.04"
    (folder / "Cross.toml").write_text("# mine\n")
    status, _, err = generated(folder, *asked, "--apply", "--yes", capsys=capsys, kind="cross")
    assert status == 2 and "Cross.toml was not written by diagnose" in err
