"""The reader of workflows: YAML, expressions, the matrix, shell scripts, and the choice of maturin-action."""

from __future__ import annotations

import shlex
from pathlib import Path

import pace
import pytest

from diagnose.model.finding import InputError
from diagnose.readers import workflow
from diagnose.readers.workflow import maturin_action, nodes
from diagnose.readers.workflow.matrix import expand
from diagnose.readers.workflow.repository import Repository
from diagnose.readers.workflow.shell import Call, walk
from diagnose.readers.workflow.values import UNKNOWN, Value, condition, template
from diagnose.tables import ci

ROWS = Path(__file__).resolve().parents[1] / "tables" / "maturin_action_choices.tsv"
_UNAME = {"x64": "x86_64", "arm64": "aarch64", "riscv64": "riscv64"}


def test_the_choice_is_that_of_the_action() -> None:
    lines = [line for line in ROWS.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) == 600
    for line in lines:
        arch, target, manylinux, container, args, command, *wanted = line.split("\t")
        given = {"target": target, "manylinux": manylinux, "container": container, "command": command}
        choice = maturin_action.choose(_UNAME[arch], given, shlex.split(args))
        assert choice is not None
        if command == "upload":
            wanted[2] = ""  # it has no meaning there
        assert [choice.target, choice.image, choice.manylinux] == wanted, line


def test_every_image_of_the_action_is_known() -> None:
    unknown = {name for name in ci.maturin_images().values() if ci.image(name) is None}
    assert unknown == {f"messense/manylinux_2_24-cross:{arch}" for arch in ("aarch64", "armv7", "ppc64le", "s390x")}


@pytest.mark.parametrize(
    ("name", "label", "managers", "glibc"),
    [
        ("quay.io/pypa/manylinux2014_x86_64@sha256:00", "CentOS 7", {"yum"}, "2.17"),
        ("ghcr.io/rust-cross/manylinux_2_28-cross:aarch64", "Ubuntu 22.04", {"apt", "apt-get"}, "2.35"),
        ("debian:bookworm-slim", "Debian 12", {"apt", "apt-get"}, "2.36"),
        ("ubuntu:24.04", "Ubuntu 24.04", {"apt", "apt-get"}, "2.39"),
        ("almalinux:8", "AlmaLinux 8", {"dnf", "yum"}, "2.28"),
        ("centos:7", "CentOS 7", {"yum"}, "2.17"),
        ("alpine:3.20", "Alpine Linux 3.20", {"apk"}, ""),
    ],
)
def test_images(name: str, label: str, managers: set[str], glibc: str) -> None:
    image = ci.image(name)
    assert image is not None
    assert (image.label, image.managers, image.glibc) == (label, managers, glibc)


@pytest.mark.parametrize("name", ["debian", "debian:latest", "me/debian:12", "python:3.12", "false", "x"])
def test_unknown_images(name: str) -> None:
    assert ci.image(name) is None


def test_scalars_stay_text_and_have_places() -> None:
    table = nodes.parse("on: [2_28, off, 1_2]\nx: &a {y: no}\nz: *a\nr: |\n  one\n  two\n", "f")
    assert isinstance(table, nodes.Table)
    assert [node.text for node in table.get("on").items] == ["2_28", "off", "1_2"]
    assert table.get("z") is table.get("x")
    script = table.text("r")
    assert script is not None and script.line_of(1) == 6
    assert (table.keys["z"].line, table.keys["z"].column) == (3, 1)


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "f:"),  # the line is where the parser gave up: releases of libyaml differ
        ("[" * 50_000, "f:1: "),
        ("- " * 5_000, "f:1: nested deeper than 60 levels"),
        ("a: *nothing", "f:1: no anchor is named nothing"),
        ("\x00", "f: unacceptable character"),
        ("a: b\nc: \udc80", "f:2: it has bytes that are not UTF-8"),
        ("x: y\n" * 250_000, "f: larger than 1 MiB"),
        (",".join("a" for _ in range(300_000)).join("[]"), "f: more than 100000 nodes"),
        ("a: !!python/object/apply:os.system [x]\nb: [", "f:"),
    ],
    ids=range(9),
)
def test_hostile_yaml_is_one_line(text: str, reason: str) -> None:
    with pace.within(10):
        with pytest.raises(InputError) as caught:
            nodes.parse(text, "f")
        assert str(caught.value).startswith(reason) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        BOMB + "jobs:\n  j:\n    strategy:\n      matrix: {x: *a39}\n    runs-on: *a39\n    steps: *a39\n",
        "jobs: &j\n  j: &k\n    strategy: *k\n    steps: [*k, *j]\n    env: *j\n",
        "jobs: {j: {steps: [], strategy: {matrix: {" + ", ".join(f"k{n}: [1, 2, 3]" for n in range(40)) + "}}}}\n",
        "jobs:\n  j:\n    runs-on: ${{ " + "(" * 3000 + " }}\n    if: ${{ " + "!" * 3000 + "a }}\n    steps: []\n",
        "jobs: {j: {steps: [{uses: ./../../etc}, {uses: ./a}, 1, [], {run: [x]}]}, k: 1, l: [], m: {needs: {}}}\n",
        "jobs: {j: {container: {image: a, volumes: [{a: b}, [c]]}, steps: [{uses: PyO3/maturin-action@v1}]}}\n",
        "jobs: {j: {runs-on: [self-hosted], steps: [{uses: PyO3/maturin-action@v1, with: [x]}]}}\n",
    ],
    ids=range(7),
)
def test_hostile_workflows_cost_little(text: str, tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "x.yml").write_text(text)
    action = tmp_path / "a"
    action.mkdir()
    (action / "action.yml").write_text("runs: {using: composite, steps: [{uses: ./a}, {uses: ./a}]}\n")
    with pace.within(5):
        repository = workflow.Repository(str(tmp_path))
        workflow.read(".github/workflows/x.yml", repository)


CONTEXTS = {
    "matrix": {"target": "x86_64", "p": {"a": "1", "on": True}},
    "env": {"X": "y", "*": UNKNOWN},
    "inputs": {"*": UNKNOWN},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", Value(("plain",), True)),
        ("${{ matrix.target }}-${{ matrix.p.a }}", Value(("x86_64-1",), True)),
        ("${{ matrix.missing || 'auto' }}", Value(("auto",), True)),
        ("${{ github.ref == 'x' && 'a' || 'b' }}", Value(("b", "a"), True)),
        ("${{ secrets.x }}", Value()),
        ("${{ env.OTHER }}", Value()),
        ("${{ env.X }}", Value(("y",), True)),
        ("${{ matrix.p['a'] == 1 }}", Value(("true",), True)),
        ("${{ format('{0}}}{1}', matrix.target, env.X) }}", Value(("x86_64}}y",), True)),
        ("${{ startsWith(matrix.target, 'X86') && '2_28' || 'auto' }}", Value(("2_28",), True)),
        ("${{ contains(fromJSON(env.Z), 'x') }}", Value()),
        ("${{ 'it''s' }}", Value(("it's",), True)),
        ("${{ broken", Value()),
        ("${{ a ? b }}", Value()),
    ],
)
def test_expressions(text: str, value: Value) -> None:
    assert template(text, CONTEXTS) == value


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("matrix.target == 'aarch64'", False),
        ("startsWith(github.ref, 'refs/tags/')", None),
        ("startsWith(github.ref, 'refs/tags/') && matrix.target == 'q'", False),
        ("${{ always() }}", True),
        ("matrix.p.on", True),
        ("!matrix.p.on", False),
        ("false", False),
    ],
)
def test_conditions(text: str, holds: bool | None) -> None:
    assert condition(text, CONTEXTS) is holds


@pytest.mark.parametrize(
    ("text", "rows", "complete"),
    [
        ("{a: [1, 2], b: [x]}", [{"a": "1", "b": "x"}, {"a": "2", "b": "x"}], True),
        ("{a: [1, 2], exclude: [{a: 1}]}", [{"a": "2"}], True),
        ("{a: [1, 2], include: [{a: 1, c: y}, {d: z}]}", [{"a": "1", "c": "y", "d": "z"}, {"a": "2", "d": "z"}], True),
        ("{a: [1], include: [{a: 3}]}", [{"a": "1"}, {"a": "3"}], True),
        ("{include: [{a: {b: c}}, {a: off}]}", [{"a": {"b": "c"}}, {"a": "off"}], True),
        ("{a: ['${{ fromJSON(x) }}', 2]}", [{"a": UNKNOWN}, {"a": "2"}], True),
        ("{a: '${{ fromJSON(x) }}'}", [{"a": UNKNOWN}], False),
        ("'${{ fromJSON(x) }}'", [{"*": UNKNOWN}], False),
    ],
)
def test_the_matrix(text: str, rows: list[dict[str, object]], complete: bool) -> None:
    assert expand(nodes.parse(text, "f"), {}) == (rows, complete)


def said(script: str) -> list[tuple[str, bool, str]]:
    return [(" ".join(call.words), call.guarded, " ".join(call.otherwise)) for call in walk(script)]


@pytest.mark.parametrize(
    ("script", "calls"),
    [
        ("a && b || c\nd", [("a", False, "c"), ("b", False, "c"), ("c", True, ""), ("d", False, "")]),
        ("(a && b) || (c && d)", [("a", False, "c"), ("b", False, "c"), ("c", True, ""), ("d", True, "")]),
        ("if a; then\n b\nfi; c", [("a", True, ""), ("b", True, ""), ("c", False, "")]),
        ("f() {\n  x\n}\ny", [("x", True, ""), ("y", False, "")]),
        ("which a && b", [("which a", False, ""), ("b", True, "")]),
        ("cat <<EOF > f\nyum install x\nEOF\nb", [("cat", False, ""), ("b", False, "")]),
        ("# yum\na 'b c' \"d $(e 'f)') g\" \\\n  h", [("a b c d $(e 'f)') g h", False, "")]),
        ("a > f 2>&1; b &> g", [("a", False, ""), ("b", False, "")]),
        ("for i in 1 2; do x; done; y", [("x", True, ""), ("y", False, "")]),
    ],
)
def test_scripts(script: str, calls: list[tuple[str, bool, str]]) -> None:
    assert said(script) == calls


def test_the_program_of_a_call() -> None:
    assert Call(("A=1", "sudo", "-E", "/usr/bin/apt-get", "update"), 0, 0).program == "apt-get"


@pytest.mark.parametrize("part", ["(", "'", "$(", "`", "<<A\n", "a;", "a || ", "f() {", "if "])
def test_hostile_scripts(part: str) -> None:
    script = part * 9_999
    with pace.within(5):
        walk(script)


def test_no_project_above_the_repository_is_read(tmp_path: Path) -> None:
    lock = 'version = 4\n\n[[package]]\nname = "demo"\nversion = "1.0.0"\n'
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "demo"\nversion = "1.0.0"\n')
    (tmp_path / "Cargo.lock").write_text(lock)
    inside = tmp_path / "inside"
    (inside / "crate").mkdir(parents=True)
    repository = Repository(str(inside))
    assert repository.project("crate", "x86_64-unknown-linux-gnu") is None
    (inside / "Cargo.toml").symlink_to(tmp_path / "Cargo.toml")
    (inside / "Cargo.lock").symlink_to(tmp_path / "Cargo.lock")
    assert Repository(str(inside)).project("crate", "x86_64-unknown-linux-gnu") is None
    for name in ("Cargo.toml", "Cargo.lock"):
        (inside / name).unlink()
        (inside / name).write_text((tmp_path / name).read_text())
    found = Repository(str(inside)).project("crate", "x86_64-unknown-linux-gnu")
    assert found is not None and found.lock == str(inside / "Cargo.lock")


def test_a_broken_project_is_said(tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").write_text("[package\n")
    (tmp_path / "Cargo.lock").write_text("version = 4\n")
    repository = Repository(str(tmp_path))
    assert repository.project(".", "x86_64-unknown-linux-gnu") is None
    assert len(repository.unread) == 1 and "Cargo.toml" in repository.unread[0]
