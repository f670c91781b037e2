"""The files beside a workflow that say what it builds: called workflows, pyproject.toml, Dockerfiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnose.model.finding import InputError
from diagnose.readers import workflow
from diagnose.readers.workflow import dockerfile
from diagnose.readers.workflow.repository import Repository
from diagnose.readers.workflow.workflow_facts import Leg, Workflow
from diagnose.tables import ci

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def read(folder: Path, files: dict[str, str], name: str = ".github/workflows/x.yml") -> Workflow:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return workflow.read(name, Repository(str(folder)))


def job(steps: str, runner: str = "ubuntu-24.04") -> str:
    return f"on: push\njobs:\n  j:\n    runs-on: {runner}\n    steps:\n{steps}"


def images(found: Workflow) -> dict[str, str]:
    return {leg.target: leg.place.name for leg in found.legs}


CALLED = """
on:
  workflow_call:
    inputs:
      target: {type: string, required: true}
      manylinux: {type: string, default: '2_28'}
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - uses: PyO3/maturin-action@v1
        with: {target: "${{ inputs.target }}", manylinux: "${{ inputs.manylinux }}"}
"""
CALLER = """
on: push
jobs:
  arm:
    strategy: {matrix: {target: [aarch64, armv7]}}
    uses: ./.github/workflows/called.yml
    with: {target: "${{ matrix.target }}"}
  old:
    uses: ./.github/workflows/called.yml
    with: {target: x86_64, manylinux: '2014'}
  elsewhere: {uses: you/repository/.github/workflows/x.yml@v1}
  publish:
    needs: [arm, old]
    runs-on: ubuntu-24.04
    steps: [{uses: pypa/gh-action-pypi-publish@release/v1}]
"""


def test_a_called_workflow_is_read_with_the_inputs_of_each_call(tmp_path: Path) -> None:
    files = {".github/workflows/x.yml": CALLER, ".github/workflows/called.yml": CALLED}
    found = read(tmp_path, files)
    assert [(leg.job, leg.target, leg.place.name) for leg in found.legs] == [
        ("arm / build", "aarch64-unknown-linux-gnu", "ghcr.io/rust-cross/manylinux_2_28-cross:aarch64"),
        ("arm / build", "armv7-unknown-linux-gnueabihf", "ghcr.io/rust-cross/manylinux_2_28-cross:armv7"),
        ("old / build", "x86_64-unknown-linux-gnu", "quay.io/pypa/manylinux2014_x86_64:latest"),
    ]
    assert {leg.spot.path for leg in found.legs} == {".github/workflows/called.yml"}
    assert found.unread == (".github/workflows/x.yml:11: you/repository/.github/workflows/x.yml@v1 was not read",)
    assert workflow.only_called(Repository(str(tmp_path))) == {".github/workflows/called.yml"}


def test_workflows_that_call_each_other_end(tmp_path: Path) -> None:
    row = "{strategy: {matrix: {x: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}}, uses: ./.github/workflows/x.yml}"
    found = read(tmp_path, {".github/workflows/x.yml": f"on: push\njobs: {{a: {row}}}"})
    assert found.legs == () and "was not read" in " ".join(found.unread)


def tag_of(folder: Path, table: str, step: str) -> Leg:
    pyproject = f"[project]\nname = 'x'\n\n[tool.maturin]\n{table}\n"
    (leg,) = read(folder, {".github/workflows/x.yml": job(step), "pyproject.toml": pyproject}).legs
    return leg


@pytest.mark.parametrize(
    ("table", "step", "tag"),
    [
        ("compatibility = 'off'", "- uses: PyO3/maturin-action@v1", "linux_x86_64"),
        ("compatibility = 'linux'", "- {uses: PyO3/maturin-action@v1, with: {manylinux: auto}}", "linux_x86_64"),
        ("compatibility = 'off'", "- {uses: PyO3/maturin-action@v1, with: {manylinux: 2_28}}", "manylinux_2_28_x86_64"),
        ("compatibility = 'manylinux2014'", "- run: maturin build", "manylinux2014_x86_64"),
        ("skip-auditwheel = true", "- run: maturin build", "linux_x86_64"),
        ("auditwheel = 'skip'", "- run: maturin build --manylinux 2_28", "manylinux_2_28_x86_64"),
        ("strip = true", "- run: maturin build", "up to manylinux_2_39_x86_64"),
        ("compatibility = 'off'", "- run: cd a && maturin build", "up to manylinux_2_39_x86_64"),
    ],
)
def test_the_tag_that_pyproject_asks_for(table: str, step: str, tag: str, tmp_path: Path) -> None:
    assert tag_of(tmp_path, table, f"      {step}\n").tag == tag


@pytest.mark.parametrize(
    ("uses", "image"),
    [
        ("v2.16", "manylinux2014_x86_64"),
        ("v2.2.2", "manylinux2010_x86_64"),
        ("v3", "manylinux_2_28_x86_64"),
        (f"{COMMIT} # v2.21.3", "manylinux2014_x86_64"),
        (f"{COMMIT} # pypa/cibuildwheel@v4.0.0, pinned", "manylinux_2_28_x86_64"),
        (COMMIT, ""),
        ("main", ""),
    ],
)
def test_the_image_is_that_of_the_release(uses: str, image: str, tmp_path: Path) -> None:
    step = f"      - uses: pypa/cibuildwheel@{uses}\n        env: {{CIBW_SKIP: '*-musllinux*', CIBW_ARCHS: x86_64}}\n"
    (leg,) = read(tmp_path, {".github/workflows/x.yml": job(step)}).legs
    assert leg.place.name.rpartition("/")[2] == image
    assert leg.place.kind == ("image" if image else "unknown")


@pytest.mark.parametrize(
    ("script", "image"),
    [
        ("pip install cibuildwheel==2.16.5\npython -m cibuildwheel --archs x86_64", "manylinux2014_x86_64"),
        ("pip install cibuildwheel\ncibuildwheel --only cp312-manylinux_x86_64", "manylinux_2_28_x86_64"),
        ("pip install 'cibuildwheel<3'\ncibuildwheel --archs x86_64", ""),
        ("pip install -r ci.txt\ncibuildwheel --archs x86_64", "manylinux2014_x86_64"),
        ("pip install -r requirements.txt\ncibuildwheel --archs=x86_64", ""),
    ],
)
def test_cibuildwheel_as_a_command(script: str, image: str, tmp_path: Path) -> None:
    lines = "".join(f"          {line}\n" for line in script.splitlines())
    files = {".github/workflows/x.yml": job(f"      - run: |\n{lines}"), "ci.txt": "cibuildwheel==2.20.0\n"}
    legs = read(tmp_path, files).legs
    assert legs[0].place.name.rpartition("/")[2] == image
    assert len(legs) == (1 if "--only" in script else 2)


@pytest.mark.parametrize(
    ("options", "targets"),
    [
        ("CIBW_BUILD: 'cp311*'", 4),  # release 2 adds i686 by itself
        ("CIBW_SKIP: 'pp* *-{manylinux_i686,musllinux*}'", 1),
        ("CIBW_BUILD: 'cp3{10,11}-manylinux_x86_64'", 1),
        ("CIBW_PLATFORM: macos", 0),
        ("CIBW_CONFIG_FILE: '{package}/other.toml'", 1),
        ("CIBW_CONFIG_FILE: missing.toml", -1),
    ],
)
def test_which_wheels_cibuildwheel_builds(options: str, targets: int, tmp_path: Path) -> None:
    step = f"      - uses: pypa/cibuildwheel@v2.20.0\n        env:\n          {options}\n"
    other = "[tool.cibuildwheel]\nbuild = 'cp312-manylinux_i686'\n"
    found = read(tmp_path, {".github/workflows/x.yml": job(step), "other.toml": other})
    assert found.unknown == (targets == -1)
    assert len(found.legs) == abs(targets)


def test_the_table_of_cibuildwheel_is_read_where_it_changed() -> None:
    def image(release: str, family: str, arch: str) -> str:
        return ci.cibuildwheel_image(ci.release_of(release), family, arch).rpartition("/")[2]

    assert image("3.0.1", "manylinux", "i686") == "manylinux2014_i686"
    assert image("v3.1", "manylinux", "i686") == "manylinux_2_28_i686"
    assert image("3.0.0", "manylinux", "riscv64") == ""
    assert image("2.1.0", "musllinux", "x86_64") == ""
    assert image("2.17.0", "musllinux", "x86_64") == "musllinux_1_1_x86_64"
    assert image("1.12.0", "manylinux", "x86_64") == ""


DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG BASE=quay.io/pypa/manylinux_2_28_x86_64
FROM --platform=$BUILDPLATFORM ${BASE} AS base
RUN dnf install -y openssl-devel \\
    # a comment between
    && dnf clean all
FROM base AS wheel
RUN --mount=type=cache,target=/root <<EOF
yum install -y x
EOF
RUN maturin build --release
FROM debian:12
RUN ["maturin", "build"]
"""


def test_stages_of_a_dockerfile() -> None:
    base, wheel, last = dockerfile.stages(DOCKERFILE)
    assert [stage.image for stage in (base, wheel, last)] == ["quay.io/pypa/manylinux_2_28_x86_64"] * 2 + ["debian:12"]
    assert [line for _, line in wheel.runs] == [4, 9, 11] and last.runs == ()
    assert dockerfile.stages("FROM $X\nFROM\nRUN")[0].image == ""


@pytest.mark.parametrize(
    "step",
    [
        "- run: docker build -t x -f docker/Dockerfile .",
        "- run: docker buildx build docker --target=wheel",
        "- {uses: docker/build-push-action@v6, with: {context: docker, target: wheel}}",
        "- uses: ./action",
    ],
)
def test_a_dockerfile_that_a_step_builds(step: str, tmp_path: Path) -> None:
    action = "runs: {using: docker, image: ../docker/Dockerfile}"
    files = {".github/workflows/x.yml": job(f"      {step}\n"), "docker/Dockerfile": DOCKERFILE}
    (leg,) = read(tmp_path, files | {"action/action.yml": action}).legs
    assert (str(leg.spot), leg.tool, leg.target) == ("docker/Dockerfile:11", "maturin", "x86_64-unknown-linux-gnu")
    assert leg.place.facts is not None and leg.place.facts.label == "AlmaLinux 8"
    calls = [" ".join(call.words[:2]) for hook in leg.hooks for _, call in hook.calls]
    assert calls == ["dnf install", "dnf clean", "yum install", "maturin build"]


def test_a_dockerfile_by_itself(tmp_path: Path) -> None:
    (leg,) = read(tmp_path, {"Dockerfile": DOCKERFILE}, "Dockerfile").legs
    assert leg.target == "x86_64-unknown-linux-gnu" and leg.tag == "up to manylinux_2_28_x86_64"


@pytest.mark.parametrize("file", ["-f $X", "-f ../../etc/passwd", "-f /etc/passwd", "missing"])
def test_a_dockerfile_that_is_not_there_is_said(file: str, tmp_path: Path) -> None:
    found = read(tmp_path, {".github/workflows/x.yml": job(f"      - run: docker build {file}\n")})
    assert found.legs == () and found.unread == (".github/workflows/x.yml:6:9: its Dockerfile was not read",)


def test_no_member_of_the_workspace_outside_the_repository_is_read(tmp_path: Path) -> None:
    package = '[package]\nname = "{}"\nversion = "1.0.0"\n[dependencies]\n'
    outside = package.format("other") + 'openssl-sys = "*"\n'
    manifest = package.format("demo") + 'other = {path = "../other"}\n[workspace]\nmembers = ["../other"]\n'
    lock = "version = 4\n"
    for name, needed in (("demo", ["other"]), ("other", ["openssl-sys"]), ("openssl-sys", [])):
        lock += f'\n[[package]]\nname = "{name}"\nversion = "1.0.0"\ndependencies = {needed}\n'
    inside = tmp_path / "inside"
    for path, text in (("other/Cargo.toml", outside), ("inside/Cargo.toml", manifest), ("inside/Cargo.lock", lock)):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    found = Repository(str(inside)).project(".", "x86_64-unknown-linux-gnu")
    assert found is not None and found.crate("openssl-sys") is not None
    (tmp_path / "other" / "Cargo.toml").write_text("[broken\n")  # an error if it were read
    assert Repository(str(inside)).project(".", "x86_64-unknown-linux-gnu") == found


@pytest.mark.parametrize(
    ("manifest", "members", "certain"),
    [
        ('openssl-sys = "*"', 1, True),
        ('openssl-sys = "*"', 2, True),
        ('openssl = "*"', 2, True),
        ('reqwest = "*"', 1, True),
        ('reqwest = "*"', 2, False),  # another member may turn its feature on
        ('reqwest = "*"\n[features]\ntls = ["reqwest/native-tls"]', 1, False),
        ('reqwest = "*"\n[dev-dependencies]\nx = "*"', 1, False),
        ('openssl-sys = {version = "*", optional = true}\nreqwest = "*"', 2, False),
    ],
)
def test_only_what_every_build_has_is_needed(manifest: str, members: int, certain: bool, tmp_path: Path) -> None:
    lock = "version = 4\n"
    rows = [("demo", ["openssl", "openssl-sys", "reqwest"]), ("reqwest", ["openssl"]), ("openssl", ["openssl-sys"])]
    for name, needed in [
        *rows,
        ("openssl-sys", ["pkg-config"]),
        ("pkg-config", []),
        *[("other", ["reqwest"])] * (members - 1),
    ]:
        lock += f'\n[[package]]\nname = "{name}"\nversion = "0.9.100"\n'
        lock += (
            "" if name in ("demo", "other") else 'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
        )
        lock += f"dependencies = {needed}\n"
    (tmp_path / "Cargo.toml").write_text(f'[package]\nname = "demo"\nversion = "0.9.100"\n[dependencies]\n{manifest}\n')
    (tmp_path / "Cargo.lock").write_text(lock)
    found = Repository(str(tmp_path)).project(".", "x86_64-unknown-linux-gnu")
    assert found is not None and found.crate("openssl-sys") is not None
    assert [need.module for need in found.needs] == (["openssl"] if certain else [])


@pytest.mark.parametrize(
    ("label", "arch", "skipped"),
    [
        ("depot-ubuntu-24.04-arm-8", "aarch64", 0),
        ("depot-ubuntu-22.04", "x86_64", 0),
        ("blacksmith-4vcpu-ubuntu-2404-arm", "aarch64", 0),
        ("self-hosted-mac-x64", "", 1),
        ("namespace-profile-macos-15", "", 1),
        ("ubuntu-2404-4x-arm64", "", 0),
    ],
)
def test_labels_of_runners(label: str, arch: str, skipped: int, tmp_path: Path) -> None:
    text = job("      - run: maturin build\n", label)
    found = read(tmp_path, {".github/workflows/x.yml": text})
    assert found.skipped == skipped
    assert [leg.runner.arch if leg.runner else "" for leg in found.legs] == [arch] * (1 - skipped)


@pytest.mark.parametrize(
    ("command", "leg"),
    [
        (
            "docker run --rm -v $PWD:/io -w /io quay.io/pypa/manylinux_2_28_x86_64 sh -euc 'yum update; maturin build'",
            ("quay.io/pypa/manylinux_2_28_x86_64", "x86_64-unknown-linux-gnu", True),
        ),
        (
            "podman container run --platform=linux/arm64 $IMAGE bash -c 'maturin build --manylinux $TAG'",
            ("quay.io/pypa/manylinux2014_aarch64", "aarch64-unknown-linux-gnu", False),
        ),
        (
            "docker run -it quay.io/pypa/musllinux_1_2_x86_64 uvx maturin build",
            ("quay.io/pypa/musllinux_1_2_x86_64", "x86_64-unknown-linux-musl", False),
        ),
        ("docker run $OTHER sh -c 'maturin build'", ("", "", False)),
        ("docker run registry.example/x sh -c 'maturin build'", ("", "", False)),
        ("docker run quay.io/pypa/manylinux_2_28_x86_64 sh -c 'maturin build --target $T'", ("", "", False)),
        ("docker run quay.io/pypa/manylinux_2_28_x86_64", None),
        ("docker run -v", None),
        ("docker ps; maturin --version", None),
    ],
)
def test_a_container_that_a_script_starts(command: str, leg: tuple[str, str, bool] | None, tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "x.yml").write_text(
        "jobs:\n  j:\n    runs-on: ubuntu-24.04\n    env: {IMAGE: quay.io/pypa/manylinux2014_aarch64, TAG: 2014}\n"
        f"    steps:\n      - run: |\n          {command}\n"
    )
    found = workflow.read(".github/workflows/x.yml", workflow.Repository(str(tmp_path)))
    if leg is None:
        assert found.legs == ()
        return
    (one,) = found.legs
    image = one.place.name if one.place.kind == "image" else ""
    strict = any(hook.strict for hook in one.hooks if hook.name == "docker run" and hook.place.kind == "image")
    assert (image, one.target, strict) == leg
    assert one.spot.line in (6, 7)


def test_a_file_that_is_not_text_is_named_as_in_the_repository(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^\.github/workflows/x\.yml: not a text file"):
        read(tmp_path, {".github/workflows/x.yml": "on: push\n\0"})


def test_the_newest_cibuildwheel_has_a_release(tmp_path: Path) -> None:
    text = "jobs: {a: {runs-on: ubuntu-24.04, steps: [{run: pip install cibuildwheel && cibuildwheel}]}}"
    legs = read(tmp_path, {".github/workflows/x.yml": text}).legs
    assert {leg.version for leg in legs} == {ci.CIBUILDWHEEL}
