"""No workflow of some kilobytes keeps its reader or the checks busy: what it multiplies is counted, and refused."""

from __future__ import annotations

import functools
import re

import pace
import pytest

from diagnose.engine import registry
from diagnose.engine.run import run_checks
from diagnose.model.finding import InputError
from diagnose.readers import workflow
from diagnose.readers.workflow import scripts, shell, values
from diagnose.readers.workflow.docker_run import named
from diagnose.readers.workflow.jobs import Step
from diagnose.readers.workflow.nodes import Table, Text
from hostile.workflow import GITLAB, MAIN, MemoryRepository

JOB = "  j:\n    runs-on: ubuntu-latest\n"
ACTION = "    - uses: PyO3/maturin-action@v1\n      with:\n        target: x86_64\n        before-script-linux: |\n"
WHEEL = "    - uses: pypa/cibuildwheel@v3.0.0\n"
SECONDS = 2


def _run(script: str) -> str:
    return "    - run: |\n" + "".join(f"        {line}\n" for line in script.split("\n"))


def _workflow(steps: str, job: str = "", top: str = "") -> dict[str, str]:
    return {MAIN: f"on: push\n{top}jobs:\n{JOB}{job}    steps:\n{steps}"}


def _hook(line: str, count: int = 2000, image: str = "manylinux: auto") -> dict[str, str]:
    script = "".join(f"          {line}\n" for _ in range(count))
    return _workflow(ACTION.replace("target:", f"{image}\n        target:") + script)


def _chain(count: int, times: int) -> str:
    """Return the variables of a job, each of which holds the one before it so many *times*."""
    lines = [f"      A{number + 1}: {f'${{{{ env.A{number} }}}}' * times}\n" for number in range(count)]
    return f"    env:\n      A0: {'x' * 100}\n{''.join(lines)}"


KEYS = "".join(f"        k{number}: [1, 2]\n" for number in range(20_000))
PACKAGE = f"      with: {{package-dir: {'x' * 20_000}}}\n"
OPTIONS = f"docker-options: {'a' * 200_000}\n        target:"
ROWS = "x: &m {a: [" + ",".join(map(str, range(250))) + "]}\n"
CALLED = "on: workflow_call\njobs:\n" + JOB + "    steps:\n" + _run("echo x") * 1000 + _run("maturin build")
BOMBS: dict[str, dict[str, str]] = {
    "every step builds": _workflow("    - &a {run: maturin build}\n" + "    - *a\n" * 2000),
    "rows of many jobs": {
        MAIN: f"on: push\n{ROWS}jobs:\n"
        + "".join(f"  j{n}: {{strategy: {{matrix: *m}}, steps: [{{run: maturin build}}]}}\n" for n in range(4000))
    },
    "rows times steps": _workflow(_run("maturin build") + _run("echo") * 2000, "    strategy: {matrix: *m}\n", ROWS),
    "keys of a matrix": _workflow(_run("maturin build"), f"    strategy:\n      matrix:\n{KEYS}"),
    "variables of variables": _workflow(_run("maturin build"), _chain(8, 20)),
    "variables times steps": _workflow(
        _run("maturin build") * 100, top="env:\n" + "".join(f"  A{n}: x\n" for n in range(5000))
    ),
    "scripts in a script": {**_hook("bash ./s.sh"), "s.sh": "apt-get install x\n" * 2000},
    "files of requirements": {**_workflow(_run("cibuildwheel -r r.txt") * 2000), "r.txt": "cibuildwheel\n" * 2000},
    "called workflows": {
        MAIN: "on: push\njobs:\n" + "".join(f"  j{n}: {{uses: ./.github/workflows/b.yml}}\n" for n in range(2000)),
        ".github/workflows/b.yml": CALLED,
    },
    "stages on stages": {
        "Dockerfile": "FROM quay.io/pypa/manylinux2014_x86_64 AS s0\n"
        + "".join(f"RUN maturin build\nFROM s{n} AS s{n + 1}\n" for n in range(2000)),
        **_workflow(_run("docker build .")),
    },
    "builds of an image": {
        "Dockerfile": "FROM a\n" + "RUN apt-get install x\n" * 2000 + "RUN maturin build\n",
        **_workflow(_run("docker build .\n" * 2000)),
    },
    "extends": {
        GITLAB: "".join(f".a{n}:\n  extends: [{', '.join([f'.a{n + 1}'] * 9)}]\n" for n in range(9))
        + ".a9: {image: x}\nj: {extends: .a0, script: [maturin build]}\n"
    },
    "merge keys": {
        GITLAB: ".a0: &a0 {image: x}\n"
        + "".join(f".a{n + 1}: &a{n + 1}\n  <<: [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(8))
        + "j:\n  <<: *a8\n  script: [maturin build]\n"
    },
    "rows of GitLab's jobs": {
        GITLAB: "x: &m [{P: [" + ",".join(map(str, range(199))) + "]}]\n.s: &s\n" + "  - apk add x\n" * 1000
        + "  - maturin build\n" + "".join(f"j{n}: {{parallel: {{matrix: *m}}, script: *s}}\n" for n in range(400))
    },
    "lines of Cross.toml": {
        **_workflow(_run("cross build --target aarch64-unknown-linux-gnu") * 50),
        "Cross.toml": "[build]\npre-build = [" + ",".join(f'"apt-get install x{n}"' for n in range(2000)) + "]\n",
    },
    "selectors": _workflow((WHEEL + "      env: {CIBW_BUILD: '" + "cp38-* " * 20_000 + "'}\n") * 6),
    "folders": _workflow(f"{WHEEL}{PACKAGE}      env: {{CIBW_BEFORE_ALL: '{'{package}' * 20_000}'}}\n"),
    "a hook that adds": _hook("dpkg --add-architecture arm64", image="container: ubuntu:22.04"),
    "a hook that installs": _hook("yum install openssl-devel"),
    "a hook that makes": _hook("ln -s a /b; cp a /io/b"),
    "options": _workflow(ACTION.replace("target:", OPTIONS) + "          a\n"),
    "no container": _workflow(_run("maturin build " + "docker " * 100_000)),
    "no image": _workflow(_run("maturin build " + "podman " * 100_000)),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_what_a_workflow_multiplies_is_bounded(name: str) -> None:
    checks = registry.load("workflow")
    repository = MemoryRepository(BOMBS[name])
    workflow.only_called(repository)
    with pace.within(SECONDS):
        for path in repository.workflows()[:1]:
            try:
                found = workflow.read(path, repository)
            except InputError as error:
                assert re.fullmatch(rf"{re.escape(path)}: its jobs, .* more than \d+ parts", str(error))
                continue
            result = run_checks("workflow", path, functools.partial(_same, found), workflow.facts, checks)
            assert not result.traces


def _same(found: workflow.Workflow) -> workflow.Workflow:
    return found


def test_a_value_that_multiplies_others_is_unknown() -> None:
    contexts = {"env": {"A": "x" * 40_000}}
    assert values.template("${{ env.A }}", contexts).known == "x" * 40_000
    assert values.template("${{ env.A }}${{ env.A }}", contexts).known is None
    assert values.template("${{ format('{0}', env.A) }}", contexts).known == "x" * 40_000
    assert values.template("${{ format('{0}{0}', env.A) }}", contexts).known is None


def test_a_list_of_alternatives_takes_time_in_proportion() -> None:
    with pace.within(SECONDS):
        for number in range(50):
            calls = shell.walk(f"a{number} || " * 1999 + "b")
            assert len(calls) == 2000
            assert all(call.otherwise for call in calls[:-1])


def test_words_before_a_program_take_time_in_proportion() -> None:
    with pace.within(SECONDS):
        (call,) = shell.walk("A=1 " * 100_000 + "maturin build")
        assert call.program == "maturin"
        assert not scripts.walked("python -m " * 100_000)[0].guarded


def test_a_container_is_seen_wherever_it_is_named() -> None:
    def step(script: str) -> Step:
        return Step(Table({"run": Text(script)}, {}), MAIN, {}, maybe=False, environment={})

    assert named(step("docker pull x\ndocker run x maturin build"))
    assert not named(step("run maturin build in docker"))
