"""GitLab's file: extends, anchors, variables and the matrix are followed; what another file may say is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnose.cli import fast
from diagnose.engine import registry
from diagnose.engine.run import Result, run_checks
from diagnose.model.finding import InputError
from diagnose.readers import workflow
from diagnose.readers.workflow import Workflow

NAME = ".gitlab-ci.yml"
IMAGE = "quay.io/pypa/manylinux_2_28_x86_64"


def read(text: str, folder: Path) -> Workflow:
    (folder / NAME).write_text(text)
    return workflow.read(NAME, workflow.Repository(str(folder)))


def judged(text: str, folder: Path) -> Result:
    return run_checks("workflow", NAME, lambda: read(text, folder), workflow.facts, registry.load("workflow"))


def test_a_job_with_all_that_it_extends(tmp_path: Path) -> None:
    found = read(
        f"""\
default:
  image: alpine:3.22
variables: {{POLICY: {{value: manylinux_2_28, description: x}}}}
.a: &a
  variables: {{ARCH: x86_64}}
.b:
  extends: [.a]
  image: {{name: "quay.io/pypa/${{POLICY}}_$ARCH"}}
  before_script: [yum install -y alsa-lib-devel]
one:
  extends: .b
  script: maturin build --release
two:
  <<: *a
  script:
    - |
      set -x
      maturin build --release
    - [maturin build --strip]
three: {{script: [echo maturin]}}
four:
  image: {IMAGE}
  before_script: []
  script: [cd sub, maturin build --manylinux 2_28]
""",
        tmp_path,
    )
    legs = [(leg.job, leg.place.name, leg.target, leg.tag, str(leg.spot)) for leg in found.legs]
    assert legs == [
        ("one", IMAGE, "x86_64-unknown-linux-gnu", "up to manylinux_2_28_x86_64", f"{NAME}:12:11"),
        ("two", "alpine:3.22", "", "", f"{NAME}:16"),
        ("two", "alpine:3.22", "", "", f"{NAME}:19:8"),
        ("four", IMAGE, "x86_64-unknown-linux-gnu", "manylinux_2_28_x86_64", f"{NAME}:24:20"),
    ]
    assert [[call.command for _, call in hook.calls] for hook in found.legs[0].hooks] == [
        [("yum", "install", "-y", "alsa-lib-devel")], [("maturin", "build", "--release")],
    ]  # fmt: skip
    assert found.unseen == ()


def test_the_rows_of_a_matrix(tmp_path: Path) -> None:
    text = f"""\
wheel:
  image: quay.io/pypa/$POLICY
  parallel:
    matrix:
      - POLICY: [manylinux_2_28_aarch64, manylinux2014_x86_64]
      - POLICY: musllinux_1_2_x86_64
  script: maturin build
plain: {{parallel: 3, image: "{IMAGE}", script: maturin build}}
"""
    found = read(text, tmp_path)
    assert [(leg.row, leg.target) for leg in found.legs] == [
        ("manylinux_2_28_aarch64", "aarch64-unknown-linux-gnu"),
        ("manylinux2014_x86_64", "x86_64-unknown-linux-gnu"),
        ("musllinux_1_2_x86_64", "x86_64-unknown-linux-musl"),
        ("", "x86_64-unknown-linux-gnu"),
    ]


WRONG = "[apt-get install libssl-dev, maturin build]"


@pytest.mark.parametrize(
    ("text", "unseen"),
    [
        (f"a:\n  image: $CI_REGISTRY_IMAGE/x\n  script: {WRONG}\n", "1 legs whose runner"),
        (f"a:\n  script: {WRONG}\n", "1 legs whose runner"),
        (f"a:\n  extends: .b\n  image: {IMAGE}\n  script: {WRONG}\n", "a extends a job that is not in this file"),
        (f".b: {{extends: .b}}\na:\n  extends: .b\n  image: {IMAGE}\n  script: {WRONG}\n", "a extends a job"),
        (f"a:\n  image: {{entrypoint: x}}\n  script: {WRONG}\n", "1 legs whose runner"),
    ],
)
def test_nothing_is_found_where_something_is_unknown(text: str, unseen: str, tmp_path: Path) -> None:
    result = judged(text, tmp_path)
    assert result.error is None and result.findings == ()
    assert any(unseen in line for line in result.unseen), result.unseen


def test_what_is_said_here_is_judged_beside_an_include(tmp_path: Path) -> None:
    text = (
        f"include: x.yml\na:\n  image: {IMAGE}\n  script:\n    - !reference [.x, script]\n    - apt-get update\n"
        "    - maturin build\n"
    )
    result = judged(text, tmp_path)
    assert [finding.check for finding in result.findings] == ["wrong-package-manager-for-container"]
    assert result.findings[0].evidence[0].path == f"{NAME}:6:7"
    assert f"{NAME}:1: what it includes was not read" in result.unseen


@pytest.mark.parametrize(
    ("upload", "published"), [("twine upload dist/*", True), ("twine upload --repository x dist/*", False)]
)
def test_who_publishes(upload: str, published: bool, tmp_path: Path) -> None:
    text = f"a: {{image: '{IMAGE}', script: [maturin build]}}\nb: {{script: ['{upload}']}}\n"
    assert [leg.published for leg in read(text, tmp_path).legs] == [published]


@pytest.mark.parametrize("text", ["[1]", "x", "a: [\n"])
def test_what_is_no_file_of_gitlab(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gitlab-ci\.yml"):
        read(text, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "a: {extends: [.a, 1, {b: c}], script: [[[maturin build]]], image: [1], parallel: {matrix: [1, {A: {b: }}]}}\n",
        "variables: {A: $A$A$A$A, B: $A}\na: {image: $B, script: maturin build $A}\n",
        "a: &a {<<: [1, {b: c}], script: maturin build}\n",
        "".join(f".j{n}: {{extends: .j{n + 1}}}\n" for n in range(50)) + "x: {extends: .j0, script: maturin build}\n",
    ],
)
def test_hostile_files(text: str, tmp_path: Path) -> None:
    assert judged(text, tmp_path).findings == ()


def test_the_command_finds_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    (tmp_path / NAME).write_text(f"a: {{image: '{IMAGE}', script: [apk add x, maturin build]}}\n")
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    assert fast.run(["workflow"]) == 1
    assert fast.run(["workflow", f"../{NAME}"]) == 1
    assert capsys.readouterr().out.count("there is no apk in this container, which is AlmaLinux 8") == 2


def test_a_target_that_is_no_linux_is_no_leg(tmp_path: Path) -> None:
    file = "j:\n  image: quay.io/pypa/manylinux2014_x86_64\n  script: [maturin build --target x86_64-apple-darwin]\n"
    assert not read(file, tmp_path).legs
