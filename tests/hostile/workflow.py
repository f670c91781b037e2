"""Attacks the reader of workflows, the checks of it, and the patch to it: ``dev.py fuzz workflow SECONDS [SEED]``.

Every input is a repository in memory: a file of GitLab, or a workflow of a few steps and the files that these read (a called
workflow, an action, ``pyproject.toml``, Cross.toml, a Dockerfile, a script); one or two of the files are changed in words,
lines and bytes. One repository in thirty has everything.
"""

# ruff: noqa: E501  (an input is one piece of text)
from __future__ import annotations

import functools
import random
from collections.abc import Callable

from diagnose.engine import registry
from diagnose.engine.run import run_checks
from diagnose.readers import workflow
from diagnose.remedies import workflow_patch

from . import engine, trees

MAIN, GITLAB = ".github/workflows/a.yml", ".gitlab-ci.yml"
HEAD = """\
on: {push: {tags: [v*]}}
env: &env {PKG_CONFIG_PATH: /x, A: "${{ github.ref }}"}
jobs:
  wheels:
    runs-on: ${{ matrix.p.runner }}
    container: {image: "quay.io/pypa/manylinux2014_x86_64:latest", volumes: [/a:/b]}
    strategy:
      matrix:
        p: [{runner: ubuntu-latest, target: x86_64}, {runner: ubuntu-24.04-arm, target: aarch64}]
        exclude: [{p: 1}]
        include: [{p: {runner: ubuntu-22.04, target: armv7}, manylinux: 2_28}]
    steps:
"""
ROWS = """[{runner: ubuntu-latest, target: x86_64}, {runner: ubuntu-24.04-arm, target: aarch64}]
        exclude: [{p: 1}]
        include: [{p: {runner: ubuntu-22.04, target: armv7}, manylinux: 2_28}]"""
FEW_ROWS = (
    "[{runner: ubuntu-latest, target: x86_64}]", "[{runner: ubuntu-24.04-arm, target: aarch64}]",
    "[{runner: macos-14}]\n        include: [{p: {runner: ubuntu-22.04, target: armv7}, manylinux: 2_28}]",
)  # fmt: skip
ACTION = """\
      - uses: ./act
        with: {x: "${{ matrix.p.target || 'x' }}"}
"""
HOOKS = """\
      - uses: PyO3/maturin-action@v1
        env: *env
        with:
          target: ${{ matrix.p.target }}
          manylinux: ${{ matrix.manylinux || 'auto' }}
          args: --release --out dist -i /opt/python/cp38-cp38/bin/python --target=s390x
          docker-options: -e A=$B -v $PWD:/io
          before-script-linux: |
            bash ./s.sh
            (dnf install -y openssl-devel; cat <<X
            X
            )
"""
CIBUILDWHEEL = """\
      - uses: pypa/cibuildwheel@v4.2.0
        env: {CIBW_BUILD: "cp3{8,9}-* pp*", CIBW_BEFORE_ALL: "apk add x; export OPENSSL_DIR=1"}
"""
CROSS = "      - run: cross build --target aarch64-unknown-linux-gnu && docker build -f Dockerfile .\n"
PLAIN = """\
      - run: |
          sudo apt-get install libssl-dev && echo "A=1" >> $GITHUB_ENV
          if command -v yum; then yum install openssl-devel || true; fi
"""
DOCKER = """\
      - run: docker run --rm --platform linux/arm64 -v a:b quay.io/pypa/manylinux_2_28_aarch64 sh -euc 'maturin build'
"""
TAIL = """\
  call: {uses: ./.github/workflows/b.yml, with: {t: aarch64}, needs: [wheels]}
  publish:
    needs: wheels
    if: startsWith(github.ref, 'refs/tags/')
    steps: [{uses: pypa/gh-action-pypi-publish@v1}, {run: twine upload dist/*}]
"""
STEPS = (ACTION, PLAIN, HOOKS, CIBUILDWHEEL, DOCKER, CROSS, "      - uses: actions/upload-artifact@v4\n")
FILES = {
    ".github/workflows/b.yml": "on: {workflow_call: {inputs: {t: {default: x}}}}\njobs:\n  j:\n    runs-on: ubuntu-24.04\n"
    "    steps: [{run: 'maturin build --zig --target ${{ inputs.t }}'}]\n",
    "act/action.yml": "inputs: {x: {default: y}}\nruns:\n  using: composite\n  steps: [{run: 'echo ${{ inputs.x }}'}]\n",
    GITLAB: "include: x\nvariables: {A: manylinux_2_28, B: {value: $A}}\n.x: &x\n  image: quay.io/pypa/${A}_x86_64\n"
    "w:\n  <<: *x\n  extends: [.x]\n  parallel: {matrix: [{P: [x86_64, i686], Q: 1}]}\n"
    "  script:\n    - apt-get update\n    - !reference [.x, script]\n    - maturin build --target $P\nb: {script: [twine upload]}\n",
    "pyproject.toml": '[tool.maturin]\ncompatibility = "linux"\n[tool.cibuildwheel]\nbefore-all = ["a", "b"]\n'
    '[[tool.cibuildwheel.overrides]]\nselect = "*musl*"\nbefore-all = "yum install x"\n',
    "Cross.toml": '[build]\npre-build = ["apt-get update", "dpkg --add-architecture arm64"]\n[build.env]\npassthrough = ["A=1"]\n'
    '[target.aarch64-unknown-linux-gnu]\nimage = "ghcr.io/cross-rs/aarch64-unknown-linux-gnu:main"\n',
    "Dockerfile": "ARG A=x86_64\nFROM quay.io/pypa/manylinux_2_28_$A AS b\nRUN apt-get install x; \\\n  maturin build\nFROM b\n"
    "RUN <<E\nmaturin build\nE\n",
    "s.sh": "set -e\nfor x in $(ls); do apt-get install -y $x; done\ncase a in b) yum install c;; esac\nf() { apk add d; }\n",
}  # fmt: skip
# The part of the workflow that reads a file.
READERS = {
    ".github/workflows/b.yml": TAIL, "act/action.yml": ACTION, "pyproject.toml": CIBUILDWHEEL, "Cross.toml": CROSS,
    "Dockerfile": CROSS, "s.sh": HOOKS,
}  # fmt: skip
KNOWN = (
    "jobs:", "steps:", "with:", "env:", "run:", "uses:", "- ", "matrix:", "include:", "${{ matrix.x }}", "${{ !(a && b) }}",
    "container:", "image:", "needs:", "if: false", "*env", "&env", "<<: *env", "|", ">", "{", "}", "[", "]", "extends:",
    "maturin build", "cibuildwheel", "docker run x sh -c 'maturin build'", "apt-get install -y x", "&&", "||", ";", "<<X",
    "$(", "`", "'", '"', "parallel:", "script:", "before_script:", "!reference [a]", "[target.x]", "FROM", "RUN", "ARG",
)  # fmt: skip
KEYS = (
    "jobs", "steps", "with", "env", "run", "uses", "matrix", "strategy", "include", "exclude", "container", "image", "needs",
    "if", "on", "inputs", "default", "runs-on", "labels", "volumes", "options", "name", "args", "target", "manylinux",
    "docker-options", "before-script-linux", "working-directory", "command", "rust-toolchain", "maturin-version", "CIBW_BUILD",
    "CIBW_ARCHS", "CIBW_BEFORE_ALL", "CIBW_ENVIRONMENT", "CIBW_MANYLINUX_X86_64_IMAGE", "output-dir", "config-file", "x", "t",
    "package-dir", "file", "context", "build-args", "platforms", "runs", "using", "extends", "variables", "value", "script",
    "before_script", "parallel", "default", "stages", "workflow_call", "workflow_dispatch", "defaults", "shell", "push",
)  # fmt: skip
VALUES = (
    *KNOWN, "", "null", "true", "false", "~", "0", "-1", "1e3", "x86_64", "aarch64", "armv7", "s390x", "universal2", "auto",
    "2_28", "2014", "off", "musllinux_1_2", "manylinux2014", "ubuntu-latest", "ubuntu-24.04-arm", "macos-14", "windows-2022",
    "self-hosted", "${{ matrix.p.target }}", "${{ inputs.t }}", "${{ fromJSON('[1]') }}", "${{ env.A }}", "${{ matrix }}",
    "${{ a && b || c }}", "${{ format('{0}', matrix.p) }}", "${{ 'x' == 'X' }}", "${{ !x }}", "${{ ((((x)))) }}", "${{",
    "quay.io/pypa/manylinux_2_28_aarch64", "quay.io/pypa/musllinux_1_2_x86_64:latest", "alpine:3.20", "debian:${{ x }}",
    "ghcr.io/rust-cross/manylinux_2_28-cross:armv7", "PyO3/maturin-action@v1", "pypa/cibuildwheel@v3", "docker/build-push-action@v6",
    "./act", "./.github/workflows/b.yml", "./.github/workflows/a.yml", "actions/setup-python@v5", "rust-toolchain@²",
    "maturin build --release --target aarch64-unknown-linux-gnu -i python3.12", "maturin publish", "pip wheel .", "--zig",
    "--target", "--manifest-path a/Cargo.toml", "cross build --target x86_64-unknown-linux-musl", "cibuildwheel --platform linux",
    "docker run --rm -v $PWD:/io quay.io/pypa/manylinux2014_x86_64 bash -c 'maturin build'", "docker buildx build -f Dockerfile .",
    "if command -v apt-get; then\n  apt-get install -y x\nelif command -v apk; then apk add x; fi\n", "cat <<'X'\na\nX\n",
    "echo A=1 >> $GITHUB_ENV", "export A=1 B=2; set -x", "a | b & c; (d) { e; }", "twine upload dist/*", "auditwheel repair",
    "cd x && maturin build", "bash ./s.sh", "python -m build", "&&", "workflow_call", ".x", "[.x, .x]", "cp38-* *musl*",
)  # fmt: skip


class MemoryRepository(workflow.Repository):
    """A repository in memory, without Cargo's files: ``tests/hostile/cargo.py`` attacks those."""

    def __init__(self, files: dict[str, str]) -> None:
        super().__init__("/")
        self.root = engine.Memory({f"/{name}": text.encode(errors="surrogateescape") for name, text in files.items()})
        self.path = self.root.path


def _same(found: workflow.Workflow) -> workflow.Workflow:
    return found


def _repository(chance: random.Random, changed: str) -> dict[str, str]:
    """Return a repository that reads the file *changed*, small in most cases: a large one takes four times as long."""
    if chance.random() < 0.03:
        return {MAIN: HEAD + "".join(STEPS) + TAIL, **FILES}
    if changed == GITLAB:
        return {GITLAB: FILES[GITLAB]}
    parts = {*chance.sample(STEPS, chance.choice((1, 1, 2))), READERS.get(changed, "")}
    steps = "".join(step for step in STEPS if step in parts)
    head = HEAD if chance.random() < 0.3 else HEAD.replace(ROWS, chance.choice(FEW_ROWS))
    main = head + steps + (TAIL if TAIL in parts or chance.random() < 0.2 else "")
    return {MAIN: main, **{path: FILES[path] for path, reader in READERS.items() if reader in main}}


def kind() -> engine.Kind:
    """Return the kind of input: the files of a repository."""
    checks = registry.load("workflow")
    paths = tuple(FILES)

    def make(chance: random.Random) -> object:
        changed = MAIN if chance.random() < 0.5 else chance.choice(paths)
        files = _repository(chance, changed)
        for path in (changed,) if chance.random() < 0.7 else (changed, chance.choice(tuple(files))):
            share = chance.random()
            if share < 0.7 and path.endswith("yml"):
                files[path] = trees.change(chance, files[path], KEYS, VALUES)
            elif share < 0.95:
                files[path] = engine.words(chance, files[path], KNOWN)
            else:
                files[path] = engine.flip(chance, files[path].encode(errors="surrogateescape")).decode(
                    errors="surrogateescape"
                )
        return files

    def read(value: object) -> None:
        repository = MemoryRepository(dict(value))  # type: ignore[call-overload]
        workflow.only_called(repository)
        for name in repository.workflows():
            found = workflow.read(name, repository)
            workflow.facts(found)
            result = run_checks("workflow", name, functools.partial(_same, found), workflow.facts, checks)
            if result.traces:
                raise RuntimeError(result.traces[0])
            if name != GITLAB:
                workflow_patch.patched(found, repository)

    return engine.Kind("workflow", make, read)


def main(seconds: float = 60, seed: int = 0, say: Callable[[str], object] = print) -> int:
    """Read mutated repositories for *seconds*; return 1 if one of them failed, else 0."""
    return engine.campaign(kind(), seconds, seed, say)
