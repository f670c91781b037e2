"""The hooks for other projects, installed and run by pre-commit itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import installable
import pytest
import yaml
from conftest import need

from diagnose.cli import options

HOOKS = yaml.safe_load((installable.ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
PRE_COMMIT = Path(sysconfig.get_path("scripts")) / "pre-commit"
WHEELS = installable.ROOT / "fixtures" / "wheels"
BROKEN = """on: push
jobs:
  wheels:
    runs-on: ubuntu-24.04
    steps:
      - uses: PyO3/maturin-action@v1
        with: {target: armv7, manylinux: auto, before-script-linux: yum install -y alsa-lib-devel}
"""


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_each_hook_calls_a_command() -> None:
    assert HOOKS
    for hook in HOOKS:
        program, command = hook["entry"].split()
        assert (program, hook["id"]) == ("diagnose", f"diagnose-{command}")
        assert command in options.COMMANDS


@pytest.mark.network
def test_pre_commit_installs_and_runs_them(tmp_path: Path) -> None:
    need(PRE_COMMIT.exists() and shutil.which("git"), "pre-commit or git is not installed")
    source = installable.copy_to(tmp_path / "source")
    git(source, "init", "--quiet")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "x")
    project = tmp_path / "project"
    (project / ".github" / "workflows").mkdir(parents=True)
    git(project, "init", "--quiet")
    workflow = project / ".github" / "workflows" / "ci.yml"
    workflow.write_text(BROKEN)
    for pattern in ("healthy_abi3-", "wheel_glibc_too_new-1-"):
        shutil.copy(next(WHEELS.glob(f"{pattern}*.whl")), project)
    (project / "Cargo.toml").write_text('[package]\nname = "a"\nversion = "1.0.0"\n')
    hooks = [{"id": "diagnose-workflow"}, {"id": "diagnose-wheel"}]
    hooks.append({"id": "diagnose-env", "args": ["--target", "no-such-target"]})
    entry = {"repo": str(source), "rev": git(source, "rev-parse", "HEAD"), "hooks": hooks}
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [entry]}))
    git(project, "add", "--all")
    environ = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache"), "PRE_COMMIT_COLOR": "never"}

    def run() -> tuple[int, str]:
        command = [PRE_COMMIT, "run", "--all-files", "--verbose"]
        done = subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    code, text = run()
    assert code == 1, text
    parts = dict(zip(("", "workflow", "wheel", "env"), text.split("- hook id: diagnose-"), strict=True))
    assert "[wrong-package-manager-for-container]" in parts["workflow"], text
    assert "[wheel-glibc-too-new]" in parts["wheel"] and "healthy_abi3" in parts["wheel"], text
    assert "exit code: 2" in parts["env"] and "no-such-target: no architecture has this name" in parts["env"], text

    workflow.write_text(BROKEN.replace("yum install -y alsa-lib-devel", "cat /etc/os-release"))
    git(project, "rm", "--quiet", "--force", *[path.name for path in project.glob("*.whl")])
    hooks.pop()
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [entry]}))
    git(project, "add", "--all")
    code, text = run()
    assert code == 0, text
    assert "1 leg for Linux" in text
    assert "(no files to check)Skipped" in text  # the wheels
